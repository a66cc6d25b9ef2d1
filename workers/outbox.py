"""The relay: the only sender of SMS; and what its texts cost."""

from __future__ import annotations

from ussd_app.services import costs
from ussd_app.services import relay as sending
from workers.runtime import rt


def relay(lane: str) -> None:
    """Send whatever is due on a lane."""
    sending.relay(rt(), lane)


def count_costs() -> None:
    """Add up anew what the texts of today and yesterday cost."""
    costs.recount(rt())
