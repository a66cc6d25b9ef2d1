"""A number goes by the gateway that is meant for it, always by the same one, and by as many as the weights say.

What calls show of a gateway opens and closes it; what they no longer show, because it has changed meanwhile, does not.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from tests.builders import rows
from tests.conftest import clock_of
from tests.fakes.gateways import Post
from ussd_app.domain.sending import Route
from ussd_app.runtime import Runtime
from ussd_app.services.routes import FAILURES, Gates, order, resume
from ussd_app.storage import gateways
from ussd_app.storage.gateways import Standing

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


# ---- which gateways may be asked ----


@pytest.fixture
def sending(rt: Runtime) -> Runtime:
    """A house that sends by the post."""
    return replace(rt, messaging={"post": Post()})


def fail(gates: Gates, times: int) -> None:
    for _ in range(times):
        gates.failed(gates.admits("post"), "no connection")


def standing(rt: Runtime) -> Standing:
    """How the post stands."""
    with rt.db.connect() as connection:
        return gateways.standings(connection).get("post", Standing())


def closed_for(rt: Runtime) -> float | None:
    """Seconds for which nobody asks the post; None when it is open."""
    until = standing(rt).closed_until
    return (until - rt.clock()).total_seconds() if until else None


def test_a_call_that_fails_after_others_have_closed_its_gateway_changes_nothing(sending: Runtime) -> None:
    gates = Gates(sending)
    under_way = [gates.admits("post") for _ in range(3)]
    fail(gates, FAILURES)
    for admission in under_way:
        gates.failed(admission, "no connection")
    assert (standing(sending).failures, closed_for(sending)) == (FAILURES, 30)


def test_a_call_that_fails_while_another_tries_the_gateway_again_changes_nothing(sending: Runtime) -> None:
    gates = Gates(sending)
    late = gates.admits("post")
    fail(gates, FAILURES)
    clock_of(sending).forward(seconds=30)
    gates.admits("post")
    before = standing(sending)
    gates.failed(late, "no connection")
    assert standing(sending) == before


def test_a_try_that_fails_closes_the_gateway_for_twice_as_long(sending: Runtime) -> None:
    gates, found = Gates(sending), []
    fail(gates, FAILURES - 1)
    for _ in range(3):
        fail(gates, 1)
        found.append(closed_for(sending))
        clock_of(sending).forward(seconds=found[-1] or 0)
    assert found == [30, 60, 120]


def test_a_try_that_works_opens_the_gateway(sending: Runtime) -> None:
    gates = Gates(sending)
    fail(gates, FAILURES)
    clock_of(sending).forward(seconds=30)
    gates.worked(gates.admits("post"))
    assert standing(sending) == Standing()


def test_only_one_of_two_relays_tries_a_closed_gateway(sending: Runtime) -> None:
    fail(Gates(sending), FAILURES)
    clock_of(sending).forward(seconds=30)
    assert [Gates(sending).admits("post").most for _ in range(2)] == [1, 0]


def test_a_try_that_is_given_back_is_for_whoever_comes_next(sending: Runtime) -> None:
    fail(Gates(sending), FAILURES)
    clock_of(sending).forward(seconds=30)
    gates = Gates(sending)
    gates.give_back(gates.admits("post"))
    assert Gates(sending).admits("post").most == 1


def test_a_try_that_is_given_back_late_takes_nobody_elses(sending: Runtime) -> None:
    fail(Gates(sending), FAILURES)
    clock_of(sending).forward(seconds=30)
    gates = Gates(sending)
    slow = gates.admits("post")
    clock_of(sending).forward(seconds=60)
    Gates(sending).admits("post")
    gates.give_back(slow)
    assert Gates(sending).admits("post").most == 0


def test_a_call_begun_before_a_gateway_asked_us_to_stop_does_not_open_it_by_its_answer(sending: Runtime) -> None:
    gates = Gates(sending)
    under_way = gates.admits("post")
    gates.halted("post", "InsufficientBalance")
    gates.worked(under_way)
    assert closed_for(sending) == 300
    assert rows(sending, "SELECT done_at FROM follow_ups") == [{"done_at": None}]


def test_a_success_forgets_the_failures_before_it(sending: Runtime) -> None:
    gates = Gates(sending)
    fail(gates, FAILURES - 1)
    gates.worked(gates.admits("post"))
    fail(gates, FAILURES - 1)
    assert closed_for(sending) is None


def test_a_try_of_a_gateway_that_an_operator_has_opened_meanwhile_closes_nothing(sending: Runtime) -> None:
    gates = Gates(sending)
    fail(gates, FAILURES)
    clock_of(sending).forward(seconds=30)
    late = gates.admits("post")
    resume(sending, "post")
    gates.failed(late, "no connection")
    assert closed_for(sending) is None


def test_who_opened_a_gateway_again_enters_the_audit_log_with_it_or_not_at_all(sending: Runtime) -> None:
    Gates(sending).halted("post", "InsufficientBalance")
    resume(sending, "post", "saldo sudah diisi", "rina@kantor.id", "10.0.0.1")
    (found,) = rows(sending, "SELECT a.* FROM audit_log a JOIN follow_ups f ON f.xmin::text = a.xmin::text")
    assert [found[name] for name in ("by_whom", "kind", "what", "before", "after", "address")] == [
        "rina@kantor.id",
        "texts.resumed",
        "gateway post",
        {"failures": 0, "said": "InsufficientBalance"},
        {"reason": "saldo sudah diisi"},
        "10.0.0.1",
    ]


def test_a_gateway_that_is_opened_at_the_command_line_is_written_down_as_that(sending: Runtime) -> None:
    resume(sending, "post")
    assert rows(sending, "SELECT by_whom, before FROM audit_log") == [{"by_whom": "command line", "before": None}]
