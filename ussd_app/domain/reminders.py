"""When is somebody to be reminded next, and of what?

One answer for each person, worked out from what is true now: what is paid, where they live, when they are paid, and
what they have been sent. A year is the same answer again and again, each one counted as sent (`year_of`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ussd_app.domain import calendar
from ussd_app.domain.coverage import MonthState, coverage
from ussd_app.domain.reminder_days import PayDays, Run, of_newcomer, of_sponsor, of_unpaid
from ussd_app.domain.reminder_plan import MONTHS_TO_LAPSE, Plan, Recipient, Step
from ussd_app.domain.sending import Window

_YEAR = 12
# What is remembered of people who are alike takes some tens of megabytes at most.
_MOST_KINDS = 50_000


@dataclass(frozen=True)
class Rules:
    """What counts for everybody: the plan, the hours in the evening, and the holidays.

    `days` holds the steps found for people who are alike, whatever the moment; `worked_out` the next reminder of those
    who are alike at one and the same moment. Both end with these rules, which are made anew for each page of people.
    """

    plan: Plan
    evening: Window
    holidays: frozenset[date]
    days: dict[object, list[Run]] = field(init=False, default_factory=dict, compare=False, repr=False)
    worked_out: dict[object, Planned | None] = field(init=False, default_factory=dict, compare=False, repr=False)


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


def next_reminder(rules: Rules, who: Member | Sponsor, now: datetime) -> Planned | None:
    """The next reminder of a person, not before `now` (UTC); None when there is none to come."""
    if isinstance(who, Sponsor):
        return _first(rules, who, _for_sponsor(rules, who, calendar.local_date(now, who.zone)), now)
    return _next_of_member(rules, who, now)


def _next_of_member(rules: Rules, who: Member, now: datetime) -> Planned | None:
    """The same for everybody who is alike in all that counts."""
    alike = (now, who.zone, _since(who), who.sponsored, who.pay_days, who.sent, tuple(who.months.items()))
    # Who has only months that were refused is still reminded as a newcomer, by the day they joined.
    key = (*alike, None if set(who.months.values()) - {"refused"} else who.joined)
    if key not in rules.worked_out:
        if len(rules.worked_out) >= _MOST_KINDS:
            rules.worked_out.clear()
        rules.worked_out[key] = _of_member(rules, who, now)
    return rules.worked_out[key]


def _of_member(rules: Rules, who: Member, now: datetime) -> Planned | None:
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


def _since(who: Member) -> date:
    """What was planned for this day or before it is past: they paid then, or came to us."""
    return max(who.joined, who.paid_on or who.joined)


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


def _for_member(rules: Rules, who: Member, month: date | None) -> list[Run]:
    """The steps of a member that are still to come."""
    recipient: Recipient = "sponsored" if who.sponsored else "member"
    alike = (recipient, month, who.pay_days, None if month else who.joined)
    if alike not in rules.days:
        rules.days[alike] = (
            of_unpaid(rules.plan, rules.holidays, recipient, month, who.pay_days)
            if month
            else of_newcomer(rules.plan, recipient, who.joined)
        )
    return [run for run in rules.days[alike] if run.first > _since(who)]


def _for_sponsor(rules: Rules, who: Sponsor, today: date) -> list[Run]:
    """The steps for the months that some of a sponsor's people have unpaid, from last month's on."""
    if not who.unpaid:
        return []
    first = max(min(who.unpaid), calendar.add_months(calendar.month_of(today), -1))
    wanted = [month for month in calendar.months_from(first, _YEAR) if people_unpaid(who.unpaid, month)]
    return of_sponsor(rules.plan, rules.holidays, wanted)


# ---- the first of them that may go out ----


def _first(rules: Rules, who: Member | Sponsor, runs: Sequence[Run], now: datetime) -> Planned | None:
    """The runs stand in the order of their days, and none reaches into the next: the first that fits is the first."""
    today = calendar.local_date(now, who.zone)
    done = {(one.month, one.step) for one in who.sent}
    for run in runs:
        if run.last >= today and (run.month, run.step.name) not in done:
            planned = _when(rules, who, run, max(run.first, today), now)
            if planned:
                return planned
    return None


def _when(rules: Rules, who: Member | Sponsor, run: Run, day: date, now: datetime) -> Planned | None:
    """The first evening of a run, from a day on, on which its reminder may go out."""
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
