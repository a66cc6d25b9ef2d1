"""What a call shows of its gateway counts once, and never before what became of the texts is written down."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from tests.builders import PHONE, an_sms, rows
from tests.conftest import clock_of
from tests.fakes.gateways import Post
from ussd_app.errors import GatewayPermanent, GatewayTemporary, GatewayUnknown
from ussd_app.gateways.messaging import Handed
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.services import relay as relays
from ussd_app.services.calls import LEASE, Call, Caller
from ussd_app.services.costs import Tally
from ussd_app.services.relay import CALLS, Relay
from ussd_app.services.routes import Admission, Gates
from ussd_app.storage import gateways, outbox, stops
from ussd_app.storage.gateways import Standing
from ussd_app.storage.pace import Pace

HALTED = Handed("later", reason="InsufficientBalance", halt=True)
# Seconds after which a thread that waits for another gives up: never reached where things are right.
PATIENCE = 30.0


@pytest.fixture
def post() -> Post:
    """The company that takes our SMS."""
    return Post()


@pytest.fixture
def sending(rt: Runtime, post: Post) -> Runtime:
    """A house that sends by the post, as fast as it can."""
    return by(rt, post)


def by(rt: Runtime, post: Post) -> Runtime:
    fast = rt.settings.model_copy(update={"sms_per_second": 20_000})
    return replace(rt, messaging={"post": post}, settings=fast)


def send(rt: Runtime, lane: str = "urgent") -> int:
    """One run of the relay, which waits for nothing and has all the time it needs."""
    return relays.relay(rt, lane, lambda _seconds: None, lambda: 0.0)


def standing(rt: Runtime) -> Standing:
    """How the post stands."""
    with rt.db.connect() as connection:
        return gateways.standings(connection).get("post", Standing())


def states(rt: Runtime) -> list[str]:
    return [row["state"] for row in rows(rt, "SELECT state FROM outbox ORDER BY id")]


def closed(rt: Runtime) -> Runtime:
    """The post has just been halted, for five minutes, and now they are over: one text may try it."""
    Gates(rt).halted("post", "InsufficientBalance")
    clock_of(rt).forward(minutes=5)
    return rt


# ---- calls under way together ----


class AllTogether(Post):
    """Fails when as many calls are under way as a relay makes at once."""

    def __init__(self) -> None:
        super().__init__()
        self.together = threading.Barrier(CALLS)

    def send(self, text: str, phones: Sequence[str]) -> Mapping[str, Handed]:
        """Wait for the others, then fail."""
        self.together.wait(PATIENCE)
        self.fails = GatewayTemporary("no connection")
        return super().send(text, phones)


def test_four_calls_that_fail_together_close_a_gateway_for_thirty_seconds(rt: Runtime) -> None:
    sending = by(rt, AllTogether())
    for number in range(2 * CALLS):
        an_sms(sending, words=f"text {number}")
    send(sending)
    stands = standing(sending)
    assert stands.closed_until
    assert (stands.closed_until - sending.clock()).total_seconds() == 30


class WaitsForTheEnd(Post):
    """Answers only when its relay has begun to give way."""

    relay: Relay

    def send(self, text: str, phones: Sequence[str]) -> Mapping[str, Handed]:
        """Wait, then take the text."""
        self.relay.caller.over.wait(PATIENCE)
        return super().send(text, phones)


def test_a_relay_that_gives_way_waits_for_the_call_under_way_and_begins_no_other(rt: Runtime) -> None:
    slow = WaitsForTheEnd()
    sending = closed(by(rt, slow))
    for number in range(20):
        an_sms(sending, phone=f"+62812{number:08}", words=f"text {number % 2}")
    slow.relay = Relay(sending, "urgent", lambda _seconds: None, lambda: 0.0)
    assert (slow.relay.run(), len(slow.reached)) == (1, 1)
    assert rows(sending, "SELECT count(*) AS n FROM outbox WHERE state = 'waiting' AND lease_until IS NULL") == [
        {"n": 19}
    ]


# ---- the one try of a closed gateway ----


def test_a_try_for_which_there_is_no_text_any_more_is_given_back(sending: Runtime) -> None:
    closed(sending)
    an_sms(sending, lane="reminders")
    with sending.db.begin() as connection:
        stops.stop(connection, PHONE, "all", "ussd", "s1", sending.clock())
    send(sending, "reminders")
    an_sms(sending)
    send(sending)
    assert states(sending) == ["stopped", "sent"]


def test_a_text_that_is_refused_for_itself_leaves_the_try_to_the_next(sending: Runtime, post: Post) -> None:
    closed(sending)
    post.fails = GatewayPermanent("half a character")
    an_sms(sending)
    send(sending)
    post.fails = None
    an_sms(sending)
    send(sending)
    assert states(sending) == ["dead", "sent"]


def a_caller(rt: Runtime, gates: Gates, pace: Pace | None = None) -> Caller:
    """The urgent lane's, over as soon as it has to wait."""
    tally = Tally(rt, publishing.sending(rt, publishing.newest(rt)))
    caller = Caller(rt, "urgent", gates, tally, pace or Pace(rt.connections, 20_000), lambda _: caller.over.set())
    return caller


def make(rt: Runtime, caller: Caller) -> None:
    """One call with what is due."""
    with rt.db.begin() as connection:
        leased = outbox.lease(connection, "urgent", rt.clock(), rt.clock() + LEASE, 10)
    try:
        caller.make(Call(tuple(leased), ("post",)))
    finally:
        caller.close()


class Slow(Pace):
    """Lets nobody go yet."""

    def draw(self, lane: str, segments: int) -> float:  # noqa: ARG002
        """A second to wait."""
        return 1.0


def test_who_waits_for_their_turn_holds_no_try(sending: Runtime, post: Post) -> None:
    closed(sending)
    before = standing(sending)
    an_sms(sending)
    make(sending, a_caller(sending, Gates(sending), Slow(sending.connections, 1)))
    assert (post.calls, standing(sending)) == ([], before)


class JustOpening(Gates):
    """Closed when it is asked for the first two times, and open from then on."""

    asked = 0

    def most(self, gateway: str) -> int:
        """None, and then all."""
        self.asked += 1
        return super().most(gateway) if self.asked > 2 else 0


def test_a_text_whose_gateway_opens_while_it_is_given_back_does_not_wait(sending: Runtime) -> None:
    an_sms(sending)
    make(sending, a_caller(sending, JustOpening(sending)))
    assert rows(sending, "SELECT state, lease_until, due_at FROM outbox") == [
        {"state": "waiting", "lease_until": None, "due_at": sending.clock()}
    ]


# ---- first what became of the texts ----


class Forgetful(Gates):
    """Cannot write down what it is told."""

    def worked(self, admission: Admission) -> None:
        """Fails."""
        raise ConnectionError(admission.gateway)

    def failed(self, admission: Admission, reason: str) -> None:
        """Fails."""
        raise ConnectionError(admission.gateway, reason)

    def halted(self, gateway: str, reason: str) -> None:
        """Fails."""
        raise ConnectionError(gateway, reason)


@pytest.mark.parametrize(
    ("said", "fails", "expected"),
    [
        (Handed("sent", message_id="1"), None, "sent"),
        (HALTED, None, "waiting"),
        (HALTED, GatewayUnknown("a time-out"), "unknown"),
        (HALTED, GatewayTemporary("no connection"), "waiting"),
    ],
)
def test_what_became_of_a_text_is_kept_also_when_what_it_shows_of_the_gateway_cannot_be(
    sending: Runtime, post: Post, said: Handed, fails: Exception | None, expected: str
) -> None:
    an_sms(sending)
    post.says[PHONE], post.fails = said, fails
    with pytest.raises(ConnectionError):
        make(sending, a_caller(sending, Forgetful(sending)))
    assert states(sending) == [expected]
