"""A sponsor's list is looked at on the desk before it is set going: kept sealed for a day, for its uploader alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from ussd_app import queues
from ussd_app.domain.rosters import Mistake
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import rosters
from ussd_app.services.rosters import Brings
from ussd_app.storage import admins, roster_drafts
from ussd_app.storage import rosters as lists
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
    checked = _checked(rt, content)
    with rt.db.begin() as connection:
        return roster_drafts.add(
            connection,
            admin.id,
            file_name[-_LONGEST_FILE_NAME:] or "csv",
            rt.vault.seal(json.dumps(asdict(brings))),
            rt.vault.seal(content.decode("latin-1")),
            checked,
            rt.clock(),
        )


def _checked(rt: Runtime, content: bytes) -> str:
    """What is in a file as things stand now, encrypted."""
    checked = rosters.check(rt, content)
    said = {
        "people": len(checked.people),
        "signed": checked.signed,
        "total": checked.total,
        "mistakes": [asdict(one) for one in checked.mistakes],
    }
    return rt.vault.seal(json.dumps(said))


def look(rt: Runtime, admin: Admin, draft_id: int) -> Looked:
    """What was found in a file this admin uploaded. Raises NotAllowedNow when there is none, or no longer one."""
    draft = _draft(rt, admin, draft_id)
    if draft.roster_id is not None:
        raise NotAllowedNow(f"file {draft_id} has become a roster: what it held is not kept", "draft_started")
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


def ask_to_start(rt: Runtime, admin: Admin, draft_id: int, shown: int, address: str) -> None:
    """Have a file set going at the price that was shown; a worker does it. Raises NotAllowedNow."""
    waits, roster, _ = became(rt, admin, draft_id)
    if waits or roster:
        return
    mistakes = len(look(rt, admin, draft_id).mistakes)
    if mistakes:
        raise NotAllowedNow(f"{mistakes} mistakes in the file: nothing was done", "roster_mistakes", mistakes=mistakes)
    with rt.db.begin() as connection:
        roster_drafts.ask_to_start(connection, draft_id, shown, address, rt.clock())
    rt.queues.enqueue(queues.START_ROSTER, draft_id)


def start(rt: Runtime, draft_id: int) -> None:
    """Set a file going; why it cannot be is kept for its page. May run twice: it is the same roster."""
    with rt.db.connect() as connection:
        draft = roster_drafts.to_start(connection, draft_id)
        uploader = admins.by_id(connection, draft.admin_id) if draft else None
    if draft is None or uploader is None:
        return
    content, brings = rt.vault.open(draft.sealed_content).encode("latin-1"), _brings(rt, draft)
    try:
        number = rosters.start(rt, content, brings, uploader.email, shown=draft.shown, address=draft.address)
    except NotAllowedNow as error:
        begun = _begun_before(rt, draft, brings.phone, content) if error.reason == "roster_again" else None
        if begun is None:
            with rt.db.begin() as connection:
                roster_drafts.refuse(connection, draft_id, error.reason, _checked(rt, content))
            return
        number = begun
    with rt.db.begin() as connection:
        roster_drafts.started(connection, draft_id, number)


def _begun_before(rt: Runtime, draft: Draft, phone: str, content: bytes) -> int | None:
    """The roster that an earlier run of the same job began and could not write down."""
    assert draft.start_at is not None
    with rt.db.connect() as connection:
        return lists.by_digest(connection, phone, hashlib.sha256(content).hexdigest(), draft.start_at)


def sweep(rt: Runtime) -> None:
    """Find files that wait to be set going and that no job works on."""
    with rt.db.connect() as connection:
        waiting = roster_drafts.all_to_start(connection)
    for draft_id in waiting:
        rt.queues.enqueue(queues.START_ROSTER, draft_id)


def became(rt: Runtime, admin: Admin, draft_id: int) -> tuple[bool, int | None, str]:
    """Whether a file waits to be set going, the roster it has become, and why it could not be. Raises NotAllowedNow."""
    draft = _draft(rt, admin, draft_id)
    return draft.under_way, draft.roster_id, draft.refused


def discard(rt: Runtime, admin: Admin, draft_id: int) -> None:
    """Put a file away. Raises NotAllowedNow when this admin has none of that number, or it is being set going."""
    _draft(rt, admin, draft_id)
    with rt.db.begin() as connection:
        if not roster_drafts.forget(connection, draft_id):
            raise NotAllowedNow(f"file {draft_id} is being set going", "draft_started")


def _draft(rt: Runtime, admin: Admin, draft_id: int) -> Draft:
    with rt.db.connect() as connection:
        draft = roster_drafts.of_admin(connection, draft_id, admin.id)
    if draft is None or (rt.clock() - draft.created_at > roster_drafts.KEPT and not draft.under_way):
        raise NotAllowedNow(f"there is no file {draft_id} of yours", "draft_none")
    return draft


def _brings(rt: Runtime, draft: Draft) -> Brings:
    return Brings(**json.loads(rt.vault.open(draft.sealed_sponsor)))
