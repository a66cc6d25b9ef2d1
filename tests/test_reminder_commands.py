"""The commands for reminders, and for who wants no texts, as they are typed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.builders import NOVEMBER, PHONE, a_member, a_paid_member, rows, some_members
from ussd_app.__main__ import main
from ussd_app.runtime import Runtime
from ussd_app.services import reckoning, reminder_calendar


@pytest.fixture
def shell(rt: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """The house, and a shell whose environment leads to it."""
    for name in ("database_url", "redis_url", "secret_key", "data_keys"):
        monkeypatch.setenv(name.upper(), getattr(rt.settings, name))
    monkeypatch.setenv("CALLBACK_TOKEN", "a token nobody can guess")
    return rt


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 0
    return capsys.readouterr().out


def test_a_number_is_stopped_and_started_by_the_office_with_a_reason(
    shell: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    a_member(shell)
    said = run(capsys, "sms", "stop", "081234567890", "reminders", "--by", "Rini", "--reason", "asked by phone")
    assert said == f"{PHONE}: gets no more texts (reminders)\n"
    (row,) = rows(shell, "SELECT topic, channel, reference, reason, ended_at FROM stops")
    assert list(row.values()) == ["reminders", "office", "Rini", "asked by phone", None]
    assert run(capsys, "sms", "start", PHONE, "--by", "Rini") == f"{PHONE}: gets texts again (all)\n"
    assert run(capsys, "sms", "start", PHONE, "--by", "Rini").endswith("that was so already\n")


def test_the_calendar_tells_what_goes_out_each_day_and_what_it_costs(rt: Runtime) -> None:
    for member in (a_paid_member(rt), *some_members(rt, 2)):
        assert member.id
    found = reckoning.at_once(rt, "reminder_calendar", "30")
    first = found["days"][min(found["days"])]
    assert {day[5:]: one["steps"] for day, one in found["days"].items()} == {
        "11-23": {"first": 2},
        "11-26": {"first_again": 2},
        "12-04": {"first_payday": 2},
        "12-10": {"before": 1},
        "12-15": {"today": 1},
        "12-21": {"overdue": 1},
    }
    assert (first["segments"], found["price"]) == (2, 350)


def test_the_year_of_a_member_is_what_they_get_if_they_pay_nothing(rt: Runtime) -> None:
    member = a_paid_member(rt, months=(NOVEMBER,))
    zone, planned = reminder_calendar.year_of_member(rt, member.id)
    assert zone == "Asia/Jakarta"
    first, later = ["before", "today", "overdue"], ["second", "third", "ending", "last_day", "resume"]
    assert [one.step.name for one in planned] == [*first, *later]
    assert planned[0].at == datetime(2026, 12, 10, 11, tzinfo=UTC)


def test_the_calendar_command_prints_a_line_for_each_day_and_the_sum(
    shell: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "reminders", "calendar", "--days", "3") == "3 days: 0 segments, Rp0\n"
    assert run(capsys, "reminders", "calendar", "--member", "7").startswith("member 7: 0 reminders in a year")
