"""What a service asks to be done later, and when to try again what did not work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ussd_app.runtime import Runtime

SOON, AT_MOST = timedelta(seconds=30), timedelta(hours=1)


@dataclass(frozen=True)
class Job:
    """A job to be put on its queue once the transaction that wrote its row has been committed.

    `tells_caller`: the row is an SMS to whoever asked, and says all that a screen would.
    """

    name: str
    argument: int | str | None
    tells_caller: bool = False


def put(rt: Runtime, jobs: Iterable[Job]) -> None:
    """Queue what a committed transaction asked for. Where Redis is away the sweeps find it: nobody waits for another
    time-out."""
    for job in jobs:
        if not rt.queues.enqueue(job.name, *([] if job.argument is None else [job.argument])):
            return


def backoff(now: datetime, attempts: int) -> datetime:
    """When to try again what an outside company could not do: twice as long each time, an hour at most."""
    doubled: timedelta = SOON * 2 ** min(attempts - 1, 10)
    return now + min(doubled, AT_MOST)
