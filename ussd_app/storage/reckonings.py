"""Figures about many people that a job works out and that are kept: asked for, how far they are, what was found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

# Begun more often than this without an end, it is given up; who asks once more begins anew.
MOST_TRIES = 3


@dataclass(frozen=True)
class Reckoning:
    """One figure or table of figures: `found` is the newest, of `found_at` (UTC); None before there is any.

    `state` is waiting, running, done or failed (`why`); `part` of `whole` is how far the one under way is, `work` what
    it goes on from.
    """

    id: int
    kind: str
    about: str
    state: str
    part: int
    whole: int
    tries: int
    why: str
    work: Mapping[str, Any] | None
    found: Mapping[str, Any] | None
    asked_at: datetime
    found_at: datetime | None

    @property
    def under_way(self) -> bool:
        """Whether something newer is being worked out."""
        return self.state in ("waiting", "running")


_COLUMNS = "id, kind, about, state, part, whole, tries, why, work, found, asked_at, found_at"


def ask(connection: Connection, kind: str, about: str, now: datetime) -> int | None:
    """Have it worked out anew; its id, or None while that is under way already."""
    return connection.execute(
        text(
            "INSERT INTO reckonings (kind, about, state, asked_at, beat_at) VALUES (:kind, :about, 'waiting', :now, "
            ":now) ON CONFLICT (kind, about) DO UPDATE SET state = 'waiting', part = 0, whole = 0, tries = 0, "
            "why = '', work = NULL, asked_at = :now, beat_at = :now "
            "WHERE reckonings.state IN ('done', 'failed') RETURNING id"
        ),
        {"kind": kind, "about": about, "now": now},
    ).scalar_one_or_none()


def about(connection: Connection, kind: str, things: list[str]) -> dict[str, Reckoning]:
    """What is known of these things, by thing; one that nobody has asked for is left out."""
    rows = connection.execute(
        text(f"SELECT {_COLUMNS} FROM reckonings WHERE kind = :kind AND about = ANY(:about)"),  # noqa: S608
        {"kind": kind, "about": things},
    )
    return {row.about: Reckoning(*row) for row in rows}


def take(connection: Connection, number: int, now: datetime, silent_since: datetime) -> Reckoning | None:
    """Begin or go on with one that waits, or that nobody has worked on since a moment; None when there is none."""
    row = connection.execute(
        text(
            "UPDATE reckonings SET state = 'running', beat_at = :now, "  # noqa: S608  # our own words
            "tries = tries + CAST(state = 'running' AS integer) WHERE id = :id "
            f"AND (state = 'waiting' OR (state = 'running' AND beat_at < :since)) RETURNING {_COLUMNS}"
        ),
        {"id": number, "now": now, "since": silent_since},
    ).one_or_none()
    return Reckoning(*row) if row else None


def beat(
    connection: Connection, number: int, part: int, whole: int, work: Mapping[str, Any], now: datetime, state: str
) -> None:
    """Tell how far it is, and what whoever goes on needs to know; `state` is running, or waiting for the next job."""
    connection.execute(
        text(
            "UPDATE reckonings SET part = :part, whole = :whole, work = CAST(:work AS jsonb), beat_at = :now, "
            "state = :state WHERE id = :id AND state = 'running'"
        ),
        {"id": number, "part": part, "whole": whole, "work": json.dumps(work), "now": now, "state": state},
    )


def finish(connection: Connection, number: int, found: Mapping[str, Any], now: datetime) -> None:
    """Keep what was found, in place of what there was."""
    connection.execute(
        text(
            "UPDATE reckonings SET state = 'done', found = CAST(:found AS jsonb), found_at = :now, work = NULL "
            "WHERE id = :id"
        ),
        {"id": number, "found": json.dumps(found), "now": now},
    )


def fail(connection: Connection, number: int, why: str) -> None:
    """It cannot be worked out, and why; what was found before stays."""
    connection.execute(
        text("UPDATE reckonings SET state = 'failed', why = :why, work = NULL WHERE id = :id"),
        {"id": number, "why": why},
    )


def left_over(connection: Connection, silent_since: datetime) -> list[int]:
    """Those that wait or stand still since a moment."""
    rows = connection.execute(
        text("SELECT id FROM reckonings WHERE state IN ('waiting', 'running') AND beat_at < :since ORDER BY id"),
        {"since": silent_since},
    )
    return [row.id for row in rows]
