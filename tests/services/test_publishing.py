"""Documents are published, kept in every version, rolled back, and refused with everything that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import count, dearer_rates, rows, shipped, typed
from tests.conftest import MENUS
from ussd_app.errors import MenuProblems, NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
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
    with pytest.raises(MenuProblems) as refused:
        publishing.publish(rt, "main", {"main.yaml": broken}, by="an admin")
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


def test_a_translation_belongs_to_the_document_it_translates(rt: Runtime) -> None:
    assert set(history(rt, "main")[0].files) == {"main.yaml", "main.en.yaml", "main.jv.yaml", "main.su.yaml"}
