"""Documents are published, kept in every version, rolled back, and refused with everything that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import PHONE, a_keypress, count, dearer_rates, rows, shipped, typed
from tests.conftest import MENUS
from ussd_app.errors import MenuProblems, NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import dialing, publishing
from ussd_app.storage import documents

QUIET = "holidays:\n  - 2027-01-01\n"


def publish(rt: Runtime, text: str = QUIET, **more: str) -> int:
    return publishing.publish(rt, "holidays", {"holidays.yaml": text}, by="an admin", **more)


def history(rt: Runtime, name: str = "holidays") -> list[documents.Document]:
    with rt.db.connect() as connection:
        return documents.history(connection, name)


def test_publishing_makes_the_next_version(rt: Runtime) -> None:
    assert publish(rt) == 2


def test_what_is_published_is_what_counts(rt: Runtime) -> None:
    publish(rt)
    assert [day.isoformat() for day in publishing.holidays(rt, publishing.newest(rt))] == ["2027-01-01"]


def test_every_version_stays_in_the_history_the_newest_first(rt: Runtime) -> None:
    publish(rt, comment="fewer")
    assert [(was.version, was.published_by, was.comment) for was in history(rt)] == [
        (2, "an admin", "fewer"),
        (1, "import", "shipped with the service"),
    ]


def test_a_version_tells_when_it_was_published(rt: Runtime) -> None:
    publish(rt)
    assert history(rt)[0].published_at == rt.clock()


def test_an_old_version_keeps_its_text(rt: Runtime) -> None:
    publish(rt)
    assert history(rt)[1].files == {"holidays.yaml": shipped("holidays")}


def test_the_same_contents_again_are_no_new_version(rt: Runtime) -> None:
    publish(rt)
    assert publish(rt) == 2
    assert len(history(rt)) == 2


def test_rolling_back_publishes_the_old_text_as_a_new_version(rt: Runtime) -> None:
    publish(rt)
    assert publishing.roll_back(rt, "holidays", 1, by="an admin") == 3
    assert history(rt)[0].files == history(rt)[2].files


def test_rolling_back_says_so_in_the_history(rt: Runtime) -> None:
    publish(rt)
    publishing.roll_back(rt, "holidays", 1, by="an admin")
    assert history(rt)[0].comment == "back to version 1"


def test_nobody_can_roll_back_to_a_version_that_never_was(rt: Runtime) -> None:
    with pytest.raises(NotPublished, match="no version 7"):
        publishing.roll_back(rt, "holidays", 7, by="an admin")


def test_a_broken_document_is_refused_with_all_its_problems_at_once(rt: Runtime) -> None:
    broken = shipped("main").replace("go: about_price", "go: nowhere").replace("fact: dues", "fact: dreams")
    files = {**publishing.files_of(MENUS)["main"], "main.yaml": broken}
    with pytest.raises(MenuProblems) as refused:
        publishing.publish(rt, "main", files, by="an admin")
    sentences = str(refused.value)
    assert "nowhere" in sentences
    assert "dreams" in sentences


def test_each_problem_names_its_file_line_and_path(rt: Runtime) -> None:
    with pytest.raises(MenuProblems) as refused:
        publish(rt, "holidays:\n  - soon\n")
    assert str(refused.value).startswith("holidays.yaml:2: holidays.0: ")


def test_a_broken_document_leaves_the_newest_version_as_it_was(rt: Runtime) -> None:
    with pytest.raises(MenuProblems):
        publish(rt, "holidays: soon\n")
    assert len(history(rt)) == 1


def test_a_document_that_is_no_yaml_is_refused(rt: Runtime) -> None:
    with pytest.raises(MenuProblems):
        publish(rt, "holidays: [\n")


def test_a_file_that_is_neither_a_menu_nor_known_is_refused(rt: Runtime) -> None:
    with pytest.raises(MenuProblems, match="a menu begins with"):
        publishing.publish(rt, "stray", {"stray.yaml": "hello: there\n"}, by="an admin")


def test_a_menu_under_another_name_than_its_file_is_refused(rt: Runtime) -> None:
    with pytest.raises(MenuProblems, match="the file is called second, the menu main"):
        publishing.publish(rt, "second", {"second.yaml": shipped("main")}, by="an admin")


def test_rates_that_contradict_themselves_are_refused(rt: Runtime) -> None:
    with pytest.raises(MenuProblems, match="min_age"):
        publishing.publish(rt, "rates", {"rates.yaml": shipped("rates").replace("min_age: 17", "min_age: 99")}, by="x")


def test_messages_without_one_that_the_code_sends_are_refused(rt: Runtime) -> None:
    without = shipped("messages").split("  registration_refused:")[0]
    with pytest.raises(MenuProblems, match="registration_refused"):
        publishing.publish(rt, "messages", {"messages.yaml": without}, by="x")


def test_a_new_price_is_shown_at_the_next_dial(rt: Runtime) -> None:
    dearer_rates(rt)
    assert "2. 1 bulan Rp16.800" in typed(rt, "1", "3174054508880003", "05081988", "Siti", "1", "1").text


def test_without_redis_the_newest_versions_come_from_the_database(rt: Runtime) -> None:
    publish(rt)
    rt.redis.flushall()
    assert publishing.newest(rt)["holidays"] == ("holidays", 2, ())


def test_the_shipped_documents_are_imported_on_the_first_start(rt: Runtime) -> None:
    assert set(publishing.newest(rt)) == set(publishing.files_of(MENUS)) >= {"holidays", "main", "messages", "rates"}


def test_a_second_start_imports_nothing(rt: Runtime) -> None:
    assert publishing.import_folder(rt, MENUS) == []
    assert count(rt, "document_versions") == len(publishing.files_of(MENUS))


def test_what_an_admin_has_published_is_not_imported_over(rt: Runtime) -> None:
    publish(rt)
    publishing.import_folder(rt, MENUS)
    assert rows(rt, "SELECT version FROM documents WHERE name = 'holidays'") == [{"version": 2}]


def test_a_document_that_is_shipped_later_is_imported_then(rt: Runtime, tmp_path: Path) -> None:
    menu = "menu: quiz\ncodes: ['*778#']\nlanguages: [id]\nstart: bye\nscreens: {bye: {end: Selesai}}\n"
    (tmp_path / "quiz.yaml").write_text(menu)
    assert publishing.import_folder(rt, tmp_path) == ["quiz"]


def test_a_menu_is_published_with_its_translations_and_the_parts_it_includes(rt: Runtime) -> None:
    languages = ("", ".en", ".jv", ".su")
    files = {
        f"{name}{language}.yaml"
        for name in ("main", "common", "language", "rights", "savings")
        for language in languages
    }
    assert set(history(rt, "main")[0].files) == files


# ---- parts ----

QUIZ = """\
menu: quiz
codes: ["*778#", {code: "*779#", limit: 70}]
languages: [id, en]
start: welcome
include: [greetings]
screens:
  welcome: {text: Kuis, choices: {1: {label: Selesai, go: bye}}}
"""
PART = "part: greetings\nreasons: {choose: Pilih nomor.}\nscreens:\n  bye: {end: Sampai jumpa}\n"
PART_EN = "part: greetings\nlanguage: en\nscreens:\n  bye: {end: See you}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a menu, a part of it and that part's translation."""
    for name, text in {"quiz.yaml": QUIZ, "greetings.yaml": PART, "greetings.en.yaml": PART_EN}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_part_is_no_document_of_its_own(folder: Path) -> None:
    assert {name: set(files) for name, files in publishing.files_of(folder).items()} == {
        "quiz": {"quiz.yaml", "greetings.yaml", "greetings.en.yaml"}
    }


def test_a_part_with_several_menus_belongs_to_each_of_them(folder: Path) -> None:
    (folder / "test.yaml").write_text(QUIZ.replace("quiz", "test"))
    assert all("greetings.yaml" in files for files in publishing.files_of(folder).values())


def test_a_part_is_imported_with_its_menu_and_never_alone(rt: Runtime, folder: Path) -> None:
    assert publishing.import_folder(rt, folder) == ["quiz"]
    assert set(history(rt, "quiz")[0].files) == {"quiz.yaml", "greetings.yaml", "greetings.en.yaml"}


def test_a_part_alone_is_not_published(rt: Runtime) -> None:
    with pytest.raises(MenuProblems, match="a part is published with each menu that includes it"):
        publishing.publish(rt, "greetings", {"greetings.yaml": PART}, by="test")


def test_a_menu_without_the_part_it_includes_is_not_published(rt: Runtime) -> None:
    with pytest.raises(MenuProblems, match=r"quiz.yaml:5: include.0: there is no part `greetings`"):
        publishing.publish(rt, "quiz", {"quiz.yaml": QUIZ}, by="test")


def test_a_version_keeps_the_part_it_was_published_with(rt: Runtime, folder: Path) -> None:
    publishing.import_folder(rt, folder)
    (folder / "greetings.yaml").write_text(PART.replace("Sampai jumpa", "Selamat jalan"))
    publishing.publish(rt, "quiz", publishing.files_of(folder)["quiz"], by="test")
    old, new = (publishing.menu(rt, "quiz", version).screens["bye"].text["id"] for version in (1, 2))
    assert (old, new) == (("Sampai jumpa",), ("Selamat jalan",))


def test_rolling_back_brings_back_the_part_of_that_version(rt: Runtime, folder: Path) -> None:
    publishing.import_folder(rt, folder)
    (folder / "greetings.yaml").write_text(PART.replace("Sampai jumpa", "Selamat jalan"))
    publishing.publish(rt, "quiz", publishing.files_of(folder)["quiz"], by="test")
    publishing.roll_back(rt, "quiz", 1, by="test")
    assert history(rt, "quiz")[0].files["greetings.yaml"] == PART


# ---- the room on a screen ----


@pytest.mark.parametrize(
    ("dialled", "name", "limit", "chain"),
    [
        ("*778#", "quiz", 160, ""),
        ("*779#", "quiz", 70, ""),
        ("*779*1*2#", "quiz", 70, "1*2"),
        ("*777#", "main", 160, ""),
        ("*777*1#", "main", 160, "1"),
    ],
)
def test_a_code_reaches_its_menu_with_its_own_room_on_the_screen(
    rt: Runtime, folder: Path, dialled: str, name: str, limit: int, chain: str
) -> None:
    publishing.import_folder(rt, folder)
    found = publishing.menu_for(rt, publishing.newest(rt), dialled)
    assert found is not None
    assert (found.menu.name, found.limit, found.chain) == (name, limit, chain)


def test_the_service_code_reaches_main_with_mains_limit_although_another_menu_has_that_code(
    rt: Runtime, folder: Path
) -> None:
    (folder / "quiz.yaml").write_text(QUIZ.replace("*779#", "*777#"))
    publishing.import_folder(rt, folder)
    found = publishing.menu_for(rt, publishing.newest(rt), "*777#")
    assert found is not None
    assert (found.menu.name, found.limit) == ("main", 160)


@pytest.mark.parametrize(("code", "limit"), [("*778#", 160), ("*779#", 70)])
def test_a_dialogue_remembers_the_room_of_the_code_it_was_dialled_by(
    rt: Runtime, folder: Path, code: str, limit: int
) -> None:
    publishing.import_folder(rt, folder)
    dialing.press(rt, a_keypress("", code=code))
    dialing.press(rt, a_keypress("9", code=code))
    dialogue = rt.dialogues.peek(dialing.name_of(rt, "at:s1", PHONE))
    assert dialogue is not None
    assert (dialogue.screen, dialogue.limit) == ("welcome", limit)
