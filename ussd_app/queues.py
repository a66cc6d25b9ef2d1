"""The names of queues and jobs, and how a job is put on its queue.

A job makes things prompt; the sweep on the database makes them correct. So a queue that cannot be reached is
noted and forgotten: the row that the job speaks of is found within the minute.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import redis
import structlog
from rq import Queue, Worker

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
