"""What is done in the background: what waits, who works on it, and what failed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import redis
from flask import redirect, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow
from ussd_app.queues import QUEUES, Standing
from ussd_app.runtime import Runtime
from ussd_app.services import failed_jobs
from ussd_app.web.admin.desk import Desk, Page, address, done, me, not_done, show

# A queue whose first job has waited so long needs somebody; the busiest hour of a month stays far below it.
LATE = timedelta(minutes=5)
# A worker without a sign of life for so long is gone; see web/health.
SILENT = timedelta(seconds=90)


def add_to(desk: Desk) -> None:
    """The queues and what failed, and what is done about it."""
    rt = desk.rt
    desk.page("/jobs", "jobs", May.RUN_JOBS, lambda: _all(rt))
    desk.post(
        "/jobs/<job>/retry", "job_retry", May.RUN_JOBS, lambda job: _act(rt, job, failed_jobs.retry, "jobs.tried")
    )
    desk.post(
        "/jobs/<job>/discard", "job_discard", May.RUN_JOBS, lambda job: _act(rt, job, failed_jobs.discard, "jobs.gone")
    )


def _all(rt: Runtime) -> Page:
    asked = request.args.get("queue", "")
    queue = asked if asked in QUEUES else ""
    after = max(request.args.get("after", 0, type=int), 0)
    try:
        standings, found = rt.queues.standings(), failed_jobs.page(rt, queue, after)
    except redis.RedisError:
        return show("jobs_away", 503)
    return show(
        "jobs",
        standings=standings,
        state=lambda one: _state(rt, one),
        alive=lambda one: [worker for worker in one.workers if _alive(rt, worker.heartbeat)],
        found=found[: failed_jobs.PAGE],
        more=after + failed_jobs.PAGE if len(found) > failed_jobs.PAGE else None,
        after=after or None,
        queue=queue,
        cause=failed_jobs.cause,
        said=failed_jobs.said,
        arguments=failed_jobs.arguments,
    )


def _alive(rt: Runtime, heartbeat: datetime | None) -> bool:
    return heartbeat is not None and rt.clock() - heartbeat < SILENT


def _state(rt: Runtime, one: Standing) -> str:
    """How a queue stands, in one word."""
    if not any(_alive(rt, worker.heartbeat) for worker in one.workers):
        return "unattended"
    return "late" if one.since and rt.clock() - one.since > LATE else "good"


def _act(rt: Runtime, job: str, act: Callable[[Runtime, str, str, str], None], told: str) -> Page:
    try:
        act(rt, job, me().email, address())
        done(told)
    except NotAllowedNow as error:
        not_done(error)
    except redis.RedisError:
        return show("jobs_away", 503)
    return redirect(url_for("jobs", queue=request.form.get("queue") or None))
