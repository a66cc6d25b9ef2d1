"""RQ workers inside a test: real jobs from real queues, until all queues are empty."""

from __future__ import annotations

from rq import SimpleWorker

from ussd_app.queues import PAYMENTS, POST_PAYMENT, QUEUES
from ussd_app.runtime import Runtime


def work(rt: Runtime) -> None:
    """Do every job that waits, and the jobs that these ask for. Fails when a job fails."""
    connection = rt.queues.connection
    for _ in range(10):
        if not any(rt.queues.length(name) for name in QUEUES):
            return
        worker = SimpleWorker(list(QUEUES), connection=connection, serializer="json")
        worker.log_result_lifespan = False
        worker.work(burst=True, logging_level="ERROR")
        assert worker.failed_job_count == 0, "a job failed"
    raise AssertionError("the jobs never end")


def a_failed_job(rt: Runtime, *arguments: int | str) -> None:
    """A job that cannot be done, and a worker that tries it."""
    rt.queues.enqueue(POST_PAYMENT, *(arguments or ("no number",)))
    worker = SimpleWorker([PAYMENTS], connection=rt.queues.connection, serializer="json")
    worker.work(burst=True, logging_level="CRITICAL")
