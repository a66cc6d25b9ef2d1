"""Someone presses a key, and sees what the menu says they see next."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.engine.menus import TODAY, Person, compiled
from ussd_app.engine import step as engine
from ussd_app.engine.dialogue import Dialogue
from ussd_app.engine.kinds import Value
from ussd_app.engine.turn import EffectCall, FactKey, FactValue, Known, Needs, Outcome, Turn

MENU = compiled("""
    menu: small
    codes: ["*1#"]
    languages: [id, en]
    start: welcome
    reasons:
      choose: Pilih nomor yang ada.
      words_short: Terlalu pendek.
      words_long: Paling panjang {most} huruf.
      amount: Tulis jumlah.
      amount_range: "Dari {least|rupiah} sampai {most|rupiah}."
    screens:
      welcome:
        branch:
          - {when: account, go: home}
          - {go: guest}
      guest:
        text: Selamat datang
        choices:
          1: {label: Bahasa, go: language}
      home:
        text: "{account.name}: {account.balance|rupiah}"
        choices:
          1: {label: Barang, go: ask_item}
          2: {label: Toko, go: shops}
          3: {label: Bayar, go: ask_amount}
          4: {label: Rahasia, when: account.balance > 1000, go: secret}
          5: {label: Panjang, go: long}
      ask_item:
        text: Barang apa?
        ask: {keep: item, check: words, max: 9, tries: 3, otherwise: gone}
        go: pieces
      pieces:
        text: Berapa {item}?
        choices:
          1: {label: Satu, set: {pieces: 1}, go: offer}
          2: {label: Dua, set: {pieces: 2}, go: offer}
      offer:
        text: "{account.name}, {pieces} {item}: {price.total|rupiah}"
        remember: {total: price.total}
        choices:
          1: {label: Beli, go: order}
      order:
        do: order
        outcomes: {placed: balance_left, changed: offer}
      balance_left:
        branch:
          - {when: account.balance >= 1000, go: bought}
          - {go: bought_last}
      bought:
        end: Pesanan {order.number}, sisa {account.balance|rupiah}
      bought_last:
        end: Pesanan {order.number}, habis
      ask_amount:
        text: Berapa?
        ask: {keep: amount, check: money, max: 5000}
        go: paid
      paid:
        end: "{amount|rupiah} diterima"
      shops:
        text: Toko mana?
        list: {rows: shops, label: "{row.name}", keep: shop, value: code, go: chosen}
        choices:
          "+": {label: Lain, go: ask_item}
      chosen:
        text: Toko {shop}
        choices:
          1: {label: Selesai, go: gone}
      long:
        text: Kata kata kata kata kata kata kata kata
        choices:
          1: {label: Selesai, go: gone}
      language:
        text: Bahasa?
        choices:
          1: {label: English, set: {language: en}, go: keep_language}
      keep_language:
        do: keep_language
        outcomes: {kept: welcome}
      secret:
        end: Rahasia
      gone:
        end: Selesai
    """,
    """
    menu: small
    language: en
    navigation: {back: Back, more: More}
    reasons: {choose: Choose a number shown.}
    screens:
      guest: {text: Welcome, choices: {1: Language}}
      home: {text: "{account.name} has {account.balance|rupiah}"}
    """,
)  # fmt: skip

MEMBER = FactValue({"found": True, "name": "Siti", "balance": 5_000})
SHOPS = FactValue(rows=tuple({"name": f"Toko {n}", "code": f"T{n}", "rent": n} for n in range(1, 21)))
FACTS = {"account": MEMBER, "price": FactValue({"total": 800}), "shops": SHOPS}
HOME = "Siti: Rp5.000\n1. Barang\n2. Toko\n3. Bayar\n4. Rahasia\n5. Panjang"
ITEM = "Barang apa?\n0. Kembali"
BOUGHT = Outcome("placed", {"number": "N7"})


def a_member(limit: int = 160, **facts: FactValue) -> Person:
    outcomes = {"order": BOUGHT, "keep_language": Outcome("kept")}
    return Person(replace(MENU, limit=limit), {**FACTS, **facts}, outcomes)


def a_guest() -> Person:
    return Person(MENU, {"account": FactValue({"found": False})}, {"keep_language": Outcome("kept")})


# ---- dialling and choosing ----


def test_dialling_shows_the_first_screen_that_a_person_sees() -> None:
    assert a_guest().text == "Selamat datang\n1. Bahasa"


def test_a_branch_takes_the_first_condition_that_holds() -> None:
    assert a_member().text == HOME


def test_dialling_consumes_no_answer() -> None:
    assert a_member().turn.dialogue.transition == 0


def test_a_choice_leads_to_its_screen() -> None:
    assert a_member().says("1").text == ITEM


def test_every_answer_is_counted_also_a_wrong_one() -> None:
    assert a_member().says("1", "0", "8").turn.dialogue.transition == 3


@pytest.mark.parametrize("typed", [" 1 ", "1\n", "\t1"])
def test_spaces_around_a_choice_do_not_matter(typed: str) -> None:
    assert a_member().says(typed).screen == "ask_item"


@pytest.mark.parametrize("typed", ["6", "01", "1.", "satu", "", " ", "*", "1*1", "+", "😀", "9" * 500])
def test_what_is_no_choice_shows_the_same_screen_under_a_notice(typed: str) -> None:
    person = a_member().says(typed)
    assert person.text == f"Pilih nomor yang ada.\n{HOME}"
    assert (person.turn.accepted, person.turn.ends) == (False, False)


def test_a_good_answer_is_accepted() -> None:
    assert a_member().says("1").turn.accepted


def test_a_notice_is_gone_with_the_next_good_answer() -> None:
    assert a_member().says("9", "1").text == ITEM


def test_a_choice_whose_condition_does_not_hold_is_not_shown() -> None:
    poor = a_member(account=FactValue({"found": True, "name": "Siti", "balance": 1_000}))
    assert "Rahasia" not in poor.text


def test_a_choice_whose_condition_does_not_hold_cannot_be_chosen() -> None:
    poor = a_member(account=FactValue({"found": True, "name": "Siti", "balance": 1_000}))
    assert poor.says("4").screen == "home"


def test_a_choice_keeps_what_it_sets() -> None:
    assert a_member().says("1", "teh", "2").answer("pieces") == 2


def test_an_end_ends_and_shows_no_navigation() -> None:
    person = a_member().says("4")
    assert (person.text, person.turn.ends, person.turn.dialogue.ended) == ("Rahasia", True, True)


# ---- questions ----


def test_an_answer_is_kept_as_its_check_gives_it() -> None:
    assert a_member().says("1", "  teh   ijo ").answer("item") == "teh ijo"


def test_a_kept_answer_is_shown_on_the_next_screen() -> None:
    assert a_member().says("1", "teh").text == "Berapa teh?\n1. Satu\n2. Dua\n0. Kembali"


def test_a_wrong_answer_shows_its_reason_above_the_same_screen() -> None:
    assert a_member().says("1", "teh seribu").text == f"Paling panjang 9 huruf.\n{ITEM}"


def test_a_second_wrong_answer_replaces_the_notice() -> None:
    assert a_member().says("1", "teh seribu", "t").text == f"Terlalu pendek.\n{ITEM}"


def test_a_wrong_answer_is_not_kept() -> None:
    assert a_member().says("1", "t").answer("item") is None


@pytest.mark.parametrize(("tries", "screen"), [(1, "ask_item"), (2, "ask_item"), (3, "gone")])
def test_after_as_many_wrong_answers_as_it_allows_a_question_leads_elsewhere(tries: int, screen: str) -> None:
    assert a_member().says("1", *["t"] * tries).screen == screen


def test_tries_begin_anew_on_every_visit() -> None:
    assert a_member().says("1", "t", "t", "0", "1", "t", "t").screen == "ask_item"


def test_a_question_without_tries_asks_for_ever() -> None:
    assert a_member().says("3", *["x"] * 30).screen == "ask_amount"


def test_only_the_reason_that_counts_uses_up_a_try() -> None:
    screen = MENU.screens["ask_item"]
    assert screen.ask
    counting = replace(screen, ask=replace(screen.ask, counts="words_long"))
    person = Person(replace(MENU, screens={**MENU.screens, "ask_item": counting}), FACTS)
    assert person.says("1", "t", "t", "t", "teh seribu", "teh seribu").screen == "ask_item"
    assert person.says("teh seribu").screen == "gone"


def test_zero_typed_to_an_amount_is_an_amount() -> None:
    assert a_member().says("3", "0").text == "Rp0 diterima"


@pytest.mark.parametrize("typed", ["00", "98"])
def test_no_key_of_the_navigation_is_taken_from_an_amount(typed: str) -> None:
    assert a_member().says("3", typed).answer("amount") == int(typed)


def test_where_zero_is_an_answer_no_way_back_is_shown() -> None:
    assert a_member().says("3").text == "Berapa?"


def test_an_answer_longer_than_a_screen_is_cut_before_it_is_looked_at() -> None:
    assert a_member().says("1", "t" * 5 + " " * 177 + "t" * 9_999).answer("item") == "ttttt"


PIN_MENU = compiled("""
    menu: small
    codes: ["*1#"]
    languages: [id]
    start: first
    reasons: {pin: Enam angka., pin_easy: Terlalu mudah., pin_differs: Tidak sama.}
    screens:
      first: {text: Ketik PIN baru, ask: {keep: pin, check: pin, private: true}, go: again}
      again: {text: Sekali lagi, ask: {keep: pin_again, check: pin, same_as: pin, private: true}, go: kept}
      kept: {end: Tersimpan}
    """)  # fmt: skip


def pin_typed(dialogue: str, pepper: bytes, *typed: str) -> Turn:
    known = Known(TODAY, pepper=pepper)
    turn = engine.begin(PIN_MENU, Dialogue(dialogue, "small", 1, "id"), known)
    for said in typed:
        assert isinstance(turn, Turn)
        turn = engine.step(PIN_MENU, turn.dialogue, said, known)
    assert isinstance(turn, Turn)
    return turn


def test_a_pin_kept_in_one_dialogue_is_known_again_in_another() -> None:
    kept = [pin_typed(name, b"pepper", "204861").dialogue.answer("pin") for name in ("one", "two")]
    assert kept[0] == kept[1]


def test_a_pin_under_another_pepper_is_another_answer() -> None:
    kept = [pin_typed("one", pepper, "204861").dialogue.answer("pin") for pepper in (b"pepper", b"salt")]
    assert kept[0] != kept[1]


def test_a_dialogue_never_holds_a_pin_itself() -> None:
    assert "204861" not in json.dumps(pin_typed("one", b"pepper", "204861", "204861").dialogue.to_json())


def test_a_pin_typed_again_must_be_the_same() -> None:
    assert pin_typed("one", b"pepper", "204861", "204862").text.startswith("Tidak sama.")
    assert pin_typed("one", b"pepper", "204861", "204861").text == "Tersimpan"


# ---- back and home ----


def test_the_first_screen_shows_no_way_back() -> None:
    assert "Kembali" not in a_member().text


def test_back_on_the_first_screen_is_no_choice() -> None:
    assert a_member().says("0").text == f"Pilih nomor yang ada.\n{HOME}"


def test_back_walks_through_every_screen_that_was_seen_in_turn() -> None:
    person = a_member().says("1", "teh", "2")
    shown = []
    for _ in range(3):
        shown.append(person.says("0").screen)
    assert shown == ["pieces", "ask_item", "home"]


def test_back_shows_each_screen_as_it_stood() -> None:
    person, seen = a_member(), []
    for said in ("1", "teh", "2"):
        seen.append(person.text)
        person.says(said)
    assert [person.says("0").text for _ in range(3)] == seen[::-1]


def test_back_skips_the_steps_that_nobody_sees() -> None:
    person = a_guest().says("1", "1")
    assert (person.screen, person.says("0").screen) == ("guest", "language")


def test_back_takes_the_notice_away() -> None:
    assert a_member().says("9", "1", "0").text == HOME


def test_a_wrong_answer_is_no_step_on_the_way_back() -> None:
    assert a_member().says("1", "t", "0").text == HOME


def test_after_back_another_way_can_be_taken() -> None:
    assert a_member().says("1", "0", "2", "1", "0", "0").text == HOME


def test_the_screen_after_too_many_tries_has_a_way_back_to_the_question() -> None:
    ends = MENU.screens["gone"]
    waits = replace(MENU.screens["chosen"], name="gone", text=ends.text)
    person = Person(replace(MENU, screens={**MENU.screens, "gone": waits}), FACTS)
    assert person.says("1", "t", "t", "t", "0").screen == "ask_item"


def test_home_leads_home_from_anywhere() -> None:
    assert a_member().says("1", "teh", "2", "00").text == HOME


def test_after_home_there_is_no_way_back() -> None:
    assert a_member().says("1", "teh", "00").turn.dialogue.history == ()


def test_home_may_be_another_screen_than_the_start() -> None:
    person = Person(replace(MENU, home="shops"), FACTS)
    assert person.says("1", "00").screen == "shops"


def test_a_choice_with_the_key_of_the_navigation_is_the_choice() -> None:
    home = MENU.screens["home"]
    zero = replace(home, choices=(replace(home.choices[0], key="0"),))
    person = Person(replace(MENU, screens={**MENU.screens, "home": zero}), FACTS)
    assert person.says("0").screen == "ask_item"


def test_the_way_back_never_grows_beyond_twenty_screens() -> None:
    person = a_guest().says(*["1"] * 30)
    assert len(person.turn.dialogue.history) == 20


# ---- pages ----


def test_back_shows_the_page_on_which_a_choice_was_made() -> None:
    person = a_member(limit=80).says("2", "98")
    second = person.text
    assert (person.says("6").screen, person.says("0").text) == ("chosen", second)


def test_back_from_a_page_gone_back_to_is_the_page_before() -> None:
    person = a_member(limit=80).says("2")
    first = person.text
    assert person.says("98", "6", "0", "0").text == first


def test_back_shows_the_last_page_where_there_are_fewer_than_before() -> None:
    person = a_member(limit=80).says("2", "98", "98", "98")
    assert person.turn.dialogue.page == 3
    person.says("20")
    person.facts = {**FACTS, "shops": FactValue(rows=SHOPS.rows[:6])}
    assert person.says("0").text.endswith("7. Lain\n0. Kembali")


def test_a_page_on_the_way_back_survives_being_stored() -> None:
    person = a_member(limit=80).says("2", "98")
    second = person.text
    person.says("6")
    person.turn = replace(
        person.turn, dialogue=Dialogue.from_json(json.loads(json.dumps(person.turn.dialogue.to_json())))
    )
    assert person.says("0").text == second


def test_what_does_not_fit_is_read_on_the_next_page() -> None:
    person = a_member(limit=60).says("5")
    assert person.text == "Kata kata kata kata kata kata kata\n98. Lanjut\n0. Kembali"
    assert person.says("98").text == "kata\n1. Selesai\n0. Kembali"


def test_a_later_page_of_the_first_screen_has_a_way_back() -> None:
    person = a_member(limit=60)
    first = person.text
    assert person.says("98").text == "4. Rahasia\n5. Panjang\n0. Kembali"
    assert person.says("0").text == first


def test_back_on_a_later_page_is_the_page_before() -> None:
    person = a_member(limit=60).says("5")
    first = person.text
    assert person.says("98", "0").text == first


def test_back_on_the_first_page_is_the_screen_before() -> None:
    assert a_member(limit=80).says("2", "98", "0", "0").text == HOME


def test_the_key_for_more_is_no_choice_on_the_last_page() -> None:
    person = a_member(limit=60).says("5", "98", "98")
    assert person.text.startswith("Pilih nomor yang ada.")


def test_the_key_for_more_is_no_choice_where_there_is_one_page() -> None:
    assert a_member().says("98").text == f"Pilih nomor yang ada.\n{HOME}"


def test_turning_a_page_asks_for_nothing_again_but_the_screens_facts() -> None:
    person = a_member(limit=80).says("2")
    person.asked.clear()
    person.says("98")
    assert person.asked == [frozenset({FactKey("shops", ())})]


def test_an_option_on_a_page_not_yet_seen_may_be_chosen() -> None:
    person = a_member(limit=80).says("2")
    assert "20. Toko 20" not in person.text
    assert person.says("20").answer("shop") == "T20"


def test_an_option_on_a_page_already_seen_may_be_chosen() -> None:
    assert a_member(limit=80).says("2", "98", "98", "1").answer("shop") == "T1"


def test_every_option_stands_on_one_of_the_pages() -> None:
    person = a_member(limit=80).says("2")
    seen = [person.text]
    while "98. Lanjut" in person.text:
        seen.append(person.says("98").text)
    lines = [line for page in seen for line in page.split("\n")]
    options = [line for line in lines if line[0].isdigit() and line not in ("98. Lanjut", "0. Kembali")]
    assert options == [f"{n}. Toko {n}" for n in range(1, 21)] + ["21. Lain"]


def test_a_wrong_key_on_a_later_page_leads_to_the_first_under_a_notice() -> None:
    person = a_member(limit=80).says("2", "98", "77")
    assert person.text.startswith("Pilih nomor yang ada.\nToko mana?\n1. Toko 1")


def test_a_notice_moves_lines_to_the_next_page_and_loses_none() -> None:
    person = a_member(limit=80).says("2", "77")
    seen = [person.text]
    while "98. Lanjut" in person.text:
        seen.append(person.says("98").text)
    assert "\n".join(seen).count("Toko ") == 21


# ---- lists ----


def test_a_row_is_a_line_and_plus_the_number_after_them() -> None:
    few = FactValue(rows=SHOPS.rows[:2])
    text = a_member(shops=few).says("2").text
    assert text == "Toko mana?\n1. Toko 1\n2. Toko 2\n3. Lain\n0. Kembali"


def test_a_row_keeps_its_value_and_not_its_label() -> None:
    assert a_member().says("2", "2").text == "Toko T2\n1. Selesai\n0. Kembali"


def test_the_choice_after_the_rows_is_chosen_by_the_number_shown() -> None:
    assert a_member().says("2", "21").screen == "ask_item"


def test_a_list_without_rows_still_has_its_choice() -> None:
    person = a_member(shops=FactValue()).says("2")
    assert person.text == "Toko mana?\n1. Lain\n0. Kembali"
    assert person.says("1").screen == "ask_item"


@pytest.mark.parametrize(("rows", "screen"), [(SHOPS.rows[:1], "shops"), ((), "gone")])
def test_a_list_named_alone_in_a_condition_is_whether_it_has_a_row(
    rows: tuple[dict[str, Value], ...], screen: str
) -> None:
    head = "menu: small\ncodes: ['*1#']\nlanguages: [id]\nstart: welcome\nreasons: {choose: Pilih.}\nscreens:\n"
    branch = "  welcome:\n    branch:\n      - {when: shops, go: shops}\n      - {go: gone}\n  gone: {end: Tutup}\n"
    listed = "  shops:\n    text: A\n    list: {rows: shops, label: '{row.name}', keep: x, value: code, go: gone}\n"
    assert Person(compiled(head + branch + listed), {"shops": FactValue(rows=rows)}).screen == screen


def test_a_number_after_the_last_line_is_no_choice() -> None:
    assert not a_member().says("2", "22").turn.accepted


# ---- facts ----


def test_a_screen_asks_for_all_its_facts_at_once() -> None:
    person = a_member().says("1", "teh")
    person.asked.clear()
    person.says("2")
    price = FactKey("price", (("item", "teh"), ("pieces", 2)))
    assert person.asked == [frozenset({FactKey("account", ()), price})]


def test_a_fact_that_is_known_is_not_asked_for_again() -> None:
    dialogue = Dialogue("one", "small", 1, "id", screen="pieces", answers={"item": "teh"})
    account = FactKey("account", ())
    needs = engine.step(MENU, dialogue, "2", Known(TODAY, {account: MEMBER}))
    assert needs == Needs(facts=frozenset({FactKey("price", (("item", "teh"), ("pieces", 2)))}))


def test_a_screen_that_shows_no_fact_asks_for_none() -> None:
    person = a_member().says("1")
    person.asked.clear()
    person.says("teh")
    assert person.asked == []


def test_what_a_screen_remembers_is_kept_as_it_was_shown() -> None:
    assert a_member().says("1", "teh", "2").answer("total") == 800


def test_what_a_menu_fixes_is_what_the_fact_is_asked_with() -> None:
    offer = MENU.screens["offer"]
    assert offer.uses
    fixed = replace(offer, uses={**offer.uses, "price": replace(offer.uses["price"], fixed={"pieces": 9})})
    person = Person(replace(MENU, screens={**MENU.screens, "offer": fixed}), FACTS)
    person.says("1", "teh", "2")
    assert FactKey("price", (("item", "teh"), ("pieces", 9))) in {key for keys in person.asked for key in keys}


# ---- effects ----


def before_buying() -> Person:
    person = a_member().says("1", "teh", "2")
    person.asked.clear()
    return person


def test_an_effect_is_asked_for_with_what_was_answered_and_remembered() -> None:
    person = before_buying().says("1")
    assert person.done == [EffectCall("order", (("item", "teh"), ("total", 800)), 0)]


def test_an_effect_is_needed_before_anything_after_it() -> None:
    person = before_buying()
    offered = {FactKey("account", ()): MEMBER, FactKey("price", (("item", "teh"), ("pieces", 2))): FACTS["price"]}
    needs = engine.step(MENU, person.turn.dialogue, "1", Known(TODAY, offered))
    assert needs == Needs(effect=EffectCall("order", (("item", "teh"), ("total", 800)), 0))


def test_the_outcome_of_an_effect_leads_to_its_screen() -> None:
    assert before_buying().says("1").text == "Pesanan N7, sisa Rp5.000"


def test_another_outcome_leads_to_another_screen() -> None:
    person = before_buying()
    person.outcomes = {"order": Outcome("changed")}
    assert person.says("1").screen == "offer"


def test_a_screen_that_an_effect_leads_back_to_is_not_on_its_own_way_back() -> None:
    person = before_buying()
    person.outcomes = {"order": Outcome("changed")}
    assert [person.says(said).screen for said in ("1", "1", "0")] == ["offer", "offer", "pieces"]


def test_what_an_effect_gives_is_kept_under_its_name() -> None:
    assert before_buying().says("1").answer("order.number") == "N7"


def test_a_branch_after_an_effect_sees_the_facts_as_they_are_then() -> None:
    person = before_buying()
    poor = FactValue({"found": True, "name": "Siti", "balance": 200})
    known: dict[FactKey, FactValue] = {}
    outcomes: tuple[Outcome, ...] = ()
    while isinstance(result := engine.step(MENU, person.turn.dialogue, "1", Known(TODAY, known, outcomes)), Needs):
        if result.effect:
            outcomes = (BOUGHT,)
        for key in result.facts:
            known[key] = poor if key.epoch else FACTS[key.fact]
    assert result.text == "Pesanan N7, habis"


def test_a_fact_after_an_effect_is_asked_for_anew() -> None:
    person = before_buying().says("1")  # nothing in the offer depends on the account, what follows does
    assert [key.epoch for keys in person.asked for key in keys if key.fact == "account"] == [1]


def test_two_effects_of_one_turn_are_numbered_in_order() -> None:
    twice = replace(MENU.screens["balance_left"], branches=(), effect=MENU.screens["keep_language"].effect)
    assert twice.effect
    twice = replace(twice, effect=replace(twice.effect, outcomes={"kept": "gone"}))
    person = Person(replace(MENU, screens={**MENU.screens, "balance_left": twice}), FACTS, before_buying().outcomes)
    person.says("1", "teh", "2", "1")
    assert [(call.name, call.number) for call in person.done] == [("order", 0), ("keep_language", 1)]


@pytest.mark.parametrize("answers", [["1"], ["9"], ["1", "teh", "2", "1"], ["2", "98", "3"], ["1", "t", "t", "t"]])
def test_the_same_answer_with_the_same_known_gives_the_equal_turn(answers: list[str]) -> None:
    person = a_member().says(*answers[:-1])
    before = person.turn.dialogue
    person.says(answers[-1])
    assert engine.step(MENU, before, answers[-1], person.known) == person.turn


def test_an_outcome_known_beforehand_gives_the_turn_it_gave_the_first_time() -> None:
    person = before_buying()
    before = person.turn.dialogue
    first = person.says("1").turn
    again = engine.step(MENU, before, "1", person.known)
    assert isinstance(again, Turn)
    assert again == first


def test_a_turn_leaves_the_dialogue_it_began_with_as_it_was() -> None:
    person = a_member()
    before, kept = person.turn.dialogue, person.turn.dialogue.to_json()
    person.says("1", "teh")
    assert before.to_json() == kept


def test_a_dialogue_goes_on_from_what_was_written_down() -> None:
    person = a_member().says("1", "teh", "2")
    written = person.turn.dialogue.to_json()
    person.turn = replace(person.turn, dialogue=Dialogue.from_json(written))
    assert person.says("1").text == "Pesanan N7, sisa Rp5.000"


# ---- languages ----


def test_an_answer_called_language_switches_the_language() -> None:
    assert a_guest().says("1", "1").text == "Welcome\n1. Language\n0. Back"


def test_the_language_is_what_its_effect_is_given() -> None:
    assert a_guest().says("1", "1").done == [EffectCall("keep_language", (("language", "en"),), 0)]


def test_who_begins_in_english_sees_english() -> None:
    assert Person(MENU, FACTS, language="en").text.startswith("Siti has Rp5,000\n")


def test_a_text_without_translation_is_shown_in_the_default_language() -> None:
    assert Person(MENU, FACTS, language="en").says("1").text == "Barang apa?\n0. Back"


def test_a_reason_is_told_in_the_language_chosen() -> None:
    assert Person(MENU, FACTS, language="en").says("9").text.startswith("Choose a number shown.\n")


def test_a_language_the_menu_does_not_have_is_shown_in_the_default_language() -> None:
    assert Person(MENU, FACTS, language="su").says("1").text == ITEM


# ---- what a fact may hold ----


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Nur’aini", "Nur'aini: Rp5.000"), ("Siti – Ani", "Siti - Ani: Rp5.000"), (None, ": Rp5.000")],
)
def test_what_a_fact_gives_is_made_plain(name: str | None, shown: str) -> None:
    person = a_member(account=FactValue({"found": True, "name": name, "balance": 5_000}))
    assert person.text.split("\n")[0] == shown


def test_a_brace_in_a_fact_is_only_a_brace() -> None:
    person = a_member(account=FactValue({"found": True, "name": "{account.balance}", "balance": 5_000}))
    assert person.text.startswith("{account.balance}: Rp5.000")
