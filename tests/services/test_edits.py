"""What forms change in a menu: in every language and part at once, or not at all and with the reason."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.conftest import MENUS
from ussd_app.engine.source import read
from ussd_app.errors import NotAllowedNow
from ussd_app.services import edits, inspecting, publishing

SHIPPED = publishing.files_of(MENUS)
MAIN = SHIPPED["main"]
QUIZ = {
    "quiz.yaml": """\
menu: quiz
codes: ["*778#"]
languages: [id, en]
start: first
include: [ends]
reasons: {choose: Pilih nomor.}
screens:
  # Asked of everybody.
  first:
    text: Kuis
    choices:
      1: {label: Mulai, go: name}  # begins
      2: {label: Selesai, go: bye}
      3: {label: Ulang, go: first}

  name:
    text: Nama?
    ask: {keep: name, check: words}
    go: bye
""",
    "quiz.en.yaml": """\
menu: quiz
language: en
screens:
  first:
    text: Quiz
    choices: {1: Begin, 2: Stop, 3: Again}
""",
    "ends.yaml": "part: ends\nscreens:\n  bye: {end: Dag}\n",
}


def edited(files: Mapping[str, str] = QUIZ, *, document: str = "quiz", **edit: Any) -> dict[str, str]:
    return edits.apply(document, files, edits.edit_from(edit))


def said(files: Mapping[str, str], file: str = "quiz.yaml") -> Any:
    return read(file, files[file]).data["screens"]


def lines_changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    found = []
    for file in after:
        lines = difflib.ndiff(before.get(file, "").splitlines(), after[file].splitlines())
        found += [f"{file} {line}" for line in lines if line[:2] in ("- ", "+ ")]
    return found


def refusal(**edit: Any) -> str:
    with pytest.raises(NotAllowedNow) as refused:
        edited(**edit)
    return refused.value.reason


# ---- texts ----


def test_a_text_in_the_menus_own_language_changes_one_line() -> None:
    after = edited(edit="set_text", screen="first", at="text", language="id", text="Tanya jawab")
    assert lines_changed(QUIZ, after) == ["quiz.yaml -     text: Kuis", "quiz.yaml +     text: Tanya jawab"]


def test_a_text_in_another_language_changes_its_file_only() -> None:
    after = edited(edit="set_text", screen="first", at="choice", key="2", language="en", text="Enough")
    assert lines_changed(QUIZ, after)[1] == "quiz.en.yaml +     choices: {1: Begin, 2: Enough, 3: Again}"
    assert len(lines_changed(QUIZ, after)) == 2


def test_the_first_translation_of_a_part_begins_its_file() -> None:
    after = edited(edit="set_text", screen="bye", at="end", language="en", text="Bye")
    assert read("", after["ends.en.yaml"]).data == {
        "part": "ends",
        "language": "en",
        "screens": {"bye": {"end": "Bye"}},
    }
    assert after["ends.en.yaml"].startswith("# The English of ends.yaml. Edited by: admins.\n")


def test_an_empty_translation_is_taken_away() -> None:
    after = edited(edit="set_text", screen="first", at="text", language="en", text=" ")
    assert said(after, "quiz.en.yaml") == {"first": {"choices": {"1": "Begin", "2": "Stop", "3": "Again"}}}


def test_a_language_that_the_menu_does_not_have_is_refused() -> None:
    assert refusal(edit="set_text", screen="first", at="text", language="jv", text="x") == "no_language"


def test_a_text_where_the_screen_has_none_is_refused() -> None:
    assert refusal(edit="set_text", screen="first", at="end", language="id", text="x") == "no_place"


def test_a_reason_of_a_part_is_changed_in_the_part() -> None:
    after = edited(MAIN, document="main", edit="set_reason", reason="choose", language="jv", text="Pilih")
    assert [file for file in after if after[file] != MAIN[file]] == ["common.jv.yaml"]


def test_a_word_of_the_navigation_is_translated() -> None:
    after = edited(edit="set_word", word="back", language="en", text="Back")
    assert read("", after["quiz.en.yaml"]).data["navigation"] == {"back": "Back"}


def test_the_keys_of_the_navigation_stand_before_the_reasons() -> None:
    after = edited(edit="set_navigation", more_key="9")
    assert lines_changed(QUIZ, after) == ["quiz.yaml + navigation: {more_key: 9}"]
    assert list(read("", after["quiz.yaml"]).data)[-3:] == ["navigation", "reasons", "screens"]


def test_an_sms_is_said_in_other_words() -> None:
    files = SHIPPED["messages"]
    after = edited(files, document="messages", edit="set_message", message="way_out", language="id", text="Stop: STOP")
    assert [line[:16] for line in lines_changed(files, after)] == ["messages.yaml - ", "messages.yaml + "]


# ---- screens ----


def test_a_new_screen_stands_below_the_one_it_was_added_from() -> None:
    after = edited(edit="add_screen", screen="prize", text="Hadiah", after="first")
    assert list(said(after)) == ["first", "prize", "name"]
    assert said(after)["prize"] == {"end": "Hadiah"}


@pytest.mark.parametrize("name", ["bye", "first", "left"])
def test_a_name_that_is_taken_or_means_something_is_refused_for_a_new_screen(name: str) -> None:
    assert refusal(edit="add_screen", screen=name, text="x") == "screen_taken"


def test_renaming_a_screen_follows_every_reference_and_language() -> None:
    after = edited(edit="rename_screen", screen="first", to="begin")
    assert lines_changed(QUIZ, after) == [
        "quiz.yaml - start: first",
        "quiz.yaml + start: begin",
        "quiz.yaml -   first:",
        "quiz.yaml +   begin:",
        "quiz.yaml -       3: {label: Ulang, go: first}",
        "quiz.yaml +       3: {label: Ulang, go: begin}",
        "quiz.en.yaml -   first:",
        "quiz.en.yaml +   begin:",
    ]


def test_renaming_a_screen_of_a_part_is_followed_by_the_menu() -> None:
    after = edited(edit="rename_screen", screen="bye", to="farewell")
    assert said(after)["name"]["go"] == "farewell"
    assert after["ends.yaml"] == "part: ends\nscreens:\n  farewell: {end: Dag}\n"


@pytest.mark.parametrize("screen", ["home_guest", "language", "welcome", "go_on", "register_nik"])
def test_a_renamed_screen_of_the_shipped_menu_leaves_no_new_problem(screen: str) -> None:
    after = edited(MAIN, document="main", edit="rename_screen", screen=screen, to="another_name")
    before = {found.problem.sentence for found in inspecting.inspect("main", MAIN).problems}
    new = [str(f.problem) for f in inspecting.inspect("main", after).problems if f.problem.sentence not in before]
    # A part that other menus include needs their `welcome`; that is told here like anything else.
    assert [sentence for sentence in new if "no screen" in sentence] == []


def test_a_screen_that_is_still_reached_is_not_deleted() -> None:
    assert refusal(edit="delete_screen", screen="bye") == "still_reached"


def test_what_led_to_a_deleted_screen_leads_where_the_form_says() -> None:
    after = edited(edit="delete_screen", screen="name", instead="bye")
    assert said(after)["first"]["choices"]["1"]["go"] == "bye"
    assert "name" not in said(after)


def test_a_deleted_screen_goes_in_every_language() -> None:
    after = edited(edit="delete_screen", screen="first", instead="name")
    assert "screens" not in read("", after["quiz.en.yaml"]).data or said(after, "quiz.en.yaml") == {}


@pytest.mark.parametrize(
    ("screen", "at"), [("first", "choices.2.go"), ("name", "go"), ("", "start")], ids=["choice", "question", "start"]
)
def test_a_target_is_set_wherever_something_leads_on(screen: str, at: str) -> None:
    after = edited(edit="set_target", screen=screen, at=at, go="prize", new_text="Hadiah")
    assert (screen, at) in edits.references("quiz", after, "prize")
    assert said(after)["prize"] == {"end": "Hadiah"}


def test_a_target_that_is_nowhere_is_refused() -> None:
    assert refusal(edit="set_target", screen="name", at="go", go="nowhere") == "no_screen"


def test_a_target_where_nothing_leads_on_is_refused() -> None:
    assert refusal(edit="set_target", screen="name", at="choices.1.go", go="bye") == "no_place"


def test_a_screen_becomes_a_question_and_loses_its_choices_in_every_language() -> None:
    question: dict[str, Any] = {"keep": "age", "check": "number", "parameters": {"min": "1", "max": "99"}, "go": "bye"}
    after = edited(edit="set_question", screen="first", **question)
    ask = {"keep": "age", "check": "number", "min": "1", "max": "99"}
    assert said(after)["first"] == {"text": "Kuis", "ask": ask, "go": "bye"}
    assert said(after, "quiz.en.yaml") == {"first": {"text": "Quiz"}}


def test_a_changed_question_keeps_the_rest_of_its_line() -> None:
    edit: dict[str, Any] = {
        "screen": "name",
        "keep": "name",
        "check": "words",
        "parameters": {"max": "20"},
        "go": "bye",
    }
    after = edited(edit="set_question", **edit)
    assert lines_changed(QUIZ, after)[1] == "quiz.yaml +     ask: {keep: name, check: words, max: 20}"


def test_an_end_that_becomes_a_branch_has_no_text_left() -> None:
    after = edited(edit="set_branch", screen="bye", branches=[{"when": "name == 'x'", "go": "name"}, {"go": "first"}])
    assert said(after, "ends.yaml") == {"bye": {"branch": [{"when": "name == 'x'", "go": "name"}, {"go": "first"}]}}


def test_a_screen_becomes_an_effect_with_its_outcomes() -> None:
    edit: dict[str, Any] = {"do": "follow_up", "arguments": {"topic": "help"}, "outcomes": {"noted": "bye"}}
    after = edited(edit="set_effect", screen="first", **edit)
    assert said(after)["first"] == {"do": "follow_up", "with": {"topic": "help"}, "outcomes": {"noted": "bye"}}


def test_a_list_stands_above_the_choices_and_goes_again() -> None:
    listing: dict[str, Any] = {
        "rows": "paid",
        "label": "{row.amount|rupiah}",
        "keep": "month",
        "value": "month",
        "go": "bye",
    }
    after = edited(edit="set_listing", screen="first", **listing)
    assert list(said(after)["first"]) == ["text", "list", "choices"]
    assert edited(after, edit="set_listing", screen="first") == QUIZ


def test_half_a_list_is_refused() -> None:
    assert refusal(edit="set_listing", screen="first", rows="paid") == "half_a_list"


def test_shown_facts_and_what_is_remembered_come_and_go() -> None:
    after = edited(
        edit="set_shown", screen="first", show={"p": {"fact": "quote", "months": "1"}}, remember={"t": "p.total"}
    )
    assert said(after)["first"]["show"] == {"p": {"fact": "quote", "months": "1"}}
    assert edited(after, edit="set_shown", screen="first", show={}, remember={}) == QUIZ


# ---- choices ----


def test_a_line_added_between_others_moves_those_below_in_every_language() -> None:
    after = edited(edit="add_choice", screen="first", label="Hadiah", go="prize", before="2", new_text="Sepeda")
    labels = {key: line["label"] for key, line in said(after)["first"]["choices"].items()}
    assert labels == {"1": "Mulai", "2": "Hadiah", "3": "Selesai", "4": "Ulang"}
    assert said(after, "quiz.en.yaml")["first"]["choices"] == {"1": "Begin", "3": "Stop", "4": "Again"}


def test_a_deleted_line_moves_those_below_up_in_every_language() -> None:
    after = edited(edit="delete_choice", screen="first", key="1")
    assert [line["go"] for line in said(after)["first"]["choices"].values()] == ["bye", "first"]
    assert said(after, "quiz.en.yaml")["first"]["choices"] == {"1": "Stop", "2": "Again"}


def test_the_last_choice_is_not_deleted() -> None:
    one = edits.apply("quiz", QUIZ, *[edits.edit_from({"edit": "delete_choice", "screen": "first", "key": "1"})] * 2)
    with pytest.raises(NotAllowedNow, match="the last choice"):
        edited(one, edit="delete_choice", screen="first", key="1")


def test_a_moved_line_takes_its_label_with_it_in_every_language() -> None:
    after = edited(edit="move_choice", screen="first", key="3", to=1)
    assert [line["label"] for line in said(after)["first"]["choices"].values()] == ["Ulang", "Mulai", "Selesai"]
    assert said(after, "quiz.en.yaml")["first"]["choices"] == {"1": "Again", "2": "Begin", "3": "Stop"}


def test_moving_there_and_back_changes_nothing() -> None:
    there = edited(edit="move_choice", screen="first", key="3", to=1)
    assert said(edited(there, edit="move_choice", screen="first", key="1", to=3)) == said(QUIZ)


def test_a_changed_line_keeps_what_the_form_does_not_name() -> None:
    after = edited(edit="change_choice", screen="first", key="1", when="name", set={"a": "yes"})
    assert lines_changed(QUIZ, after)[1] == (
        'quiz.yaml +       1: {label: Mulai, when: name, set: {a: "yes"}, go: name}  # begins'
    )


def test_an_empty_condition_is_taken_away() -> None:
    after = edited(edit="change_choice", screen="first", key="1", when="name")
    assert edited(after, edit="change_choice", screen="first", key="1", when="") == QUIZ


def test_an_edit_of_shared_choices_is_for_one_screen_unless_it_says_for_all() -> None:
    sharing = edits.sharing("main", MAIN, "home_active")
    assert len(sharing) > 4
    edit: dict[str, Any] = {"edit": "delete_choice", "screen": "home_active", "key": "3"}
    for together in (True, False):
        after = said(edited(MAIN, document="main", **edit, together=together), "main.yaml")
        assert {len(after[name]["choices"]) for name in sharing[1:]} == {2 if together else 3}
        assert len(after["home_active"]["choices"]) == 2


# ---- what is refused ----


def test_a_file_that_is_no_yaml_has_to_be_mended_in_its_text() -> None:
    with pytest.raises(NotAllowedNow, match="mend this in the text first") as refused:
        edited({**QUIZ, "ends.yaml": "part: ["}, edit="set_word", word="back", language="id", text="x")
    assert refused.value.reason == "no_yaml"


def test_what_the_definition_could_not_read_is_refused() -> None:
    assert refusal(edit="add_screen", screen="odd", contents={"txet": "Halo"}) == "no_menu"


def test_a_mistake_that_was_there_before_keeps_nobody_from_editing() -> None:
    broken = {**QUIZ, "quiz.yaml": QUIZ["quiz.yaml"].replace("text: Nama?", "txet: Nama?")}
    after = edited(broken, edit="set_text", screen="first", at="text", language="id", text="Tanya")
    assert "txet: Nama?" in after["quiz.yaml"]


@pytest.mark.parametrize(
    "edit",
    [
        {"edit": "fly"},
        {"edit": "set_text", "screen": "first"},
        {"edit": "rename_screen", "screen": "first", "to": "Not A Name"},
        {"edit": "set_word", "word": "back", "language": "id", "text": "x", "more": 1},
    ],
    ids=["unknown", "incomplete", "no name", "too much"],
)
def test_what_is_no_edit_is_refused_with_its_place(edit: dict[str, Any]) -> None:
    with pytest.raises(NotAllowedNow) as refused:
        edits.edit_from(edit)
    assert refused.value.reason == "no_edit"


# ---- whatever is done, in whatever order ----

SCREEN = st.sampled_from(["first", "name", "bye", "one", "two"])
TEXT = st.text(st.sampled_from("ab :,#'\"{}&*é-"), max_size=12)
KEY = st.sampled_from("1234")
LANGUAGE = st.sampled_from(["id", "en"])
EDITS = st.one_of(
    st.fixed_dictionaries(
        {
            "edit": st.just("set_text"),
            "screen": SCREEN,
            "at": st.sampled_from(["text", "end"]),
            "language": LANGUAGE,
            "text": TEXT,
        }
    ),
    st.fixed_dictionaries(
        {
            "edit": st.just("set_text"),
            "screen": SCREEN,
            "at": st.just("choice"),
            "key": KEY,
            "language": LANGUAGE,
            "text": TEXT,
        }
    ),
    st.fixed_dictionaries({"edit": st.just("add_screen"), "screen": SCREEN, "text": TEXT, "after": SCREEN}),
    st.fixed_dictionaries({"edit": st.just("rename_screen"), "screen": SCREEN, "to": SCREEN}),
    st.fixed_dictionaries({"edit": st.just("delete_screen"), "screen": SCREEN, "instead": SCREEN}),
    st.fixed_dictionaries(
        {"edit": st.just("add_choice"), "screen": SCREEN, "label": TEXT, "go": SCREEN, "before": st.none() | KEY}
    ),
    st.fixed_dictionaries({"edit": st.just("delete_choice"), "screen": SCREEN, "key": KEY}),
    st.fixed_dictionaries({"edit": st.just("move_choice"), "screen": SCREEN, "key": KEY, "to": st.integers(1, 5)}),
    st.fixed_dictionaries(
        {"edit": st.just("change_choice"), "screen": SCREEN, "key": KEY, "when": st.just("name"), "go": SCREEN}
    ),
    st.fixed_dictionaries(
        {
            "edit": st.just("set_question"),
            "screen": SCREEN,
            "keep": st.just("x"),
            "check": st.just("words"),
            "go": SCREEN,
        }
    ),
    st.fixed_dictionaries({"edit": st.just("set_branch"), "screen": SCREEN, "branches": st.just([{"go": "first"}])}),
    st.fixed_dictionaries(
        {
            "edit": st.just("set_reason"),
            "reason": st.sampled_from(["choose", "odd"]),
            "language": LANGUAGE,
            "text": TEXT,
        }
    ),
)


@given(st.lists(EDITS, max_size=12))
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_edits_in_any_order_leave_files_that_are_read_and_touch_only_their_own_lines(
    many: list[dict[str, Any]],
) -> None:
    files, refusals = QUIZ, set()
    for each in many:
        try:
            after = edited(files, **each)
        except NotAllowedNow as refused:
            refusals.add(refused.reason)
            continue
        touched = {each.get("screen"), each.get("to"), each.get("after"), each.get("instead")}
        whole = each["edit"] in ("rename_screen", "delete_screen", "set_reason")
        for file, text in after.items():
            old, new = (read(file, one.get(file, "")).data or {} for one in (files, after))
            known = old.get("screens") or {}
            others = {name for name in known if name not in touched and not whole}
            assert {name: (new.get("screens") or {}).get(name) for name in others} == {n: known[n] for n in others}
            blocks = {name: block_of(files.get(file, ""), name) for name in others}
            assert {name: block_of(text, name) for name in others} == blocks
        files = after
    assert refusals.isdisjoint({"only_text", "no_yaml"})


def block_of(text: str, name: str) -> str:
    """The lines of a screen, without the comments above it."""
    lines = text.splitlines()
    begins = [number for number, line in enumerate(lines) if line.startswith(f"  {name}:")]
    if not begins:
        return ""
    rest = lines[begins[0] + 1 :]
    ends = [number for number, line in enumerate(rest) if line[:3].strip() or not line.strip()]
    return "\n".join([lines[begins[0]], *rest[: ends[0] if ends else None]])
