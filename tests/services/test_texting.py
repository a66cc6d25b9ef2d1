"""Whatever is texted to us gets one answer at most, and no two machines keep each other busy."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime

import pytest

from tests.builders import a_member, an_sms, count, execute, rows
from tests.conftest import clock_of
from tests.sponsoring import sms_to, texted
from tests.work import work
from ussd_app.domain.keywords import taken_apart
from ussd_app.runtime import Runtime
from ussd_app.services import inbox, publishing, texting

STRANGER, OTHER = "+6281300000000", "+6281300000001"
HELP = "SMS ke nomor ini"


def received(rt: Runtime, phone: str, words: str, number: int) -> None:
    """An SMS is dealt with at once, without a job of its own."""
    form = {"from": phone, "to": "777", "text": words, "date": "2026-11-22 03:00:00", "id": f"r-{number}"}
    inbox.take_sms(rt, form)
    texting.handle(rt, rows(rt, "SELECT max(id) AS id FROM inbound_sms")[0]["id"])


# ---- help ----


def test_what_nobody_understands_is_answered_with_what_one_can_write(rt: Runtime) -> None:
    texted(rt, STRANGER, "Halo, ini siapa?")
    assert sms_to(rt, STRANGER)[0].startswith(HELP)


def test_help_for_what_nobody_understands_goes_out_once_an_hour(rt: Runtime) -> None:
    for words in ("Halo", "Apa ini", "🙂"):
        texted(rt, STRANGER, words)
    assert len(sms_to(rt, STRANGER)) == 1
    clock_of(rt).forward(minutes=61)
    texted(rt, STRANGER, "Halo?")
    assert len(sms_to(rt, STRANGER)) == 2


def test_every_message_begins_with_a_word_that_is_nobodys_keyword_or_says_too_much_for_one(rt: Runtime) -> None:
    documents = publishing.newest(rt)
    keywords = publishing.keywords(rt, documents)
    texts = publishing.messages(rt, documents)["help_sms"].texts
    firsts = [taken_apart(str(template[0])).word for template in texts.values()]
    assert [first for first in firsts if keywords.match(first)] == []


def test_a_member_is_answered_in_their_own_language_whatever_the_words_language(rt: Runtime) -> None:
    a_member(rt, phone=STRANGER)
    for phone in (STRANGER, OTHER):
        texted(rt, phone, "STOP")
    assert [sms_to(rt, phone)[-1].split(",")[0] for phone in (STRANGER, OTHER)] == ["Baik", "All right"]


# ---- no loops ----


@pytest.mark.parametrize("sender", ["TELKOMSEL", "777", "1500888", "GOJEK", "+62217900000", "Info BPJS"])
def test_a_sender_that_is_no_mobile_number_is_never_answered(rt: Runtime, sender: str) -> None:
    for words in ("DAFTAR", "Promo hari ini!", "STOP"):
        texted(rt, sender, words)
    assert (count(rt, "outbox"), rows(rt, "SELECT DISTINCT state FROM inbound_sms")) == (0, [{"state": "done"}])


def test_the_same_words_that_get_the_same_answer_are_answered_once(rt: Runtime) -> None:
    for _ in range(3):
        texted(rt, STRANGER, "CEK")
    assert len(sms_to(rt, STRANGER)) == 1


def test_the_same_words_an_hour_later_are_answered_again(rt: Runtime) -> None:
    texted(rt, STRANGER, "CEK")
    clock_of(rt).forward(minutes=61)
    texted(rt, STRANGER, "CEK")
    assert len(sms_to(rt, STRANGER)) == 2


def test_the_same_answer_to_different_questions_is_no_repetition(rt: Runtime) -> None:
    texted(rt, STRANGER, "DAFTAR#3174054508880003#Siti Aminah#05081988")
    for _ in range(3):
        texted(rt, STRANGER, "1")
    assert sms_to(rt, STRANGER)[-1].startswith("Nov 2026-Jan 2027: ")


def test_a_number_gets_so_many_answers_an_hour_and_a_day_and_then_none(rt: Runtime) -> None:
    got = []
    for number in range(100):
        if number in (40, 80):
            clock_of(rt).forward(minutes=61)
            got.append(len(sms_to(rt, STRANGER)))
        received(rt, STRANGER, f"CEK {number}", number)
    got.append(len(sms_to(rt, STRANGER)))
    assert got == [texting.MOST_AN_HOUR, texting.MOST_A_DAY, texting.MOST_A_DAY]


def test_a_phone_that_sends_everything_back_gets_one_answer(rt: Runtime) -> None:
    texted(rt, STRANGER, "CEK")
    for _ in range(5):
        texted(rt, STRANGER, sms_to(rt, STRANGER)[-1])
    assert len(sms_to(rt, STRANGER)) == 1


@pytest.mark.parametrize("first", ["halo", "DAFTAR", "BAYAR", "HAPUS", "BANTUAN", "YA", "INFO", "BERHENTI"])
def test_two_services_like_ours_that_answer_each_other_come_to_an_end(rt: Runtime, first: str) -> None:
    texted(rt, STRANGER, first)
    passed_on, number = 0, 0
    while passed_on < count(rt, "outbox"):
        newest = rows(rt, "SELECT phone, text FROM outbox ORDER BY id OFFSET :n LIMIT 1", n=passed_on)[0]
        received(rt, OTHER if newest["phone"] == STRANGER else STRANGER, newest["text"], number)
        passed_on, number = passed_on + 1, number + 1
        assert passed_on < 10, "they never end"


def test_an_sms_of_another_job_in_the_same_moment_does_not_take_the_place_of_the_answer(rt: Runtime) -> None:
    clock = clock_of(rt)

    def busy() -> datetime:
        an_sms(rt, phone=STRANGER, words="Terima kasih, Rp8.400 sudah diterima.")
        return clock()

    form = {"from": STRANGER, "to": "777", "text": "CEK", "date": "2026-11-22 03:00:00", "id": "r-1"}
    inbox.take_sms(rt, form)
    texting.handle(replace(rt, clock=busy), 1)
    assert rows(rt, "SELECT phone FROM outbox WHERE key = 'sms:1'") == [{"phone": STRANGER}]


def test_what_the_menu_texts_of_its_own_accord_is_the_only_answer(rt: Runtime) -> None:
    for words in ("DAFTAR#3174054508880003#Siti Aminah#05081988", "1", "1", "2", "3"):
        texted(rt, STRANGER, words)
    before = len(sms_to(rt, STRANGER))
    texted(rt, STRANGER, "2")
    assert [text.split(":")[0] for text in sms_to(rt, STRANGER)[before:]] == ["Rincian Nov 2026"]


# ---- once ----


def test_an_sms_delivered_three_times_changes_nothing_the_second_time(rt: Runtime) -> None:
    for _ in range(3):
        texted(rt, STRANGER, "DAFTAR", message_id="in-1")
    texted(rt, STRANGER, "3174054508880003", message_id="in-2")
    texted(rt, STRANGER, "3174054508880003", message_id="in-2")
    assert [text.split("\n")[0] for text in sms_to(rt, STRANGER)] == [
        "Ketik 16 angka NIK di KTP Anda",
        "Ketik tanggal lahir, contoh 17081990",
    ]


def test_two_sms_whose_jobs_come_in_the_wrong_order_are_answered_in_the_right_one(rt: Runtime) -> None:
    for number, words in enumerate(("DAFTAR", "3174054508880003"), start=1):
        form = {"from": STRANGER, "to": "777", "text": words, "date": "2026-11-22 03:00:00", "id": f"in-{number}"}
        inbox.take_sms(rt, form)
    texting.handle(rt, 2)
    texting.handle(rt, 1)
    assert [text.split("\n")[0][:10] for text in sms_to(rt, STRANGER)] == ["Ketik 16 a", "Ketik tang"]


def test_an_sms_that_fails_again_and_again_is_given_up(rt: Runtime) -> None:
    received(rt, STRANGER, "CEK", 1)
    execute(
        rt, "UPDATE inbound_sms SET state = 'waiting', attempts = :most, lease_until = NULL", most=texting.MOST_ATTEMPTS
    )
    texting.handle(rt, 1)
    assert rows(rt, "SELECT state FROM inbound_sms") == [{"state": "given_up"}]


# ---- anything at all ----

PIECES = (
    "DAFTAR",
    "daftra#",
    "BAYAR ",
    "CEK",
    "stop ",
    "YA",
    "tidak 2",
    "HAPUS ",
    "BAHASA ",
    "INFO",
    "mulai ",
    "#",
    "3174054508880003",
    "05081988",
    "Siti Aminah",
    "*",
    "0",
    "1",
    "2",
    "9",
    "99",
    "\x00",
    "\x07\x1b[2J",
    "\r\n",
    "🙂👩‍👩‍👧",
    "ꦗꦮ",
    "ᮞᮥᮔ᮪ᮓ",
    "\u202e\u200b",
    "é́́́",
    "%s {name}",
    "' OR 1=1 --",
    "x" * 3000,
    " ",
    "½²Ⅷ",
)


def test_five_hundred_random_texts_make_no_error_and_get_one_answer_at_most(rt: Runtime) -> None:
    chance = random.Random(5)
    for number in range(500):
        phone = f"+62813000000{chance.randrange(40):02}"
        pieces = [chance.choice((*PIECES, chr(chance.randrange(1, 0xD7FF)))) for _ in range(chance.randrange(5))]
        before = count(rt, "outbox")
        received(rt, phone, "".join(pieces).replace("\x00", ""), number)
        assert count(rt, "outbox") - before <= 1, pieces
    work(rt)
    assert rows(rt, "SELECT DISTINCT state FROM inbound_sms") == [{"state": "done"}]
    assert count(rt, "outbox") > 100
    assert rows(rt, "SELECT id FROM outbox WHERE segments > 1") == []
