"""A picture of a menu shows every screen and every way out of it."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest

from tests.engine.menus import compiled
from ussd_app.engine import graph
from ussd_app.engine.picture import (
    Box,
    Way,
    boxes_of,
    kind_of,
    layers_of,
    mermaid,
    places_of,
    svg,
    ways_of,
    written,
)

MENU = """
menu: shop
codes: ["*778#"]
languages: [id]
start: welcome
resume: {minutes: 30, how: ask, screen: go_on}
reasons:
  choose: Pilih nomor
  number: Tulis angka
  number_range: Terlalu banyak
screens:
  welcome:
    branch:
      - {when: account.balance > 0, go: home}
      - {go: stranger}
  home:
    text: "Saldo <b>{account.balance|rupiah}</b> & \\"lebih\\" dari empat puluh huruf"
    choices:
      1: {label: Beli, go: pieces}
      2: {label: "Toko & 'lain'", when: account, go: shops}
      3: {label: Keluar, go: stranger}
  pieces:
    text: Berapa?
    ask: {keep: pieces, check: number, tries: 2, counts: number_range, otherwise: stranger}
    go: order
  shops:
    text: Pilih toko
    list: {rows: shops, label: "{row.name|cut:10}", keep: item, value: code, go: menu:other}
    choices:
      "+": {label: Kembali, go: return}
  order:
    do: order
    with: {item: rice, total: 5}
    outcomes: {placed: thanks, changed: home}
  go_on:
    text: Terputus
    choices:
      1: {label: Lanjut, go: left}
  stranger:
    end: Selamat tinggal
  thanks:
    end: "Nomor {order.number}"
"""
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def menu() -> graph.Menu:
    """A shop with every kind of screen."""
    return compiled(MENU)


def texts(drawn: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(drawn).iter(f"{SVG}text")]  # noqa: S314


def test_a_text_is_written_as_its_author_wrote_it(menu: graph.Menu) -> None:
    listing = menu.screens["shops"].listing
    assert listing is not None
    assert written(listing.label["id"]) == "{row.name|cut:10}"


@pytest.mark.parametrize(
    ("screen", "kind"),
    [("welcome", "step"), ("order", "step"), ("home", "choices"), ("pieces", "question"), ("thanks", "end")],
)
def test_a_screen_is_of_one_kind(menu: graph.Menu, screen: str, kind: str) -> None:
    assert kind_of(menu.screens[screen]) == kind


@pytest.mark.parametrize(
    ("screen", "ways"),
    [
        ("home", [("1 Beli", "pieces"), ("2 Toko & 'lain' [by account]", "shops"), ("3 Keluar", "stranger")]),
        ("shops", [("1, 2… {row.name|cut:10}", "menu:other"), ("+ Kembali", "return")]),
        ("pieces", [("answer: pieces", "order"), ("after 2 wrong tries (number_range)", "stranger")]),
        ("welcome", [("by account.balance", "home"), ("otherwise", "stranger")]),
        ("order", [("placed", "thanks"), ("changed", "home")]),
        ("thanks", []),
    ],
)
def test_every_way_out_of_a_screen_says_how_it_is_taken(
    menu: graph.Menu, screen: str, ways: list[tuple[str, str]]
) -> None:
    assert list(ways_of(menu, menu.screens[screen])) == [Way(*way) for way in ways]


def test_a_condition_is_shown_as_it_was_written_where_that_is_known(menu: graph.Menu) -> None:
    known = {("welcome", "0"): "account.balance > 0", ("home", "2"): "account"}
    assert next(ways_of(menu, menu.screens["welcome"], known)).label == "account.balance > 0"
    assert "2 Toko & 'lain' [account]" in texts(svg(menu, known))


def test_a_screen_stands_in_the_column_of_its_fewest_answers(menu: graph.Menu) -> None:
    assert layers_of(menu, boxes_of(menu)) == [
        ["welcome", "go_on"],
        ["home", "stranger", "left"],
        ["pieces", "shops"],
        ["order", "menu:other", "return"],
        ["thanks"],
    ]


def test_what_nothing_leads_to_stands_last(menu: graph.Menu) -> None:
    boxes = {**boxes_of(menu), "lost": Box("lost", "end", "", ())}
    assert layers_of(menu, boxes)[-1] == ["lost"]


def test_no_box_lies_on_another(menu: graph.Menu) -> None:
    boxes = boxes_of(menu)
    places = places_of(layers_of(menu, boxes), boxes)
    for one, other in combinations(boxes, 2):
        if places[one].column == places[other].column:
            upper, lower = sorted((one, other), key=lambda name: places[name].y)
            assert places[upper].y + boxes[upper].height < places[lower].y


def test_a_picture_is_well_formed_and_has_a_title(menu: graph.Menu) -> None:
    title = ElementTree.fromstring(svg(menu)).find(f"{SVG}title")  # noqa: S314
    assert title is not None
    assert title.text == "Menu shop: *778#"


def test_a_picture_names_every_screen_once(menu: graph.Menu) -> None:
    shown = texts(svg(menu))
    assert {name: shown.count(name) for name in boxes_of(menu)} == dict.fromkeys(boxes_of(menu), 1)


def test_a_picture_has_one_line_for_every_way(menu: graph.Menu) -> None:
    lines = re.findall(r'<path [^>]*marker-end="url\(#to\)"', svg(menu))
    assert len(lines) == sum(len(box.ways) for box in boxes_of(menu).values())


def test_a_line_that_leads_no_column_further_is_dashed_and_says_where_to(menu: graph.Menu) -> None:
    drawn = svg(menu)
    assert drawn.count('<path class="back"') == 3
    back = ["3 Keluar → stranger", "after 2 wrong tries (number_ran… → stranger", "changed → home"]
    assert [said for said in texts(drawn) if "→" in said] == back


def test_a_long_text_is_cut_and_whole_when_pointed_at(menu: graph.Menu) -> None:
    drawn = svg(menu)
    whole = 'Saldo <b>{account.balance|rupiah}</b> & "lebih" dari empat puluh huruf'
    assert "Saldo <b>{account.balance|rupiah}</b> &…" in texts(drawn)
    assert whole in [title.text for title in ElementTree.fromstring(drawn).iter(f"{SVG}title")]  # noqa: S314


def test_the_same_menu_gives_the_same_picture(menu: graph.Menu) -> None:
    assert svg(menu) == svg(compiled(MENU))


def test_a_menu_of_one_screen_can_be_drawn() -> None:
    alone = "menu: bye\ncodes: ['*778#']\nlanguages: [id]\nstart: bye\nscreens: {bye: {end: Selesai}}\n"
    assert "Selesai" in texts(svg(compiled(alone)))
    assert 's_bye(["bye<br/>Selesai"]):::end' in mermaid(compiled(alone))


def test_mermaid_has_every_screen_and_every_way(menu: graph.Menu) -> None:
    drawn = mermaid(menu)
    assert drawn.startswith("---\ntitle: Menu shop\n---\nflowchart LR\n")
    nodes = re.findall(r"^    (s_\w+)[\[({>]", drawn, re.MULTILINE)
    assert nodes == [f"s_{name.replace(':', '__')}" for layer in layers_of(menu, boxes_of(menu)) for name in layer]
    assert '    s_order -->|"placed"| s_thanks' in drawn


def test_a_label_cannot_break_out_of_mermaid(menu: graph.Menu) -> None:
    labels = re.findall(r'"(.*)"', mermaid(menu))
    assert [label for label in labels if re.search(r'["|`\\]|<(?!br/>)|&', label)] == []
    assert "#60;b#62;{account.balance#124;rupiah}" in mermaid(menu)
