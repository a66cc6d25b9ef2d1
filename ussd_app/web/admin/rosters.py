"""Sponsors' lists that are under way: how far each has come, and its pay code."""

from __future__ import annotations

from flask import abort, redirect, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import rosters
from ussd_app.storage import rosters as lists
from ussd_app.storage import sponsors
from ussd_app.web.admin.desk import Desk, Page, address, done, first_of, me, not_done, show

PAGE = 20


def add_to(desk: Desk) -> None:
    """The lists, one of them, the part of it that changes, and its code."""
    rt = desk.rt
    desk.page("/rosters", "rosters", May.LOOK, lambda: _all(rt))
    desk.page("/rosters/<int:number>", "roster", May.LOOK, lambda number: _one(rt, number, "roster"))
    desk.poll(
        "/rosters/<int:number>/progress",
        "roster_progress",
        May.LOOK,
        lambda number: _one(rt, number, "roster_progress"),
    )
    desk.post("/rosters/<int:number>/pay", "roster_pay", May.BRING_ROSTERS, lambda number: _pay(rt, number))


def _all(rt: Runtime) -> Page:
    before = request.args.get("before", type=int)
    with rt.db.connect() as connection:
        found, last = first_of(lists.newest(connection, before, PAGE + 1), PAGE)
    return show("rosters", found=found, more=last and last.id, before=before)


def _one(rt: Runtime, number: int, template: str) -> Page:
    with rt.db.connect() as connection:
        found = lists.brought(connection, number)
        if found is None:
            abort(404)
        codes = lists.codes_of(connection, number)
        signing = bool(lists.on_paper(connection, number, 1))
        phone = sponsors.by_id(connection, found.sponsor_id).phone
    made = [code for code in codes if code.state != "requested"]
    return show(
        template,
        roster=found,
        codes=codes,
        phone=phone,
        busy=signing or len(made) < len(codes) or (found.agreed > 0 and found.waiting == 0 and not codes),
    )


def _pay(rt: Runtime, number: int) -> Page:
    with rt.db.connect() as connection:
        found = lists.brought(connection, number)
        if found is None:
            abort(404)
        phone = sponsors.by_id(connection, found.sponsor_id).phone
    try:
        rosters.pay(rt, phone, by=me().email, address=address())
    except NotAllowedNow as error:
        not_done(error)
    else:
        done("rosters.code_asked")
    return redirect(url_for("roster", number=number))
