"""A member as the office needs them: found, hidden, shown for a reason, their data handed out, or forgotten."""

from __future__ import annotations

import json

from flask import Response, abort, redirect, request, url_for

from ussd_app.domain.ledger import Payer
from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import finding, lookup, rights
from ussd_app.services.finding import Beyond
from ussd_app.storage import contributions, members, sponsors
from ussd_app.storage import ledger as books
from ussd_app.storage.members import Member
from ussd_app.web.admin import timelines
from ussd_app.web.admin.desk import Desk, Page, address, done, me, not_done, show, sorry
from ussd_app.web.admin.formats import name_hidden
from ussd_app.web.admin.people_shown import hidden_member, hidden_sponsor, open_member


def add_to(desk: Desk) -> None:
    """Search, the member, and what can be done for them."""
    rt = desk.rt
    desk.app.jinja_env.globals.update(
        reachable=lambda name: name in desk.asks and desk.allows(name), initials=name_hidden
    )
    desk.page("/members", "members", May.LOOK, lambda: show("members", found=None))
    # By form: a NIK in an address would stay in histories and logs.
    desk.post("/members", "members_search", May.LOOK, lambda: _search(rt))
    desk.page("/members/<int:number>", "member", May.LOOK, lambda number: _one(rt, number))
    desk.post("/members/<int:number>/unmask", "member_unmask", May.UNMASK, lambda number: _unmask(rt, number))
    desk.post("/members/<int:number>/export", "member_export", May.EXPORT, lambda number: _export(rt, number))
    desk.page("/members/<int:number>/erase", "member_erase", May.ERASE, lambda number: _erase_form(rt, number))
    desk.post("/members/<int:number>/leave", "member_leave", May.ERASE, lambda number: _leave(rt, number))
    desk.post("/members/<int:number>/erase", "member_forget", May.ERASE, lambda number: _erase(rt, number))


def _search(rt: Runtime) -> Page:
    said, form = request.form.get("said", ""), request.form
    beyond = Beyond(form.get("member", type=int), form.get("sponsor", type=int))
    found = finding.find(rt, said, beyond)
    return show(
        "members",
        found=found,
        people=[hidden_member(rt, one) for one in found.members],
        payers=[hidden_sponsor(one) for one in found.sponsors],
        # Only a name has a second page; nothing else that was typed is sent back to the browser.
        said=said if found.next else "",
    )


def member_of(rt: Runtime, number: int) -> Member:
    """The member of this number; a page that is not there for any other."""
    try:
        return lookup.one(rt, number)
    except NotAllowedNow:
        abort(404)


def _one(rt: Runtime, number: int, *, opened: bool = False, problem: str = "", status: int = 200) -> Page:
    member = member_of(rt, number)
    with rt.db.connect() as connection:
        months = contributions.months_of(connection, number)
        amounts = contributions.amounts_of(connection, number)
        credit = books.credit(connection, Payer(number))
        paying = sponsors.payers_of(connection, number)
        plans = members.plans_of(connection, [number]).get(number, {})
    return show(
        "member",
        status,
        member=(open_member if opened else hidden_member)(rt, member),
        opened=opened,
        problem=problem,
        person=member.person,
        months=[(month, months[month], amounts.get(month)) for month in sorted(months, reverse=True)],
        credit=credit,
        sponsors=[hidden_sponsor(one) for one in paying],
        plans=sorted(plans.items(), reverse=True),
        events=timelines.first_page(rt, timelines.of_member(rt, member), opened=True)[0] if opened else [],
    )


def _unmask(rt: Runtime, number: int) -> Page:
    try:
        lookup.unmask(rt, number, request.form.get("reason", ""), me().email, address())
    except Refused as refused:
        return _one(rt, number, problem=sorry(refused), status=422)
    except NotAllowedNow:
        abort(404)
    return _one(rt, number, opened=True)


def _export(rt: Runtime, number: int) -> Page:
    member_of(rt, number)
    try:
        told = lookup.export(rt, number, me().email, address())
    except NotAllowedNow as error:
        not_done(error)
        return redirect(url_for("member", number=number))
    response = Response(json.dumps(told, indent=2, ensure_ascii=False), content_type="application/json; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="sertakan-{number}.json"'
    return response


def _word(number: int) -> str:
    """What has to be typed before somebody is forgotten for ever."""
    return f"HAPUS {number}"


def _erase_form(rt: Runtime, number: int, problem: str = "", status: int = 200) -> Page:
    member = member_of(rt, number)
    return show("member_erase", status, member=hidden_member(rt, member), word=_word(number), problem=problem)


def _leave(rt: Runtime, number: int) -> Page:
    member_of(rt, number)
    try:
        lookup.leave(rt, number, request.form.get("reference", ""), me().email, address())
    except Refused as refused:
        return _erase_form(rt, number, sorry(refused), 422)
    done("members.left")
    return redirect(url_for("member_erase", number=number))


def _erase(rt: Runtime, number: int) -> Page:
    member_of(rt, number)
    if request.form.get("typed", "").strip() != _word(number):
        return _erase_form(rt, number, sorry(Refused("typed")), 422)
    try:
        rights.erase(rt, number, me().email, address=address())
    except NotAllowedNow as error:
        return _erase_form(rt, number, sorry(error), 409)
    done("members.erased")
    return redirect(url_for("member", number=number))
