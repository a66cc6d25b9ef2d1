"""Reminders come in the evening, once, and not after paying; whatever runs twice."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tests.builders import NOVEMBER, a_paid_member, rows
from tests.conftest import clock_of
from ussd_app.runtime import Runtime
from ussd_app.services import reminding


def at(rt: Runtime, year: int, month: int, day: int, hour: int, minute: int = 0) -> None:
    """Make it this moment in UTC: Jakarta is seven hours ahead."""
    clock_of(rt).set(datetime(year, month, day, hour, minute, tzinfo=UTC))


def reminders(rt: Runtime) -> list[str]:
    return [row["text"] for row in rows(rt, "SELECT text FROM outbox WHERE lane = 'reminders' ORDER BY id")]


def test_a_paid_member_is_reminded_five_days_before_the_next_due_date(rt: Runtime) -> None:
    a_paid_member(rt, months=(NOVEMBER,))
    at(rt, 2026, 12, 10, 11, 5)
    assert reminding.scan(rt) == 1
    (text,) = reminders(rt)
    assert text.startswith("Iuran Des 2026: Rp8.400, bayar s.d. 15 Des 2026."), text
    assert text.endswith("*777*2#")
