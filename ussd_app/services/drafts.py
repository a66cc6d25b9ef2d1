"""Drafts: an editor changes a document for days, with others, before anybody dials it.

Every save is a revision and stays (see draft_saving). Drafts may be broken; publishing cannot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from ussd_app.errors import NotAllowedNow, NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import audit
from ussd_app.storage import documents
from ussd_app.storage import drafts as kept
from ussd_app.storage.drafts import Draft, Editor, Revision

# So long somebody counts as being there after the last sign of them; a page gives one every ten seconds.
LEASE = timedelta(seconds=30)
PAGE = 50
# Ten times what the largest menu takes, in characters.
MOST_TEXT = 2_000_000
MOST_FILES = 100
_FILE = re.compile(r"[a-z][a-z0-9_]{0,60}(\.[a-z]{2})?\.yaml")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")


@dataclass(frozen=True)
class Opened:
    """A draft as an editor gets it: its files, who saved them, and what is live by now.

    `moved_on`: another version was published since the draft was made; `bring_up` takes that in.
    """

    draft: Draft
    files: Mapping[str, str]
    revision: Revision
    live: int | None
    can_undo: bool
    can_redo: bool

    @property
    def moved_on(self) -> bool:
        """Whether the live version is another one than the draft was made from."""
        return self.live != self.draft.based_on


def create(rt: Runtime, name: str, *, by: str, title: str = "", address: str = "") -> Draft:
    """A draft of what is live now. Raises NotPublished."""
    with rt.db.begin() as connection:
        pointer = documents.pointers(connection).get(name)
        live = documents.load(connection, name, pointer.version) if pointer else None
        if live is None:
            raise NotPublished(f"no version of `{name}` has been published")
        return _created(rt, connection, name, dict(live.files), live.version, by=by, title=title, address=address)


def create_new(
    rt: Runtime, name: str, files: Mapping[str, str], *, by: str, title: str = "", address: str = ""
) -> Draft:
    """A draft of a document that was never published. Raises NotAllowedNow when there is one of that name."""
    if not _NAME.fullmatch(name):
        raise NotAllowedNow("a name is made of small letters, digits and _", "draft_name")
    with rt.db.begin() as connection:
        if name in documents.pointers(connection):
            raise NotAllowedNow(f"`{name}` is published: make a draft of it", "taken", screen=name)
        return _created(rt, connection, name, files, None, by=by, title=title, address=address)


def _created(
    rt: Runtime,
    connection: Connection,
    name: str,
    files: Mapping[str, str],
    based_on: int | None,
    *,
    by: str,
    title: str,
    address: str,
) -> Draft:
    acceptable(files)
    now = rt.clock()
    draft_id = kept.add(connection, name, title.strip()[:200], based_on, by, now)
    kept.add_revision(connection, draft_id, files, parent=None, based_on=based_on, what="", by=by, key="first", now=now)
    audit.note(rt, connection, by, "draft.made", f"{name} {draft_id}", after={"based_on": based_on}, address=address)
    made = kept.by_id(connection, draft_id)
    assert made is not None
    return made


def open_ones(rt: Runtime) -> list[tuple[Draft, Revision]]:
    """Every open draft with its newest revision, the one saved last first."""
    with rt.db.connect() as connection:
        return kept.all_open(connection)


def read(rt: Runtime, draft_id: int, revision: int | None = None) -> Opened:
    """A draft with the files of the revision that counts, or of another one. Raises NotAllowedNow."""
    with rt.db.connect() as connection:
        draft = _there(connection, draft_id)
        number = draft.revision if revision is None else revision
        found = kept.revision(connection, draft_id, number)
        if found is None:
            raise NotAllowedNow(f"there is no revision {number} of this draft", "no_revision", revision=number)
        pointer = documents.pointers(connection).get(draft.name)
        return Opened(
            draft,
            kept.files_of(connection, draft_id, number),
            found,
            pointer.version if pointer else None,
            can_undo=found.parent is not None,
            can_redo=kept.made_from(connection, draft_id, number) is not None,
        )


def revisions(rt: Runtime, draft_id: int, before: int | None = None) -> list[Revision]:
    """A page of a draft's revisions, the newest first, and one more where there is a next page."""
    with rt.db.connect() as connection:
        return kept.page(connection, draft_id, before, PAGE + 1)


# ---- back and forth ----


def undo(rt: Runtime, draft_id: int, *, revision: int) -> Opened:
    """Go back to what a revision was made from; everybody who has the draft open sees that.

    Raises NotAllowedNow when there is nothing before it, or somebody has saved since.
    """
    return _go(rt, draft_id, revision, back=True)


def redo(rt: Runtime, draft_id: int, *, revision: int) -> Opened:
    """Come back to what was undone last. Raises NotAllowedNow as `undo` does."""
    return _go(rt, draft_id, revision, back=False)


def _go(rt: Runtime, draft_id: int, revision: int, *, back: bool) -> Opened:
    with rt.db.begin() as connection:
        draft = opened(connection, draft_id)
        here = kept.revision(connection, draft_id, draft.revision)
        if draft.revision != revision or here is None:
            raise NotAllowedNow("somebody has saved since: look at that first", "saved_since")
        if back:
            there = kept.revision(connection, draft_id, here.parent) if here.parent else None
        else:
            there = kept.made_from(connection, draft_id, here.number)
        if there is None:
            raise NotAllowedNow(f"there is nothing to {'undo' if back else 'redo'}", "nothing_to_undo")
        kept.point_to(connection, draft_id, there.number, there.based_on)
    return read(rt, draft_id)


def retitle(rt: Runtime, draft_id: int, title: str, *, by: str, address: str = "") -> None:
    """Say in other words what a draft is for. Raises NotAllowedNow."""
    with rt.db.begin() as connection:
        draft = opened(connection, draft_id)
        told = title.strip()[:200]
        kept.retitle(connection, draft_id, told)
        before, after = {"title": draft.title}, {"title": told}
        what = f"{draft.name} {draft_id}"
        audit.note(rt, connection, by, "draft.retitled", what, before=before, after=after, address=address)


def discard(rt: Runtime, draft_id: int, *, by: str, address: str = "") -> None:
    """Put a draft away; its revisions stay in the database. Raises NotAllowedNow."""
    with rt.db.begin() as connection:
        draft = opened(connection, draft_id)
        kept.close(connection, draft_id, "discarded")
        audit.note(rt, connection, by, "draft.discarded", f"{draft.name} {draft_id}", address=address)


# ---- who is there ----


def here(rt: Runtime, draft_id: int, *, who: str, place: str = "") -> list[Editor]:
    """Somebody has the draft open, looking at `place` (a screen); who else has."""
    now = rt.clock()
    with rt.db.begin() as connection:
        _there(connection, draft_id)
        kept.note_editor(connection, draft_id, who, place[:100], now)
        return [editor for editor in kept.editors(connection, draft_id, now - LEASE) if editor.who != who]


def gone(rt: Runtime, draft_id: int, *, who: str) -> None:
    """Somebody has closed the draft."""
    with rt.db.begin() as connection:
        kept.forget_editor(connection, draft_id, who)


# ---- what can be ----


def _there(connection: Connection, draft_id: int) -> Draft:
    draft = kept.by_id(connection, draft_id)
    if draft is None:
        raise NotAllowedNow(f"there is no draft {draft_id}", "no_draft")
    return draft


def opened(connection: Connection, draft_id: int) -> Draft:
    """An open draft, into which nobody else saves before the transaction ends. Raises NotAllowedNow."""
    draft = kept.by_id(connection, draft_id, lock=True)
    if draft is None:
        raise NotAllowedNow(f"there is no draft {draft_id}", "no_draft")
    if draft.state != "open":
        raise NotAllowedNow(f"this draft was {draft.state}: make a new one", "draft_closed", state=draft.state)
    return draft


def acceptable(files: Mapping[str, str]) -> None:
    """See that these can be the files of a document at all. Raises NotAllowedNow."""
    wrong = [file for file in files if not _FILE.fullmatch(file)]
    if wrong or not 0 < len(files) <= MOST_FILES:
        raise NotAllowedNow("a file is called like main.yaml or main.en.yaml", "file_name", file=", ".join(wrong))
    if sum(map(len, files.values())) > MOST_TEXT:
        raise NotAllowedNow(f"all files together have more than {MOST_TEXT:,} characters", "too_long")
    if any("\0" in text for text in files.values()):
        raise NotAllowedNow("a file holds a character that is none: it may be no text", "no_text")
