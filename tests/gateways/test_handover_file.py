"""The files that go to the institution and come back from it."""

from __future__ import annotations

import csv
from datetime import date

import pytest

from ussd_app.gateways import answer_file, handover_file
from ussd_app.gateways.answer_file import Answer
from ussd_app.gateways.handover_file import Sheet

SECRET = "a secret that only the tests know"
ROW = (
    "R1",
    "3174054508880003",
    "Siti Aminah",
    "1988-08-05",
    "6281234567890",
    "household",
    "Jakarta",
    "jkk_jkm",
    1000000,
)
COLUMNS = b"file,reference,verdict,member_number,reason\n"


def a_file(*rows: tuple[str | int, ...]) -> bytes:
    return handover_file.written(Sheet(7, "registrations", date(2026, 11, 22), 0, rows or (ROW,)), SECRET)


def problems(lines: bytes) -> list[tuple[int, str]]:
    return [(problem.line, problem.path) for problem in answer_file.read("answers.csv", COLUMNS + lines)[1]]


def test_a_file_tells_its_number_kind_date_rows_and_total_and_ends_with_its_signature() -> None:
    *lines, signature = a_file().decode().splitlines()
    assert lines == [
        "sertakan-handover,1",
        "number,7",
        "kind,registrations",
        "date,2026-11-22",
        "rows,1",
        "total,0",
        "reference,nik,name,born,phone,sector,workplace,package,wage",
        "R1,3174054508880003,Siti Aminah,1988-08-05,6281234567890,household,Jakarta,jkk_jkm,1000000",
    ]
    assert len(signature.removeprefix("signature,")) == 64


def test_a_file_as_it_was_made_is_genuine() -> None:
    assert handover_file.genuine(a_file(), SECRET)


@pytest.mark.parametrize(
    ("old", "new"), [(b"1000000", b"9000000"), (b"number,7", b"number,8"), (b"signature", b"sign")]
)
def test_a_file_that_somebody_has_changed_is_not_genuine(old: bytes, new: bytes) -> None:
    assert not handover_file.genuine(a_file().replace(old, new), SECRET)


def test_a_file_that_was_signed_with_another_secret_is_not_genuine() -> None:
    assert not handover_file.genuine(a_file(), "another secret altogether")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_no_spreadsheet_takes_a_cell_for_a_formula(cell: str) -> None:
    row = a_file(("R1", cell)).decode().splitlines()[7]
    assert row == f"R1,'{cell.strip()}"


def test_a_cell_with_a_line_break_stays_on_its_line() -> None:
    lines = list(csv.reader(a_file(("R1", "Jalan\r\nMawar, 3")).decode().splitlines()))
    assert lines[7] == ["R1", "Jalan Mawar, 3"]


def test_an_answer_file_is_read_row_by_row() -> None:
    answers, wrong = answer_file.read("a.csv", COLUMNS + b"7,R1,accepted,21234567890,\n7,r2,Refused,,nik_unknown\n")
    assert (answers, wrong) == (
        [Answer(2, 7, "R1", "accepted", "21234567890", ""), Answer(3, 7, "R2", "refused", "", "nik_unknown")],
        [],
    )


def test_an_answer_file_may_come_from_a_spreadsheet_of_the_country() -> None:
    contents = b"\xef\xbb\xbfReference;File;Verdict;Reason;Member_number\r\nR1;7;accepted;;'21234567890\r\n;;;;\r\n"
    assert answer_file.read("a.csv", contents) == ([Answer(2, 7, "R1", "accepted", "21234567890", "")], [])


def test_an_answer_file_may_say_how_the_money_of_a_refused_month_came_back() -> None:
    contents = b"bank_reference," + COLUMNS + b"BNI-9,7,C1-202611,refused,,wrong sum\n"
    (found,), wrong = answer_file.read("a.csv", contents)
    assert (found.bank_reference, found.reason, wrong) == ("BNI-9", "wrong sum", [])


def test_an_answer_file_has_no_column_twice() -> None:
    (problem,) = answer_file.read("a.csv", b"bank_reference,bank_reference," + COLUMNS)[1]
    assert (problem.line, problem.path) == (1, "(columns)")


@pytest.mark.parametrize("first", [b"", b"file,reference,verdict\n", b"7,R1,accepted,21234567890,\n"])
def test_an_answer_file_without_its_column_names_is_not_read(first: bytes) -> None:
    answers, (problem,) = answer_file.read("a.csv", first)
    assert (answers, str(problem)) == ([], f"a.csv:1: (columns): the first line must be: {COLUMNS.decode().strip()}")


def test_every_line_with_a_wrong_shape_is_named_at_once() -> None:
    assert problems(b"7,R1,accepted\nseven,R2,accepted,21234567890,\n7,R3,accepted,21234567890,\n") == [
        (2, "(line)"),
        (3, "file"),
    ]


def test_an_answer_file_without_answers_is_a_problem() -> None:
    assert problems(b"\n") == [(1, "(file)")]


def test_an_answer_file_that_is_not_utf8_is_a_problem_on_its_line() -> None:
    assert problems(b"7,R1,accepted,21234567890,\n7,R2,refused,,d\xe9c\xe9d\xe9\n") == [(3, "(line)")]


def test_an_answer_file_that_is_too_large_is_not_read() -> None:
    assert problems(b"x" * answer_file.MOST_BYTES) == [(1, "(file)")]


def test_a_quote_that_is_never_closed_is_a_problem() -> None:
    assert problems(b'7,R1,refused,,"nik\n') == [(2, "(line)")]
