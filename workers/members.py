"""Jobs for what members have asked of us."""

from __future__ import annotations

from ussd_app.services import office_stops, phone_numbers
from workers.runtime import rt


def sweep() -> None:
    """Move the members whose change of number nobody refused in time, and end the pauses that are over."""
    phone_numbers.sweep(rt())
    office_stops.sweep(rt())
