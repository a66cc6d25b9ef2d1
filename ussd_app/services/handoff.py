"""Paid months go on to the institution, in batches; what it confirms is active."""

from __future__ import annotations

from datetime import timedelta

import structlog

from ussd_app.domain import ledger
from ussd_app.domain.ledger import PaidFor
from ussd_app.errors import GatewayError
from ussd_app.gateways.institution import PaidMonth
from ussd_app.runtime import Runtime
from ussd_app.storage import contributions
from ussd_app.storage import ledger as books

LEASE = timedelta(seconds=120)
log = structlog.get_logger()


def hand_over(rt: Runtime) -> None:
    """Gather received months into a batch and hand every waiting batch over. May run twice, or too late.

    Where the institution takes numbered files, somebody in the office makes them: see services/handover_files.
    """
    if rt.institution.by_file:
        return
    with rt.db.begin() as connection:
        contributions.make_remittance(connection, rt.clock())
    while True:
        now = rt.clock()
        with rt.db.begin() as connection:
            batch = contributions.lease_remittance(connection, now, LEASE)
            months = contributions.months_in(connection, batch) if batch is not None else []
        if batch is None:
            return
        reference = f"B{batch}"
        paid = [PaidMonth(rt.vault.open(month.nik), month.month, month.amount) for month in months]
        try:
            confirmed = rt.institution.remit(reference, paid) == "confirmed"
        except GatewayError as error:
            log.warning("batch not handed over, trying again", batch=reference, error=str(error))
            return
        with rt.db.begin() as connection:
            moved = [PaidFor(month.member_id, month.month, month.amount) for month in months]
            books.post(connection, ledger.remittance(reference, moved), now)
            contributions.advance_remittance(connection, batch, confirmed, now)
