"""SMS that were given up: looked through page by page, sent once more, or put away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class DeadLetter:
    """An SMS that was given up: when it was last tried (UTC), and the gateway's or our own word for why."""

    id: int
    at: datetime
    lane: str
    phone: str
    message: str
    reason: str
    attempts: int


def page(connection: Connection, before: tuple[datetime, int] | None, most: int) -> list[DeadLetter]:
    """Those given up, the newest first; `before` is moment and id of the last one on the page before."""
    onwards = "AND (handed_at, id) < (:at, :id) " if before else ""
    rows = connection.execute(
        text(
            "SELECT id, handed_at, lane, phone, message, reason, attempts FROM outbox WHERE state = 'dead' "  # noqa: S608
            f"AND handed_at IS NOT NULL {onwards}ORDER BY handed_at DESC, id DESC LIMIT :most"
        ),
        {"most": most, **({"at": before[0], "id": before[1]} if before else {})},
    )
    return [DeadLetter(*row) for row in rows]


def revive(connection: Connection, ids: Sequence[int], now: datetime) -> dict[int, str]:
    """Let these wait to be sent again, from now on; their lanes by id.

    Left out is what has become useless meanwhile, and what belongs to a campaign that does not go on.
    """
    rows = connection.execute(
        text(
            "UPDATE outbox o SET state = 'waiting', due_at = :now, attempts = 0, lease_until = NULL, reason = '' "
            "WHERE id = ANY(:ids) AND state = 'dead' AND (send_by IS NULL OR send_by > :now) "
            "AND NOT EXISTS (SELECT 1 FROM campaigns c WHERE o.lane = 'campaigns' AND o.message LIKE 'campaign:%' "
            "AND CAST(c.id AS text) = split_part(o.message, ':', 2) AND c.state IN ('paused', 'cancelled')) "
            "RETURNING id, lane"
        ),
        {"ids": list(ids), "now": now},
    )
    return {row.id: row.lane for row in rows}


def put_away(connection: Connection, ids: Sequence[int], reason: str) -> list[int]:
    """Nobody is to try these again, and why; the ids of those that were given up until now."""
    rows = connection.execute(
        text(
            "UPDATE outbox SET state = 'stopped', reason = :reason WHERE id = ANY(:ids) AND state = 'dead' RETURNING id"
        ),
        {"ids": list(ids), "reason": reason},
    )
    return list(rows.scalars())
