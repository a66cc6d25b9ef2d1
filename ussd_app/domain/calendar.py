"""Days and contribution months: when something falls due, how old somebody is, how a date is said.

A contribution month is the `date` of its first day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from ussd_app.domain import gsm7
from ussd_app.errors import Refused

_DUE_DAY = 15  # of the contribution month itself (bpjsketenagakerjaan.go.id)
_SATURDAY = 5
_YEARS = range(1900, 2100)  # in which a birth date is believed

# Javanese shares the Indonesian names. A language without names of its own gets the Indonesian ones.
_INDONESIAN = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
    *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
)
_LONG = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "su": (
        *("Januari", "Pébruari", "Maret", "April", "Méi", "Juni"),
        *("Juli", "Agustus", "Séptémber", "Oktober", "Nopémber", "Désémber"),
    ),
}
_INDONESIAN_SHORT = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")
_SHORT = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "su": ("Jan", "Péb", "Mar", "Apr", "Méi", "Jun", "Jul", "Agu", "Sép", "Okt", "Nop", "Dés"),
}
# Spellings that are typed but never shown.
_ALSO_TYPED = {"pebruari": 2, "peb": 2, "nopember": 11, "nop": 11, "sept": 9, "ags": 8, "agt": 8, "agus": 8}
_MONTH_NUMBERS = _ALSO_TYPED | {
    name.lower(): number
    for names in (_INDONESIAN, _INDONESIAN_SHORT, *_LONG.values(), *_SHORT.values())
    for number, name in enumerate(names, 1)
}

_EIGHT_DIGITS = re.compile(r"[0-9]{8}")
_SEPARATOR = r"[\s\-/.]+"
_DAY_FIRST = re.compile(rf"([0-9]{{1,2}}){_SEPARATOR}([0-9]{{1,2}}){_SEPARATOR}([0-9]{{4}})")
_YEAR_FIRST = re.compile(rf"([0-9]{{4}}){_SEPARATOR}([0-9]{{1,2}}){_SEPARATOR}([0-9]{{1,2}})")
_NAMED = re.compile(r"([0-9]{1,2})[\s\-/.,]*([^\W\d_]+)[\s\-/.,]*([0-9]{4})")
_SHORT_YEAR = re.compile(
    rf"[0-9]{{6}}"
    rf"|[0-9]{{1,2}}{_SEPARATOR}[0-9]{{1,2}}{_SEPARATOR}[0-9]{{2}}"
    rf"|[0-9]{{1,2}}[\s\-/.,]*[^\W\d_]+[\s\-/.,]*[0-9]{{2}}"
)


def month_of(day: date) -> date:
    """The contribution month a day lies in."""
    return date(day.year, day.month, 1)


def add_months(month: date, n: int) -> date:
    """The contribution month `n` months later; earlier when `n` is negative."""
    years, months = divmod(month.month - 1 + n, 12)
    return date(month.year + years, months + 1, 1)


def months_from(first: date, count: int) -> tuple[date, ...]:
    """`count` contribution months in a row, the first one included."""
    return tuple(add_months(first, n) for n in range(count))


def last_day(month: date) -> date:
    """The last day of a contribution month."""
    return add_months(month, 1) - timedelta(days=1)


def due_date(month: date, holidays: frozenset[date]) -> date:
    """The last day on which a contribution month is paid on time.

    The 15th of that month itself, or the next working day after a weekend or a holiday.
    (bpjsketenagakerjaan.go.id)
    """
    day = month.replace(day=_DUE_DAY)
    while day.weekday() >= _SATURDAY or day in holidays:
        day += timedelta(days=1)
    return day


def local_date(moment_utc: datetime, zone: str) -> date:
    """What day it is at an aware moment in an IANA zone such as `Asia/Jakarta`."""
    if moment_utc.tzinfo is None:
        raise ValueError("a moment without a time zone has no local date")
    return moment_utc.astimezone(ZoneInfo(zone)).date()


def age(born: date, today: date) -> int:
    """Completed years; who was born on 29 February completes one on 1 March of a common year."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def parse_birth_date(text: str) -> date:
    """The day somebody typed, or Refused: "date_year" when the year has two digits, "date" for anything else.

    05081988, 5-8-1988, 5/8/1988, 5.8.1988, 5 8 1988, 1988-08-05, 19880805, 5 Agustus 1988, 5 aug 1988.
    Eight digits are read day first, else year first. Between 1900 and 2099 none are a date both ways: what is
    the year's 19 or 20 one way would be the month the other.
    """
    said = gsm7.plain(text).strip().lower()
    if _SHORT_YEAR.fullmatch(said):
        raise Refused("date_year")
    for day, month, year in _readings(said):
        found = _real(day, month, year)
        if found is not None:
            return found
    raise Refused("date")


def spell_date(day: date, language: str) -> str:
    """A day as a screen says it: `15 Des 2026`."""
    return f"{day.day} {spell_month(day, language)}"


def spell_month(month: date, language: str, short: bool = True) -> str:
    """A contribution month as a screen says it: `Des 2026`, or `Desember 2026` when not short."""
    return f"{_name(month, language, short)} {month.year}"


def spell_months(months: Iterable[date], language: str) -> str:
    """Contribution months as a screen says them, in as few characters as is clear.

    A run is joined by a dash, with one year if it has only one: `Nov 2026-Jan 2027`, `Apr-Jun 2026`. Gaps are
    commas: `Agu 2026, Okt-Nov 2026`. Order and repetition of the months do not matter.
    """
    return ", ".join(_spell_run(first, last, language) for first, last in _runs(sorted(set(months))))


class _HolidayFile(BaseModel, extra="forbid"):
    holidays: list[date]


def holidays_from(data: object) -> frozenset[date]:
    """The holidays of a parsed holidays.yaml; raises pydantic's ValidationError when it has another shape.

    The shape: `{"holidays": [2026-01-01, …]}`, days as YAML dates or ISO text.
    """
    return frozenset(_HolidayFile.model_validate(data).holidays)


def _readings(said: str) -> list[tuple[int, int, int]]:
    """Every (day, month, year) the text can mean, the likeliest first."""
    if _EIGHT_DIGITS.fullmatch(said):
        day_first = (int(said[:2]), int(said[2:4]), int(said[4:]))
        return [day_first, (int(said[6:]), int(said[4:6]), int(said[:4]))]
    if found := _DAY_FIRST.fullmatch(said):
        return [(int(found[1]), int(found[2]), int(found[3]))]
    if found := _YEAR_FIRST.fullmatch(said):
        return [(int(found[3]), int(found[2]), int(found[1]))]
    if (found := _NAMED.fullmatch(said)) and found[2] in _MONTH_NUMBERS:
        return [(int(found[1]), _MONTH_NUMBERS[found[2]], int(found[3]))]
    return []


def _real(day: int, month: int, year: int) -> date | None:
    if year not in _YEARS:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _name(month: date, language: str, short: bool) -> str:
    names = _SHORT.get(language, _INDONESIAN_SHORT) if short else _LONG.get(language, _INDONESIAN)
    return names[month.month - 1]


def _spell_run(first: date, last: date, language: str) -> str:
    if first == last:
        return spell_month(first, language)
    if first.year == last.year:
        return f"{_name(first, language, True)}-{spell_month(last, language)}"
    return f"{spell_month(first, language)}-{spell_month(last, language)}"


def _runs(months: Sequence[date]) -> list[tuple[date, date]]:
    runs: list[tuple[date, date]] = []
    for month in months:
        if runs and add_months(runs[-1][1], 1) == month:
            runs[-1] = (runs[-1][0], month)
        else:
            runs.append((month, month))
    return runs
