"""A notification that was lost is found by asking the company, each hour, about every code."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import PRICE, a_member, a_nik, a_pay_code, a_registered_member, execute, rows
from tests.conftest import clock_of
from tests.fakes.gateways import Till
from tests.work import work
from ussd_app import queues
from ussd_app.errors import GatewayTemporary
from ussd_app.gateways.payment import State, TakenBack
from ussd_app.runtime import Runtime
from ussd_app.services import billing, reconciliation
from ussd_app.services.books import check
from ussd_app.storage import ledger as books
from workers import runtime as worker_runtime
from workers.schedule import SCANS


@pytest.fixture
def till() -> Till:
    """A company that says of every order what the test tells it to."""
    return Till(state="pending", amount=PRICE)


@pytest.fixture
def shop(rt: Runtime, till: Till) -> Runtime:
    """A runtime, and workers, with that company; one member has an open code, two hours old."""
    shop = replace(rt, payment=till)
    worker_runtime.use(shop)
    a_pay_code(shop, a_registered_member(shop))
    clock_of(shop).forward(hours=2)
    return shop


def state(rt: Runtime) -> str:
    return str(rows(rt, "SELECT state FROM pay_codes")[0]["state"])


def test_a_payment_whose_notification_was_lost_is_found(shop: Runtime, till: Till) -> None:
    till.state = "settled"
    reconciliation.run(shop)
    assert state(shop) == "paid"
    assert len(rows(shop, "SELECT 1 FROM contribution_months")) == 1


def test_its_receipt_is_sent(shop: Runtime, till: Till) -> None:
    till.state = "settled"
    reconciliation.run(shop)
    work(shop)
    (receipt,) = rows(shop, "SELECT text, state FROM outbox")
    assert receipt["state"] == "sent"
    assert "diterima" in receipt["text"]


def test_the_schedulers_own_job_finds_it(shop: Runtime, till: Till) -> None:
    till.state = "settled"
    (scan,) = [scan for scan in SCANS if scan[0] == queues.RECONCILE]
    shop.queues.enqueue_scan(scan[0], *scan[1], most=1)
    work(shop)
    assert state(shop) == "paid"


def test_a_payment_after_expiry_is_found_for_a_week(shop: Runtime, till: Till) -> None:
    clock_of(shop).forward(days=9)
    billing.sweep(shop)
    till.state = "settled"
    reconciliation.run(shop)
    assert state(shop) == "paid"


def test_a_code_that_expired_more_than_a_week_ago_is_left_alone(shop: Runtime, till: Till) -> None:
    clock_of(shop).forward(days=11)
    billing.sweep(shop)
    assert (reconciliation.run(shop), till.asked) == (0, [])


def test_a_code_is_asked_about_once_an_hour(shop: Runtime, till: Till) -> None:
    for _ in range(3):
        reconciliation.run(shop)
        clock_of(shop).forward(minutes=25)
    assert till.asked == ["SRT-1"]
    clock_of(shop).forward(minutes=25)
    reconciliation.run(shop)
    assert till.asked == ["SRT-1", "SRT-1"]


def test_a_fresh_code_is_not_asked_about(shop: Runtime, till: Till) -> None:
    execute(shop, "UPDATE pay_codes SET created_at = :now", now=shop.clock())
    assert (reconciliation.run(shop), till.asked) == (0, [])


def test_a_paid_code_is_not_asked_about(shop: Runtime, till: Till) -> None:
    execute(shop, "UPDATE pay_codes SET state = 'paid'")
    assert (reconciliation.run(shop), till.asked) == (0, [])


def test_a_code_of_another_company_is_not_asked_about(shop: Runtime, till: Till) -> None:
    execute(shop, "UPDATE pay_codes SET gateway = 'midtrans'")
    assert (reconciliation.run(shop), till.asked) == (0, [])


def test_a_second_run_at_once_asks_about_nothing(shop: Runtime) -> None:
    assert [reconciliation.run(shop), reconciliation.run(shop)] == [1, 0]


@pytest.mark.parametrize("over", ["expired", "cancelled", "denied"])
def test_a_code_that_is_over_at_the_company_is_over_here(shop: Runtime, till: Till, over: State) -> None:
    till.state = over
    reconciliation.run(shop)
    assert state(shop) == "expired"


@pytest.mark.parametrize("undecided", ["pending", "missing"])
def test_a_code_that_can_still_be_paid_stays_open(shop: Runtime, till: Till, undecided: State) -> None:
    till.state = undecided
    reconciliation.run(shop)
    assert state(shop) == "open"


def test_a_payment_that_was_taken_back_meanwhile_is_found_with_both(shop: Runtime, till: Till) -> None:
    till.state, till.taken_back = "refunded", (TakenBack("r1", PRICE),)
    reconciliation.run(shop)
    with shop.db.connect() as connection:
        assert set(books.balances(connection).values()) == {0}


def test_while_the_company_is_away_the_other_codes_are_still_asked_about(shop: Runtime, till: Till) -> None:
    a_pay_code(shop, a_member(shop, nik=a_nik(4), phone="+6281234567891"), order_id="SRT-2")
    clock_of(shop).forward(hours=2)
    till.fails = GatewayTemporary("away")
    assert reconciliation.run(shop) == 2
    assert till.asked == ["SRT-1", "SRT-2"]


def test_a_run_ends_when_its_time_is_over_and_the_next_goes_on(shop: Runtime, till: Till) -> None:
    a_pay_code(shop, a_member(shop, nik=a_nik(4), phone="+6281234567891"), order_id="SRT-2")
    clock_of(shop).forward(hours=2)
    assert [reconciliation.run(shop, budget=0.0), reconciliation.run(shop, budget=0.0)] == [1, 1]
    assert till.asked == ["SRT-1", "SRT-2"]


def test_codes_that_expire_first_are_asked_about_first(shop: Runtime, till: Till) -> None:
    a_pay_code(shop, a_member(shop, nik=a_nik(4), phone="+6281234567891"), order_id="SRT-2")
    execute(shop, "UPDATE pay_codes SET expires_at = :soon WHERE order_id = 'SRT-2'", soon=shop.clock())
    clock_of(shop).set(shop.clock() + timedelta(hours=2))
    reconciliation.run(shop)
    assert till.asked == ["SRT-2", "SRT-1"]


# ---- what was paid and may have gone back ----


@pytest.fixture
def paid(shop: Runtime, till: Till) -> Runtime:
    """The code was paid just now."""
    till.state = "settled"
    reconciliation.run(shop)
    till.asked.clear()
    return shop


def balances(rt: Runtime) -> set[int]:
    with rt.db.connect() as connection:
        return set(books.balances(connection).values())


@pytest.mark.parametrize("how", ["refunded", "charged_back"])
def test_money_that_went_back_without_a_word_is_found_within_a_day(paid: Runtime, till: Till, how: State) -> None:
    till.state, till.taken_back = how, (TakenBack("r1", PRICE),)
    clock_of(paid).forward(days=1, minutes=1)
    reconciliation.run(paid)
    assert (balances(paid), check(paid), rows(paid, "SELECT 1 FROM contribution_months")) == ({0}, [], [])


def test_money_that_went_back_is_found_once(paid: Runtime, till: Till) -> None:
    till.state, till.taken_back = "refunded", (TakenBack("r1", PRICE),)
    for _ in range(4):
        clock_of(paid).forward(days=1, minutes=1)
        reconciliation.run(paid)
    assert (len(till.asked), balances(paid), check(paid)) == (4, {0}, [])


def test_a_paid_code_is_asked_about_daily_at_first_then_ever_more_seldom_and_no_more_after_120_days(
    paid: Runtime, till: Till
) -> None:
    asked = []
    for _ in range(200):
        clock_of(paid).forward(days=1, minutes=1)
        reconciliation.run(paid)
        asked.append(len(till.asked))
        till.asked.clear()
    assert asked[:8] == [1] * 8
    assert 20 <= sum(asked) <= 32
    assert sum(asked[135:]) == 0


def test_a_run_asks_about_so_many_paid_codes_and_the_next_goes_on(paid: Runtime, till: Till) -> None:
    execute(
        paid,
        "INSERT INTO pay_codes (order_id, member_id, phone, language, total, rates_version, channel, gateway, state, "
        "next_try_at, created_at, paid_at, ask_back_at, purpose) SELECT 'SRT-' || n, member_id, phone, language, "
        "total, rates_version, channel, gateway, 'paid', next_try_at, created_at, paid_at, ask_back_at, purpose "
        "FROM pay_codes, generate_series(10, 44) n",
    )
    till.fails = GatewayTemporary("away")
    clock_of(paid).forward(days=1, minutes=1)
    assert [reconciliation.run(paid) for _ in range(3)] == [reconciliation.MOST_BACK, 6, 0]
