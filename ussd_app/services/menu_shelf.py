"""Every menu that people can dial, and the drafts that somebody is working on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import yaml

from ussd_app.errors import MenuProblems, NotAllowedNow, NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import drafts, publishing
from ussd_app.services.drafts import LEASE
from ussd_app.storage import documents
from ussd_app.storage import drafts as kept
from ussd_app.storage.documents import Document
from ussd_app.storage.drafts import Draft, Editor, Revision

# The part with the sentences for wrong answers, which a new menu begins with where there is one.
COMMON = "common"
_CODE = re.compile(r"\*[0-9]+(\*[0-9]+)*#")


@dataclass(frozen=True)
class Open:
    """An open draft: what counts of it now, and who has it open at this moment."""

    draft: Draft
    newest: Revision
    editors: tuple[Editor, ...]


@dataclass(frozen=True)
class Live:
    """A menu as it is dialled now. `screens` is how many it has, 0 where it cannot be read any more."""

    name: str
    version: int
    codes: tuple[str, ...]
    languages: tuple[str, ...]
    screens: int
    by: str
    at: datetime
    drafts: tuple[Open, ...]


def shelf(rt: Runtime) -> tuple[list[Live], list[Open]]:
    """Every live menu with its drafts, and the drafts of menus that were never published."""
    now = rt.clock()
    with rt.db.connect() as connection:
        pointers = documents.pointers(connection)
        found = [documents.load(connection, name, one.version) for name, one in sorted(pointers.items())]
        open_ones = [
            Open(draft, newest, tuple(kept.editors(connection, draft.id, now - LEASE)))
            for draft, newest in kept.all_open(connection)
        ]
    live = [_live(rt, document, open_ones) for document in found if document and document.kind == "menu"]
    new = [one for one in open_ones if one.draft.name not in pointers]
    return live, new


def _live(rt: Runtime, document: Document, open_ones: list[Open]) -> Live:
    try:
        menu = publishing.menu(rt, document.name, document.version)
        codes, languages, screens = menu.codes, menu.languages, len(menu.screens)
    except (MenuProblems, NotPublished):
        codes, languages, screens = (), (), 0
    own = tuple(one for one in open_ones if one.draft.name == document.name)
    by, at = document.published_by, document.published_at
    return Live(document.name, document.version, codes, languages, screens, by, at, own)


def begin(rt: Runtime, name: str, code: str, text: str, *, by: str, title: str = "", address: str = "") -> Draft:
    """A draft of a new menu that is reached by a code and says one thing. Raises NotAllowedNow."""
    if not _CODE.fullmatch(code):
        raise NotAllowedNow("a code is dialled like *778#", "dialled_code", code=code)
    parts = _common(rt)
    data: dict[str, object] = {"menu": name, "codes": [code], "languages": ["id", "en", "jv", "su"], "start": "first"}
    data |= {"include": [COMMON]} if parts else {"reasons": {"choose": "Pilih nomor yang ada."}}
    data["screens"] = {"first": {"end": text.strip()}}
    written = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=110)
    files = {f"{name}.yaml": f"# Edited by: admins.\n{written}", **parts}
    return drafts.create_new(rt, name, files, by=by, title=title, address=address)


def _common(rt: Runtime) -> Mapping[str, str]:
    """The files of the shared part, as the menu `main` has them."""
    with rt.db.connect() as connection:
        pointer = documents.pointers(connection).get("main")
        live = documents.load(connection, "main", pointer.version) if pointer else None
    files = live.files if live else {}
    return {file: text for file, text in files.items() if file.split(".")[0] == COMMON}
