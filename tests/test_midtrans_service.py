"""The whole service with Midtrans behind it: codes from there, money only when Midtrans itself says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.fakes.midtrans import FakeMidtrans
from tests.payment_storm import inside
from tests.service import Service, register, until
from ussd_app.services import books

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("service")]

KEY = "SB-Mid-server-of-the-tests"
SITI, SITIS_NIK = "+6281290000001", "3174054508880003"


@pytest.fixture
def company() -> Iterator[FakeMidtrans]:
    """Midtrans on this machine."""
    with FakeMidtrans(KEY) as company:
        yield company


@pytest.fixture
def service(tmp_path: Path, company: FakeMidtrans) -> Iterator[Service]:
    """A running service that gets its codes there."""
    with Service(tmp_path / "var", MIDTRANS_SERVER_KEY=KEY, MIDTRANS_BASE_URL=company.url) as running:
        yield running


def notify(service: Service, notification: bytes) -> int:
    """Midtrans posts what happened; the status of our answer."""
    address = f"{service.url}/callbacks/midtrans/notifications"
    return requests.post(
        address, data=notification, headers={"Content-Type": "application/json"}, timeout=10
    ).status_code


def test_a_code_is_made_paid_notified_and_receipted_and_no_forgery_is_believed(
    service: Service, company: FakeMidtrans
) -> None:
    register(service.phone(SITI), SITIS_NIK)
    sms = service.message(SITI, "Nomor bayar")["text"]
    ((order_id, order),) = company.orders.items()
    assert order["payment_code"] in sms

    assert notify(service, company.notification(order_id, signed_with="somebody else's key")) == 403
    # Signed, and not true: what counts is what Midtrans says when it is asked.
    assert notify(service, company.notification(order_id)) == 200
    assert not [text for text in service.messages(SITI) if "diterima" in text["text"]]

    paid = company.pay(order_id)
    assert [notify(service, paid), notify(service, paid)] == [200, 200]
    assert order_id in service.message(SITI, "diterima")["text"]
    owed = "SELECT sum(amount) AS sum FROM ledger_entries WHERE account = 'fees'"
    assert until(lambda: service.rows(owed))[0]["sum"] == 5_000  # what Midtrans keeps of one payment at Indomaret


def test_whatever_order_refunds_and_payments_are_told_in_the_running_service_has_the_same_books(
    service: Service, company: FakeMidtrans
) -> None:
    register(service.phone(SITI), SITIS_NIK)
    service.message(SITI, "Nomor bayar")
    ((order_id, _order),) = company.orders.items()
    pending, paid, refunded = company.notification(order_id), company.pay(order_id), company.refund(order_id)
    assert notify(service, refunded.replace(b'"signature_key": "', b'"signature_key": "0')) == 403
    assert [notify(service, news) for news in (refunded, pending, paid, refunded)] == [200] * 4
    waiting = "SELECT 1 FROM payment_notifications WHERE state = 'waiting'"
    assert until(lambda: not service.rows(waiting) and service.rows("SELECT 1 FROM ledger_entries"))
    assert service.rows("SELECT kind FROM ledger_transactions WHERE kind = 'taken_back'") == [{"kind": "taken_back"}]
    balances = "SELECT account, sum(amount)::int AS sum FROM ledger_entries GROUP BY account HAVING sum(amount) <> 0"
    # The provider keeps its fee of a payment that it pays back; the member has nothing more with us, and owes nothing.
    assert {row["account"]: row["sum"] for row in service.rows(balances)} == {"settlement": -5_000, "fees": 5_000}
    assert books.check(inside(service)) == []
