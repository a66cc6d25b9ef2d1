"""The figures as tables: what stands under each chart is what the file holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import g

from ussd_app.domain import calendar, money
from ussd_app.domain.nik import PROVINCES
from ussd_app.runtime import Runtime
from ussd_app.services import dashboard, days
from ussd_app.services.dashboard import Found, Group
from ussd_app.services.dashboard_counts import SOON
from ussd_app.web.admin.desk import t
from ussd_app.web.admin.formats import named

Cell = str | int | float | date | None
# Handed to a gateway, or perhaps: what is not known to have been delivered is no failure either.
HANDED = ("delivered", "sent", "no_report", "unknown", "failed")


@dataclass(frozen=True)
class Table:
    """Numbers with their names; a float is so many of a hundred, None is not known yet."""

    name: str
    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    spell: Callable[[date], str] | None = None

    @property
    def shown(self) -> list[list[str]]:
        """The cells as the page writes them."""
        return [[self._written(cell) for cell in row] for row in self.rows]

    @property
    def filed(self) -> list[list[str | int]]:
        """The cells as a spreadsheet wants them."""
        return [[_filed(cell) for cell in row] for row in self.rows]

    def _written(self, cell: Cell) -> str:
        if isinstance(cell, date):
            return (self.spell or day)(cell)
        if isinstance(cell, float):
            return percent(cell)
        return "–" if cell is None else number(cell) if isinstance(cell, int) else cell


def _filed(cell: Cell) -> str | int:
    if isinstance(cell, float):
        return f"{cell:.1f}"
    return "" if cell is None else cell if isinstance(cell, int) else str(cell)


def number(value: int) -> str:
    """A whole number in the visitor's language."""
    return money.rupiah(value, g.language).replace("Rp", "")


def rupiah(value: int) -> str:
    """A sum in the visitor's language."""
    return money.rupiah(value, g.language)


def percent(value: float) -> str:
    """So many of a hundred: `12 %`, below ten with one decimal, and what is very small as such."""
    if 0 < value < 0.1:
        return f"< {_point('0.1')} %"
    return f"{_point(f'{value:.1f}' if value < 10 and value % 1 else f'{value:.0f}')} %"


def _point(written: str) -> str:
    return written if g.language == "en" else written.replace(".", ",")


def day(one: date) -> str:
    """A day in the visitor's language."""
    return calendar.spell_date(one, g.language)


def month(one: date) -> str:
    """A month in the visitor's language."""
    return calendar.spell_month(one, g.language)


def place(code: str) -> str:
    """A province by its code."""
    return PROVINCES.get(code) or t("dashboard.unknown")


def work(name: str) -> str:
    """A sector by its name."""
    return named("sector", name) if name else t("dashboard.unknown")


def _table(
    name: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]], spell: Callable[[date], str] | None = None
) -> Table:
    return Table(name, t(f"dashboard.{name}"), [t(f"dashboard.{head}") for head in heads], rows, spell)


def members(found: Found, number_of_days: int) -> Table:
    """New, renewed and lapsed by day, newest first."""
    rows = [
        (one, *(told[measure]["all"] for measure in dashboard.MEASURES))
        for one, told in reversed(found.last(number_of_days))
    ]
    return _table("members", ("day", "new", "renewed", "lapsed"), rows)


def groups(by: str, found: Sequence[Group]) -> Table:
    """By province or by sector."""
    name = place if by == "province" else work
    rows = [(name(one.name), one.active, one.new, one.renewed, one.lapsed) for one in found]
    return _table(by, (f"of_{by}", "active", "new", "renewed", "lapsed"), rows)


def first(found: Found) -> Table:
    """First payments by week of registration, newest first; a week is open until its last day is a week ago."""
    rows: list[Sequence[Cell]] = []
    for monday, told in reversed(found.each.items()):
        registered, paid = told["registered"], told["paid"]
        rows.append((monday, registered, paid, None if is_open(found, monday) else share(paid, registered)))
    return _table("first", ("week", "registered", "paid", "share"), rows)


def is_open(found: Found, monday: date) -> bool:
    """Whether somebody who registered in that week may still pay in time."""
    return found.today < monday + timedelta(days=7 + SOON)


def share(part: int, whole: int) -> float | None:
    """So many of a hundred; None of nothing."""
    return 100 * part / whole if whole else None


def funnel(found: Found, number_of_days: int) -> Table:
    """Screen by screen on the way to a registration."""
    passed = dashboard.funnel(found, number_of_days)
    rows: list[Sequence[Cell]] = [
        (one.screen, one.text, one.came, one.share, 0 if one is passed[-1] else one.ended) for one in passed
    ]
    return _table("funnel", ("screen", "says", "came", "of_began", "left_here"), rows)


def sponsors(found: Found) -> Table:
    """Sponsors and people sponsored by contribution month, newest first."""
    rows = [(one, told["sponsors"], told["members"]) for one, told in reversed(found.each.items())]
    return _table("sponsors", ("month", "sponsors_paying", "sponsored"), rows, month)


def texts(found: Found, number_of_days: int) -> Table:
    """What became of the texts of each day, newest first."""
    rows: list[Sequence[Cell]] = []
    for one, told in reversed(found.last(number_of_days)):
        handed = sum(told.get(state, 0) for state in HANDED)
        delivered, failed = told.get("delivered", 0), told.get("failed", 0)
        rows.append((one, handed, delivered, failed, handed - delivered - failed, share(delivered, handed)))
    return _table("texts", ("day", "handed", "delivered", "failed_texts", "unreported", "delivered_share"), rows)


def costs(rt: Runtime, number_of_days: int) -> Table:
    """What texts cost by day, newest first."""
    rows = [
        (one, sums.texts, sums.segments, sums.expected)
        for one, sums in reversed(dashboard.daily_costs(rt, number_of_days).items())
    ]
    return _table("costs", ("day", "handed", "segments", "rupiah"), rows)


def today(rt: Runtime) -> date:
    """The day in Jakarta."""
    return days.local(rt.clock())
