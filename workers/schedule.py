"""What is looked for again and again, so that nothing depends on a job having survived.

Not `rq cron`: it queues pickled jobs, which our workers, who read only JSON, refuse. Every scan finds its work by
keys in the database, so two schedulers, or one that starts again, do no harm.
"""

from __future__ import annotations

import heapq
import signal
import time
from types import FrameType

import structlog

from ussd_app import queues
from ussd_app.storage.outbox import LANES
from workers.runtime import rt

# Job, its arguments, and how many seconds lie between two scans.
SCANS: tuple[tuple[str, tuple[str, ...], int], ...] = (
    (queues.SWEEP_REGISTRATIONS, (), 15),
    (queues.SWEEP_PAYMENTS, (), 15),
    (queues.RECONCILE, (), 60),
    (queues.HAND_OVER, (), 15),
    *((queues.RELAY, (lane,), 10) for lane in LANES),
    (queues.SWEEP_REPORTS, (), 10),
    (queues.REPEAT, (), 60),
    (queues.SWEEP_INBOX, (), 15),
    (queues.SWEEP_BASKETS, (), 15),
    (queues.FORGET_SILENT, (), 24 * 3600),
    (queues.FORGET_AT_DESK, (), 3600),
    (queues.SWEEP_DESK, (), 60),
    (queues.WRITE_JOURNAL, (), 5),
    (queues.SWEEP_MEMBERS, (), 60),
    (queues.PLAN_CAMPAIGNS, (), 15),
    (queues.RELEASE_CAMPAIGNS, (), 10),
    (queues.EDUCATE, (), 60),
    (queues.FIND_PROVINCES, (), 3600),
    (queues.SWEEP_PROOFS, (), 15),
    (queues.SWEEP_ANSWERS, (), 60),
    (queues.SWEEP_RECKONINGS, (), 60),
    (queues.PUBLISH_DUE, (), 10),
    (queues.CHECK_BOOKS, (), 3600),
    (queues.REMIND, (), 600),
    (queues.REPLAN_REMINDERS, (), 60),
    (queues.COUNT_COSTS, (), 3600),
)
# A queue that nobody works on must not fill up with scans.
MOST_WAITING = 200

log = structlog.get_logger()


class _Stop(Exception):
    pass


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _Stop


def run() -> None:
    """Queue every scan when it is due, until told to stop. When Redis is away, the next one comes in its time."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    due = [(time.monotonic(), number) for number in range(len(SCANS))]
    try:
        while True:
            moment, number = heapq.heappop(due)
            time.sleep(max(0.0, moment - time.monotonic()))
            job, arguments, seconds = SCANS[number]
            heapq.heappush(due, (time.monotonic() + seconds, number))
            rt().queues.enqueue_scan(job, *arguments, most=MOST_WAITING)
    except _Stop:
        return
