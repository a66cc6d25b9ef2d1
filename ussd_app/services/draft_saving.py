"""Saving a draft: nobody's work is written over or lost, whoever comes first, and however often it is sent.

A save counts only on top of the revision that was edited; one that comes too late is kept aside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import edits, merging
from ussd_app.services.drafts import acceptable, opened
from ussd_app.services.edits import Edit
from ussd_app.services.merging import Place
from ussd_app.storage import documents
from ussd_app.storage import drafts as kept
from ussd_app.storage.drafts import Draft, Revision


@dataclass(frozen=True)
class Saved:
    """A save that counts: the revision it made, or had made when it was sent before."""

    revision: int


@dataclass(frozen=True)
class Conflict:
    """Somebody else has saved since: `theirs` counts, `yours` is kept aside; both have their number.

    `theirs_changed` and `yours_changed` are the places that each has changed, `both` those that both have. Without
    one, `take_in` puts the two together.
    """

    theirs: Revision
    yours: int
    theirs_changed: Sequence[Place]
    yours_changed: Sequence[Place]
    both: Sequence[Place]


def save(
    rt: Runtime, draft_id: int, *, revision: int, files: Mapping[str, str], by: str, key: str, what: str = ""
) -> Saved | Conflict:
    """Keep what somebody made of a revision. `key` is made up once for each save: sent twice, it is one revision.

    Raises NotAllowedNow for a draft that is closed, or files that no document can have.
    """
    acceptable(files)
    with rt.db.begin() as connection:
        return save_in(rt, connection, draft_id, revision, files, by=by, key=key, what=what)


def edit(
    rt: Runtime, draft_id: int, *, revision: int, made: Sequence[Edit], by: str, key: str, what: str = ""
) -> Saved | Conflict:
    """Make edits of a form on the revision it showed. Where others have saved since, but elsewhere, both count.

    Raises NotAllowedNow when an edit cannot be made.
    """
    with rt.db.begin() as connection:
        draft = opened(connection, draft_id)
        before = kept.files_of(connection, draft_id, revision)
        again = kept.saved_as(connection, draft_id, key)
        if again and not again.aside:
            return Saved(again.number)
        files = edits.apply(draft.name, before, *made)
        newest = kept.files_of(connection, draft_id, draft.revision)
        if draft.revision != revision and not merging.in_each_others_way(before, files, newest):
            files, revision = edits.apply(draft.name, newest, *made), draft.revision
        return save_in(rt, connection, draft_id, revision, files, by=by, key=key, what=what)


def save_in(
    rt: Runtime,
    connection: Connection,
    draft_id: int,
    revision: int,
    files: Mapping[str, str],
    *,
    by: str,
    key: str,
    what: str,
    based_on: int | None = None,
) -> Saved | Conflict:
    """`save` in a transaction that is open already."""
    draft = opened(connection, draft_id)
    again = kept.saved_as(connection, draft_id, key)
    if again:
        return _conflict(connection, draft, again) if again.aside else Saved(again.number)
    edited = kept.revision(connection, draft_id, revision)
    if edited is None:
        raise NotAllowedNow(f"there is no revision {revision} of this draft", "no_revision", revision=revision)
    newest = kept.files_of(connection, draft_id, draft.revision)
    base = draft.based_on if based_on is None else based_on
    if newest == dict(files) and base == draft.based_on:
        return Saved(draft.revision)
    aside = draft.revision != revision
    number = kept.add_revision(
        connection,
        draft_id,
        files,
        parent=revision,
        based_on=edited.based_on if aside else base,
        what=what[:200],
        by=by,
        key=key,
        now=rt.clock(),
        aside=aside,
    )
    if aside:
        late = kept.revision(connection, draft_id, number)
        assert late is not None
        return _conflict(connection, draft, late)
    kept.point_to(connection, draft_id, number, base)
    return Saved(number)


def _conflict(connection: Connection, draft: Draft, yours: Revision) -> Conflict:
    theirs = kept.revision(connection, draft.id, draft.revision)
    assert theirs is not None
    base, mine, other = _three(connection, draft, yours)
    return Conflict(
        theirs,
        yours.number,
        sorted(merging.changed(base, other)),
        sorted(merging.changed(base, mine)),
        merging.in_each_others_way(base, mine, other),
    )


def _three(
    connection: Connection, draft: Draft, aside: Revision
) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """What both began with, what was kept aside, and what counts."""
    numbers = (aside.parent or 1, aside.number, draft.revision)
    base, mine, other = (kept.files_of(connection, draft.id, number) for number in numbers)
    return base, mine, other


def take_in(rt: Runtime, draft_id: int, aside: int, *, by: str, key: str, over: bool = False) -> Saved | Conflict:
    """Put what was kept aside on top of what counts; with `over` it counts wherever both have changed the same.

    Everything else of the other one stays, and their revision too. Raises NotAllowedNow naming the places that both
    have changed.
    """
    with rt.db.begin() as connection:
        draft = opened(connection, draft_id)
        found = kept.revision(connection, draft_id, aside)
        if found is None or not found.aside:
            raise NotAllowedNow(f"no revision {aside} of this draft was kept aside", "no_revision", revision=aside)
        base, mine, other = _three(connection, draft, found)
        files = merging.merged(base, mine, other, mine_first=over)
        return save_in(rt, connection, draft_id, draft.revision, files, by=by, key=key, what=f"took in {aside}")


def restore(rt: Runtime, draft_id: int, number: int, *, by: str, key: str) -> Saved | Conflict:
    """Let an old revision count again, as a new one. Raises NotAllowedNow."""
    with rt.db.begin() as connection:
        draft = opened(connection, draft_id)
        files = kept.files_of(connection, draft_id, number)
        if not files:
            raise NotAllowedNow(f"there is no revision {number} of this draft", "no_revision", revision=number)
        return save_in(rt, connection, draft_id, draft.revision, files, by=by, key=key, what=f"back to {number}")


def bring_up(rt: Runtime, draft_id: int, *, by: str, key: str) -> Saved | Conflict:
    """Take in what was published since the draft was made. Raises NotAllowedNow naming what both have changed."""
    with rt.db.begin() as connection:
        draft = opened(connection, draft_id)
        pointer = documents.pointers(connection).get(draft.name)
        if pointer is None or pointer.version == draft.based_on:
            return Saved(draft.revision)
        live = documents.load(connection, draft.name, pointer.version)
        before = documents.load(connection, draft.name, draft.based_on) if draft.based_on else None
        assert live is not None
        mine = kept.files_of(connection, draft_id, draft.revision)
        files = merging.merged(before.files if before else {}, mine, live.files)
        what = f"took in version {live.version}"
        return save_in(
            rt, connection, draft_id, draft.revision, files, by=by, key=key, what=what, based_on=live.version
        )
