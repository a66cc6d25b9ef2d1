"""What an SMS takes, costs and says while somebody words it."""

from __future__ import annotations

import pytest

from tests.builders import a_paid_member
from tests.conftest import MENUS
from ussd_app.domain import gsm7
from ussd_app.engine.kinds import FORMATS
from ussd_app.runtime import Runtime
from ussd_app.services import publishing, wording
from ussd_app.services.words import MESSAGES

SHIPPED = publishing.sources_of("messages", publishing.files_of(MENUS)["messages"])[0].data["messages"]


@pytest.mark.parametrize("message", SHIPPED)
def test_every_shipped_text_can_be_shown_for_every_example(rt: Runtime, message: str) -> None:
    for who in wording.PEOPLE:
        given = wording.values(rt, message, who)
        for language, words in SHIPPED[message]["texts"].items():
            assert wording.filled(words, language, given), (who, language)


@pytest.mark.parametrize("message", MESSAGES)
def test_no_example_is_longer_than_what_its_text_was_proved_for(rt: Runtime, message: str) -> None:
    for who in wording.PEOPLE:
        for name, value in wording.values(rt, message, who).items():
            kind = MESSAGES[message][name]
            show = next(show for format_, (show, kinds) in FORMATS.items() if kind.name in kinds and format_ != "cut")
            shown, longest = (gsm7.size(show(one, "id", None)).units for one in (value, kind.longest))
            assert shown <= longest, (who, name)


def test_every_variable_is_written_so_that_it_can_be_shown(rt: Runtime) -> None:
    for message in MESSAGES:
        given = wording.values(rt, message, "usual")
        for one in wording.variables(rt, message, "id"):
            assert wording.filled(one.written, "id", given), (message, one.written)


def test_a_text_that_cannot_be_filled_is_none(rt: Runtime) -> None:
    given = wording.values(rt, "receipt", "usual")
    assert [wording.filled(text, "id", given) for text in ("{", "{price}", "{total|nothing}")] == [None] * 3


@pytest.mark.parametrize(
    ("text", "most", "told"),
    [
        ("x" * 160, 1, ("GSM-7", 160, 160, 1, 350)),
        ("x" * 161, 1, ("GSM-7", 161, 160, 2, 700)),
        ("x" * 161, 2, ("GSM-7", 161, 306, 2, 700)),
        ("é" * 80, 1, ("GSM-7", 80, 160, 1, 350)),
        ("ê" * 80, 1, ("UCS-2", 80, 70, 2, 700)),
    ],
)
def test_parts_and_price_are_counted_in_the_alphabet_that_the_text_needs(
    rt: Runtime, text: str, most: int, told: tuple[object, ...]
) -> None:
    found = wording.measured(rt, text, most)
    assert (found.encoding, found.units, found.room, found.segments, found.cost) == told


def test_a_stranger_is_told_by_its_name(rt: Runtime) -> None:
    assert wording.measured(rt, "Lunas ✔").strangers == (("✔", "HEAVY CHECK MARK"),)


def test_what_is_true_of_a_member_is_taken_from_what_they_paid(rt: Runtime) -> None:
    member = a_paid_member(rt)
    told = wording.values_of(rt, member, "remind_before")
    assert told == {"month": ["2026-12-01"], "due": "2026-12-15", "lapse": "2027-03-15"}
