"""Jobs for the institution's answers."""

from __future__ import annotations

from ussd_app.services import handover_uploads
from workers.runtime import rt


def take_answer(number: int) -> None:
    """Take an answer file in that somebody uploaded."""
    handover_uploads.run(rt(), number)


def sweep() -> None:
    """Find answer files that no job has taken."""
    handover_uploads.sweep(rt())
