"""On which days each step of the plan may go out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from ussd_app.domain import calendar
from ussd_app.domain.reminder_plan import Plan, Recipient, Step, anchor_day, day_of

_YEAR = 12


@dataclass(frozen=True)
class PayDays:
    """When somebody is paid: on `days` 1 (Monday) to 7, on days 1 to 31 of the month, or in months 1 to 12."""

    kind: Literal["weekly", "monthly", "harvest"]
    days: tuple[int, ...]


@dataclass(frozen=True)
class Run:
    """The days, first and last included, on which a step may go out, and for which contribution month."""

    first: date
    last: date
    step: Step
    month: date
    message: str


def of_unpaid(
    plan: Plan, holidays: frozenset[date], recipient: Recipient, month: date, pay: PayDays | None
) -> list[Run]:
    """The steps of a member whose earliest unpaid contribution month this is, in the order of their days."""
    runs = []
    for step in plan.steps:
        if recipient in step.to and step.anchor != "joined":
            day, message = _planned_day(step, month, holidays, pay)
            last = day + timedelta(days=step.valid)
            # What speaks of a day to come is not true after it, wherever a pay day has moved it.
            last = min(last, anchor_day(step, month, holidays)) if step.warns else last
            runs.append(Run(day, last, step, month, message))
    return _each_until_the_next(runs)


def of_newcomer(plan: Plan, recipient: Recipient, joined: date) -> list[Run]:
    """The steps of a member who has never paid, in the order of their days."""
    runs = [
        Run(day, day + timedelta(days=step.valid), step, calendar.month_of(joined), step.message)
        for step in plan.steps
        if recipient in step.to and step.anchor == "joined"
        for day in [joined + timedelta(days=step.days)]
    ]
    return _each_until_the_next(runs)


def of_sponsor(plan: Plan, holidays: frozenset[date], months: Sequence[date]) -> list[Run]:
    """The steps of a sponsor whose people have these contribution months unpaid, in the order of their days."""
    runs = [
        Run(day, day + timedelta(days=step.valid), step, month, step.message)
        for month in months
        for step in plan.steps
        if "sponsor" in step.to
        for day in [day_of(step, month, holidays)]
    ]
    return _each_until_the_next(runs)


def _planned_day(step: Step, month: date, holidays: frozenset[date], pay: PayDays | None) -> tuple[date, str]:
    """The first day of a step, and its text."""
    if not step.pay_day or pay is None:
        return day_of(step, month, holidays), step.message
    if pay.kind == "harvest":
        return day_of(step, _harvest(pay.days, month), holidays), step.harvest or step.message
    return _pay_day_before(pay, anchor_day(step, month, holidays)), step.message


def _harvest(months: Sequence[int], unpaid: date) -> date:
    """The last month of harvest that is not after the earliest unpaid one."""
    return next(month for month in (calendar.add_months(unpaid, -n) for n in range(_YEAR)) if month.month in months)


def _pay_day_before(pay: PayDays, due: date) -> date:
    """The last day before the due date on which somebody is paid."""
    day = due - timedelta(days=1)
    while not _is_pay_day(pay, day):
        day -= timedelta(days=1)
    return day


def _is_pay_day(pay: PayDays, day: date) -> bool:
    if pay.kind == "weekly":
        return day.isoweekday() in pay.days
    # Who is paid on the 31st is paid on the last day of a shorter month.
    last = calendar.last_day(calendar.month_of(day)).day
    return any(day.day == min(number, last) for number in pay.days)


def _each_until_the_next(runs: Sequence[Run]) -> list[Run]:
    """In the order of their days; once the next step's day has come, the one before it is of no use any more."""
    ordered = sorted(runs, key=lambda run: run.first)
    made = []
    for number, run in enumerate(ordered):
        later = next((other.first for other in ordered[number + 1 :] if other.first > run.first), None)
        made.append(run if later is None else replace(run, last=min(run.last, later - timedelta(days=1))))
    return made
