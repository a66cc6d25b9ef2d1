"""A draft is walked as a caller would, by people who do not exist, and nothing comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.builders import rows
from tests.conftest import MENUS
from tests.drafting import QUIZ, replaced
from ussd_app.errors import MenuProblems, NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import example_people, preview, publishing
from ussd_app.services.preview import Phone

MAIN = publishing.files_of(MENUS)["main"]
ENROLLED = ("1", "3174054508880003", "05081988", "Siti Aminah", "1", "1", "2")


def dialled(rt: Runtime, *answers: str, files: Mapping[str, str] = MAIN, name: str = "main", **told: Any) -> Phone:
    return preview.walk(rt, name, files, answers=answers, **told)


def test_a_draft_that_nobody_has_published_is_walked(rt: Runtime) -> None:
    seen = dialled(rt, "1", files=replaced("Lagi?", "Sekali lagi?"), name="quiz")
    assert (seen.screen, seen.text) == ("second", "Sekali lagi?\n1. Ya\n0. Kembali")


def test_a_draft_that_does_not_compile_is_not_walked(rt: Runtime) -> None:
    with pytest.raises(MenuProblems, match="nowhere"):
        dialled(rt, files=replaced("go: second", "go: nowhere"), name="quiz")


def test_with_one_answer_less_it_is_a_step_back(rt: Runtime) -> None:
    there = dialled(rt, "1", "1", files=QUIZ, name="quiz")
    back = dialled(rt, *there.answers[:-1], files=QUIZ, name="quiz")
    assert (there.screen, back.screen) == ("first", "second")


def test_the_trail_has_every_screen_on_the_way(rt: Runtime) -> None:
    trail = dialled(rt, "1", "0", "2", files=QUIZ, name="quiz").trail
    assert [(step.said, step.screen) for step in trail] == [
        ("", "first"),
        ("1", "second"),
        ("0", "first"),
        ("2", "bye"),
    ]


def test_a_wrong_answer_is_refused_as_on_a_phone(rt: Runtime) -> None:
    seen = dialled(rt, "7", files=QUIZ, name="quiz")
    assert (seen.taken, seen.text.splitlines()[0]) == (False, "Pilih nomor.")


def test_what_is_said_after_the_end_is_not_heard(rt: Runtime) -> None:
    seen = dialled(rt, "2", "1", files=QUIZ, name="quiz")
    assert (seen.ends, seen.answers) == (True, ("2",))


@pytest.mark.parametrize(("language", "first"), [("", "Kuis"), ("en", "Quiz")])
def test_any_language_is_spoken(rt: Runtime, language: str, first: str) -> None:
    assert dialled(rt, files=QUIZ, name="quiz", language=language).text.startswith(first)


def test_the_room_taken_is_told(rt: Runtime) -> None:
    seen = dialled(rt, files=QUIZ, name="quiz")
    assert (seen.septets, seen.limit) == (len(seen.text), 160)


@pytest.mark.parametrize(
    ("person", "screen"),
    [
        ("guest", "home_guest"),
        ("active", "home_active"),
        ("received", "home_received"),
        ("due", "home_due"),
        ("arrears", "home_arrears"),
        ("lapsed", "home_lapsed"),
        ("refused", "home_refused"),
        ("unpaid", "home_unpaid"),
        ("left", "home_left"),
        ("family", "who"),
        ("invited", "invited"),
    ],
)
def test_everybody_comes_to_their_own_first_screen(rt: Runtime, person: str, screen: str) -> None:
    assert dialled(rt, person=person).screen == screen


@pytest.mark.parametrize("person", example_people.PEOPLE)
@pytest.mark.parametrize("name", ["main", "sponsor"])
def test_everybody_can_press_every_key_of_the_first_screens(rt: Runtime, person: str, name: str) -> None:
    files = publishing.files_of(MENUS)[name]
    for first in "12345":
        for second in "123":
            assert dialled(rt, first, second, person=person, files=files, name=name).text


def test_somebody_enrols_with_the_published_prices_and_nothing_is_done(rt: Runtime) -> None:
    consent = dialled(rt, *ENROLLED)
    assert consent.text.startswith("Nov 2026: 1x 8.400 = Rp8.400. Setuju daftar")
    done = dialled(rt, *ENROLLED, "1").done[0]
    assert (done.effect, done.outcome, done.arguments["months"]) == ("register", "accepted", 1)
    assert rows(rt, "SELECT (SELECT count(*) FROM members) + (SELECT count(*) FROM registrations) AS n") == [{"n": 0}]
    assert rt.redis.keys() == [b"srt:documents"]


def test_an_effect_ends_as_it_is_told_to(rt: Runtime) -> None:
    told: dict[str, Any] = {"outcomes": {"register": "already"}}
    assert dialled(rt, *ENROLLED, "1", **told).screen != dialled(rt, *ENROLLED, "1").screen


def test_an_effect_does_not_end_in_a_way_it_does_not_have(rt: Runtime) -> None:
    with pytest.raises(NotAllowedNow, match="never ends as `odd`"):
        dialled(rt, *ENROLLED, "1", outcomes={"register": "odd"})


def test_another_menu_is_visited_as_it_is_live(rt: Runtime) -> None:
    assert dialled(rt, "5").menu == "sponsor"


def test_a_screen_in_the_middle_is_shown_to_somebody_who_has_answered_everything(rt: Runtime) -> None:
    seen = dialled(rt, person="guest", at="register_consent")
    assert seen.screen == "register_consent"
    assert "2x 8.400 + 1x 16.800" in seen.text


def test_every_screen_that_people_see_can_be_shown_in_every_language(rt: Runtime) -> None:
    wanted = list(preview.compiled("main", tuple(sorted(MAIN.items()))).screens)
    for language in ("id", "jv"):
        shown = preview.screens(rt, "main", MAIN, wanted, language=language)
        assert len(shown) > 90
        assert all(shown.values())


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"person": "nobody"}, "no_example"),
        ({"language": "fr"}, "no_language"),
        ({"at": "nowhere"}, "no_screen"),
        ({"answers": ["1"] * 61}, "too_many_answers"),
        ({"answers": ["1" * 201]}, "too_many_answers"),
    ],
    ids=["person", "language", "screen", "answers", "length"],
)
def test_what_cannot_be_walked_is_refused(rt: Runtime, told: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotAllowedNow) as refused:
        preview.walk(rt, "quiz", QUIZ, **told)
    assert refused.value.reason == reason


@pytest.mark.parametrize("answers", [("1", "1", "1"), ("1", "0", "0")])
def test_the_same_answers_lead_to_the_same_screen(rt: Runtime, answers: Sequence[str]) -> None:
    assert dialled(rt, *answers) == dialled(rt, *answers)
