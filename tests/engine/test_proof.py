"""Menus broken on purpose, one for each kind of error: what is wrong is found, on its line, by its path."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.engine.menus import VOCABULARY, compiled, problems_of
from tests.engine.test_compiler import WELL
from ussd_app.engine import source
from ussd_app.engine.effort import ways_of
from ussd_app.engine.messages import compile_messages
from ussd_app.engine.parts import included_in
from ussd_app.engine.proof import compile_menu
from ussd_app.errors import MenuProblems, Problem

BROKEN = Path(__file__).parent / "broken"
# Each file: the line, the path, and a part of the sentence.
FOUND = {
    "branch_that_hides_others": (20, "screens.here.branch.1", "those below it never get their turn"),
    "circle_of_steps": (17, "screens.here", "steps can follow each other in a circle"),
    "code_without_its_limit": (5, "codes.1.limit", "this must be written here"),
    "compared_with_a_skipped_answer": (22, "screens.here.ask.same_as", "the way welcome > here does not ask it"),
    "condition_that_is_code": (19, "screens.here.branch.0.when", "a condition may hold only names"),
    "copy_of_a_skipped_answer": (22, "screens.here.choices.1.set.again", "`item` need not have been answered"),
    "dead_end": (17, "screens.here", "no choice ever leads to an end"),
    "duplicate_key": (21, "screens.here.choices.1", "`1` is written twice"),
    "effect_fed_from_a_skipped_question": (29, "screens.ready.do", "the way welcome > here > ready does not ask it"),
    "empty_label": (20, "screens.here.choices.1.label", "there is no text here"),
    "empty_text": (18, "screens.here.end", "there is no text here"),
    "fact_fed_from_a_skipped_question": (31, "screens.ready.show.price", "the way welcome > here > ready does not"),
    "fact_that_is_always_found": (19, "screens.here.branch.0.when", "name one of its fields: total"),
    "go_beside_choices": (21, "screens.here.go", "`go` has no meaning beside `choices`"),
    "home_key_as_choice": (20, "screens.here.choices.00", "`00` is the key for home"),
    "missing_outcome": (20, "screens.here.outcomes", "`order` may end as `changed`"),
    "limit_of_a_code_out_of_range": (6, "codes.1.limit", "less than or equal to 182"),
    "missing_part": (7, "include.0", "there is no part `nowhere`: write nowhere.yaml beside this file"),
    "misspelt_word": (19, "screens.here.choises", "this word is not known here"),
    "name_in_the_menu_and_a_part": (16, "screens.bye", "`bye` stands in greetings.yaml:3 too"),
    "number_beside_a_list": (21, "screens.here.choices.1", "row 1 of the list would take the key"),
    "number_out_of_range": (6, "limit", "less than or equal to 182"),
    "outcomes_without_an_effect": (21, "screens.here.outcomes", "`outcomes` has no meaning beside `ask`"),
    "outside_the_alphabet": (18, "screens.here.end", "is not in the alphabet of plain phones"),
    "part_included_twice": (8, "include.1", "the part `greetings` is included already"),
    "plus_without_a_list": (20, "screens.here.choices.+", "`+` is the number after a `list`"),
    "recover_without_resume": (6, "recover", "invites people to go on where they were, and without `resume`"),
    "screen_over_the_limit": (19, "screens.here.end", "takes 106 of 100: shorten it by 6"),
    "screen_over_the_limit_of_a_code": (17, "screens.here.end", "takes 106 of 100 (on *2#): shorten it by 6"),
    "text_beside_end": (18, "screens.here.text", "`text` has no meaning beside `end`"),
    "text_of_a_skipped_question": (29, "screens.ready.end", "the way welcome > here > ready does not ask it"),
    "two_navigation_keys_alike": (6, "navigation.home_key", "`9` is the `back_key` too"),
    "unknown_check": (19, "screens.here.ask.check", "there is no check `nikk`"),
    "unknown_effect": (18, "screens.here.do", "there is no effect `orders`"),
    "unknown_fact": (20, "screens.here.show.it", "there is no fact `weather`"),
    "unknown_format": (18, "screens.here.end", "there is no format `upper`"),
    "unknown_language": (20, "screens.here.choices.1.set.language", "the menu has no language `nl`"),
    "unknown_target": (20, "screens.here.choices.1.go", "there is no screen `nowhere`"),
    "unreachable_screen": (18, "screens.island", "nobody would ever see it"),
    "wrong_parameter": (22, "screens.here.ask.max", "`many` must be a whole number"),
}
# Menus broken by a part of theirs, in broken/parts: the part with the problem, and where in it.
FOUND_IN_A_PART = {
    "name_in_two_parts": ("goodbyes.yaml", 4, "screens.bye", "`bye` stands in greetings.yaml:3 too"),
    "part_under_another_name": ("misnamed.yaml", 2, "part", "the file is called misnamed, the part named"),
    "unknown_target_in_a_part": ("to_the_shop.yaml", 8, "screens.here.choices.1.go", "there is no screen `shop`"),
    "unreachable_screen_of_a_part": ("greetings.yaml", 3, "screens.bye", "nobody would ever see it"),
    "wrong_word_in_a_part": ("with_a_code.yaml", 4, "codes", "this word is not known here"),
}
REASONS = "  pin: A.\n  pin_easy: A.\n  pin_differs: A.\n"


def errors_in(file: Path) -> list[Problem]:
    parts = [BROKEN / "parts" / f"{name}.yaml" for name in sorted(set(included_in(file.read_text())))]
    files = [file, *(part for part in parts if part.exists())]
    try:
        _, problems = compile_menu([source.read(each.name, each.read_text()) for each in files], 1, VOCABULARY)
    except MenuProblems as found:
        return found.problems
    return [problem for problem in problems if problem.error]


def remarks(screens: str, head: str = WELL) -> list[tuple[str, str]]:
    problems = problems_of(head.replace("[id, en]", "[id]") + screens)
    assert not [problem for problem in problems if problem.error], "\n".join(map(str, problems))
    return [(problem.path, problem.sentence) for problem in problems]


@pytest.mark.parametrize("name", FOUND)
def test_the_one_thing_wrong_with_a_broken_menu_is_found_on_its_line(name: str) -> None:
    line, path, part = FOUND[name]
    (problem,) = errors_in(BROKEN / f"{name}.yaml")
    assert (problem.file, problem.line, problem.path) == (f"{name}.yaml", line, path)
    assert part in problem.sentence


@pytest.mark.parametrize("name", FOUND_IN_A_PART)
def test_the_one_thing_wrong_with_a_part_is_found_in_its_file_on_its_line(name: str) -> None:
    file, line, path, sentence = FOUND_IN_A_PART[name]
    (problem,) = errors_in(BROKEN / f"{name}.yaml")
    assert (problem.file, problem.line, problem.path) == (file, line, path)
    assert sentence in problem.sentence


def test_every_broken_menu_has_its_line_in_the_table() -> None:
    assert sorted(file.stem for file in BROKEN.glob("*.yaml")) == sorted([*FOUND, *FOUND_IN_A_PART])


# ---- answers that are there on every way ----

OPTIONAL = """\
  here:
    text: A
    choices:
      1: {label: B, go: colours}
      2: {label: C, go: shown}
  colours:
    text: A
    choices:
      1: {label: B, set: {colour: red}, go: shown}
"""


@pytest.mark.parametrize(
    "shown",
    [
        "  shown:\n    branch:\n      - {when: colour, go: told}\n      - {go: bye}\n  told: {end: '{colour}'}\n",
        "  shown:\n    branch:\n      - {when: not colour, go: bye}\n      - {go: told}\n  told: {end: '{colour}'}\n",
        "  shown:\n    branch:\n      - {when: colour == 'red' and account, go: told}\n      - {go: bye}\n"
        "  told: {end: '{colour}'}\n",
        "  shown:\n    text: A\n    choices:\n      1: {label: '{colour}', when: colour, go: bye}\n"
        "      2: {label: B, go: bye}\n",
        "  shown:\n    text: '{colour}'\n    remember: {colour: account.name}\n    choices: {1: {label: A, go: bye}}\n",
    ],
    ids=["the branch where it holds", "the branch where its lack does not", "one of two", "a choice", "remembered"],
)
def test_an_answer_that_a_condition_makes_sure_of_may_be_shown(shown: str) -> None:
    assert remarks(OPTIONAL + shown) == []


@pytest.mark.parametrize(
    "when", ["colour or account", "account", "colour != 'red'", "not colour"], ids=["either", "other", "unlike", "not"]
)
def test_an_answer_that_a_condition_leaves_open_may_not_be_shown(when: str) -> None:
    shown = f"  shown:\n    branch:\n      - {{when: {when}, go: told}}\n      - {{go: bye}}\n"
    problems = problems_of(WELL.replace("[id, en]", "[id]") + OPTIONAL + shown + "  told: {end: '{colour}'}\n")
    assert [problem.path for problem in problems] == ["screens.told.end"]
    assert "the way welcome > here > shown > told does not ask it" in problems[0].sentence


def test_what_an_effect_tells_is_there_after_the_outcome_that_tells_it_only() -> None:
    order = "  here:\n    do: order\n    with: {item: tea, total: 1}\n    outcomes: {placed: told, changed: %s}\n"
    told = "  told: {end: 'Nomor {order.number}'}\n"
    assert remarks(order % "bye" + told) == []
    (problem,) = problems_of(WELL.replace("[id, en]", "[id]") + order % "told" + told)
    assert problem.sentence.startswith("`order.number` need not have been answered here")


def test_home_can_be_pressed_before_anything_was_answered() -> None:
    head = WELL.replace("start: welcome\n", "start: welcome\nhome: here\n").replace("[id, en]", "[id]")
    (problem,) = problems_of(head + "  here:\n    end: '{item}'\n")
    assert (problem.path, "the way here does not ask it" in problem.sentence) == ("screens.here.end", True)


def test_a_question_with_too_many_wrong_answers_gives_none() -> None:
    ask = "  here:\n    text: A\n    ask: {keep: x, check: words, tries: 2, otherwise: sorry}\n    go: bye\n"
    (problem,) = problems_of(WELL.replace("[id, en]", "[id]") + ask + "  sorry: {end: '{x}'}\n")
    assert "the way welcome > here > sorry does not ask it" in problem.sentence


# ---- keys, words and remarks ----


SHOPS = "text: A\n    list: {rows: shops, label: '{row.name}', keep: x, value: code, go: bye}\n"


@pytest.mark.parametrize(
    "choices", ["", "    choices: {'+': {label: B, when: account, go: bye}}\n"], ids=["none", "one"]
)
def test_a_list_that_may_leave_nothing_to_choose_is_a_remark(choices: str) -> None:
    sentence = "without any row of `shops` there is nothing to choose: add a `+` that is always there"
    assert remarks(f"  here:\n    {SHOPS}{choices}") == [("screens.here.list", sentence)]


@pytest.mark.parametrize(
    "screens",
    [
        f"  here:\n    {SHOPS}    choices: {{'+': {{label: B, go: bye}}}}\n",
        f"  here:\n    {SHOPS}    choices: {{'+': {{label: B, when: not shops, go: bye}}}}\n",
        f"  here:\n    branch:\n      - {{when: shops, go: pick}}\n      - {{go: bye}}\n  pick:\n    {SHOPS}",
        "  here:\n    text: A\n    choices:\n      1: {label: B, when: shops, go: pick}\n      2: {label: C, go: bye}\n"
        f"  pick:\n    {SHOPS}",
    ],
    ids=["always a choice", "a choice where there is no row", "a branch before it", "a choice before it"],
)
def test_a_list_that_always_leaves_a_choice_or_is_met_only_with_rows_is_well(screens: str) -> None:
    assert remarks(screens) == []


def test_the_key_for_back_as_a_choice_is_a_remark() -> None:
    (remark,) = remarks(
        "  here:\n    text: A\n    choices:\n      0: {label: B, go: bye}\n      1: {label: C, go: bye}\n"
    )
    assert remark[0] == "screens.here.choices.0"
    assert "nobody can go back" in remark[1]


@pytest.mark.parametrize(
    ("screen", "word"),
    [
        ("text: A\n    branch: [{go: bye}]", "text"),
        ("remember: {x: account.name}\n    branch: [{go: bye}]", "remember"),
        ("do: keep_language\n    show: {account: {}}\n    with: {language: id}\n    outcomes: {kept: bye}", "show"),
        ("end: A\n    go: bye", "go"),
        ("text: A\n    ask: {keep: x, check: words}\n    with: {x: 1}\n    go: bye", "with"),
    ],
)
def test_a_word_that_nobody_would_read_is_found(screen: str, word: str) -> None:
    problems = problems_of(WELL.replace("[id, en]", "[id]") + f"  here:\n    {screen}\n")
    assert [problem.path for problem in problems] == [f"screens.here.{word}"]
    assert f"`{word}` has no meaning beside" in problems[0].sentence


def test_a_translation_names_the_menu_that_it_translates() -> None:
    english = "menu: large\nlanguage: en\n"
    (problem,) = [problem for problem in problems_of(WELL + "  here: {end: A}\n", english) if problem.error]
    assert (problem.file, problem.line, problem.path) == ("en.yaml", 1, "menu")
    assert problem.sentence == "this is a translation of `large`, the menu is called `small`"


def questions(number: int, check: str) -> str:
    """A row of questions of one kind, from `here` on."""
    names = ["here", *(f"ask{count}" for count in range(1, number)), "bye"]
    return "".join(
        f"  {name}:\n    text: A\n    ask: {{keep: x, check: {check}}}\n    go: {after}\n"
        for name, after in pairwise(names)
    )


def test_more_answers_than_people_give_are_a_remark() -> None:
    assert remarks(questions(11, "number")) == []
    (remark,) = remarks(questions(12, "number"))
    assert remark[0] == "start"
    assert remark[1].startswith("the longest way takes 13 answers, more than 12: welcome > here > ask1")


def test_two_minutes_of_typing_are_a_remark() -> None:
    assert remarks(questions(6, "words")) == []
    (remark,) = remarks(questions(7, "words"))
    assert remark[1].startswith("the slowest way takes 128 seconds of typing, more than 120: welcome > here")


def test_ways_are_counted_without_circles() -> None:
    ways = ways_of(compiled(WELL + "  here:\n    text: A\n    choices: {1: {label: B, go: welcome}}\n"))
    assert (ways.count, ways.longest, ways.whole) == (2, ("welcome", "ask_item", "bye"), True)


@pytest.mark.parametrize(("text", "word"), [("Your PIN is here", "PIN"), ("The code: {dial}", "code")])
def test_a_word_for_which_networks_drop_an_sms_is_a_remark(text: str, word: str) -> None:
    file = source.read("messages.yaml", f"messages:\n  hello:\n    lane: urgent\n    texts:\n      id: '{text}'\n")
    messages, (remark,) = compile_messages(file, {"hello": {"dial": VOCABULARY.facts["account"].gives["name"]}})
    assert messages is not None
    assert (remark.line, remark.error, f"the word `{word}`" in remark.sentence) == (5, False, True)
