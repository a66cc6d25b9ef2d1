"""Jobs for sponsors: the code of a complete basket, and forgetting who never answered."""

from __future__ import annotations

from ussd_app.services import baskets, invitations, rosters
from workers.runtime import rt


def issue_basket(sponsor_id: int) -> None:
    """Ask for one code for everybody who said yes, once everybody has answered."""
    baskets.issue_when_complete(rt(), sponsor_id)


def sweep() -> None:
    """Find complete baskets and rosters that no job works on."""
    baskets.sweep(rt())
    rosters.sweep(rt())


def take_roster_in(roster_id: int) -> None:
    """Take in the people of a roster who have signed."""
    rosters.take_in(rt(), roster_id)


def forget_silent() -> None:
    """Delete what was told about people who were silent for thirty days."""
    invitations.forget(rt())
