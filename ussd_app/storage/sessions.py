"""Who is signed in where: the sessions of the admin desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Session:
    """A browser at the desk. `data` is JSON; `admin_id` is None until somebody has signed in."""

    id: str
    admin_id: int | None
    data: str
    address: str
    agent: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


_SESSION = "SELECT id, admin_id, data, address, agent, created_at, seen_at, expires_at FROM admin_sessions "


def find(connection: Connection, session_id: str, now: datetime) -> Session | None:
    """The session of this hash, unless its time is over."""
    row = connection.execute(
        text(_SESSION + "WHERE id = :id AND expires_at > :now"), {"id": session_id, "now": now}
    ).one_or_none()
    return Session(*row) if row else None


def add(connection: Connection, session: Session) -> None:
    """Write a new session."""
    connection.execute(
        text(
            "INSERT INTO admin_sessions (id, admin_id, data, address, agent, created_at, seen_at, expires_at) "
            "VALUES (:id, :admin_id, :data, :address, :agent, :created_at, :seen_at, :expires_at)"
        ),
        session.__dict__,
    )


def keep(connection: Connection, session: Session) -> None:
    """Write what has changed in a session; one that was ended meanwhile stays ended."""
    connection.execute(
        text("UPDATE admin_sessions SET data = :data, seen_at = :seen_at, expires_at = :expires_at WHERE id = :id"),
        session.__dict__,
    )


def end(connection: Connection, session_id: str) -> None:
    """End a session."""
    connection.execute(text("DELETE FROM admin_sessions WHERE id = :id"), {"id": session_id})


def forget_old(connection: Connection, now: datetime) -> None:
    """Forget the sessions whose time is over."""
    connection.execute(text("DELETE FROM admin_sessions WHERE expires_at <= :now"), {"now": now})


def end_all(connection: Connection, admin_id: int, but: str = "") -> int:
    """Sign somebody out everywhere, but for the session of this hash; how many that were."""
    done = connection.execute(
        text("DELETE FROM admin_sessions WHERE admin_id = :id AND id <> :but"), {"id": admin_id, "but": but}
    )
    return done.rowcount


def of_admin(connection: Connection, admin_id: int, now: datetime) -> list[Session]:
    """Where somebody is signed in, the newest first."""
    rows = connection.execute(
        text(_SESSION + "WHERE admin_id = :id AND expires_at > :now ORDER BY seen_at DESC, id"),
        {"id": admin_id, "now": now},
    )
    return [Session(*row) for row in rows]
