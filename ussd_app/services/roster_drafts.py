"""A sponsor's list is looked at on the desk before it is set going: kept sealed for a day, for its uploader alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from ussd_app.domain.rosters import Mistake
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import rosters
from ussd_app.services.rosters import Brings
from ussd_app.storage import roster_drafts
from ussd_app.storage.admins import Admin
from ussd_app.storage.roster_drafts import Draft

_LONGEST_NAME = 60
_LONGEST_FILE_NAME = 120


@dataclass(frozen=True)
class Looked:
    """What an uploaded file would do: so many people, whole rupiah for all their months, every mistake."""

    id: int
    brings: Brings
    file_name: str
    people: int
    signed: int
    total: int
    mistakes: Sequence[Mistake]
    uploaded_at: datetime


def upload(rt: Runtime, admin: Admin, content: bytes, file_name: str, brings: Brings) -> int:
    """Keep a file and what is to be said of it; its number. Refused: `file` when it is empty, `sponsor_name`."""
    if not content:
        raise Refused("file")
    if not 0 < len(brings.name) <= _LONGEST_NAME:
        raise Refused("sponsor_name", most=_LONGEST_NAME)
    checked = rosters.check(rt, content)
    said = {
        "people": len(checked.people),
        "signed": checked.signed,
        "total": checked.total,
        "mistakes": [asdict(one) for one in checked.mistakes],
    }
    with rt.db.begin() as connection:
        return roster_drafts.add(
            connection,
            admin.id,
            file_name[-_LONGEST_FILE_NAME:] or "csv",
            rt.vault.seal(json.dumps(asdict(brings))),
            rt.vault.seal(content.decode("latin-1")),
            rt.vault.seal(json.dumps(said)),
            rt.clock(),
        )


def look(rt: Runtime, admin: Admin, draft_id: int) -> Looked:
    """What was found in a file this admin uploaded. Raises NotAllowedNow when there is none."""
    draft = _draft(rt, admin, draft_id)
    said = json.loads(rt.vault.open(draft.sealed_checked))
    return Looked(
        id=draft.id,
        brings=_brings(rt, draft),
        file_name=draft.file_name,
        people=said["people"],
        signed=said["signed"],
        total=said["total"],
        mistakes=[Mistake(**one) for one in said["mistakes"]],
        uploaded_at=draft.created_at,
    )


def start(rt: Runtime, admin: Admin, draft_id: int, shown: int, address: str) -> int:
    """Set a file going at the price that was shown; the roster's number. Raises NotAllowedNow."""
    draft = _draft(rt, admin, draft_id)
    content = rt.vault.open(draft.sealed_content).encode("latin-1")
    number = rosters.start(rt, content, _brings(rt, draft), admin.email, shown=shown, address=address)
    discard(rt, admin, draft_id)
    return number


def discard(rt: Runtime, admin: Admin, draft_id: int) -> None:
    """Put a file away. Raises NotAllowedNow when this admin has none of that number."""
    _draft(rt, admin, draft_id)
    with rt.db.begin() as connection:
        roster_drafts.forget(connection, draft_id)


def _draft(rt: Runtime, admin: Admin, draft_id: int) -> Draft:
    with rt.db.connect() as connection:
        draft = roster_drafts.of_admin(connection, draft_id, admin.id)
    if draft is None or rt.clock() - draft.created_at > roster_drafts.KEPT:
        raise NotAllowedNow(f"there is no file {draft_id} of yours", "draft_none")
    return draft


def _brings(rt: Runtime, draft: Draft) -> Brings:
    return Brings(**json.loads(rt.vault.open(draft.sealed_sponsor)))
