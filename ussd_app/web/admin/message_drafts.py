"""A draft of the SMS: what is in it, what is wrong with it, back and forth, and what two people both changed."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial

from flask import abort, redirect, request, url_for

from ussd_app.domain.permissions import May, may
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import differences, draft_saving, drafts, inspecting, publishing
from ussd_app.services.draft_saving import Conflict
from ussd_app.services.drafts import Opened
from ussd_app.web.admin import menu_changes
from ussd_app.web.admin.desk import Desk, Page, address, done, first_of, me, not_done, show
from ussd_app.web.admin.menu_places import edits_of, live_files, names_of
from ussd_app.web.admin.messages import NAME, shelf


def add_to(desk: Desk) -> None:
    """The draft as a list, and everything that is done with the whole of it."""
    rt, look, edit = desk.rt, May.LOOK, May.EDIT_DRAFTS
    at = "/messages/drafts/<int:draft>"
    desk.page(at, "message_draft", look, lambda draft: _draft(desk, draft))
    desk.poll(f"{at}/here", "message_here", edit, lambda draft: _here(rt, draft))
    desk.post(f"{at}/undo", "message_undo", edit, lambda draft: _go(rt, draft, drafts.undo))
    desk.post(f"{at}/redo", "message_redo", edit, lambda draft: _go(rt, draft, drafts.redo))
    desk.post(f"{at}/discard", "message_discard", edit, lambda draft: _discard(rt, draft))
    desk.page(f"{at}/revisions", "message_revisions", look, lambda draft: _revisions(rt, draft))
    desk.post(f"{at}/revisions", "message_restore", edit, lambda draft: _restore(rt, draft))
    desk.page(f"{at}/aside/<int:aside>", "message_aside", edit, lambda draft, aside: _aside(rt, draft, aside))
    desk.post(f"{at}/aside/<int:aside>", "message_take_in", edit, lambda draft, aside: _take_in(rt, draft, aside))


def found(rt: Runtime, draft: int, revision: int | None = None) -> Opened:
    """A draft of the SMS; 404 where there is none."""
    try:
        opened = drafts.read(rt, draft, revision)
    except NotAllowedNow:
        abort(404)
    if opened.draft.name != NAME:
        abort(404)
    return opened


def editable(opened: Opened) -> bool:
    """Whether whoever is looking may change it."""
    return opened.draft.state == "open" and may(me().role, May.EDIT_DRAFTS)


def _draft(desk: Desk, draft: int) -> Page:
    rt, opened = desk.rt, found(desk.rt, draft)
    looked, said = inspecting.inspect(NAME, opened.files), request.args.get("q", "")
    whole = differences.between(NAME, live_files(rt, NAME, opened.draft.based_on), opened.files)
    return show(
        "message_draft",
        opened=opened,
        draft=opened.draft,
        editable=editable(opened),
        said=said,
        shelf=shelf(opened.files, looked, said),
        wrong=[one for one in looked.problems if one.problem.error],
        changed={(one.section, one.name) for one in whole.changed},
        names=names_of(rt),
        price=publishing.sending(rt, publishing.newest(rt)).price,
        edits=partial(edits_of, desk, draft),
    )


def _here(rt: Runtime, draft: int) -> Page:
    """Somebody has the draft open; who else has, and whether somebody saved since."""
    opened, seen = found(rt, draft), request.args.get("revision", 0, type=int)
    others = drafts.here(rt, draft, who=me().email, place=request.args.get("place", ""))
    newer = opened.revision if opened.revision.number != seen and opened.revision.by != me().email else None
    return show("message_here", others=others, newer=newer, names=names_of(rt))


# ---- the whole of it ----


def _back(draft: int) -> Page:
    return redirect(url_for("message_draft", draft=draft))


def _go(rt: Runtime, draft: int, go: Callable[..., Opened]) -> Page:
    found(rt, draft)
    try:
        go(rt, draft, revision=request.form.get("revision", 0, type=int))
    except NotAllowedNow as error:
        not_done(error)
    name = request.form.get("message", "")
    if name.isidentifier():
        return redirect(url_for("message_text", draft=draft, name=name))
    return _back(draft)


def _discard(rt: Runtime, draft: int) -> Page:
    found(rt, draft)
    try:
        drafts.discard(rt, draft, by=me().email, address=address())
    except NotAllowedNow as error:
        not_done(error)
        return _back(draft)
    done("messages.discarded")
    return redirect(url_for("messages"))


def _revisions(rt: Runtime, draft: int) -> Page:
    opened, before = found(rt, draft), request.args.get("before", type=int)
    rows, last = first_of(drafts.revisions(rt, draft, before), drafts.PAGE)
    return show(
        "message_revisions",
        opened=opened,
        draft=opened.draft,
        editable=editable(opened),
        rows=rows,
        before=before,
        more=last and last.number,
        names=names_of(rt),
    )


def _restore(rt: Runtime, draft: int) -> Page:
    found(rt, draft)
    number = request.form.get("number", 0, type=int)
    try:
        saved = draft_saving.restore(rt, draft, number, by=me().email, key=secrets.token_hex(8))
    except NotAllowedNow as error:
        not_done(error)
        return _back(draft)
    if isinstance(saved, Conflict):
        return redirect(url_for("message_aside", draft=draft, aside=saved.yours))
    done("messages.restored", number=number)
    return _back(draft)


# ---- what came too late ----


def _aside(rt: Runtime, draft: int, aside: int) -> Page:
    """What two people both changed: theirs counts, yours is kept, and here it is settled."""
    theirs, mine = found(rt, draft), found(rt, draft, aside)
    if not mine.revision.aside:
        abort(404)
    return show(
        "message_aside",
        draft=theirs.draft,
        theirs=theirs.revision,
        mine=mine.revision,
        compared=menu_changes.compare(rt, NAME, theirs.files, mine.files),
        lines_of=menu_changes.lines_of,
        edits=lambda *_: "",
        names=names_of(rt),
    )


def _take_in(rt: Runtime, draft: int, aside: int) -> Page:
    found(rt, draft)
    try:
        saved = draft_saving.take_in(rt, draft, aside, by=me().email, key=secrets.token_hex(8), over=True)
    except NotAllowedNow as error:
        not_done(error)
        return redirect(url_for("message_aside", draft=draft, aside=aside))
    if isinstance(saved, Conflict):
        return redirect(url_for("message_aside", draft=draft, aside=saved.yours))
    done("messages.mine_counts")
    return _back(draft)
