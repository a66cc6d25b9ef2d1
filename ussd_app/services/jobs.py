"""What a service asks to be done later, and when to try again what did not work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

SOON, AT_MOST = timedelta(seconds=30), timedelta(hours=1)


@dataclass(frozen=True)
class Job:
    """A job to be put on its queue once the transaction that wrote its row has been committed."""

    name: str
    argument: int | str | None


def backoff(now: datetime, attempts: int) -> datetime:
    """When to try again what an outside company could not do: twice as long each time, an hour at most."""
    doubled: timedelta = SOON * 2 ** min(attempts - 1, 10)
    return now + min(doubled, AT_MOST)
