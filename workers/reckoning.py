"""Jobs for the figures that pages of the desk show of everybody."""

from __future__ import annotations

from ussd_app.services import reckoning
from workers.runtime import rt


def reckon(number: int) -> None:
    """Work out what somebody at the desk has asked for."""
    reckoning.run(rt(), number)


def sweep() -> None:
    """Find what was asked for and no job works on."""
    reckoning.sweep(rt())
