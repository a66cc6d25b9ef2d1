"""Several people on one phone, their PINs, and what they are insured for."""

from __future__ import annotations

from tests.builders import PHONE, a_member, a_nik, a_paid_member, a_pay_code, rows, typed
from tests.conftest import clock_of
from ussd_app.runtime import Runtime
from ussd_app.storage import members

# From a member's home to the question for a new PIN, and the two answers.
NEW_PIN = ("3", "4", "5", "1", "204861", "204861")


def dials(rt: Runtime, *answers: str, session: str, phone: str = PHONE) -> str:
    """Somebody dials anew, long after they were cut off; the last screen."""
    for key in rt.redis.scan_iter("srt:left:*"):
        rt.redis.delete(key)
    return typed(rt, *answers, session=session, phone=phone).text


def two(rt: Runtime) -> None:
    a_member(rt, name="Siti Aminah")
    a_member(rt, nik=a_nik(4), name="Budi Santoso")


def test_one_member_on_a_phone_is_asked_nothing_more(rt: Runtime) -> None:
    a_member(rt)
    assert typed(rt).text.startswith("Siti Aminah: terdaftar")


def test_several_members_are_asked_whom_it_is_for(rt: Runtime) -> None:
    two(rt)
    assert typed(rt).text.startswith("Untuk siapa?\n1. Siti Aminah\n2. Budi Santoso")
    assert dials(rt, "1", session="at:s2").startswith("Siti Aminah: ")
    assert dials(rt, "2", session="at:s3").startswith("Budi Santoso: ")


def test_a_code_is_for_whoever_was_chosen(rt: Runtime) -> None:
    two(rt)
    typed(rt, "1", "1", "2")
    assert rows(rt, "SELECT member_id FROM pay_codes") == [{"member_id": 1}]


def test_another_of_the_phone_is_chosen_after_going_back(rt: Runtime) -> None:
    two(rt)
    assert typed(rt, "1", "0", "2").text.startswith("Budi Santoso: ")


def test_whoever_left_the_phone_is_no_choice(rt: Runtime) -> None:
    two(rt)
    typed(rt, "1", "3", "4", "5", "5", "1")
    assert dials(rt, session="at:s2").startswith("Budi Santoso: ")


def test_a_pin_is_kept_so_that_nobody_can_read_it(rt: Runtime) -> None:
    a_member(rt)
    assert typed(rt, *NEW_PIN).text.startswith("PIN disimpan")
    pin = str(rows(rt, "SELECT pin FROM members")[0]["pin"])
    assert "204861" not in pin
    assert len(pin) == 97


def silent(rt: Runtime) -> None:
    """A member with a PIN whose phone was not used for seven months."""
    a_member(rt)
    typed(rt, *NEW_PIN)
    clock_of(rt).forward(days=210)


def test_after_half_a_year_of_silence_the_pin_comes_first(rt: Runtime) -> None:
    silent(rt)
    assert "Ketik PIN Anda" in dials(rt, session="at:s2")
    assert dials(rt, "204861", session="at:s3").startswith("Siti Aminah: ")
    assert dials(rt, session="at:s4").startswith("Siti Aminah: ")


def test_a_dead_number_asks_for_the_pin(rt: Runtime) -> None:
    a_member(rt)
    typed(rt, *NEW_PIN)
    clock_of(rt).forward(minutes=1)
    with rt.db.begin() as connection:
        members.doubt(connection, PHONE, rt.clock())
    assert "Ketik PIN Anda" in dials(rt, session="at:s2")


def test_five_wrong_pins_lock_for_a_day_and_the_office_hears_of_it(rt: Runtime) -> None:
    silent(rt)
    for number in range(4):
        assert "Coba lagi\n" in dials(rt, "135790", session=f"at:w{number}")
    assert "besok" in dials(rt, "135790", session="at:w5")
    assert "besok" in dials(rt, "204861", session="at:w6")
    assert [row["kind"] for row in rows(rt, "SELECT kind FROM follow_ups")] == ["pin_locked"]
    clock_of(rt).forward(hours=25)
    assert dials(rt, "204861", session="at:w7").startswith("Siti Aminah: ")


def test_a_new_pin_takes_the_old_one(rt: Runtime) -> None:
    a_member(rt)
    typed(rt, *NEW_PIN)
    clock_of(rt).forward(hours=1)
    assert dials(rt, "3", "4", "5", "2", "135790", session="at:s2").startswith("PIN lama salah")
    changed = dials(rt, "3", "4", "5", "2", "204861", "975310", "975310", session="at:s3")
    assert changed.startswith("PIN disimpan")


def test_another_programme_counts_from_the_next_month_that_is_not_paid(rt: Runtime) -> None:
    member = a_paid_member(rt)
    a_pay_code(rt, member, order_id="SRT-OLD")
    agreed = typed(rt, "3", "4", "4", "2", "1")
    assert agreed.text.startswith("Mulai Des 2026: Rp28.400 sebulan, tanpa diskon Rp36.800")
    assert dials(rt, "3", "4", "4", "2", "1", "1", session="at:s2").startswith("Program Anda diubah")
    plans = rows(rt, "SELECT from_month, package FROM member_plans ORDER BY from_month")
    assert [(f"{row['from_month']:%Y-%m}", row["package"]) for row in plans] == [
        ("2026-11", "jkk_jkm"),
        ("2026-12", "jkk_jkm_jht"),
    ]
    assert rows(rt, "SELECT package FROM contribution_months") == [{"package": "jkk_jkm"}]
    assert rows(rt, "SELECT state FROM pay_codes WHERE order_id = 'SRT-OLD'") == [{"state": "expired"}]
