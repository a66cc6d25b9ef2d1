"""`python -m workers [QUEUE]`: work on one queue, or on all with a process for each; `--schedule`: the scheduler."""

from __future__ import annotations

import argparse
import os
import sys

from rq import SimpleWorker

from ussd_app import logs
from ussd_app.errors import SettingsError
from ussd_app.queues import QUEUES
from ussd_app.supervisor import Process, Supervisor
from workers import schedule
from workers.runtime import rt

# Seconds between signs of life while idle is this less fifteen; see web/health.
WORKER_TTL = 30


class QuickWorker(SimpleWorker):
    """A worker that runs a job in its own process: forking costs five times what our short jobs do.

    When Redis is away it asks again every second at first, and never less often than every two.
    """

    max_connection_wait_time = 2.0


def work(queue: str) -> None:
    """Work on one queue until told to stop."""
    runtime = rt()
    worker = QuickWorker(
        [queue],
        connection=runtime.queues.connection,
        serializer="json",
        worker_ttl=WORKER_TTL,
        log_job_description=False,
    )
    worker.log_result_lifespan = False
    worker.work(logging_level="WARNING")


def work_on_all() -> int:
    """One process for each queue, each started again when it dies."""
    with Supervisor(lambda line: print(line, file=sys.stderr, flush=True)) as supervisor:
        for queue in QUEUES:
            command = [sys.executable, "-m", "workers", queue]
            supervisor.add(Process(f"worker {queue}", command, dict(os.environ)))
        supervisor.start()
        supervisor.run()
    return 0


def main(arguments: list[str]) -> int:
    """The command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("queue", nargs="?", choices=QUEUES, help="one queue; without it, all of them")
    parser.add_argument("--schedule", action="store_true", help="be the scheduler instead of a worker")
    options = parser.parse_args(arguments)
    logs.configure()
    try:
        rt()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    if options.schedule:
        schedule.run()
    elif options.queue:
        work(options.queue)
    else:
        return work_on_all()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
