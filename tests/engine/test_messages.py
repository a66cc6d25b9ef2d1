"""No SMS is sent that was not proved to fit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.values import a_row
from ussd_app.domain import gsm7
from ussd_app.engine import source
from ussd_app.engine.kinds import DATE, MONEY, Kind, text
from ussd_app.engine.messages import Messages, compile_messages
from ussd_app.errors import Problem
from ussd_app.services import words

MENUS = Path(__file__).parent.parent.parent / "menus"
FIELDS: Mapping[str, Mapping[str, Kind]] = {"receipt": {"name": text(30), "total": MONEY, "until": DATE}}


def compile_(file: str) -> tuple[Messages | None, list[Problem]]:
    return compile_messages(source.read("messages.yaml", file), FIELDS)


def one(text: str, language: str = "id", more: str = "") -> str:
    return f"messages:\n  receipt:\n    lane: urgent\n{more}    texts:\n      {language}: {text!r}\n"


def only(file: str) -> Problem:
    made, problems = compile_(file)
    assert made is None
    assert len(problems) == 1, "\n".join(map(str, problems))
    return problems[0]


@cache
def shipped() -> Messages:
    made, problems = compile_messages(
        source.read("messages.yaml", (MENUS / "messages.yaml").read_text()), words.MESSAGES
    )
    assert made is not None, "\n".join(map(str, problems))
    return made


@pytest.mark.parametrize(
    ("language", "sent"),
    [("id", "Siti, Rp16.800 s.d. 15 Des 2026"), ("en", "Siti: Rp16,800"), ("su", "Siti, Rp16.800 s.d. 15 Dés 2026")],
)
def test_a_message_is_filled_in_its_language_or_in_indonesian(language: str, sent: str) -> None:
    file = one("{name}, {total|rupiah} s.d. {until|date}") + "      en: '{name}: {total|rupiah}'\n"
    made, problems = compile_(file)
    assert made is not None, problems
    assert made["receipt"].fill(language, {"name": "Siti", "total": 16_800, "until": "2026-12-15"}) == sent


def test_a_message_knows_its_lane() -> None:
    made, _ = compile_(one("Halo"))
    assert made is not None
    assert made["receipt"].lane == "urgent"


def test_what_fills_a_message_is_made_plain() -> None:
    made, _ = compile_(one("Halo {name}"))
    assert made is not None
    assert made["receipt"].fill("id", {"name": "Nur’aini"}) == "Halo Nur'aini"


@pytest.mark.parametrize(
    ("file", "line", "path", "sentence"),
    [
        (
            one("Halo {nama}"),
            5,
            "messages.receipt.texts.id",
            "`nama` is not given to this message: use name, total, until",
        ),
        (one("{total}"), 5, "messages.receipt.texts.id", "`total` is money: it needs another format"),
        (one("{name|date}"), 5, "messages.receipt.texts.id", "`name` is text: it needs another format"),
        (
            one("{name|upper}"),
            5,
            "messages.receipt.texts.id",
            "there is no format `upper`: use one of rupiah, date, months, cut",
        ),
        (
            one("Terima kasih 👍"),
            5,
            "messages.receipt.texts.id",
            "👍 is not in the alphabet of plain phones: it would halve the room",
        ),
        (one("Thanks", language="en"), 4, "messages.receipt.texts", "the Indonesian text (`id`) is missing"),
        (
            one("w" * 131 + "{name}"),
            5,
            "messages.receipt.texts.id",
            "at its longest it takes 161 septets, 2 SMS instead of 1",
        ),
        (
            one("w" * 277 + "{name}", more="    segments: 2\n"),
            6,
            "messages.receipt.texts.id",
            "at its longest it takes 307 septets, 3 SMS instead of 2",
        ),
        (
            one("A") + "  other:\n    lane: urgent\n    texts: {id: A}\n",
            6,
            "messages.other",
            "no part of the service sends a message of this name",
        ),
        ("messages: {}\n", 1, "messages", "the message `receipt` is missing"),
        (
            one("A", more="    colour: red\n"),
            4,
            "messages.receipt.colour",
            "this word is not known here: check its spelling and indentation",
        ),
    ],
)
def test_a_mistake_in_a_message_is_found_on_its_line(file: str, line: int, path: str, sentence: str) -> None:
    problem = only(file)
    assert (problem.file, problem.line, problem.path, problem.sentence) == ("messages.yaml", line, path, sentence)


@pytest.mark.parametrize("text", [one("w" * 130 + "{name}"), one("w" * 276 + "{name}", more="    segments: 2\n")])
def test_a_message_that_fits_to_the_last_septet_is_accepted(text: str) -> None:
    assert compile_(text)[1] == []


def test_a_text_that_is_too_long_in_one_language_is_found_there() -> None:
    problem = only(one("A") + f"      en: {'w' * 161}\n")
    assert (problem.line, problem.path) == (6, "messages.receipt.texts.en")


def test_the_shipped_messages_are_all_that_the_service_sends() -> None:
    assert shipped().keys() == words.MESSAGES.keys()


@pytest.mark.parametrize("language", ["id", "en", "jv", "su"])
@pytest.mark.parametrize("name", sorted(words.MESSAGES))
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_every_shipped_message_is_one_sms_whatever_fills_it(name: str, language: str, data: st.DataObject) -> None:
    values = data.draw(a_row(words.MESSAGES[name]))
    assert gsm7.size(shipped()[name].fill(language, values)).segments == 1


REFUSALS = one("Halo") + "refusals:\n  {code}:\n    {language}: {words!r}\n"


@pytest.mark.parametrize(
    ("language", "words", "sentence"),
    [
        ("en", "too young", "the Indonesian text (`id`) is missing"),
        ("id", "W" * 53, "this reason takes 53 septets instead of 52 at most"),
        ("id", "{name} salah", "a reason has no fields: write a plain sentence"),
    ],
)
def test_a_reason_of_a_refusal_is_a_short_plain_sentence_in_indonesian_at_least(
    language: str, words: str, sentence: str
) -> None:
    assert only(REFUSALS.format(code="age", language=language, words=words)).sentence == sentence


def test_where_a_message_gives_a_reason_there_must_be_words_for_any_other() -> None:
    without = (MENUS / "messages.yaml").read_text().replace("\n  other:\n", "\n  another:\n")
    _, problems = compile_messages(source.read("messages.yaml", without), words.MESSAGES)
    assert "`refusals` needs `other`" in str(problems[-1])
