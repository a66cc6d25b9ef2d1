"""What was left for the office, the oldest first, and who has looked into it."""

from __future__ import annotations

import re

from flask import abort, redirect, render_template, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.errors import Refused
from ussd_app.runtime import Runtime
from ussd_app.services import lookup
from ussd_app.storage import follow_ups
from ussd_app.storage.follow_ups import FollowUp
from ussd_app.web.admin.desk import Desk, Page, address, done, me, sorry

PAGE = 25
_MEMBER = re.compile(r"member (\d+)\b")


def add_to(desk: Desk) -> None:
    """The list, the number of one, and saying that one is done."""
    rt, closes = desk.rt, May.CLOSE_FOLLOW_UPS
    desk.page("/follow-ups", "follow_ups", May.LOOK, lambda: _list(rt))
    desk.post("/follow-ups/<int:number>/unmask", "follow_up_unmask", May.UNMASK, lambda number: _unmask(rt, number))
    desk.post("/follow-ups/<int:number>/done", "follow_up_done", closes, lambda number: _close(rt, number))


def _list(rt: Runtime) -> Page:
    old, kind = request.args.get("done") == "1", request.args.get("kind", "")
    beyond = request.args.get("beyond", type=int)
    with rt.db.connect() as connection:
        found = follow_ups.page(connection, done=old, kind=kind, beyond=beyond, most=PAGE + 1)
        kinds = follow_ups.open_by_kind(connection)
    more = found[PAGE - 1].id if len(found) > PAGE else None
    return _shown(found[:PAGE], more=more, beyond=beyond, old=old, kind=kind, kinds=kinds)


def _shown(found: list[FollowUp], status: int = 200, **values: object) -> Page:
    ways = {"more": None, "kind": "", "kinds": {}, "opened": None, "problem": "", **values}
    return render_template("admin/follow_ups.html", found=found, leads=_leads, **ways), status


def _leads(one: FollowUp) -> str | None:
    """Where one goes on with it."""
    if one.kind == "unmatched_payment" and not one.done_at:
        return url_for("unmatched_one", order=one.detail)
    found = _MEMBER.match(one.detail)
    return url_for("member", number=found[1]) if found else None


def _unmask(rt: Runtime, number: int) -> Page:
    problem = ""
    try:
        found = lookup.unmask_follow_up(rt, number, request.form.get("reason", ""), me().email, address())
    except Refused as refused:
        problem = sorry(refused)
        with rt.db.connect() as connection:
            found = follow_ups.find(connection, number)
    if found is None:
        abort(404)
    opened, status = (None, 422) if problem else (number, 200)
    return _shown([found], status, beyond=number, old=bool(found.done_at), opened=opened, problem=problem)


def _close(rt: Runtime, number: int) -> Page:
    if lookup.close_follow_up(rt, number, me().email, address()):
        done("follow_ups.closed")
    return redirect(url_for("follow_ups"))
