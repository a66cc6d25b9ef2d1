"""A menu is walked through every state with the real engine, and what no rule can see is found."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tests.engine.menus import VOCABULARY, compiled, problems_of
from tests.engine.test_compiler import WELL
from ussd_app.engine.prove import Proof, prove, prove_files
from ussd_app.services import publishing, words

MENUS = Path(__file__).parent.parent.parent / "menus"
SHIPPED = [
    file.stem for file in sorted(MENUS.glob("*.yaml")) if file.read_text().count("\nmenu: ") and "." not in file.stem
]


@cache
def shipped(name: str) -> Proof:
    sources = publishing.sources_of(name, publishing.files_of(MENUS)[name])
    proof = prove_files(sources, words.VOCABULARY)
    assert proof is not None
    return proof


def walked(screens: str) -> Proof:
    return prove(compiled(WELL.replace("[id, en]", "[id]") + screens), VOCABULARY)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_menu_is_proved(name: str) -> None:
    proof = shipped(name)
    assert proof.faults == ()
    assert min(proof.states, proof.paths) > 100
    assert proof.fullest <= proof.limit


def test_the_main_menu_is_among_the_menus_that_are_proved() -> None:
    assert "main" in SHIPPED
    assert "register_nik" in shipped("main").longest


def test_a_proof_says_in_one_line_what_was_walked() -> None:
    line = str(Proof("main", 1231, 1204, ("a", "b"), "here", 159, 160, "id"))
    assert line == "main: 1,231 states, 1,204 paths, longest 2 screens, fullest here 159/160 (id)"


def test_states_paths_and_the_fullest_screen_of_a_small_menu_are_counted() -> None:
    proof = walked(f"  here: {{end: {'w' * 90}}}\n")
    assert (proof.paths, proof.longest, proof.fullest_screen) == (3, ("welcome", "ask_item", "bye"), "here")
    assert (proof.fullest, proof.limit, proof.language, proof.faults) == (90, 100, "id", ())


def test_a_screen_on_which_somebody_could_choose_nothing_is_found() -> None:
    choices = "      1: {label: A, when: account, go: bye}\n      2: {label: B, when: account.balance > 5, go: bye}\n"
    assert walked(f"  here:\n    text: A\n    choices:\n{choices}").faults == (
        "here may show no choice at all: give one of them no `when`",
    )


def test_a_screen_that_lets_somebody_go_only_when_they_chose_before_is_found() -> None:
    screens = """\
  here:
    text: A
    choices:
      1: {label: A, set: {colour: red}, go: there}
      2: {label: B, set: {colour: blue}, go: there}
  there:
    text: B
    choices:
      1: {label: A, when: colour == 'red', go: bye}
      2: {label: B, go: there}
"""
    assert "there may lead to no end" in walked(screens).faults


def test_a_screen_behind_a_condition_that_never_holds_is_found() -> None:
    screens = """\
  here:
    branch:
      - {when: pieces == 7, go: lucky}
      - {go: bye}
  lucky: {end: A}
"""
    assert walked(screens).faults == ("lucky is shown to nobody: what leads there never holds",)


@pytest.mark.parametrize(
    "ask",
    [
        "{keep: x, check: number, min: 5, max: 9}",
        "{keep: x, check: money, max: 5000000}",
        "{keep: x, check: words, max: 20}",
    ],
)
def test_a_question_is_answered_well_and_badly(ask: str) -> None:
    proof = walked(f"  here:\n    text: A\n    ask: {ask}\n    go: thanks\n  thanks: {{end: A}}\n")
    assert proof.faults == ()


def test_every_outcome_of_an_effect_and_every_row_of_a_list_is_walked() -> None:
    screens = """\
  here:
    text: Di mana?
    list: {rows: shops, label: "{row.name|cut:20}", keep: item, value: code, go: buy}
    choices:
      "+": {label: Lain, go: ask_item}
  buy:
    do: order
    with: {total: 3}
    outcomes: {placed: placed, changed: changed}
  placed: {end: "Nomor {order.number}"}
  changed: {end: Harga berubah}
"""
    assert walked(screens).faults == ()


def test_what_goes_wrong_inside_the_engine_is_told_with_the_key_that_was_pressed() -> None:
    menu = compiled(WELL.replace("[id, en]", "[id]") + f"  here: {{end: {'w' * 90}}}\n")
    faults = prove(replace(menu, limit=60), VOCABULARY).faults
    assert any(fault.startswith("`2` on welcome: TooNarrow") for fault in faults)


def test_somebody_who_was_cut_off_is_walked_as_well() -> None:
    head = WELL.replace("[id, en]", "[id]").replace("limit: 100", "resume: {minutes: 9, how: ask, screen: again}")
    again = "  again:\n    text: A\n    choices:\n      1: {label: B, go: left}\n      2: {label: C, go: welcome}\n"
    without = prove(compiled(WELL.replace("[id, en]", "[id]") + "  here: {end: A}\n"), VOCABULARY)
    proof = prove(compiled(head + again + "  here: {end: A}\n"), VOCABULARY)
    assert proof.faults == ()
    assert proof.states > without.states


def test_a_menu_is_proved_at_the_least_room_of_its_codes() -> None:
    codes = '[{code: "*1#", limit: 182}, {code: "*2#", limit: 95}, "*3#"]'
    menu = compiled(WELL.replace("[id, en]", "[id]").replace('["*1#"]', codes) + f"  here: {{end: {'w' * 90}}}\n")
    proof = prove(menu, VOCABULARY)
    assert (menu.limit, menu.narrowest, proof.limit, proof.faults) == (100, 95, 95, ())


VISITED = """\
menu: visited
codes: ["*1#"]
languages: [id]
start: welcome
reasons: {choose: Pilih nomor.}
screens:
  welcome: {text: Ruang, choices: {1: {label: Dalam, go: inner}, 2: {label: Selesai, go: bye}}}
  inner: {text: Dalam, choices: {1: {label: Kembali ke menu tadi, go: return}}}
  bye: {end: Sampai jumpa}
"""


def test_a_menu_that_leads_back_is_walked_as_a_visit_as_well() -> None:
    proof = prove(compiled(VISITED), VOCABULARY)
    plain = prove(compiled(VISITED.replace("go: return", "go: welcome")), VOCABULARY)
    assert proof.faults == plain.faults == ()
    assert proof.states > plain.states


def test_a_menu_that_only_leads_back_is_proved_when_nobody_can_dial_it() -> None:
    only_back = VISITED.replace("2: {label: Selesai, go: bye}", "2: {label: Tadi, go: return}").replace(
        "  bye: {end: Sampai jumpa}\n", ""
    )
    assert prove(compiled(only_back), VOCABULARY).faults == ("inner may lead to no end", "welcome may lead to no end")
    assert prove(compiled(only_back.replace('["*1#"]', "[]")), VOCABULARY).faults == ()


def test_a_visit_that_never_leads_back_or_to_an_end_is_found() -> None:
    stuck = """\
  inner:
    text: Dalam
    choices:
      1: {label: Kembali ke menu tadi, when: colour == 'red', go: return}
      2: {label: Lagi, set: {colour: blue}, go: inner}
      3: {label: Merah, when: colour == 'never', set: {colour: red}, go: inner}
"""
    head, _ = VISITED.split("  inner:")
    proof = prove(compiled(f"{head}{stuck}  bye: {{end: Sampai jumpa}}\n"), VOCABULARY)
    assert "inner may lead to no end" in proof.faults


def test_the_first_screen_of_a_menu_that_leads_back_must_fit_with_the_way_back() -> None:
    long = VISITED.replace("text: Ruang", f"text: {'ruang ' * 19}").replace("return", "TARGET")
    there = problems_of(long.replace("TARGET", "bye").replace("codes", "limit: 155\ncodes"))
    back = problems_of(long.replace("TARGET", "return").replace("codes", "limit: 155\ncodes"))
    assert [problem for problem in there if problem.error] == []
    assert [problem.path for problem in back if problem.error] == ["screens.welcome.text"]
