"""The names of queues and jobs, and how a job is put on its queue.

A job makes things prompt; the sweep on the database makes them correct. So a queue that cannot be reached is
noted and forgotten: the row that the job speaks of is found within the minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import redis
import structlog
from rq import Queue, Worker
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.worker import BaseWorker

if TYPE_CHECKING:
    from redis import Redis

REGISTRATION = "registration"
PAYMENTS = "payments"
# One for each lane of the outbox, by its name.
SMS = {lane: f"sms-{lane}" for lane in ("urgent", "codes", "reminders", "campaigns")}
REPORTS = "sms-reports"
INBOUND = "sms-inbound"
HOUSEKEEPING = "housekeeping"

# One worker process each: a worker that listens on several queues and is killed loses the job in its hand.
QUEUES = (REGISTRATION, PAYMENTS, INBOUND, *SMS.values(), REPORTS, HOUSEKEEPING)

FILE_REGISTRATION = "workers.registration.file_registration"
MAKE_PAY_CODE = "workers.registration.make_pay_code"
CANCEL_PAY_CODE = "workers.registration.cancel_pay_code"
RECONCILE = "workers.registration.reconcile"
POST_PAYMENT = "workers.payments.post_payment"
HAND_OVER = "workers.payments.hand_over"
RELAY = "workers.outbox.relay"
COUNT_COSTS = "workers.outbox.count_costs"
SWEEP_REGISTRATIONS = "workers.registration.sweep"
SWEEP_PAYMENTS = "workers.payments.sweep"
SWEEP_MEMBERS = "workers.members.sweep"
CHECK_BOOKS = "workers.payments.check_books"
MATCH_REPORTS = "workers.reports.match"
SWEEP_REPORTS = "workers.reports.sweep"
REPEAT = "workers.reports.repeat"
HANDLE_SMS = "workers.inbox.handle_sms"
SWEEP_INBOX = "workers.inbox.sweep"
ISSUE_BASKET = "workers.sponsorship.issue_basket"
SWEEP_BASKETS = "workers.sponsorship.sweep"
TAKE_ROSTER_IN = "workers.sponsorship.take_roster_in"
FORGET_SILENT = "workers.sponsorship.forget_silent"
FORGET_AT_DESK = "workers.desk.forget"
START_ROSTER = "workers.desk.start_roster"
SWEEP_DESK = "workers.desk.sweep"
WRITE_JOURNAL = "workers.journal.write"
REMIND = "workers.reminders.remind"
REPLAN_REMINDERS = "workers.reminders.replan"
PLAN_CAMPAIGNS = "workers.campaigns.plan"
RELEASE_CAMPAIGNS = "workers.campaigns.release"
EDUCATE = "workers.campaigns.educate"
FIND_PROVINCES = "workers.campaigns.find_provinces"
TAKE_ANSWER = "workers.handover.take_answer"
SWEEP_ANSWERS = "workers.handover.sweep"
RECKON = "workers.reckoning.reckon"
SWEEP_RECKONINGS = "workers.reckoning.sweep"
PROVE_MENU = "workers.publishing.prove"
SWEEP_PROOFS = "workers.publishing.sweep"
PUBLISH_DUE = "workers.publishing.publish_due"

QUEUE_OF = {
    FILE_REGISTRATION: REGISTRATION,
    MAKE_PAY_CODE: REGISTRATION,
    CANCEL_PAY_CODE: REGISTRATION,
    # It asks for seconds on end: nobody's pay code may wait behind it.
    RECONCILE: HOUSEKEEPING,
    SWEEP_REGISTRATIONS: REGISTRATION,
    POST_PAYMENT: PAYMENTS,
    HAND_OVER: PAYMENTS,
    SWEEP_PAYMENTS: PAYMENTS,
    SWEEP_MEMBERS: HOUSEKEEPING,
    CHECK_BOOKS: HOUSEKEEPING,
    MATCH_REPORTS: REPORTS,
    SWEEP_REPORTS: REPORTS,
    REPEAT: REPORTS,
    HANDLE_SMS: INBOUND,
    SWEEP_INBOX: INBOUND,
    ISSUE_BASKET: REGISTRATION,
    SWEEP_BASKETS: REGISTRATION,
    TAKE_ROSTER_IN: HOUSEKEEPING,
    FORGET_SILENT: HOUSEKEEPING,
    FORGET_AT_DESK: HOUSEKEEPING,
    START_ROSTER: HOUSEKEEPING,
    SWEEP_DESK: HOUSEKEEPING,
    WRITE_JOURNAL: HOUSEKEEPING,
    REMIND: HOUSEKEEPING,
    REPLAN_REMINDERS: HOUSEKEEPING,
    COUNT_COSTS: HOUSEKEEPING,
    # They take turns with the relay of the lane they fill: nobody's receipt waits behind them.
    PLAN_CAMPAIGNS: SMS["campaigns"],
    RELEASE_CAMPAIGNS: SMS["campaigns"],
    EDUCATE: SMS["campaigns"],
    FIND_PROVINCES: HOUSEKEEPING,
    TAKE_ANSWER: HOUSEKEEPING,
    SWEEP_ANSWERS: HOUSEKEEPING,
    RECKON: HOUSEKEEPING,
    SWEEP_RECKONINGS: HOUSEKEEPING,
    PROVE_MENU: HOUSEKEEPING,
    SWEEP_PROOFS: HOUSEKEEPING,
    PUBLISH_DUE: HOUSEKEEPING,
}


def queue_of(job: str, *arguments: int | str) -> str:
    """The queue of a job with these arguments: each lane of the outbox has its own relay."""
    return SMS[str(arguments[0])] if job == RELAY else QUEUE_OF[job]


# Seconds. A result is never read; a failure is kept a week for whoever looks for its cause.
RESULT_TTL = 0
FAILURE_TTL = 7 * 24 * 3600
JOB_TIMEOUT = 120

log = structlog.get_logger()


@dataclass(frozen=True)
class Standing:
    """A queue: how many jobs wait, since when the first of them (UTC), how many failed, and who works on it."""

    name: str
    waiting: int
    since: datetime | None
    failed: int
    workers: tuple[Process, ...]


@dataclass(frozen=True)
class Process:
    """A worker: its process, whether it has a job in hand, its last sign of life (UTC), and what it has done."""

    pid: int
    busy: bool
    heartbeat: datetime | None
    done: int
    failed: int


@dataclass(frozen=True)
class Failed:
    """A job that failed, for good or until somebody tries it again: when (UTC), and what Python said about it."""

    id: str
    job: str
    queue: str
    arguments: tuple[int | str, ...]
    at: datetime | None
    trace: str


class Queues:
    """Puts jobs on their queues; a job carries an id or nothing."""

    def __init__(self, connection: Redis) -> None:
        self.connection = connection
        self._queues = {
            name: Queue(name, connection=connection, serializer="json", default_timeout=JOB_TIMEOUT) for name in QUEUES
        }

    def enqueue(self, job: str, *arguments: int | str) -> bool:
        """Ask for a job soon. False when Redis is away; nothing is raised, the sweep will find the row."""
        queue = self._queues[queue_of(job, *arguments)]
        try:
            queue.enqueue(job, *arguments, result_ttl=RESULT_TTL, failure_ttl=FAILURE_TTL)
        except redis.RedisError as error:
            log.warning("job not queued, the sweep will find it", job=job, error=type(error).__name__)
            return False
        return True

    def enqueue_scan(self, job: str, *arguments: str, most: int) -> None:
        """Ask for a scan, unless so much waits on its queue already that another would only add to it."""
        try:
            if self.length(queue_of(job, *arguments)) < most:
                self.enqueue(job, *arguments)
        except redis.RedisError:
            log.warning("scan not queued: no Redis", job=job)

    def length(self, name: str) -> int:
        """How many jobs wait on a queue."""
        return self._queues[name].count

    def attended(self, since: datetime) -> set[str]:
        """The queues on which some worker has given a sign of life since that moment (UTC)."""
        workers = Worker.all(connection=self.connection)
        return {
            name
            for worker in workers
            if worker.last_heartbeat and worker.last_heartbeat >= since
            for name in worker.queue_names()
        }

    def standings(self) -> list[Standing]:
        """Every queue with what waits on it and who works there. Raises redis.RedisError."""
        workers = Worker.all(connection=self.connection)
        return [
            self._standing(queue, [one for one in workers if name in one.queue_names()])
            for name, queue in self._queues.items()
        ]

    def _standing(self, queue: Queue, workers: Sequence[BaseWorker]) -> Standing:
        first = queue.get_jobs(0, 1)
        since = first[0].enqueued_at if first else None
        return Standing(
            queue.name,
            queue.count,
            since and _utc(since),
            self._failures(queue.name).count,
            tuple(map(_process, workers)),
        )

    def failed(self, name: str, most: int, after: int = 0) -> list[Failed]:
        """The jobs of a queue that failed, the newest first, without the first `after`. Raises redis.RedisError."""
        ids = self._failures(name).get_job_ids(after, after + most - 1, desc=True, cleanup=False)
        jobs = Job.fetch_many(ids, self.connection, serializer="json")
        return [_failed(job) for job in jobs if job is not None]

    def one_failed(self, identity: str) -> Failed | None:
        """One of them by its id, None when it is no longer there. Raises redis.RedisError."""
        jobs = [job for job in Job.fetch_many([identity], self.connection, serializer="json") if job is not None]
        there = [job for job in jobs if job.origin in self._queues and job in self._failures(job.origin)]
        return _failed(there[0]) if there else None

    def retry(self, failed: Failed) -> bool:
        """Put a job that failed on its queue again; False when somebody else has done so. Raises redis.RedisError."""
        try:
            self._failures(failed.queue).requeue(failed.id)
        except (InvalidJobOperation, NoSuchJobError):
            return False
        return True

    def discard(self, failed: Failed) -> bool:
        """Forget a job that failed; False when it is no longer there. Raises redis.RedisError."""
        registry = self._failures(failed.queue)
        if failed.id not in registry:
            return False
        with suppress(NoSuchJobError):
            registry.remove(failed.id, delete_job=True)
        return True

    def _failures(self, name: str) -> FailedJobRegistry:
        return FailedJobRegistry(queue=self._queues[name])


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _process(worker: BaseWorker) -> Process:
    heartbeat = worker.last_heartbeat and _utc(worker.last_heartbeat)
    busy = worker.get_state() == "busy"
    return Process(worker.pid or 0, busy, heartbeat, worker.successful_job_count, worker.failed_job_count)


def _failed(job: Job) -> Failed:
    result = job.latest_result()
    trace = (result.exc_string if result else "") or ""
    return Failed(job.id, job.func_name or "", job.origin, tuple(job.args), job.ended_at and _utc(job.ended_at), trace)
