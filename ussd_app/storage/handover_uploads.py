"""Answer files that somebody uploaded, kept until a job has taken them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Upload:
    """One of them: `state` is waiting, taken or refused; `problems` are its mistakes by line, `fresh` what was new."""

    id: int
    name: str
    state: str
    rows: int
    fresh: int
    problems: Sequence[dict[str, Any]]
    tries: int
    uploaded_by: str
    address: str
    uploaded_at: datetime


_COLUMNS = "id, name, state, rows, fresh, problems, tries, uploaded_by, address, uploaded_at"


def keep(connection: Connection, name: str, sealed: str, by: str, address: str, now: datetime) -> int:
    """Keep a file, encrypted; its number."""
    return int(
        connection.execute(
            text(
                "INSERT INTO handover_uploads (name, sealed, state, uploaded_by, address, uploaded_at) "
                "VALUES (:name, :sealed, 'waiting', :by, :address, :now) RETURNING id"
            ),
            {"name": name, "sealed": sealed, "by": by, "address": address, "now": now},
        ).scalar_one()
    )


def find(connection: Connection, number: int) -> Upload | None:
    """The one of this number."""
    row = connection.execute(
        text(f"SELECT {_COLUMNS} FROM handover_uploads WHERE id = :id"),  # noqa: S608  # our own words
        {"id": number},
    ).one_or_none()
    return Upload(*row) if row else None


def newest(connection: Connection, most: int) -> list[Upload]:
    """The last ones."""
    rows = connection.execute(
        text(f"SELECT {_COLUMNS} FROM handover_uploads ORDER BY id DESC LIMIT :most"),  # noqa: S608  # our own words
        {"most": most},
    )
    return [Upload(*row) for row in rows]


def lease(connection: Connection, number: int, now: datetime, lease_for: timedelta) -> tuple[Upload, str] | None:
    """Take one that waits, with what it holds; None when it is done or in other hands."""
    row = connection.execute(
        text(
            "UPDATE handover_uploads SET lease_until = :until, tries = tries + 1 "  # noqa: S608  # our own words
            "WHERE id = :id AND state = 'waiting' AND (lease_until IS NULL OR lease_until < :now) "
            f"RETURNING {_COLUMNS}, sealed"
        ),
        {"id": number, "now": now, "until": now + lease_for},
    ).one_or_none()
    return (Upload(*row[:-1]), row[-1]) if row else None


def settle(
    connection: Connection,
    number: int,
    state: str,
    now: datetime,
    *,
    rows: int = 0,
    fresh: int = 0,
    problems: Sequence[dict[str, Any]] = (),
) -> None:
    """What came of it; what it held is forgotten."""
    connection.execute(
        text(
            "UPDATE handover_uploads SET state = :state, rows = :rows, fresh = :fresh, sealed = '', "
            "problems = CAST(:problems AS jsonb), done_at = :now WHERE id = :id"
        ),
        {
            "id": number,
            "state": state,
            "rows": rows,
            "fresh": fresh,
            "problems": json.dumps(list(problems)),
            "now": now,
        },
    )


def left_over(connection: Connection, now: datetime) -> list[int]:
    """Those that wait and that nobody has in hand."""
    rows = connection.execute(
        text(
            "SELECT id FROM handover_uploads WHERE state = 'waiting' AND (lease_until IS NULL OR lease_until < :now) "
            "ORDER BY id"
        ),
        {"now": now},
    )
    return list(rows.scalars())
