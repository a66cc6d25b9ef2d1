"""What waits for a person in the office, page by page, who has taken it on, and what they wrote about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class FollowUp:
    """Something left for the office; `phone` is empty where it is about nobody's number.

    `taken_by` is who looks into it.
    """

    id: int
    kind: str
    phone: str
    detail: str
    created_at: datetime
    done_at: datetime | None
    done_by: str | None
    taken_by: str | None
    taken_at: datetime | None
    notes: int


@dataclass(frozen=True)
class Wanted:
    """Which follow-ups: done or open ones, of a kind, of who has taken them, come before a moment.

    `taken_by` is somebody's e-mail, empty for whomever; `free` are those that nobody has taken.
    """

    done: bool = False
    kind: str = ""
    taken_by: str = ""
    free: bool = False
    came_before: datetime | None = None


_FOLLOW_UP = (
    "SELECT id, kind, phone, detail, created_at, done_at, done_by, taken_by, taken_at, "
    "(SELECT count(*) FROM follow_up_notes n WHERE n.follow_up_id = follow_ups.id) FROM follow_ups "
)


def page(connection: Connection, wanted: Wanted, *, beyond: int | None, most: int) -> list[FollowUp]:
    """Open ones, the oldest first, or done ones, the newest first; those that come `beyond` a number."""
    order, comes = ("DESC", "<") if wanted.done else ("ASC", ">")
    asked = [f"done_at IS {'NOT ' if wanted.done else ''}NULL"]
    asked += ["kind = :kind"] if wanted.kind else []
    asked += ["taken_by = :taken_by"] if wanted.taken_by else []
    asked += ["taken_by IS NULL"] if wanted.free else []
    asked += ["created_at < :came_before"] if wanted.came_before else []
    asked += [f"id {comes} :beyond"] if beyond is not None else []
    statement = text(f"{_FOLLOW_UP} WHERE {' AND '.join(asked)} ORDER BY id {order} LIMIT :most")
    return [
        FollowUp(*row) for row in connection.execute(statement, {**wanted.__dict__, "beyond": beyond, "most": most})
    ]


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


def take(connection: Connection, follow_up_id: int, by: str | None, now: datetime) -> bool:
    """Somebody looks into an open one, or (None) nobody does any more; False when it is done, or not there."""
    done = connection.execute(
        text(
            "UPDATE follow_ups SET taken_by = :by, taken_at = CASE WHEN CAST(:by AS text) IS NULL THEN NULL "
            "ELSE CAST(:now AS timestamptz) END WHERE id = :id AND done_at IS NULL"
        ),
        {"id": follow_up_id, "by": by, "now": now},
    )
    return bool(done.rowcount)


def close(connection: Connection, follow_up_id: int, by: str, now: datetime) -> FollowUp | None:
    """Somebody has looked into it; None when it was done before, or there is no such thing."""
    done = connection.execute(
        text("UPDATE follow_ups SET done_at = :now, done_by = :by WHERE id = :id AND done_at IS NULL RETURNING id"),
        {"id": follow_up_id, "by": by, "now": now},
    ).scalar_one_or_none()
    if done is None:
        return None
    return find(connection, follow_up_id)


@dataclass(frozen=True)
class Note:
    """What somebody wrote about a follow-up."""

    by: str
    note: str
    at: datetime


def add_note(connection: Connection, follow_up_id: int, by: str, note: str, now: datetime) -> None:
    """Write a note down."""
    connection.execute(
        text("INSERT INTO follow_up_notes (follow_up_id, by_whom, note, at) VALUES (:id, :by, :note, :now)"),
        {"id": follow_up_id, "by": by, "note": note, "now": now},
    )


def notes_of(connection: Connection, follow_up_id: int, most: int = 100) -> Sequence[Note]:
    """The notes of a follow-up, the oldest first."""
    rows = connection.execute(
        text("SELECT by_whom, note, at FROM follow_up_notes WHERE follow_up_id = :id ORDER BY id LIMIT :most"),
        {"id": follow_up_id, "most": most},
    )
    return [Note(*row) for row in rows]
