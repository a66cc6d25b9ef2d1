"""An SMS with a word we know is done and answered once; any other is kept and left alone."""

from __future__ import annotations

import pytest

from tests.builders import count, rows
from tests.sponsoring import a_basket, a_phone, sms_to, texted
from tests.work import work
from ussd_app.runtime import Runtime
from ussd_app.services import inbox, keywords

STRANGER = "+6281300000000"


@pytest.mark.parametrize("text", ["YA", " ya ", "Ya.", "ya!", "IYA", "yes", "Setuju"])
def test_people_write_yes_in_many_ways(rt: Runtime, text: str) -> None:
    a_basket(rt, ["Ani"])
    texted(rt, a_phone(1), text)
    assert rows(rt, "SELECT state FROM invitations") == [{"state": "agreed"}]


@pytest.mark.parametrize(
    ("text", "expected"), [("YA#2", ("YA", ("2",))), ("tidak 1.", ("TIDAK", ("1",))), ("", ("", ()))]
)
def test_a_keyword_and_its_fields_may_be_parted_by_spaces_or_hashes(
    text: str, expected: tuple[str, tuple[str, ...]]
) -> None:
    assert keywords.normalized(text) == expected


def test_a_yes_with_other_words_is_no_consent_and_says_how_to_answer(rt: Runtime) -> None:
    a_basket(rt, ["Ani"])
    texted(rt, a_phone(1), "ya ampun")
    assert rows(rt, "SELECT state FROM invitations") == [{"state": "asked"}]
    assert "Balas YA 1 atau TIDAK 1" in sms_to(rt, a_phone(1))[-1]


def test_a_yes_that_nobody_asked_for_is_answered_kindly(rt: Runtime) -> None:
    texted(rt, STRANGER, "YA")
    assert sms_to(rt, STRANGER) == ["Tidak ada tawaran yang menunggu jawaban nomor ini. Info dan pendaftaran: *777#"]


def test_an_unknown_word_is_kept_and_not_answered(rt: Runtime) -> None:
    texted(rt, STRANGER, "Halo")
    assert (rows(rt, "SELECT state FROM inbound_sms"), count(rt, "outbox")) == ([{"state": "done"}], 0)


def test_the_same_sms_twice_is_answered_once(rt: Runtime) -> None:
    for _ in range(2):
        texted(rt, STRANGER, "YA", message_id="in-1")
    assert count(rt, "outbox") == 1


def test_a_job_that_runs_twice_answers_once(rt: Runtime) -> None:
    texted(rt, STRANGER, "YA")
    keywords.handle(rt, 1)
    assert count(rt, "outbox") == 1


def test_the_sweep_finds_an_sms_whose_job_was_lost(rt: Runtime) -> None:
    form = {"from": STRANGER, "to": "777", "text": "YA", "date": "2026-11-22 03:00:00", "id": "in-1"}
    inbox.take_sms(rt, form)
    rt.redis.flushall()
    keywords.sweep(rt)
    work(rt)
    assert count(rt, "outbox") == 1
