"""The relay: the only sender of SMS."""

from __future__ import annotations

from ussd_app.services import outbox
from workers.runtime import rt


def relay(lane: str) -> None:
    """Send whatever is due on a lane."""
    outbox.relay(rt(), lane)
