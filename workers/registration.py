"""Jobs that file registrations and have pay codes made."""

from __future__ import annotations

from ussd_app.services import billing, enrolment
from workers.runtime import rt


def file_registration(registration_id: int) -> None:
    """Hand one registration to the institution."""
    enrolment.file(rt(), registration_id)


def make_pay_code(pay_code_id: int) -> None:
    """Have one pay code made and texted."""
    billing.make_code(rt(), pay_code_id)


def sweep() -> None:
    """Find registrations and orders that no job is working on."""
    enrolment.sweep(rt())
    billing.sweep(rt())
