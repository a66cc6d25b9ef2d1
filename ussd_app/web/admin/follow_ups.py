"""What was left for the office, the oldest first: who has taken it on, what they found out, and when it is done."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import abort, g, redirect, request, url_for

from ussd_app.domain.permissions import May, may
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import following_up, publishing, verdicts
from ussd_app.services.corrections import FOLLOW_UP as CORRECTION
from ussd_app.services.following_up import Filter
from ussd_app.storage import follow_ups
from ussd_app.storage.follow_ups import FollowUp
from ussd_app.web.admin.desk import Desk, Page, address, done, first_of, me, not_done, show, sorry, t
from ussd_app.web.admin.formats import named
from ussd_app.web.admin.people_shown import hidden_member

PAGE = 25
WHOSE, DAYS = ("", following_up.MINE, following_up.NOBODYS), (0, 1, 3, 7, 30)
LONGEST_AGE = 365
_MEMBER = re.compile(r"member (\d+)\b")


def add_to(desk: Desk) -> None:
    """The list, one of them, and what can be done with it."""
    rt, closes = desk.rt, May.CLOSE_FOLLOW_UPS
    desk.page("/follow-ups", "follow_ups", May.LOOK, lambda: _list(rt))
    desk.page("/follow-ups/<int:number>", "follow_up", May.LOOK, lambda number: _one(rt, number))
    desk.post("/follow-ups/<int:number>/unmask", "follow_up_unmask", May.UNMASK, lambda number: _unmask(rt, number))
    desk.post("/follow-ups/<int:number>/take", "follow_up_take", closes, lambda number: _take(rt, number))
    desk.post("/follow-ups/<int:number>/back", "follow_up_back", closes, lambda number: _back(rt, number))
    desk.post("/follow-ups/<int:number>/note", "follow_up_note", closes, lambda number: _note(rt, number))
    desk.post("/follow-ups/<int:number>/done", "follow_up_done", closes, lambda number: _close(rt, number))


def _list(rt: Runtime) -> Page:
    asked = request.args
    whose = asked.get("whose", "")
    ways = Filter(
        done=asked.get("done") == "1",
        kind=asked.get("kind", ""),
        whose=whose if whose in WHOSE else "",
        days=max(0, min(asked.get("days", 0, type=int), LONGEST_AGE)),
    )
    beyond = asked.get("beyond", type=int)
    wanted = following_up.wanted(rt, me().email, ways)
    with rt.db.connect() as connection:
        found, last = first_of(follow_ups.page(connection, wanted, beyond=beyond, most=PAGE + 1), PAGE)
        kinds = follow_ups.open_by_kind(connection)
    more = last and last.id
    return show(
        "follow_ups",
        told=lambda one: _told(rt, one),
        found=found,
        more=more,
        beyond=beyond,
        kinds=kinds,
        leads=_leads,
        ways=ways,
        whose=WHOSE,
        days=DAYS,
    )


def _leads(one: FollowUp) -> str | None:
    """Where one goes on with it."""
    if one.kind == "unmatched_payment" and not one.done_at:
        return url_for("unmatched_one", order=one.detail) if may(me().role, May.ASSIGN_MONEY) else None
    found = _MEMBER.match(one.detail)
    return url_for("member", number=found[1]) if found else None


def _told(rt: Runtime, one: FollowUp) -> str:
    """What it says, in words: what only a program can use is left out."""
    if following_up.DIALOGUE.fullmatch(one.detail):
        return ""
    if one.kind == "refused":
        return verdicts.in_words(rt, publishing.newest(rt), one.detail, g.language)
    if found := _MEMBER.match(one.detail):
        fields = [named("timeline", f"field_{name}") for name in one.detail[found.end() :].lstrip(": ").split(", ")]
        rest = ", ".join(fields).lower() if one.kind == CORRECTION else one.detail[found.end() :].lstrip(":, ")
        return ": ".join(filter(None, (t("members.one", number=found[1]), rest)))
    return one.detail


def _one(rt: Runtime, number: int, *, opened: bool = False, problem: str = "") -> Page:
    try:
        found, notes = following_up.one(rt, number)
    except NotAllowedNow:
        abort(404)
    people = following_up.people_of(rt, found)
    return show(
        "follow_up",
        422 if problem else 200,
        one=found,
        notes=notes,
        told=_told(rt, found),
        leads=_leads,
        people=[hidden_member(rt, one) for one in people],
        dialogue=following_up.dialogue_of(rt, found),
        opened=opened,
        problem=problem,
    )


def _unmask(rt: Runtime, number: int) -> Page:
    try:
        following_up.unmask(rt, number, request.form.get("reason", ""), me().email, address())
    except Refused as refused:
        return _one(rt, number, problem=sorry(refused))
    except NotAllowedNow:
        abort(404)
    return _one(rt, number, opened=True)


def _then(rt: Runtime, number: int, act: Callable[[], object], said: str) -> Page:
    """Do it and come back to the follow-up, saying so, or why it was not done."""
    try:
        act()
    except Refused as refused:
        return _one(rt, number, problem=sorry(refused))
    except NotAllowedNow as error:
        if error.reason == "follow_up_none":
            abort(404)
        not_done(error)
    else:
        done(said)
    return redirect(url_for("follow_up", number=number))


def _take(rt: Runtime, number: int) -> Page:
    return _then(rt, number, lambda: following_up.take(rt, number, me().email, address()), "follow_ups.taken")


def _back(rt: Runtime, number: int) -> Page:
    return _then(
        rt, number, lambda: following_up.hand_back(rt, number, me().email, address()), "follow_ups.handed_back"
    )


def _note(rt: Runtime, number: int) -> Page:
    said = request.form.get("note", "")
    return _then(rt, number, lambda: following_up.note(rt, number, said, me().email), "follow_ups.noted")


def _close(rt: Runtime, number: int) -> Page:
    if following_up.close(rt, number, request.form.get("note", ""), me().email, address()):
        done("follow_ups.closed")
    return redirect(url_for("follow_ups"))
