"""Delivery reports bring texts to their final state, whatever the order they come in, and never the wrong text."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.builders import PHONE, a_member, a_nik, an_sms, count, execute, rows
from tests.conftest import clock_of
from tests.texts import a_handed_text, reported, state_of, text_row
from tests.work import work
from ussd_app import queues
from ussd_app.runtime import Runtime
from ussd_app.services import reports, stops

BUDI = "+6285712345678"


def report_states(rt: Runtime) -> list[str]:
    return [row["state"] for row in rows(rt, "SELECT state FROM delivery_reports ORDER BY id")]


# ---- by the gateway's id ----


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Success", "delivered"),
        ("Failed", "failed"),
        ("Rejected", "failed"),
        ("Expired", "failed"),
        ("Sent", "sent"),
        ("Submitted", "sent"),
        ("Buffered", "sent"),
        ("Teleported", "sent"),
    ],
)
def test_a_final_report_settles_its_text_and_any_other_changes_nothing(rt: Runtime, status: str, expected: str) -> None:
    number = a_handed_text(rt)
    reported(rt, f"id-{number}", status)
    reports.match(rt)
    assert (state_of(rt, number), report_states(rt)) == (expected, ["matched"])


def test_the_callback_only_keeps_the_report_and_asks_for_a_job(rt: Runtime) -> None:
    number = a_handed_text(rt)
    reported(rt, f"id-{number}")
    assert (state_of(rt, number), rt.queues.length(queues.REPORTS)) == ("sent", 1)


def test_ten_reports_that_come_together_ask_for_one_job(rt: Runtime) -> None:
    for number in [a_handed_text(rt) for _ in range(10)]:
        reported(rt, f"id-{number}")
    assert rt.queues.length(queues.REPORTS) == 1


def test_that_one_job_settles_all_of_them(rt: Runtime) -> None:
    numbers = [a_handed_text(rt) for _ in range(10)]
    for number in numbers:
        reported(rt, f"id-{number}")
    work(rt)
    assert {state_of(rt, number) for number in numbers} == {"delivered"}


def test_a_repeated_report_asks_for_no_job(rt: Runtime) -> None:
    reported(rt, "x")
    work(rt)
    reported(rt, "x")
    assert rt.queues.length(queues.REPORTS) == 0


def test_the_reason_of_a_failure_is_kept(rt: Runtime) -> None:
    number = a_handed_text(rt)
    reported(rt, f"id-{number}", "Failed", reason="UserIsInactive")
    reports.match(rt)
    assert text_row(rt, number)["reason"] == "UserIsInactive"


@pytest.mark.parametrize("state", ["delivered", "failed", "dead", "expired", "stopped"])
@pytest.mark.parametrize("status", ["Success", "Failed", "Sent"])
def test_a_final_state_stays_whatever_is_reported_later(rt: Runtime, state: str, status: str) -> None:
    number = a_handed_text(rt, state, message_id="x")
    reported(rt, "x", status)
    reports.match(rt)
    assert state_of(rt, number) == state


@pytest.mark.parametrize("apart", [True, False])
def test_the_first_final_report_counts_also_when_two_are_looked_at_together(rt: Runtime, apart: bool) -> None:
    number = a_handed_text(rt)
    for status in ("Failed", "Success"):
        reported(rt, f"id-{number}", status)
        if apart:
            reports.match(rt)
    reports.match(rt)
    assert state_of(rt, number) == "failed"


def test_an_interim_report_after_the_final_one_changes_nothing(rt: Runtime) -> None:
    number = a_handed_text(rt)
    for status in ("Success", "Buffered"):
        reported(rt, f"id-{number}", status)
    reports.match(rt)
    assert state_of(rt, number) == "delivered"


def test_an_unknown_text_whose_id_is_known_is_settled_by_it(rt: Runtime) -> None:
    number = a_handed_text(rt, "unknown", message_id="x")
    a_handed_text(rt, "unknown")
    reported(rt, "x")
    reports.match(rt)
    assert state_of(rt, number) == "delivered"


def test_a_settled_text_says_when_it_was_sent(rt: Runtime) -> None:
    number = a_handed_text(rt, "unknown", message_id="x", minutes_ago=5)
    reported(rt, "x")
    reports.match(rt)
    assert text_row(rt, number)["sent_at"] == rt.clock() - timedelta(minutes=5)


def test_reports_in_any_order_and_number_come_out_alike(rt: Runtime) -> None:
    numbers = [a_handed_text(rt) for _ in range(30)]
    posts = [(number, status) for number in numbers for status in ("Sent", "Buffered", "Success", "Success")]
    random.Random(5).shuffle(posts)
    for many, (number, status) in enumerate(posts):
        reported(rt, f"id-{number}", status)
        if many % 7 == 0:
            reports.match(rt)
    reports.match(rt)
    assert {state_of(rt, number) for number in numbers} == {"delivered"}


def test_two_matchers_at_once_do_no_harm(rt: Runtime) -> None:
    numbers = [a_handed_text(rt) for _ in range(40)]
    for number in numbers:
        reported(rt, f"id-{number}", "Failed", reason="UserIsInactive")
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: reports.match(rt), range(2)))
    reports.match(rt)
    assert {state_of(rt, number) for number in numbers} == {"failed"}
    assert rows(rt, "SELECT failures FROM numbers") == [{"failures": 40}]


# ---- too soon, or nobody's ----


def test_a_report_that_overtakes_the_answer_with_its_id_is_matched_later(rt: Runtime) -> None:
    number = a_handed_text(rt, "handing_over")
    reported(rt, "x")
    reports.match(rt)
    assert (state_of(rt, number), report_states(rt)) == ("handing_over", ["parked"])
    execute(rt, "UPDATE outbox SET state = 'sent', message_id = 'x', sent_at = :now", now=rt.clock())
    clock_of(rt).forward(seconds=11)
    reports.sweep(rt)
    assert (state_of(rt, number), report_states(rt)) == ("delivered", ["matched"])


def test_a_parked_report_is_tried_less_and_less_often(rt: Runtime) -> None:
    reported(rt, "x")
    reports.match(rt)
    tries = []
    for _ in range(3 * 24 * 60):
        clock_of(rt).forward(minutes=1)
        (row,) = rows(rt, "SELECT next_try_at <= :now AS due FROM delivery_reports", now=rt.clock())
        if row["due"]:
            reports.sweep(rt)
            tries.append(rt.clock())
    assert len(tries) < 50


def test_a_report_that_finds_no_text_in_days_is_given_up(rt: Runtime) -> None:
    reported(rt, "x")
    reports.sweep(rt)
    clock_of(rt).forward(days=5, seconds=1)
    reports.sweep(rt)
    assert report_states(rt) == ["given_up"]


def test_an_interim_report_about_nobodys_text_is_kept_and_left_alone(rt: Runtime) -> None:
    reported(rt, "x", "Submitted")
    reports.sweep(rt)
    assert report_states(rt) == ["noted"]


# ---- by number and time ----


@pytest.mark.parametrize(("status", "expected"), [("Success", "delivered"), ("Failed", "failed")])
def test_an_unknown_text_is_settled_where_number_and_time_point_to_it_alone(
    rt: Runtime, status: str, expected: str
) -> None:
    number = a_handed_text(rt, "unknown", minutes_ago=3)
    a_handed_text(rt, "unknown", phone=BUDI)
    a_handed_text(rt, "sent")
    reported(rt, "x", status)
    reports.match(rt)
    row = text_row(rt, number)
    assert (row["state"], row["message_id"], row["sent_at"]) == (expected, "x", row["handed_at"])


def test_a_number_without_its_plus_is_the_same_number(rt: Runtime) -> None:
    number = a_handed_text(rt, "unknown")
    reported(rt, "x", phone=PHONE.replace("+", " "))
    reports.match(rt)
    assert state_of(rt, number) == "delivered"


@pytest.mark.parametrize(
    ("second", "settled"),
    [("unknown", False), ("handing_over", False), ("sent", True), ("failed", True), ("waiting", True)],
)
def test_with_two_texts_in_question_nothing_is_settled(rt: Runtime, second: str, settled: bool) -> None:
    number = a_handed_text(rt, "unknown", minutes_ago=60)
    a_handed_text(rt, second, minutes_ago=0.5)
    reported(rt, "x")
    reports.match(rt)
    assert (state_of(rt, number) == "delivered") is settled


def test_with_the_reports_of_two_texts_in_question_nothing_is_settled(rt: Runtime) -> None:
    number = a_handed_text(rt, "unknown")
    for message_id in ("x", "y"):
        reported(rt, message_id)
    reports.match(rt)
    assert (state_of(rt, number), report_states(rt)) == ("unknown", ["parked", "parked"])


def test_an_interim_report_of_another_text_is_in_question_as_well(rt: Runtime) -> None:
    number = a_handed_text(rt, "unknown")
    reported(rt, "y", "Buffered")
    reported(rt, "x")
    reports.match(rt)
    assert state_of(rt, number) == "unknown"


def test_interim_reports_with_the_same_id_are_no_rivals(rt: Runtime) -> None:
    number = a_handed_text(rt, "unknown")
    for status in ("Submitted", "Buffered", "Success"):
        reported(rt, "x", status)
    reports.match(rt)
    assert state_of(rt, number) == "delivered"


@pytest.mark.parametrize(("minutes_ago", "expected"), [(-1, "unknown"), (71 * 60, "delivered"), (73 * 60, "unknown")])
def test_a_report_speaks_of_a_text_handed_over_before_it_and_not_too_long_before(
    rt: Runtime, minutes_ago: float, expected: str
) -> None:
    number = a_handed_text(rt, "unknown", minutes_ago=minutes_ago)
    reported(rt, "x")
    reports.match(rt)
    assert state_of(rt, number) == expected


def test_the_time_of_a_report_is_when_it_came_not_when_it_is_looked_at(rt: Runtime) -> None:
    reported(rt, "x")
    reports.match(rt)
    clock_of(rt).forward(hours=1)
    number = a_handed_text(rt, "unknown", minutes_ago=1)
    reports.sweep(rt)
    assert state_of(rt, number) == "unknown"


def test_a_text_that_is_being_handed_over_is_left_to_its_relay(rt: Runtime) -> None:
    number = a_handed_text(rt, "handing_over", minutes_ago=0.5)
    reported(rt, "x")
    reports.match(rt)
    assert state_of(rt, number) == "handing_over"


def test_a_text_whose_relay_died_is_settled_after_its_lease(rt: Runtime) -> None:
    number = a_handed_text(rt, "handing_over", minutes_ago=0.5)
    reported(rt, "x")
    reports.match(rt)
    clock_of(rt).forward(seconds=61)
    reports.sweep(rt)
    assert state_of(rt, number) == "delivered"


def test_a_report_of_a_text_that_is_settled_settles_no_other(rt: Runtime) -> None:
    number, other = a_handed_text(rt, "sent"), a_handed_text(rt, "unknown")
    for status in ("Success", "Failed"):
        reported(rt, f"id-{number}", status)
    reports.match(rt)
    assert (state_of(rt, number), state_of(rt, other)) == ("delivered", "unknown")


def test_one_report_settles_one_text_and_the_next_finds_none(rt: Runtime) -> None:
    number = a_handed_text(rt, "unknown")
    reported(rt, "x", "Failed")
    reports.match(rt)
    reported(rt, "y")
    reports.match(rt)
    assert (state_of(rt, number), report_states(rt)) == ("failed", ["matched", "parked"])


# ---- none at all ----


def test_a_text_without_a_report_is_said_to_have_none_after_three_days(rt: Runtime) -> None:
    number, young = a_handed_text(rt, minutes_ago=72 * 60 + 1), a_handed_text(rt, minutes_ago=72 * 60 - 1)
    reports.sweep(rt)
    assert (state_of(rt, number), state_of(rt, young)) == ("no_report", "sent")


@pytest.mark.parametrize(("status", "expected"), [("Success", "delivered"), ("Expired", "failed")])
def test_a_report_that_comes_after_all_still_settles_its_text(rt: Runtime, status: str, expected: str) -> None:
    number = a_handed_text(rt, minutes_ago=80 * 60)
    reports.sweep(rt)
    reported(rt, f"id-{number}", status)
    reports.match(rt)
    assert state_of(rt, number) == expected


# ---- what a report says about its number ----


def fail(rt: Runtime, times: int, status: str = "Failed", reason: str = "DeliveryFailure", phone: str = PHONE) -> None:
    for _ in range(times):
        number = a_handed_text(rt, phone=phone)
        reported(rt, f"id-{number}", status, phone=phone, reason=reason)
        reports.match(rt)


def dead(rt: Runtime) -> list[str]:
    return [row["phone"] for row in rows(rt, "SELECT phone FROM numbers WHERE dead_at IS NOT NULL")]


def test_a_number_that_fails_three_times_in_a_row_counts_as_dead(rt: Runtime) -> None:
    fail(rt, 2)
    assert dead(rt) == []
    fail(rt, 1)
    assert dead(rt) == [PHONE]


def test_a_text_that_arrives_makes_the_count_begin_again(rt: Runtime) -> None:
    fail(rt, 2)
    fail(rt, 1, "Success", "")
    fail(rt, 2)
    assert dead(rt) == []


def test_failures_before_and_after_a_delivery_in_one_batch_are_not_in_a_row(rt: Runtime) -> None:
    for status in ("Failed", "Failed", "Success", "Failed", "Failed"):
        reported(rt, f"id-{a_handed_text(rt)}", status)
    reports.match(rt)
    assert rows(rt, "SELECT failures, dead_at FROM numbers") == [{"failures": 2, "dead_at": None}]


def test_a_text_that_arrives_brings_a_dead_number_back(rt: Runtime) -> None:
    fail(rt, 3)
    fail(rt, 1, "Success", "")
    assert dead(rt) == []


@pytest.mark.parametrize(
    ("status", "reason", "counts"),
    [
        ("Failed", "", True),
        ("Failed", "DeliveryFailure", True),
        ("Failed", "UserDoesNotExist", True),
        ("Expired", "", True),
        ("Rejected", "NotNetworkSubscriber", True),
        ("Rejected", "", False),
        ("Rejected", "Wormhole", False),
        ("Failed", "InsufficientCredit", False),
        ("Failed", "UserNotSubscribedToProduct", False),
        ("Failed", "UserInBlackList", False),
    ],
)
def test_only_a_failure_that_may_lie_with_the_number_counts(
    rt: Runtime, status: str, reason: str, counts: bool
) -> None:
    fail(rt, 3, status, reason)
    assert (dead(rt) == [PHONE]) is counts


def test_the_members_on_a_dead_number_are_asked_for_the_pin_and_left_for_a_call_once(rt: Runtime) -> None:
    members = [a_member(rt, nik=a_nik(serial)) for serial in (3, 4)]
    a_member(rt, nik=a_nik(5), phone=BUDI)
    fail(rt, 3)
    fail(rt, 1, "Success", "")
    fail(rt, 3)
    assert rows(rt, "SELECT id FROM members WHERE doubted_at IS NOT NULL ORDER BY id") == [
        {"id": member.id} for member in members
    ]
    assert rows(rt, "SELECT kind, phone, detail FROM follow_ups ORDER BY id") == [
        {"kind": "number_fails", "phone": PHONE, "detail": f"member {member.id}"} for member in members
    ]


def test_a_dead_number_that_goes_on_failing_is_left_for_a_call_once(rt: Runtime) -> None:
    a_member(rt)
    fail(rt, 3)
    execute(rt, "UPDATE follow_ups SET done_at = :now", now=rt.clock())
    fail(rt, 2)
    assert count(rt, "follow_ups") == 1


def test_somebody_whom_the_network_keeps_from_us_has_stopped_everything(rt: Runtime) -> None:
    fail(rt, 1, "Rejected", "UserInBlackList")
    assert rows(rt, "SELECT phone, topic, channel, reference, reason FROM stops") == [
        {"phone": PHONE, "topic": "all", "channel": "gateway", "reference": "id-1", "reason": "UserInBlackList"}
    ]


def test_what_the_network_has_stopped_ends_when_they_ask_us_to_start_again(rt: Runtime) -> None:
    fail(rt, 1, "Rejected", "UserInBlackList")
    with rt.db.begin() as connection:
        assert stops.start_by(rt, connection, PHONE, "all", "sms:1")
    assert rows(rt, "SELECT id FROM stops WHERE ended_at IS NULL") == []


def test_a_report_that_comes_twice_counts_once(rt: Runtime) -> None:
    number = a_handed_text(rt)
    for network in ("51010", "51011"):
        reported(rt, f"id-{number}", "Failed", network=network)
        reports.match(rt)
    assert rows(rt, "SELECT failures FROM numbers") == [{"failures": 1}]


def test_a_text_that_waits_is_touched_by_no_report(rt: Runtime) -> None:
    number = an_sms(rt)
    reported(rt, "x")
    reports.sweep(rt)
    assert state_of(rt, number) == "waiting"
