"""What somebody is asked to pay is what the regulation says, to the rupiah."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ussd_app.domain.calendar import add_months, months_from
from ussd_app.domain.contributions import (
    Bracket,
    Line,
    Rates,
    brackets,
    declared_wage,
    price,
    rates_from,
)

FILE: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "menus" / "rates.yaml").read_text(encoding="utf-8"))
RATES = rates_from(FILE)
TWO, THREE = "jkk_jkm", "jkk_jkm_jht"
LOWEST = 1_000_000
NOV = date(2026, 11, 1)


def month(text: str) -> date:
    return date.fromisoformat(f"{text}-01")


# Lowest bracket: 16,800 for two programmes, 8,400 discounted; 36,800 for three, 28,400 discounted.
LOWEST_CASES: list[tuple[str, str, str, int, int]] = [
    # sector, package, first month, months, rupiah
    ("seller", TWO, "2026-11", 1, 8_400),
    ("seller", THREE, "2026-11", 1, 28_400),
    ("household", TWO, "2026-11", 1, 8_400),
    ("cleaner", THREE, "2026-11", 1, 28_400),
    ("parking", TWO, "2026-11", 1, 8_400),
    ("other", TWO, "2026-11", 1, 8_400),
    ("driver", TWO, "2026-11", 1, 8_400),
    ("ojek", THREE, "2026-11", 1, 28_400),
    # the first months: transport from January 2026, the others from April
    ("ojek", TWO, "2026-01", 1, 8_400),
    ("courier", TWO, "2026-01", 12, 100_800),
    ("seller", TWO, "2026-01", 1, 16_800),
    ("seller", THREE, "2026-01", 1, 36_800),
    ("seller", TWO, "2026-03", 1, 16_800),
    ("seller", TWO, "2026-04", 1, 8_400),
    ("seller", TWO, "2026-03", 3, 33_600),  # 16,800 + 2 × 8,400
    ("seller", TWO, "2026-01", 6, 75_600),  # 3 × 16,800 + 3 × 8,400
    ("seller", TWO, "2026-01", 12, 126_000),  # 3 × 16,800 + 9 × 8,400
    # the last months of the others: December 2026
    ("seller", TWO, "2026-12", 1, 8_400),
    ("seller", TWO, "2027-01", 1, 16_800),
    ("seller", THREE, "2027-01", 1, 36_800),
    ("seller", TWO, "2026-10", 3, 25_200),
    ("seller", TWO, "2026-11", 3, 33_600),
    ("seller", TWO, "2026-12", 3, 42_000),
    ("seller", THREE, "2026-12", 3, 102_000),  # 28,400 + 2 × 36,800
    ("seller", TWO, "2026-11", 6, 84_000),
    ("seller", TWO, "2026-12", 6, 92_400),
    ("seller", THREE, "2026-11", 6, 204_000),  # 2 × 28,400 + 4 × 36,800
    ("seller", TWO, "2026-11", 12, 184_800),
    ("seller", TWO, "2026-12", 12, 193_200),
    ("seller", THREE, "2026-12", 12, 433_200),
    ("seller", TWO, "2027-01", 12, 201_600),
    ("seller", THREE, "2027-01", 12, 441_600),
    # the last months of transport: March 2027
    ("ojek", TWO, "2026-12", 1, 8_400),
    ("ojek", TWO, "2027-03", 1, 8_400),
    ("ojek", TWO, "2027-04", 1, 16_800),
    ("ojek", THREE, "2027-04", 1, 36_800),
    ("ojek", TWO, "2027-02", 3, 33_600),  # 2 × 8,400 + 16,800
    ("ojek", TWO, "2027-01", 6, 75_600),  # 3 × 8,400 + 3 × 16,800
    ("ojek", TWO, "2026-04", 12, 100_800),
    ("ojek", TWO, "2026-05", 12, 109_200),
    ("driver", TWO, "2026-12", 12, 168_000),  # 4 × 8,400 + 8 × 16,800
    ("driver", THREE, "2026-12", 12, 408_000),  # 4 × 28,400 + 8 × 36,800
]


@pytest.mark.parametrize(("sector", "package", "first", "count", "total"), LOWEST_CASES)
def test_the_lowest_bracket_costs_what_was_computed_by_hand(
    sector: str, package: str, first: str, count: int, total: int
) -> None:
    quote = price(RATES, sector=sector, package=package, wage=LOWEST, months=months_from(month(first), count))
    assert quote.total == total


BRACKET_CASES: list[tuple[str, str, int, str, int, int]] = [
    # sector, package, income, first month, months, rupiah
    ("seller", TWO, 1, "2026-11", 1, 8_400),
    ("seller", TWO, 1_099_000, "2026-11", 1, 8_400),
    ("seller", TWO, 1_099_001, "2026-11", 1, 9_400),  # (12,000 + 6,800) / 2
    ("seller", TWO, 1_200_000, "2027-01", 1, 18_800),
    ("seller", THREE, 1_299_000, "2026-11", 1, 33_400),  # 9,400 + 24,000
    ("seller", TWO, 2_000_000, "2026-12", 3, 67_000),  # 13,400 + 2 × 26,800
    ("ojek", TWO, 2_000_000, "2026-12", 3, 40_200),
    ("ojek", THREE, 2_000_000, "2026-11", 1, 53_400),  # 13,400 + 40,000
    ("ojek", THREE, 2_500_000, "2027-03", 3, 229_500),  # 65,900 + 2 × 81,800
    ("seller", TWO, 2_199_001, "2026-11", 1, 15_900),  # the next bracket, 2,500,000
    ("seller", THREE, 3_500_000, "2026-11", 1, 90_900),  # 20,900 + 70,000
    ("seller", TWO, 3_699_001, "2026-11", 1, 23_400),  # 4,000,000
    ("seller", TWO, 20_199_000, "2027-01", 1, 206_800),  # 20,000,000
    ("seller", TWO, 20_199_001, "2027-01", 1, 213_800),  # 20,700,000, the highest JKK of 207,000
    ("seller", THREE, 99_000_000, "2026-11", 1, 520_900),  # 106,900 + 414,000
    ("seller", THREE, 20_700_000, "2027-01", 12, 7_533_600),  # 12 × 627,800
]


@pytest.mark.parametrize(("sector", "package", "income", "first", "count", "total"), BRACKET_CASES)
def test_other_brackets_cost_what_was_computed_by_hand(
    sector: str, package: str, income: int, first: str, count: int, total: int
) -> None:
    quote = price(RATES, sector=sector, package=package, wage=income, months=months_from(month(first), count))
    assert quote.total == total


@pytest.mark.parametrize(
    ("payer", "sector", "count", "total"),
    [
        ("self", "seller", 1, 8_400),
        ("sponsor", "seller", 1, 8_400),
        ("state_budget", "seller", 1, 16_800),
        ("state_budget", "ojek", 1, 16_800),
        ("state_budget", "seller", 12, 201_600),
    ],
)
def test_there_is_no_discount_where_the_state_budget_pays(payer: str, sector: str, count: int, total: int) -> None:
    months = months_from(NOV, count)
    assert price(RATES, sector=sector, package=TWO, wage=LOWEST, months=months, payer=payer).total == total


def test_a_quote_says_what_each_programme_costs_and_what_was_taken_off() -> None:
    quote = price(RATES, sector="seller", package=THREE, wage=LOWEST, months=months_from(month("2026-12"), 2))
    december, january = month("2026-12"), month("2027-01")
    assert quote.lines == (
        Line(december, "jkk", 10_000, 5_000, 5_000),
        Line(december, "jkm", 6_800, 3_400, 3_400),
        Line(december, "jht", 20_000, 0, 20_000),
        Line(january, "jkk", 10_000, 0, 10_000),
        Line(january, "jkm", 6_800, 0, 6_800),
        Line(january, "jht", 20_000, 0, 20_000),
    )
    assert quote.by_month() == {december: 28_400, january: 36_800}


def test_no_month_costs_nothing() -> None:
    quote = price(RATES, sector="seller", package=TWO, wage=LOWEST, months=[])
    assert (quote.total, quote.by_month()) == (0, {})


SECTORS, PACKAGES = sorted(RATES.sectors), sorted(RATES.packages)
MONTHS = st.integers(0, 30).map(lambda n: add_months(month("2026-01"), n))


@given(
    st.sampled_from(SECTORS),
    st.sampled_from(PACKAGES),
    st.integers(0, 30_000_000),
    st.lists(MONTHS, unique=True, max_size=12),
    st.sampled_from(["self", "sponsor", "state_budget"]),
)
def test_a_price_is_the_sum_of_its_months_and_lines(
    sector: str, package: str, wage: int, months: list[date], payer: str
) -> None:
    quote = price(RATES, sector=sector, package=package, wage=wage, months=months, payer=payer)
    assert quote.total == sum(quote.by_month().values()) == sum(line.amount for line in quote.lines)
    assert list(quote.by_month()) == sorted(months)
    for one in months:
        alone = price(RATES, sector=sector, package=package, wage=wage, months=[one], payer=payer)
        assert alone.total == quote.by_month()[one]
    for line in quote.lines:
        assert line.normal == line.amount + line.discount
        assert 0 <= line.discount < line.normal


@given(st.integers(0, 30_000_000), MONTHS)
def test_an_income_and_the_wage_it_is_insured_for_cost_the_same(income: int, first: date) -> None:
    wage = declared_wage(RATES, first, income)
    by_income = price(RATES, sector="seller", package=THREE, wage=income, months=[first])
    by_wage = price(RATES, sector="seller", package=THREE, wage=wage, months=[first])
    assert by_income == by_wage
    assert declared_wage(RATES, first, wage) == wage


def test_the_brackets_are_the_known_ones_lowest_first() -> None:
    found = brackets(RATES, NOV)
    assert found[:3] == (
        Bracket(1_099_000, 1_000_000),
        Bracket(1_299_000, 1_200_000),
        Bracket(1_499_000, 1_400_000),
    )
    assert found[8:10] == (Bracket(3_699_000, 3_500_000), Bracket(4_199_000, 4_000_000))
    assert found[-2:] == (Bracket(20_199_000, 20_000_000), Bracket(None, 20_700_000))


def test_the_rates_we_ship_say_what_the_programme_says() -> None:
    assert RATES.allowed_months == (1, 3, 6, 12)
    assert (RATES.min_age, RATES.max_age) == (17, 64)
    assert {name for name, sector in RATES.sectors.items() if sector.transport} == {
        "driver",
        "ojek",
        "courier",
    }
    assert {"household", "seller", "cleaner", "parking", "other"} <= set(RATES.sectors)
    assert RATES.packages == {TWO: ("jkk", "jkm"), THREE: ("jkk", "jkm", "jht")}
    assert RATES.version


def edited(path: str, value: object) -> Rates:
    """The file we ship with one place changed, written as `tables.0.from`; None takes the place out."""
    data = deepcopy(FILE)
    *way, last = path.split(".")
    place: Any = data
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is None:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return rates_from(data)


def total(rates: Rates, first: str, sector: str = "seller", wage: int = LOWEST) -> int:
    return price(rates, sector=sector, package=TWO, wage=wage, months=[month(first)]).total


def test_a_later_table_counts_from_its_own_month_on() -> None:
    later = {**deepcopy(FILE["tables"][0]), "from": "2027-06"}
    later["programmes"]["jkm"] = {"flat": 7_000}
    rates = edited("tables", [*FILE["tables"], later])
    assert total(rates, "2027-05") == 16_800
    assert total(rates, "2027-06") == 17_000


def test_halves_are_rounded_up() -> None:
    wages = [{"up_to": None, "wage": 1_000_050}]
    rates = edited("tables.0.wages", wages)
    # 1 % of 1,000,050 is 10,000.5, so 10,001; half of that is 5,000.5, so 5,001; and 3,400 for JKM
    assert total(rates, "2027-01") == 16_801
    assert total(rates, "2026-11") == 8_401


def test_of_two_discounts_the_larger_counts() -> None:
    extra = {"programmes": ["jkm"], "sectors": "other", "from": "2026-12", "to": "2027-01", "percent": 100}
    rates = edited("discounts", [*FILE["discounts"], extra])
    assert [total(rates, first) for first in ("2026-11", "2026-12", "2027-01")] == [8_400, 5_000, 10_000]


@pytest.mark.parametrize(
    ("months", "sentence"),
    [
        ([NOV, NOV], "twice"),
        ([date(2026, 11, 2)], "YYYY-MM"),
        ([date(2025, 12, 1)], "no rates are in force for 2025-12"),
    ],
)
def test_months_that_cannot_be_priced_are_an_error(months: list[date], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        price(RATES, sector="seller", package=TWO, wage=LOWEST, months=months)


@pytest.mark.parametrize(("sector", "package"), [("farmer", TWO), ("seller", "jkn")])
def test_an_unknown_sector_or_package_is_an_error(sector: str, package: str) -> None:
    with pytest.raises(KeyError):
        price(RATES, sector=sector, package=package, wage=LOWEST, months=[NOV])


TABLE = FILE["tables"][0]


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("version", None, "version"),
        ("version", 2026.11, "string"),
        ("versoin", "x", "[Uu]nexpected"),
        ("min_age", 65, "min_age is above max_age"),
        ("min_age", "17", "integer"),
        ("allowed_months", [3, 1], "allowed_months must be in ascending order"),
        ("allowed_months", [0, 1], "greater than 0"),
        ("allowed_months", [], "at least 1 item"),
        ("sectors.driver.transport", "yes", "boolean"),
        ("sectors.driver", {"label": "Sopir"}, "transport"),
        ("tables", [], "at least 1 item"),
        ("tables", [TABLE, TABLE], "tables must be in ascending order"),
        ("tables.0.from", "2026-13", "month must be"),
        ("tables.0.from", 202601, "valid date"),
        ("tables.0.from", date(2026, 1, 2), "YYYY-MM"),
        ("tables.0.begins", "2026-01", "[Uu]nexpected"),
        ("tables.0.programmes.jht", None, "package jkk_jkm_jht has no rate for jht"),
        ("tables.0.programmes.jht", {}, "jht needs either basis_points or flat"),
        ("tables.0.programmes.jht", {"flat": 1, "basis_points": 1}, "jht needs either basis_points or flat"),
        ("tables.0.programmes.jkm.flat", 6800.5, "integer"),
        ("tables.0.programmes.jkm.flat", -1, "greater than 0"),
        ("tables.0.wages", [], "at least 1 item"),
        ("tables.0.wages", TABLE["wages"][:-1], "the last wage bracket"),
        ("tables.0.wages", [TABLE["wages"][-1], *TABLE["wages"]], "the last wage bracket"),
        ("tables.0.wages", [*TABLE["wages"][1::-1], *TABLE["wages"][2:]], "ascending order"),
        ("tables.0.wages.1.wage", 1_300_000, "outside its own bracket"),
        ("tables.0.wages.1.wage", 1_099_000, "outside its own bracket"),
        ("discounts.0.to", "2025-12", "before it begins"),
        ("discounts.0.programmes", ["jkn"], "unknown programmes: jkn"),
        ("discounts.0.sectors", "ojek", "'transport' or 'other'"),
        ("discounts.0.percent", 101, "less than or equal to 100"),
        ("discounts.0.percent", True, "integer"),
    ],
)
def test_a_mistake_in_the_file_is_refused_with_a_sentence(path: str, value: object, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        edited(path, value)


@pytest.mark.parametrize("data", [None, "", [], {}, 7])
def test_a_file_that_is_no_rates_at_all_is_refused(data: object) -> None:
    with pytest.raises(ValidationError):
        rates_from(data)


def test_months_that_follow_each_other_and_cost_alike_are_one_stretch() -> None:
    months = [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]
    found = price(RATES, sector="seller", package=TWO, wage=LOWEST, months=months).stretches()
    assert [(one.months, one.normal, one.amount) for one in found] == [
        ((months[0], months[1]), 16_800, 8_400),
        ((months[2],), 16_800, 16_800),
    ]


def test_months_of_one_price_are_two_stretches_when_their_programmes_cost_otherwise() -> None:
    rest = {"programmes": {"jkk": {"flat": 6_800}, "jkm": {"flat": 10_000}, "jht": {"flat": 1}}, "from": "2027-02"}
    rates = edited("tables", [TABLE, {**TABLE, **rest}])
    months = [date(2027, 1, 1), date(2027, 2, 1)]
    found = price(rates, sector="seller", package=TWO, wage=LOWEST, months=months).stretches()
    assert [(len(one.months), one.amount) for one in found] == [(1, 16_800), (1, 16_800)]
