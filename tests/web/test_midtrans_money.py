"""Midtrans tells of money in any order, twice, or falsely: over HTTP both ways, the books come out the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from tests.builders import PRICE, a_pay_code, a_registered_member, execute, rows
from tests.fakes.midtrans import FakeMidtrans
from tests.work import work
from ussd_app.app import create_app
from ussd_app.gateways.midtrans import Midtrans
from ussd_app.runtime import Runtime
from ussd_app.services import books, reconciliation
from ussd_app.storage import ledger
from workers import runtime as worker_runtime

KEY = "SB-Mid-server-of-the-tests"
ORDER = "SRT-1"
PAID = {"settlement": PRICE, "remitted": -PRICE}


@dataclass
class Shop:
    """The web app with Midtrans on this machine behind it; `rt` is what web and workers use."""

    rt: Runtime
    web: FlaskClient
    company: FakeMidtrans

    def tell(self, *notifications: bytes) -> list[int]:
        """Midtrans posts these, and our workers do what follows; the status of each answer."""
        answers = [
            self.web.post("/callbacks/midtrans/notifications", data=one, content_type="application/json").status_code
            for one in notifications
        ]
        work(self.rt)
        return answers

    def balances(self) -> dict[str, int]:
        """What stands on each account, once the books are found to balance."""
        assert books.check(self.rt) == []
        with self.rt.db.connect() as connection:
            found = ledger.balances(connection)
        assert sum(found.values()) == 0
        return {account: amount for account, amount in found.items() if amount}

    def months(self) -> list[str]:
        """How far each paid month has come."""
        return [str(row["state"]) for row in rows(self.rt, "SELECT state FROM contribution_months")]


@pytest.fixture
def shop(rt: Runtime) -> Iterator[Shop]:
    """One member whom the institution knows has a code of Midtrans that waits to be paid."""
    with FakeMidtrans(KEY) as company:
        shop = replace(rt, payment=Midtrans(KEY, company.url))
        worker_runtime.use(shop)
        a_pay_code(rt, a_registered_member(shop))
        # Midtrans reckons with the time of today, the house with the tests' own.
        shop.payment.charge(ORDER, PRICE, datetime.now(UTC) + timedelta(days=1), "indomaret")
        execute(shop, "UPDATE pay_codes SET gateway = 'midtrans'")
        yield Shop(shop, create_app(shop).test_client(), company)


@pytest.fixture
def kept(shop: Shop) -> Shop:
    """The same, and nothing goes on to the institution: money that goes back is still with us."""
    execute(
        shop.rt, "UPDATE registrations SET state = 'filed', next_try_at = :late", late=datetime(2036, 1, 1, tzinfo=UTC)
    )
    return shop


def test_a_settlement_is_in_the_books(shop: Shop) -> None:
    assert shop.tell(shop.company.pay(ORDER)) == [200]
    assert (shop.balances(), shop.months()) == (PAID, ["confirmed"])


def test_a_settlement_that_is_told_before_its_pending_is_in_the_books_once(shop: Shop) -> None:
    pending = shop.company.notification(ORDER)
    assert shop.tell(shop.company.pay(ORDER), pending) == [200, 200]
    assert (shop.balances(), len(rows(shop.rt, "SELECT 1 FROM outbox"))) == (PAID, 1)


def test_every_notification_three_times_is_the_same_as_once(shop: Shop) -> None:
    pending, settled = shop.company.notification(ORDER), shop.company.pay(ORDER)
    assert set(shop.tell(*[settled, pending, settled] * 3)) == {200}
    assert (shop.balances(), len(rows(shop.rt, "SELECT 1 FROM outbox"))) == (PAID, 1)


def test_a_signed_notification_of_what_is_not_true_moves_nothing(shop: Shop) -> None:
    settled = shop.company.pay(ORDER)
    shop.company.turn(ORDER, "pending")
    assert shop.tell(settled) == [200]
    assert shop.balances() == {}


def test_a_forged_notification_is_refused_and_kept_by_nobody(shop: Shop) -> None:
    shop.company.pay(ORDER)
    assert shop.tell(shop.company.notification(ORDER, signed_with="somebody else's key")) == [403]
    assert (shop.balances(), rows(shop.rt, "SELECT 1 FROM payment_notifications")) == ({}, [])


def test_a_forged_refund_takes_nothing_back(kept: Shop) -> None:
    kept.tell(kept.company.pay(ORDER))
    fields = kept.company.orders[ORDER]
    forged = kept.company.notification(ORDER, "another key").replace(b'"settlement"', b'"refund"')
    assert (kept.tell(forged), fields["transaction_status"]) == ([403], "settlement")
    assert kept.balances() == {"settlement": PRICE, "contributions_owed": -PRICE}


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (1,), (1, 1, 0, 1), (0, 1, 0)])
def test_a_refund_undoes_the_payment_in_whatever_order_it_is_told(kept: Shop, order: tuple[int, ...]) -> None:
    news = kept.company.pay(ORDER), kept.company.refund(ORDER)
    kept.tell(*[news[number] for number in order])
    assert (kept.balances(), kept.months()) == ({}, [])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2,), (2, 2, 1, 0, 0)])
def test_two_parts_that_go_back_are_each_taken_once(kept: Shop, order: tuple[int, ...]) -> None:
    company = kept.company
    news = company.pay(ORDER), company.refund(ORDER, 1_000, "part1"), company.refund(ORDER, 400, "part2")
    kept.tell(*[news[number] for number in order])
    rest = PRICE - 1_400
    assert (kept.balances(), kept.months()) == ({"settlement": rest, "member_credit": -rest}, [])


def test_a_chargeback_after_the_settlement_takes_the_month_back(kept: Shop) -> None:
    kept.tell(kept.company.pay(ORDER))
    charged_back = kept.company.chargeback(ORDER)
    kept.tell(charged_back, charged_back)
    assert (kept.balances(), kept.months()) == ({}, [])


def test_a_chargeback_of_money_that_the_institution_has_is_a_loss_and_finance_is_told(shop: Shop) -> None:
    shop.tell(shop.company.pay(ORDER))
    shop.tell(shop.company.chargeback(ORDER))
    assert (shop.balances(), shop.months()) == ({"remitted": -PRICE, "losses": PRICE}, ["confirmed"])
    assert rows(shop.rt, "SELECT detail FROM follow_ups") == [
        {"detail": f"{ORDER}: Rp{PRICE} went back, of which Rp{PRICE} is lost"}
    ]


def test_a_refund_whose_notification_is_lost_is_found_by_asking(kept: Shop) -> None:
    kept.tell(kept.company.pay(ORDER))
    kept.company.refund(ORDER)
    execute(kept.rt, "UPDATE pay_codes SET ask_back_at = :now", now=kept.rt.clock())
    reconciliation.run(kept.rt)
    assert (kept.balances(), kept.months()) == ({}, [])


def test_while_midtrans_does_not_say_how_much_went_back_nothing_moves(kept: Shop) -> None:
    kept.tell(kept.company.pay(ORDER))
    kept.tell(kept.company.turn(ORDER, "partial_refund"))
    assert kept.balances() == {"settlement": PRICE, "contributions_owed": -PRICE}
