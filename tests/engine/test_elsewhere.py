"""A dialogue that leaves its menu: for another one and back, or to go on where it was cut off."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.engine.menus import compiled
from ussd_app.engine.dialogue import Dialogue
from ussd_app.engine.graph import Menu
from ussd_app.engine.step import begin, step
from ussd_app.engine.turn import FactValue, Known, Needs, Turn

MAIN = compiled("""
    menu: main
    codes: ["*1#"]
    languages: [id]
    start: hello
    resume: {minutes: 30, how: ask, screen: go_on}
    reasons:
      choose: Pilih nomor.
      number: Angka saja.
      number_range: Dari {least} sampai {most}.
      withdrawn: Maaf, mulai lagi.
    screens:
      hello: {text: Halo, choices: {1: {label: Lain, go: age}}}
      age: {text: Umur, ask: {keep: age, check: number, min: 1}, go: door}
      door: {text: Pintu, choices: {1: {label: Tamu, go: "menu:guests"}, 2: {label: Selesai, go: bye}}}
      go_on: {text: Terputus, choices: {1: {label: Lanjut, go: left}, 2: {label: Baru, go: hello}}}
      bye: {end: Sampai jumpa}
""")
GUESTS = compiled("""
    menu: guests
    codes: ["*2#"]
    languages: [id]
    start: room
    reasons: {choose: Pilih nomor.}
    screens:
      room: {text: Ruang, choices: {1: {label: Kembali ke pintu, go: return}, 2: {label: Dalam, go: inner}}}
      inner: {text: Dalam, choices: {1: {label: Selesai, go: bye}, 2: {label: Pintu, go: return}}}
      bye: {end: Terima kasih}
""")
MENUS = {menu.name: menu for menu in (MAIN, GUESTS)}
TODAY = date(2026, 11, 22)


def after(*said: str, left: Dialogue | None = None) -> Turn:
    """The turn after these answers, beginning with the main menu."""
    dialogue = Dialogue("d1", MAIN.name, MAIN.version, "id", left=left)
    turn = finished(lambda known: begin(MAIN, dialogue, known))
    for answer in said:
        turn = next_turn(turn, answer)
    return turn


def next_turn(turn: Turn, answer: str) -> Turn:
    """One more answer, in the menu where the dialogue stands."""
    return finished(lambda known: step(MENUS[turn.dialogue.menu], turn.dialogue, answer, known))


def finished(take: object) -> Turn:
    """The turn, with every menu that it needs."""
    assert callable(take)
    menus: dict[tuple[str, int | None], Menu] = {}
    for _ in range(5):
        result = take(Known(TODAY, menus=menus))
        if isinstance(result, Turn):
            return result
        assert isinstance(result, Needs)
        assert result.menu
        menus[result.menu] = MENUS[result.menu[0]]
    raise AssertionError("a turn that never ends")


@pytest.mark.parametrize(
    ("said", "menu", "screen"),
    [
        (("1", "7", "1"), "guests", "room"),
        (("1", "7", "1", "1"), "main", "door"),
        (("1", "7", "1", "0"), "main", "door"),
        (("1", "7", "1", "2", "2"), "main", "door"),
        (("1", "7", "1", "2", "0"), "guests", "room"),
        (("1", "7", "1", "00"), "main", "hello"),
        (("1", "7", "1", "1", "1", "2"), "guests", "inner"),
    ],
)
def test_a_visit_to_another_menu_leads_there_and_back(said: tuple[str, ...], menu: str, screen: str) -> None:
    dialogue = after(*said).dialogue
    assert (dialogue.menu, dialogue.screen) == (menu, screen)


def test_whoever_comes_back_from_a_visit_can_still_go_back_from_there() -> None:
    back = next_turn(after("1", "7", "1", "1"), "0")
    assert (back.dialogue.screen, back.dialogue.answer("age")) == ("age", 7)


@pytest.mark.parametrize("back", ["1", "0"])
def test_a_visit_leads_back_to_the_very_page_it_was_made_from(back: str) -> None:
    door = after("1", "7")
    second = next_turn(replace(door, dialogue=replace(door.dialogue, limit=30)), "98")
    assert second.text == "1. Tamu\n2. Selesai\n0. Kembali"
    assert next_turn(next_turn(second, "1"), back).text == second.text


def test_the_first_screen_of_a_visited_menu_offers_the_way_back() -> None:
    assert after("1", "7", "1").text.endswith("0. Kembali")


def test_a_dialogue_in_another_menu_survives_being_stored() -> None:
    dialogue = after("1", "7", "1", "2").dialogue
    assert Dialogue.from_json(dialogue.to_json()) == dialogue


def cut_off() -> Dialogue:
    """Somebody who had answered their age when the session ended."""
    return replace(after("1", "7").dialogue, id="the first session")


def test_who_was_cut_off_is_asked_whether_to_go_on() -> None:
    assert after(left=cut_off()).text == "Terputus\n1. Lanjut\n2. Baru"


def test_going_on_shows_the_screen_that_was_lost() -> None:
    assert after("1", left=cut_off()).text == after("1", "7").text


def test_going_on_is_the_same_dialogue_with_its_answers() -> None:
    assert after("1", left=cut_off()).dialogue == cut_off()


def test_starting_over_forgets_what_was_left() -> None:
    dialogue = after("2", left=cut_off()).dialogue
    assert (dialogue.screen, dialogue.left, dialogue.answer("age")) == ("hello", None, None)


def test_a_wrong_key_on_the_question_still_leaves_both_ways_open() -> None:
    assert after("9", "1", left=cut_off()).dialogue == cut_off()


def test_a_dialogue_with_another_left_behind_survives_being_stored() -> None:
    dialogue = after(left=cut_off()).dialogue
    assert Dialogue.from_json(dialogue.to_json()) == dialogue


def test_a_menu_that_continues_at_once_asks_nobody() -> None:
    assert MAIN.resume
    menu = replace(MAIN, resume=replace(MAIN.resume, screen=None))
    dialogue = Dialogue("d1", menu.name, menu.version, "id", left=cut_off())
    assert finished(lambda known: begin(menu, dialogue, known)).text == after("1", "7").text


def test_a_notice_stands_above_the_first_screen() -> None:
    dialogue = Dialogue("d1", MAIN.name, MAIN.version, "id")
    turn = finished(lambda known: begin(MAIN, dialogue, known, notice="withdrawn"))
    assert turn.text == "Maaf, mulai lagi.\nHalo\n1. Lain"


# ---- the room on a screen ----

WIDE = compiled("""
    menu: wide
    codes: ["*1#", {code: "*2#", limit: 182}, {code: "*3#", limit: 70}]
    languages: [id]
    start: streets
    limit: 100
    reasons: {choose: Pilih nomor.}
    screens:
      streets:
        text: Jalan
        list: {rows: shops, label: "{row.name}", keep: shop, value: code, go: bye}
      bye: {end: Sampai jumpa}
""")
SHOPS = {"shops": FactValue({}, tuple({"name": "W" * 20, "code": "w", "rent": 1} for _ in range(9)))}


def lines_at(limit: int | None) -> int:
    """The shops on the first page of a screen with so much room."""
    dialogue = Dialogue("d1", "wide", 1, "id", limit=limit)
    needs = begin(WIDE, dialogue, Known(TODAY))
    assert isinstance(needs, Needs)
    turn = begin(WIDE, dialogue, Known(TODAY, {key: SHOPS[key.fact] for key in needs.facts}))
    assert isinstance(turn, Turn)
    return turn.text.count("W" * 20)


def test_each_code_has_its_own_room_or_that_of_the_menu() -> None:
    assert WIDE.limits == {"*1#": 100, "*2#": 182, "*3#": 70}


@pytest.mark.parametrize(("limit", "lines"), [(70, 2), (100, 3), (182, 6), (None, 3)])
def test_a_page_holds_as_much_as_the_code_that_was_dialled_gives_room_for(limit: int | None, lines: int) -> None:
    assert lines_at(limit) == lines


def test_the_room_stays_the_same_in_a_menu_that_is_visited_and_back_again() -> None:
    dialogue = replace(Dialogue("d1", MAIN.name, MAIN.version, "id"), limit=120)
    turn = finished(lambda known: begin(MAIN, dialogue, known))
    limits = []
    for said in ("1", "7", "1", "2", "2", "00"):
        turn = next_turn(turn, said)
        limits.append((turn.dialogue.menu, turn.dialogue.limit))
    assert limits == [(menu, 120) for menu in ("main", "main", "guests", "guests", "main", "main")]


def test_going_on_after_a_cut_has_the_room_of_the_code_that_is_dialled_now() -> None:
    left = replace(cut_off(), limit=182)
    dialogue = Dialogue("d2", MAIN.name, MAIN.version, "id", left=left, limit=140)
    turn = next_turn(finished(lambda known: begin(MAIN, dialogue, known)), "1")
    assert (turn.dialogue.id, turn.dialogue.limit) == ("the first session", 140)


def test_a_dialogue_stored_before_it_knew_its_room_is_read() -> None:
    stored = after("1").dialogue.to_json()
    del stored["limit"]
    assert Dialogue.from_json(stored).limit is None
