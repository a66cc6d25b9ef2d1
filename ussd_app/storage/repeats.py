"""The one repeat of a text of which nobody can tell whether it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Unknown:
    """A text that may have been sent."""

    id: int
    text: str


@dataclass(frozen=True)
class Repeat:
    """The words in which the text with the number `first` is sent again, and the segments they take."""

    first: int
    text: str
    segments: int


# The key of a text about a pay code ends with the code's number (services/billing): one that has been paid, or has
# expired, is not asked for again.
_STILL_TO_PAY = (
    "(o.lane <> 'codes' OR EXISTS (SELECT 1 FROM pay_codes p WHERE p.state = 'open' AND p.expires_at > :now "
    "AND p.id = CAST(substring(o.key FROM '^[a-z_]+:([0-9]{1,18})$') AS bigint)))"
)


def lock_unknown(connection: Connection, after: datetime, before: datetime, now: datetime, most: int) -> list[Unknown]:
    """Texts handed over between two moments that allow a repeat, have none, and are still unknown.

    One that was emptied, because somebody asked for their data to be erased, has nothing to say any more.
    """
    rows = connection.execute(
        text(
            "SELECT o.id, o.text FROM outbox o WHERE o.state = 'unknown' AND o.repeats AND o.text <> '' "  # noqa: S608  # our own words
            "AND o.handed_at > :after AND o.handed_at <= :before AND (o.send_by IS NULL OR o.send_by > :now) "
            "AND NOT EXISTS (SELECT 1 FROM outbox again WHERE again.repeat_of = o.id) "
            f"AND {_STILL_TO_PAY} ORDER BY o.handed_at LIMIT :most FOR UPDATE OF o SKIP LOCKED"
        ),
        {"after": after, "before": before, "now": now, "most": most},
    )
    return [Unknown(*row) for row in rows]


def add(connection: Connection, repeats: Sequence[Repeat], mark: str, now: datetime) -> int:
    """Write repeats down to be sent at once, each under the first text's key with `mark` behind it; how many.

    A repeat has none of its own, and a text has one at most, whoever else is writing it at this moment.
    """
    done = connection.execute(
        text(
            "INSERT INTO outbox (key, lane, phone, text, segments, pay, message, send_by, repeat_of, state, due_at, "
            "created_at) SELECT o.key || :mark, o.lane, o.phone, t.text, t.segments, o.pay, o.message, o.send_by, "
            "o.id, 'waiting', :now, :now FROM unnest(CAST(:ids AS bigint[]), CAST(:texts AS text[]), "
            "CAST(:segments AS integer[])) AS t (id, text, segments) JOIN outbox o ON o.id = t.id "
            "ON CONFLICT DO NOTHING"
        ),
        {
            "ids": [repeat.first for repeat in repeats],
            "texts": [repeat.text for repeat in repeats],
            "segments": [repeat.segments for repeat in repeats],
            "mark": mark,
            "now": now,
        },
    )
    return done.rowcount


def count(connection: Connection) -> int:
    """How many texts were, or may have been, sent a second time: not those that wait, or were stopped before."""
    query = (
        "SELECT count(*) FROM outbox WHERE repeat_of IS NOT NULL "
        "AND state IN ('sent', 'delivered', 'failed', 'no_report', 'unknown')"
    )
    return int(connection.execute(text(query)).scalar_one())
