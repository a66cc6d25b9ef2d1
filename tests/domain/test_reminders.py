"""Who is reminded when: whole years written by hand, and what holds for everybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ussd_app.domain import calendar, reminders
from ussd_app.domain.coverage import MonthState
from ussd_app.domain.reminder_days import PayDays
from ussd_app.domain.reminder_plan import plan_from
from ussd_app.domain.reminders import Member, Planned, Rules, Sponsor
from ussd_app.domain.sending import Window

MENUS = Path(__file__).parents[2] / "menus"
ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")


def shipped(name: str) -> Any:
    return yaml.safe_load((MENUS / f"{name}.yaml").read_text(encoding="utf-8"))


RULES = Rules(
    plan_from(shipped("reminders")),
    Window(time(18), time(20)),
    calendar.holidays_from(shipped("holidays")),
)
NEW_YEAR, NEXT_YEAR = date(2027, 1, 1), date(2028, 1, 1)


def at(day: date, zone: str, hour: int = 0) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)


def months(first: date, number: int, state: MonthState = "confirmed") -> dict[date, MonthState]:
    return dict.fromkeys(calendar.months_from(first, number), state)


def a_member(**known: Any) -> Member:
    """Somebody who paid all of the last year, the last time on the twelfth of December."""
    defaults: dict[str, Any] = {
        "zone": "Asia/Jakarta",
        "joined": date(2026, 1, 5),
        "months": months(date(2026, 1, 1), 12),
        "paid_on": date(2026, 12, 12),
    }
    return Member(**{**defaults, **known})


def pay(who: Member, day: date, number: int) -> Member:
    first = reminders.earliest_unpaid(who.months, day, RULES.holidays) or calendar.month_of(day)
    return replace(who, months={**who.months, **months(first, number, "received")}, paid_on=day)


def lived(who: Member, paid: Mapping[date, int], *, rules: Rules = RULES) -> list[Planned]:
    """The reminders of a year in which somebody pays so many months at noon of these days."""
    got: list[Planned] = []
    now = at(NEW_YEAR, who.zone)
    for day, number in [*sorted(paid.items()), (NEXT_YEAR, 0)]:
        until = at(day, who.zone, 12 if number else 0)
        for planned in reminders.year_of(rules, who, now, until):
            got.append(planned)
            reminded = reminders.reminded(who, planned)
            assert isinstance(reminded, Member)
            who = reminded
        who, now = pay(who, day, number) if number else who, until
    return got


def said(got: list[Planned], zone: str = "Asia/Jakarta") -> list[str]:
    """`11 Jan before` for each of them."""
    return [f"{calendar.local_date(one.at, zone):%d %b} {one.step.name}" for one in got]


def listed(*lines: str) -> list[str]:
    return ", ".join(lines).split(", ")


ON_THE_13TH = {date(2027, month, 13): 1 for month in range(1, 13)}
LATE = {date(2027, month, 18): 1 for month in range(1, 13)}
NEVER: dict[date, int] = {}
TO_SILENCE = ["20 Jan overdue", "12 Feb second", "12 Mar third", "08 Apr ending", "15 Apr last_day", "26 Apr resume"]

# What everybody gets, written by hand with a calendar of 2027 beside it: 10 January, 25 April and 10 October are
# Sundays; May falls due on Monday 17, August on Monday 16 (the 17th is a holiday), all others on the 15th.
YEARS: dict[str, tuple[Member, Mapping[date, int], list[str]]] = {
    "pays on the 13th": (
        a_member(),
        ON_THE_13TH,
        [f"{day} before" for day in ("11 Jan", "10 Feb", "10 Mar", "10 Apr", "12 May", "10 Jun", "10 Jul", "11 Aug")]
        + [f"{day} before" for day in ("10 Sep", "11 Oct", "10 Nov", "10 Dec")],
    ),
    "pays on the 18th": (
        a_member(),
        LATE,
        listed(
            "11 Jan before, 15 Jan today, 10 Feb before, 15 Feb today, 10 Mar before, 15 Mar today",
            "10 Apr before, 15 Apr today, 12 May before, 17 May today, 10 Jun before, 15 Jun today",
            "10 Jul before, 15 Jul today, 11 Aug before, 16 Aug today, 10 Sep before, 15 Sep today",
            "11 Oct before, 15 Oct today, 10 Nov before, 15 Nov today, 10 Dec before, 15 Dec today",
        ),
    ),
    "never pays again": (a_member(), NEVER, ["11 Jan before", "15 Jan today", *TO_SILENCE]),
    "pays three months each quarter": (
        a_member(),
        {date(2027, month, 12): 3 for month in (1, 4, 7, 10)},
        ["11 Jan before", "10 Apr before", "10 Jul before", "11 Oct before"],
    ),
    "pays a year ahead": (a_member(), {date(2027, 1, 5): 12}, []),
    "comes back in March": (
        a_member(),
        {date(2027, 3, 20): 3, date(2027, 4, 3): 9},
        ["11 Jan before", "15 Jan today", "20 Jan overdue", "12 Feb second", "12 Mar third"],
    ),
    "has a silent sponsor": (a_member(sponsored=True), NEVER, TO_SILENCE),
    "has a sponsor who pays": (a_member(sponsored=True), ON_THE_13TH, []),
    "is paid on Fridays": (
        a_member(pay_days=PayDays("weekly", (5,))),
        {date(2027, month, 14): 1 for month in range(1, 13)},
        # 14 May is a Friday: the payment at noon comes before the evening.
        [f"{day} before" for day in ("08 Jan", "12 Feb", "12 Mar", "09 Apr", "11 Jun", "09 Jul", "13 Aug")]
        + [f"{day} before" for day in ("10 Sep", "08 Oct", "12 Nov", "10 Dec")],
    ),
    "is paid on the 25th": (
        a_member(pay_days=PayDays("monthly", (25,))),
        {date(2027, month, 20): 1 for month in range(1, 13)},
        listed(
            "15 Jan today, 25 Jan before, 15 Feb today, 25 Feb before, 15 Mar today, 25 Mar before",
            "15 Apr today, 26 Apr before, 17 May today, 25 May before, 15 Jun today, 25 Jun before",
            "15 Jul today, 26 Jul before, 16 Aug today, 25 Aug before, 15 Sep today, 25 Sep before",
            "15 Oct today, 25 Oct before, 15 Nov today, 25 Nov before, 15 Dec today, 27 Dec before",
        ),
    ),
    "has harvests in April and September": (
        a_member(months=months(date(2026, 1, 1), 15), pay_days=PayDays("harvest", (4, 9))),
        {date(2027, 4, 12): 6, date(2027, 9, 12): 6},
        ["10 Apr before", "10 Sep before"],
    ),
    "enrolled on the third and never pays": (
        a_member(joined=date(2027, 1, 3), months={}, paid_on=None),
        NEVER,
        ["04 Jan first", "07 Jan first_again", "15 Jan first_payday", "08 Feb first_last"],
    ),
    "enrolled on the third and pays on the eighth": (
        a_member(joined=date(2027, 1, 3), months={}, paid_on=None),
        {date(2027, 1, 8): 12},
        ["04 Jan first", "07 Jan first_again"],
    ),
}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("kind", YEARS)
def test_a_year_has_exactly_the_reminders_that_were_written_down(kind: str, zone: str) -> None:
    who, paid, expected = YEARS[kind]
    assert said(lived(replace(who, zone=zone), paid), zone) == expected


@pytest.mark.parametrize(("zone", "hour"), [("Asia/Jakarta", 11), ("Asia/Makassar", 10), ("Asia/Jayapura", 9)])
def test_six_in_the_evening_is_another_moment_in_each_zone(zone: str, hour: int) -> None:
    got = lived(a_member(zone=zone), NEVER)
    assert {planned.at.time() for planned in got} == {time(hour)}


def test_a_reminder_is_of_no_use_after_its_evening() -> None:
    (first, *_) = lived(a_member(), NEVER)
    assert first.until - first.at == timedelta(hours=2)


def test_somebody_who_is_paid_at_harvest_reads_of_the_harvest() -> None:
    who, paid, _expected = YEARS["has harvests in April and September"]
    assert {planned.message for planned in lived(who, paid)} == {"remind_harvest"}


def test_nobody_is_reminded_between_enrolling_with_a_payment_and_the_next_due_date() -> None:
    who = a_member(joined=date(2027, 1, 12), months=months(NEW_YEAR, 1, "received"), paid_on=date(2027, 1, 12))
    planned = reminders.next_reminder(RULES, who, at(date(2027, 1, 12), who.zone, 13))
    assert planned is not None
    assert said([planned]) == ["10 Feb before"]


def test_who_has_a_month_paid_further_on_is_reminded_of_the_gap_and_then_of_what_follows() -> None:
    who = a_member(months={**months(date(2026, 1, 1), 12), date(2027, 3, 1): "received"})
    got = said(list(reminders.year_of(RULES, who, at(NEW_YEAR, who.zone), at(date(2027, 5, 1), who.zone))))
    first = "11 Jan before, 15 Jan today, 20 Jan overdue, 12 Feb second"
    assert got == listed(first, "10 Apr before, 15 Apr today, 20 Apr overdue")


def test_a_month_the_institution_refused_is_not_asked_for_again() -> None:
    who = a_member(months={**months(date(2026, 1, 1), 12), date(2027, 1, 1): "refused"})
    planned = reminders.next_reminder(RULES, who, at(NEW_YEAR, who.zone))
    assert planned is not None
    assert planned.month == date(2027, 2, 1)


def test_a_service_that_was_down_on_the_day_reminds_on_the_next_evening_and_of_today_only_today() -> None:
    who = a_member()
    after_it = reminders.next_reminder(RULES, who, at(date(2027, 1, 11), who.zone, 21))
    too_late = reminders.next_reminder(RULES, who, at(date(2027, 1, 15), who.zone, 21))
    assert [said([one]) for one in (after_it, too_late) if one] == [["12 Jan before"], ["20 Jan overdue"]]


def test_who_is_looked_at_in_the_middle_of_the_evening_is_reminded_at_once() -> None:
    now = at(date(2027, 1, 11), "Asia/Jakarta", 19)
    planned = reminders.next_reminder(RULES, a_member(), now)
    assert planned is not None
    assert planned.at == now


# ---- sponsors ----


def test_a_sponsor_gets_one_text_for_everybody_each_time() -> None:
    who = Sponsor("Asia/Makassar", {date(2027, 1, 1): 3, date(2027, 2, 1): 2})
    got = list(reminders.year_of(RULES, who, at(NEW_YEAR, who.zone), at(date(2027, 2, 28), who.zone)))
    january = "11 Jan sponsor_before, 15 Jan sponsor_today, 18 Jan sponsor_overdue"
    assert said(got, who.zone) == listed(january, january.replace("Jan", "Feb"))
    assert [reminders.people_unpaid(who.unpaid, one.month) for one in got] == [3, 3, 3, 5, 5, 5]


def test_a_sponsor_whose_people_have_all_been_paid_ahead_is_reminded_when_the_first_falls_due() -> None:
    who = Sponsor("Asia/Jakarta", {date(2027, 4, 1): 2})
    planned = reminders.next_reminder(RULES, who, at(NEW_YEAR, who.zone))
    assert planned is not None
    assert said([planned]) == ["12 Apr sponsor_before"]


def test_a_sponsor_is_not_reminded_of_people_whose_membership_has_ended() -> None:
    who = Sponsor("Asia/Jakarta", {date(2026, 9, 1): 2})
    got = list(reminders.year_of(RULES, who, at(NEW_YEAR, who.zone), at(NEXT_YEAR, who.zone)))
    assert said(got) == []


# ---- what holds for everybody ----

DAYS = st.dates(date(2027, 1, 1), date(2027, 12, 31))
PAY_DAYS = st.one_of(
    st.none(),
    st.builds(PayDays, st.just("weekly"), st.tuples(st.integers(1, 7))),
    st.builds(PayDays, st.just("monthly"), st.tuples(st.integers(1, 31))),
    st.builds(PayDays, st.just("harvest"), st.tuples(st.integers(1, 12), st.integers(1, 12))),
)
MEMBERS = st.builds(
    a_member,
    zone=st.sampled_from(ZONES),
    joined=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    months=st.integers(0, 18).map(lambda number: months(date(2026, 1, 1), number)),
    sponsored=st.booleans(),
    pay_days=PAY_DAYS,
)
PAYMENTS = st.dictionaries(DAYS, st.integers(1, 6), max_size=12)


@given(MEMBERS, PAYMENTS)
def test_nobody_is_ever_reminded_at_night_on_a_sunday_or_on_a_holiday(who: Member, paid: dict[date, int]) -> None:
    for planned in lived(who, paid):
        here = planned.at.astimezone(ZoneInfo(who.zone))
        assert time(18) <= here.time() < time(20)
        assert planned.until <= at(here.date(), who.zone, 20)
        assert here.isoweekday() != 7
        assert here.date() not in RULES.holidays


@given(MEMBERS, PAYMENTS)
def test_nobody_is_reminded_more_than_three_times_a_month_or_twice_a_day(who: Member, paid: dict[date, int]) -> None:
    days = [calendar.local_date(planned.at, who.zone) for planned in lived(who, paid)]
    assert max(Counter(calendar.month_of(day) for day in days).values(), default=0) <= 3
    assert len(days) == len(set(days))


@given(MEMBERS, PAYMENTS)
def test_nobody_is_reminded_of_a_month_that_is_paid(who: Member, paid: dict[date, int]) -> None:
    for planned in lived(who, paid):
        known = who
        for day in sorted(day for day in paid if at(day, who.zone, 12) <= planned.at):
            known = pay(known, day, paid[day])
        assert planned.step.anchor == "joined" or planned.month not in known.months
        assert planned.step.anchor != "joined" or not known.months


@given(MEMBERS, PAYMENTS)
def test_no_step_comes_twice_for_the_same_month(who: Member, paid: dict[date, int]) -> None:
    keys = [(planned.month, planned.step.name) for planned in lived(who, paid)]
    assert len(keys) == len(set(keys))


# ---- the plan is data ----


def a_plan(*steps: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"most_a_month": 3, "never_on": ["sundays"], "steps": list(steps), **changes}


def a_step(**changes: Any) -> dict[str, Any]:
    step = {"name": "before", "to": ["member"], "anchor": "due", "days": -5, "message": "remind_before"}
    return {**step, **changes}


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (a_plan(a_step(), most_a_month=4), "less than or equal to 3"),
        (a_plan(a_step(), a_step()), "`before` stands there 2 times"),
        (a_plan(a_step(days=0, valid=1)), "`valid` must be 0 at most"),
        (a_plan(a_step(to=["member", "sponsored"])), "only once in arrears"),
        (a_plan(a_step(to=["sponsor", "member"])), "for sponsors alone"),
        (a_plan(a_step(anchor="joined", days=0)), "the day after they enrolled"),
        (a_plan(a_step(days=3, pay_day=True)), "before the due date"),
        (a_plan(a_step(harvest="remind_harvest")), "needs `pay_day: true`"),
        (
            a_plan(a_step(anchor="lapse", days=3), a_step(name="again", anchor="lapse", days=9)),
            "one text is enough",
        ),
        (a_plan(a_step(anchor="birthday")), "'due', 'month_end', 'lapse' or 'joined'"),
        (a_plan(a_step(dyas=-5)), "Unexpected keyword argument"),
        (a_plan(), "at least 1 item"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said_in_words(plan: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence.replace("`", ".")):
        plan_from(plan)


def test_a_plan_with_fewer_a_month_gives_fewer() -> None:
    rules = replace(RULES, plan=plan_from({**shipped("reminders"), "most_a_month": 1}))
    assert said(lived(a_member(), NEVER, rules=rules))[:3] == ["11 Jan before", "12 Feb second", "12 Mar third"]


# ---- two steps that meet, and pay days that do not exist ----


def by_plan(*steps: dict[str, Any]) -> Rules:
    return replace(RULES, plan=plan_from(a_plan(*steps)))


def in_january(rules: Rules, who: Member, day: int, hour: int = 0) -> list[str]:
    """The reminders until the end of January 2027, from a moment on."""
    now, until = at(date(2027, 1, day), who.zone, hour), at(date(2027, 2, 1), who.zone)
    return said(list(reminders.year_of(rules, who, now, until)))


def test_who_pays_on_the_day_of_a_reminder_for_the_month_after_is_left_in_peace() -> None:
    who = a_member(months=months(date(2026, 1, 1), 15), pay_days=PayDays("harvest", (4,)))
    assert said(lived(who, {date(2027, 4, 10): 3}))[0] == "15 Jul today"


def test_of_two_reminders_for_one_day_the_second_waits_for_the_next() -> None:
    rules = by_plan(a_step(valid=2), a_step(name="too", valid=2))
    assert in_january(rules, a_member(), 5) == ["11 Jan before", "12 Jan too"]


def test_a_reminder_that_is_still_good_gives_way_to_the_one_whose_day_has_come() -> None:
    rules = by_plan(a_step(valid=5), a_step(name="today", days=0, message="remind_today"))
    assert in_january(rules, a_member(), 15) == ["15 Jan today"]


def test_a_pay_day_just_before_the_due_date_carries_no_reminder_past_it() -> None:
    rules = by_plan(a_step(valid=5, pay_day=True))
    who = a_member(pay_days=PayDays("weekly", (4,)))
    assert [in_january(rules, who, day) for day in (14, 15, 16)] == [["14 Jan before"], ["15 Jan before"], []]


def test_who_is_paid_on_the_31st_is_paid_on_the_30th_of_november() -> None:
    who = a_member(months=months(date(2026, 1, 1), 23), pay_days=PayDays("monthly", (31,)))
    assert said(lived(who, NEVER))[0] == "30 Nov before"


def test_of_two_who_joined_on_different_days_and_had_a_month_refused_each_is_reminded_by_their_own_day() -> None:
    rules = Rules(RULES.plan, RULES.evening, RULES.holidays)
    refused: dict[date, MonthState] = {date(2026, 11, 1): "refused"}
    # Both paid on the same day, so that they are alike but for the day on which they joined.
    days = (date(2026, 11, 20), date(2026, 11, 22))
    now = at(date(2026, 11, 23), "Asia/Jakarta")
    found = [reminders.next_reminder(rules, a_member(joined=day, paid_on=days[1], months=refused), now) for day in days]
    apart = [
        reminders.next_reminder(
            Rules(RULES.plan, RULES.evening, RULES.holidays), a_member(joined=day, paid_on=days[1], months=refused), now
        )
        for day in days
    ]
    assert found == apart
    assert found[0] != found[1]
