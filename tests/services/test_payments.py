"""Somebody pays: the money is posted once, in whatever order and however often we hear of it."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime

import pytest

from tests.builders import (
    NOVEMBER,
    PHONE,
    PRICE,
    a_basket,
    a_nik,
    a_notification,
    a_pay_code,
    a_registered_member,
    a_sponsor,
    count,
    execute,
    rows,
    some_members,
)
from tests.conftest import clock_of
from tests.fakes.gateways import Till
from tests.work import work
from ussd_app.domain.ledger import Payer
from ussd_app.engine.dialogue import Dialogue
from ussd_app.errors import GatewayPermanent, GatewayTemporary, GatewayUnknown, NotAllowedNow
from ussd_app.gateways.payment import State
from ussd_app.queues import Queues
from ussd_app.runtime import Runtime
from ussd_app.services import billing, payments, publishing
from ussd_app.services import books as book_keeping
from ussd_app.services.callers import Caller
from ussd_app.services.facts import dues
from ussd_app.storage import ledger as books
from ussd_app.storage import members
from ussd_app.storage.members import Member
from ussd_app.storage.redis import connect
from workers import runtime as worker_runtime

DECEMBER, JANUARY = date(2026, 12, 1), date(2027, 1, 1)
NOVEMBER_22 = date(2026, 11, 22)


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


def books_faults(rt: Runtime) -> list[str]:
    return book_keeping.check(rt)


def the_member(rt: Runtime, serial: int = 3) -> Member:
    """The member with the NIK of this serial."""
    with rt.db.connect() as connection:
        found = members.by_nik(connection, rt.vault, a_nik(serial))
    assert found is not None
    return found


def asked_next(rt: Runtime) -> int:
    """What the member is asked for on the next code for one month."""
    with rt.db.begin() as connection:
        dialogue = Dialogue(id="d1", menu="main", version=1, language="id", screen="home")
        caller = Caller(PHONE, "at:s1", "ussd", dialogue, "", NOVEMBER_22, publishing.newest(rt))
        return int(dues(rt, connection, caller, months=1).fields["total"])  # type: ignore[arg-type]


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
    assert "Rp8.400 Nov 2026 diterima, diteruskan" in receipt
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
    assert (count(shop, "ledger_transactions"), count(shop, "outbox")) == (2, 1)  # the settlement and the allocation


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
    assert balances(shop) == {"settlement": PRICE, "suspense": -PRICE}


def test_a_payment_for_an_order_that_is_not_ours_waits_for_somebody_in_the_office(shop: Runtime) -> None:
    payments.look_into(shop, a_notification(shop, "SRT-STRANGE"))
    assert rows(shop, "SELECT kind, detail FROM follow_ups") == [{"kind": "unmatched_payment", "detail": "SRT-STRANGE"}]


def test_a_payment_of_nobody_is_asked_about_in_the_office_once(shop: Runtime) -> None:
    for number in range(3):
        payments.look_into(shop, a_notification(shop, "SRT-STRANGE", number=number))
    assert count(shop, "follow_ups") == 1


def test_less_than_the_price_pays_no_month_and_stays_the_members_credit(shop: Runtime, till: Till) -> None:
    till.amount = PRICE - 1
    payments.look_into(shop, a_notification(shop))
    assert (paid_months(shop), balances(shop)["member_credit"]) == ([], -(PRICE - 1))


def test_part_of_the_price_is_acknowledged_with_what_is_kept(shop: Runtime, till: Till) -> None:
    till.amount = 5_000
    payments.look_into(shop, a_notification(shop))
    assert texts(shop) == [
        "Siti Aminah, Rp5.000 diterima. Saldo Anda Rp5.000, mengurangi bayaran berikutnya. Bukti SRT-1. *777#"
    ]


def test_part_of_the_price_lowers_the_next_code(shop: Runtime, till: Till) -> None:
    till.amount = 5_000
    payments.look_into(shop, a_notification(shop))
    assert asked_next(shop) == PRICE - 5_000


def test_two_parts_that_make_the_price_pay_the_month(shop: Runtime, till: Till) -> None:
    till.amount = 5_000
    payments.look_into(shop, a_notification(shop))
    a_pay_code(shop, the_member(shop), order_id="SRT-2")
    till.amount = PRICE - 5_000
    payments.look_into(shop, a_notification(shop, "SRT-2"))
    assert (paid_months(shop), balances(shop)["member_credit"]) == ([NOVEMBER], 0)
    assert "Rp8.400 Nov 2026 diterima" in texts(shop)[-1]


def test_a_little_more_than_the_price_pays_the_month_and_the_rest_is_kept(shop: Runtime, till: Till) -> None:
    till.amount = PRICE + 1_600
    payments.look_into(shop, a_notification(shop))
    assert (paid_months(shop), balances(shop)["member_credit"]) == ([NOVEMBER], -1_600)


def test_a_receipt_says_what_is_kept(shop: Runtime, till: Till) -> None:
    till.amount = PRICE + 3_000
    payments.look_into(shop, a_notification(shop))
    assert texts(shop) == [
        "Siti Am..: Rp8.400 Nov 2026 diterima, diteruskan ke BPJS Ketenagakerjaan. Rp3.000 jadi saldo. Bukti SRT-1"
    ]


def test_much_more_than_the_price_buys_later_months_at_their_own_price(shop: Runtime, till: Till) -> None:
    till.amount = 2 * PRICE + 16_800 + 100
    payments.look_into(shop, a_notification(shop))
    assert rows(shop, "SELECT month, amount FROM contribution_months ORDER BY month") == [
        {"month": NOVEMBER, "amount": PRICE},
        {"month": DECEMBER, "amount": PRICE},
        {"month": JANUARY, "amount": 16_800},
    ]
    assert balances(shop)["member_credit"] == -100


def test_half_the_money_for_two_months_pays_the_first(shop: Runtime) -> None:
    a_pay_code(shop, the_member(shop), months=(NOVEMBER, DECEMBER), order_id="SRT-2")
    payments.look_into(shop, a_notification(shop, "SRT-2"))
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
    a_pay_code(shop, the_member(shop), months=(NOVEMBER, DECEMBER, JANUARY), order_id="SRT-3")
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


def test_a_month_paid_a_second_time_is_kept_until_it_reaches_for_another(paid_twice: Runtime) -> None:
    assert balances(paid_twice) == {
        "settlement": 4 * PRICE,
        "member_credit": -PRICE,
        "contributions_owed": -3 * PRICE,
    }


def test_a_second_code_for_the_same_month_buys_the_next_one(shop: Runtime) -> None:
    execute(shop, "UPDATE pay_codes SET state = 'expired'")
    a_pay_code(shop, the_member(shop), order_id="SRT-2")
    for order in ("SRT-1", "SRT-2"):
        payments.look_into(shop, a_notification(shop, order))
    assert paid_months(shop) == [NOVEMBER, DECEMBER]
    assert "Rp8.400 Des 2026 diterima" in texts(shop)[-1]


def test_a_payment_of_nothing_is_looked_into_by_the_office(shop: Runtime, till: Till) -> None:
    till.amount = 0
    payments.look_into(shop, a_notification(shop))
    assert rows(shop, "SELECT kind, detail FROM follow_ups") == [{"kind": "paid_nothing", "detail": "SRT-1"}]


# ---- people for whom nothing can be bought ----


def test_what_a_refused_member_pays_is_to_be_paid_back_and_buys_no_month(shop: Runtime) -> None:
    execute(shop, "UPDATE registrations SET state = 'refused'")
    payments.look_into(shop, a_notification(shop))
    assert paid_months(shop) == []
    assert rows(shop, "SELECT amount, reason, state FROM refunds") == [
        {"amount": PRICE, "reason": "refused", "state": "requested"}
    ]
    assert texts(shop)[0].startswith("Siti Aminah, Rp8.400 kami terima dan simpan atas nama Anda. Kantor kami")


def test_what_somebody_who_left_pays_is_to_be_paid_back(shop: Runtime) -> None:
    execute(shop, "UPDATE members SET state = 'left'")
    payments.look_into(shop, a_notification(shop))
    assert (paid_months(shop), rows(shop, "SELECT reason FROM refunds")) == ([], [{"reason": "left"}])


# ---- fees ----


def test_the_payers_part_of_the_fee_buys_nothing(shop: Runtime, till: Till) -> None:
    execute(shop, "UPDATE pay_codes SET fee = 2500, total = total + 2500")
    till.amount = PRICE + 2_500
    payments.look_into(shop, a_notification(shop))
    assert (balances(shop)["fees"], balances(shop)["member_credit"]) == (-2_500, 0)


def test_what_the_provider_keeps_of_a_payment_is_not_with_us(shop: Runtime) -> None:
    execute(shop, "UPDATE pay_codes SET provider_fee = 5000")
    payments.look_into(shop, a_notification(shop))
    assert (balances(shop)["fees"], balances(shop)["settlement"]) == (5_000, PRICE - 5_000)


# ---- sponsors ----


@pytest.fixture
def basket(shop: Runtime) -> Runtime:
    """Bu Rini has a code for two months of each of three people."""
    a_basket(shop, some_members(shop, 3), months=(NOVEMBER, DECEMBER))
    return shop


def test_a_sponsors_payment_pays_everybodys_months(basket: Runtime, till: Till) -> None:
    till.amount = 6 * PRICE
    payments.look_into(basket, a_notification(basket, "SRT-B"))
    assert balances(basket) == {"settlement": 6 * PRICE, "sponsor_credit": 0, "contributions_owed": -6 * PRICE}
    assert rows(basket, "SELECT count(*) AS n, count(DISTINCT sponsor_id) AS s FROM contribution_months") == [
        {"n": 6, "s": 1}
    ]


def test_a_sponsor_hears_for_how_many_and_each_person_by_whom(basket: Runtime, till: Till) -> None:
    till.amount = 6 * PRICE
    payments.look_into(basket, a_notification(basket, "SRT-B"))
    assert sorted(texts(basket)) == [
        "Budi Santoso, iuran Anda s.d. Des 2026 dibayar oleh Bu Rini, diteruskan ke BPJS Ketenagakerjaan. Lihat: *777#",
        "Budi Santoso, iuran Anda s.d. Des 2026 dibayar oleh Bu Rini, diteruskan ke BPJS Ketenagakerjaan. Lihat: *777#",
        "Budi Santoso, iuran Anda s.d. Des 2026 dibayar oleh Bu Rini, diteruskan ke BPJS Ketenagakerjaan. Lihat: *777#",
        "Terima kasih Bu Rini! Rp50.400 untuk 3 orang diterima, diteruskan ke BPJS Ketenagakerjaan. Bukti SRT-B. *777#",
    ]


def test_less_than_a_basket_costs_pays_the_earliest_months_first(basket: Runtime, till: Till) -> None:
    till.amount = 4 * PRICE + 100
    payments.look_into(basket, a_notification(basket, "SRT-B"))
    assert paid_months(basket) == [NOVEMBER, NOVEMBER, NOVEMBER, DECEMBER]
    assert [text for text in texts(basket) if "Rp100 jadi saldo" in text] != []


def test_a_sponsors_money_for_somebody_who_was_refused_stays_the_sponsors(basket: Runtime, till: Till) -> None:
    member = the_member(basket, serial=5)
    execute(basket, "UPDATE registrations SET state = 'refused' WHERE member_id = :id", id=member.id)
    till.amount = 6 * PRICE
    payments.look_into(basket, a_notification(basket, "SRT-B"))
    assert (balances(basket)["sponsor_credit"], len(paid_months(basket))) == (-2 * PRICE, 4)


# ---- two jobs at once, and jobs that die ----


def test_two_jobs_for_the_same_order_at_once_post_once(shop: Runtime) -> None:
    news = [a_notification(shop, number=number) for number in range(6)]
    with ThreadPoolExecutor(3) as jobs:
        list(jobs.map(lambda one: payments.look_into(shop, one), news))
    assert (balances(shop)["settlement"], len(texts(shop)), paid_months(shop)) == (PRICE, 1, [NOVEMBER])
    assert books_faults(shop) == []


def test_two_payments_of_one_member_at_once_spend_no_rupiah_twice(shop: Runtime) -> None:
    execute(shop, "UPDATE pay_codes SET state = 'expired'")
    orders = [f"SRT-{number}" for number in range(2, 8)]
    for order in orders:
        a_pay_code(shop, the_member(shop), order_id=order)
        execute(shop, "UPDATE pay_codes SET state = 'expired'")
    news = [a_notification(shop, order) for order in orders]
    with ThreadPoolExecutor(4) as jobs:
        list(jobs.map(lambda one: payments.look_into(shop, one), news))
    assert paid_months(shop) == [NOVEMBER, DECEMBER, JANUARY, date(2027, 2, 1)]
    assert (balances(shop)["member_credit"], books_faults(shop)) == (0, [])


class Died(BaseException):
    """The worker's process ends here."""


def test_a_job_that_dies_in_the_middle_of_posting_leaves_nothing_half_done(shop: Runtime) -> None:
    notification = a_notification(shop)

    def die() -> datetime:
        if die.left == 0:  # type: ignore[attr-defined]
            raise Died
        die.left -= 1  # type: ignore[attr-defined]
        return clock_of(shop)()

    for steps in range(1, 6):
        die.left = steps  # type: ignore[attr-defined]
        with suppress(Died):
            payments.look_into(replace(shop, clock=die), notification)
        assert (balances(shop) == {}) == (paid_months(shop) == []) == (texts(shop) == [])
        clock_of(shop).forward(minutes=1)
    payments.look_into(shop, notification)
    assert (balances(shop)["settlement"], paid_months(shop), len(texts(shop))) == (PRICE, [NOVEMBER], 1)


# ---- somebody finds out whose money it is ----


@pytest.fixture
def stranger(shop: Runtime) -> Runtime:
    """Money has arrived for an order that is not ours."""
    payments.look_into(shop, a_notification(shop, "SRT-STRANGE"))
    return shop


def test_money_that_is_assigned_buys_the_members_next_months(stranger: Runtime) -> None:
    payments.assign(stranger, "SRT-STRANGE", Payer(the_member(stranger).id))
    assert paid_months(stranger) == [NOVEMBER]
    assert (balances(stranger)["suspense"], balances(stranger)["member_credit"]) == (0, 0)
    assert "Rp8.400 Nov 2026 diterima" in texts(stranger)[0]


def test_money_that_is_assigned_asks_nobody_in_the_office_any_more(stranger: Runtime) -> None:
    payments.assign(stranger, "SRT-STRANGE", Payer(the_member(stranger).id))
    assert rows(stranger, "SELECT done_at FROM follow_ups") == [{"done_at": stranger.clock()}]


def test_money_that_is_assigned_to_a_sponsor_lowers_their_next_code(stranger: Runtime) -> None:
    payer = Payer(sponsor_id=a_sponsor(stranger).id)
    payments.assign(stranger, "SRT-STRANGE", payer)
    assert balances(stranger)["sponsor_credit"] == -PRICE
    assert texts(stranger)[0].startswith("Bu Rini, Rp8.400 diterima. Saldo Anda Rp8.400")


def test_money_is_assigned_once(stranger: Runtime) -> None:
    payer = Payer(the_member(stranger).id)
    payments.assign(stranger, "SRT-STRANGE", payer)
    with pytest.raises(NotAllowedNow, match="SRT-STRANGE"):
        payments.assign(stranger, "SRT-STRANGE", payer)


def test_two_who_assign_the_same_money_at_once_assign_it_once(stranger: Runtime) -> None:
    payers = [Payer(the_member(stranger).id), Payer(sponsor_id=a_sponsor(stranger).id)] * 2

    def assign(payer: Payer) -> int:
        with suppress(NotAllowedNow):
            payments.assign(stranger, "SRT-STRANGE", payer)
            return 1
        return 0

    with ThreadPoolExecutor(4) as offices:
        assert sum(offices.map(assign, payers)) == 1
    assert (balances(stranger)["suspense"], books_faults(stranger)) == (0, [])


# ---- the books ----


def test_the_books_add_up_to_zero(paid_twice: Runtime) -> None:
    work(paid_twice)
    assert balances(paid_twice)["remitted"] == -3 * PRICE
    assert sum(balances(paid_twice).values()) == 0


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
