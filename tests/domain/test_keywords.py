"""People write to us as they type on a small phone: what is meant is found, and nothing dear is ever guessed."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.conftest import MENUS
from ussd_app.domain.keywords import (
    COMMANDS,
    UNFORGIVING,
    Keywords,
    Said,
    fields_in,
    keywords_from,
    slips_between,
    taken_apart,
)

NIK, NAME, BORN = "3174054508880003", "Siti Aminah", "05081988"
ALL = {"nik": NIK, "name": NAME, "birth_date": BORN}


def shipped() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load((MENUS / "keywords.yaml").read_text(encoding="utf-8"))
    return data


KEYWORDS: Keywords = keywords_from(shipped())
WORDS = [
    (command, word)
    for command, keyword in KEYWORDS.keywords.items()
    for words in keyword.words.values()
    for word in words
]
FORGIVEN = [(command, word) for command, word in WORDS if command not in UNFORGIVING and len(word) >= 4]


def command_of(text: str) -> str | None:
    match = KEYWORDS.match(taken_apart(text).word)
    return match.command if match else None


def slips_of(word: str) -> dict[str, str]:
    """One slip of each kind in the middle of a word."""
    at = len(word) // 2
    return {
        "wrong": f"{word[:at]}Q{word[at + 1 :]}",
        "missing": word[:at] + word[at + 1 :],
        "too many": f"{word[:at]}{word[at]}{word[at:]}",
        "changed places": f"{word[: at - 1]}{word[at]}{word[at - 1]}{word[at + 1 :]}",
    }


@pytest.mark.parametrize(("command", "word"), WORDS)
def test_every_keyword_is_understood_in_small_letters_with_spaces_and_full_stops(command: str, word: str) -> None:
    assert [command_of(written) for written in (word, word.lower(), f"  {word.title()}. ")] == [command] * 3


@pytest.mark.parametrize("slip", ["wrong", "too many", "changed places"])
@pytest.mark.parametrize(("command", "word"), FORGIVEN)
def test_one_slip_in_a_keyword_is_forgiven_or_nothing_is_understood(command: str, word: str, slip: str) -> None:
    assert command_of(slips_of(word)[slip]) in (command, None)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("dafter", "register"),
        ("DFATAR#3174054508880003", "register"),
        ("daftra 3174054508880003", "register"),
        ("DAFTAR3174054508880003", "register"),
        ("registr", "register"),
        ("REGSITRE", "register"),
        ("byar", "pay"),
        ("bayer", "pay"),
        ("paymnt", "pay"),
        ("statsu", "status"),
        ("chekc", "status"),
        ("bantuann", "help"),
        ("hlep", "help"),
        ("bahsa sunda", "language"),
        ("langauge", "language"),
        ("imfo", "info"),
        ("informsi", "info"),
        ("muali", "start"),
        ("strat", "start"),
        ("ＤＡＦＴＡＲ", "register"),
        ("📱 daftar", "register"),
    ],
)
def test_what_thumbs_really_type_is_understood(text: str, command: str) -> None:
    assert command_of(text) == command


@pytest.mark.parametrize(("command", "word"), [(command, word) for command, word in WORDS if command in UNFORGIVING])
def test_nothing_becomes_a_yes_a_no_a_stop_or_an_erasure_by_a_slip(command: str, word: str) -> None:
    typed = [slipped for slipped in slips_of(word).values() if slipped not in {known for _, known in WORDS}]
    assert [command_of(slipped) for slipped in typed if command_of(slipped) in UNFORGIVING] == []


@pytest.mark.parametrize("text", ["halo", "Hello", "P", "", "🙂", "1", "assalamualaikum", "siapa ini", "bpjs", "hapis"])
def test_other_words_are_nobodys_keyword(text: str) -> None:
    assert command_of(text) is None


def test_a_word_as_near_to_two_commands_is_neither() -> None:
    data = shipped()
    data["keywords"]["pay"]["words"]["id"].append("CEPAT")
    data["keywords"]["status"]["words"]["id"].append("CEPAK")
    assert keywords_from(data).match("CEPAX") is None


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("DAFTAR", "DAFTAR", 0), ("DAFTRA", "DAFTAR", 1), ("DATAR", "DAFTAR", 1), ("INGO", "INFO", 1), ("", "AB", 2)],
)
def test_slips_are_counted_letter_by_letter(one: str, other: str, slips: int) -> None:
    assert slips_between(one, other) == slips


@given(st.text(alphabet="ABCD", max_size=8), st.text(alphabet="ABCD", max_size=8))
def test_slips_are_the_same_both_ways_and_none_only_in_the_same_word(one: str, other: str) -> None:
    slips = slips_between(one, other)
    assert (slips, slips == 0) == (slips_between(other, one), one == other)


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [("YA#2", "YA", ("2",)), ("tidak 1.", "TIDAK", ("1",)), ("hapus, ya!", "HAPUS", ("YA",)), ("", "", ())],
)
def test_a_keyword_and_its_words_may_be_parted_by_anything(text: str, word: str, rest: tuple[str, ...]) -> None:
    said = taken_apart(text)
    assert (said.word, said.rest) == (word, rest)


@pytest.mark.parametrize(
    "tail",
    [
        f"#{NIK}#{NAME}#{BORN}",
        f" #{NIK} # {NAME} # {BORN} ",
        f" {NIK},{NAME},{BORN}",
        f"\n{NIK}\n{NAME}\n{BORN}",
        f" {NIK} {NAME} {BORN}",
        f"#{NIK}#{BORN}#{NAME}",
        f"{NIK} {NAME}, {BORN}",
        f"#NIK: {NIK}#NAMA: {NAME}#TGL: {BORN}",
        f"*{NIK}*{NAME}*{BORN}",
    ],
)
def test_the_fields_of_daftar_are_known_by_their_shape(tail: str) -> None:
    assert fields_in(tail) == ALL


@pytest.mark.parametrize(
    ("tail", "fields"),
    [
        ("", {}),
        ("#", {}),
        (" dong pak gimana caranya", {}),
        (f" {NIK}", {"nik": NIK}),
        (f" 3174 0545 0888 0003 {BORN}", {"nik": "3174 0545 0888 0003", "birth_date": BORN}),
        (f"#{NIK}##{BORN}", {"nik": NIK, "birth_date": BORN}),
        (f" {NIK} Siti 5 Agustus 1988", {"nik": NIK, "name": "Siti", "birth_date": "5 Agustus 1988"}),
        ("#317405#Siti", {"nik": "317405", "name": "Siti"}),
        (f"#{NIK[:-1]}O#{NAME}", {"nik": f"{NIK[:-1]}O", "name": NAME}),
        (f" {NIK}45 {NAME}", {"nik": f"{NIK}45", "name": NAME}),
        (" 31740545 Siti", {"nik": "31740545", "name": "Siti"}),
    ],
)
def test_what_is_missing_or_wrong_in_daftar_stays_so(tail: str, fields: dict[str, str]) -> None:
    assert fields_in(tail) == fields


@given(st.text())
def test_any_text_at_all_is_taken_apart(text: str) -> None:
    said = taken_apart(text)
    assert isinstance(said, Said)
    assert fields_in(said.tail).keys() <= ALL.keys()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda data: data["keywords"]["pay"]["words"]["id"].append("DAFTAR"), "DAFTAR stands there twice"),
        (lambda data: data["keywords"].pop("stop"), "`stop` is missing"),
        (lambda data: data["keywords"]["no"]["words"]["en"].append(False), "put it in quotes"),
        (lambda data: data["keywords"]["pay"]["words"]["id"].append("bayar"), "pattern"),
        (lambda data: data["keywords"].update(sing={"words": {"id": ["NYANYI"]}}), "sing"),
        (lambda data: data["topics"]["all"].append("INFO"), "INFO stands there twice"),
    ],
)
def test_a_table_of_keywords_that_could_not_be_served_is_refused(change: Any, complaint: str) -> None:
    data = shipped()
    change(data)
    with pytest.raises(ValidationError, match=complaint):
        keywords_from(data)


def test_every_command_has_a_word_in_indonesian_and_in_english() -> None:
    languages = {command: set(KEYWORDS.keywords[command].words) for command in COMMANDS}
    assert [command for command in COMMANDS if not {"id", "en"} <= languages[command]] == []
