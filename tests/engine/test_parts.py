"""A menu includes parts: what they say belongs to it, in every language, and every mistake is told where it stands."""

from __future__ import annotations

import pytest

from tests.engine.menus import VOCABULARY, Person
from ussd_app.engine import graph, source
from ussd_app.engine.parts import included_in, is_part
from ussd_app.engine.proof import compile_menu
from ussd_app.errors import Problem

MENU = """\
menu: shop
codes: ["*1#"]
languages: [id, en]
start: welcome
include: [greetings]
screens:
  welcome: {text: Halo, choices: {1: {label: Selesai, go: bye}}}
"""
EN = "menu: shop\nlanguage: en\nnavigation: {back: Back}\nscreens: {welcome: {text: Hello, choices: {1: Done}}}\n"
PART = """\
part: greetings
reasons: {choose: Pilih nomor.}
screens:
  bye: {text: Sampai jumpa, choices: {1: {label: Lagi, go: welcome}, 2: {label: Sudah, go: ended}}}
  ended: {end: Selesai}
"""
PART_EN = """\
part: greetings
language: en
reasons: {choose: Choose a number.}
screens:
  bye: {text: See you, choices: {1: Again, 2: Enough}}
  ended: {end: Done}
"""
FILES = {"shop.yaml": MENU, "shop.en.yaml": EN, "greetings.yaml": PART, "greetings.en.yaml": PART_EN}


def made_of(files: dict[str, str]) -> tuple[graph.Menu | None, list[Problem]]:
    """What the compiler makes of these files, the menu first."""
    return compile_menu([source.read(name, text) for name, text in files.items()], 1, VOCABULARY)


def menu_of(files: dict[str, str]) -> graph.Menu:
    menu, problems = made_of(files)
    assert menu is not None, "\n".join(map(str, problems))
    assert problems == []
    return menu


def only(**changed: str) -> Problem:
    """The one problem in the files of the shop, some of them changed."""
    files = FILES | {name.replace("_", ".") + ".yaml": text for name, text in changed.items()}
    menu, problems = made_of(files)
    assert menu is None
    (problem,) = problems
    return problem


def test_somebody_walks_from_the_menu_into_a_part_and_back() -> None:
    person = Person(menu_of(FILES))
    assert person.says("1").text == "Sampai jumpa\n1. Lagi\n2. Sudah\n0. Kembali"
    assert person.says("1").text == "Halo\n1. Selesai\n0. Kembali"


def test_a_reason_of_a_part_stands_above_the_screens_of_the_menu() -> None:
    assert Person(menu_of(FILES)).says("7").text.startswith("Pilih nomor.\nHalo")


def test_a_part_speaks_the_language_of_its_translation() -> None:
    person = Person(menu_of(FILES), language="en")
    assert person.says("1").text == "See you\n1. Again\n2. Enough\n0. Back"


def test_the_order_of_the_files_does_not_matter() -> None:
    backwards = {"shop.yaml": MENU, **dict(reversed(FILES.items()))}
    assert menu_of(backwards).screens == menu_of(FILES).screens


def test_a_language_that_only_the_part_is_translated_into_is_spoken_there() -> None:
    menu, problems = made_of({name: text for name, text in FILES.items() if name != "shop.en.yaml"})
    assert menu is not None
    assert {(problem.file, problem.path) for problem in problems} == {
        ("shop.yaml", "screens.welcome.text"),
        ("shop.yaml", "screens.welcome.choices.1.label"),
    }
    assert Person(menu, language="en").says("1").text == "See you\n1. Again\n2. Enough\n0. Kembali"


def test_a_translation_into_a_language_that_the_menu_has_not_is_left_aside() -> None:
    menu = menu_of(
        {"shop.yaml": MENU.replace("[id, en]", "[id]"), "greetings.yaml": PART, "greetings.en.yaml": PART_EN}
    )
    assert set(menu.screens["bye"].text) == {"id"}


def test_a_text_missing_in_the_translation_of_a_part_is_remarked_in_the_part() -> None:
    _, problems = made_of(FILES | {"greetings.en.yaml": PART_EN.replace("  ended: {end: Done}\n", "")})
    (remark,) = problems
    assert (remark.file, remark.line, remark.path, remark.error) == ("greetings.yaml", 5, "screens.ended.end", False)


def test_a_text_that_is_wrong_in_the_translation_of_a_part_is_told_there() -> None:
    problem = only(greetings_en=PART_EN.replace("See you", "'See you {nobody}'"))
    assert (problem.file, problem.line, problem.path) == ("greetings.en.yaml", 5, "screens.bye.text")


def test_a_screen_of_a_part_that_is_too_long_is_told_in_the_part() -> None:
    problem = only(greetings=PART.replace("Selesai", "selesai " * 21))
    assert (problem.file, problem.line, problem.path) == ("greetings.yaml", 5, "screens.ended.end")


@pytest.mark.parametrize(
    ("changed", "file", "line", "path", "part_of_sentence"),
    [
        ({"shop": MENU.replace("include: [greetings]\n", "")}, "greetings.yaml", 1, "part", "does not include"),
        ({"greetings_en": PART_EN.replace("  ended:", "  over:")}, "greetings.en.yaml", 6, "screens.over", "no screen"),
        ({"greetings_en": PART_EN.replace("{choose:", "{nik:")}, "greetings.en.yaml", 3, "reasons.nik", "no reason"),
        (
            {"greetings_en": PART_EN.replace("1: Again", "3: Again")},
            "greetings.en.yaml",
            5,
            "screens.bye.choices.3",
            "the part has no choice `3` here",
        ),
        ({"greetings_en": PART_EN.replace("greetings", "goodbyes")}, "greetings.en.yaml", 1, "part", "is called"),
        ({"greetings_en": PART_EN.replace(": en", ": id")}, "greetings.en.yaml", 2, "language", "of the part itself"),
        (
            {"shop_en": EN.replace("{welcome", "{ended: {end: Over}, welcome")},
            "shop.en.yaml",
            4,
            "screens.ended",
            "`ended` stands in greetings.yaml: translate it in greetings.en.yaml",
        ),
        ({"other_en": "part: other\nlanguage: en\n"}, "other.en.yaml", 1, "part", "is missing: other.yaml"),
        ({"greetings": PART + "include: [more]\n"}, "greetings.yaml", 6, "include", "is not known here"),
        ({"greetings_en": PART_EN + "codes: []\n"}, "greetings.en.yaml", 7, "codes", "is not known here"),
    ],
)
def test_files_that_do_not_go_together_are_told_in_the_file_to_mend(
    changed: dict[str, str], file: str, line: int, path: str, part_of_sentence: str
) -> None:
    problem = only(**changed)
    assert (problem.file, problem.line, problem.path) == (file, line, path)
    assert part_of_sentence in problem.sentence


def test_mistakes_in_the_shape_of_several_files_are_told_together() -> None:
    _, problems = made_of(FILES | {"shop.yaml": MENU + "colour: red\n", "greetings.yaml": PART + "colour: red\n"})
    assert [(problem.file, problem.path) for problem in problems] == [
        ("shop.yaml", "colour"),
        ("greetings.yaml", "colour"),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("include: [common, language]\n", ["common", "language"]),
        ("menu: a\ninclude:\n  - common # the reasons\n\n  - language\nstart: b\n", ["common", "language"]),
        ("include:\n- common\n# and\n- language\nstart: b\n", ["common", "language"]),
        ("include: [common]\nscreens: [broken\n", ["common"]),
        ("include: [common\nscreens:\n", []),
        ("include: common\n", []),
        ("include: [{a: b}, common]\n", ["common"]),
        ("screens:\n  include: [common]\n", []),
        ("", []),
    ],
)
def test_what_a_menu_includes_is_known_before_the_rest_of_it_is_right(text: str, found: list[str]) -> None:
    assert included_in(text) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PART, True),
        (PART_EN, True),
        ("# About\npart: a\nscreens: [\n", True),
        (MENU, False),
        ("a:\n  part: b\n", False),
    ],
)
def test_a_part_is_known_by_the_word_it_begins_with(text: str, expected: bool) -> None:
    assert is_part(text) is expected
