"""Follow-ups on the desk: filtered, taken on, noted, done."""

from __future__ import annotations

import re

import pytest

from tests.builders import PHONE, a_registered_member, execute, rows
from tests.conftest import clock_of
from tests.conversations import Conversation
from tests.office import noted, signed_in
from tests.sponsoring import last
from ussd_app.runtime import Runtime


def left(rt: Runtime, kind: str = "accident", detail: str = "dialogue x") -> None:
    """Something is left for the office."""
    execute(
        rt,
        "INSERT INTO follow_ups (kind, phone, detail, created_at) VALUES (:kind, :phone, :detail, :now)",
        kind=kind,
        phone=PHONE,
        detail=detail,
        now=rt.clock(),
    )


def numbers(page: str) -> list[int]:
    """Which follow-ups a page lists."""
    return [number for number in range(1, 10) if f'href="/admin/follow-ups/{number}"' in page]


def test_they_are_listed_by_kind_age_and_who_has_them(rt: Runtime) -> None:
    left(rt)
    clock_of(rt).forward(days=4)
    left(rt, "refused", "age")
    left(rt, "number_fails", "member 7")
    desk = signed_in(rt, "operator")
    desk.post("/follow-ups/2/take", on="/follow-ups")
    shown = {
        wanted: numbers(desk.get(f"/follow-ups?{wanted}").text)
        for wanted in ("", "kind=refused", "days=3", "whose=mine", "whose=nobody", "whose=nobody&kind=number_fails")
    }
    assert shown == {
        "": [1, 2, 3],
        "kind=refused": [2],
        "days=3": [1],
        "whose=mine": [2],
        "whose=nobody": [1, 3],
        "whose=nobody&kind=number_fails": [3],
    }


def test_somebody_takes_one_on_hands_it_back_and_both_are_written_down(rt: Runtime) -> None:
    left(rt)
    desk = signed_in(rt, "operator")
    desk.post("/follow-ups/1/take", on="/follow-ups")
    assert "operator@kantor.id" in desk.get("/follow-ups/1").text
    desk.post("/follow-ups/1/back", on="/follow-ups/1")
    assert rows(rt, "SELECT taken_by FROM follow_ups") == [{"taken_by": None}]
    assert noted(rt, "follow_up.taken") == ["operator@kantor.id: follow-up 1"] * 2


def test_a_note_is_kept_without_numbers_of_people(rt: Runtime) -> None:
    left(rt)
    desk = signed_in(rt, "finance")
    desk.post("/follow-ups/1/note", {"note": "Sudah ditelepon di 0812-3456-7890"}, on="/follow-ups/1")
    page = desk.get("/follow-ups/1").text
    assert ("Sudah ditelepon" in page, "0812-3456-7890" in page, "finance@kantor.id" in page) == (True, False, True)
    assert desk.post("/follow-ups/1/note", {"note": " "}, on="/follow-ups/1").status_code == 422


def test_what_came_of_it_is_kept_when_it_is_done(rt: Runtime) -> None:
    left(rt)
    desk = signed_in(rt, "operator")
    desk.post("/follow-ups/1/done", {"note": "klaim diajukan"}, on="/follow-ups/1")
    page = desk.get("/follow-ups/1").text
    assert ("klaim diajukan" in page, "Saya kerjakan" in page) == (True, False)
    assert numbers(desk.get("/follow-ups").text) == []


def test_what_is_done_is_not_taken_on(rt: Runtime) -> None:
    left(rt)
    desk = signed_in(rt, "operator")
    desk.post("/follow-ups/1/done", on="/follow-ups/1")
    desk.post("/follow-ups/1/take", on="/follow-ups/1")
    assert rows(rt, "SELECT taken_by FROM follow_ups") == [{"taken_by": None}]


@pytest.mark.parametrize("act", ["take", "back", "note", "unmask"])
def test_nothing_is_done_with_one_that_is_not_there(rt: Runtime, act: str) -> None:
    fields = {"note": "x", "reason": "bertanya lewat telepon"}
    assert signed_in(rt).post(f"/follow-ups/9/{act}", fields, on="/follow-ups").status_code == 404


def test_who_asked_for_help_by_dialling_is_a_click_away_with_what_they_did(rt: Runtime) -> None:
    a_registered_member(rt)
    conversation = Conversation(rt)
    conversation.dial("*777#")
    last(conversation, "3", "3", "1")
    desk = signed_in(rt, "operator")
    waiting = desk.get("/follow-ups").text
    assert ("dialogue" in waiting, numbers(waiting)) == (False, [1])
    page = desk.get("/follow-ups/1").text
    (there,) = re.findall(r'href="/admin(/members/1/dialogues/[^"]+)"', page)
    assert desk.get(there).status_code == 200


def test_what_is_left_for_the_office_is_said_in_words(rt: Runtime) -> None:
    left(rt, "refused", "age")
    left(rt, "correction", "member 7: name, born")
    page = signed_in(rt, "viewer").get("/follow-ups").text
    assert ("Peserta 7: nama, tanggal lahir" in page, "usia" in page.lower()) == (True, True)
