"""A notification was lost: each hour the company is asked about every code that somebody may have paid, and now and
then about those that were paid, in case money went back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import count

import structlog

from ussd_app.errors import GatewayError
from ussd_app.runtime import Runtime
from ussd_app.services import payments
from ussd_app.storage import reconciliation
from ussd_app.storage.reconciliation import Asked

EVERY = timedelta(hours=1)
# Money handed over in the last minute of a code may take days to be heard of; see the company's own repeats.
AFTERWARDS = timedelta(days=7)
PAGE = 100
# A payer can dispute a payment at their bank for months: card networks, the slowest, give 120 days. Most disputes come
# early, so a code is asked about daily at first and ever more seldom: some 30 times in all.
BACK_EVERY, BACK_UNTIL = timedelta(days=1), timedelta(days=120)
# So many in one run, at most, each a request: what is left is due in the next, a minute later.
MOST_BACK = 30
# Seconds after which a run leaves the rest to the next one: journal and other work wait behind it.
BUDGET = 15.0
OVER = ("expired", "cancelled", "denied")
log = structlog.get_logger()


def run(rt: Runtime, budget: float = BUDGET) -> int:
    """Ask about codes until all have been asked about within the hour, or `budget` seconds are over; how many.

    A code that could not be asked about is asked again in an hour (a paid one in a day): its notification may well
    come before.
    """
    started, asked = time.monotonic(), 0
    for order_id, ask in _questions(rt):
        try:
            ask()
        except GatewayError as error:
            log.warning("a pay code could not be asked about", order=order_id, error=str(error))
        asked += 1
        if time.monotonic() - started > budget:
            break
    return asked


def _questions(rt: Runtime) -> Iterator[tuple[str, Callable[[], object]]]:
    """What to ask about which order: whether it was paid, then whether something of it went back."""
    for code in _codes(rt):
        yield code.order_id, partial(_ask, rt, code)
    for _ in range(MOST_BACK):
        with rt.db.begin() as connection:
            due = reconciliation.to_ask_back(connection, rt.payment.name, rt.clock(), BACK_EVERY, BACK_UNTIL, 1)
        if not due:
            return
        yield due[0], partial(payments.reconcile_order, rt, due[0])


def _codes(rt: Runtime) -> Iterator[Asked]:
    """Codes that were not asked about for an hour, one by one, those that expire first before the others."""
    now = rt.clock()
    after = (now - AFTERWARDS, 0)
    while True:
        with rt.db.begin() as connection:
            page = reconciliation.to_ask(connection, rt.payment.name, now, now - EVERY, after, 1)
        if not page:
            return
        yield from page
        after = (page[-1].expires_at, page[-1].id)


def _ask(rt: Runtime, code: Asked) -> None:
    if code.open_amount:
        _ask_for_each_payment(rt, code.order_id)
    if payments.reconcile_order(rt, code.order_id) in OVER:
        with rt.db.begin() as connection:
            reconciliation.over(connection, code.order_id)


def _ask_for_each_payment(rt: Runtime, order_id: str) -> None:
    """A code for any amount is paid as `ORDER.1`, `ORDER.2` …: those we do not know of, until there are no more."""
    for first in count(1, PAGE):
        page = [f"{order_id}.{number}" for number in range(first, first + PAGE)]
        with rt.db.connect() as connection:
            known = reconciliation.posted_among(connection, page)
        for payment in page:
            if payment not in known and payments.reconcile_order(rt, payment) == "missing":
                return
