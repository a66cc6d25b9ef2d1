"""The service in figures: how many people it reaches, where they are lost on the way, and whether everything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, abort, redirect, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.runtime import Runtime
from ussd_app.services import dashboard, dashboard_health
from ussd_app.services.dashboard import Found
from ussd_app.storage.reckonings import Reckoning
from ussd_app.web.admin import dashboard_charts as charts
from ussd_app.web.admin import dashboard_numbers as numbers
from ussd_app.web.admin.dashboard_numbers import Table
from ussd_app.web.admin.desk import Desk, Page, sees_money, show
from ussd_app.web.admin.formats import table as csv

DEFAULT = 30
MEMBERS, FIRST, FUNNEL = "dashboard_members", "dashboard_first", "dashboard_funnel"
SPONSORS, TEXTS = "dashboard_sponsors", "dashboard_texts"
# What only somebody who may see money is given.
_OF_MONEY = "costs"


def add_to(desk: Desk) -> None:
    """The page, the files, and how far a new count is."""
    rt = desk.rt
    desk.page("/dashboard", "dashboard", May.LOOK, lambda: _all(rt))
    desk.poll("/dashboard/going", "dashboard_going", May.LOOK, lambda: _going(rt))
    desk.post("/dashboard/anew", "dashboard_anew", May.LOOK, lambda: _anew(rt))
    desk.page("/dashboard/files/<name>.csv", "dashboard_file", May.LOOK, lambda name: _file(rt, name))


def asked_days() -> int:
    """Of how many days somebody wants to see the figures."""
    asked = (request.args if request.method == "GET" else request.form).get("days", DEFAULT, type=int)
    return asked if asked in dashboard.PERIODS else DEFAULT


def _found(rt: Runtime) -> dict[str, Found]:
    """What is known of each figure; what is not known yet is left out."""
    return _of(dashboard.known(rt))


def _of(known: Mapping[str, Reckoning]) -> dict[str, Found]:
    return {kind: found for kind, one in known.items() if (found := dashboard.found(one)) is not None}


def _all(rt: Runtime) -> Page:
    days = asked_days()
    known = dashboard.known(rt)
    found = _of(known)
    tables = _tables(rt, found, days)
    return show(
        "dashboard",
        days=days,
        periods=dashboard.PERIODS,
        known=known,
        found=found,
        tables=tables,
        charts=_charts(rt, found, tables, days),
        target=dashboard.target(),
        active=found[MEMBERS].beside["active"]["all"] if MEMBERS in found else None,
        passed=dashboard.funnel(found[FUNNEL], days) if FUNNEL in found else [],
        menu=found[FUNNEL].beside["menu"] if FUNNEL in found else "",
        gateways=dashboard_health.health(rt),
        queues=dashboard_health.queues(rt),
        lanes=dashboard_health.lanes(rt),
        percent=numbers.percent,
        share=numbers.share,
    )


def _tables(rt: Runtime, found: Mapping[str, Found], days: int) -> dict[str, Table]:
    return {name: table for name in _MAKES if (table := _table(rt, found, days, name)) is not None}


# For each file its figure, where it has one, and what is made of it.
_MAKES: Mapping[str, tuple[str, Callable[[Found, int], Table]]] = {
    "members": (MEMBERS, numbers.members),
    "province": (MEMBERS, lambda found, days: numbers.groups("province", dashboard.groups(found, "province", days))),
    "sector": (MEMBERS, lambda found, days: numbers.groups("sector", dashboard.groups(found, "sector", days))),
    "first": (FIRST, lambda found, _: numbers.first(found)),
    "funnel": (FUNNEL, numbers.funnel),
    "sponsors": (SPONSORS, lambda found, _: numbers.sponsors(found)),
    "texts": (TEXTS, numbers.texts),
    _OF_MONEY: ("", lambda _found, _days: abort(404)),
}


def _table(rt: Runtime, found: Mapping[str, Found], days: int, name: str) -> Table | None:
    if name == _OF_MONEY:
        return numbers.costs(rt, days) if sees_money() else None
    figure, make = _MAKES[name]
    return make(found[figure], days) if figure in found else None


def _charts(rt: Runtime, found: Mapping[str, Found], tables: Mapping[str, Table], days: int) -> dict[str, list[Any]]:
    today = numbers.today(rt)
    drawn: dict[str, list[Any]] = {}
    if MEMBERS in found:
        drawn["members"] = list(charts.members(found[MEMBERS], days))
    if "first" in tables:
        drawn["first"] = [charts.first(found[FIRST], tables["first"])]
    if "sponsors" in tables:
        drawn["sponsors"] = list(charts.sponsors(tables["sponsors"]))
    if "texts" in tables:
        drawn["texts"] = [charts.texts(tables["texts"], today)]
    if _OF_MONEY in tables:
        drawn[_OF_MONEY] = [charts.costs(tables[_OF_MONEY], today)]
    return drawn


def _going(rt: Runtime) -> Page:
    return show("dashboard_going", known=dashboard.as_it_stands(rt), days=asked_days())


def _anew(rt: Runtime) -> Page:
    dashboard.ask(rt)
    return redirect(url_for("dashboard", days=asked_days()))


def _file(rt: Runtime, name: str) -> Response:
    if name not in _MAKES:
        abort(404)
    if name == _OF_MONEY and not sees_money():
        abort(403)
    days = asked_days()
    table = _table(rt, _found(rt), days, name)
    if table is None:
        abort(404)
    response = Response(csv(table.heads, table.filed), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="sertakan-{name}-{days}.csv"'
    return response
