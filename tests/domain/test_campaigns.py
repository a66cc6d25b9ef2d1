"""Who gets which wording is settled by a hash of the number, and a difference is only told with its interval."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b

import pytest

from ussd_app.domain.campaigns import Share, difference, variant_of

MARKS = [blake2b(str(number).encode(), digest_size=12).hexdigest() for number in range(10_000)]


def test_the_same_number_always_gets_the_same_wording() -> None:
    assert [variant_of(mark, 10, {"A": 1, "B": 1}) for mark in MARKS[:100]] == [
        variant_of(mark, 10, {"A": 1, "B": 1}) for mark in MARKS[:100]
    ]


def test_wordings_are_given_by_weight_and_a_tenth_is_held_out() -> None:
    found = Counter(variant_of(mark, 10, {"A": 3, "B": 1}) for mark in MARKS)
    assert found[None] == pytest.approx(1000, abs=100)
    assert found["A"] == pytest.approx(6750, abs=200)
    assert found["B"] == pytest.approx(2250, abs=200)


def test_another_hold_out_does_not_turn_the_wordings_around() -> None:
    without = {mark: variant_of(mark, 0, {"A": 1, "B": 1}) for mark in MARKS}
    with_it = {mark: variant_of(mark, 50, {"A": 1, "B": 1}) for mark in MARKS}
    assert None not in without.values()
    assert {mark for mark, variant in with_it.items() if variant not in (None, without[mark])} == set()


def test_who_is_held_out_says_nothing_about_the_wording() -> None:
    found = Counter(variant_of(mark, 50, {"A": 1000, "B": 1000}) for mark in MARKS)
    assert found["A"] == pytest.approx(found["B"], abs=250)


@pytest.mark.parametrize(
    ("did", "of", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (10, 10, 0.722, 1.0), (100, 1000, 0.083, 0.120)],
)
def test_the_interval_of_a_share_is_as_in_the_tables(did: int, of: int, low: float, high: float) -> None:
    """Wilson's interval at 95 %, worked out by hand."""
    assert Share(did, of).between == pytest.approx((low, high), abs=0.001)


def test_the_interval_of_a_difference_is_that_of_newcombes_own_example() -> None:
    """56 of 70 against 48 of 80: 0.2, from 0.0524 to 0.3339 (Newcombe 1998, method 10)."""
    assert difference(Share(56, 70), Share(48, 80)) == pytest.approx((0.2, 0.0524, 0.3339), abs=0.0001)
