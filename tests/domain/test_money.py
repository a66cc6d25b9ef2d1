"""Rupiah are written and read the way people here do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_app.domain.money import parse_amount, rupiah
from ussd_app.errors import Refused


@pytest.mark.parametrize(
    ("amount", "language", "written"),
    [
        (16_800, "id", "Rp16.800"),
        (16_800, "jv", "Rp16.800"),
        (16_800, "su", "Rp16.800"),
        (16_800, "en", "Rp16,800"),
        (0, "id", "Rp0"),
        (999, "en", "Rp999"),
        (1_000_000, "id", "Rp1.000.000"),
        (-8_400, "id", "-Rp8.400"),
        (-8_400, "en", "-Rp8,400"),
    ],
)
def test_rupiah_are_grouped_as_the_language_does(amount: int, language: str, written: str) -> None:
    assert rupiah(amount, language) == written


@pytest.mark.parametrize(
    "typed",
    [
        *("16800", "16.800", "16,800", "Rp16.800", "Rp 16800", "rp16,800", "RP. 16.800", "IDR 16,800"),
        *("16800.00", "16800,00", "16.800,00", "16,800.00", "Rp16.800,-", "Rp16.800.-", " 16.800\n"),
        *("0016800", "Rp\u00a016.800", "Rp16.800,–"),
    ],
)
def test_every_way_to_type_an_amount_leads_to_the_same(typed: str) -> None:
    assert parse_amount(typed) == 16_800


@pytest.mark.parametrize(
    "typed",
    [
        *("", "Rp", "16.80", "16,8", "1.68.00", "16.800.00", "16,800,00", "1.000,000", "-16800", "16 800"),
        *("16800.50", "16800 rupiah", "20rb", "١٦٨٠٠", "16800\n1", "1e4", "0x10", "1_000", "9" * 16, "."),
    ],
)
def test_what_is_no_whole_amount_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_amount(typed)
    assert caught.value.reason == "amount"


@given(st.integers(0, 10**15 - 1), st.sampled_from(["id", "en", "jv", "su"]))
def test_what_is_shown_can_be_typed_back(amount: int, language: str) -> None:
    assert parse_amount(rupiah(amount, language)) == amount
