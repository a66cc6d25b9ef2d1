"""Outgoing SMS: what waits, what became of them day by day and for how much, and how the gateways stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import Response, redirect, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import costs, days, lookup, publishing, reckoning, routes
from ussd_app.services.text_days import DAYS
from ussd_app.storage import gateways, sending_pages
from ussd_app.storage.gateways import Standing
from ussd_app.storage.reckonings import Reckoning
from ussd_app.storage.sending_pages import COUNTED
from ussd_app.web.admin.desk import Desk, Page, address, done, me, sees_money, show, sorry, t
from ussd_app.web.admin.formats import table

KIND = "text_days"
FRESH = timedelta(minutes=10)
# A text of which nobody knows whether it was sent is of interest for so long.
UNKNOWN_FOR = timedelta(days=3)
# What a text comes to: it arrived, nobody knows yet or any more, or it did not.
ARRIVED, OPEN, FAILED = ("delivered",), ("sent", "handing_over", "unknown", "no_report"), ("failed", "dead")


def add_to(desk: Desk) -> None:
    """The overview, the days as a file, and letting a gateway send again."""
    rt = desk.rt
    desk.page("/texts", "texts", May.LOOK, lambda: _overview(rt))
    desk.poll("/texts/days", "text_days", May.LOOK, lambda: show("text_days", **_days(rt)))
    desk.page("/texts/days.csv", "text_days_csv", May.LOOK, lambda: _file(rt))
    desk.post("/texts/gateways/<name>", "text_gateway", May.RUN_JOBS, lambda name: _resume(rt, name))


@dataclass(frozen=True)
class Day:
    """A day's texts: handed over, and of those delivered, open and failed (None while nobody has counted); rupiah."""

    day: date
    handed: int
    cost: int
    delivered: int | None = None
    unsettled: int | None = None
    failed: int | None = None


def _overview(rt: Runtime, problem: str = "", status: int = 200, where: str = "") -> Page:
    now = rt.clock()
    with rt.db.connect() as connection:
        lanes = sending_pages.lanes(connection)
        unknown = sending_pages.unknown_since(connection, now - UNKNOWN_FOR)
        standings = gateways.standings(connection)
    names = sorted({*rt.messaging, *standings})
    return show(
        "texts",
        status,
        lanes=lanes,
        most=COUNTED,
        unknown=unknown,
        gateways=[(name, standings.get(name, Standing())) for name in names],
        budget=publishing.sending(rt, publishing.newest(rt)).budget,
        problem=problem,
        where=where,
        **_days(rt),
    )


def _days(rt: Runtime) -> Mapping[str, object]:
    known = reckoning.fresh(rt, KIND, "", FRESH)
    found = _by_day(rt, known)
    spent = found[0].cost if found else 0
    return {"known": known, "days": found, "fullest": max((day.handed for day in found), default=0), "spent": spent}


def _by_day(rt: Runtime, known: Reckoning | None) -> Sequence[Day]:
    """Today and the days before it: sums and rupiah as they are kept while sending, the rest as last counted."""
    today = days.local(rt.clock())
    sums: dict[date, tuple[int, int]] = {}
    for line in costs.bill(rt, DAYS):
        handed, cost = sums.get(line.heap.day, (0, 0))
        sums[line.heap.day] = handed + line.sums.texts + line.sums.repeats, cost + line.sums.expected
    counted = (known.found or {}).get("days", {}) if known else {}
    found = []
    for number in range(DAYS):
        day = today - timedelta(days=number)
        handed, cost = sums.get(day, (0, 0))
        states: Mapping[str, int] | None = counted.get(day.isoformat())
        if states is None:
            found.append(Day(day, handed, cost))
            continue
        arrived, open_, failed = (sum(states.get(state, 0) for state in kind) for kind in (ARRIVED, OPEN, FAILED))
        found.append(Day(day, max(handed, arrived + open_ + failed), cost, arrived, open_, failed))
    return found


def _file(rt: Runtime) -> Page:
    names = ["day", "handed", "delivered", "unsettled", "failed", *(["cost"] if sees_money() else [])]
    lines = [
        [day.day.isoformat(), *("" if (told := getattr(day, name)) is None else told for name in names[1:])]
        for day in _by_day(rt, reckoning.known(rt, KIND))
    ]
    content = table([t(f"texts.{name}") for name in names], lines)
    response = Response(content, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="sertakan-sms.csv"'
    return response


def _resume(rt: Runtime, name: str) -> Page:
    try:
        routes.resume(rt, name, lookup.reason_of(request.form.get("reason", "")), me().email, address())
    except Refused as refused:
        return _overview(rt, sorry(refused), 422, "gateways")
    except NotAllowedNow as error:
        return _overview(rt, sorry(error), 404, "gateways")
    done("texts.resumed", gateway=name)
    return redirect(url_for("texts"))
