"""A member moves to another number; the old one may refuse for three days, and a guesser learns nothing."""

from __future__ import annotations

import pytest

from tests.builders import BORN, NIK, PHONE, a_member, a_nik, a_registered_member, count, rows, typed
from tests.conftest import clock_of
from tests.work import work
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import inbox, phone_numbers

NEW = "+6281299988877"
KPJ = "21234567890"
# From the first screen of a guest to the question for the KPJ.
MOVING = ("3", "2", "1")


def ask(rt: Runtime, session: str = "at:n1", nik: str = NIK, born: str = BORN, number: str = KPJ) -> str:
    """Somebody at the new number says that they are a member."""
    for key in rt.redis.scan_iter("srt:left:*"):  # long after they were cut off
        rt.redis.delete(key)
    return typed(rt, *MOVING, nik, born, "2", number, session=session, phone=NEW).text


def phone_of(rt: Runtime) -> str:
    return str(rows(rt, "SELECT phone FROM members ORDER BY id")[0]["phone"])


def test_a_member_moves_after_three_days_and_not_before(rt: Runtime) -> None:
    a_registered_member(rt)
    assert ask(rt).startswith("Permintaan diterima")
    clock_of(rt).forward(hours=71)
    phone_numbers.sweep(rt)
    assert phone_of(rt) == PHONE
    clock_of(rt).forward(hours=1)
    for _ in range(2):
        phone_numbers.sweep(rt)
    assert phone_of(rt) == NEW


def test_both_numbers_are_told_when_it_is_asked_and_when_it_is_done(rt: Runtime) -> None:
    a_registered_member(rt)
    ask(rt)
    clock_of(rt).forward(hours=72)
    phone_numbers.sweep(rt)
    assert [row["phone"] for row in rows(rt, "SELECT phone FROM outbox ORDER BY id")] == [PHONE, NEW, PHONE, NEW]


def test_the_old_number_refuses_by_sms(rt: Runtime) -> None:
    a_registered_member(rt)
    ask(rt)
    inbox.take_sms(rt, {"id": "m1", "from": PHONE, "to": "777", "text": "Tidak", "date": "2026-11-22 10:00:00"})
    work(rt)
    clock_of(rt).forward(hours=80)
    phone_numbers.sweep(rt)
    assert phone_of(rt) == PHONE
    assert [row["kind"] for row in rows(rt, "SELECT kind FROM follow_ups")] == ["phone_change_refused"]


def test_the_old_number_refuses_at_once_by_dialling(rt: Runtime) -> None:
    a_registered_member(rt)
    ask(rt)
    assert typed(rt, "1", session="at:o1").text.startswith("Ditolak")
    assert rows(rt, "SELECT state FROM phone_changes") == [{"state": "refused"}]


@pytest.mark.parametrize(
    ("nik", "born", "number"),
    [(a_nik(9), BORN, KPJ), (NIK, BORN, "29999999999")],
    ids=["a NIK nobody has", "another member number"],
)
def test_whatever_is_wrong_the_answer_is_the_same(rt: Runtime, nik: str, born: str, number: str) -> None:
    a_registered_member(rt)
    assert ask(rt, nik=nik, born=born, number=number).startswith("Data belum cocok\n1. Coba lagi")
    assert count(rt, "phone_changes") == 0


@pytest.mark.parametrize("nik", [NIK, a_nik(9)], ids=["a member", "nobody"])
def test_after_three_wrong_proofs_not_even_the_right_one_counts_for_a_day(rt: Runtime, nik: str) -> None:
    a_registered_member(rt)
    answers = [ask(rt, f"at:n{number}", nik=nik, number="29999999999") for number in range(3)]
    assert ["Coba lagi besok" in answer for answer in answers] == [False, False, True]
    assert "Coba lagi besok" in ask(rt, "at:n8")
    assert [row["kind"] for row in rows(rt, "SELECT kind FROM follow_ups")] == ["phone_change_locked"]
    clock_of(rt).forward(hours=25)
    assert ask(rt, "at:n9").startswith("Permintaan diterima")


def test_an_operator_moves_a_member_at_once(rt: Runtime) -> None:
    a_member(rt)
    phone_numbers.change_by_operator(rt, 1, NEW, "ani@office")
    assert (phone_of(rt), rows(rt, "SELECT proof, requested_by, state FROM phone_changes")) == (
        NEW,
        [{"proof": "operator", "requested_by": "ani@office", "state": "done"}],
    )
    with pytest.raises(NotAllowedNow, match="uses this number already"):
        phone_numbers.change_by_operator(rt, 1, NEW, "ani@office")


def test_others_on_the_old_number_stay_there(rt: Runtime) -> None:
    a_registered_member(rt)
    a_member(rt, nik=a_nik(4), name="Budi")
    phone_numbers.change_by_operator(rt, 1, NEW, "ani@office")
    assert [row["phone"] for row in rows(rt, "SELECT phone FROM members ORDER BY id")] == [NEW, PHONE]
