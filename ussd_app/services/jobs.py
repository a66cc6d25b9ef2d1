"""What a service asks to be done later, and when to try again what did not work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

TRY_AGAIN = timedelta(seconds=60)


@dataclass(frozen=True)
class Job:
    """A job to be put on its queue once the transaction that wrote its row has been committed."""

    name: str
    argument: int | None


def backoff(now: datetime) -> datetime:
    """The next moment to try something that an outside company could not do."""
    return now + TRY_AGAIN
