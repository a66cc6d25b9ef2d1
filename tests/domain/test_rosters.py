"""A company's list of people is read whole, and everything wrong in it is told by line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from ussd_app.domain import rosters
from ussd_app.domain.contributions import rates_from

RATES = rates_from(yaml.safe_load((Path(__file__).parents[2] / "menus" / "rates.yaml").read_text(encoding="utf-8")))
TODAY = date(2026, 11, 22)
GOOD = {
    "nik": "3174054508880003",
    "name": "Siti Aminah",
    "birth_date": "05-08-1988",
    "phone": "081234567890",
    "sector": "cleaner",
    "workplace": "Jakarta Selatan",
    "package": "jkk_jkm",
    "income": "1.500.000",
    "months": "3",
    "consent": "paper",
}


def a_file(*rows: dict[str, str], delimiter: str = ",", header: tuple[str, ...] = rosters.COLUMNS) -> bytes:
    """A roster in which each row differs from GOOD as told."""
    lines = [delimiter.join(header)]
    lines += [delimiter.join({**GOOD, **row}[name] for name in header) for row in rows]
    return "\r\n".join(lines).encode()


def mistakes(*rows: dict[str, str]) -> list[tuple[int, str, str]]:
    """Line, column and reason of everything wrong."""
    return [(one.line, one.column, one.reason) for one in rosters.read(a_file(*rows), RATES, TODAY).mistakes]


def test_a_good_line_is_a_person_with_everything_checked() -> None:
    (person,) = rosters.read(a_file({}), RATES, TODAY).people
    assert (person.line, person.born, person.phone) == (2, date(1988, 8, 5), "+6281234567890")
    assert (person.wage, person.months, person.consent) == (1_600_000, 3, "paper")


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_spreadsheet_may_write_commas_or_semicolons(delimiter: str) -> None:
    assert len(rosters.read(a_file({"income": "1500000"}, delimiter=delimiter), RATES, TODAY).people) == 1


def test_columns_may_stand_in_any_order_and_with_capitals() -> None:
    header = tuple(reversed(rosters.COLUMNS))
    content = a_file({"income": "1500000"}, header=header).replace(b"birth_date", b"Birth Date", 1)
    assert len(rosters.read(content, RATES, TODAY).people) == 1


@pytest.mark.parametrize("encode", ["utf-8-sig", "cp1252"])
def test_what_older_spreadsheets_write_is_read_too(encode: str) -> None:
    text = a_file({"workplace": "Café"}).decode()
    (person,) = rosters.read(text.encode(encode), RATES, TODAY).people
    assert person.workplace == "Café"


@pytest.mark.parametrize(
    ("column", "typed", "reason"),
    [
        ("nik", "317405450888000", "nik_length"),
        ("nik", "3.17405E+15", "spoilt"),
        ("nik", "9974054508880003", "nik_province"),
        ("name", "X", "name"),
        ("name", "A" * 61, "long"),
        ("birth_date", "31-02-1988", "date"),
        ("birth_date", "05-08-88", "date_year"),
        ("birth_date", "06-08-1988", "birth_disagrees"),
        ("phone", "12", "phone"),
        ("phone", "6,28123E+12", "spoilt"),
        ("sector", "doctor", "unknown"),
        ("workplace", "", "empty"),
        ("package", "all", "unknown"),
        ("income", "plenty", "amount"),
        ("months", "2", "unknown"),
        ("consent", "", "unknown"),
    ],
)
def test_each_mistake_is_told_with_its_line_and_column(column: str, typed: str, reason: str) -> None:
    text = a_file({}, {"nik": "3174054508880004", column: "TYPED"}).decode().replace("TYPED", f'"{typed}"')
    found = rosters.read(text.encode(), RATES, TODAY).mistakes
    assert [(one.line, one.column, one.reason) for one in found] == [(3, column, reason)]


@pytest.mark.parametrize(
    ("born", "nik", "reason"), [("05-08-2015", "15", "too_young"), ("05-08-1950", "50", "too_old")]
)
def test_somebody_too_young_or_too_old_is_told_with_the_limit(born: str, nik: str, reason: str) -> None:
    (found,) = rosters.read(a_file({"birth_date": born, "nik": f"31740545 08{nik}0003"}), RATES, TODAY).mistakes
    assert found.reason == reason


def test_the_same_nik_twice_names_the_first_line() -> None:
    (found,) = rosters.read(a_file({}, {"phone": "081234567891"}), RATES, TODAY).mistakes
    assert found.sentence() == "the same NIK stands in line 2"


def test_all_mistakes_of_all_lines_are_told_at_once() -> None:
    assert len(mistakes({"nik": "1", "phone": "x"}, {"name": "1"}, {"nik": "2"})) == 4


def test_a_file_without_a_column_says_which() -> None:
    (found,) = rosters.read(b"nik,name\r\n1,2", RATES, TODAY).mistakes
    assert "birth_date, phone" in found.sentence()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", ",".join(rosters.COLUMNS).encode()])
def test_an_empty_file_or_one_without_people_is_no_roster(content: bytes) -> None:
    assert rosters.read(content, RATES, TODAY).mistakes


def test_too_many_people_are_refused_whole() -> None:
    rows = [{"nik": f"317405450888{serial:04}"} for serial in range(1, 9_999)]
    more = [{"nik": f"317405450788{serial:04}", "birth_date": "05-07-1988"} for serial in range(1, 4)]
    (found,) = rosters.read(a_file(*rows, *more), RATES, TODAY).mistakes
    assert (found.reason, found.line) == ("too_many", 10_002)


def test_every_reason_has_a_sentence_in_both_languages() -> None:
    assert all(set(sentences) == {"en", "id"} for sentences in rosters.SENTENCES.values())
