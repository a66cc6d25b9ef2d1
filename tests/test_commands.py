"""The commands for authors, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import PHONE, typed
from tests.conftest import MENUS
from ussd_app.__main__ import main
from ussd_app.runtime import Runtime
from ussd_app.services import dialing, publishing
from ussd_app.services.reference import reference
from ussd_app.services.schema import schema_text


@pytest.fixture
def shell(rt: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """The house, and a shell whose environment leads to it."""
    for name in ("database_url", "redis_url", "secret_key", "data_keys"):
        monkeypatch.setenv(name.upper(), getattr(rt.settings, name))
    monkeypatch.setenv("CALLBACK_TOKEN", "a token nobody can guess")
    return rt


def test_a_menu_is_drawn_from_its_file_without_a_database(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["menus", "graph", "main"]) == 0
    assert capsys.readouterr().out.startswith("<svg ")


def test_a_menu_is_drawn_as_mermaid_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["menus", "graph", "main", "--mermaid", "--out", str(tmp_path / "main.mmd")]) == 0
    assert "flowchart LR" in (tmp_path / "main.mmd").read_text(encoding="utf-8")
    assert capsys.readouterr().out == ""


def test_a_menu_that_has_no_file_is_drawn_as_it_is_published(
    shell: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    quiz = "menu: quiz\ncodes: ['*778#']\nlanguages: [id]\nstart: bye\nscreens: {bye: {end: Sampai nanti}}\n"
    publishing.publish(shell, "quiz", {"quiz.yaml": quiz}, by="test")
    assert main(["menus", "graph", "quiz"]) == 0
    assert "Sampai nanti" in capsys.readouterr().out


def test_a_menu_that_is_nowhere_is_not_drawn(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["menus", "graph", "nowhere"]) == 1
    assert "there is no document called `nowhere`" in capsys.readouterr().err


def test_what_is_no_menu_is_not_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["menus", "graph", "rates"]) == 1
    assert "rates.yaml" in capsys.readouterr().err


def test_the_schema_is_printed_as_it_is_committed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["menus", "schema"]) == 0
    assert capsys.readouterr().out == schema_text()


def test_the_reference_is_printed_as_it_is_committed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["menus", "reference"]) == 0
    assert capsys.readouterr().out == reference()


def test_an_audit_is_printed_turn_by_turn(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    typed(shell, "1", "12")
    assert main(["menus", "audit", "s1", "--phone", "081234567890"]) == 0
    out = capsys.readouterr().out
    assert "2026-11-22 10:00:00   0  (no screen): (dial)\n    accepted, to home_guest  (main 1, id" in out
    assert "home_guest: 1. Daftar\n" in out
    assert "    refused, to register_nik" in out
    assert "    | 1. Daftar\n" in out


def test_an_audit_of_an_unknown_session_asks_for_the_phone(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["menus", "audit", "s1"]) == 1
    assert "only together with its --phone" in capsys.readouterr().err


def test_an_audit_by_the_id_of_a_dialogue_needs_no_phone(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    typed(shell)
    assert main(["menus", "audit", dialing.name_of(shell, "at:s1", PHONE)]) == 0
    assert "(dial)" in capsys.readouterr().out


def test_an_audit_of_what_is_no_phone_number_says_so(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["menus", "audit", "s1", "--phone", "nobody"]) == 1
    assert "nobody: this is not a phone number" in capsys.readouterr().err


def test_checking_without_files_checks_all_that_is_shipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["menus", "check"]) == 0
    assert f"{len(publishing.files_of(MENUS))} documents: 0 errors" in capsys.readouterr().out


# ---- parts ----

QUIZ = """\
menu: quiz
codes: ["*778#"]
languages: [id]
start: welcome
include: [greetings]
screens:
  welcome: {text: Kuis, choices: {1: {label: Selesai, go: bye}}}
"""
PART = "part: greetings\nreasons: {choose: Pilih nomor.}\nscreens:\n  bye: {end: Sampai jumpa}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a menu and its part."""
    (tmp_path / "quiz.yaml").write_text(QUIZ)
    (tmp_path / "greetings.yaml").write_text(PART)
    return tmp_path


def test_checking_all_files_of_a_folder_checks_a_part_in_its_menu(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["menus", "check", *map(str, sorted(folder.glob("*.yaml")))]) == 0
    assert "1 documents: 0 errors, 0 remarks" in capsys.readouterr().out


def test_checking_a_menu_tells_what_is_wrong_in_its_part(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "greetings.yaml").write_text(PART.replace("Sampai jumpa", "'{nobody}'"))
    assert main(["menus", "check", str(folder / "quiz.yaml")]) == 1
    assert "greetings.yaml:4: screens.bye.end: `nobody`" in capsys.readouterr().out


def test_a_part_that_no_given_menu_includes_is_not_taken_for_checked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["menus", "check", str(folder / "greetings.yaml")]) == 1
    assert "greetings.yaml:1: part: no menu that is checked here includes this part" in capsys.readouterr().out


def test_a_part_is_published_with_the_menu_that_includes_it(
    shell: Runtime, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["menus", "publish", str(folder / "greetings.yaml")]) == 1
    assert "a part is published with the menus that include it: publish quiz.yaml" in capsys.readouterr().err
    assert main(["menus", "publish", str(folder / "quiz.yaml")]) == 0
    assert main(["menus", "export", "quiz"]) == 0
    assert f"# --- greetings.yaml\n{PART}# --- quiz.yaml\n{QUIZ}" in capsys.readouterr().out


def test_a_menu_is_drawn_with_the_screens_of_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["menus", "graph", "main", "--mermaid"]) == 0
    assert "keep_language" in capsys.readouterr().out
