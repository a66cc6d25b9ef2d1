"""Jobs for reminders: who is due is reminded, and after new rules everybody is planned anew."""

from __future__ import annotations

from ussd_app.services import reminding
from workers.runtime import rt


def remind() -> None:
    """Remind everybody who is due."""
    reminding.scan(rt())


def replan() -> None:
    """Plan everybody anew, where the plan, the holidays or the hours have changed."""
    reminding.replan(rt())
