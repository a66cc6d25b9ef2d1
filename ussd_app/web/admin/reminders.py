"""Reminders: how many go out each day to come, the plan in words, and what one member would get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Response, abort, redirect, request, url_for

from ussd_app.domain import phone as phones
from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow, NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import finding, lookup, publishing, reckoning
from ussd_app.services.reminder_calendar import DAYS, year_of_member
from ussd_app.storage import reminders as store
from ussd_app.storage.members import Member
from ussd_app.storage.reckonings import Reckoning
from ussd_app.web.admin import reminder_words
from ussd_app.web.admin.desk import Desk, Page, sees_money, show, t
from ussd_app.web.admin.formats import name_hidden, table

KIND = "reminder_calendar"
# People pay and enrol all day: what was reckoned this morning is good enough to look at, and not for tomorrow.
FRESH = timedelta(hours=6)
# How full a day is, as a colour: up to these parts of the fullest one.
HEATS = (0.25, 0.5, 0.75)


def add_to(desk: Desk) -> None:
    """The calendar, the plan, and one member's year."""
    rt = desk.rt
    desk.page("/reminders", "reminders", May.LOOK, lambda: _calendar(rt, "reminders"))
    desk.poll("/reminders/going", "reminder_going", May.LOOK, lambda: _calendar(rt, "reminder_calendar"))
    desk.page("/reminders/days.csv", "reminder_csv", May.LOOK, lambda: _file(rt))
    desk.post("/reminders/again", "reminder_again", May.RUN_CAMPAIGNS, lambda: _again(rt))
    desk.page("/reminders/plan", "reminder_plan", May.LOOK, lambda: _plan(rt))
    desk.page("/reminders/members", "reminder_members", May.LOOK, lambda: show("reminder_members", found=None))
    # By form: a NIK in an address would stay in histories and logs.
    desk.post("/reminders/members", "reminder_search", May.LOOK, lambda: _search(rt))
    desk.page("/reminders/members/<int:number>", "reminder_member", May.LOOK, lambda number: _member(rt, number))


# ---- the calendar ----


@dataclass(frozen=True)
class Day:
    """A day of the calendar: reminders by step, all of them, segments, whole rupiah, and how full it is (0 to 4)."""

    day: date
    steps: Mapping[str, int]
    people: int
    segments: int
    cost: int
    heat: int
    crowded: bool


def _calendar(rt: Runtime, template: str) -> Page:
    known = reckoning.fresh(rt, KIND, "", FRESH)
    days = list(_days(known.found)) if known.found else []
    return show(
        template,
        known=known,
        days=days,
        months=_by_month(days),
        steps=sorted({step for day in days for step in day.steps}, key=reminder_words.place(rt)),
        step_name=reminder_words.step_name,
        compact=reminder_words.compact,
        weekdays=reminder_words.weekdays(),
        all_people=sum(day.people for day in days),
        all_cost=sum(day.cost for day in days),
        number_of_days=DAYS,
    )


def _days(found: Mapping[str, Any]) -> Iterator[Day]:
    """Every day of the calendar, also those on which nothing goes out."""
    first, known = date.fromisoformat(found["from"]), found["days"]
    most = max((sum(one["steps"].values()) for one in known.values()), default=0)
    for number in range(DAYS):
        day = first + timedelta(days=number)
        one = known.get(day.isoformat(), {"steps": {}, "segments": 0})
        people, segments = sum(one["steps"].values()), one["segments"]
        heat = 1 + sum(people > most * part for part in HEATS) if people else 0
        cost = segments * found["price"]
        yield Day(day, one["steps"], people, segments, cost, heat, segments > found["room"])


def _by_month(days: list[Day]) -> list[tuple[date, int, list[Day]]]:
    """The days of each month, and on which weekday (0 is Monday) the first of them falls."""
    months: dict[date, list[Day]] = {}
    for day in days:
        months.setdefault(day.day.replace(day=1), []).append(day)
    return [(month, found[0].day.weekday(), found) for month, found in months.items()]


def _file(rt: Runtime) -> Page:
    known = reckoning.known(rt, KIND)
    days = list(_days(known.found)) if known and known.found else []
    steps = sorted({step for day in days for step in day.steps}, key=reminder_words.place(rt))
    names = ["day", "in_all", "segments", *(["cost"] if sees_money() else [])]
    heads = [t(f"reminders.{name}") for name in names]
    body = (
        (
            day.day.isoformat(),
            day.people,
            day.segments,
            *((day.cost,) if sees_money() else ()),
            *(day.steps.get(step, 0) for step in steps),
        )
        for day in days
    )
    content = table([*heads, *map(reminder_words.step_name, steps)], body)
    response = Response(content, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="sertakan-reminders.csv"'
    return response


def _again(rt: Runtime) -> Page:
    reckoning.ask(rt, KIND)
    return redirect(url_for("reminders"))


# ---- the plan ----


def _plan(rt: Runtime) -> Page:
    documents = publishing.newest(rt)
    try:
        plan, sending = publishing.reminders(rt, documents), publishing.sending(rt, documents)
    except NotPublished:
        return show("reminder_plan", plan=None)
    messages = publishing.messages(rt, documents)
    known: Reckoning | None = reckoning.known(rt, KIND)
    return show(
        "reminder_plan",
        plan=plan,
        version=documents["reminders"].version,
        steps=[reminder_words.told(step, sending.evening, messages) for step in plan.steps],
        evening=sending.evening,
        lessons=[
            (day, reminder_words.words(messages[f"education_{number}"]))
            for number, day in enumerate(sending.education_days, start=1)
        ],
        pay_days=(known.found or {}).get("pay_days", {}) if known else {},
    )


# ---- one member ----


def _hidden(member: Member) -> Mapping[str, object]:
    return {
        "id": member.id,
        "name": name_hidden(member.person.name),
        "phone": phones.masked(member.person.phone),
        "state": member.state,
    }


def _search(rt: Runtime) -> Page:
    found = finding.find(rt, request.form.get("said", ""))
    return show("reminder_members", found=[_hidden(one) for one in found.members])


def _member(rt: Runtime, number: int) -> Page:
    try:
        member = lookup.one(rt, number)
    except NotAllowedNow:
        abort(404)
    with rt.db.connect() as connection:
        pay = store.pay_days_of(connection, [number]).get(number)
    try:
        zone, planned = year_of_member(rt, number)
    except NotPublished:
        zone, planned = "", []
    messages = publishing.messages(rt, publishing.newest(rt))
    return show(
        "reminder_member",
        member=_hidden(member),
        pay=reminder_words.pay_days(pay) if pay else "",
        lines=[
            (
                reminder_words.at_home(one.at, zone),
                reminder_words.step_name(one.step.name),
                one.month,
                reminder_words.words(messages[one.message]),
            )
            for one in planned
        ],
    )
