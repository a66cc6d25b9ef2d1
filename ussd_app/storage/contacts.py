"""People who have asked for texts about the programme and are no members yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Asked:
    """In what words somebody asked for the texts, and where: the session or message there."""

    text_version: str
    text: str
    channel: str
    reference: str


@dataclass(frozen=True)
class Contact:
    """Somebody who is due the next text; `step` counts those they have had since they asked (`begun_at`, UTC)."""

    phone: str
    language: str
    round: int
    step: int
    begun_at: datetime


def begin(connection: Connection, phone: str, language: str, asked: Asked, now: datetime, next_at: datetime) -> bool:
    """Somebody asks for the texts, for the first time or again; False while they are still getting them."""
    done = connection.execute(
        text(
            "INSERT INTO contacts AS c (phone, language, text_version, text, channel, reference, begun_at, next_at) "
            "VALUES (:phone, :language, :text_version, :text, :channel, :reference, :now, :next) "
            "ON CONFLICT (phone) DO UPDATE SET language = excluded.language, round = c.round + 1, step = 0, "
            "text_version = excluded.text_version, text = excluded.text, channel = excluded.channel, "
            "reference = excluded.reference, begun_at = excluded.begun_at, next_at = excluded.next_at, "
            "ended = NULL, ended_at = NULL WHERE c.next_at IS NULL"
        ),
        {**asked.__dict__, "phone": phone, "language": language, "now": now, "next": next_at},
    )
    return bool(done.rowcount)


def due(connection: Connection, now: datetime, most: int) -> list[Contact]:
    """Who is to get their next text, longest waiting first; their rows are locked, and who is locked is passed over."""
    rows = connection.execute(
        text(
            "SELECT phone, language, round, step, begun_at FROM contacts WHERE next_at <= :now "
            "ORDER BY next_at, phone LIMIT :most FOR UPDATE SKIP LOCKED"
        ),
        {"now": now, "most": most},
    )
    return [Contact(*row) for row in rows]


def registered_among(connection: Connection, phones: Sequence[str]) -> set[str]:
    """Which of these numbers a member uses today."""
    rows = connection.execute(
        text("SELECT DISTINCT phone FROM members WHERE phone = ANY(:phones) AND state = 'here'"),
        {"phones": list(phones)},
    )
    return set(rows.scalars())


@dataclass(frozen=True)
class After:
    """How somebody stands after their turn: with so many texts had, and the next one due at `next_at` (UTC).

    Or with no more texts, because they `ended`: all were sent (`done`), they are a member now (`registered`), or want
    none (`stopped`).
    """

    phone: str
    step: int
    next_at: datetime | None = None
    ended: str | None = None


def keep(connection: Connection, after: Sequence[After], now: datetime) -> None:
    """Write down how these people stand after their turn."""
    connection.execute(
        text(
            "UPDATE contacts SET step = t.step, next_at = t.next_at, ended = t.ended, "
            "ended_at = CASE WHEN t.ended IS NOT NULL THEN CAST(:now AS timestamptz) END "
            "FROM unnest(CAST(:phones AS text[]), CAST(:steps AS integer[]), CAST(:next_at AS timestamptz[]), "
            "CAST(:ended AS text[])) AS t (phone, step, next_at, ended) WHERE contacts.phone = t.phone"
        ),
        {
            "phones": [one.phone for one in after],
            "steps": [one.step for one in after],
            "next_at": [one.next_at for one in after],
            "ended": [one.ended for one in after],
            "now": now,
        },
    )
