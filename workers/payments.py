"""Jobs that post payments and hand paid months to the institution."""

from __future__ import annotations

from ussd_app.services import books, handoff, payments
from workers.runtime import rt


def post_payment(notification_id: int) -> None:
    """Look into one notification."""
    payments.look_into(rt(), notification_id)


def hand_over() -> None:
    """Hand paid months to the institution."""
    handoff.hand_over(rt())


def sweep() -> None:
    """Find notifications that no job looks into."""
    payments.sweep(rt())


def check_books() -> None:
    """See whether the books balance."""
    books.watch(rt())
