"""Proofs of drafts: one for the same contents, its progress while it is made, and what it found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class MenuProof:
    """A proof: waiting, running (so many states `walked`), proved or faulty; `found` is what the walk gave.

    `tries` counts how often it was begun.
    """

    id: int
    digest: str
    draft_id: int
    revision: int
    state: str
    walked: int
    tries: int
    found: Mapping[str, Any] | None
    asked_at: datetime
    beat_at: datetime


# Begun more often than this without an end, a proof is given up; who asks once more begins anew.
MOST_TRIES = 3

_COLUMNS = "id, digest, draft_id, revision, state, walked, tries, found, asked_at, beat_at"


def ask(connection: Connection, digest: str, draft_id: int, revision: int, now: datetime) -> MenuProof:
    """The proof of these contents, asked for now unless somebody has before and it was not given up."""
    connection.execute(
        text(
            "INSERT INTO menu_proofs (digest, draft_id, revision, state, asked_at, beat_at) "
            "VALUES (:digest, :draft, :revision, 'waiting', :now, :now) ON CONFLICT (digest) DO UPDATE "
            "SET state = 'waiting', tries = 0, found = NULL, beat_at = :now "
            "WHERE menu_proofs.state = 'faulty' AND menu_proofs.tries > :most"
        ),
        {"digest": digest, "draft": draft_id, "revision": revision, "now": now, "most": MOST_TRIES},
    )
    found = by_digest(connection, digest)
    assert found is not None
    return found


def by_digest(connection: Connection, digest: str) -> MenuProof | None:
    """The proof of these contents, if it was ever asked for."""
    row = connection.execute(
        text(f"SELECT {_COLUMNS} FROM menu_proofs WHERE digest = :digest"),  # noqa: S608
        {"digest": digest},
    ).one_or_none()
    return MenuProof(*row) if row else None


def take(connection: Connection, proof_id: int, now: datetime, silent_since: datetime) -> MenuProof | None:
    """Begin a proof that waits, or that nobody has worked on since a moment; None when there is nothing to do."""
    row = connection.execute(
        text(
            "UPDATE menu_proofs SET state = 'running', walked = 0, tries = tries + 1, beat_at = :now WHERE id = :id "  # noqa: S608
            f"AND (state = 'waiting' OR (state = 'running' AND beat_at < :since)) RETURNING {_COLUMNS}"
        ),
        {"id": proof_id, "now": now, "since": silent_since},
    ).one_or_none()
    return MenuProof(*row) if row else None


def beat(connection: Connection, proof_id: int, walked: int, now: datetime) -> None:
    """Tell how far a proof has come."""
    connection.execute(
        text("UPDATE menu_proofs SET walked = :walked, beat_at = :now WHERE id = :id AND state = 'running'"),
        {"id": proof_id, "walked": walked, "now": now},
    )


def finish(connection: Connection, proof_id: int, state: str, found: Mapping[str, Any], now: datetime) -> None:
    """Write down what a proof gave."""
    connection.execute(
        text("UPDATE menu_proofs SET state = :state, found = CAST(:found AS jsonb), done_at = :now WHERE id = :id"),
        {"id": proof_id, "state": state, "found": json.dumps(found), "now": now},
    )


def left_over(connection: Connection, silent_since: datetime) -> list[int]:
    """Proofs that wait or stand still since a moment."""
    rows = connection.execute(
        text("SELECT id FROM menu_proofs WHERE state IN ('waiting', 'running') AND beat_at < :since ORDER BY id"),
        {"since": silent_since},
    )
    return [row.id for row in rows]


def usual_states(connection: Connection, name: str) -> int | None:
    """How many states the last finished proof of this document had: what progress is measured by."""
    found = connection.execute(
        text(
            "SELECT (p.found->>'states')::integer FROM menu_proofs p JOIN drafts d ON d.id = p.draft_id "
            "WHERE d.name = :name AND p.found ? 'states' ORDER BY p.id DESC LIMIT 1"
        ),
        {"name": name},
    ).scalar_one_or_none()
    return int(found) if found else None
