"""Somebody pays where they like: the place is remembered, the old code closed here and at the company."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import (
    NOVEMBER,
    PHONE,
    a_notification,
    a_pay_code,
    a_registered_member,
    an_order,
    dearer_rates,
    execute,
    rows,
    shipped,
    typed,
)
from tests.conftest import clock_of
from tests.fakes.gateways import Till
from tests.work import work
from ussd_app.errors import GatewayError, GatewayPermanent, GatewayTemporary, GatewayUnknown
from ussd_app.runtime import Runtime
from ussd_app.services import billing, elsewhere, payments, publishing
from ussd_app.storage import ledger as books
from ussd_app.storage import members
from workers import runtime as worker_runtime

HOME_TO_PAY, ONE_MONTH, THREE_MONTHS = "1", "2", "1"
MY_CODE, OTHER_PLACE = "2", "1"
ALFAMART, BRI = "alfamart", "bri"


@pytest.fixture
def till() -> Till:
    """A company that keeps its fees."""
    return Till(keeps_fees=True)


@pytest.fixture
def shop(rt: Runtime, till: Till) -> Runtime:
    """A runtime, and workers, with that company."""
    shop = replace(rt, payment=till)
    worker_runtime.use(shop)
    return shop


def codes(rt: Runtime) -> list[tuple[str, str]]:
    return [(row["channel"], row["state"]) for row in rows(rt, "SELECT channel, state FROM pay_codes ORDER BY id")]


def chose(rt: Runtime, channel: str) -> None:
    with rt.db.begin() as connection:
        members.keep_channel(connection, PHONE, channel, rt.clock())


def payer_bears_the_fee(rt: Runtime) -> None:
    text = shipped("channels").replace("fee_from: operator", "fee_from: payer")
    publishing.publish(rt, "channels", {"channels.yaml": text}, by="test")


# ---- where ----


def test_a_code_is_for_the_usual_place_until_somebody_chooses(shop: Runtime) -> None:
    a_registered_member(shop)
    typed(shop, HOME_TO_PAY, ONE_MONTH)
    assert codes(shop) == [("indomaret", "requested")]


def test_a_code_is_for_the_place_the_phone_chose_last(shop: Runtime) -> None:
    a_registered_member(shop)
    chose(shop, BRI)
    typed(shop, HOME_TO_PAY, ONE_MONTH)
    assert codes(shop) == [("bri", "requested")]


def test_a_place_that_is_offered_no_more_is_forgotten(shop: Runtime) -> None:
    a_registered_member(shop)
    chose(shop, "bca")
    typed(shop, HOME_TO_PAY, ONE_MONTH)
    assert codes(shop) == [("indomaret", "requested")]


def test_a_sum_too_small_for_the_place_is_explained_and_others_offered(shop: Runtime) -> None:
    a_registered_member(shop)
    chose(shop, ALFAMART)
    screen = typed(shop, HOME_TO_PAY, ONE_MONTH).text
    assert "Alfamart menerima mulai Rp10.000" in screen
    assert "Indomaret Rp8.400" in screen
    assert codes(shop) == []


def test_another_place_may_be_chosen_for_a_small_sum(shop: Runtime) -> None:
    a_registered_member(shop)
    chose(shop, ALFAMART)
    typed(shop, HOME_TO_PAY, ONE_MONTH, "2")
    assert codes(shop) == [("bri", "requested")]


def test_who_enrols_with_a_phone_whose_place_is_too_dear_gets_a_code_for_another(shop: Runtime) -> None:
    chose(shop, ALFAMART)
    typed(shop, "1", "3174054508880003", "05081988", "Siti Aminah", "1", "1", "2", "1")
    assert codes(shop) == [("indomaret", "requested")]


# ---- elsewhere ----


def test_an_open_code_can_be_paid_elsewhere(shop: Runtime) -> None:
    a_pay_code(shop, a_registered_member(shop))
    typed(shop, MY_CODE, OTHER_PLACE, "2")
    assert codes(shop) == [("indomaret", "expired"), ("bri", "requested")]


def test_only_places_that_take_the_sum_are_offered(shop: Runtime) -> None:
    a_pay_code(shop, a_registered_member(shop))
    screen = typed(shop, MY_CODE, OTHER_PLACE).text
    assert "BRI/BRILink Rp8.400" in screen
    assert "Alfamart" not in screen


def test_the_place_is_remembered_for_the_next_time(shop: Runtime) -> None:
    a_pay_code(shop, a_registered_member(shop))
    typed(shop, MY_CODE, OTHER_PLACE, "2")
    assert rows(shop, "SELECT channel FROM phones") == [{"channel": "bri"}]


def test_a_code_whose_months_cost_something_else_now_is_not_moved(shop: Runtime) -> None:
    a_pay_code(shop, a_registered_member(shop))
    dearer_rates(shop)
    assert "Rp16.800" in typed(shop, MY_CODE, OTHER_PLACE, "2").text
    assert codes(shop) == [("indomaret", "open")]


def test_the_same_key_press_again_moves_a_code_once(shop: Runtime) -> None:
    a_pay_code(shop, a_registered_member(shop))
    for session in ("at:a", "at:a"):
        typed(shop, MY_CODE, OTHER_PLACE, "2", session=session)
    assert len(codes(shop)) == 2


# ---- cancelling at the company ----


def test_the_old_code_is_cancelled_at_the_company(shop: Runtime, till: Till) -> None:
    a_pay_code(shop, a_registered_member(shop))
    typed(shop, MY_CODE, OTHER_PLACE, "2")
    work(shop)
    assert till.cancelled == ["SRT-1"]


def test_a_code_closed_by_another_for_more_months_is_cancelled_too(shop: Runtime, till: Till) -> None:
    a_pay_code(shop, a_registered_member(shop))
    typed(shop, HOME_TO_PAY, THREE_MONTHS)
    work(shop)
    assert till.cancelled == ["SRT-1"]


def test_an_order_the_company_never_heard_of_is_not_cancelled(shop: Runtime, till: Till) -> None:
    an_order(shop, a_registered_member(shop))
    typed(shop, HOME_TO_PAY, THREE_MONTHS)
    work(shop)
    assert till.cancelled == []


@pytest.mark.parametrize("failure", [GatewayTemporary("away"), GatewayUnknown("a time-out")])
def test_a_cancellation_is_repeated_until_it_is_done(shop: Runtime, till: Till, failure: GatewayError) -> None:
    a_pay_code(shop, a_registered_member(shop))
    till.fails = failure
    typed(shop, MY_CODE, OTHER_PLACE, "2")
    work(shop)
    till.fails = None
    for _ in range(3):
        clock_of(shop).forward(minutes=5)
        billing.sweep(shop)
        work(shop)
    assert till.cancelled == ["SRT-1", "SRT-1"]


def test_a_cancellation_that_can_never_work_is_given_up(shop: Runtime, till: Till) -> None:
    code = a_pay_code(shop, a_registered_member(shop))
    execute(shop, "UPDATE pay_codes SET state = 'expired', cancel_at = created_at")
    till.fails = GatewayPermanent("never")
    elsewhere.cancel(shop, code.id)
    assert rows(shop, "SELECT cancel_at FROM pay_codes") == [{"cancel_at": None}]


def test_a_code_that_cannot_be_paid_any_more_by_itself_needs_no_cancelling(shop: Runtime, till: Till) -> None:
    code = a_pay_code(shop, a_registered_member(shop))
    execute(shop, "UPDATE pay_codes SET state = 'expired', cancel_at = created_at")
    clock_of(shop).forward(days=4)
    elsewhere.cancel(shop, code.id)
    assert (till.cancelled, rows(shop, "SELECT cancel_at FROM pay_codes")) == ([], [{"cancel_at": None}])


def test_the_sweep_finds_a_cancellation_whose_job_was_lost(shop: Runtime, till: Till) -> None:
    a_pay_code(shop, a_registered_member(shop))
    typed(shop, MY_CODE, OTHER_PLACE, "2")
    shop.queues.connection.flushall()
    billing.sweep(shop)
    work(shop)
    assert till.cancelled == ["SRT-1"]


def test_a_code_closed_while_it_was_being_made_is_cancelled(shop: Runtime, till: Till) -> None:
    number = an_order(shop, a_registered_member(shop))

    class Slow(Till):
        def charge(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
            execute(shop, "UPDATE pay_codes SET state = 'expired' WHERE id = :id", id=number)
            return till.charge(*args, **kwargs)  # type: ignore[arg-type]

        def cancel(self, order_id: str) -> None:
            till.cancel(order_id)

    slow = replace(shop, payment=Slow())  # type: ignore[arg-type]
    worker_runtime.use(slow)
    billing.make_code(slow, number)
    work(slow)
    assert (till.cancelled, rows(shop, "SELECT text FROM outbox")) == (["SRT-1"], [])


# ---- fees ----


def test_a_fee_the_operator_bears_is_not_added(shop: Runtime) -> None:
    a_registered_member(shop)
    typed(shop, HOME_TO_PAY, ONE_MONTH)
    assert rows(shop, "SELECT total, fee, provider_fee FROM pay_codes") == [
        {"total": 8_400, "fee": 0, "provider_fee": 5_000}
    ]


def test_a_fee_the_payer_bears_is_added_and_told(shop: Runtime) -> None:
    payer_bears_the_fee(shop)
    a_registered_member(shop)
    typed(shop, HOME_TO_PAY, ONE_MONTH)
    work(shop)
    assert rows(shop, "SELECT total, fee, provider_fee FROM pay_codes") == [
        {"total": 13_400, "fee": 5_000, "provider_fee": 5_000}
    ]
    assert "Bayar Rp13.400 (termasuk biaya Rp5.000)" in rows(shop, "SELECT text FROM outbox")[0]["text"]
    assert "Rp13.400 termasuk biaya Rp5.000" in typed(shop, MY_CODE, session="at:s2").text


def test_the_fee_counts_towards_a_places_minimum(shop: Runtime) -> None:
    payer_bears_the_fee(shop)
    a_registered_member(shop)
    chose(shop, ALFAMART)
    typed(shop, HOME_TO_PAY, ONE_MONTH)
    assert codes(shop) == [("alfamart", "requested")]


def test_what_the_provider_keeps_stands_in_the_books(shop: Runtime, till: Till) -> None:
    a_registered_member(shop)
    typed(shop, HOME_TO_PAY, ONE_MONTH)
    work(shop)
    (code,) = rows(shop, "SELECT order_id FROM pay_codes")
    till.amount = 8_400
    payments.look_into(shop, a_notification(shop, code["order_id"]))
    with shop.db.connect() as connection:
        assert books.balances(connection) == {
            "settlement": 3_400,
            "fees": 5_000,
            "member_credit": 0,
            "contributions_owed": -8_400,
        }


def test_a_fee_the_payer_gave_costs_the_operator_nothing(shop: Runtime, till: Till) -> None:
    payer_bears_the_fee(shop)
    a_registered_member(shop)
    typed(shop, HOME_TO_PAY, ONE_MONTH)
    work(shop)
    (code,) = rows(shop, "SELECT order_id FROM pay_codes")
    till.amount = 13_400
    payments.look_into(shop, a_notification(shop, code["order_id"]))
    with shop.db.connect() as connection:
        assert books.balances(connection)["fees"] == 0
        assert books.balances(connection)["settlement"] == 8_400


def test_the_console_gateway_keeps_no_fee(rt: Runtime) -> None:
    payer_bears_the_fee(rt)
    a_registered_member(rt)
    typed(rt, HOME_TO_PAY, ONE_MONTH)
    assert rows(rt, "SELECT total, fee, provider_fee FROM pay_codes") == [{"total": 8_400, "fee": 0, "provider_fee": 0}]


# ---- until when ----


def test_a_code_lives_as_long_as_its_channel_says(shop: Runtime) -> None:
    text = shipped("channels").replace("days: 3", "days: 10")
    publishing.publish(shop, "channels", {"channels.yaml": text}, by="test")
    number = an_order(shop, a_registered_member(shop), months=(NOVEMBER,))
    billing.make_code(shop, number)
    (code,) = rows(shop, "SELECT expires_at FROM pay_codes")
    assert timedelta(days=10) < code["expires_at"] - shop.clock() < timedelta(days=11)


def test_after_a_code_has_expired_a_new_one_is_two_key_presses_away(shop: Runtime) -> None:
    a_pay_code(shop, a_registered_member(shop))
    clock_of(shop).forward(days=4)
    billing.sweep(shop)
    typed(shop, HOME_TO_PAY, ONE_MONTH)
    assert codes(shop) == [("indomaret", "expired"), ("indomaret", "requested")]
