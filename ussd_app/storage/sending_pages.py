"""What the desk's pages about sending read: every query here ends after a bounded number of rows, or reads sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from ussd_app.storage.campaigns import Kept
from ussd_app.storage.outbox import LANES

# Up to so many are counted; more are "so many and more".
COUNTED = 10_000
_KEPT = "SELECT id, name, source, known, state, send_at, planned_to, planned_at FROM campaigns "
# What was handed to a gateway, or may have been: that costs.
_COSTS = "('sent', 'delivered', 'failed', 'no_report', 'unknown')"


# ---- campaigns ----


def campaign(connection: Connection, number: int) -> Kept | None:
    """The campaign of this number."""
    row = connection.execute(text(_KEPT + "WHERE id = :id"), {"id": number}).one_or_none()
    return Kept(*row) if row else None


def campaigns(connection: Connection, before: int | None, most: int) -> list[Kept]:
    """Campaigns, newest first, those older than `before`."""
    rows = connection.execute(
        text(_KEPT + "WHERE CAST(:before AS bigint) IS NULL OR id < :before ORDER BY id DESC LIMIT :most"),
        {"before": before, "most": most},
    )
    return [Kept(*row) for row in rows]


def segments_sent(connection: Connection, messages: Sequence[str]) -> int:
    """Segments of a campaign's texts that were handed over; reads all of them: for a job, not for a page."""
    return int(
        connection.execute(
            text(
                "SELECT coalesce(sum(segments), 0) FROM outbox WHERE lane = 'campaigns' "  # noqa: S608  # our own words
                f"AND message = ANY(:messages) AND state IN {_COSTS}"
            ),
            {"messages": list(messages)},
        ).scalar_one()
    )


def numbers_in_all(connection: Connection) -> int:
    """How many members and sponsors there are: counted while they are few, as the database last reckoned after that."""
    found = 0
    for table in ("members", "sponsors"):
        row = connection.execute(
            text(
                f"SELECT (SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT :most) few) AS few, "  # noqa: S608
                "(SELECT reltuples FROM pg_class WHERE oid = CAST(:name AS regclass)) AS about"
            ),
            {"most": COUNTED + 1, "name": table},
        ).one()
        found += int(max(row.few, row.about)) if row.few > COUNTED else row.few
    return found


def phones_at(connection: Connection, parts: int) -> list[str]:
    """So many members' numbers, evenly spread over everybody who ever enrolled; each once, in order."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT one.phone FROM (SELECT max(id) AS last FROM members) most "
            "CROSS JOIN generate_series(0, CAST(:parts AS integer) - 1) n CROSS JOIN LATERAL ("
            "SELECT phone FROM members WHERE id >= 1 + n * most.last / :parts ORDER BY id LIMIT 1) one ORDER BY 1"
        ),
        {"parts": parts},
    )
    return list(rows.scalars())


def people_between(connection: Connection, after: str, until: str) -> int:
    """How many members and sponsors have a number after `after` and up to `until`."""
    return int(
        connection.execute(
            text(
                "SELECT (SELECT count(*) FROM members WHERE phone > :after AND phone <= :until) "
                "+ (SELECT count(*) FROM sponsors WHERE phone > :after AND phone <= :until)"
            ),
            {"after": after, "until": until},
        ).scalar_one()
    )


# ---- the outbox ----


@dataclass(frozen=True)
class Lane:
    """What a lane holds: up to COUNTED are counted. `since` is when the first of those that wait fell due (UTC)."""

    lane: str
    waiting: int
    since: datetime | None
    handing_over: int


def lanes(connection: Connection) -> list[Lane]:
    """What each lane holds, in the order in which they go first."""
    rows = connection.execute(
        text(
            "SELECT lane, (SELECT count(*) FROM (SELECT 1 FROM outbox o WHERE o.lane = l.lane AND state = 'waiting' "
            "LIMIT :most) few) AS waiting, (SELECT due_at FROM outbox o WHERE o.lane = l.lane AND state = 'waiting' "
            "ORDER BY due_at LIMIT 1) AS since, (SELECT count(*) FROM (SELECT 1 FROM outbox o "
            "WHERE state = 'handing_over' AND o.lane = l.lane LIMIT :most) few) AS handing_over "
            "FROM unnest(CAST(:lanes AS text[])) WITH ORDINALITY AS l (lane, place) ORDER BY place"
        ),
        {"lanes": list(LANES), "most": COUNTED + 1},
    )
    return [Lane(*row) for row in rows]


def unknown_since(connection: Connection, since: datetime) -> int:
    """How many texts of which nobody knows whether they were sent, since a moment (UTC); up to COUNTED are counted."""
    return int(
        connection.execute(
            text(
                "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE state = 'unknown' AND handed_at >= :since "
                "LIMIT :most) few"
            ),
            {"since": since, "most": COUNTED + 1},
        ).scalar_one()
    )


def fates(connection: Connection, start: datetime, end: datetime) -> dict[str, int]:
    """How many texts handed over between two moments (UTC) are in each state; reads them all: for a job."""
    rows = connection.execute(
        text("SELECT state, count(*) FROM outbox WHERE handed_at >= :start AND handed_at < :end GROUP BY state"),
        {"start": start, "end": end},
    )
    return {row[0]: row[1] for row in rows}


# ---- who wants no texts ----


@dataclass(frozen=True)
class Stopped:
    """A number that gets no texts of a topic: since when (UTC), by which way, in which words; `until` for a pause."""

    id: int
    phone: str
    topic: str
    channel: str
    reason: str
    at: datetime
    until: datetime | None


def stops(connection: Connection, phone: str, before: int | None, most: int) -> list[Stopped]:
    """Stops that hold now, newest first, those older than `before`; of one number, or of all where it is empty."""
    rows = connection.execute(
        text(
            "SELECT id, phone, topic, channel, reason, at, until FROM stops WHERE ended_at IS NULL "  # noqa: S608
            f"{'AND phone = :phone ' if phone else ''}{'AND id < :before ' if before else ''}"
            "ORDER BY id DESC LIMIT :most"
        ),
        {**({"phone": phone} if phone else {}), **({"before": before} if before else {}), "most": most},
    )
    return [Stopped(*row) for row in rows]


def stop(connection: Connection, number: int) -> Stopped | None:
    """The stop of this number, if it holds now."""
    row = connection.execute(
        text("SELECT id, phone, topic, channel, reason, at, until FROM stops WHERE id = :id AND ended_at IS NULL"),
        {"id": number},
    ).one_or_none()
    return Stopped(*row) if row else None


def pay_days(connection: Connection) -> dict[str, int]:
    """How many members have told when they are paid, by kind; reads them all: for a job."""
    rows = connection.execute(text("SELECT kind, count(*) FROM pay_days GROUP BY kind ORDER BY kind"))
    return {row[0]: row[1] for row in rows}
