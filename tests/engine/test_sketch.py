"""What a menu's files say of screens and ways is read, whatever mistakes stand in them."""

from __future__ import annotations

from typing import Any

import pytest

from ussd_app.engine.sketch import Sketch, Way, sketch

MENU: dict[str, Any] = {
    "menu": "quiz",
    "start": "first",
    "home": "check",
    "resume": {"minutes": "9", "how": "ask", "screen": "again"},
    "screens": {
        "first": {
            "text": "Kuis",
            "choices": {"1": {"label": "Mulai", "go": "ask"}, "2": {"label": "Tutup", "go": "bye"}},
        },
        "again": {"text": "Lanjut?", "list": {"label": "{row.name}", "go": "done"}, "choices": {}},
        "ask": {"text": "Umur?", "ask": {"keep": "age", "tries": "3", "otherwise": "bye"}, "go": "check"},
        "check": {"branch": [{"when": "age > 17", "go": "done"}, {"go": "left"}]},
        "done": {"do": "register", "outcomes": {"accepted": "bye", "refused": "nowhere"}},
        "bye": {"end": "Dag"},
    },
}


def ways(read: Sketch, name: str) -> list[Way]:
    return list(read.screens[name].ways)


def test_a_screen_is_what_it_does() -> None:
    kinds = {name: screen.kind for name, screen in sketch([MENU]).screens.items()}
    assert kinds == {
        "first": "choices",
        "again": "choices",
        "ask": "question",
        "check": "step",
        "done": "step",
        "bye": "end",
        "left": "elsewhere",
        "nowhere": "missing",
    }


def test_every_way_says_how_one_gets_there() -> None:
    read = sketch([MENU])
    assert ways(read, "first") == [Way("choice", "1", "Mulai", "ask"), Way("choice", "2", "Tutup", "bye")]
    assert ways(read, "again") == [Way("row", "1…", "{row.name}", "done")]
    assert ways(read, "ask") == [Way("answer", "", "age", "check"), Way("tries", "", "3", "bye")]
    assert ways(read, "check") == [Way("when", "", "age > 17", "done"), Way("else", "", "", "left")]
    assert ways(read, "done") == [Way("outcome", "", "accepted", "bye"), Way("outcome", "", "refused", "nowhere")]


def test_a_dialogue_begins_at_the_start_the_home_and_where_somebody_is_asked_to_go_on() -> None:
    assert sketch([MENU]).roots == ("first", "check", "again")


def test_the_screens_of_parts_belong_to_the_menu_and_translations_do_not() -> None:
    part = {"part": "shared", "screens": {"nowhere": {"end": "Here"}}}
    english = {"menu": "quiz", "language": "en", "screens": {"first": {"text": "Quiz"}, "odd": {"text": "?"}}}
    read = sketch([MENU, part, english])
    assert (read.screens["nowhere"].kind, read.screens["first"].text, "odd" in read.screens) == ("end", "Kuis", False)


@pytest.mark.parametrize(
    "broken",
    [
        [],
        [None],
        ["words"],
        [{}],
        [{"screens": "none", "start": ["first"]}],
        [{"screens": {"a": "words", "b": None, "c": {"text": ["x"], "choices": {"1": "words", "2": {"go": ["x"]}}}}}],
        [{"screens": {"a": {"ask": "nik", "list": 1, "branch": [1, {"go": {}}], "outcomes": {"x": {}}}}}],
        [{"screens": {"a": {"branch": "words"}}, "resume": "ask", "home": "nowhere"}],
    ],
)
def test_what_is_not_written_as_it_should_be_is_left_out(broken: list[Any]) -> None:
    read = sketch(broken)
    assert read.roots == ()
    assert [way for screen in read.screens.values() for way in screen.ways] == []
