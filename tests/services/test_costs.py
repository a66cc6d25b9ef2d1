"""What texts cost is added up as they go, counted again each hour, and keeps within the budget of the day."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.builders import PHONE, an_sms, execute, rows, with_sending
from tests.conftest import clock_of
from tests.fakes.gateways import Post
from tests.service import until
from ussd_app.gateways.messaging import Charge, Handed
from ussd_app.runtime import Runtime
from ussd_app.services import costs, days, relay
from ussd_app.storage import costs as sums

DAYS = "SELECT day::text, lane, gateway, currency, texts, repeats, segments, parts, expected, cost FROM sms_days"


def kes(amount: str, parts: int | None = None) -> Handed:
    """Sent, for so many shillings."""
    return Handed("sent", message_id="1", cost=f"KES {amount}", charge=Charge(Decimal(amount), "KES"), parts=parts)


@pytest.fixture
def post() -> Post:
    """The company that takes our SMS."""
    return Post(says={PHONE: kes("0.8000")})


@pytest.fixture
def house(rt: Runtime, post: Post) -> Runtime:
    """A house that sends by the post, with Rp10.000 a day: at Rp350 that is 28 texts."""
    budget = {"daily": 10_000, "campaigns_stop_at": 70, "reminders_stop_at": 100}
    fast = rt.settings.model_copy(update={"sms_per_second": 20_000})
    return replace(with_sending(rt, price=350, budget=budget), messaging={"post": post}, settings=fast)


def send(rt: Runtime, lane: str = "urgent") -> int:
    return relay.relay(rt, lane, lambda _seconds: None)


def some(rt: Runtime, lane: str, number: int) -> None:
    for one in range(number):
        an_sms(rt, lane=lane, words=f"text {one}", key=f"{lane}:{one}:{rt.clock()}")


def test_a_text_that_was_sent_counts_with_what_we_reckon_and_what_was_charged(house: Runtime) -> None:
    an_sms(house, words="x" * 200)
    send(house)
    assert [tuple(row.values()) for row in rows(house, DAYS)] == [
        ("2026-11-22", "urgent", "post", "KES", 1, 0, 2, 2, 700, Decimal("0.8"))
    ]


def test_the_amount_is_kept_beside_the_gateways_own_words(house: Runtime) -> None:
    an_sms(house)
    send(house)
    assert rows(house, "SELECT cost, charged, currency FROM outbox") == [
        {"cost": "KES 0.8000", "charged": Decimal("0.8"), "currency": "KES"}
    ]


@pytest.mark.parametrize(
    ("said", "counted"),
    [(Handed("unknown"), 1), (Handed("dead", reason="UserInBlacklist"), 0), (Handed("later"), 0)],
)
def test_what_may_have_been_sent_counts_and_what_was_refused_does_not(
    house: Runtime, post: Post, said: Handed, counted: int
) -> None:
    post.says[PHONE] = said
    an_sms(house)
    send(house)
    added_up = sum(row["texts"] for row in rows(house, DAYS))
    costs.recount(house)
    assert (added_up, sum(row["texts"] for row in rows(house, DAYS))) == (counted, counted)


def test_a_repeat_is_counted_apart(house: Runtime) -> None:
    first, again = an_sms(house), an_sms(house, words="Ulang: Halo")
    execute(house, "UPDATE outbox SET repeat_of = :first WHERE id = :again", first=first, again=again)
    send(house)
    assert [(row["texts"], row["repeats"], row["segments"]) for row in rows(house, DAYS)] == [(1, 1, 2)]


def test_a_day_ends_at_midnight_in_jakarta(house: Runtime) -> None:
    for _ in range(2):
        an_sms(house)
        send(house)
        clock_of(house).forward(hours=14)  # from ten in the morning
    assert [row["day"] for row in rows(house, f"{DAYS} ORDER BY day")] == ["2026-11-22", "2026-11-23"]


def test_what_a_killed_relay_had_not_written_down_is_found_by_counting_again(house: Runtime) -> None:
    some(house, "urgent", 5)
    send(house)
    before = rows(house, DAYS)
    execute(house, "DELETE FROM sms_days")
    costs.recount(house)
    assert rows(house, DAYS) == before


def test_counting_again_counts_no_text_twice(house: Runtime) -> None:
    some(house, "urgent", 5)
    send(house)
    before = rows(house, DAYS)
    for _ in range(2):
        costs.recount(house)
    assert rows(house, DAYS) == before


def test_who_counts_at_the_same_time_finds_nothing_left_to_count(house: Runtime) -> None:
    some(house, "urgent", 5)
    send(house)
    before = rows(house, DAYS)
    execute(house, "UPDATE sms_days SET texts = 1")
    day = days.local(house.clock())
    with ThreadPoolExecutor(1) as other:
        with house.db.begin() as connection:
            sums.recount(connection, day, days.start(day), days.start(day + timedelta(days=1)), 350)
            second = other.submit(costs.recount, house)
            until(lambda: bool(rows(house, "SELECT 1 FROM pg_locks WHERE NOT granted")))
        second.result()
    assert rows(house, DAYS) == before


def test_what_has_not_changed_is_not_written_anew(house: Runtime) -> None:
    some(house, "urgent", 5)
    send(house)
    before = rows(house, "SELECT CAST(xmin AS text) AS version FROM sms_days")
    costs.recount(house)
    assert rows(house, "SELECT CAST(xmin AS text) AS version FROM sms_days") == before


def test_a_heap_of_which_nothing_is_left_goes(house: Runtime) -> None:
    some(house, "urgent", 5)
    send(house)
    execute(house, "UPDATE outbox SET state = 'dead'")
    costs.recount(house)
    assert rows(house, DAYS) == []


def test_yesterday_is_counted_again_too_and_the_days_before_stay_as_they_are(house: Runtime) -> None:
    an_sms(house)
    send(house)
    execute(house, "UPDATE sms_days SET texts = 77")
    counted = []
    for _ in range(3):
        clock_of(house).forward(days=1)
        execute(house, "UPDATE sms_days SET texts = 77")
        costs.recount(house)
        counted += [row["texts"] for row in rows(house, DAYS)]
    assert counted == [1, 77, 77]


# ---- the budget of a day ----


def test_campaigns_stop_first_and_the_rest_goes_on(house: Runtime) -> None:
    some(house, "urgent", 20)
    send(house)
    for lane in ("campaigns", "reminders"):
        some(house, lane, 1)
    assert {lane: send(house, lane) for lane in ("campaigns", "reminders")} == {"campaigns": 0, "reminders": 1}


def test_answers_and_pay_codes_are_never_stopped(house: Runtime) -> None:
    some(house, "urgent", 40)
    some(house, "codes", 40)
    some(house, "reminders", 1)
    assert [send(house, lane) for lane in ("urgent", "codes", "reminders")] == [40, 40, 0]


def test_a_lane_stops_in_the_middle_of_what_was_due(house: Runtime) -> None:
    some(house, "campaigns", 60)
    assert 20 <= send(house, "campaigns") < 20 + relay.CALLS
    assert rows(house, "SELECT count(*) AS n FROM outbox WHERE state = 'waiting' AND lease_until IS NOT NULL") == [
        {"n": 0}
    ]


def test_on_the_next_day_in_jakarta_the_lane_goes_on(house: Runtime) -> None:
    some(house, "campaigns", 40)
    send(house, "campaigns")
    clock_of(house).forward(hours=14)
    assert send(house, "campaigns") > 0


def test_somebody_is_told_once_a_day_that_a_lane_has_stopped(house: Runtime) -> None:
    some(house, "campaigns", 40)
    for _ in range(3):
        send(house, "campaigns")
    assert rows(house, "SELECT key FROM once WHERE key LIKE 'sms-budget%'") == [
        {"key": "sms-budget:2026-11-22:campaigns"}
    ]


# ---- what the gateway says ----


def test_more_parts_than_we_reckoned_are_odd(house: Runtime, post: Post) -> None:
    post.says[PHONE] = kes("1.60", parts=2)
    an_sms(house)
    send(house)
    assert [line.odd for line in costs.bill(house, 1)] == ["2 parts charged, 1 reckoned"]


@pytest.mark.parametrize(("amount", "odd"), [("350", ""), ("400", "Rp400 charged, Rp350 reckoned")])
def test_another_price_in_rupiah_than_ours_is_odd(house: Runtime, post: Post, amount: str, odd: str) -> None:
    post.says[PHONE] = Handed("sent", message_id="1", charge=Charge(Decimal(amount), "IDR"), parts=1)
    an_sms(house)
    send(house)
    assert [line.odd for line in costs.bill(house, 1)] == [odd]


def test_the_bill_is_of_so_many_days_today_included(house: Runtime) -> None:
    for _ in range(3):
        an_sms(house)
        send(house)
        clock_of(house).forward(days=1)
    assert [str(line.heap.day) for line in costs.bill(house, 3)] == ["2026-11-24", "2026-11-23"]
