"""Whether texts go out and jobs are done, now: the gateways, what waits, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import redis

from ussd_app.runtime import Runtime
from ussd_app.storage import gateways, sending_pages
from ussd_app.storage.gateways import Standing

# Whatever has waited so long needs somebody; a worker silent for so long is gone.
LATE, SILENT = timedelta(minutes=5), timedelta(seconds=90)


@dataclass(frozen=True)
class Gateway:
    """A gateway for SMS: `state` is works, resting (`until`, UTC) or halted, with its own words why."""

    name: str
    state: str
    until: datetime | None
    reason: str


@dataclass(frozen=True)
class Waiting:
    """A queue of jobs or a lane of SMS: how many wait, since when the first does (UTC), and how it stands.

    `state` is good, late or unattended.
    """

    name: str
    number: int
    since: datetime | None
    state: str


def health(rt: Runtime) -> list[Gateway]:
    """Every gateway that texts may go through."""
    with rt.db.connect() as connection:
        standings = gateways.standings(connection)
    return [_gateway(rt, name, standings.get(name, Standing())) for name in sorted({*rt.messaging, *standings})]


def _gateway(rt: Runtime, name: str, one: Standing) -> Gateway:
    if one.halted_at:
        return Gateway(name, "halted", one.closed_until, one.reason)
    if one.closed_until and one.closed_until > rt.clock():
        return Gateway(name, "resting", one.closed_until, one.reason)
    return Gateway(name, "works", None, "")


def queues(rt: Runtime) -> list[Waiting] | None:
    """The queues of jobs; None when nobody can be asked."""
    try:
        standings = rt.queues.standings()
    except redis.RedisError:
        return None
    now = rt.clock()
    return [
        Waiting(
            one.name,
            one.waiting,
            one.since,
            _state(
                now,
                one.since,
                attended=any(worker.heartbeat and now - worker.heartbeat < SILENT for worker in one.workers),
            ),
        )
        for one in standings
    ]


def lanes(rt: Runtime) -> list[Waiting]:
    """The lanes of outgoing SMS; what is not due yet waits for nobody."""
    now = rt.clock()
    with rt.db.connect() as connection:
        held = sending_pages.lanes(connection)
    since = {one.lane: one.since if one.since and one.since <= now else None for one in held}
    return [
        Waiting(one.lane, one.waiting, since[one.lane], _state(now, since[one.lane], attended=True)) for one in held
    ]


def _state(now: datetime, since: datetime | None, *, attended: bool) -> str:
    if not attended:
        return "unattended"
    return "late" if since and now - since > LATE else "good"
