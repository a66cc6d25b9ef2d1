"""Menus and rates agree about months and ages: what a menu offers beyond them is found before anybody dials it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import shipped
from tests.conftest import MENUS
from ussd_app.__main__ import main
from ussd_app.errors import MenuProblems
from ussd_app.runtime import Runtime
from ussd_app.services import publishing

RATES = publishing.rates_beside(publishing.files_of(MENUS))


def files_of(menu: str = "main", **edits: tuple[str, str]) -> dict[str, str]:
    """A shipped menu with the first of some words replaced, file by file."""
    files = dict(publishing.files_of(MENUS)[menu])
    for name, (old, new) in edits.items():
        assert old in files[f"{name}.yaml"]
        files[f"{name}.yaml"] = files[f"{name}.yaml"].replace(old, new, 1)
    return files


def found(files: dict[str, str], menu: str = "main") -> list[tuple[str, bool]]:
    """Path and weight of all that disagrees with the shipped rates."""
    problems = publishing.check(menu, files, RATES)
    return [(problem.path, problem.error) for problem in problems if "the rates" in problem.sentence]


@pytest.mark.parametrize("menu", ["main", "sponsor"])
def test_the_menus_we_ship_agree_with_the_rates_we_ship(menu: str) -> None:
    assert found(files_of(menu), menu) == []


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("set: {months: 6}, go: register_consent", "set: {months: 7}, go: register_consent", "choices.3.set.months"),
        ("six: {fact: quote, months: 6}", "six: {fact: quote, months: 2}", "show.six.months"),
    ],
)
def test_a_number_of_months_that_the_rates_do_not_allow_is_an_error(old: str, new: str, path: str) -> None:
    assert found(files_of(main=(old, new))) == [(f"screens.register_months.{path}", True)]


def test_a_problem_with_the_rates_names_its_line(rt: Runtime) -> None:
    files = files_of(main=("six: {fact: quote, months: 6}", "six: {fact: quote, months: 2}"))
    line = next(n for n, text in enumerate(files["main.yaml"].splitlines(), 1) if "months: 2}" in text)
    with pytest.raises(MenuProblems) as refused:
        publishing.publish(rt, "main", files, by="an admin")
    said = "the rates do not allow to pay 2 months in one go: use one of 1, 3, 6, 12"
    assert str(refused.value) == f"main.yaml:{line}: screens.register_months.show.six.months: {said}"


def test_months_cannot_be_typed_since_the_rates_allow_only_some() -> None:
    quiz = (
        "menu: quiz\ncodes: ['*779#']\nlanguages: [id]\nstart: many\n"
        "reasons: {number: Ketik angka, number_range: Ketik angka}\nscreens:\n"
        "  many: {text: Berapa bulan, ask: {keep: months, check: number, max: 12}, go: bye}\n  bye: {end: Selesai}\n"
    )
    assert found({"quiz.yaml": quiz}, "quiz") == [("screens.many.ask", True)]


@pytest.mark.parametrize(
    ("old", "new", "name", "error"),
    [
        ("min_age: 17", "min_age: 16", "min_age", True),
        ("min_age: 17", "min_age: 18", "min_age", False),
        ("max_age: 64", "max_age: 65", "max_age", True),
        ("max_age: 64", "max_age: 60", "max_age", False),
    ],
)
def test_ages_beyond_the_rates_are_an_error_and_narrower_ones_a_remark(
    old: str, new: str, name: str, error: bool
) -> None:
    assert found(files_of(main=(old, new))) == [(f"screens.fix_birth_date.ask.{name}", error)]


def test_who_enrols_is_never_left_without_a_limit_of_age() -> None:
    assert found(files_of(main=("      max_age: 64\n", ""))) == [("screens.fix_birth_date.ask", True)]


def test_a_birth_date_that_is_only_a_proof_needs_no_limit_of_age() -> None:
    assert "keep: moving_born" in shipped("main", "rights.yaml")
    assert found(files_of()) == []


def test_a_part_is_held_to_the_rates_in_the_menu_that_includes_it() -> None:
    part = "part: common\nscreens:\n  more_months:\n    text: Lagi?\n    choices:\n"
    part += "      1: {label: Ya, set: {months: 9}, go: bye}\nreasons: {choose: Pilih nomor}\n"
    quiz = "menu: quiz\ncodes: ['*779#']\nlanguages: [id]\nstart: more_months\ninclude: [common]\n"
    files = {"quiz.yaml": quiz + "screens: {bye: {end: Selesai}}\n", "common.yaml": part}
    (problem,) = [one for one in publishing.check("quiz", files, RATES) if one.error]
    assert (problem.file, problem.line) == ("common.yaml", 6)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("allowed_months: [1, 3, 6, 12]", "allowed_months: [1, 3, 12]", "do not allow to pay 6 months"),
        ("min_age: 17", "min_age: 18", "the rates say 18: this takes people who cannot enrol"),
    ],
)
def test_rates_that_allow_less_than_a_served_menu_offers_are_refused(
    rt: Runtime, old: str, new: str, sentence: str
) -> None:
    with pytest.raises(MenuProblems, match=sentence):
        publishing.publish(rt, "rates", {"rates.yaml": shipped("rates").replace(old, new)}, by="an admin")


def test_what_the_rates_allow_newly_can_be_published_first_and_then_offered(rt: Runtime) -> None:
    wider = shipped("rates").replace("allowed_months: [1, 3, 6, 12]", "allowed_months: [1, 3, 6, 9, 12]")
    assert publishing.publish(rt, "rates", {"rates.yaml": wider}, by="an admin") == 2
    nine = files_of(main=("six: {fact: quote, months: 6}", "six: {fact: quote, months: 9}"))
    assert publishing.publish(rt, "main", nine, by="an admin") == 2


def test_checking_one_menu_holds_it_to_the_rates_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in {**files_of(main=("min_age: 17", "min_age: 16")), "rates.yaml": shipped("rates")}.items():
        (tmp_path / name).write_text(text)
    assert main(["menus", "check", str(tmp_path / "main.yaml")]) == 1
    assert "screens.fix_birth_date.ask.min_age: the rates say 17" in capsys.readouterr().out
