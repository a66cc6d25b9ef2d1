"""The log of what people of the office did. Only ever added to: the database refuses a change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Entry:
    """Something that somebody did: `what` names the thing, `before` and `after` how it was and is."""

    id: int
    at: datetime
    by: str
    kind: str
    what: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    address: str


def add(
    connection: Connection,
    *,
    now: datetime,
    by: str,
    kind: str,
    what: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    address: str,
) -> None:
    """Write an entry, in the transaction of what it tells of."""
    connection.execute(
        text(
            "INSERT INTO audit_log (at, by_whom, kind, what, before, after, address) "
            "VALUES (:now, :by, :kind, :what, CAST(:before AS jsonb), CAST(:after AS jsonb), :address)"
        ),
        {
            "now": now,
            "by": by,
            "kind": kind,
            "what": what,
            "before": None if before is None else json.dumps(before, default=str),
            "after": None if after is None else json.dumps(after, default=str),
            "address": address,
        },
    )


def page(connection: Connection, *, by: str, kind: str, before_id: int | None, most: int) -> list[Entry]:
    """Entries, the newest first, older than `before_id`; of one person or of one kind where these are given."""
    rows = connection.execute(
        text(
            "SELECT id, at, by_whom, kind, what, before, after, address FROM audit_log "
            "WHERE (:by = '' OR by_whom = :by) AND (:kind = '' OR kind = :kind) "
            "AND (CAST(:before AS bigint) IS NULL OR id < :before) ORDER BY id DESC LIMIT :most"
        ),
        {"by": by, "kind": kind, "before": before_id, "most": most},
    )
    return [Entry(*row) for row in rows]
