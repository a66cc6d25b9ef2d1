"""Pay codes are made once, again when the company was away, and never for months that have one already."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.builders import (
    PHONE,
    a_pay_code,
    a_registered_member,
    an_order,
    count,
    rows,
    typed,
)
from tests.conftest import clock_of
from tests.fakes.gateways import Till
from tests.work import work
from ussd_app.errors import GatewayError, GatewayPermanent, GatewayTemporary, GatewayUnknown
from ussd_app.runtime import Runtime
from ussd_app.services import billing
from workers import runtime as worker_runtime


@pytest.fixture
def till() -> Till:
    """The payment company."""
    return Till()


@pytest.fixture
def shop(rt: Runtime, till: Till) -> Runtime:
    """A runtime, and workers, with the tests' till; a member's order waits for its code."""
    shop = replace(rt, payment=till)
    worker_runtime.use(shop)
    an_order(shop, a_registered_member(shop), order_id="SRT-123456")
    return shop


def states(rt: Runtime) -> list[str]:
    return [row["state"] for row in rows(rt, "SELECT state FROM pay_codes ORDER BY id")]


def test_a_code_is_made_and_texted(shop: Runtime) -> None:
    billing.make_code(shop, 1)
    (sms,) = rows(shop, "SELECT phone, text FROM outbox")
    assert sms["phone"] == PHONE
    assert "Bayar Rp8.400 untuk iuran Nov 2026. Nomor bayar 77123456" in sms["text"]


def test_a_job_that_runs_twice_makes_and_texts_one_code(shop: Runtime, till: Till) -> None:
    for _ in range(2):
        billing.make_code(shop, 1)
    assert (till.charged, count(shop, "outbox")) == (["SRT-123456"], 1)


def test_a_code_can_be_paid_to_the_end_of_the_third_day(shop: Runtime) -> None:
    billing.make_code(shop, 1)
    assert rows(shop, "SELECT expires_at FROM pay_codes") == [
        {"expires_at": datetime(2026, 11, 25, 16, 59, tzinfo=UTC)}  # 23:59 in Jakarta
    ]


@pytest.mark.parametrize("failure", [GatewayTemporary("away"), GatewayUnknown("a time-out")])
def test_while_the_company_is_away_an_order_waits(shop: Runtime, till: Till, failure: GatewayError) -> None:
    till.fails = failure
    billing.make_code(shop, 1)
    assert states(shop) == ["requested"]


def test_the_sweep_asks_later_for_a_code_that_could_not_be_made(shop: Runtime, till: Till) -> None:
    till.fails = GatewayTemporary("away")
    billing.make_code(shop, 1)
    till.fails = None
    clock_of(shop).forward(minutes=2)
    billing.sweep(shop)
    work(shop)
    assert states(shop) == ["open"]


def test_an_order_that_was_asked_for_again_is_the_same_order(shop: Runtime, till: Till) -> None:
    till.fails = GatewayUnknown("a time-out")
    billing.make_code(shop, 1)
    till.fails = None
    clock_of(shop).forward(minutes=2)
    billing.make_code(shop, 1)
    assert till.charged == ["SRT-123456", "SRT-123456"]


def test_the_sweep_finds_an_order_whose_job_was_lost(shop: Runtime) -> None:
    shop.queues.connection.flushall()
    billing.sweep(shop)
    work(shop)
    assert states(shop) == ["open"]


def test_an_order_that_the_company_refuses_for_good_has_failed(shop: Runtime, till: Till) -> None:
    till.fails = GatewayPermanent("no such channel")
    billing.make_code(shop, 1)
    assert rows(shop, "SELECT state, reason FROM pay_codes") == [{"state": "failed", "reason": "no such channel"}]


def test_somebody_in_the_office_hears_of_a_code_that_cannot_be_made(shop: Runtime, till: Till) -> None:
    till.fails = GatewayPermanent("no such channel")
    billing.make_code(shop, 1)
    assert rows(shop, "SELECT kind, phone, detail FROM follow_ups") == [
        {"kind": "pay_code", "phone": PHONE, "detail": "SRT-123456"}
    ]


def test_a_code_that_has_failed_may_be_asked_for_again(shop: Runtime, till: Till) -> None:
    till.fails = GatewayPermanent("no such channel")
    billing.make_code(shop, 1)
    till.fails = None
    typed(shop, "1", "2")
    work(shop)
    assert states(shop) == ["failed", "open"]


def test_an_old_code_expires(rt: Runtime) -> None:
    a_pay_code(rt, a_registered_member(rt))
    clock_of(rt).forward(days=3, seconds=1)
    billing.sweep(rt)
    assert states(rt) == ["expired"]


def test_a_code_that_can_still_be_paid_does_not_expire(rt: Runtime) -> None:
    a_pay_code(rt, a_registered_member(rt))
    clock_of(rt).forward(days=3)
    billing.sweep(rt)
    assert states(rt) == ["open"]


def test_asking_for_months_that_have_an_open_code_makes_no_second_one(rt: Runtime) -> None:
    a_pay_code(rt, a_registered_member(rt))
    typed(rt, "1", "2")
    assert states(rt) == ["open"]


def test_who_asks_for_months_that_have_an_open_code_is_shown_it(rt: Runtime) -> None:
    code = a_pay_code(rt, a_registered_member(rt))
    assert f"Kode bayar {code.code}: Rp8.400 untuk Nov 2026" in typed(rt, "1", "2").text


def test_a_code_for_three_months_closes_the_one_for_the_first(rt: Runtime) -> None:
    a_pay_code(rt, a_registered_member(rt))
    typed(rt, "1", "1")
    assert states(rt) == ["expired", "requested"]
