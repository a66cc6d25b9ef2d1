"""Jobs for the admin desk: setting sponsors' lists going, and forgetting what is over."""

from __future__ import annotations

from ussd_app.services import roster_drafts, signing_in
from workers.runtime import rt


def start_roster(draft_id: int) -> None:
    """Set a list going that somebody has looked at."""
    roster_drafts.start(rt(), draft_id)


def sweep() -> None:
    """Find lists that wait to be set going."""
    roster_drafts.sweep(rt())


def forget() -> None:
    """Forget sessions and tries to sign in that are over, and lists that nobody set going within a day."""
    signing_in.forget(rt())
