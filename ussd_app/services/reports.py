"""The gateway told what became of texts: bring each to its final state, in batches, whatever the order they come in.

What is final stays final. A report that names no text of ours may have come too soon: it is parked and tried again,
and settles a text without an id only where number and time leave no other choice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.gateways.africastalking_callbacks import FINAL, REFUSED
from ussd_app.runtime import Runtime
from ussd_app.services import numbers, publishing
from ussd_app.services.numbers import Fate
from ussd_app.storage import reports
from ussd_app.storage.reports import Report, Settled, Verdict

BATCH = 1000
# Seconds after which a job leaves the rest to the next one, well before its own time-out.
BUDGET = 20.0
# A report that has found no text for so long speaks of none of ours.
LONGEST_PARKED = timedelta(days=5)

log = structlog.get_logger()


def match(rt: Runtime) -> int:
    """Look at every report that waits; how many texts were settled."""
    return _in_batches(rt, lambda connection: reports.lock_waiting(connection, BATCH))


def sweep(rt: Runtime) -> int:
    """Look at reports that no job has looked at, and again at parked ones; give up the oldest; how many were settled.

    Texts without a report for too long become "no report".
    """
    settled = match(rt)
    settled += _in_batches(rt, lambda connection: reports.lock_parked(connection, rt.clock(), BATCH))
    with rt.db.begin() as connection:
        given_up = reports.give_up(connection, rt.clock() - LONGEST_PARKED)
    if given_up:
        log.warning("delivery reports that speak of no text of ours are given up", number=given_up)
    _miss_reports(rt)
    return settled


def _in_batches(rt: Runtime, lock: Callable[[Connection], list[Report]]) -> int:
    settled, started = 0, time.monotonic()
    while True:
        with rt.db.begin() as connection:
            batch = lock(connection)
            settled += _match(rt, connection, batch)
        if len(batch) < BATCH:
            return settled
        if time.monotonic() - started > BUDGET:
            rt.queues.enqueue(queues.MATCH_REPORTS)
            return settled


def _match(rt: Runtime, connection: Connection, batch: Sequence[Report]) -> int:
    """Settle what a batch speaks of; what it does not find is parked."""
    matched = reports.match(connection, [report.id for report in batch])
    final = {report.id: report for report in batch if report.status in FINAL}
    verdicts = [Verdict(report.id, FINAL[report.status], report.reason) for report in final.values()]
    known = [verdict for verdict in verdicts if verdict.report in matched]
    lost = [verdict for verdict in verdicts if verdict.report not in matched]
    settled = reports.settle_matched(connection, known, rt.clock()) if known else []
    reports.note(connection, [report.id for report in batch if report.id not in matched and report.id not in final])
    if lost:
        settled += _without_id(rt, connection, lost)
    numbers.learn(rt, connection, [_fate(final[one.report], one) for one in sorted(settled, key=lambda s: s.report)])
    return len(settled)


def _without_id(rt: Runtime, connection: Connection, lost: Sequence[Verdict]) -> list[Settled]:
    window = timedelta(hours=publishing.sending(rt, publishing.newest(rt)).no_report_after_hours)
    settled = reports.settle_by_number_and_time(connection, lost, rt.clock(), window)
    done = {one.report for one in settled}
    reports.park(connection, [verdict.report for verdict in lost if verdict.report not in done], rt.clock())
    return settled


def _fate(report: Report, settled: Settled) -> Fate:
    if FINAL[report.status] == "delivered":
        return Fate(settled.phone, "delivered")
    # A network that rejects a text need not say that it is the number: it may dislike the words or the sender.
    return Fate(settled.phone, "refused" if report.status in REFUSED else "failed", report.reason, report.message_id)


def _miss_reports(rt: Runtime) -> None:
    hours = publishing.sending(rt, publishing.newest(rt)).no_report_after_hours
    before, started = rt.clock() - timedelta(hours=hours), time.monotonic()
    while time.monotonic() - started < BUDGET:
        with rt.db.begin() as connection:
            if reports.without_report(connection, before, BATCH) < BATCH:
                return
