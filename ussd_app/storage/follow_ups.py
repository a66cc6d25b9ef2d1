"""What waits for a person in the office, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class FollowUp:
    """Something left for the office; `phone` is empty where it is about nobody's number."""

    id: int
    kind: str
    phone: str
    detail: str
    created_at: datetime
    done_at: datetime | None
    done_by: str | None


_FOLLOW_UP = "SELECT id, kind, phone, detail, created_at, done_at, done_by FROM follow_ups "


def page(connection: Connection, *, done: bool, kind: str, beyond: int | None, most: int) -> list[FollowUp]:
    """Open ones, the oldest first, or done ones, the newest first; those that come `beyond` a number."""
    order, comes = ("DESC", "<") if done else ("ASC", ">")
    rows = connection.execute(
        text(
            f"{_FOLLOW_UP} WHERE done_at IS {'NOT' if done else ''} NULL AND (:kind = '' OR kind = :kind) "
            f"AND (CAST(:beyond AS bigint) IS NULL OR id {comes} :beyond) ORDER BY id {order} LIMIT :most"
        ),
        {"kind": kind, "beyond": beyond, "most": most},
    )
    return [FollowUp(*row) for row in rows]


def open_by_kind(connection: Connection) -> dict[str, int]:
    """How many wait, by kind."""
    rows = connection.execute(
        text("SELECT kind, count(*) FROM follow_ups WHERE done_at IS NULL GROUP BY kind ORDER BY kind")
    )
    return {kind: int(number) for kind, number in rows}


def find(connection: Connection, follow_up_id: int) -> FollowUp | None:
    """The one of this number."""
    row = connection.execute(text(_FOLLOW_UP + "WHERE id = :id"), {"id": follow_up_id}).one_or_none()
    return FollowUp(*row) if row else None


def close(connection: Connection, follow_up_id: int, by: str, now: datetime) -> FollowUp | None:
    """Somebody has looked into it; None when it was done before, or there is no such thing."""
    done = connection.execute(
        text("UPDATE follow_ups SET done_at = :now, done_by = :by WHERE id = :id AND done_at IS NULL RETURNING id"),
        {"id": follow_up_id, "by": by, "now": now},
    ).scalar_one_or_none()
    if done is None:
        return None
    return find(connection, follow_up_id)
