"""A price can be explained line by line: on a screen, in one SMS, and to finance in the shell."""

from __future__ import annotations

from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    BORN,
    NIK,
    NOVEMBER,
    a_basket,
    a_paid_member,
    a_pay_code,
    a_registered_member,
    dearer_rates,
    rows,
    shipped,
    some_members,
    typed,
)
from tests.work import work
from ussd_app.domain import calendar, contributions, gsm7
from ussd_app.domain.contributions import Line, Plan, Quote, Rates
from ussd_app.runtime import Runtime
from ussd_app.services import books, price_lines
from ussd_app.services.words import LONGEST_LINES, LONGEST_PARTS, LONGEST_SUM
from ussd_app.storage import members

RATES = contributions.rates_from(yaml.safe_load(shipped("rates")))
# From the first screen to the price of a year of all three programmes at the lowest wage, and on to what it is made of.
TO_PRICE = ("1", NIK, BORN, "Siti", "1", "1", "3", "2", "1", "4", "3")


def a_quote(months: int = 12, *, package: str = "jkk_jkm", wage: int = 1_000_000, rates: Rates = RATES) -> Quote:
    """What somebody in a household pays from November 2026 on."""
    run = calendar.months_from(NOVEMBER, months)
    return contributions.price(rates, sector="household", package=package, wage=wage, months=run)


def a_price_a_month(*prices: int) -> Quote:
    """A quote of one programme, at another price each month."""
    run = calendar.months_from(NOVEMBER, len(prices))
    lines = tuple(Line(month, "jkk", price, 0, price) for month, price in zip(run, prices, strict=True))
    return Quote(lines, sum(prices))


def text_of(rt: Runtime) -> list[str]:
    return [str(row["text"]) for row in rows(rt, "SELECT text FROM outbox WHERE key LIKE 'price_lines:%'")]


# ---- in words ----


def test_a_total_is_shown_as_the_sum_it_is() -> None:
    assert price_lines.in_short(a_quote(3), "id") == "2x 8.400 + 1x 16.800"


def test_numbers_are_written_as_the_language_does() -> None:
    assert price_lines.in_short(a_quote(3), "en") == "2x 8,400 + 1x 16,800"


def test_a_sum_of_too_many_prices_becomes_the_least_and_the_most() -> None:
    assert price_lines.in_short(a_price_a_month(8_400, 16_800, 17_000, 17_200), "id") == "4x 8.400-17.200"


def test_each_programme_is_shown_with_its_discount() -> None:
    first = a_quote(1, package="jkk_jkm_jht").stretches()[0]
    assert price_lines.programmes(first, "id") == "JKK 10.000-5.000, JKM 6.800-3.400, JHT 20.000"


def test_programmes_that_take_too_much_room_become_one_sum() -> None:
    lines = tuple(Line(NOVEMBER, f"programme{number}", 10_000, 5_000, 5_000) for number in range(4))
    assert price_lines.programmes(Quote(lines, 20_000).stretches()[0], "id") == "40.000-20.000"


@pytest.mark.parametrize(
    ("quote", "words"),
    [
        (a_quote(2), "Nov-Des 2026: 2x Rp8.400 (JKK 10.000-5.000, JKM 6.800-3.400)"),
        (a_quote(12, package="jkk_jkm_jht"), "Nov-Des 2026: 2x Rp28.400; Jan-Okt 2027: 10x Rp36.800"),
        (a_price_a_month(*[8_400, 16_800] * 3), "3x Rp8.400; 3x Rp16.800"),
        (a_price_a_month(*range(100_000, 112_000, 1_000)), "12x 100.000-111.000"),
    ],
)
def test_an_sms_says_as_much_about_a_price_as_it_has_room_for(quote: Quote, words: str) -> None:
    assert price_lines.in_full(quote, "id") == words


@given(
    st.lists(st.integers(1, 730_400), min_size=1, max_size=12),
    st.sampled_from(["id", "en", "jv", "su"]),
)
def test_whatever_the_months_cost_the_words_have_the_room_they_were_proved_for(
    prices: list[int], language: str
) -> None:
    quote = a_price_a_month(*prices)
    assert (gsm7.septets(price_lines.in_full(quote, language)) or 999) <= LONGEST_LINES
    assert (gsm7.septets(price_lines.in_short(quote, language)) or 999) <= LONGEST_SUM


@given(
    st.sampled_from(sorted(RATES.sectors)),
    st.sampled_from(sorted(RATES.packages)),
    st.sampled_from([bracket.wage for bracket in RATES.tables[0].wages]),
    st.integers(1, 12),
    st.integers(0, 18),
)
def test_the_lines_of_a_price_are_its_total(sector: str, package: str, wage: int, months: int, later: int) -> None:
    run = calendar.months_from(NOVEMBER, 30)[later : later + months]
    quote = contributions.price(RATES, sector=sector, package=package, wage=wage, months=run)
    found = quote.stretches()
    assert sum(len(one.months) * one.amount for one in found) == quote.total
    assert [month for one in found for month in one.months] == list(run)
    assert all(len(price_lines.programmes(one, "id")) <= LONGEST_PARTS for one in found)


# ---- on the phone ----


def test_the_price_of_a_year_is_shown_by_months_that_cost_the_same(rt: Runtime) -> None:
    shown = typed(rt, *TO_PRICE).text
    assert shown.splitlines()[1:3] == ["1. Nov-Des 2026: 2x Rp28.400", "2. Jan-Okt 2027: 10x Rp36.800"]


def test_one_of_the_prices_is_shown_by_programme(rt: Runtime) -> None:
    shown = typed(rt, *TO_PRICE, "2").text
    assert shown.startswith("Jan-Okt 2027 per bulan (iuran-diskon): JKK 10.000, JKM 6.800, JHT 20.000 = Rp36.800")


def test_from_what_a_price_is_made_of_one_key_leads_back_to_it(rt: Runtime) -> None:
    assert typed(rt, *TO_PRICE, "2", "1").text.startswith("Nov 2026-Okt 2027: 2x 28.400 + 10x 36.800 = Rp424.800.")


def test_who_looked_at_what_a_price_is_made_of_enrols_at_that_price(rt: Runtime) -> None:
    assert typed(rt, *TO_PRICE, "2", "1", "1").text.startswith("Terima kasih! SMS berisi kode bayar segera datang")


def test_whoever_asks_gets_the_same_as_an_sms(rt: Runtime) -> None:
    typed(rt, *TO_PRICE, "3")
    work(rt)
    assert text_of(rt) == [
        "Rincian Nov-Des 2026: 2x Rp28.400; Jan-Okt 2027: 10x Rp36.800. Jumlah Rp424.800. *777#",
    ]


def test_asking_again_in_the_same_dialogue_costs_no_second_sms(rt: Runtime) -> None:
    typed(rt, *TO_PRICE, "3", "1", "3", "3")
    assert len(text_of(rt)) == 1


def test_asking_for_another_price_in_the_same_dialogue_gives_another_sms(rt: Runtime) -> None:
    typed(rt, *TO_PRICE, "3", "0", "0", "0", "1", "3", "3")
    assert len(text_of(rt)) == 2


def test_an_sms_about_a_price_is_in_the_urgent_lane(rt: Runtime) -> None:
    typed(rt, *TO_PRICE, "3")
    assert rows(rt, "SELECT lane FROM outbox") == [{"lane": "urgent"}]


# From the first screen to a member's own year.
TO_MINE = ("3", "2", "4", "2")


def test_a_members_year_begins_with_the_next_month_that_is_not_paid(rt: Runtime) -> None:
    a_paid_member(rt)
    shown = typed(rt, *TO_MINE).text.splitlines()
    assert shown[1:3] == ["1. Des 2026: 1x Rp8.400", "2. Jan-Nov 2027: 11x Rp16.800"]


def test_a_members_year_is_priced_by_the_plan_that_counts_in_each_month(rt: Runtime) -> None:
    member = a_registered_member(rt)
    with rt.db.begin() as connection:
        members.keep_plan(connection, member.id, date(2027, 1, 1), Plan("household", "jkk_jkm_jht", 1_000_000))
    assert "2. Jan-Okt 2027: 10x Rp36.800" in typed(rt, *TO_MINE).text


def test_a_member_gets_their_own_year_as_an_sms(rt: Runtime) -> None:
    a_paid_member(rt)
    typed(rt, *TO_MINE, "3")
    words = (
        "Des 2026: 1x Rp8.400 (JKK 10.000-5.000, JKM 6.800-3.400); Jan-Nov 2027: 11x Rp16.800 (JKK 10.000, JKM 6.800)"
    )
    assert text_of(rt) == [f"Rincian {words}. Jumlah Rp193.200. *777#"]


def test_from_their_price_a_member_goes_on_to_pay(rt: Runtime) -> None:
    a_paid_member(rt)
    assert typed(rt, *TO_MINE, "1", "1").text.startswith("Kirim kode untuk")


def test_somebody_who_is_no_member_has_no_price_of_their_own(rt: Runtime) -> None:
    assert "Iuran saya" not in typed(rt, "2", "4").text


# ---- for finance ----


def prices_of(rt: Runtime, order_id: str) -> list[list[str]]:
    """The rows that explain what an order costs."""
    said = books.explain(rt, order_id)
    first = next(number for number, line in enumerate(said) if line.startswith("people"))
    return [line.split() for line in said[first + 1 : said.index("", first)]]


def test_an_order_is_explained_programme_by_programme(rt: Runtime) -> None:
    a_pay_code(rt, a_registered_member(rt), months=(NOVEMBER, date(2026, 12, 1)))
    assert prices_of(rt, "SRT-1") == [
        ["1", "Nov-Dec", "2026", "JKK", "10,000", "-5,000", "5,000"],
        ["1", "Nov-Dec", "2026", "JKM", "6,800", "-3,400", "3,400"],
    ]


def test_people_of_a_basket_whose_months_cost_alike_are_explained_together(rt: Runtime) -> None:
    a_basket(rt, some_members(rt, 3))
    assert [row[:4] for row in prices_of(rt, "SRT-B")] == [["3", "Nov", "2026", "JKK"], ["3", "Nov", "2026", "JKM"]]


def test_an_order_is_explained_by_the_rates_it_was_asked_under(rt: Runtime) -> None:
    a_pay_code(rt, a_registered_member(rt))
    dearer_rates(rt)
    assert prices_of(rt, "SRT-1")[0][-3:] == ["10,000", "-5,000", "5,000"]


def test_a_price_that_no_rates_explain_stands_as_it_is(rt: Runtime) -> None:
    a_pay_code(rt, a_registered_member(rt), price=9_999)
    assert prices_of(rt, "SRT-1") == [["1", "Nov", "2026", "?", "9,999", "0", "9,999"]]
