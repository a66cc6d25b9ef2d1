"""A company's or a community's list of people to pay for: what is wrong in it, line by line.

A comma- or semicolon-separated file as spreadsheets write it, the first line naming the columns. Whatever a
spreadsheet does to a NIK or a phone number is undone where nothing is lost, and named where it is.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from ussd_app.domain import calendar, contributions, gsm7, money, nik, phone
from ussd_app.domain.contributions import Rates
from ussd_app.errors import Refused

MOST_PEOPLE = 10_000
COLUMNS = ("nik", "name", "birth_date", "phone", "sector", "workplace", "package", "income", "months", "consent")
_LONGEST_NAME, _LONGEST_PLACE = 60, 40
_SPOILT = re.compile(r"[0-9]+[.,][0-9]+E\+?[0-9]+", re.IGNORECASE)
Consent = Literal["paper", "phone"]


@dataclass(frozen=True)
class Listed:
    """One person of a roster, everything checked; `line` is where they stand in the file, `wage` the bracket's.

    `consent` is `paper` where the sponsor holds a signed one, `phone` where the person is to be asked by SMS.
    """

    line: int
    nik: str
    name: str
    born: date
    phone: str
    sector: str
    workplace: str
    package: str
    wage: int
    months: int
    consent: Consent


@dataclass(frozen=True)
class Mistake:
    """Something wrong in one line of a roster: the column, and a word for it with its values (see SENTENCES)."""

    line: int
    column: str
    reason: str
    values: Mapping[str, object]

    def sentence(self, language: str = "en") -> str:
        """What to mend, in English or Indonesian."""
        return SENTENCES[self.reason]["id" if language == "id" else "en"].format(**self.values)


@dataclass(frozen=True)
class Roster:
    """A file as it was read: the people in it, and every mistake; with mistakes it must not be used."""

    people: tuple[Listed, ...]
    mistakes: tuple[Mistake, ...]


SENTENCES: Mapping[str, Mapping[str, str]] = {
    "header": {
        "en": "the first line must name the columns; missing: {missing}",
        "id": "baris pertama harus berisi nama kolom; belum ada: {missing}",
    },
    "too_many": {"en": "at most {most} people in one file", "id": "paling banyak {most} orang dalam satu berkas"},
    "nobody": {"en": "there is nobody in this file", "id": "tidak ada orang dalam berkas ini"},
    "columns": {"en": "this line has {count} columns too many", "id": "baris ini kelebihan {count} kolom"},
    "spoilt": {
        "en": "a spreadsheet has turned this number into {text}: format the column as text and type it again",
        "id": "angka ini diubah lembar kerja menjadi {text}: jadikan kolomnya teks, lalu ketik lagi",
    },
    "twice": {"en": "the same NIK stands in line {first}", "id": "NIK yang sama ada di baris {first}"},
    "nik_letters": {"en": "a NIK has digits only", "id": "NIK hanya berisi angka"},
    "nik_length": {"en": "a NIK has 16 digits, here are {count}", "id": "NIK harus 16 angka, di sini {count}"},
    "nik_province": {"en": "no province begins with these two digits", "id": "dua angka pertama NIK salah"},
    "nik_date": {"en": "the date inside the NIK does not exist", "id": "tanggal di dalam NIK tidak ada"},
    "nik_serial": {"en": "the last four digits of the NIK are wrong", "id": "empat angka terakhir NIK salah"},
    "name": {"en": "a name has letters only, two at least", "id": "nama hanya berisi huruf, paling sedikit dua"},
    "long": {"en": "at most {most} characters", "id": "paling panjang {most} huruf"},
    "empty": {"en": "this must not be empty", "id": "kolom ini tidak boleh kosong"},
    "date": {"en": "this is no date; write 17-08-1990", "id": "ini bukan tanggal; tulis 17-08-1990"},
    "date_year": {"en": "write the year with four digits", "id": "tulis tahun dengan empat angka"},
    "birth_disagrees": {"en": "the birth date is not the one in the NIK", "id": "tanggal lahir tidak cocok dengan NIK"},
    "too_young": {"en": "at least {least} years old", "id": "paling muda {least} tahun"},
    "too_old": {"en": "below {limit} years at enrolment", "id": "di bawah {limit} tahun saat mendaftar"},
    "phone": {"en": "this is no phone number", "id": "ini bukan nomor HP"},
    "unknown": {"en": "use one of: {known}", "id": "pakai salah satu: {known}"},
    "amount": {"en": "this is no sum in rupiah", "id": "ini bukan jumlah rupiah"},
}


def read(content: bytes, rates: Rates, today: date) -> Roster:
    """The people in a file, and everything wrong in it at once; `today` decides ages and the bracket of an income."""
    text = _decoded(content)
    delimiter = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [name.strip().lower().replace(" ", "_") for name in next(rows, [])]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        return Roster((), (Mistake(1, "", "header", {"missing": ", ".join(missing)}),))
    reading = _Reading(rates, today)
    for cells in rows:
        if any(cell.strip() for cell in cells):
            reading.take(rows.line_num, header, cells)
        if len(reading.seen) > MOST_PEOPLE:
            return Roster((), (Mistake(rows.line_num, "", "too_many", {"most": MOST_PEOPLE}),))
    if not reading.seen and not reading.mistakes:
        reading.wrong(1, "", "nobody")
    return Roster(tuple(reading.people), tuple(reading.mistakes))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")  # what older spreadsheets write


class _Reading:
    """One pass over a file."""

    def __init__(self, rates: Rates, today: date) -> None:
        self.rates, self.today = rates, today
        self.people: list[Listed] = []
        self.mistakes: list[Mistake] = []
        self.seen: dict[str, int] = {}

    def wrong(self, line: int, column: str, reason: str, **values: object) -> None:
        self.mistakes.append(Mistake(line, column, reason, values))

    def take(self, line: int, header: list[str], cells: list[str]) -> None:
        if any(cell.strip() for cell in cells[len(header) :]):
            self.wrong(line, "", "columns", count=len(cells) - len(header))
            return
        row = dict(zip(header, [*cells, *[""] * len(header)], strict=False))
        before, found = len(self.mistakes), {}
        for column, check in self._checks(row).items():
            try:
                found[column] = check(row[column].strip().lstrip("'"))
            except Refused as refused:
                self.wrong(line, column, refused.reason, **refused.values)
        key = str(found.get("nik", f"line {line}"))
        if key in self.seen:
            self.wrong(line, "nik", "twice", first=self.seen[key])
        self.seen.setdefault(key, line)
        if len(self.mistakes) == before:
            found["wage"] = found.pop("income")
            found["born"] = found.pop("birth_date")
            self.people.append(Listed(line=line, **found))

    def _checks(self, row: Mapping[str, str]) -> Mapping[str, Callable[[str], Any]]:
        return {
            "nik": _nik,
            "name": _name,
            "birth_date": lambda text: self._born(text, row["nik"]),
            "phone": _phone,
            "sector": lambda text: _one_of(text, self.rates.sectors),
            "workplace": _place,
            "package": lambda text: _one_of(text, self.rates.packages),
            "income": self._wage,
            "months": lambda text: int(_one_of(text, [str(number) for number in self.rates.allowed_months])),
            "consent": lambda text: _one_of(text, ("paper", "phone")),
        }

    def _born(self, text: str, said_nik: str) -> date:
        born = calendar.parse_birth_date(text)
        age = calendar.age(born, self.today)
        if age < self.rates.min_age:
            raise Refused("too_young", least=self.rates.min_age)
        if age > self.rates.max_age:
            raise Refused("too_old", limit=self.rates.max_age + 1)
        try:
            known = _nik(said_nik.strip().lstrip("'"))
        except Refused:
            return born  # said about the NIK already
        if not nik.agrees(nik.parse(known), born):
            raise Refused("birth_disagrees")
        return born

    def _wage(self, text: str) -> int:
        income = money.parse_amount(text or "0")
        return contributions.declared_wage(self.rates, calendar.month_of(self.today), income)


def _nik(text: str) -> str:
    if _SPOILT.fullmatch(text):
        raise Refused("spoilt", text=text)
    return nik.parse(text).value


def _phone(text: str) -> str:
    if _SPOILT.fullmatch(text):
        raise Refused("spoilt", text=text)
    return phone.parse(text)


def _name(text: str) -> str:
    name = " ".join(gsm7.plain(text).split())
    if not re.fullmatch(r"[A-Za-z][A-Za-z .,'/-]*", name) or sum(map(str.isalpha, name)) < 2:
        raise Refused("name")
    if len(name) > _LONGEST_NAME:
        raise Refused("long", most=_LONGEST_NAME)
    return name


def _place(text: str) -> str:
    place = " ".join(gsm7.plain(text).split())
    if not place:
        raise Refused("empty")
    if len(place) > _LONGEST_PLACE:
        raise Refused("long", most=_LONGEST_PLACE)
    return place


def _one_of(text: str, known: Any) -> str:
    if text.lower() not in known:
        raise Refused("unknown", known=", ".join(known))
    return text.lower()
