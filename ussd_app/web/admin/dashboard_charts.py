"""The charts of the desk's figures: which points each has, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ussd_app.services.dashboard import MEASURES, Found
from ussd_app.web.admin import charts
from ussd_app.web.admin import dashboard_numbers as numbers
from ussd_app.web.admin.charts import Columns, Point
from ussd_app.web.admin.dashboard_numbers import Cell, Table, day, month, number, percent, rupiah
from ussd_app.web.admin.desk import t

_COLOURS = {"lapsed": "clay", "renewed": "soft"}


def members(found: Found, number_of_days: int) -> list[Columns]:
    """New, renewed, lapsed: one chart for each, over the same days."""
    return [_by_day(found, number_of_days, measure) for measure in MEASURES]


def _by_day(found: Found, number_of_days: int, measure: str) -> Columns:
    points = []
    for one, told in found.last(number_of_days):
        value, last = told[measure]["all"], one == found.today
        points.append(Point(_short(one), _told(day(one), value, measure, late=last), value, last))
    headline = t("dashboard.in_days", number=number(found.total(measure, number_of_days)), days=number_of_days)
    return charts.columns(
        measure, t(f"dashboard.{measure}"), headline, points, number, kind=_COLOURS.get(measure, "green")
    )


def _short(one: date) -> str:
    return day(one).rpartition(" ")[0]


def _told(when: str, value: int, what: str, *, late: bool) -> str:
    said = t("dashboard.told", when=when, number=number(value), what=t(f"dashboard.{what}").lower())
    return f"{said} {t('dashboard.not_over')}" if late else said


def first(found: Found, table: Table) -> Columns:
    """The share of each week that paid in time."""
    points = [
        Point(_short(monday), _week(monday, share), share, numbers.is_open(found, monday))
        for monday, share in _of(table, -1)
    ]
    known = [row for row in table.rows if row[-1] is not None]
    whole = numbers.share(_sum(known, 2), _sum(known, 1))
    headline = "–" if whole is None else t("dashboard.first_sum", share=percent(whole), weeks=len(known))
    return charts.columns("first", t("dashboard.first_chart"), headline, points, str, most=100)


def _week(monday: date, share: float | None) -> str:
    if share is None:
        return t("dashboard.week_open", day=day(monday))
    return t("dashboard.week_told", day=day(monday), share=percent(share))


def _of(table: Table, at: int) -> list[tuple[date, float | None]]:
    """A column of a table by day, oldest first."""
    found: list[tuple[date, float | None]] = []
    for row in reversed(table.rows):
        when, value = row[0], row[at]
        if isinstance(when, date):
            found.append((when, value if isinstance(value, int | float) else None))
    return found


def sponsors(table: Table) -> list[Columns]:
    """Sponsors who paid, and the people they paid for, month by month."""
    return [_by_month(table, at, name) for at, name in ((1, "sponsors_paying"), (2, "sponsored"))]


def _by_month(table: Table, at: int, name: str) -> Columns:
    values = [(one, round(value or 0)) for one, value in _of(table, at)]
    points = [
        Point(month(one), _told(month(one), value, name, late=one == values[-1][0]), value, one == values[-1][0])
        for one, value in values
    ]
    headline = t("dashboard.this_month", number=number(values[-1][1]) if values else "0")
    return charts.columns(name, t(f"dashboard.{name}"), headline, points, number, kind="green" if at == 1 else "soft")


def texts(table: Table, today: date) -> Columns:
    """The share of each day's texts that the networks report as delivered."""
    points = [Point(_short(one), _delivered(one, share), share, one == today) for one, share in _of(table, -1)]
    handed, delivered = (_sum(table.rows, at) for at in (1, 2))
    whole = numbers.share(delivered, handed)
    headline = "–" if whole is None else t("dashboard.texts_sum", share=percent(whole), number=number(handed))
    return charts.columns("texts", t("dashboard.texts_chart"), headline, points, str, most=100)


def _delivered(one: date, share: float | None) -> str:
    if share is None:
        return t("dashboard.no_texts", day=day(one))
    return t("dashboard.texts_told", day=day(one), share=percent(share))


def costs(table: Table, today: date) -> Columns:
    """Whole rupiah that each day's texts are reckoned to cost."""
    points = [
        Point(_short(one), f"{day(one)}: {rupiah(round(value or 0))}", value, one == today)
        for one, value in _of(table, 3)
    ]
    headline = t("dashboard.costs_sum", sum=rupiah(_sum(table.rows, 3)), days=len(points))
    return charts.columns("costs", t("dashboard.costs_chart"), headline, points, _thousands, kind="soft")


def _thousands(value: int) -> str:
    """A sum that has room at an axis."""
    if value >= 1_000_000:
        number = f"{value / 1_000_000:.1f}".removesuffix(".0").replace(".", t("dashboard.point"))
        return t("dashboard.millions", number=number)
    return t("dashboard.thousands", number=round(value / 1000)) if value >= 1000 else str(value)


def _sum(rows: Sequence[Sequence[Cell]], at: int) -> int:
    return sum(cell for row in rows if isinstance(cell := row[at], int))
