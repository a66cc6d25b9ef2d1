"""Jobs that settle texts by their delivery reports, and send once more what nobody can tell of."""

from __future__ import annotations

from ussd_app.services import repeats, reports
from workers.runtime import rt


def match() -> None:
    """Settle the texts that new reports speak of."""
    reports.match(rt())


def sweep() -> None:
    """Find reports that no job has looked at, try parked ones again, and note which texts got none."""
    reports.sweep(rt())


def repeat() -> None:
    """Write the repeats that are due."""
    repeats.scan(rt())
