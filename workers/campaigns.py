"""Jobs for campaigns and for the texts that tell somebody new about the programme."""

from __future__ import annotations

from ussd_app.services import campaign_sending, education, segments
from workers.runtime import rt


def plan() -> None:
    """Find out who gets which text of the campaigns that were started."""
    campaign_sending.plan(rt())


def release() -> None:
    """Give the relay as many texts of campaigns as it can send soon."""
    campaign_sending.release(rt())


def educate() -> None:
    """Write the texts about the programme that are due."""
    education.teach(rt())


def find_provinces() -> None:
    """Find out in which province people were registered who became members before anybody asked."""
    segments.find_provinces(rt())
