"""What is to be published when, what was published by whom from which draft, and what could not be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Release:
    """A draft on its way out: planned, published (as `version`), refused (`why`) or cancelled.

    `authors` are those who edited it, `by` whoever publishes it, `due_at` when.
    """

    id: int
    name: str
    draft_id: int
    revision: int
    state: str
    comment: str
    authors: Sequence[str]
    by: str
    due_at: datetime
    made_at: datetime
    done_at: datetime | None
    version: int | None
    why: str
    seen_by: str | None


_COLUMNS = (
    "id, name, draft_id, revision, state, comment, authors, by_whom, due_at, made_at, done_at, version, why, seen_by"
)


def plan(
    connection: Connection,
    *,
    name: str,
    draft_id: int,
    revision: int,
    comment: str,
    authors: Sequence[str],
    by: str,
    due_at: datetime,
    now: datetime,
) -> int | None:
    """Write down that a draft is to be published; its number, None when that draft is planned already."""
    found = connection.execute(
        text(
            "INSERT INTO releases (name, draft_id, revision, state, comment, authors, by_whom, due_at, made_at) "
            "VALUES (:name, :draft, :revision, 'planned', :comment, CAST(:authors AS jsonb), :by, :due, :now) "
            "ON CONFLICT (draft_id) WHERE state = 'planned' DO NOTHING RETURNING id"
        ),
        {
            "name": name,
            "draft": draft_id,
            "revision": revision,
            "comment": comment,
            "authors": json.dumps(list(authors)),
            "by": by,
            "due": due_at,
            "now": now,
        },
    ).scalar_one_or_none()
    return None if found is None else int(found)


def lock(connection: Connection, release_id: int) -> Release | None:
    """A planned release, which nobody else decides about before the transaction ends."""
    return _one(connection, "id = :id AND state = 'planned' FOR UPDATE", id=release_id)


def by_id(connection: Connection, release_id: int) -> Release | None:
    """One release."""
    return _one(connection, "id = :id", id=release_id)


def due(connection: Connection, now: datetime) -> list[int]:
    """Releases whose time has come, the earliest first."""
    rows = connection.execute(
        text("SELECT id FROM releases WHERE state = 'planned' AND due_at <= :now ORDER BY due_at, id"), {"now": now}
    )
    return [row.id for row in rows]


def finish(
    connection: Connection, release_id: int, state: str, now: datetime, *, version: int | None = None, why: str = ""
) -> None:
    """Write down what became of a release."""
    connection.execute(
        text("UPDATE releases SET state = :state, done_at = :now, version = :version, why = :why WHERE id = :id"),
        {"id": release_id, "state": state, "now": now, "version": version, "why": why[:4000]},
    )


def planned_of(connection: Connection, draft_id: int) -> Release | None:
    """When and by whom a draft is to be published."""
    return _one(connection, "draft_id = :id AND state = 'planned'", id=draft_id)


def planned(connection: Connection) -> list[Release]:
    """Everything that is to be published, the earliest first."""
    return _all(connection, "state = 'planned' ORDER BY due_at, id")


def refused(connection: Connection) -> list[Release]:
    """What could not be published at its time, and nobody has looked at since."""
    return _all(connection, "state = 'refused' AND seen_by IS NULL ORDER BY id")


def published(connection: Connection, name: str, versions: Sequence[int]) -> dict[int, Release]:
    """The releases of a document that made these versions, by the version."""
    rows = _all(connection, "name = :name AND version = ANY(:versions) ORDER BY id", name=name, versions=list(versions))
    return {int(row.version or 0): row for row in rows}


def see(connection: Connection, release_id: int, who: str) -> None:
    """Somebody has looked at why a release was refused."""
    connection.execute(
        text("UPDATE releases SET seen_by = :who WHERE id = :id AND state = 'refused'"), {"id": release_id, "who": who}
    )


def _one(connection: Connection, where: str, **values: object) -> Release | None:
    found = _all(connection, where, **values)
    return found[0] if found else None


def _all(connection: Connection, where: str, **values: object) -> list[Release]:
    rows = connection.execute(text(f"SELECT {_COLUMNS} FROM releases WHERE {where}"), values)  # noqa: S608
    return [Release(*row) for row in rows]
