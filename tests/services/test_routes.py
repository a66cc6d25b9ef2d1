"""A number goes by the gateway that is meant for it, always by the same one, and by as many as the weights say."""

from __future__ import annotations

from collections import Counter

import pytest

from ussd_app.domain.sending import Route
from ussd_app.services.routes import order

INDOSAT, TELKOMSEL = "+62857", "+62812"
NUMBERS = [f"+62812{n:08}" for n in range(2000)]


def first(routes: tuple[Route, ...], configured: tuple[str, ...]) -> Counter[str]:
    """How many of the numbers go to each gateway first."""
    return Counter(order(routes, phone, configured)[0] for phone in NUMBERS)


@pytest.mark.parametrize(
    ("phone", "expected"),
    [
        (f"{TELKOMSEL}34567890", ("telkomsel", "anybody")),
        (f"{INDOSAT}34567890", ("anybody",)),
    ],
)
def test_a_gateway_with_a_prefix_takes_only_its_own_numbers_and_those_first(
    phone: str, expected: tuple[str, ...]
) -> None:
    routes = (Route("anybody", weight=100), Route("telkomsel", prefixes=(TELKOMSEL,)))
    assert order(routes, phone, ("anybody", "telkomsel")) == expected


def test_the_longest_prefix_is_the_first() -> None:
    routes = (Route("country", prefixes=("+62",)), Route("network", prefixes=("+62857", TELKOMSEL)))
    assert order(routes, f"{TELKOMSEL}34567890", ("country", "network")) == ("network", "country")


def test_a_gateway_that_the_settings_do_not_name_is_passed_over() -> None:
    assert order((Route("there"), Route("nowhere")), NUMBERS[0], ("there",)) == ("there",)


def test_where_no_route_leads_to_any_gateway_all_are_tried() -> None:
    assert order((Route("nowhere"),), NUMBERS[0], ("b", "a")) == ("a", "b")


def test_the_same_number_always_goes_the_same_way() -> None:
    routes = (Route("a", weight=2), Route("b", weight=1))
    assert [order(routes, phone, ("a", "b")) for phone in NUMBERS] == [
        order(tuple(reversed(routes)), phone, ("b", "a")) for phone in NUMBERS
    ]


def test_numbers_are_shared_out_as_the_weights_say() -> None:
    found = first((Route("a", weight=3), Route("b", weight=1)), ("a", "b"))
    assert 0.70 < found["a"] / len(NUMBERS) < 0.80


def test_a_gateway_of_weight_0_only_helps_out() -> None:
    routes = (Route("a"), Route("b", weight=0))
    assert {order(routes, phone, ("a", "b")) for phone in NUMBERS} == {("a", "b")}


def test_when_a_gateway_goes_the_numbers_of_the_others_stay_where_they_were() -> None:
    routes = (Route("a"), Route("b"), Route("c"))
    before = {phone: order(routes, phone, ("a", "b", "c")) for phone in NUMBERS}
    after = {phone: order(routes, phone, ("a", "b")) for phone in NUMBERS}
    assert all(after[phone] == tuple(one for one in ways if one != "c") for phone, ways in before.items())
