"""The relay sends what the outbox holds: together where it can be, never again where it may have been sent."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.builders import PHONE, an_sms, rows
from tests.conftest import clock_of
from tests.fakes.africastalking import FakeAfricasTalking
from tests.fakes.gateways import Post
from ussd_app.errors import GatewayPermanent, GatewayTemporary, GatewayUnknown
from ussd_app.gateways.africastalking import AfricasTalking
from ussd_app.gateways.messaging import Handed
from ussd_app.runtime import Runtime
from ussd_app.services import outbox

BUDI = "+6285712345678"


@pytest.fixture
def post() -> Post:
    """The company that takes our SMS."""
    return Post()


@pytest.fixture
def relay(rt: Runtime, post: Post) -> Runtime:
    """A runtime that sends through the tests' post, as fast as it can."""
    return replace(rt, messaging=post, settings=rt.settings.model_copy(update={"sms_per_second": 1000}))


def numbers(many: int) -> list[str]:
    return [f"+62812{n:08}" for n in range(many)]


def state(rt: Runtime) -> str:
    (row,) = rows(rt, "SELECT state FROM outbox")
    return str(row["state"])


# ---- calls ----


def test_equal_texts_share_one_call(relay: Runtime, post: Post) -> None:
    for phone in (PHONE, BUDI):
        an_sms(relay, phone=phone)
    outbox.relay(relay, "urgent")
    assert post.calls == [("Halo", [PHONE, BUDI])]


def test_different_texts_do_not_share_a_call(relay: Runtime, post: Post) -> None:
    an_sms(relay, words="Halo")
    an_sms(relay, words="Hai", phone=BUDI)
    outbox.relay(relay, "urgent")
    assert len(post.calls) == 2


def test_a_number_is_at_most_once_in_a_call(relay: Runtime, post: Post) -> None:
    for _ in range(3):
        an_sms(relay)
    outbox.relay(relay, "urgent")
    assert [phones for _, phones in post.calls] == [[PHONE]] * 3


def test_a_call_has_at_most_a_hundred_numbers(relay: Runtime, post: Post) -> None:
    for phone in numbers(250):
        an_sms(relay, phone=phone)
    outbox.relay(relay, "urgent")
    assert max(len(phones) for _, phones in post.calls) == 100
    assert sorted(post.reached) == numbers(250)


def test_a_text_of_another_lane_is_left_to_its_own_relay(relay: Runtime, post: Post) -> None:
    an_sms(relay, lane="reminders")
    assert outbox.relay(relay, "urgent") == 0


def test_a_text_is_not_sent_before_it_is_due(relay: Runtime, post: Post) -> None:
    an_sms(relay, due_in=60)
    assert outbox.relay(relay, "urgent") == 0
    clock_of(relay).forward(seconds=61)
    assert outbox.relay(relay, "urgent") == 1


def test_a_relay_that_runs_again_sends_nothing_again(relay: Runtime, post: Post) -> None:
    an_sms(relay)
    outbox.relay(relay, "urgent")
    assert outbox.relay(relay, "urgent") == 0


def test_a_second_sms_with_the_same_key_is_the_same_sms(rt: Runtime) -> None:
    an_sms(rt, key="receipt:1")
    an_sms(rt, key="receipt:1")
    assert len(rows(rt, "SELECT id FROM outbox")) == 1


class Slow(Post):
    """Takes its time, so that relays overlap; tells whether every row was `handing_over` meanwhile."""

    def __init__(self, rt: Runtime) -> None:
        super().__init__()
        self.rt, self.states, self.lock = rt, Counter[str](), threading.Lock()

    def send(self, text: str, phones: Sequence[str]) -> Mapping[str, Handed]:
        found = rows(self.rt, "SELECT state FROM outbox WHERE phone = ANY(:phones)", phones=list(phones))
        with self.lock:
            self.states.update(row["state"] for row in found)
        return super().send(text, phones)


def test_two_relays_at_once_send_each_text_once(relay: Runtime) -> None:
    slow = Slow(relay)
    for phone in numbers(60):
        an_sms(relay, phone=phone, words=f"Halo {phone[-1]}")
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: outbox.relay(replace(relay, messaging=slow), "urgent"), range(2)))
    assert sorted(slow.reached) == numbers(60)


def test_a_text_is_marked_as_handed_over_before_the_call_begins(relay: Runtime) -> None:
    slow = Slow(relay)
    an_sms(relay)
    outbox.relay(replace(relay, messaging=slow), "urgent")
    assert slow.states == {"handing_over": 1}


class Overtaken(Post):
    """The first call takes so long that another relay takes over what is left of the batch."""

    def __init__(self, other: Runtime) -> None:
        super().__init__()
        self.other = other

    def send(self, text: str, phones: Sequence[str]) -> Mapping[str, Handed]:
        clock_of(self.other).forward(seconds=61)
        outbox.relay(self.other, "urgent")
        return super().send(text, phones)


def test_a_text_that_another_relay_has_taken_over_is_not_sent_by_the_slow_one(relay: Runtime, post: Post) -> None:
    slow = Overtaken(relay)
    an_sms(relay, words="first")
    an_sms(relay, words="second")
    outbox.relay(replace(relay, messaging=slow), "urgent")
    assert ([text for text, _ in slow.calls], [text for text, _ in post.calls]) == (["first"], ["second"])


# ---- what the gateway says ----


def test_a_text_that_was_taken_is_sent(relay: Runtime) -> None:
    an_sms(relay)
    outbox.relay(relay, "urgent")
    assert rows(relay, "SELECT state, gateway, message_id, sent_at FROM outbox") == [
        {"state": "sent", "gateway": "post", "message_id": f"1-{PHONE}", "sent_at": relay.clock()}
    ]


def test_a_text_for_later_waits_its_time(relay: Runtime, post: Post) -> None:
    post.says[PHONE] = Handed("later", reason="CouldNotRoute")
    an_sms(relay)
    outbox.relay(relay, "urgent")
    assert (state(relay), outbox.relay(relay, "urgent")) == ("waiting", 0)


def test_a_text_for_later_is_sent_later(relay: Runtime, post: Post) -> None:
    post.says[PHONE] = Handed("later")
    an_sms(relay)
    outbox.relay(relay, "urgent")
    post.says.clear()
    clock_of(relay).forward(seconds=31)
    outbox.relay(relay, "urgent")
    assert state(relay) == "sent"


def test_each_attempt_waits_twice_as_long_as_the_one_before_and_a_quarter_of_an_hour_at_most(
    relay: Runtime, post: Post
) -> None:
    post.says[PHONE] = Handed("later")
    an_sms(relay)
    waits = []
    for _ in range(7):
        outbox.relay(relay, "urgent")
        (row,) = rows(relay, "SELECT due_at FROM outbox")
        waits.append((row["due_at"] - relay.clock()).total_seconds())
        clock_of(relay).set(row["due_at"])
    assert waits == [30, 60, 120, 240, 480, 900, 900]


def test_a_text_that_could_not_be_sent_for_a_day_is_dead(relay: Runtime, post: Post) -> None:
    post.says[PHONE] = Handed("later", reason="CouldNotRoute")
    an_sms(relay)
    outbox.relay(relay, "urgent")
    clock_of(relay).forward(hours=24)
    outbox.relay(relay, "urgent")
    assert rows(relay, "SELECT state, reason FROM outbox") == [{"state": "dead", "reason": "CouldNotRoute"}]


def test_a_text_that_can_never_be_sent_is_dead(relay: Runtime, post: Post) -> None:
    post.says[PHONE] = Handed("dead", reason="UserInBlacklist")
    an_sms(relay)
    outbox.relay(relay, "urgent")
    assert rows(relay, "SELECT state, reason FROM outbox") == [{"state": "dead", "reason": "UserInBlacklist"}]


def test_a_number_missing_in_the_answer_is_unknown(relay: Runtime, post: Post) -> None:
    post.forgets.add(PHONE)
    an_sms(relay)
    outbox.relay(relay, "urgent")
    assert state(relay) == "unknown"


@pytest.mark.parametrize(
    ("failure", "expected"),
    [(GatewayTemporary("x"), "waiting"), (GatewayPermanent("x"), "dead"), (GatewayUnknown("x"), "unknown")],
)
def test_a_call_that_fails_says_what_becomes_of_its_texts(
    relay: Runtime, post: Post, failure: Exception, expected: str
) -> None:
    post.fails = failure
    an_sms(relay)
    outbox.relay(relay, "urgent")
    assert state(relay) == expected


def test_an_unknown_text_is_never_sent_again(relay: Runtime, post: Post) -> None:
    post.fails = GatewayUnknown("a time-out")
    an_sms(relay)
    outbox.relay(relay, "urgent")
    clock_of(relay).forward(days=1)
    outbox.relay(relay, "urgent")
    assert len(post.calls) == 1


# ---- a relay that dies ----


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def interrupted(relay: Runtime, post: Post) -> Runtime:
    """A relay has died in the middle of a call."""
    an_sms(relay)
    post.fails = Killed()  # type: ignore[assignment]
    with pytest.raises(Killed):
        outbox.relay(relay, "urgent")
    post.fails = None
    return relay


def test_what_a_dead_relay_had_in_hand_is_left_alone_while_its_lease_lasts(interrupted: Runtime) -> None:
    assert (outbox.relay(interrupted, "urgent"), state(interrupted)) == (0, "handing_over")


def test_what_a_dead_relay_had_in_hand_is_unknown_after_its_lease(interrupted: Runtime) -> None:
    clock_of(interrupted).forward(seconds=61)
    outbox.relay(interrupted, "urgent")
    assert state(interrupted) == "unknown"


def test_what_a_dead_relay_had_in_hand_is_not_sent_again(interrupted: Runtime, post: Post) -> None:
    clock_of(interrupted).forward(seconds=61)
    outbox.relay(interrupted, "urgent")
    assert len(post.calls) == 1


def test_what_a_dead_relay_had_not_begun_is_sent_by_the_next(relay: Runtime, post: Post) -> None:
    post.fails = Killed()  # type: ignore[assignment]
    an_sms(relay, words="first")
    an_sms(relay, words="second")
    with pytest.raises(Killed):
        outbox.relay(relay, "urgent")
    post.fails = None
    clock_of(relay).forward(seconds=61)
    outbox.relay(relay, "urgent")
    assert [text for text, _ in post.calls] == ["first", "second"]


# ---- through Africa's Talking ----


def test_texts_go_through_africas_talking_and_come_back_with_their_ids(rt: Runtime) -> None:
    with FakeAfricasTalking("key") as company:
        gateway = AfricasTalking("sandbox", "key", base_url=company.url)
        company.codes[BUDI] = 406
        for phone in (PHONE, BUDI):
            an_sms(rt, phone=phone)
        outbox.relay(replace(rt, messaging=gateway), "urgent")
    found = rows(rt, "SELECT phone, state, reason, message_id, cost FROM outbox ORDER BY id")
    assert [tuple(row.values()) for row in found] == [
        (PHONE, "sent", "", "ATXid_1", "KES 0.8000"),
        (BUDI, "dead", "UserInBlacklist", None, "0"),
    ]


def test_when_africas_talking_hangs_up_nobody_knows_and_nothing_is_sent_again(rt: Runtime) -> None:
    with FakeAfricasTalking("key") as company:
        company.drops = True
        an_sms(rt)
        sender = replace(rt, messaging=AfricasTalking("sandbox", "key", base_url=company.url))
        for _ in range(2):
            outbox.relay(sender, "urgent")
            clock_of(rt).forward(hours=1)
        assert (state(rt), len(company.taken)) == ("unknown", 1)


def test_while_africas_talking_cannot_be_reached_a_text_waits(rt: Runtime) -> None:
    with FakeAfricasTalking("key") as company:
        address = company.url
    an_sms(rt)
    outbox.relay(replace(rt, messaging=AfricasTalking("sandbox", "key", base_url=address)), "urgent")
    assert state(rt) == "waiting"


# ---- the operator's mistakes ----


@pytest.fixture
def no_balance(relay: Runtime, post: Post) -> Runtime:
    """The gateway asks us to stop: there is no balance."""
    for phone in numbers(3):
        post.says[phone] = Handed("later", reason="InsufficientBalance", halt=True)
        an_sms(relay, phone=phone, words=f"Halo {phone}")
    return relay


def test_a_gateway_that_asks_us_to_stop_is_asked_no_more(no_balance: Runtime, post: Post) -> None:
    outbox.relay(no_balance, "urgent")
    assert len(post.calls) == 1


def test_no_text_dies_of_an_operators_mistake_in_its_first_day(no_balance: Runtime) -> None:
    for _ in range(11):
        outbox.relay(no_balance, "urgent")
        clock_of(no_balance).forward(hours=2)
    assert {row["state"] for row in rows(no_balance, "SELECT state FROM outbox")} == {"waiting"}


def test_a_relay_that_was_asked_to_stop_leaves_the_rest_to_the_next_at_once(no_balance: Runtime, post: Post) -> None:
    outbox.relay(no_balance, "urgent")
    post.says.clear()
    assert outbox.relay(no_balance, "urgent") == 2
