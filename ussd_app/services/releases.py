"""A draft goes out: at once or at a time, checked and proved, by somebody who did not write it alone.

Publishing looks once more at everything in the transaction that publishes: the live version must be the one that the
draft was made from, and its proof must stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

import structlog
from sqlalchemy import Connection, text

from ussd_app import queues
from ussd_app.errors import MenuProblems, NotAllowedNow, NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import audit, jobs, proving, publishing
from ussd_app.services.jobs import Job
from ussd_app.storage import documents, drafts, releases
from ussd_app.storage import menu_proofs as proofs
from ussd_app.storage.documents import Version
from ussd_app.storage.drafts import Draft
from ussd_app.storage.releases import Release

PAGE = 25
log = structlog.get_logger()


@dataclass(frozen=True)
class Past:
    """One version of a document as its history shows it: who published it, who had edited it, and why.

    Nobody goes on with one that was withdrawn.
    """

    version: int
    at: datetime
    by: str
    comment: str
    authors: Sequence[str]
    draft_id: int | None
    live: bool
    withdrawn_at: datetime | None = None


def authors_of(connection: Connection, draft_id: int, revision: int) -> list[str]:
    """Everybody who edited what a revision says; making the draft of a version is no edit."""
    way = drafts.way_to(connection, draft_id, revision)
    authors = set()
    for step, parent in zip_longest(way, way[1:]):
        # What only takes in another version, or copies it to begin with, was edited by whoever made that version.
        if step.based_on == (parent.based_on if parent else None):
            authors.add(step.by)
    return sorted(authors)


def publish(
    rt: Runtime, draft_id: int, *, revision: int, by: str, comment: str, at: datetime | None = None, address: str = ""
) -> Release:
    """Publish a revision of a draft, now or `at` a time (aware, UTC); the release, published or planned.

    Raises NotAllowedNow when somebody has saved since, only `by` has edited it and PUBLISH_ALONE is off, the live
    version has moved on, or the draft is not proved; MenuProblems with every error in it.
    """
    now = rt.clock()
    if not comment.strip():
        raise NotAllowedNow("say in a comment what is new", "no_comment")
    if at is not None and at <= now:
        raise NotAllowedNow("that moment is over: choose a later one, or publish now", "in_the_past")
    with rt.db.connect() as connection:
        files = drafts.files_of(connection, draft_id, revision)
        draft = drafts.by_id(connection, draft_id)
    if draft is None or not files:
        raise NotAllowedNow(f"there is no revision {revision} of draft {draft_id}", "no_revision", revision=revision)
    publishing.publishable(rt, draft.name, files)
    with rt.db.begin() as connection:
        draft = _ready(rt, connection, draft_id, revision, by)
        release_id = releases.plan(
            connection,
            name=draft.name,
            draft_id=draft_id,
            revision=revision,
            comment=comment.strip()[:1000],
            authors=authors_of(connection, draft_id, revision),
            by=by,
            due_at=at or now,
            now=now,
        )
        if release_id is None:
            raise NotAllowedNow("this draft is planned already: cancel that first", "planned_already")
        told = {"draft": draft_id, "revision": revision, "at": at, "comment": comment.strip()}
        audit.note(rt, connection, by, "menu.planned", draft.name, after=told, address=address)
        release = releases.lock(connection, release_id)
        assert release is not None
        if at is None:
            _go_out(rt, connection, release, address)
    if at is None:
        publishing.refresh(rt, published=True)
    return _again(rt, release_id)


def _ready(rt: Runtime, connection: Connection, draft_id: int, revision: int, by: str) -> Draft:
    """The draft, when nothing but its time keeps this revision from being published by this person."""
    draft = drafts.by_id(connection, draft_id, lock=True)
    if draft is None or draft.state != "open":
        raise NotAllowedNow("this draft is closed", "draft_closed", state=draft.state if draft else "")
    if draft.revision != revision:
        raise NotAllowedNow("somebody has saved since: look at that first", "saved_since")
    if by in authors_of(connection, draft_id, revision) and not rt.settings.publish_alone:
        raise NotAllowedNow("somebody who did not edit this draft has to publish it", "own_work")
    _not_moved_on(connection, draft)
    standing = proving.standing_of(connection, draft.name, drafts.files_of(connection, draft_id, revision))
    if not standing.stands:
        sentence = standing.faults[0] if standing.faults else "have it proved first"
        raise NotAllowedNow(f"this draft is not proved: {sentence}", "not_proved", state=standing.state)
    return draft


def _not_moved_on(connection: Connection, draft: Draft) -> None:
    # The same lock under which a version is added: whoever publishes at the same moment comes before or after.
    connection.execute(text("SELECT pg_advisory_xact_lock(778)"))
    pointer = documents.pointers(connection).get(draft.name)
    live = pointer.version if pointer else None
    if live != draft.based_on:
        sentence = f"version {live} was published since this draft was made: take it in first"
        raise NotAllowedNow(sentence, "moved_on", live=live, based_on=draft.based_on)


def _go_out(rt: Runtime, connection: Connection, release: Release, address: str = "") -> None:
    """Make a release the newest version, in a transaction in which everything was looked at."""
    files = drafts.files_of(connection, release.draft_id, release.revision)
    kind = publishing.publishable(rt, release.name, files)
    version = documents.add_version(
        connection, release.name, kind, files, by=release.by, comment=release.comment, now=rt.clock()
    )
    releases.finish(connection, release.id, "published", rt.clock(), version=version)
    drafts.close(connection, release.draft_id, "published")
    told = {"version": version, "draft": release.draft_id, "authors": list(release.authors)}
    audit.note(rt, connection, release.by, "menu.published", release.name, after=told, address=address)


def publish_due(rt: Runtime) -> int:
    """Publish every draft whose time has come; how many. What cannot be is refused, and the desk tells of it."""
    with rt.db.connect() as connection:
        waiting = releases.due(connection, rt.clock())
    done = sum(_publish_one(rt, release_id) for release_id in waiting)
    if done:
        publishing.refresh(rt, published=True)
    return done


def _publish_one(rt: Runtime, release_id: int) -> bool:
    try:
        with rt.db.begin() as connection:
            release = releases.lock(connection, release_id)
            if release is None:
                return False
            if _is_being_proved(rt, connection, release):
                return False
            _ready(rt, connection, release.draft_id, release.revision, release.by)
            _go_out(rt, connection, release)
        return True
    except (NotAllowedNow, MenuProblems) as why:
        _refuse(rt, release_id, str(why))
        return False


def _is_being_proved(rt: Runtime, connection: Connection, release: Release) -> bool:
    """Whether the proof has to be made anew (the code knows other words since), which this asks for."""
    files = drafts.files_of(connection, release.draft_id, release.revision)
    state = proving.standing_of(connection, release.name, files).state
    if state == "unasked":
        digest = proving.digest_of(release.name, files)
        asked = proofs.ask(connection, digest, release.draft_id, release.revision, rt.clock())
        jobs.put(rt, [Job(queues.PROVE_MENU, asked.id)])
    return state in ("unasked", "waiting", "running")


def _refuse(rt: Runtime, release_id: int, why: str) -> None:
    with rt.db.begin() as connection:
        release = releases.lock(connection, release_id)
        if release is None:
            return
        releases.finish(connection, release_id, "refused", rt.clock(), why=why)
        told = {"draft": release.draft_id, "why": why[:1000]}
        audit.note(rt, connection, release.by, "menu.refused", release.name, after=told)
    log.error("a planned draft was not published", document=release.name, draft=release.draft_id, why=why[:500])


# ---- what was, and what will be ----


def cancel(rt: Runtime, release_id: int, *, by: str, address: str = "") -> None:
    """Do not publish what was planned. Raises NotAllowedNow when it was published before."""
    with rt.db.begin() as connection:
        release = releases.lock(connection, release_id)
        if release is None:
            raise NotAllowedNow("this is not planned any more", "not_planned")
        releases.finish(connection, release_id, "cancelled", rt.clock())
        audit.note(rt, connection, by, "menu.cancelled", release.name, address=address)


def planned(rt: Runtime) -> list[Release]:
    """Everything that is to be published, the earliest first."""
    with rt.db.connect() as connection:
        return releases.planned(connection)


def refused(rt: Runtime) -> list[Release]:
    """What could not be published at its time and nobody has looked at since: every page of the desk tells of it."""
    with rt.db.connect() as connection:
        return releases.refused(connection)


def see(rt: Runtime, release_id: int, *, who: str) -> None:
    """Somebody has looked at why a release was refused."""
    with rt.db.begin() as connection:
        releases.see(connection, release_id, who)


def history(rt: Runtime, name: str, before: int | None = None) -> list[Past]:
    """A page of a document's versions, the newest first, with whoever edited and published each; and one more where
    there is a next page."""
    with rt.db.connect() as connection:
        pointer = documents.pointers(connection).get(name)
        found = documents.versions(connection, name, before, PAGE + 1)
        made = releases.published(connection, name, [one.version for one in found])
    return [_past(one, made.get(one.version), pointer.version if pointer else None) for one in found]


def _past(one: Version, made: Release | None, live: int | None) -> Past:
    return Past(
        one.version,
        one.published_at,
        one.published_by,
        one.comment,
        made.authors if made else (),
        made.draft_id if made else None,
        live=one.version == live,
        withdrawn_at=one.withdrawn_at,
    )


def roll_back(rt: Runtime, name: str, version: int, *, by: str, address: str = "") -> int:
    """Make an old version the newest again; its new number. Raises NotPublished, MenuProblems."""
    with rt.db.connect() as connection:
        pointer = documents.pointers(connection).get(name)
    if pointer is None:
        raise NotPublished(f"no version of `{name}` has been published")
    made = publishing.roll_back(rt, name, version, by=by)
    with rt.db.begin() as connection:
        told = {"before": {"version": pointer.version}, "after": {"version": made, "same_as": version}}
        audit.note(rt, connection, by, "menu.rolled_back", name, **told, address=address)
    return made


def withdraw(rt: Runtime, name: str, version: int, *, by: str, address: str = "") -> None:
    """Let nobody go on with an urgently wrong version: whoever is in the middle of it starts over on the newest.

    Raises NotAllowedNow for the version that is live, one that was withdrawn before, and one that is not there.
    """
    with rt.db.begin() as connection:
        try:
            publishing.withdraw_in(rt, connection, name, version)
        except NotPublished as why:
            raise NotAllowedNow(str(why), "not_to_withdraw", version=version) from None
        audit.note(rt, connection, by, "menu.withdrawn", name, after={"version": version}, address=address)
    publishing.refresh(rt, published=True)


def _again(rt: Runtime, release_id: int) -> Release:
    with rt.db.connect() as connection:
        found = releases.by_id(connection, release_id)
    assert found is not None
    return found
