"""Jobs that answer SMS which people sent to us."""

from __future__ import annotations

from ussd_app.services import texting
from workers.runtime import rt


def handle_sms(sms_id: int) -> None:
    """Do what one SMS asks for."""
    texting.handle(rt(), sms_id)


def sweep() -> None:
    """Find SMS that no job has answered, and dialogues by SMS whose time is over."""
    texting.sweep(rt())
