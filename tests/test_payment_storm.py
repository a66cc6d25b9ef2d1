"""Many payments, each told three times by four senders at once, while workers are killed: each is posted once."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator

import pytest

from tests.builders import PRICE
from tests.payment_storm import SENDERS, TIMES, PaymentStorm
from tests.service import Service
from ussd_app.runtime import Runtime
from ussd_app.services import books
from ussd_app.storage import ledger

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kills")]

PAYMENTS = 150
SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PaymentStorm, Runtime]]:
    """The storm once it is over, and the service's runtime."""
    sys.stderr.write(f"\nSEED={SEED} repeats this storm\n")
    with Service(tmp_path_factory.mktemp("storm") / "var") as service:
        storm = PaymentStorm(service, PAYMENTS, SEED)
        rt = storm.rage()
        yield storm, rt
        rt.db.dispose()


def test_workers_did_die_and_every_sender_was_told_that_it_was_heard(storm: tuple[PaymentStorm, Runtime]) -> None:
    assert SENDERS > 1
    assert storm[0].killed > 0
    assert storm[0].answers == {200: TIMES * PAYMENTS}


def test_the_ledger_is_the_payments(storm: tuple[PaymentStorm, Runtime]) -> None:
    with storm[1].db.connect() as connection:
        balances = ledger.balances(connection)
    owed = balances.get("contributions_owed", 0) + balances.get("remitted", 0)
    assert (balances["settlement"], owed, balances["member_credit"]) == (PAYMENTS * PRICE, -PAYMENTS * PRICE, 0)


def test_the_books_balance_after_the_storm(storm: tuple[PaymentStorm, Runtime]) -> None:
    assert books.check(storm[1]) == []


def test_every_person_has_one_month_and_one_receipt(storm: tuple[PaymentStorm, Runtime]) -> None:
    (found,) = storm[0].service.rows(
        "SELECT (SELECT count(*) FROM contribution_months) AS months, "
        "(SELECT count(DISTINCT member_id) FROM contribution_months) AS people, "
        "(SELECT count(*) FROM outbox WHERE key LIKE 'receipt:%%') AS receipts"
    )
    assert set(found.values()) == {PAYMENTS}
