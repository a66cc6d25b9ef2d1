"""What a patch changes is said otherwise; every other character stays as somebody wrote it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.conftest import MENUS
from ussd_app.engine.patch import patched
from ussd_app.engine.source import read
from ussd_app.engine.spelling import scalar
from ussd_app.engine.yaml_tree import NotPatchable

SHIPPED = sorted(MENUS.glob("*.yaml"))
MENU = dedent(
    """\
    # On top.
    menu: quiz   # its name
    start: first

    screens:
      # The first one.
      first:
        text: "Halo, dunia"   # said first
        choices: &two
          1: {label: Ya, go: second}  # yes
          2: {label: 'Tidak', go: bye}

      # ---- later ----
      second:
        text: Lagi
        choices: *two

      third:
        text: Lagi
        choices: *two

      # The last one.
      bye:
        end: Dag
    """
)
Change = Callable[[dict[str, Any]], object]


def after(change: Change, text: str = MENU, **renamed: str) -> str:
    data = deepcopy(read("", text).data)
    change(data)
    return patched(text, data, {("screens", old): new for old, new in renamed.items()})


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_a_shipped_file_that_says_the_same_is_the_same_to_the_letter(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert patched(text, read("", text).data) == text


def test_one_label_changes_one_line() -> None:
    def change(data: dict[str, Any]) -> None:
        for name in ("first", "second", "third"):
            data["screens"][name]["choices"]["1"]["label"] = "Boleh"

    assert after(change) == MENU.replace("label: Ya,", "label: Boleh,")


def test_a_comment_behind_a_text_stays_when_the_text_changes() -> None:
    assert after(lambda data: data["screens"]["first"].update(text="Hai")) == MENU.replace('"Halo, dunia"', '"Hai"')


def test_a_text_keeps_the_quotes_its_author_likes() -> None:
    changed = after(lambda data: data["screens"]["second"].update(text="Hai", choices={"2": {"label": "O", "go": "x"}}))
    assert "text: Hai\n" in changed


def test_a_screen_that_shares_its_choices_gets_its_own_when_they_change() -> None:
    def change(data: dict[str, Any]) -> None:
        data["screens"]["third"]["choices"]["1"]["label"] = "Boleh"

    own = "choices:\n      1: {label: Boleh, go: second}\n      2: {label: Tidak, go: bye}\n"
    assert after(change) == own.join(MENU.rsplit("choices: *two\n", 1))


def test_the_next_screen_holds_the_shared_choices_when_the_first_changes_its_own() -> None:
    def change(data: dict[str, Any]) -> None:
        data["screens"]["first"]["choices"]["1"]["label"] = "Boleh"

    changed = after(change)
    assert "choices:\n      1: {label: Boleh, go: second}  # yes" in changed
    assert "choices: &two\n      1: {label: Ya, go: second}\n" in changed
    assert changed.count("*two") == 1


def test_a_screen_goes_with_its_comment_and_without_that_of_the_next() -> None:
    def change(data: dict[str, Any]) -> None:
        del data["screens"]["third"], data["screens"]["second"]

    changed = after(change)
    assert "# The last one.\n  bye:" in changed
    assert "second:\n    text" not in changed


def test_a_heading_stays_when_the_screen_below_it_goes() -> None:
    assert "\n\n  # ---- later ----\n  third:\n" in after(lambda data: data["screens"].pop("second"))


def test_what_shared_the_choices_of_a_screen_that_goes_keeps_them() -> None:
    changed = after(lambda data: data["screens"].pop("first"))
    assert read("", changed).data["screens"]["third"]["choices"]["1"]["label"] == "Ya"
    assert changed.count("label: Ya") == 1


def test_a_renamed_screen_keeps_its_comments_and_its_place() -> None:
    def change(data: dict[str, Any]) -> None:
        data["screens"] = {"begin" if name == "first" else name: value for name, value in data["screens"].items()}

    assert after(change, first="begin") == MENU.replace("  first:", "  begin:")


def test_a_new_screen_stands_apart_like_its_neighbours() -> None:
    def change(data: dict[str, Any]) -> None:
        data["screens"]["new"] = {"text": "Baru: ya", "choices": {"1": {"label": "Ya", "go": "bye"}}}

    new = '\n  new:\n    text: "Baru: ya"\n    choices:\n      1: {label: Ya, go: bye}\n'
    assert after(change) == MENU + new


def test_keys_in_braces_come_and_go_without_touching_the_others() -> None:
    def change(data: dict[str, Any]) -> None:
        for name in ("first", "second", "third"):
            line = data["screens"][name]["choices"]["1"]
            del line["go"]
            line |= {"when": "a == 1", "go": "bye"}

    assert "{label: Ya, when: a == 1, go: bye}  # yes" in after(change)


def test_a_text_over_several_lines_becomes_one_line_when_it_changes() -> None:
    text = "screens:\n  a:\n    text: |-\n      eins\n      zwei\n  b: {end: Dag}\n"
    changed = after(lambda data: data["screens"]["a"].update(text="satu\ndua"), text)
    assert changed == 'screens:\n  a:\n    text: "satu\\ndua"\n  b: {end: Dag}\n'


LINES = """\
screens:
  a:
    branch:
    # first
    - when: x == 1   # c1
      go: b

    # last
    - go: c
  b: {end: Dag}
"""


def test_a_way_is_put_between_two_that_are_written_in_lines_of_their_own() -> None:
    changed = after(lambda data: data["screens"]["a"]["branch"].insert(1, {"when": "y", "go": "d"}), LINES)
    assert changed == LINES.replace("      go: b\n", "      go: b\n    - {when: y, go: d}\n")


def test_a_way_that_leads_elsewhere_changes_one_line_of_its_list() -> None:
    changed = after(lambda data: data["screens"]["a"]["branch"][0].update(go="d"), LINES)
    assert changed == LINES.replace("go: b", "go: d")


def test_a_way_goes_with_its_comments() -> None:
    changed = after(lambda data: data["screens"]["a"]["branch"].pop(0), LINES)
    assert changed == "screens:\n  a:\n    branch:\n    # last\n    - go: c\n  b: {end: Dag}\n"


@pytest.mark.parametrize("text", ["a: !!str 1\n", "a: 1\n---\nb: 2\n", "? [a]\n: 1\n", "- a\n", "a: [\n"])
def test_a_file_that_a_patch_cannot_follow_is_refused(text: str) -> None:
    with pytest.raises(NotPatchable):
        patched(text, {"a": "2"})


@hypothesis_settings(deadline=None)
@given(
    st.text(
        st.characters(blacklist_categories=["Cs", "Cc"]) | st.sampled_from("\n\t:#{}[],&*!|>'\"%@`-? "), max_size=40
    )
)
def test_any_text_is_read_back_as_it_was_given(value: str) -> None:
    for style in ("", "'", '"'):
        block = f"k: {scalar(value, style=style)}\n"
        braces = f"k: {{a: {scalar(value, style=style, flow=True)}, b: c}}\n"
        assert read("", block).data == {"k": value}
        assert read("", braces).data == {"k": {"a": value, "b": "c"}}


NAMES = st.sampled_from(["first", "second", "third", "bye", "new", "more"])
SCREENS = st.fixed_dictionaries(
    {},
    optional={
        "text": st.text("ab :,#'\"", max_size=8),
        "end": st.sampled_from(["Dag", "yes", "01", ""]),
        "choices": st.dictionaries(
            st.sampled_from("123"), st.fixed_dictionaries({"label": st.sampled_from(["Ya", "a, b"]), "go": NAMES})
        ),
        "branch": st.lists(st.fixed_dictionaries({"go": NAMES}, optional={"when": st.just("a == 1")}), max_size=3),
    },
)


@given(st.dictionaries(NAMES, SCREENS), st.sets(NAMES))
@hypothesis_settings(deadline=None)
def test_whatever_the_new_contents_are_they_are_read_back_and_what_stays_keeps_its_lines(
    screens: Mapping[str, Any], kept: set[str]
) -> None:
    before = read("", MENU).data["screens"]
    wanted = {name: deepcopy(before[name]) for name in before if name in kept}
    wanted |= {name: screen for name, screen in screens.items() if name not in kept}
    changed = patched(MENU, {"menu": "quiz", "start": "first", "screens": wanted})
    assert read("", changed).data["screens"] == wanted
    assert changed.startswith("# On top.\nmenu: quiz   # its name\nstart: first\n\nscreens:")
    assert "bye" not in kept or "  bye:\n    end: Dag" in changed
    assert "first" not in kept or '  first:\n    text: "Halo, dunia"   # said first\n' in changed
