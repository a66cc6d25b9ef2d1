"""Any value that a fact, an effect or a check may give, drawn by its kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from hypothesis import strategies as st

from ussd_app.domain import calendar, gsm7
from ussd_app.engine.kinds import RUN, Kind, Value

MONTH = st.builds(date, st.integers(2020, 2040), st.integers(1, 12), st.just(1))
DAY = st.dates(date(2020, 1, 1), date(2040, 1, 1)).map(date.isoformat)
MONEY = st.integers(0, 99_888_888)
LETTERS = gsm7.ALPHABET.replace("\n", "").replace("\r", "") + gsm7.EXTENSION.replace("\f", "")

_OTHERS: Mapping[str, st.SearchStrategy[Value]] = {"money": MONEY, "date": DAY, "flag": st.booleans()}


def a_value(kind: Kind) -> st.SearchStrategy[Value]:
    """A value of that kind, never longer than the kind allows."""
    if kind.name == "months":
        return _run() if kind == RUN else _months(kind)
    if kind.name == "text":
        room = len(str(kind.longest))
        return st.one_of(
            st.text("aé W", max_size=room), st.text(LETTERS, max_size=room).map(lambda words: gsm7.cut(words, room))
        )
    if kind.name == "count":
        return st.integers(0, int(str(kind.longest)))
    return _OTHERS[kind.name]


def a_row(kinds: Mapping[str, Kind]) -> st.SearchStrategy[dict[str, Value]]:
    """A row, or the fields of a fact."""
    return st.fixed_dictionaries({name: a_value(kind) for name, kind in kinds.items()})


def _run() -> st.SearchStrategy[Value]:
    runs = st.builds(calendar.months_from, MONTH, st.integers(1, 12))
    return runs.map(lambda months: [month.isoformat() for month in months])


def _months(kind: Kind) -> st.SearchStrategy[Value]:
    longest = kind.longest
    assert isinstance(longest, list)
    months = st.lists(MONTH, min_size=1, max_size=len(longest))
    return months.map(lambda found: [month.isoformat() for month in found])
