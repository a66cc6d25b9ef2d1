"""Is somebody protected today, until when, and what should they pay next?"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ussd_app.domain import calendar

MonthState = Literal["received", "remitted", "confirmed", "refused"]
CoverageState = Literal["none", "upcoming", "received", "active", "due", "arrears", "lapsed"]

_MOST_ARREARS = 3  # contribution months payable after protection ended (BPJS-TK handbook, Perdir 22/072022)


@dataclass(frozen=True)
class Coverage:
    """Where a member stands today; `coverage` says what each word means."""

    state: CoverageState
    active_until: date | None
    paid_until: date | None
    next_month: date
    due: date


def coverage(months: Mapping[date, MonthState], today: date, holidays: frozenset[date]) -> Coverage:
    """Where a member stands `today`, from the contribution months that are paid and how far each has come.

    Only what the institution confirmed protects; money on its way (received, remitted) does not. The states:

    - none: never paid.
    - active: the current month is confirmed.
    - received: the current month is paid and not yet confirmed.
    - upcoming: nothing is paid for today, but a later month is, by a newcomer or by somebody who had lapsed.
    - due: the current month is unpaid, the one before it is paid, and the due date is today or still to come.
      Protection has ended with that month, and paying now is on time.
    - arrears: 1 to 3 months in a row are overdue. Never call such a person protected.
    - lapsed: more than 3 months in a row are overdue; membership has ended, and paying again resumes it.

    A month is overdue the day after its due date. So on 5 December, with August paid last, three are overdue.

    - active_until: last day of the unbroken run of *confirmed* months that holds today, else None.
    - paid_until: last day of the unbroken run of paid months, whatever their state, that holds today; else of
      the last month paid before today; else (upcoming) of the first run to come. None if never paid. A lapsed
      person's old months no longer count once a later one is paid.
    - next_month: the first contribution month to pay next. It follows that run, so in arrears it is the
      oldest unpaid month; for none and lapsed it is the current month. A month that the institution refused is no
      paid month, and is passed over: paying it again would meet the same refusal.
    - due: the due date of next_month, which lies in the past when that is overdue.
    """
    current = calendar.month_of(today)
    paid = {month: reached for month, reached in months.items() if reached != "refused"}
    state, paid_last = _standing(paid, today, holidays)
    next_month = current if paid_last is None or state == "lapsed" else calendar.add_months(paid_last, 1)
    while next_month in months:
        next_month = calendar.add_months(next_month, 1)
    confirmed = {month for month, reached in months.items() if reached == "confirmed"}
    return Coverage(
        state=state,
        active_until=calendar.last_day(_run_end(current, confirmed)) if current in confirmed else None,
        paid_until=calendar.last_day(paid_last) if paid_last else None,
        next_month=next_month,
        due=calendar.due_date(next_month, holidays),
    )


def _standing(
    months: Mapping[date, MonthState], today: date, holidays: frozenset[date]
) -> tuple[CoverageState, date | None]:
    """The state, and the month at which the run of paid months that counts today ends."""
    current = calendar.month_of(today)
    if current in months:
        state: CoverageState = "active" if months[current] == "confirmed" else "received"
        return state, _run_end(current, months)
    before = max((month for month in months if month < current), default=None)
    after = min((month for month in months if month > current), default=None)
    overdue = _overdue(before, today, holidays) if before else 0
    if after and (before is None or overdue > _MOST_ARREARS):
        return "upcoming", _run_end(after, months)
    if before is None:
        return "none", None
    if overdue == 0:
        return "due", before
    return ("arrears" if overdue <= _MOST_ARREARS else "lapsed"), before


def _overdue(paid_last: date, today: date, holidays: frozenset[date]) -> int:
    """How many unpaid months in a row, after the last one paid before today, are past their due date."""
    current = calendar.month_of(today)
    unpaid = (current.year - paid_last.year) * 12 + current.month - paid_last.month
    on_time = today <= calendar.due_date(current, holidays)
    return unpaid - on_time


def _run_end(first: date, paid: Container[date]) -> date:
    """The last month of the unbroken run that begins with `first`."""
    end = first
    while calendar.add_months(end, 1) in paid:
        end = calendar.add_months(end, 1)
    return end
