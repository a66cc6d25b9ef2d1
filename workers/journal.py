"""The job that writes turns from the Redis stream into the database."""

from __future__ import annotations

from ussd_app.services import journal
from workers.runtime import rt


def write() -> None:
    """Write down every turn that waits."""
    journal.write(rt())
