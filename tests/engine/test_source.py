"""A menu file is read as it was typed, and every mistake is found on its own line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_app.engine.source import read
from ussd_app.errors import MenuProblems, Problem

FILE = """\
# a comment
menu: main
screens:
  welcome:
    text: Halo
    branch:
      - {when: member, go: a}
      - go: b
"""


def problems_of(text: str) -> list[Problem]:
    with pytest.raises(MenuProblems) as caught:
        read("menu.yaml", text)
    return caught.value.problems


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("menu",), 2),
        (("screens",), 3),
        (("screens", "welcome"), 4),
        (("screens", "welcome", "text"), 5),
        (("screens", "welcome", "branch"), 6),
        (("screens", "welcome", "branch", "0", "go"), 7),
        (("screens", "welcome", "branch", "1", "go"), 8),
    ],
)
def test_every_path_knows_its_line(path: tuple[str, ...], line: int) -> None:
    assert read("menu.yaml", FILE).line(path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("screens", "welcome", "ask", "keep"), 4),
        (("screens", "nowhere"), 3),
        (("nothing", "at", "all"), 2),
        ((), 2),
    ],
)
def test_a_path_that_is_not_written_has_the_line_of_what_is_around_it(path: tuple[str, ...], line: int) -> None:
    assert read("menu.yaml", FILE).line(path) == line


@pytest.mark.parametrize("typed", ["no", "yes", "null", "~", "0812", "1e3", "0x10", "1.50", "2026-01-01", "12:30:45"])
def test_a_word_stays_the_text_that_was_typed(typed: str) -> None:
    assert read("menu.yaml", f"a: {typed}\nb: [{typed}]\n{typed}: c").data == {"a": typed, "b": [typed], typed: "c"}


def test_a_value_left_out_is_an_empty_text() -> None:
    assert read("menu.yaml", "a:\nb: x").data == {"a": "", "b": "x"}


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_an_empty_file_is_an_empty_menu(text: str) -> None:
    source = read("menu.yaml", text)
    assert (source.data, source.line(("screens",))) == ({}, 1)


@pytest.mark.parametrize(
    ("text", "line", "path"),
    [
        ("a: 1\na: 2\n", 2, "a"),
        ("screens:\n  x:\n    text: A\n    end: B\n    text: C\n", 5, "screens.x.text"),
        ("choices: {1: {go: a},\n  1: {go: b}}\n", 2, "choices.1"),
        ("a:\n - b: 1\n   b: 2\n", 3, "a.0.b"),
    ],
)
def test_a_word_written_twice_is_found_where_it_stands_again(text: str, line: int, path: str) -> None:
    [problem] = problems_of(text)
    assert (problem.file, problem.line, problem.path) == ("menu.yaml", line, path)
    assert f"`{path.split('.')[-1]}` is written twice" in problem.sentence


def test_all_words_written_twice_are_found_at_once() -> None:
    assert [problem.line for problem in problems_of("a: 1\na: 2\nb: 1\nb: 2\na: 3\n")] == [2, 4, 5]


@pytest.mark.parametrize("text", ["a: 1\n? [b, c]\n: 2\n", "a: 1\n? {b: c}\n: 2\n"])
def test_a_key_that_is_no_word_is_found(text: str) -> None:
    [problem] = problems_of(text)
    assert (problem.line, problem.sentence) == (2, "a key must be a plain word or number")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3),
        ("a: 1\nb:\n\tc: 2\n", 3),
        ('a: "x\n', 2),
        ("a: b: c\n", 1),
        ("a: *nowhere\n", 1),
        ("a: 1\n---\nb: 2\n", 2),
        ("a: 1\n  b: 2\n", 2),
    ],
)
def test_what_is_no_yaml_is_found_on_its_line(text: str, line: int) -> None:
    [problem] = problems_of(text)
    assert (problem.file, problem.line, problem.path) == ("menu.yaml", line, "(file)")
    assert problem.sentence.startswith("this is not valid YAML: ")


def test_what_an_alias_stands_for_is_there_in_both_places() -> None:
    source = read("menu.yaml", "a: &choices\n  1: {go: x}\nb: *choices\n")
    assert source.data == {"a": {"1": {"go": "x"}}, "b": {"1": {"go": "x"}}}


def test_an_alias_has_a_line_of_its_own_and_what_is_in_it_that_of_the_original() -> None:
    source = read("menu.yaml", "a: &choices\n  1: {go: x}\nb: *choices\n")
    assert (source.line(("b",)), source.line(("b", "1", "go"))) == (3, 2)


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [*x]",
        "a: &x {b: *x}",
        "a: " + "[" * 3000 + "]" * 3000,
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    ],
    ids=["itself in a list", "itself in a mapping", "three thousand deep", "nine to the power of nine"],
)
def test_a_file_that_unfolds_without_end_is_refused(text: str) -> None:
    [problem] = problems_of(text)
    assert (problem.path, "*aliases" in problem.sentence) == ("(file)", True)


@given(st.text())
def test_any_text_is_read_or_refused_with_a_line_inside_it(text: str) -> None:
    try:
        read("menu.yaml", text)
    except MenuProblems as error:
        for problem in error.problems:
            assert 1 <= problem.line <= len(text.splitlines()) + 1


def test_a_problem_reads_like_a_compilers() -> None:
    source = read("menu.yaml", FILE)
    assert str(source.problem(("screens", "welcome", "text"), "too long")) == (
        "menu.yaml:5: screens.welcome.text: too long"
    )


def test_a_remark_says_that_it_is_one() -> None:
    assert str(read("menu.yaml", FILE).problem((), "odd", error=False)) == "menu.yaml:2: (file): remark: odd"
