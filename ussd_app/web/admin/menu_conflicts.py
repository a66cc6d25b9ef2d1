"""Two people changed the same: what each did, side by side, and whose counts. Nothing is lost either way."""

from __future__ import annotations

from flask import abort, request

from ussd_app.domain.permissions import May
from ussd_app.runtime import Runtime
from ussd_app.services import differences, draft_saving, merging
from ussd_app.web.admin.desk import Desk, Page, me, show
from ussd_app.web.admin.menu_drafts import common, found, kept


def add_to(desk: Desk) -> None:
    """What was kept aside, and taking it in."""
    rt, edit = desk.rt, May.EDIT_DRAFTS
    address = "/menus/drafts/<int:draft>/aside/<int:aside>"
    desk.page(address, "menu_conflict", edit, lambda draft, aside: _both(rt, draft, aside))
    desk.post(address, "menu_take_in", edit, lambda draft, aside: _take_in(rt, draft, aside))


def _both(rt: Runtime, number: int, aside: int) -> Page:
    theirs, mine = found(rt, number), found(rt, number, aside)
    if not mine.revision.aside:
        abort(404)
    base = found(rt, number, mine.revision.parent or 1)
    name = theirs.draft.name
    return show(
        "menu_conflict",
        mine=mine.revision,
        theirs=theirs.revision,
        their_changes=differences.between(name, base.files, theirs.files),
        my_changes=differences.between(name, base.files, mine.files),
        both=merging.in_each_others_way(base.files, mine.files, theirs.files),
        back=request.args.get("place", ""),
        **common(rt, theirs, "conflict"),
    )


def _take_in(rt: Runtime, number: int, aside: int) -> Page:
    found(rt, number)
    over = request.form.get("over") == "1"
    return kept(number, lambda key: draft_saving.take_in(rt, number, aside, by=me().email, key=key, over=over))
