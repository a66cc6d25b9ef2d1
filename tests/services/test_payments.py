"""Somebody pays: the money is posted once, in whatever order and however often we hear of it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy

from tests.builders import (
    NOVEMBER,
    PHONE,
    PRICE,
    a_notification,
    a_paid_member,
    a_pay_code,
    a_registered_member,
    count,
    execute,
    rows,
)
from tests.conftest import clock_of
from tests.fakes.gateways import Till
from tests.work import work
from ussd_app.errors import GatewayPermanent, GatewayTemporary, GatewayUnknown
from ussd_app.gateways.payment import State
from ussd_app.queues import Queues
from ussd_app.runtime import Runtime
from ussd_app.services import billing, payments
from ussd_app.storage import ledger as books
from ussd_app.storage import members
from ussd_app.storage.redis import connect
from workers import runtime as worker_runtime

DECEMBER, JANUARY = date(2026, 12, 1), date(2027, 1, 1)


@pytest.fixture
def till() -> Till:
    """The payment company: it says of every order that it is paid, with November's price."""
    return Till(amount=PRICE)


@pytest.fixture
def shop(rt: Runtime, till: Till) -> Runtime:
    """A runtime, and workers, that take payments through the tests' till; one member has a code for November."""
    shop = replace(rt, payment=till)
    worker_runtime.use(shop)
    a_pay_code(shop, a_registered_member(shop))
    return shop


def balances(rt: Runtime) -> dict[str, int]:
    with rt.db.connect() as connection:
        return books.balances(connection)


def states(rt: Runtime, table: str) -> list[str]:
    return [row["state"] for row in rows(rt, f"SELECT state FROM {table} ORDER BY 1")]  # noqa: S608


def texts(rt: Runtime) -> list[str]:
    return [row["text"] for row in rows(rt, "SELECT text FROM outbox ORDER BY id")]


def paid_months(rt: Runtime) -> list[date]:
    return [row["month"] for row in rows(rt, "SELECT month FROM contribution_months ORDER BY month")]


# ---- one payment ----


def test_a_payment_stands_in_the_books(shop: Runtime) -> None:
    payments.look_into(shop, a_notification(shop))
    assert balances(shop) == {"settlement": PRICE, "member_credit": 0, "contributions_owed": -PRICE}


def test_a_payment_pays_its_month(shop: Runtime) -> None:
    payments.look_into(shop, a_notification(shop))
    assert paid_months(shop) == [NOVEMBER]


def test_a_payment_closes_its_code(shop: Runtime) -> None:
    payments.look_into(shop, a_notification(shop))
    assert rows(shop, "SELECT state, paid_at FROM pay_codes") == [{"state": "paid", "paid_at": shop.clock()}]


def test_a_receipt_says_received_and_forwarded_and_not_active(shop: Runtime) -> None:
    payments.look_into(shop, a_notification(shop))
    (receipt,) = texts(shop)
    assert "Rp8.400 untuk Nov 2026 diterima, diteruskan" in receipt
    assert "aktif" not in receipt.lower()


def test_a_payment_is_on_its_way_to_active_until_the_institution_confirms_it(shop: Runtime) -> None:
    payments.look_into(shop, a_notification(shop))
    assert states(shop, "contribution_months") == ["received"]


def test_a_notification_is_kept_as_it_came(shop: Runtime) -> None:
    payments.receive(shop, b'{"order_id":  "SRT-1", "new": true}')
    assert rows(shop, "SELECT body, state FROM payment_notifications") == [
        {"body": '{"order_id":  "SRT-1", "new": true}', "state": "waiting"}
    ]


# ---- again, and in any order ----


def test_the_same_notification_again_is_kept_once(shop: Runtime) -> None:
    for _ in range(2):
        payments.receive(shop, b'{"order_id": "SRT-1"}')
    assert count(shop, "payment_notifications") == 1


@pytest.mark.parametrize("seed", range(3))
def test_notifications_in_any_order_are_posted_once(shop: Runtime, seed: int) -> None:
    news = [a_notification(shop, transaction_status=status) for status in ("pending", "settlement", "expire")]
    jobs = random.Random(seed).sample(news * 2, 6)
    for notification in jobs:
        payments.look_into(shop, notification)
    assert (balances(shop)["settlement"], len(texts(shop))) == (PRICE, 1)


def test_a_job_that_runs_twice_posts_once(shop: Runtime) -> None:
    notification = a_notification(shop)
    for _ in range(2):
        payments.look_into(shop, notification)
    assert (count(shop, "ledger_transactions"), count(shop, "outbox")) == (1, 1)


def test_a_notification_that_was_looked_into_asks_the_company_no_more(shop: Runtime, till: Till) -> None:
    notification = a_notification(shop)
    for _ in range(2):
        payments.look_into(shop, notification)
    assert till.asked == ["SRT-1"]


def test_a_notification_that_comes_before_its_code_is_written_down_is_posted_all_the_same(
    shop: Runtime, till: Till
) -> None:
    execute(shop, "UPDATE pay_codes SET state = 'requested', code = NULL, expires_at = NULL")
    payments.look_into(shop, a_notification(shop))
    assert (states(shop, "pay_codes"), paid_months(shop)) == (["paid"], [NOVEMBER])


def test_a_code_that_was_paid_before_it_was_written_down_is_not_texted_any_more(shop: Runtime) -> None:
    execute(shop, "UPDATE pay_codes SET state = 'requested', code = NULL, expires_at = NULL")
    payments.look_into(shop, a_notification(shop))
    billing.make_code(shop, 1)
    assert [text for text in texts(shop) if "Nomor bayar" in text] == []


def test_a_notification_of_a_job_that_was_lost_is_found_by_the_sweep(shop: Runtime) -> None:
    a_notification(shop)
    shop.queues.connection.flushall()
    payments.sweep(shop)
    work(shop)
    assert states(shop, "payment_notifications") == ["done"]


def test_a_notification_is_posted_by_its_job(shop: Runtime) -> None:
    a_notification(shop)
    work(shop)
    assert states(shop, "pay_codes") == ["paid"]


# ---- what the company says ----


@pytest.mark.parametrize("state", ["pending", "expired", "cancelled", "denied", "missing"])
def test_a_notification_that_the_company_does_not_stand_by_posts_nothing(
    shop: Runtime, till: Till, state: State
) -> None:
    till.state = state
    payments.look_into(shop, a_notification(shop, transaction_status="settlement"))
    assert (balances(shop), paid_months(shop), states(shop, "pay_codes")) == ({}, [], ["open"])


@pytest.mark.parametrize("state", ["pending", "missing"])
def test_a_company_that_lags_behind_its_own_notification_is_asked_again(
    shop: Runtime, till: Till, state: State
) -> None:
    till.state = state
    payments.look_into(shop, a_notification(shop))
    till.state = "settled"
    clock_of(shop).forward(minutes=2)
    payments.sweep(shop)
    work(shop)
    assert paid_months(shop) == [NOVEMBER]


def test_a_notification_that_stays_undecided_for_a_day_goes_to_the_office(shop: Runtime, till: Till) -> None:
    till.state = "missing"
    notification = a_notification(shop)
    clock_of(shop).forward(days=1)
    payments.look_into(shop, notification)
    assert [row["kind"] for row in rows(shop, "SELECT kind FROM follow_ups")] == ["unmatched_payment"]


def test_a_payment_after_a_pending_notification_is_posted(shop: Runtime, till: Till) -> None:
    till.state = "pending"
    payments.look_into(shop, a_notification(shop, transaction_status="pending"))
    till.state = "settled"
    payments.look_into(shop, a_notification(shop, transaction_status="settlement"))
    assert paid_months(shop) == [NOVEMBER]


@pytest.mark.parametrize("failure", [GatewayTemporary("x"), GatewayUnknown("x"), GatewayPermanent("x")])
def test_while_the_company_cannot_be_asked_a_notification_waits(
    shop: Runtime, till: Till, failure: GatewayTemporary
) -> None:
    till.fails = failure
    payments.look_into(shop, a_notification(shop))
    assert states(shop, "payment_notifications") == ["waiting"]


def test_the_sweep_does_not_ask_again_at_once(shop: Runtime, till: Till) -> None:
    till.fails = GatewayTemporary("away")
    payments.look_into(shop, a_notification(shop))
    payments.sweep(shop)
    work(shop)
    assert len(till.asked) == 1


def test_the_sweep_asks_again_later(shop: Runtime, till: Till) -> None:
    till.fails = GatewayTemporary("away")
    payments.look_into(shop, a_notification(shop))
    till.fails = None
    clock_of(shop).forward(minutes=2)
    payments.sweep(shop)
    work(shop)
    assert paid_months(shop) == [NOVEMBER]


# ---- money that does not fit ----


def test_a_payment_for_an_order_that_is_not_ours_is_unmatched(shop: Runtime) -> None:
    payments.look_into(shop, a_notification(shop, "SRT-STRANGE"))
    assert states(shop, "payment_notifications") == ["unmatched"]


def test_a_payment_for_an_order_that_is_not_ours_waits_for_somebody_in_the_office(shop: Runtime) -> None:
    payments.look_into(shop, a_notification(shop, "SRT-STRANGE"))
    assert rows(shop, "SELECT kind, detail FROM follow_ups") == [{"kind": "unmatched_payment", "detail": "SRT-STRANGE"}]


def test_less_than_the_price_pays_no_month_and_stays_the_members_credit(shop: Runtime, till: Till) -> None:
    till.amount = PRICE - 1
    payments.look_into(shop, a_notification(shop))
    assert (paid_months(shop), balances(shop)["member_credit"]) == ([], -(PRICE - 1))


def test_more_than_the_price_pays_the_month_and_leaves_the_rest_as_credit(shop: Runtime, till: Till) -> None:
    till.amount = PRICE + 1_600
    payments.look_into(shop, a_notification(shop))
    assert (paid_months(shop), balances(shop)["member_credit"]) == ([NOVEMBER], -1_600)


def test_money_that_pays_no_month_is_acknowledged(shop: Runtime, till: Till) -> None:
    till.amount = 5_000
    payments.look_into(shop, a_notification(shop))
    assert texts(shop)[0].startswith("Siti Aminah, Rp5.000 kami terima dan simpan atas nama Anda. Kantor kami")


def test_somebody_in_the_office_hears_of_money_that_pays_no_month(shop: Runtime, till: Till) -> None:
    till.amount = 5_000
    payments.look_into(shop, a_notification(shop))
    assert rows(shop, "SELECT kind, phone, detail FROM follow_ups") == [
        {"kind": "credit", "phone": PHONE, "detail": "SRT-1: Rp5000"}
    ]


def test_half_the_money_for_two_months_pays_the_first(rt: Runtime, till: Till) -> None:
    shop = replace(rt, payment=till)
    a_pay_code(shop, a_registered_member(shop), months=(NOVEMBER, DECEMBER))
    payments.look_into(shop, a_notification(shop))
    assert paid_months(shop) == [NOVEMBER]


def test_a_payment_after_the_code_has_expired_is_posted_all_the_same(shop: Runtime) -> None:
    clock_of(shop).forward(days=4)
    billing.sweep(shop)
    assert states(shop, "pay_codes") == ["expired"]
    payments.look_into(shop, a_notification(shop))
    assert (states(shop, "pay_codes"), paid_months(shop)) == (["paid"], [NOVEMBER])


@pytest.fixture
def paid_twice(shop: Runtime, till: Till) -> Runtime:
    """November is paid by two codes: one for itself, one for three months."""
    (member,) = rows(shop, "SELECT id FROM members")
    with shop.db.connect() as connection:
        somebody = members.by_id(connection, member["id"])
    a_pay_code(shop, somebody, months=(NOVEMBER, DECEMBER, JANUARY), order_id="SRT-3")
    payments.look_into(shop, a_notification(shop, "SRT-1"))
    till.amount = 3 * PRICE
    payments.look_into(shop, a_notification(shop, "SRT-3"))
    return shop


def test_two_codes_for_the_same_month_pay_it_once(paid_twice: Runtime) -> None:
    assert rows(paid_twice, "SELECT month, order_id FROM contribution_months ORDER BY month") == [
        {"month": NOVEMBER, "order_id": "SRT-1"},
        {"month": DECEMBER, "order_id": "SRT-3"},
        {"month": JANUARY, "order_id": "SRT-3"},
    ]


def test_a_month_paid_a_second_time_becomes_credit(paid_twice: Runtime) -> None:
    assert balances(paid_twice) == {
        "settlement": 4 * PRICE,
        "member_credit": -PRICE,
        "contributions_owed": -3 * PRICE,
    }


# ---- the books ----


def test_the_books_add_up_to_zero(paid_twice: Runtime) -> None:
    work(paid_twice)
    assert balances(paid_twice)["remitted"] == -3 * PRICE
    assert sum(balances(paid_twice).values()) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET amount = amount + 1",
        "DELETE FROM ledger_entries",
        "UPDATE ledger_transactions SET kind = 'gift'",
        "DELETE FROM ledger_transactions",
    ],
)
def test_the_database_lets_nobody_change_the_books(rt: Runtime, statement: str) -> None:
    a_paid_member(rt)
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="append-only"):
        execute(rt, statement)


def test_the_database_refuses_a_transaction_that_does_not_balance(rt: Runtime) -> None:
    a_paid_member(rt)
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="does not balance"):
        execute(
            rt,
            "WITH t AS (INSERT INTO ledger_transactions (key, kind, at) VALUES ('k', 'gift', now()) RETURNING id) "
            "INSERT INTO ledger_entries (transaction_id, account, amount) SELECT id, 'settlement', 5 FROM t",
        )


def test_the_database_refuses_a_rupiah_added_to_an_old_transaction(rt: Runtime) -> None:
    a_paid_member(rt)
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="does not balance"):
        execute(rt, "INSERT INTO ledger_entries (transaction_id, account, amount) VALUES (1, 'settlement', 5)")


def test_a_payment_of_nothing_is_looked_into_by_the_office(shop: Runtime, till: Till) -> None:
    till.amount = 0
    payments.look_into(shop, a_notification(shop))
    assert [row["kind"] for row in rows(shop, "SELECT kind FROM follow_ups")] == ["settled"]


@pytest.mark.parametrize("state", ["refunded", "charged_back"])
def test_money_that_went_back_is_looked_into_by_finance(shop: Runtime, till: Till, state: State) -> None:
    till.state = state
    payments.look_into(shop, a_notification(shop))
    assert [row["kind"] for row in rows(shop, "SELECT kind FROM follow_ups")] == [state]


def test_a_notification_that_is_not_json_is_kept_by_nobody(rt: Runtime) -> None:
    with pytest.raises(ValueError, match="Expecting"):
        payments.receive(replace(rt, payment=Till()), b"paid!")
    assert count(rt, "payment_notifications") == 0


def test_without_redis_a_notification_is_kept_for_the_sweep(shop: Runtime) -> None:
    lonely = replace(shop, queues=Queues(connect("unix:///nowhere.sock")))
    payments.receive(lonely, json.dumps({"order_id": "SRT-1"}).encode())
    payments.sweep(shop)
    work(shop)
    assert paid_months(shop) == [NOVEMBER]
