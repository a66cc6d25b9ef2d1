"""Nobody is told they are protected who is not, and everybody is told what to pay next."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ussd_app.domain import calendar
from ussd_app.domain.coverage import Coverage, MonthState, coverage

HOLIDAYS = frozenset({date(2026, 8, 17)})
STATES: dict[str, MonthState] = {"r": "received", "m": "remitted", "c": "confirmed", "x": "refused"}


def paid(text: str) -> dict[date, MonthState]:
    """`"2026-10:c 2026-11:r"` as months and how far each has come."""
    pairs = [word.split(":") for word in text.split()]
    return {date.fromisoformat(f"{month}-01"): STATES[state] for month, state in pairs}


def day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


# November is due on Monday the 16th, because the 15th is a Sunday.
CASES: list[tuple[str, str, str, str | None, str | None, str]] = [
    # months, today, state, active until, paid until, next month
    ("", "2026-11-22", "none", None, None, "2026-11"),
    ("", "2026-11-01", "none", None, None, "2026-11"),
    ("2026-11:c", "2026-11-22", "active", "2026-11-30", "2026-11-30", "2026-12"),
    ("2026-11:c", "2026-11-01", "active", "2026-11-30", "2026-11-30", "2026-12"),
    ("2026-11:c", "2026-11-30", "active", "2026-11-30", "2026-11-30", "2026-12"),
    ("2026-11:r", "2026-11-22", "received", None, "2026-11-30", "2026-12"),
    ("2026-11:m", "2026-11-22", "received", None, "2026-11-30", "2026-12"),
    ("2026-11:c 2026-12:c 2027-01:c", "2026-11-22", "active", "2027-01-31", "2027-01-31", "2027-02"),
    ("2026-11:c 2026-12:r 2027-01:r", "2026-11-22", "active", "2026-11-30", "2027-01-31", "2027-02"),
    ("2026-11:c 2026-12:r 2027-01:c", "2026-11-22", "active", "2026-11-30", "2027-01-31", "2027-02"),
    # A refused month is as good as unpaid, and passed over: so is what was paid beyond it.
    ("2026-11:x", "2026-11-22", "none", None, None, "2026-12"),
    ("2026-11:x 2026-12:r", "2026-11-22", "upcoming", None, "2026-12-31", "2027-01"),
    ("2026-10:c 2026-11:x", "2026-11-10", "due", None, "2026-10-31", "2026-12"),
    ("2026-10:c 2026-11:x 2026-12:r", "2026-11-10", "due", None, "2026-10-31", "2027-01"),
    ("2026-10:c 2026-11:c 2026-12:x", "2026-11-22", "active", "2026-11-30", "2026-11-30", "2027-01"),
    ("2026-11:c 2027-01:c", "2026-11-22", "active", "2026-11-30", "2026-11-30", "2026-12"),
    ("2026-11:r 2026-12:c", "2026-11-22", "received", None, "2026-12-31", "2027-01"),
    ("2026-08:c 2026-11:c", "2026-11-22", "active", "2026-11-30", "2026-11-30", "2026-12"),
    ("2026-10:c 2026-11:r", "2026-11-10", "received", None, "2026-11-30", "2026-12"),
    # only the future
    ("2026-12:c", "2026-11-22", "upcoming", None, "2026-12-31", "2027-01"),
    ("2026-12:r 2027-01:r", "2026-11-22", "upcoming", None, "2027-01-31", "2027-02"),
    ("2026-12:r 2027-02:r", "2026-11-22", "upcoming", None, "2026-12-31", "2027-01"),
    (
        "2026-06:c 2026-12:r",
        "2026-11-22",
        "upcoming",
        None,
        "2026-12-31",
        "2027-01",
    ),  # lapsed, then came back
    # the current month is still payable on time
    ("2026-10:c", "2026-11-01", "due", None, "2026-10-31", "2026-11"),
    ("2026-10:c", "2026-11-15", "due", None, "2026-10-31", "2026-11"),
    ("2026-10:c", "2026-11-16", "due", None, "2026-10-31", "2026-11"),
    ("2026-10:r", "2026-11-16", "due", None, "2026-10-31", "2026-11"),
    ("2026-10:c 2026-12:r", "2026-11-16", "due", None, "2026-10-31", "2026-11"),
    ("2026-07:c", "2026-08-18", "due", None, "2026-07-31", "2026-08"),  # a holiday moved the due date
    ("2026-07:c", "2026-08-19", "arrears", None, "2026-07-31", "2026-08"),
    ("2026-12:c", "2027-01-15", "due", None, "2026-12-31", "2027-01"),
    ("2026-12:c", "2027-01-16", "arrears", None, "2026-12-31", "2027-01"),
    # one to three overdue
    ("2026-10:c", "2026-11-17", "arrears", None, "2026-10-31", "2026-11"),
    ("2026-09:c", "2026-11-16", "arrears", None, "2026-09-30", "2026-10"),
    ("2026-09:c", "2026-11-17", "arrears", None, "2026-09-30", "2026-10"),
    ("2026-08:c", "2026-11-17", "arrears", None, "2026-08-31", "2026-09"),
    ("2026-08:c", "2026-12-05", "arrears", None, "2026-08-31", "2026-09"),
    ("2026-08:c", "2026-12-15", "arrears", None, "2026-08-31", "2026-09"),
    ("2026-09:c 2026-12:r", "2026-11-17", "arrears", None, "2026-09-30", "2026-10"),
    # more than three
    ("2026-08:c", "2026-12-16", "lapsed", None, "2026-08-31", "2026-12"),
    ("2026-07:c", "2026-11-16", "arrears", None, "2026-07-31", "2026-08"),
    ("2026-07:c", "2026-11-17", "lapsed", None, "2026-07-31", "2026-11"),
    ("2025-01:c 2025-02:c", "2026-11-22", "lapsed", None, "2025-02-28", "2026-11"),
]


@pytest.mark.parametrize(("months", "today", "state", "active_until", "paid_until", "next_month"), CASES)
def test_a_member_stands_where_the_rules_say(
    months: str, today: str, state: str, active_until: str | None, paid_until: str | None, next_month: str
) -> None:
    found = coverage(paid(months), date.fromisoformat(today), HOLIDAYS)
    assert (found.state, found.active_until, found.paid_until, found.next_month) == (
        state,
        day(active_until),
        day(paid_until),
        day(f"{next_month}-01"),
    )


def test_the_due_date_is_the_one_of_the_next_month() -> None:
    assert coverage(paid("2026-10:c"), date(2026, 11, 1), HOLIDAYS).due == date(2026, 11, 16)
    assert coverage(paid("2026-07:c"), date(2026, 9, 1), HOLIDAYS).due == date(2026, 8, 18)


TODAY = date(2026, 11, 10)
HISTORIES = st.dictionaries(
    st.integers(-8, 8).map(lambda n: calendar.add_months(date(2026, 11, 1), n)),
    st.sampled_from(sorted(STATES.values())),
    max_size=12,
)
DAYS = st.dates(date(2026, 6, 1), date(2027, 4, 30))


@given(HISTORIES, DAYS)
def test_somebody_is_active_exactly_when_the_current_month_is_confirmed(
    months: dict[date, MonthState], today: date
) -> None:
    found = coverage(months, today, HOLIDAYS)
    confirmed = months.get(calendar.month_of(today)) == "confirmed"
    assert (found.state == "active") is confirmed
    assert (found.active_until is not None) is confirmed


@given(HISTORIES, DAYS)
def test_the_next_month_to_pay_is_never_one_already_paid(months: dict[date, MonthState], today: date) -> None:
    found = coverage(months, today, HOLIDAYS)
    assert found.next_month not in months
    assert found.due == calendar.due_date(found.next_month, HOLIDAYS)


@given(HISTORIES, DAYS)
def test_paying_month_after_month_always_leads_out_of_arrears(months: dict[date, MonthState], today: date) -> None:
    assume(months.get(calendar.month_of(today)) != "refused")  # nobody can pay that one any more
    found: Coverage = coverage(months, today, HOLIDAYS)
    for _ in range(4):
        if found.state not in {"due", "arrears", "lapsed", "none"}:
            break
        months = {**months, found.next_month: "confirmed"}
        found = coverage(months, today, HOLIDAYS)
    assert found.state in {"active", "received", "upcoming"}
