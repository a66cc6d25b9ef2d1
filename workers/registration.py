"""Jobs that file registrations, have pay codes made or cancelled, and ask what became of them."""

from __future__ import annotations

from ussd_app.services import billing, elsewhere, enrolment, reconciliation
from workers.runtime import rt


def file_registration(registration_id: int) -> None:
    """Hand one registration to the institution."""
    enrolment.file(rt(), registration_id)


def make_pay_code(pay_code_id: int) -> None:
    """Have one pay code made and texted."""
    billing.make_code(rt(), pay_code_id)


def cancel_pay_code(pay_code_id: int) -> None:
    """Tell the payment company of one closed code."""
    elsewhere.cancel(rt(), pay_code_id)


def reconcile() -> None:
    """Ask the payment company about codes that somebody may have paid."""
    reconciliation.run(rt())


def sweep() -> None:
    """Find registrations and orders that no job is working on."""
    enrolment.sweep(rt())
    billing.sweep(rt())
