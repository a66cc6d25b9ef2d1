"""When is somebody to be reminded next, and of what?

One answer for each person, worked out from what is true now: what is paid, where they live, when they are paid, and
what they have been sent. A year is the same answer again and again, each one counted as sent (`year_of`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from ussd_app.domain import calendar
from ussd_app.domain.coverage import MonthState, coverage
from ussd_app.domain.reminder_plan import MONTHS_TO_LAPSE, Plan, Recipient, Step, anchor_day, day_of
from ussd_app.domain.sending import Window

_YEAR = 12


@dataclass(frozen=True)
class Rules:
    """What counts for everybody: the plan, the hours in the evening, and the holidays."""

    plan: Plan
    evening: Window
    holidays: frozenset[date]


@dataclass(frozen=True)
class PayDays:
    """When somebody is paid: on `days` 1 (Monday) to 7, on days 1 to 31 of the month, or in months 1 to 12."""

    kind: Literal["weekly", "monthly", "harvest"]
    days: tuple[int, ...]


@dataclass(frozen=True)
class Sent:
    """A reminder that went out: for which contribution month, which step, and on which day where the person lives."""

    month: date
    step: str
    day: date


@dataclass(frozen=True)
class Member:
    """What has to be known of a member. `joined` and `paid_on` are days where they live; `months` as for coverage.

    `sponsored`: somebody else is reminded of paying for them.
    """

    zone: str
    joined: date
    months: Mapping[date, MonthState]
    paid_on: date | None = None
    sponsored: bool = False
    pay_days: PayDays | None = None
    sent: tuple[Sent, ...] = ()


@dataclass(frozen=True)
class Sponsor:
    """What has to be known of a sponsor: how many of their people have which earliest unpaid contribution month."""

    zone: str
    unpaid: Mapping[date, int]
    sent: tuple[Sent, ...] = ()


@dataclass(frozen=True)
class Planned:
    """The next reminder: from `at` until `until` (UTC) it may go out; afterwards it is of no use any more."""

    at: datetime
    until: datetime
    step: Step
    month: date
    message: str


@dataclass(frozen=True)
class _Run:
    """The days on which a step may go out."""

    first: date
    last: date
    step: Step
    month: date
    message: str


def next_reminder(rules: Rules, who: Member | Sponsor, now: datetime) -> Planned | None:
    """The next reminder of a person, not before `now` (UTC); None when there is none to come."""
    if isinstance(who, Sponsor):
        return _first(rules, who, _for_sponsor(rules, who, calendar.local_date(now, who.zone)), now)
    return _next_of_member(rules, who, now)


def _next_of_member(rules: Rules, who: Member, now: datetime) -> Planned | None:
    """As time goes on, a month that was paid ahead may begin, and another month is the earliest unpaid one."""
    moment = now
    while True:
        today = calendar.local_date(moment, who.zone)
        month = earliest_unpaid(who.months, today, rules.holidays)
        found = _first(rules, who, _for_member(rules, who, month), moment)
        ahead = [paid for paid, state in who.months.items() if month and paid > month and state != "refused"]
        if not ahead:
            return found
        changes = datetime.combine(min(ahead), time(), ZoneInfo(who.zone)).astimezone(UTC)
        if changes <= moment or (found and found.at < changes):
            return found
        moment = changes


def earliest_unpaid(months: Mapping[date, MonthState], today: date, holidays: frozenset[date]) -> date | None:
    """The first contribution month nobody has paid, after the last one that counts; None for who never paid.

    Other than the next month to pay, it stays the same when membership has ended.
    """
    stands = coverage(months, today, holidays)
    if stands.paid_until is None:
        return None
    month = calendar.add_months(calendar.month_of(stands.paid_until), 1)
    while month in months:
        month = calendar.add_months(month, 1)
    return month


def people_unpaid(unpaid: Mapping[date, int], month: date) -> int:
    """How many people of a sponsor have a contribution month unpaid and are members still."""
    oldest = calendar.add_months(month, -MONTHS_TO_LAPSE)
    return sum(number for first, number in unpaid.items() if oldest <= first <= month)


def still_true(month: date, step: Step | None, who: Member | Sponsor, now: datetime, holidays: frozenset[date]) -> bool:
    """Whether a reminder that waits to be sent is still about something unpaid."""
    today = calendar.local_date(now, who.zone)
    if isinstance(who, Sponsor):
        return people_unpaid(who.unpaid, month) > 0
    unpaid = earliest_unpaid(who.months, today, holidays)
    if step is not None and "sponsored" not in step.to and who.sponsored:
        return False
    return month == (unpaid or calendar.month_of(who.joined))


def year_of(rules: Rules, who: Member | Sponsor, now: datetime, until: datetime) -> Iterator[Planned]:
    """Every reminder a person gets until then, if nobody pays and nothing else changes."""
    planned = next_reminder(rules, who, now)
    while planned and planned.at < until:
        yield planned
        who = reminded(who, planned)
        planned = next_reminder(rules, who, planned.at)


def reminded(who: Member | Sponsor, planned: Planned) -> Member | Sponsor:
    """The same person after a reminder."""
    sent = Sent(planned.month, planned.step.name, calendar.local_date(planned.at, who.zone))
    return replace(who, sent=(*who.sent, sent))


# ---- which days a step may go out on ----


def _for_member(rules: Rules, who: Member, month: date | None) -> list[_Run]:
    """The steps of a member; what was planned for before they last paid, or enrolled, is past."""
    since = max(who.joined, who.paid_on or who.joined)
    recipient: Recipient = "sponsored" if who.sponsored else "member"
    runs = []
    for step in rules.plan.steps:
        if recipient not in step.to or (step.anchor == "joined") != (month is None):
            continue
        day, message = _planned_day(rules, who, step, month)
        if day is not None and day > since:
            runs.append(
                _Run(day, day + timedelta(days=step.valid), step, month or calendar.month_of(who.joined), message)
            )
    return _each_until_the_next(runs)


def _planned_day(rules: Rules, who: Member, step: Step, month: date | None) -> tuple[date | None, str]:
    if month is None:
        return who.joined + timedelta(days=step.days), step.message
    if not step.pay_day or who.pay_days is None:
        return _day(step, month, rules.holidays), step.message
    if who.pay_days.kind == "harvest":
        harvest = _harvest(who.pay_days.days, month)
        return _day(step, harvest, rules.holidays), step.harvest or step.message
    return _pay_day_before(who.pay_days, anchor_day(step, month, rules.holidays)), step.message


@lru_cache(maxsize=4096)
def _day(step: Step, month: date, holidays: frozenset[date]) -> date:
    return day_of(step, month, holidays)


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


def _for_sponsor(rules: Rules, who: Sponsor, today: date) -> list[_Run]:
    """The steps for the months that some of a sponsor's people have unpaid, from last month's on."""
    if not who.unpaid:
        return []
    first = max(min(who.unpaid), calendar.add_months(calendar.month_of(today), -1))
    wanted = [month for month in calendar.months_from(first, _YEAR) if people_unpaid(who.unpaid, month)]
    runs = [
        _Run(day, day + timedelta(days=step.valid), step, month, step.message)
        for month in wanted
        for step in rules.plan.steps
        if "sponsor" in step.to
        for day in [_day(step, month, rules.holidays)]
    ]
    return _each_until_the_next(runs)


def _each_until_the_next(runs: Sequence[_Run]) -> list[_Run]:
    """In the order of their days; once the next step's day has come, the one before it is of no use any more."""
    ordered = sorted(runs, key=lambda run: run.first)
    made = []
    for number, run in enumerate(ordered):
        later = next((other.first for other in ordered[number + 1 :] if other.first > run.first), None)
        made.append(run if later is None else replace(run, last=min(run.last, later - timedelta(days=1))))
    return made


# ---- the first of them that may go out ----


def _first(rules: Rules, who: Member | Sponsor, runs: Sequence[_Run], now: datetime) -> Planned | None:
    done = {(one.month, one.step) for one in who.sent}
    found = [
        planned
        for run in runs
        if (run.month, run.step.name) not in done
        for planned in [_when(rules, who, run, now)]
        if planned
    ]
    return min(found, key=lambda planned: planned.at, default=None)


def _when(rules: Rules, who: Member | Sponsor, run: _Run, now: datetime) -> Planned | None:
    """The first evening of a run on which its reminder may go out."""
    day = max(run.first, calendar.local_date(now, who.zone))
    while day <= run.last:
        begins, ends = _evening(rules.evening, day, who.zone)
        if now < ends and rules.plan.allows(day, rules.holidays) and _has_room(rules.plan, who.sent, day):
            return Planned(max(begins, now), ends, run.step, run.month, run.message)
        day += timedelta(days=1)
    return None


@lru_cache(maxsize=4096)
def _evening(evening: Window, day: date, zone: str) -> tuple[datetime, datetime]:
    """From when until when it is evening on a day, in UTC."""
    place = ZoneInfo(zone)
    begins, ends = (datetime.combine(day, clock, place).astimezone(UTC) for clock in (evening.start, evening.end))
    return begins, ends


def _has_room(plan: Plan, sent: Sequence[Sent], day: date) -> bool:
    """One reminder a day, and so many in a calendar month."""
    month = calendar.month_of(day)
    this_month = [one.day for one in sent if calendar.month_of(one.day) == month]
    return day not in this_month and len(this_month) < plan.most_a_month
