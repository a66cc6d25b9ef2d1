"""The relay sends what the outbox holds: together where it can be, never again where it may have been sent."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.builders import PHONE, an_sms, rows, with_sending
from tests.conftest import clock_of
from tests.fakes.africastalking import FakeAfricasTalking
from tests.fakes.gateways import Post
from ussd_app.errors import GatewayPermanent, GatewayTemporary, GatewayUnknown, NotAllowedNow
from ussd_app.gateways.africastalking import AfricasTalking
from ussd_app.gateways.messaging import Handed, MessagingGateway
from ussd_app.runtime import Runtime
from ussd_app.services import calls, routes
from ussd_app.services import relay as relays
from ussd_app.services.relay import CALLS
from ussd_app.storage import outbox as rows_of_outbox
from ussd_app.storage import stops
from ussd_app.storage.outbox import Outgoing

BUDI = "+6285712345678"
BACKOFF = [27.6, 46.6, 797.0]


@pytest.fixture
def post() -> Post:
    """The company that takes our SMS."""
    return Post()


@pytest.fixture
def relay(rt: Runtime, post: Post) -> Runtime:
    """A runtime that sends through the tests' post."""
    return by(rt, post)


def by(rt: Runtime, *companies: MessagingGateway) -> Runtime:
    """A runtime that sends through these companies, as fast as it can."""
    fast = rt.settings.model_copy(update={"sms_per_second": 20_000})
    return replace(rt, messaging={company.name: company for company in companies}, settings=fast)


def send(rt: Runtime, lane: str = "urgent") -> int:
    """One run of the relay, which waits for nothing and has all the time it needs."""
    return relays.relay(rt, lane, lambda _seconds: None, lambda: 0.0)


def send_all(rt: Runtime) -> int:
    """One relay after another, as long as there is something to send."""
    handed = 0
    while more := send(rt):
        handed += more
    return handed


def numbers(many: int) -> list[str]:
    return [f"+62812{n:08}" for n in range(many)]


def state(rt: Runtime) -> str:
    (row,) = rows(rt, "SELECT state FROM outbox")
    return str(row["state"])


# ---- calls ----


def test_equal_texts_share_one_call(relay: Runtime, post: Post) -> None:
    for phone in (PHONE, BUDI):
        an_sms(relay, phone=phone)
    send(relay)
    assert post.calls == [("Halo", [PHONE, BUDI])]


def test_different_texts_do_not_share_a_call(relay: Runtime, post: Post) -> None:
    an_sms(relay, words="Halo")
    an_sms(relay, words="Hai", phone=BUDI)
    send(relay)
    assert len(post.calls) == 2


def test_a_number_is_at_most_once_in_a_call(relay: Runtime, post: Post) -> None:
    for _ in range(3):
        an_sms(relay)
    send(relay)
    assert [phones for _, phones in post.calls] == [[PHONE]] * 3


def test_a_call_has_at_most_a_hundred_numbers(relay: Runtime, post: Post) -> None:
    for phone in numbers(250):
        an_sms(relay, phone=phone)
    send(relay)
    assert max(len(phones) for _, phones in post.calls) == 100
    assert sorted(post.reached) == numbers(250)


def test_a_text_of_another_lane_is_left_to_its_own_relay(relay: Runtime, post: Post) -> None:
    an_sms(relay, lane="reminders")
    assert send(relay) == 0


def test_a_text_is_not_sent_before_it_is_due(relay: Runtime, post: Post) -> None:
    an_sms(relay, due_in=60)
    assert send(relay) == 0
    clock_of(relay).forward(seconds=61)
    assert send(relay) == 1


def test_a_relay_that_runs_again_sends_nothing_again(relay: Runtime, post: Post) -> None:
    an_sms(relay)
    send(relay)
    assert send(relay) == 0


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
        list(threads.map(lambda _: send(by(relay, slow)), range(2)))
    assert sorted(slow.reached) == numbers(60)


def test_a_text_is_marked_as_handed_over_before_the_call_begins(relay: Runtime) -> None:
    slow = Slow(relay)
    an_sms(relay)
    send(by(relay, slow))
    assert slow.states == {"handing_over": 1}


# ---- what the gateway says ----


def test_a_text_that_was_taken_is_sent(relay: Runtime) -> None:
    an_sms(relay)
    send(relay)
    assert rows(relay, "SELECT state, gateway, message_id, sent_at FROM outbox") == [
        {"state": "sent", "gateway": "post", "message_id": f"1-{PHONE}", "sent_at": relay.clock()}
    ]


def test_a_text_for_later_waits_its_time(relay: Runtime, post: Post) -> None:
    post.says[PHONE] = Handed("later", reason="CouldNotRoute")
    an_sms(relay)
    send(relay)
    assert (state(relay), send(relay)) == ("waiting", 0)


def test_a_text_for_later_is_sent_later(relay: Runtime, post: Post) -> None:
    post.says[PHONE] = Handed("later")
    an_sms(relay)
    send(relay)
    post.says.clear()
    clock_of(relay).forward(seconds=31)
    send(relay)
    assert state(relay) == "sent"


def test_each_attempt_waits_about_twice_as_long_as_the_one_before_and_a_quarter_of_an_hour_at_most(
    relay: Runtime, post: Post
) -> None:
    post.says[PHONE] = Handed("later")
    an_sms(relay)
    waits = []
    for _ in range(7):
        send(relay)
        (row,) = rows(relay, "SELECT due_at FROM outbox")
        waits.append((row["due_at"] - relay.clock()).total_seconds())
        clock_of(relay).set(row["due_at"])
    longest = [30, 60, 120, 240, 480, 900, 900]
    assert all(most / 2 <= wait <= most for wait, most in zip(waits, longest, strict=True))


def test_texts_that_failed_together_do_not_come_back_together() -> None:
    assert len({calls.backoff(row, 1) for row in range(100)}) == 100


def test_how_long_a_text_waits_is_the_same_whoever_reckons_it() -> None:
    assert [round(calls.backoff(7, attempts).total_seconds(), 1) for attempts in (1, 2, 11)] == BACKOFF


@pytest.mark.parametrize(("lane", "hours"), [("urgent", 24), ("codes", 24), ("reminders", 12), ("campaigns", 24)])
def test_each_lane_has_its_own_longest_wait(relay: Runtime, post: Post, lane: str, hours: int) -> None:
    post.says[PHONE] = Handed("later", reason="CouldNotRoute")
    an_sms(relay, lane=lane)
    send(relay, lane)
    clock_of(relay).forward(hours=hours, seconds=-1)
    send(relay, lane)
    before = state(relay)
    clock_of(relay).forward(hours=1)
    send(relay, lane)
    assert (before, state(relay)) == ("waiting", "dead")


def test_a_text_that_could_not_be_sent_for_a_day_is_dead(relay: Runtime, post: Post) -> None:
    post.says[PHONE] = Handed("later", reason="CouldNotRoute")
    an_sms(relay)
    send(relay)
    clock_of(relay).forward(hours=24)
    send(relay)
    assert rows(relay, "SELECT state, reason FROM outbox") == [{"state": "dead", "reason": "CouldNotRoute"}]


def test_a_text_that_can_never_be_sent_is_dead(relay: Runtime, post: Post) -> None:
    post.says[PHONE] = Handed("dead", reason="UserInBlacklist")
    an_sms(relay)
    send(relay)
    assert rows(relay, "SELECT state, reason FROM outbox") == [{"state": "dead", "reason": "UserInBlacklist"}]


def test_a_number_missing_in_the_answer_is_unknown(relay: Runtime, post: Post) -> None:
    post.forgets.add(PHONE)
    an_sms(relay)
    send(relay)
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
    send(relay)
    assert state(relay) == expected


def test_an_unknown_text_is_never_sent_again(relay: Runtime, post: Post) -> None:
    post.fails = GatewayUnknown("a time-out")
    an_sms(relay)
    send(relay)
    clock_of(relay).forward(days=1)
    send(relay)
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
        send(relay)
    post.fails = None
    return relay


def test_what_a_dead_relay_had_in_hand_is_left_alone_while_its_lease_lasts(interrupted: Runtime) -> None:
    assert (send(interrupted), state(interrupted)) == (0, "handing_over")


def test_what_a_dead_relay_had_in_hand_is_unknown_after_its_lease(interrupted: Runtime) -> None:
    clock_of(interrupted).forward(seconds=61)
    send(interrupted)
    assert state(interrupted) == "unknown"


def test_what_a_dead_relay_had_in_hand_is_not_sent_again(interrupted: Runtime, post: Post) -> None:
    clock_of(interrupted).forward(seconds=61)
    send(interrupted)
    assert len(post.calls) == 1


def test_what_a_dead_relay_had_not_begun_is_sent_by_the_next_and_the_rest_is_not(relay: Runtime, post: Post) -> None:
    post.fails = Killed()  # type: ignore[assignment]
    for number in range(20):
        an_sms(relay, words=f"text {number}")
    with pytest.raises(Killed):
        send(relay)
    begun = len(post.calls)
    post.fails = None
    clock_of(relay).forward(seconds=61)
    send(relay)
    assert 1 <= begun <= CALLS
    assert sorted(text for text, _ in post.calls) == sorted(f"text {number}" for number in range(20))


# ---- through Africa's Talking ----


def test_texts_go_through_africas_talking_and_come_back_with_their_ids(rt: Runtime) -> None:
    with FakeAfricasTalking("key") as company:
        gateway = AfricasTalking("sandbox", "key", base_url=company.url)
        company.codes[BUDI] = 406
        for phone in (PHONE, BUDI):
            an_sms(rt, phone=phone)
        send(by(rt, gateway))
    found = rows(rt, "SELECT phone, state, reason, message_id, cost FROM outbox ORDER BY id")
    assert [tuple(row.values()) for row in found] == [
        (PHONE, "sent", "", "ATXid_1", "KES 0.8000"),
        (BUDI, "dead", "UserInBlacklist", None, "0"),
    ]


def test_when_africas_talking_hangs_up_nobody_knows_and_nothing_is_sent_again(rt: Runtime) -> None:
    with FakeAfricasTalking("key") as company:
        company.drops = True
        an_sms(rt)
        sender = by(rt, AfricasTalking("sandbox", "key", base_url=company.url))
        for _ in range(2):
            send(sender)
            clock_of(rt).forward(hours=1)
        assert (state(rt), len(company.taken)) == ("unknown", 1)


def test_while_africas_talking_cannot_be_reached_a_text_waits(rt: Runtime) -> None:
    with FakeAfricasTalking("key") as company:
        address = company.url
    an_sms(rt)
    send(by(rt, AfricasTalking("sandbox", "key", base_url=address)))
    assert state(rt) == "waiting"


# ---- at the moment of sending ----


def a_text_of(rt: Runtime, lane: str, phone: str = PHONE, send_by: datetime | None = None) -> None:
    with rt.db.begin() as connection:
        letter = Outgoing(f"{lane}:{phone}", lane, phone, "Halo", 1, send_by=send_by)
        rows_of_outbox.add(connection, letter, rt.clock())


def stop(rt: Runtime, topic: str, phone: str = PHONE) -> None:
    with rt.db.begin() as connection:
        stops.stop(connection, phone, topic, "ussd", "s1", rt.clock())


def test_a_text_that_has_become_useless_is_not_sent_any_more(relay: Runtime, post: Post) -> None:
    a_text_of(relay, "urgent", send_by=relay.clock() + timedelta(hours=1))
    clock_of(relay).forward(hours=1)
    send(relay)
    assert (post.calls, state(relay)) == ([], "expired")


def test_a_text_is_sent_until_the_last_second_in_which_it_is_of_use(relay: Runtime, post: Post) -> None:
    a_text_of(relay, "urgent", send_by=relay.clock() + timedelta(hours=1))
    clock_of(relay).forward(seconds=3599)
    send(relay)
    assert state(relay) == "sent"


@pytest.mark.parametrize(
    ("lane", "topic"),
    [("reminders", "reminders"), ("reminders", "all"), ("campaigns", "education"), ("campaigns", "all")],
)
def test_what_somebody_has_stopped_meanwhile_is_not_sent(relay: Runtime, post: Post, lane: str, topic: str) -> None:
    a_text_of(relay, lane)
    a_text_of(relay, lane, BUDI)
    stop(relay, topic)
    send(relay, lane)
    found = rows(relay, "SELECT phone, state, reason FROM outbox ORDER BY id")
    assert post.reached == [BUDI]
    assert [tuple(row.values()) for row in found] == [
        (PHONE, "stopped", "the recipient wants no such texts"),
        (BUDI, "sent", ""),
    ]


@pytest.mark.parametrize(
    ("lane", "topic"), [("urgent", "all"), ("codes", "all"), ("reminders", "education"), ("campaigns", "reminders")]
)
def test_receipts_codes_and_other_topics_are_sent_all_the_same(
    relay: Runtime, post: Post, lane: str, topic: str
) -> None:
    a_text_of(relay, lane)
    stop(relay, topic)
    send(relay, lane)
    assert post.reached == [PHONE]


# ---- gateways that fail ----


@pytest.fixture
def no_balance(relay: Runtime, post: Post) -> Runtime:
    """The gateway asks us to stop: there is no balance."""
    for phone in numbers(20):
        post.says[phone] = Handed("later", reason="InsufficientBalance", halt=True)
        an_sms(relay, phone=phone, words=f"Halo {phone}")
    return relay


def test_a_gateway_that_asks_us_to_stop_gets_no_more_than_the_calls_that_were_under_way(
    no_balance: Runtime, post: Post
) -> None:
    send(no_balance)
    assert 1 <= len(post.calls) <= CALLS


def test_no_lane_uses_a_gateway_that_asks_us_to_stop(no_balance: Runtime, post: Post) -> None:
    send(no_balance)
    an_sms(no_balance, lane="reminders", phone=BUDI)
    assert (send(no_balance, "reminders"), BUDI in post.reached) == (0, False)


def test_while_no_gateway_may_be_asked_no_text_is_even_touched(no_balance: Runtime) -> None:
    send(no_balance)
    before = rows(no_balance, "SELECT id, CAST(xmin AS text) AS version FROM outbox ORDER BY id")
    send(no_balance)
    assert rows(no_balance, "SELECT id, CAST(xmin AS text) AS version FROM outbox ORDER BY id") == before


def test_somebody_is_told_once_that_a_gateway_asks_us_to_stop(no_balance: Runtime) -> None:
    for _ in range(3):
        send(no_balance)
        clock_of(no_balance).forward(minutes=6)
    assert rows(no_balance, "SELECT kind, detail FROM follow_ups") == [{"kind": "sms_gateway", "detail": "post"}]


def test_no_text_dies_of_an_operators_mistake(no_balance: Runtime) -> None:
    for _ in range(30):
        send(no_balance)
        clock_of(no_balance).forward(hours=1)
    assert {row["state"] for row in rows(no_balance, "SELECT state FROM outbox")} == {"waiting"}


def test_one_text_after_five_minutes_asks_whether_a_gateway_works_again(no_balance: Runtime, post: Post) -> None:
    send(no_balance)
    post.calls.clear()
    clock_of(no_balance).forward(minutes=5)
    send(no_balance)
    assert len(post.reached) == 1


def test_a_gateway_that_works_again_gets_everything_that_waited(no_balance: Runtime, post: Post) -> None:
    send(no_balance)
    post.says.clear()
    assert send(no_balance) == 0
    clock_of(no_balance).forward(minutes=5)
    assert send_all(no_balance) == 20
    assert rows(no_balance, "SELECT done_at IS NOT NULL AS done FROM follow_ups") == [{"done": True}]


def test_an_operator_may_say_that_a_gateway_works_again(no_balance: Runtime, post: Post) -> None:
    send(no_balance)
    post.says.clear()
    routes.resume(no_balance, "post")
    assert send_all(no_balance) == 20


def test_an_operator_cannot_resume_what_there_is_not(relay: Runtime) -> None:
    with pytest.raises(NotAllowedNow, match="nobody: no such gateway; there are post"):
        routes.resume(relay, "nobody")


@pytest.mark.parametrize("failure", [GatewayTemporary("x"), GatewayUnknown("x")])
def test_a_gateway_that_fails_five_times_in_a_row_is_left_alone(relay: Runtime, post: Post, failure: Exception) -> None:
    post.fails = failure
    for number in range(50):
        an_sms(relay, words=f"text {number}")
    send(relay)
    assert routes.FAILURES <= len(post.calls) < routes.FAILURES + CALLS


def test_a_failure_between_successes_closes_nothing(relay: Runtime, post: Post) -> None:
    for number in range(20):
        post.fails = GatewayTemporary("x") if number % 3 else None
        an_sms(relay, words=f"text {number}")
        send(relay)
    assert len(post.calls) >= 20


def test_a_gateway_is_left_alone_for_longer_each_time(relay: Runtime) -> None:
    assert [routes.closed_for(failures).total_seconds() for failures in (4, 5, 6, 7, 9, 10, 99)] == [
        *(0, 30, 60, 120, 480, 900, 900)
    ]


def test_after_a_while_one_text_tries_a_gateway_that_failed_and_then_all_go(relay: Runtime, post: Post) -> None:
    post.fails = GatewayTemporary("x")
    for phone in numbers(30):
        an_sms(relay, phone=phone, words=f"to {phone[-1]}")
    for _ in range(3):
        send(relay)
        clock_of(relay).forward(minutes=16)
    post.calls.clear()
    post.fails = None
    send_all(relay)
    assert len(post.calls[0][1]) == 1
    assert {row["state"] for row in rows(relay, "SELECT state FROM outbox")} == {"sent"}


def test_equal_texts_for_a_closed_gateway_try_it_one_by_one_and_then_go_together(relay: Runtime, post: Post) -> None:
    post.says = {phone: Handed("later", halt=True) for phone in numbers(30)}
    for phone in numbers(30):
        an_sms(relay, phone=phone)
    send(relay)
    post.says.clear()
    post.calls.clear()
    clock_of(relay).forward(minutes=5)
    send(relay)
    assert [len(phones) for _, phones in post.calls] == [1, 29]


# ---- several gateways ----


@pytest.fixture
def other() -> Post:
    """The company that helps out."""
    return Post("telegraph")


@pytest.fixture
def two(rt: Runtime, post: Post, other: Post) -> Runtime:
    """Texts go by the post, and by the telegraph what the post cannot take."""
    ways = [{"gateway": "post"}, {"gateway": "telegraph", "weight": 0}]
    return by(with_sending(rt, routes=ways), post, other)


@pytest.mark.parametrize(
    "refusal", [Handed("later", reason="CouldNotRoute"), Handed("later", reason="InsufficientBalance", halt=True)]
)
def test_what_one_gateway_cannot_take_goes_to_the_next_at_once(
    two: Runtime, post: Post, other: Post, refusal: Handed
) -> None:
    post.says[PHONE] = refusal
    an_sms(two)
    an_sms(two, phone=BUDI)
    send(two)
    found = rows(two, "SELECT phone, state, gateway FROM outbox ORDER BY id")
    assert [tuple(row.values()) for row in found] == [(PHONE, "sent", "telegraph"), (BUDI, "sent", "post")]


def test_a_call_that_certainly_sent_nothing_is_made_by_the_next_gateway(two: Runtime, post: Post, other: Post) -> None:
    post.fails = GatewayTemporary("x")
    an_sms(two)
    send(two)
    assert (other.reached, state(two)) == ([PHONE], "sent")


@pytest.mark.parametrize("failure", [GatewayUnknown("x"), GatewayPermanent("x")])
def test_no_other_gateway_sends_what_may_have_been_sent_or_never_can_be(
    two: Runtime, post: Post, other: Post, failure: Exception
) -> None:
    post.fails = failure
    an_sms(two)
    send(two)
    assert other.calls == []


def test_a_closed_gateway_is_passed_over(two: Runtime, post: Post, other: Post) -> None:
    post.says = {PHONE: Handed("later", halt=True)}
    an_sms(two)
    send(two)
    an_sms(two, phone=BUDI)
    send(two)
    assert (post.reached, other.reached) == ([PHONE], [PHONE, BUDI])


def test_a_text_that_no_gateway_takes_is_tried_again_later_by_all_of_them(
    two: Runtime, post: Post, other: Post
) -> None:
    post.says = other.says = {PHONE: Handed("later", reason="CouldNotRoute")}
    an_sms(two)
    send(two)
    assert (state(two), len(post.calls), len(other.calls)) == ("waiting", 1, 1)
    clock_of(two).forward(minutes=1)
    send(two)
    assert (len(post.calls), len(other.calls)) == (2, 2)


def test_while_the_only_gateway_of_some_numbers_is_closed_others_are_sent_and_those_wait(
    rt: Runtime, post: Post, other: Post
) -> None:
    ways = [{"gateway": "post", "prefixes": ["+62812"]}, {"gateway": "telegraph", "prefixes": ["+62857"]}]
    both = by(with_sending(rt, routes=ways), post, other)
    post.says = {PHONE: Handed("later", halt=True)}
    an_sms(both)
    for _ in range(3):
        an_sms(both, phone=BUDI)
        send(both)
    assert (post.reached, other.reached) == ([PHONE], [BUDI] * 3)
    (row,) = rows(both, "SELECT state, lease_until, due_at FROM outbox ORDER BY id LIMIT 1")
    assert (row["state"], row["lease_until"], row["due_at"] > both.clock()) == ("waiting", None, True)
