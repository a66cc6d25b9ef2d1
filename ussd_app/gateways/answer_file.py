"""The institution's answer file, read strictly: every line becomes an answer, or a problem with its number."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ussd_app.errors import Problem
from ussd_app.gateways.handover_file import Kind

COLUMNS = ("file", "reference", "verdict", "member_number", "reason")
# A file may have this one as well: how the bank calls the money of refused months that came back.
RETURNED = "bank_reference"
VERDICTS: dict[Kind, tuple[str, ...]] = {
    "registrations": ("accepted", "refused"),
    "contributions": ("received", "confirmed", "refused"),
}
MEMBER_NUMBER = re.compile(r"[0-9]{10,11}")
MOST_BYTES = 16 * 1024 * 1024
LONGEST_REASON = 200
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Lines(Protocol):
    """What csv.reader makes: the cells of each line, and the number of the line it has read last."""

    @property
    def line_num(self) -> int:
        """1-based."""
        ...

    def __iter__(self) -> Iterator[list[str]]:
        """The cells of each line."""
        ...


@dataclass(frozen=True)
class Answer:
    """What the institution says of one row: `line` is where it stands, 1-based; `file` the number of our file.

    `bank_reference` is empty unless the money of a refused month has come back.
    """

    line: int
    file: int
    reference: str
    verdict: str
    member_number: str
    reason: str
    bank_reference: str = ""

    @property
    def said(self) -> tuple[str, ...]:
        """The answer itself, to be compared with another one."""
        return self.verdict, self.member_number, self.reason, self.bank_reference


def read(name: str, contents: bytes) -> tuple[list[Answer], list[Problem]]:
    """Every row of an answer file, and every problem of its shape; `name` is what the problems call the file.

    Commas or semicolons separate, as the spreadsheet of the country writes them; the columns may come in any order.
    """
    if len(contents) > MOST_BYTES:
        return [], [Problem(name, 1, "(file)", f"the file is larger than {MOST_BYTES // 1024 // 1024} MiB")]
    try:
        said = contents.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = contents[: error.start].count(b"\n") + 1
        return [], [Problem(name, line, "(line)", "this is not UTF-8: save the file as CSV UTF-8")]
    first = said.partition("\n")[0]
    lines = csv.reader(io.StringIO(said, newline=""), delimiter=";" if ";" in first else ",", strict=True)
    try:
        columns = [cell.strip().lower() for cell in next(lines, [])]
        if sorted({*columns} - {RETURNED}) != sorted(COLUMNS) or len({*columns}) != len(columns):
            return [], [Problem(name, 1, "(columns)", f"the first line must be: {','.join(COLUMNS)}")]
        return _rows(name, columns, lines)
    except csv.Error as error:
        return [], [Problem(name, lines.line_num, "(line)", f"this is not CSV: {error}")]


def _rows(name: str, columns: Sequence[str], lines: Lines) -> tuple[list[Answer], list[Problem]]:
    answers, problems = [], []
    for cells in lines:
        line = lines.line_num
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            problems.append(
                Problem(name, line, "(line)", f"this line has {len(cells)} cells instead of {len(columns)}")
            )
            continue
        found = {column: _clean(cell) for column, cell in zip(columns, cells, strict=True)}
        if not re.fullmatch(r"[0-9]{1,9}", found["file"]):
            problems.append(Problem(name, line, "file", "this must be the number of our file"))
            continue
        answers.append(_answer(line, found))
    if not answers and not problems:
        problems.append(Problem(name, 1, "(file)", "there are no answers in this file"))
    return answers, problems


def _answer(line: int, found: Mapping[str, str]) -> Answer:
    return Answer(
        line=line,
        file=int(found["file"]),
        reference=found["reference"].upper(),
        verdict=found["verdict"].lower(),
        member_number=found["member_number"],
        reason=found["reason"][:LONGEST_REASON],
        bank_reference=found.get(RETURNED, "")[:LONGEST_REASON],
    )


def _clean(cell: str) -> str:
    """A cell without what spreadsheets put around it."""
    return _CONTROL.sub(" ", cell).strip().removeprefix("'").strip()
