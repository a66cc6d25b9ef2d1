"""What the lanes of the outbox hold, and what was given up: for operators."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Waiting:
    """What a lane holds that is not settled; `oldest`: seconds since the first of it fell due."""

    waiting: int = 0
    handing_over: int = 0
    unknown: int = 0
    oldest: float = 0.0


def lanes(connection: Connection, now: datetime) -> dict[str, Waiting]:
    """What each lane holds; a lane with nothing is left out."""
    # Each part has a small index of its own; one condition for all three would read the whole outbox.
    rows = connection.execute(
        text(
            "SELECT lane, 'waiting' AS state, count(*) AS n, extract(epoch FROM :now - min(due_at)) AS oldest "
            "FROM outbox WHERE state = 'waiting' GROUP BY lane "
            "UNION ALL SELECT lane, 'handing_over', count(*), 0 FROM outbox WHERE state = 'handing_over' GROUP BY lane "
            "UNION ALL SELECT lane, 'unknown', count(*), 0 FROM outbox WHERE state = 'unknown' GROUP BY lane"
        ),
        {"now": now},
    )
    found: dict[str, Waiting] = {}
    for row in rows:
        fields = {row.state: row.n} | ({"oldest": max(0.0, float(row.oldest))} if row.state == "waiting" else {})
        found[row.lane] = replace(found.get(row.lane, Waiting()), **fields)
    return found


def dead_since(connection: Connection, since: datetime) -> dict[str, int]:
    """How many SMS of each lane were given up that were handed over since that moment."""
    rows = connection.execute(
        text("SELECT lane, count(*) AS n FROM outbox WHERE state = 'dead' AND handed_at >= :since GROUP BY lane"),
        {"since": since},
    )
    return {row.lane: row.n for row in rows}


@dataclass(frozen=True)
class Dead:
    """An SMS that was given up: when it was last tried, and why."""

    at: datetime
    lane: str
    phone: str
    message: str
    reason: str


def dead(connection: Connection, since: datetime, most: int) -> list[Dead]:
    """SMS that were given up since that moment, newest first."""
    rows = connection.execute(
        text(
            "SELECT handed_at, lane, phone, message, reason FROM outbox WHERE state = 'dead' AND handed_at >= :since "
            "ORDER BY handed_at DESC, id DESC LIMIT :most"
        ),
        {"since": since, "most": most},
    )
    return [Dead(*row) for row in rows]
