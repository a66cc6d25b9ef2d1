"""What the gateway refuses to take tells something about the number, about its owner's wish, or about ourselves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.builders import PHONE, an_sms, rows
from tests.fakes.gateways import Post
from ussd_app.gateways.messaging import Handed
from ussd_app.gateways.refusals import cause_of
from ussd_app.runtime import Runtime
from ussd_app.services import numbers, relay
from ussd_app.services.numbers import Fate
from ussd_app.storage import numbers as kept

BUDI = "+6285712345678"


def learn(rt: Runtime, *fates: Fate) -> None:
    with rt.db.begin() as connection:
        numbers.learn(rt, connection, fates)


def dead_among(rt: Runtime, *phones: str) -> set[str]:
    with rt.db.connect() as connection:
        return kept.dead_among(connection, phones)


@pytest.mark.parametrize(
    ("reason", "counts"),
    [
        ("InvalidPhoneNumber", True),
        ("UnsupportedNumberType", True),
        ("UserDoesNotExist", True),
        ("DoNotDisturbRejection", False),
        ("RejectedByGateway", False),
        ("UserInBlacklist", False),
        ("HTTP 400", False),
        ("", False),
    ],
)
def test_a_refusal_counts_only_when_its_reason_is_the_number(rt: Runtime, reason: str, counts: bool) -> None:
    learn(rt, *[Fate(PHONE, "refused", reason)] * 3)
    assert (dead_among(rt, PHONE) == {PHONE}) is counts


def test_refusals_and_failures_in_transit_count_together(rt: Runtime) -> None:
    learn(rt, Fate(PHONE, "refused", "UnsupportedNumberType"), Fate(PHONE, "failed"))
    learn(rt, Fate(PHONE, "failed", "UserIsInactive"))
    assert dead_among(rt, PHONE) == {PHONE}


def test_each_number_is_counted_for_itself(rt: Runtime) -> None:
    learn(rt, *[Fate(phone, "failed") for phone in (PHONE, BUDI, PHONE, BUDI, PHONE)])
    assert dead_among(rt, PHONE, BUDI) == {PHONE}


def test_a_number_nobody_has_asked_about_is_not_told_of(rt: Runtime) -> None:
    learn(rt, *[Fate(PHONE, "failed")] * 3)
    assert dead_among(rt, BUDI) == set()


@pytest.mark.parametrize("reason", ["UserInBlacklist", "UserInBlackList"])
def test_a_number_on_the_gateways_black_list_has_stopped_everything_once(rt: Runtime, reason: str) -> None:
    learn(rt, *[Fate(PHONE, "refused", reason)] * 2)
    assert rows(rt, "SELECT topic, channel, reason FROM stops") == [
        {"topic": "all", "channel": "gateway", "reason": reason}
    ]


def test_a_number_that_has_never_failed_leaves_no_row(rt: Runtime) -> None:
    learn(rt, Fate(PHONE, "delivered"))
    assert rows(rt, "SELECT * FROM numbers") == []


def test_no_failure_is_lost_when_many_learn_at_once(rt: Runtime) -> None:
    fates = [Fate(PHONE, "failed"), Fate(BUDI, "failed")]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: learn(rt, *(fates if number % 2 else reversed(fates))), range(20)))
    assert rows(rt, "SELECT failures FROM numbers") == [{"failures": 20}, {"failures": 20}]


# ---- and the relay ----


@pytest.fixture
def post() -> Post:
    """The company that takes our SMS."""
    return Post()


def send(rt: Runtime, post: Post, lane: str) -> None:
    relay.relay(replace(rt, messaging={post.name: post}), lane, lambda _seconds: None)


@pytest.mark.parametrize(
    ("lane", "states"),
    [
        ("urgent", ["sent", "sent"]),
        ("codes", ["sent", "sent"]),
        ("reminders", ["stopped", "sent"]),
        ("campaigns", ["stopped", "sent"]),
    ],
)
def test_of_our_own_accord_nobody_writes_to_a_dead_number(
    rt: Runtime, post: Post, lane: str, states: list[str]
) -> None:
    learn(rt, *[Fate(PHONE, "failed")] * 3)
    for phone in (PHONE, BUDI):
        an_sms(rt, phone=phone, lane=lane)
    send(rt, post, lane)
    assert [row["state"] for row in rows(rt, "SELECT state FROM outbox ORDER BY id")] == states


def test_what_is_not_sent_to_a_dead_number_says_why(rt: Runtime, post: Post) -> None:
    learn(rt, *[Fate(PHONE, "failed")] * 3)
    an_sms(rt, lane="reminders")
    send(rt, post, "reminders")
    assert rows(rt, "SELECT reason FROM outbox") == [{"reason": "texts fail at this number again and again"}]


def test_what_the_gateway_refuses_at_once_is_learnt_from(rt: Runtime, post: Post) -> None:
    post.says = {
        PHONE: Handed("dead", reason="UserInBlacklist"),
        BUDI: Handed("dead", reason="UnsupportedNumberType"),
    }
    for phone in (PHONE, BUDI):
        an_sms(rt, phone=phone)
    send(rt, post, "urgent")
    assert rows(rt, "SELECT phone, reference, reason FROM stops") == [
        {"phone": PHONE, "reference": "outbox:1", "reason": "UserInBlacklist"}
    ]
    assert rows(rt, "SELECT phone, failures FROM numbers") == [{"phone": BUDI, "failures": 1}]


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("UserIsInactive", "number"),
        ("NotNetworkSubscriber", "number"),
        (" userisinactive ", "number"),
        ("UserInBlackList", "stopped"),
        ("UserInBlacklist", "stopped"),
        ("InsufficientCredit", "ours"),
        ("DeliveryFailure", "unsaid"),
        ("Wormhole", "unsaid"),
        ("", "unsaid"),
    ],
)
def test_every_word_of_a_gateway_says_whose_doing_it_is(reason: str, cause: str) -> None:
    assert cause_of(reason) == cause
