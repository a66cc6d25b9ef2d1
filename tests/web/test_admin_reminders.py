"""Reminders on the desk: the days to come, the plan in words, and one member's year."""

from __future__ import annotations

import re

import pytest

from tests.builders import a_paid_member, execute, rows
from tests.campaigns import many_members
from tests.office import signed_in
from tests.work import work
from ussd_app.domain import phone as phones
from ussd_app.runtime import Runtime
from ussd_app.services import reckoning, reminder_calendar
from ussd_app.services.reminder_calendar import PAGE, PAGES


def test_the_calendar_is_worked_out_by_a_job_and_agrees_with_the_command(rt: Runtime) -> None:
    # More than are read at a time, and than one step takes.
    many_members(rt, PAGE * PAGES + 100)
    desk = signed_in(rt)
    assert 'data-going="yes"' in desk.get("/reminders").text
    work(rt)
    told = reckoning.at_once(rt, "reminder_calendar")
    days = told["days"].values()
    everybody = sum(sum(day["steps"].values()) for day in days)
    page = desk.get("/reminders").text
    assert f'data-testid="reminders">{everybody:,}<'.replace(",", ".") in page
    assert everybody > PAGE * PAGES + 100
    cost = sum(day["segments"] for day in days) * told["price"]
    assert f"Rp{cost:,}".replace(",", ".") in page


def test_the_file_of_the_calendar_has_each_of_sixty_days(rt: Runtime) -> None:
    many_members(rt, 3)
    desk = signed_in(rt)
    desk.get("/reminders")
    work(rt)
    head, *lines = desk.get("/reminders/days.csv").text.splitlines()
    assert (len(lines), lines[0].split(",")[0], lines[-1].split(",")[0]) == (60, "2026-11-22", "2027-01-20")
    assert "Iuran pertama" in head


def test_the_calendar_is_not_worked_out_anew_each_time_somebody_looks(rt: Runtime) -> None:
    desk = signed_in(rt)
    desk.get("/reminders")
    work(rt)
    desk.get("/reminders")
    assert rows(rt, "SELECT state FROM reckonings") == [{"state": "done"}]
    desk.post("/reminders/again", on="/reminders")
    assert rows(rt, "SELECT state FROM reckonings") == [{"state": "waiting"}]


def test_a_count_of_many_pages_is_kept_between_jobs(rt: Runtime) -> None:
    many_members(rt, 4)
    desk = signed_in(rt)
    desk.get("/reminders")
    execute(
        rt,
        "UPDATE reckonings SET work = CAST(:work AS jsonb)",
        work='{"kind": "sponsor", "reached": 0, "now": "2026-11-22T03:00:00+00:00", "part": 4, "whole": 4, '
        '"days": {"2026-11-25": {"steps": {"first": 41}, "segments": 41}}}',
    )
    work(rt)
    assert 'data-testid="reminders">41<' in desk.get("/reminders").text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("id", "5 hari sebelum jatuh tempo, pukul 18.00–20.00"),
        ("en", "7 days before the last day on which membership can be kept, from 18.00 to 20.00"),
    ],
)
def test_the_plan_is_told_in_words(rt: Runtime, language: str, words: str) -> None:
    desk = signed_in(rt)
    desk.post("/language", {"language": language})
    assert f"<b>{words}</b>" in desk.get("/reminders/plan").text


def test_a_member_is_found_and_their_year_is_shown_with_everything_personal_hidden(rt: Runtime) -> None:
    member = a_paid_member(rt)
    desk = signed_in(rt, "viewer")
    found = desk.post("/reminders/members", {"said": member.person.phone}, on="/reminders/members").text
    address = re.search(r'href="/admin(/reminders/members/\d+)"', found)
    assert address
    page = desk.get(address[1]).text
    assert len(re.findall(r"<tr><td>", page)) == len(reminder_calendar.year_of_member(rt, member.id)[1]) > 3
    assert (phones.masked(member.person.phone) in page, member.person.name in page) == (True, False)


def test_the_pay_day_that_a_member_told_us_is_said_in_words(rt: Runtime) -> None:
    member = a_paid_member(rt)
    execute(
        rt,
        "INSERT INTO pay_days (member_id, kind, days, changed_at) VALUES (:id, 'monthly', '{25}', now())",
        id=member.id,
    )
    assert "setiap bulan, tanggal 25" in signed_in(rt).get(f"/reminders/members/{member.id}").text


def test_a_year_of_nobody_is_not_found(rt: Runtime) -> None:
    assert signed_in(rt).get("/reminders/members/999").status_code == 404
