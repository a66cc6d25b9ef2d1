"""Days, contribution months and birth dates mean what people mean by them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ussd_app.domain import calendar
from ussd_app.errors import Refused

NOV = date(2026, 11, 1)
HOLIDAY_FILE = Path(__file__).parents[2] / "menus" / "holidays.yaml"
MONTHS = st.dates(date(1950, 1, 1), date(2080, 12, 31)).map(calendar.month_of)


def month(text: str) -> date:
    return date.fromisoformat(f"{text}-01")


@pytest.mark.parametrize(
    ("n", "expected"),
    [(0, "2026-11"), (1, "2026-12"), (2, "2027-01"), (14, "2028-01"), (-10, "2026-01"), (-11, "2025-12")],
)
def test_months_are_added_across_years(n: int, expected: str) -> None:
    assert calendar.add_months(NOV, n) == month(expected)


@given(MONTHS, st.integers(-300, 300))
def test_adding_months_can_be_undone(first: date, n: int) -> None:
    assert calendar.add_months(calendar.add_months(first, n), -n) == first


@given(MONTHS)
def test_the_day_after_the_last_day_is_the_next_month(first: date) -> None:
    assert calendar.last_day(first) + timedelta(days=1) == calendar.add_months(first, 1)
    assert calendar.month_of(calendar.last_day(first)) == first


def test_months_in_a_row_begin_with_the_first() -> None:
    assert calendar.months_from(NOV, 3) == (month("2026-11"), month("2026-12"), month("2027-01"))
    assert calendar.months_from(NOV, 0) == ()


@pytest.mark.parametrize(
    ("contribution_month", "due"),
    [
        ("2026-10", date(2026, 10, 15)),  # a Thursday
        ("2026-11", date(2026, 11, 16)),  # the 15th is a Sunday
        ("2026-12", date(2026, 12, 15)),
        ("2027-05", date(2027, 5, 17)),  # the 15th is a Saturday
        ("2026-08", date(2026, 8, 18)),  # a Saturday, then Independence Day on the Monday
        ("2027-03", date(2027, 3, 17)),  # two holidays, made up below
    ],
)
def test_a_month_is_due_on_its_15th_or_the_next_working_day(contribution_month: str, due: date) -> None:
    holidays = frozenset({date(2026, 8, 17), date(2027, 3, 15), date(2027, 3, 16)})
    assert calendar.due_date(month(contribution_month), holidays) == due


@given(MONTHS)
def test_a_due_date_is_a_working_day_and_never_early(first: date) -> None:
    due = calendar.due_date(first, frozenset())
    assert due.weekday() < 5
    assert 15 <= due.day <= 17


@pytest.mark.parametrize(
    ("hour", "minute", "zone", "day"),
    [
        (16, 59, "Asia/Jakarta", 30),
        (17, 0, "Asia/Jakarta", 31),
        (15, 59, "Asia/Makassar", 30),
        (16, 0, "Asia/Makassar", 31),
        (14, 59, "Asia/Jayapura", 30),
        (15, 0, "Asia/Jayapura", 31),
    ],
)
def test_the_day_begins_at_midnight_where_the_person_is(hour: int, minute: int, zone: str, day: int) -> None:
    assert calendar.local_date(datetime(2026, 10, 30, hour, minute, tzinfo=UTC), zone) == date(2026, 10, day)


def test_a_moment_without_a_zone_has_no_local_date() -> None:
    with pytest.raises(ValueError, match="time zone"):
        calendar.local_date(datetime(2026, 10, 30, 12, 0), "Asia/Jakarta")  # noqa: DTZ001


@pytest.mark.parametrize(
    ("born", "today", "years"),
    [
        (date(1988, 8, 5), date(2026, 8, 4), 37),
        (date(1988, 8, 5), date(2026, 8, 5), 38),
        (date(1961, 11, 22), date(2026, 11, 21), 64),
        (date(1961, 11, 22), date(2026, 11, 22), 65),
        (date(2008, 2, 29), date(2025, 2, 28), 16),
        (date(2008, 2, 29), date(2025, 3, 1), 17),
        (date(2026, 11, 22), date(2026, 11, 22), 0),
    ],
)
def test_age_is_in_completed_years(born: date, today: date, years: int) -> None:
    assert calendar.age(born, today) == years


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "05081988",
            "5-8-1988",
            "05-08-1988",
            "5/8/1988",
            "05/08/1988",
            "5.8.1988",
            "5 8 1988",
            "5 - 8 - 1988",
        ),
        *("1988-08-05", "1988-8-5", "1988/08/05", "19880805", " 05081988\n", "5 Agustus 1988", "5 aug 1988"),
        *("5 AGUSTUS 1988", "5 agu 1988", "5 August 1988", "05-Ags-1988", "5agustus1988", "5 Agt. 1988"),
        "5\u00a0Agustus\u00a01988",
    ],
)
def test_every_way_to_type_a_birth_date_leads_to_the_same(typed: str) -> None:
    assert calendar.parse_birth_date(typed) == date(1988, 8, 5)


@pytest.mark.parametrize(
    ("typed", "born"),
    [
        ("20112012", date(2012, 11, 20)),  # there is no month 20 in 2011
        ("10122001", date(2001, 12, 10)),  # 1012 is no year of birth
        ("20011210", date(2001, 12, 10)),  # day first would be the year 1210
        ("19051905", date(1905, 5, 19)),
        ("29022000", date(2000, 2, 29)),
        ("20000229", date(2000, 2, 29)),
        ("01011900", date(1900, 1, 1)),
        ("31122099", date(2099, 12, 31)),
        ("1 mei 1990", date(1990, 5, 1)),
        ("1 may 1990", date(1990, 5, 1)),
        ("28 Pebruari 1975", date(1975, 2, 28)),
        ("28 péb 1975", date(1975, 2, 28)),
        ("9 Nopember 1980", date(1980, 11, 9)),
        ("31 des 1999", date(1999, 12, 31)),
        ("31 dec 1999", date(1999, 12, 31)),
        ("1 okt 1970", date(1970, 10, 1)),
        ("1 october 1970", date(1970, 10, 1)),
    ],
)
def test_a_birth_date_is_read_as_people_mean_it(typed: str, born: date) -> None:
    assert calendar.parse_birth_date(typed) == born


@pytest.mark.parametrize("typed", ["050888", "5-8-88", "05/08/88", "5 8 88", "5 agustus 88", "5agu88", "999999"])
def test_a_year_of_two_digits_is_asked_for_again(typed: str) -> None:
    with pytest.raises(Refused) as caught:
        calendar.parse_birth_date(typed)
    assert caught.value.reason == "date_year"


@pytest.mark.parametrize(
    "typed",
    [
        *("", "halo", "5081988", "32011988", "29021900", "31-4-1988", "0-1-1988", "1-13-1988", "1-1-1899"),
        *(
            "1-1-2100",
            "99999999",
            "00000000",
            "5 foo 1988",
            "5 agustus",
            "agustus 1988",
            "05081988 5",
            "1-1-19888",
        ),
        *("٠٥٠٨١٩٨٨", "5-٨-1988", "1988-08", "5\n\n", "-5-8-1988", "1988-31-04"),
    ],
)
def test_what_is_no_date_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as caught:
        calendar.parse_birth_date(typed)
    assert caught.value.reason == "date"


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.sampled_from(["id", "en", "jv", "su"]))
def test_every_date_shown_or_typed_day_first_is_read_back(born: date, language: str) -> None:
    long = f"{born.day} {calendar.spell_month(born, language, short=False)}"
    for typed in (
        f"{born:%d%m%Y}",
        f"{born:%d-%m-%Y}",
        born.isoformat(),
        calendar.spell_date(born, language),
        long,
    ):
        assert calendar.parse_birth_date(typed) == born


@pytest.mark.parametrize(
    ("language", "day", "short", "long"),
    [
        ("id", "15 Des 2026", "Des 2026", "Desember 2026"),
        ("en", "15 Dec 2026", "Dec 2026", "December 2026"),
        ("jv", "15 Des 2026", "Des 2026", "Desember 2026"),
        ("su", "15 Dés 2026", "Dés 2026", "Désémber 2026"),
        ("mad", "15 Des 2026", "Des 2026", "Desember 2026"),  # a language without names of its own
    ],
)
def test_dates_are_said_in_the_persons_language(language: str, day: str, short: str, long: str) -> None:
    december = date(2026, 12, 15)
    assert calendar.spell_date(december, language) == day
    assert calendar.spell_month(december, language) == short
    assert calendar.spell_month(december, language, short=False) == long


@pytest.mark.parametrize(
    ("months", "language", "said"),
    [
        ([], "id", ""),
        (["2026-11"], "id", "Nov 2026"),
        (["2026-11", "2026-12", "2027-01"], "id", "Nov 2026-Jan 2027"),
        (["2026-04", "2026-05", "2026-06"], "id", "Apr-Jun 2026"),
        (["2026-11", "2026-12"], "id", "Nov-Des 2026"),
        (["2026-08", "2026-10", "2026-11"], "id", "Agu 2026, Okt-Nov 2026"),
        (["2026-08", "2026-10", "2026-11"], "en", "Aug 2026, Oct-Nov 2026"),
        (["2027-01", "2026-12", "2026-12"], "jv", "Des 2026-Jan 2027"),
        (["2026-01", "2027-01"], "su", "Jan 2026, Jan 2027"),
        (["2026-12", "2027-02", "2027-04", "2027-05"], "su", "Dés 2026, Péb 2027, Apr-Méi 2027"),
    ],
)
def test_months_are_said_as_runs_and_gaps(months: list[str], language: str, said: str) -> None:
    assert calendar.spell_months(map(month, months), language) == said


def test_the_holidays_we_ship_are_the_fixed_ones() -> None:
    holidays = calendar.holidays_from(yaml.safe_load(HOLIDAY_FILE.read_text(encoding="utf-8")))
    fixed = [(1, 1), (5, 1), (6, 1), (8, 17), (12, 25)]
    wanted = {date(year, number, day) for year in (2026, 2027, 2028) for number, day in fixed}
    assert wanted <= holidays


@pytest.mark.parametrize(
    "data",
    [None, [], {}, {"holidays": "2026-01-01"}, {"holidays": ["soon"]}, {"holidays": [], "holiday": []}],
)
def test_a_holiday_file_of_another_shape_is_refused(data: object) -> None:
    with pytest.raises(ValidationError):
        calendar.holidays_from(data)
