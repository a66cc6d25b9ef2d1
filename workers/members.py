"""Jobs for what members have asked of us."""

from __future__ import annotations

from ussd_app.services import phone_numbers
from workers.runtime import rt


def sweep() -> None:
    """Move the members whose change of number nobody refused in time."""
    phone_numbers.sweep(rt())
