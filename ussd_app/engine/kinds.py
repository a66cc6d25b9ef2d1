"""What a value is, how it is shown, and the longest it can ever be on a screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from ussd_app.domain import calendar, gsm7, money

Value = str | int | bool | None | list[str]


@dataclass(frozen=True)
class Kind:
    """The type of an answer or of a field of a fact; `longest` is an example that takes most room."""

    name: str
    longest: Value


FLAG = Kind("flag", True)
MONEY = Kind("money", 99_888_888)
DATE = Kind("date", "2028-09-28")
# A run without gaps, as every price has it; a receipt may have to name months with gaps between them.
RUN = Kind("months", ["2028-11-01", "2028-12-01", "2029-01-01"])
MONTHS = Kind("months", ["2028-09-01", "2028-11-01", "2029-01-01"])
MONTH = Kind("months", ["2028-11-01"])


def text(septets: int) -> Kind:
    """Text of at most that many septets."""
    return Kind("text", "W" * septets)


def count(highest: int) -> Kind:
    """A whole number from 0 to `highest`."""
    return Kind("count", highest)


Show = Callable[[Value, str, int | None], str]


def _plain(value: Value, _language: str, _argument: int | None) -> str:
    return "" if value is None else str(value)


def _rupiah(value: Value, language: str, _argument: int | None) -> str:
    return money.rupiah(int(value), language) if isinstance(value, int | str) else "-"


def _date(value: Value, language: str, _argument: int | None) -> str:
    return calendar.spell_date(date.fromisoformat(str(value)), language) if value else "-"


def _months(value: Value, language: str, _argument: int | None) -> str:
    months = value if isinstance(value, list) else []
    return calendar.spell_months([date.fromisoformat(month) for month in months], language) or "-"


def _cut(value: Value, _language: str, argument: int | None) -> str:
    return gsm7.cut(gsm7.plain(str(value or "")), argument or 20)


# What may stand behind the bar in `{field|format}`, and the kinds of value each can show.
FORMATS: dict[str, tuple[Show, frozenset[str]]] = {
    "": (_plain, frozenset({"text", "count"})),
    "rupiah": (_rupiah, frozenset({"money", "count"})),
    "date": (_date, frozenset({"date"})),
    "months": (_months, frozenset({"months"})),
    "cut": (_cut, frozenset({"text", "count"})),
}
