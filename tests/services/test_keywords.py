"""An SMS with a word we know is done and answered once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.builders import a_member, count, rows, shipped
from tests.conftest import MENUS
from tests.sponsoring import a_basket, a_phone, sms_to, texted
from tests.work import work
from ussd_app.__main__ import main
from ussd_app.errors import MenuProblems
from ussd_app.runtime import Runtime
from ussd_app.services import inbox, publishing, texting

STRANGER = "+6281300000000"


@pytest.mark.parametrize("text", ["YA", " ya ", "Ya.", "ya!", "IYA", "yes", "Setuju"])
def test_people_write_yes_in_many_ways(rt: Runtime, text: str) -> None:
    a_basket(rt, ["Ani"])
    texted(rt, a_phone(1), text)
    assert rows(rt, "SELECT state FROM invitations") == [{"state": "agreed"}]


def test_a_yes_with_other_words_is_no_consent_and_says_how_to_answer(rt: Runtime) -> None:
    a_basket(rt, ["Ani"])
    texted(rt, a_phone(1), "ya ampun")
    assert rows(rt, "SELECT state FROM invitations") == [{"state": "asked"}]
    assert "Balas YA 1 atau TIDAK 1" in sms_to(rt, a_phone(1))[-1]


def test_a_yes_that_nobody_asked_for_is_answered_kindly(rt: Runtime) -> None:
    texted(rt, STRANGER, "YA")
    assert sms_to(rt, STRANGER) == ["Tidak ada tawaran yang menunggu jawaban nomor ini. Info dan pendaftaran: *777#"]


def test_the_same_sms_twice_is_answered_once(rt: Runtime) -> None:
    for _ in range(2):
        texted(rt, STRANGER, "YA", message_id="in-1")
    assert count(rt, "outbox") == 1


def test_a_job_that_runs_twice_answers_once(rt: Runtime) -> None:
    texted(rt, STRANGER, "YA")
    texting.handle(rt, 1)
    assert count(rt, "outbox") == 1


def test_the_sweep_finds_an_sms_whose_job_was_lost(rt: Runtime) -> None:
    form = {"from": STRANGER, "to": "777", "text": "YA", "date": "2026-11-22 03:00:00", "id": "in-1"}
    inbox.take_sms(rt, form)
    rt.redis.flushall()
    texting.sweep(rt)
    work(rt)
    assert count(rt, "outbox") == 1


# ---- BERHENTI and MULAI ----


def stopped(rt: Runtime) -> list[tuple[str, str]]:
    """What a stranger wants no texts of today, and why."""
    found = rows(rt, "SELECT topic, reason FROM stops WHERE phone = :phone AND ended_at IS NULL", phone=STRANGER)
    return sorted((row["topic"], row["reason"]) for row in found)


@pytest.mark.parametrize(
    ("text", "topic", "said"),
    [
        ("BERHENTI", "all", "pengingat dan info"),
        ("stop", "all", "no more reminders or information"),
        ("Stop.", "all", "no more reminders or information"),
        ("berhenti semua", "all", "pengingat dan info"),
        ("BERHENTI PENGINGAT", "reminders", "pengingat iuran"),
        ("berhenti pengigat", "reminders", "pengingat iuran"),
        ("STOP INFO", "education", "no more information"),
        ("stop, jangan kirim lagi ya pak", "all", "no more reminders or information"),
    ],
)
def test_whoever_texts_stop_is_told_what_was_stopped_and_how_to_start_again(
    rt: Runtime, text: str, topic: str, said: str
) -> None:
    texted(rt, STRANGER, text)
    (answer,) = sms_to(rt, STRANGER)
    assert [each for each, _ in stopped(rt)] == [topic]
    assert said in answer
    assert "Balas MULAI" in answer or "Reply START" in answer


def test_a_stop_keeps_the_message_the_words_and_the_time(rt: Runtime) -> None:
    texted(rt, STRANGER, "STOP terlalu sering", message_id="in-9")
    (row,) = rows(rt, "SELECT channel, reference, reason, at FROM stops")
    assert row == {"channel": "sms", "reference": "in-9", "reason": "terlalu sering", "at": rt.clock()}


def test_a_nik_among_the_words_of_a_stop_is_not_kept(rt: Runtime) -> None:
    texted(rt, STRANGER, "STOP 3174054508880003")
    assert stopped(rt) == [("all", "")]


@pytest.mark.parametrize(
    ("text", "left"), [("MULAI", []), ("start", []), ("MULAI PENGINGAT", ["education"]), ("mulai info", ["reminders"])]
)
def test_whoever_texts_start_gets_again_what_was_stopped(rt: Runtime, text: str, left: list[str]) -> None:
    texted(rt, STRANGER, "BERHENTI")
    texted(rt, STRANGER, text)
    assert [topic for topic, _ in stopped(rt)] == left
    assert len(sms_to(rt, STRANGER)) == 2


@pytest.mark.parametrize("text", ["STOB", "HAPIS", "BERHENTY", "STEP"])
def test_a_slip_never_stops_anything(rt: Runtime, text: str) -> None:
    texted(rt, STRANGER, text)
    assert stopped(rt) == []


def test_a_stop_counts_even_where_a_number_has_had_all_its_answers(rt: Runtime) -> None:
    for number in range(texting.MOST_AN_HOUR):
        texted(rt, STRANGER, f"CEK {number}")
    before = len(sms_to(rt, STRANGER))
    texted(rt, STRANGER, "BERHENTI")
    assert (len(sms_to(rt, STRANGER)), [topic for topic, _ in stopped(rt)]) == (before, ["all"])


# ---- INFO, BAHASA, BANTUAN ----


def test_whoever_asks_for_info_gets_texts_about_the_programme_and_is_told_so(rt: Runtime) -> None:
    texted(rt, STRANGER, "INFO")
    (answer,) = sms_to(rt, STRANGER)
    assert "BERHENTI INFO" in answer
    assert count(rt, "contacts") == 1


def test_a_member_who_asks_for_info_reads_it_at_once(rt: Runtime) -> None:
    a_member(rt, phone=STRANGER)
    texted(rt, STRANGER, "INFO")
    (answer,) = sms_to(rt, STRANGER)
    assert (answer.split("\n")[0], count(rt, "contacts")) == ("Manfaat dan biaya", 0)


@pytest.mark.parametrize(
    ("text", "language"), [("BAHASA JAWA", "jv"), ("language english", "en"), ("BASA SUNDA", "su"), ("bahasa id", "id")]
)
def test_a_language_is_chosen_by_its_name(rt: Runtime, text: str, language: str) -> None:
    texted(rt, STRANGER, text)
    assert rows(rt, "SELECT language FROM phones") == [{"language": language}]


def test_without_a_name_the_languages_are_offered_and_one_is_chosen(rt: Runtime) -> None:
    texted(rt, STRANGER, "BAHASA")
    assert sms_to(rt, STRANGER)[-1].startswith("Pilih bahasa")
    texted(rt, STRANGER, "4")
    assert rows(rt, "SELECT language FROM phones") == [{"language": "su"}]


@pytest.mark.parametrize(
    ("text", "beginning"),
    [("HELP", "Text to this number"), ("bantuan", "SMS ke nomor ini"), ("BANTOSAN", "SMS ka nomer")],
)
def test_help_comes_in_the_language_of_the_word_that_asked_for_it(rt: Runtime, text: str, beginning: str) -> None:
    texted(rt, STRANGER, text)
    assert sms_to(rt, STRANGER)[0].startswith(beginning)


def test_an_english_keyword_is_answered_in_the_language_the_phone_has_chosen(rt: Runtime) -> None:
    texted(rt, STRANGER, "BAHASA SUNDA")
    texted(rt, STRANGER, "HELP")
    assert sms_to(rt, STRANGER)[-1].startswith("SMS ka nomer ieu")


# ---- where a word leads ----


def test_a_keyword_that_leads_to_no_screen_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(MENUS, tmp_path / "menus") / "keywords.yaml"
    assert main(["menus", "check", str(copy)]) == 0
    copy.write_text(shipped("keywords").replace("screen: pay_months", "screen: pay_mouths"))
    assert main(["menus", "check", str(copy)]) == 1
    assert (
        "keywords.yaml:13: keywords.pay.screen: the menu `main` has no screen `pay_mouths`" in capsys.readouterr().out
    )


def test_a_keyword_that_leads_to_no_screen_is_not_published(rt: Runtime) -> None:
    wrong = shipped("keywords").replace("screen: about", "screen: a_bout")
    with pytest.raises(MenuProblems, match="a_bout"):
        publishing.publish(rt, "keywords", {"keywords.yaml": wrong}, by="an admin")
