"""What differs from what is live: screen by screen in words, line by line in the files, elsewhere too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MENUS
from tests.drafting import QUIZ, replaced
from ussd_app.runtime import Runtime
from ussd_app.services import differences, edits, publishing
from ussd_app.services.differences import Change, Strayed

SHIPPED = publishing.files_of(MENUS)


def after(**edit: Any) -> dict[str, str]:
    return edits.apply("quiz", QUIZ, edits.edit_from(edit))


def between(files: dict[str, str]) -> list[tuple[str, str, str, tuple[Change, ...]]]:
    return [(one.section, one.name, one.how, one.changes) for one in differences.between("quiz", QUIZ, files).changed]


def test_the_same_files_do_not_differ() -> None:
    found = differences.between("quiz", QUIZ, QUIZ)
    assert (found.changed, found.files) == ((), {})


def test_a_changed_text_is_told_with_its_language() -> None:
    change = Change("text", "id", "Kuis", "Tanya")
    assert between(replaced("Kuis", "Tanya")) == [("screens", "first", "changed", (change,))]


def test_a_changed_label_of_a_translation_stands_where_it_stands_in_the_menu() -> None:
    change = Change("choices.2.label", "en", "Stop", "Enough")
    assert between(replaced("Stop", "Enough", file="quiz.en.yaml")) == [("screens", "first", "changed", (change,))]


def test_a_changed_target_is_no_text() -> None:
    changes = (Change("choices.2.go", "", "bye", "second"),)
    edit = {"edit": "set_target", "screen": "first", "at": "choices.2.go", "go": "second"}
    assert between(after(**edit)) == [("screens", "first", "changed", changes)]


def test_an_added_screen_is_told_with_all_that_it_says() -> None:
    files = after(edit="add_screen", screen="prize", text="Sepeda")
    assert between(files) == [("screens", "prize", "added", (Change("end", "id", None, "Sepeda"),))]


def test_a_removed_screen_is_told_with_its_texts_in_every_language() -> None:
    files = after(edit="delete_screen", screen="bye", instead="second")
    gone = next(one for one in between(files) if one[2] == "removed")
    assert gone[3] == (Change("end", "id", "Dag", None), Change("end", "en", "Bye", None))


def test_a_renamed_screen_is_neither_added_nor_removed() -> None:
    found = differences.between("quiz", QUIZ, after(edit="rename_screen", screen="bye", to="farewell")).screens
    assert [(one.name, one.how, one.was) for one in found] == [("first", "changed", ""), ("farewell", "renamed", "bye")]


def test_a_word_of_the_file_and_a_reason_are_told_too() -> None:
    found = between(replaced("start: first", "start: second", replaced("Pilih nomor.", "Pilih.")))
    assert found == [
        ("start", "", "changed", (Change("text", "", "first", "second"),)),
        ("reasons", "choose", "changed", (Change("text", "id", "Pilih nomor.", "Pilih."),)),
    ]


def test_an_sms_is_told_with_its_language() -> None:
    edit = edits.edit_from({"edit": "set_message", "message": "way_out", "language": "en", "text": "Stop: STOP"})
    files = edits.apply("messages", SHIPPED["messages"], edit)
    (found,) = differences.between("messages", SHIPPED["messages"], files).changed
    assert (found.section, found.name, [(one.at, one.language, one.after) for one in found.changes]) == (
        "messages",
        "way_out",
        [("text", "en", "Stop: STOP")],
    )


def test_the_files_differ_line_by_line() -> None:
    lines = differences.between("quiz", QUIZ, replaced("Kuis", "Tanya")).files
    assert list(lines) == ["quiz.yaml"]
    assert "-    text: Kuis\n+    text: Tanya" in lines["quiz.yaml"]


def test_a_broken_file_is_compared_line_by_line_only() -> None:
    found = differences.between("quiz", QUIZ, {**QUIZ, "quiz.en.yaml": "menu: [\n"})
    assert found.unread == ("quiz.en.yaml",)
    assert list(found.files) == ["quiz.en.yaml"]


def test_a_new_file_and_a_lost_one_are_shown() -> None:
    found = differences.between("quiz", QUIZ, {"quiz.yaml": QUIZ["quiz.yaml"], "quiz.jv.yaml": "menu: quiz\n"})
    assert list(found.files) == ["quiz.en.yaml", "quiz.jv.yaml"]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_document_can_be_compared_with_nothing(name: str) -> None:
    found = differences.between(name, {}, SHIPPED[name])
    assert found.changed
    assert {one.how for one in found.changed} == {"added"}


# ---- elsewhere ----


def test_a_folder_that_says_what_is_live_has_not_strayed(rt: Runtime) -> None:
    assert differences.from_folder(rt, MENUS) == []


def test_files_that_differ_from_what_is_live_are_told(rt: Runtime, tmp_path: Path) -> None:
    for file in MENUS.glob("*.yaml"):
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "holidays.yaml").write_text("holidays: []\n")
    (tmp_path / "quiz.yaml").write_text(QUIZ["quiz.yaml"])
    (tmp_path / "channels.yaml").unlink()
    assert differences.from_folder(rt, tmp_path) == [
        Strayed("channels", "only_live", ("channels.yaml",)),
        Strayed("holidays", "changed", ("holidays.yaml",)),
        Strayed("quiz", "only_files", ("quiz.yaml",)),
    ]


def test_a_part_that_other_menus_have_otherwise_is_told(rt: Runtime) -> None:
    files = {**SHIPPED["main"], "common.yaml": SHIPPED["main"]["common.yaml"].replace("Pilih nomor", "Pilih angka")}
    assert differences.parts_elsewhere(rt, "main", files) == {"sponsor": ("common.yaml",)}
    assert differences.parts_elsewhere(rt, "main", SHIPPED["main"]) == {}
