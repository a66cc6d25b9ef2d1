"""What is wrong with a draft is found while somebody types, with its place; and how much room every text takes."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from tests.conftest import MENUS
from tests.drafting import QUIZ, replaced
from ussd_app.services import inspecting, publishing
from ussd_app.services.inspecting import Fill, Found

SHIPPED = publishing.files_of(MENUS)


def problems(files: Mapping[str, str]) -> tuple[Found, ...]:
    return inspecting.inspect("quiz", files).problems


def places(files: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    return [(found.section, found.screen, found.field, found.language) for found in problems(files)]


def fill(files: Mapping[str, str], screen: str, language: str) -> Fill:
    found = inspecting.inspect("quiz", files).fills
    return next(one for one in found if (one.screen, one.language) == (screen, language))


def test_a_menu_without_mistakes_can_be_walked_and_published() -> None:
    found = inspecting.inspect("quiz", QUIZ)
    assert (found.kind, found.problems, found.publishable, found.menu is not None) == ("menu", (), True, True)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("go: second", "go: nowhere", ("screens", "first", "choices.1.go", "id")),
        ("start: first", "start: nowhere", ("start", "", "", "id")),
        ("text: Lagi?", "txet: Lagi?", ("screens", "second", "txet", "id")),
        ("{choose: Pilih nomor.}", "{choose: ''}", ("reasons", "", "choose", "id")),
    ],
    ids=["target", "start", "word", "reason"],
)
def test_a_problem_names_the_screen_and_the_field_it_belongs_to(
    old: str, new: str, place: tuple[str, str, str, str]
) -> None:
    assert place in places(replaced(old, new))


def test_a_problem_of_a_translation_names_its_language_and_its_line() -> None:
    (found,) = problems(replaced("text: Quiz", f"text: '{'W' * 170}'", file="quiz.en.yaml"))
    assert (found.screen, found.field, found.language) == ("first", "text", "en")
    assert (found.problem.file, found.problem.line) == ("quiz.en.yaml", 6)


def test_a_file_that_is_no_yaml_is_a_problem_with_its_line() -> None:
    (found,) = problems({**QUIZ, "quiz.en.yaml": "menu: quiz\nscreens: [\n"})
    assert (found.problem.file, found.problem.line, found.section) == ("quiz.en.yaml", 3, "")


def test_broken_files_are_all_told_of_at_once() -> None:
    assert {found.problem.file for found in problems(dict.fromkeys(QUIZ, "a: ["))} == set(QUIZ)


def test_a_missing_main_file_is_a_problem() -> None:
    assert [found.problem.file for found in problems({"quiz.en.yaml": QUIZ["quiz.en.yaml"]})] == ["quiz.yaml"]


def test_a_menu_that_offers_more_than_the_rates_allow_is_a_problem() -> None:
    rates = publishing.rates_beside(SHIPPED)
    files = {**SHIPPED["main"], "main.yaml": SHIPPED["main"]["main.yaml"].replace("months: 12}", "months: 11}")}
    sentences = [str(found.problem) for found in inspecting.inspect("main", files, rates).problems]
    assert any("do not allow to pay 11 months" in sentence for sentence in sentences)


# ---- room ----


def test_a_screen_is_measured_with_the_longest_reason_and_its_navigation() -> None:
    found = fill(QUIZ, "second", "id")
    assert found.shown == ("Pilih nomor.\nLagi?\n1. Ya\n0. Kembali",)
    assert (found.septets, found.limit, found.over) == (len(found.shown[0]), 160, 0)


def test_every_text_of_a_screen_is_measured_alone_in_its_language() -> None:
    assert fill(QUIZ, "first", "en").texts == {"text": 4, "choices.1.label": 5, "choices.2.label": 4}


def test_a_screen_that_is_too_long_tells_by_how_much() -> None:
    files = replaced("text: Kuis", f"text: {'W' * 150}")
    assert fill(files, "first", "id").over == fill(files, "first", "id").septets - 160 > 0
    assert fill(files, "first", "en").over == 0


def test_fields_are_measured_at_their_longest() -> None:
    files = replaced("text: Lagi?", 'text: "{member.name|cut:16}"')
    assert fill(files, "second", "id").texts["text"] == 16


def test_texts_are_measured_although_the_menu_has_other_mistakes() -> None:
    assert fill(replaced("go: second", "go: nowhere"), "second", "id").texts["text"] == 5


def test_what_cannot_be_measured_is_left_out_and_told_as_a_problem() -> None:
    files = replaced("text: Lagi?", 'text: "{member.name|date} {member.due|date}"')
    found = inspecting.inspect("quiz", files)
    assert [one.language for one in found.fills if one.screen == "second"] == ["en"]
    assert not found.publishable


def test_an_sms_is_measured_with_every_field_at_its_longest() -> None:
    found = inspecting.inspect("messages", SHIPPED["messages"]).messages
    assert {one.language for one in found} == {"id", "en", "jv", "su"}
    assert all(one.segments <= one.most and one.septets <= 459 for one in found)
    assert max(one.septets for one in found if one.most == 1) > 100


def test_an_sms_that_is_too_long_is_measured_and_told_with_its_language() -> None:
    text = SHIPPED["messages"]["messages.yaml"]
    at = text.index("    texts:\n", text.index("  way_out:"))
    line = text[at:].splitlines()[1]
    files = {"messages.yaml": text.replace(line, f"      id: {'W' * 170}", 1)}
    found = inspecting.inspect("messages", files)
    place = [(one.section, one.screen, one.language) for one in found.problems]
    assert place == [("messages", "way_out", "id")]
    assert [one.segments for one in found.messages if (one.message, one.language) == ("way_out", "id")] == [2]


def test_the_largest_menu_is_looked_at_in_well_under_a_second_of_work() -> None:
    inspecting.inspect("main", SHIPPED["main"])
    text = SHIPPED["main"]["main.yaml"].replace("text: Lainnya\n", "text: Lain\n")
    begun = time.process_time()
    inspecting.inspect("main", {**SHIPPED["main"], "main.yaml": text})
    assert time.process_time() - begun < 1.5  # 0.4 s on an idle machine
