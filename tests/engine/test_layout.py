"""A menu is laid out as a tree that begins in the upper left corner, with nothing upon anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_app.engine.layout import DEEPEST, LARGEST_PART, SMALLEST_PART, Area, Arrangement, arrange

WIDTH = 100.0


def laid(ways: Mapping[str, Sequence[str]], *roots: str) -> Arrangement:
    """An arrangement of boxes 40 high."""
    return arrange(ways, roots, dict.fromkeys(ways, 40.0), WIDTH)


def menu(*lines: str) -> dict[str, list[str]]:
    """Ways from lines like `a: b c`."""
    read = {line.split(":")[0]: line.split(":")[1].split() for line in lines}
    return {name: read.get(name, []) for name in dict.fromkeys([*read, *(go for gos in read.values() for go in gos)])}


def overlap(one: Area, other: Area) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom


def inside(inner: Area, outer: Area) -> bool:
    return outer.x < inner.x and inner.right < outer.right and outer.y < inner.y and inner.bottom < outer.bottom


MENUS = st.integers(1, 14).flatmap(
    lambda size: st.lists(st.lists(st.integers(0, size - 1), max_size=4), min_size=size, max_size=size)
)


def test_the_beginning_stands_in_the_upper_left_corner() -> None:
    places = laid(menu("a: b c", "b: d"), "a").places
    assert (places["a"].x, places["a"].y) == (min(p.x for p in places.values()), min(p.y for p in places.values()))


def test_each_step_is_a_column_to_the_right() -> None:
    places = laid(menu("a: b", "b: c"), "a").places
    assert places["a"].right < places["b"].x < places["b"].right < places["c"].x


def test_the_usual_way_runs_straight_and_the_others_stand_below_it() -> None:
    places = laid(menu("a: b c", "b: d"), "a").places
    assert places["a"].y == places["b"].y == places["d"].y < places["c"].y


def test_a_screen_stands_beside_the_one_that_leads_to_it_in_the_fewest_steps() -> None:
    tree = laid(menu("a: b c", "b: d", "c: e", "d: e a"), "a").tree
    assert (tree.children["c"], tree.children["d"]) == (("e",), ())


def test_what_nobody_can_reach_stands_apart_below_everything_else() -> None:
    found = laid(menu("a: b", "lost: gone b", "gone: lost"), "a")
    assert found.tree.lost == ("lost",)
    assert found.lost_from is not None
    assert max(found.places[name].bottom for name in "ab") < found.lost_from < found.places["lost"].y
    assert found.places["gone"].x > found.places["lost"].x


def test_screens_that_only_lead_to_each_other_in_a_circle_are_drawn_as_well() -> None:
    found = laid(menu("a:", "b: c", "c: b"), "a")
    assert (found.tree.lost, set(found.places)) == (("b",), {"a", "b", "c"})


def test_a_part_of_the_flow_gets_a_frame_around_all_of_it_and_nothing_else() -> None:
    part = [f"part: {' '.join(f'p{n}' for n in range(SMALLEST_PART - 1))}"]
    rest = [f"rest: {' '.join(f'r{n}' for n in range(LARGEST_PART))}"]
    found = laid(menu("a: part rest", *part, *rest), "a")
    within = {name for name, area in found.places.items() if inside(area, found.frames["part"])}
    assert within == {"part", *(f"p{n}" for n in range(SMALLEST_PART - 1))}
    assert set(found.frames) == {"part"}
    assert found.places["a"].y == found.places["part"].y > found.frames["part"].y


def test_a_chain_that_is_too_long_to_follow_begins_again_at_the_left() -> None:
    chain = menu(*(f"s{n}: s{n + 1}" for n in range(2000)))
    found = laid(chain, "s0")
    assert len(found.places) == 2001
    assert found.places[f"s{DEEPEST + 1}"].x == found.places["s0"].x
    assert found.tree.lost == ()


@given(MENUS, st.integers(0, 2))
def test_every_screen_has_a_place_of_its_own(drawn: list[list[int]], roots: int) -> None:
    ways = {f"s{number}": [f"s{go}" for go in gos] for number, gos in enumerate(drawn)}
    found = laid(ways, *list(ways)[:roots])
    assert set(found.places) == set(ways) == set(found.tree.names)
    assert not any(overlap(one, other) for one, other in combinations(found.places.values(), 2))
    assert all(area.right < found.width and area.bottom <= found.height for area in found.places.values())


@given(MENUS)
def test_frames_are_apart_from_each_other_and_from_the_screens_of_other_parts(drawn: list[list[int]]) -> None:
    # Two long branches make the whole too large for a frame of its own.
    many = {f"m{n}": [f"m{n + 1}"] if n < LARGEST_PART else [] for n in range(LARGEST_PART + 1)}
    ways = {f"s{number}": [f"s{go}" for go in gos] for number, gos in enumerate(drawn)} | many
    found = laid({"root": ["s0", "m0"], **ways}, "root")
    assert not any(overlap(one, other) for one, other in combinations(found.frames.values(), 2))
    for first, frame in found.frames.items():
        own = set(found.tree.below(first))
        assert {name for name, area in found.places.items() if overlap(area, frame)} == own


@pytest.mark.parametrize("roots", [(), ("a",)])
def test_an_empty_menu_has_an_empty_picture(roots: tuple[str, ...]) -> None:
    assert laid({}, *roots).places == {}
