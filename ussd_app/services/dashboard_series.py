"""A figure for each day, week or month: counted one after the other by a job, and not again once it cannot change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ussd_app.domain import calendar
from ussd_app.runtime import Runtime
from ussd_app.services import days
from ussd_app.services.reckoning_steps import Step
from ussd_app.storage import reckonings

DAYS, WEEKS, MONTHS = 90, 13, 12
WEEK = timedelta(days=7)
Counted = dict[str, Any]


@dataclass(frozen=True)
class Series:
    """What is counted: `kind` names the reckoning, `starts` gives the first day of each stretch up to today.

    `end` is the day after a stretch; so long (`settles`) after it nothing can change any more. `count` gives plain
    JSON for one stretch, `beside` what is known only of today.
    """

    kind: str
    starts: Callable[[date], list[date]]
    end: Callable[[date], date]
    settles: timedelta
    count: Callable[[Runtime, date], Counted]
    beside: Callable[[Runtime, date], Counted]

    def step(self, rt: Runtime, about: str, work: Mapping[str, Any]) -> Step:
        """Take over what is settled, then count one more stretch with each step, newest first.

        What is found is by the first day of each stretch.
        """
        if not work:
            today = days.local(rt.clock())
            kept = self._settled(rt, about, self.starts(today))
            return Step(len(kept), len(self.starts(today)) + 1, {"today": today.isoformat(), "each": kept})
        today, each = date.fromisoformat(work["today"]), work["each"]
        wanted = self.starts(today)
        left = [start for start in reversed(wanted) if start.isoformat() not in each]
        if not left:
            told = {start.isoformat(): each[start.isoformat()] for start in wanted}
            return Step(found={"today": work["today"], "each": told, **self.beside(rt, today)})
        fresh = {**each, left[0].isoformat(): self.count(rt, left[0])}
        return Step(len(fresh), len(wanted) + 1, {"today": work["today"], "each": fresh})

    def _settled(self, rt: Runtime, about: str, wanted: list[date]) -> dict[str, Counted]:
        """What was counted when nothing of that stretch could change any more."""
        with rt.db.connect() as connection:
            before = reckonings.about(connection, self.kind, [about]).get(about)
        if before is None or before.found is None or before.found_at is None:
            return {}
        each: Mapping[str, Counted] = before.found["each"]
        sure = [one for one in wanted if days.start(self.end(one)) + self.settles < before.found_at]
        return {one.isoformat(): each[one.isoformat()] for one in sure if one.isoformat() in each}


def last_days(today: date) -> list[date]:
    """The last ninety days, today the last."""
    return [today - timedelta(days=number) for number in reversed(range(DAYS))]


def last_weeks(today: date) -> list[date]:
    """The Mondays of the last thirteen weeks, this one the last."""
    monday = today - timedelta(days=today.weekday())
    return [monday - number * WEEK for number in reversed(range(WEEKS))]


def last_months(today: date) -> list[date]:
    """The first days of the last twelve months, this one the last."""
    month = calendar.month_of(today)
    return [calendar.add_months(month, -number) for number in reversed(range(MONTHS))]


def day_after(day: date) -> date:
    """The end of a day."""
    return day + timedelta(days=1)


def week_after(monday: date) -> date:
    """The end of a week."""
    return monday + WEEK


def month_after(month: date) -> date:
    """The end of a month."""
    return calendar.add_months(month, 1)
