"""A draft before it goes out: what it changes, whether it is proved, who may publish it, and when."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import abort, redirect, request, url_for

from ussd_app.domain.permissions import May, may
from ussd_app.errors import MenuProblems, NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import differences, draft_saving, inspecting, proving, releases
from ussd_app.services.days import JAKARTA
from ussd_app.services.draft_saving import Conflict
from ussd_app.services.drafts import Opened
from ussd_app.services.proving import Standing
from ussd_app.storage import releases as kept
from ussd_app.web.admin import menu_changes
from ussd_app.web.admin.desk import Desk, Page, address, done, me, not_done, show, sorry, t
from ussd_app.web.admin.formats import moment
from ussd_app.web.admin.menu_places import edits_of, history_of, live_files, names_of, opened, stem_of, told_everywhere

FOLDER = Path(__file__).parents[3] / "menus"
# Under both sections of the desk a draft is reviewed in the same way.
STEMS = ("menu", "message")


def add_to(desk: Desk) -> None:
    """The review of menus' drafts and of the drafts of SMS."""
    rt = desk.rt
    for stem in STEMS:
        at = f"/{stem}s/drafts/<int:draft>/review"
        desk.page(at, f"{stem}_review", May.LOOK, lambda draft: _review(desk, draft))
        desk.poll(f"{at}/proof", f"{stem}_review_proof", May.LOOK, lambda draft: _proof(desk, draft))
        desk.post(f"{at}/proof", f"{stem}_review_prove", May.EDIT_DRAFTS, lambda draft: _prove(rt, draft))
        desk.post(f"{at}/newer", f"{stem}_review_newer", May.EDIT_DRAFTS, lambda draft: _take_in(rt, draft))
        desk.post(f"{at}/publish", f"{stem}_publish", May.PUBLISH, lambda draft: _publish(desk, draft))
        release = f"/{stem}s/releases/<int:release>"
        desk.post(f"{release}/cancel", f"{stem}_publish_cancel", May.PUBLISH, lambda release: _cancel(rt, release))
        desk.post(f"{release}/seen", f"{stem}_publish_seen", May.PUBLISH, lambda release: _seen(rt, release))
    desk.app.context_processor(lambda: told_everywhere(desk))


# ---- who may, and what stands in the way ----


@dataclass(frozen=True)
class Check:
    """One thing that must be so before a draft goes out: whether it is, and in which words."""

    name: str
    holds: bool
    sentence: str


def _checks(rt: Runtime, found: Opened, errors: int, standing: Standing, authors: list[str]) -> Iterator[Check]:
    yield Check("whole", not errors, t("review.no_errors") if not errors else t("review.errors", number=errors))
    if not found.moved_on:
        yield Check("newest", True, t("review.newest", version=found.live or 0))
    else:
        yield Check("newest", False, t("review.moved_on", version=found.live or 0, based_on=found.draft.based_on or 0))
    yield Check("proof", standing.stands, t(f"review.proof_{standing.state}"))
    yield Check("eyes", *_eyes(rt, authors))


def _eyes(rt: Runtime, authors: list[str]) -> tuple[bool, str]:
    """Whether whoever is looking may publish what these people have edited, and why."""
    if not may(me().role, May.PUBLISH):
        return False, t("review.no_publisher")
    if me().email not in authors:
        return True, t("review.other_eyes")
    return rt.settings.publish_alone, t("review.alone" if rt.settings.publish_alone else "review.own_work")


# ---- the page ----


def _review(desk: Desk, draft: int, problem: str = "", status: int = 200) -> Page:
    rt, found = desk.rt, opened(desk.rt, draft)
    name, number = found.draft.name, found.draft.revision
    if found.draft.state == "published":
        return redirect(history_of(name))
    looked = inspecting.inspect_live(rt, name, found.files)
    wrong = [one for one in looked.problems if one.problem.error]
    standing = proving.standing(rt, draft, number)
    with rt.db.connect() as connection:
        authors = releases.authors_of(connection, draft, number)
        planned = kept.planned_of(connection, draft)
    checks = list(_checks(rt, found, len(wrong), standing, authors))
    return show(
        "menu_review",
        status,
        stem=stem_of(name),
        opened=found,
        draft=found.draft,
        problem=problem,
        wrong=wrong,
        remarks=[one for one in looked.problems if not one.problem.error],
        checks=checks,
        ready=all(check.holds for check in checks),
        standing=standing,
        screens=looked.menu.screens if looked.menu else {},
        authors=authors,
        names=names_of(rt),
        planned=planned,
        said=request.form,
        soonest=rt.clock().astimezone(ZoneInfo(JAKARTA)).strftime("%Y-%m-%dT%H:%M"),
        compared=menu_changes.compare(rt, name, live_files(rt, name, found.live), found.files, _first()),
        lines_of=menu_changes.lines_of,
        strayed=[one for one in differences.from_folder(rt, FOLDER) if one.name == name],
        elsewhere=differences.parts_elsewhere(rt, name, found.files),
        edits=partial(edits_of, desk, found.draft.id),
    )


def _first() -> int:
    return max(0, request.args.get("from", 0, type=int))


def _back(rt: Runtime, draft: int) -> Page:
    return redirect(url_for(f"{stem_of(opened(rt, draft).draft.name)}_review", draft=draft))


# ---- the proof ----


def _proof(desk: Desk, draft: int) -> Page:
    found = opened(desk.rt, draft)
    standing = proving.standing(desk.rt, draft, found.draft.revision)
    # What may be done changes with the end of the proof: then the whole page is shown anew.
    ended = standing.state in ("proved", "faulty") and request.args.get("was") in ("waiting", "running")
    return show(
        "menu_review_proof",
        draft=found.draft,
        stem=stem_of(found.draft.name),
        standing=standing,
        ended=ended,
        screens=(),
        edits=partial(edits_of, desk, draft),
    )


def _prove(rt: Runtime, draft: int) -> Page:
    try:
        proving.ask(rt, draft, opened(rt, draft).draft.revision)
    except NotAllowedNow as error:
        not_done(error)
    except MenuProblems:
        not_done(NotAllowedNow("this draft is broken", "broken"))
    return _back(rt, draft)


def _take_in(rt: Runtime, draft: int) -> Page:
    """Take in what was published since the draft was made."""
    opened(rt, draft)
    try:
        saved = draft_saving.bring_up(rt, draft, by=me().email, key=secrets.token_hex(8))
        if isinstance(saved, Conflict):
            not_done(NotAllowedNow("somebody has saved since", "saved_since"))
        else:
            done("review.taken_in")
    except NotAllowedNow as error:
        # Nobody else's draft stands against this one: the way out is another than between two editors.
        live = error.reason == "both_changed"
        not_done(NotAllowedNow(str(error), "both_changed_live", **error.values) if live else error)
    return _back(rt, draft)


# ---- going out ----


def _publish(desk: Desk, draft: int) -> Page:
    rt, form = desk.rt, request.form
    name = opened(rt, draft).draft.name
    try:
        at = _moment(form.get("at", "")) if form.get("when") == "later" else None
        release = releases.publish(
            rt,
            draft,
            revision=form.get("revision", 0, type=int),
            by=me().email,
            comment=form.get("comment", ""),
            at=at,
            address=address(),
        )
    except NotAllowedNow as error:
        return _review(desk, draft, sorry(error), 409)
    except MenuProblems:
        return _review(desk, draft, t("not_now.broken"), 422)
    if release.state == "planned":
        done("review.is_planned", at=moment(release.due_at))
        return _back(rt, draft)
    done("review.is_live", version=release.version or 0)
    return redirect(history_of(name))


def _moment(said: str) -> datetime:
    """A moment on the clock of Jakarta as a browser sends it, in UTC. Raises NotAllowedNow."""
    try:
        return datetime.fromisoformat(said).replace(tzinfo=ZoneInfo(JAKARTA)).astimezone(UTC)
    except ValueError:
        raise NotAllowedNow("choose a day and an hour", "no_moment") from None


def _released(rt: Runtime, release: int) -> kept.Release:
    with rt.db.connect() as connection:
        found = kept.by_id(connection, release)
    if found is None:
        abort(404)
    return found


def _cancel(rt: Runtime, release: int) -> Page:
    found = _released(rt, release)
    try:
        releases.cancel(rt, release, by=me().email, address=address())
        done("review.cancelled")
    except NotAllowedNow as error:
        not_done(error)
    return _back(rt, found.draft_id)


def _seen(rt: Runtime, release: int) -> Page:
    found = _released(rt, release)
    releases.see(rt, release, who=me().email)
    return _back(rt, found.draft_id)
