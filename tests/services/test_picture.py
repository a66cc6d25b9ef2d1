"""A menu is drawn, mistakes and all: boxes, lines, what is wrong where, and how many came and stopped."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.conftest import MENUS
from tests.drafting import QUIZ, replaced
from ussd_app.engine.graph import targets_of
from ussd_app.runtime import Runtime
from ussd_app.services import picture, preview, publishing
from ussd_app.services.picture import Count, Line, Picture

ALL = publishing.files_of(MENUS)


def drawn(files: Mapping[str, str] = QUIZ, name: str = "quiz") -> Picture:
    return picture.draw(name, files)


def line(found: Picture, source: str, target: str) -> Line:
    return next(line for line in found.lines if (line.source, line.target) == (source, target))


@pytest.mark.parametrize("name", ["main", "sponsor"])
def test_every_screen_and_every_way_of_a_real_menu_is_in_its_picture(name: str) -> None:
    menu = preview.compiled(name, tuple(sorted(ALL[name].items())))
    found = drawn(ALL[name], name)
    assert set(found.boxes) >= set(menu.screens)
    assert {(line.source, line.target) for line in found.lines} == {
        (screen.name, go) for screen in menu.screens.values() for _, go in targets_of(screen)
    }
    assert (found.lost_from, found.unread) == (None, ())


def test_a_line_to_the_screen_beside_ends_at_its_edge_and_any_other_is_a_jump() -> None:
    found = drawn()
    first, second = found.boxes["first"].area, found.boxes["second"].area
    there, back = line(found, "first", "second"), line(found, "second", "first")
    assert (there.jump, there.points[0][0], there.points[-1][0]) == (False, first.right, second.x)
    assert (back.jump, found.boxes["second"].jumps, found.boxes["first"].jumps) == (True, ("first",), ())


def test_a_line_tells_which_keys_are_pressed() -> None:
    both = replaced("go: bye", "go: second")
    assert line(drawn(both), "first", "second").keys == "1 2"


def test_a_screen_knows_the_screens_that_lead_to_it() -> None:
    assert drawn().boxes["first"].ways_in == ("second",)


def test_a_field_of_a_text_is_shown_by_its_last_name() -> None:
    files = replaced("text: Lagi?", 'text: "Halo {member.name|cut:20}!"')
    assert drawn(files).boxes["second"].lines == ("Halo {name}!",)


def test_a_long_text_and_many_jumps_are_cut_to_the_room_there_is() -> None:
    for box in drawn(ALL["main"], "main").boxes.values():
        assert len(box.lines) <= picture.LINES
        assert all(len(line) <= picture.LETTERS for line in [*box.lines, box.name])
        assert len(box.cut_jumps) <= picture.LETTERS + 4


def test_a_target_that_does_not_exist_and_a_screen_that_nobody_reaches_are_drawn(rt: Runtime) -> None:
    files = replaced("go: second", "go: nowhere")
    found = picture.draw_checked(rt, "quiz", files)
    assert (found.boxes["nowhere"].kind, found.boxes["second"].lost) == ("missing", True)
    assert found.lost_from is not None
    assert [box.name for box in found.wrong] == ["first"]


def test_remarks_are_counted_apart_from_errors(rt: Runtime) -> None:
    lines = "".join(f"      {key}: {{label: L{key}, go: bye}}\n" for key in range(3, 8))
    files = replaced("      2: {label: Selesai, go: bye}\n", f"      2: {{label: Selesai, go: bye}}\n{lines}")
    marks = picture.draw_checked(rt, "quiz", files).boxes["first"].marks
    assert (marks.errors, marks.remarks > 0) == (0, True)


def test_a_translation_that_is_no_yaml_hides_nothing_but_itself() -> None:
    found = drawn({**QUIZ, "quiz.en.yaml": "screens: [\n"})
    assert set(found.boxes) == {"first", "second", "bye"}
    assert "quiz.en.yaml" in found.unread[0]


def test_a_menu_that_is_no_yaml_has_an_empty_picture_that_says_why() -> None:
    found = drawn({"quiz.yaml": "screens: [\n"})
    assert (found.boxes, len(found.unread)) == ({}, 1)


def test_counts_are_shown_by_bars_as_long_as_they_are_many() -> None:
    counts = {"first": Count(200, 50), "second": Count(100, 0)}
    found = picture.draw("quiz", QUIZ, counts)
    first, second, bye = (found.boxes[name] for name in ("first", "second", "bye"))
    assert (first.bar, first.gap, second.bar) == (picture.WIDTH - 20, first.bar / 4, first.bar / 2)
    assert (bye.count, first.area.height) == (Count(0, 0), drawn().boxes["first"].area.height + picture.COUNTS)


@pytest.mark.parametrize(
    ("wanted", "names"), [("SECOND", ["second"]), ("lagi", ["second"]), ("mulai", ["first"]), ("x", []), (" ", [])]
)
def test_a_screen_is_found_by_its_name_and_by_its_words(wanted: str, names: list[str]) -> None:
    assert [box.name for box in drawn().found(wanted)] == names
