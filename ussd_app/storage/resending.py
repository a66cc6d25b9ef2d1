"""Texts that the office has sent once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

# Stands behind the key of the first text, before how often it was sent again.
MARK = ":office:"


@dataclass(frozen=True)
class Text:
    """An SMS as it was written; `pay` is what the simulator offers to pay."""

    key: str
    lane: str
    text: str
    pay: Mapping[str, Any] | None
    message: str
    created_at: datetime


def text_of(connection: Connection, keys: Sequence[str]) -> Text | None:
    """The newest SMS among those with these keys."""
    row = connection.execute(
        text(
            "SELECT key, lane, text, pay, message, created_at FROM outbox WHERE key = ANY(:keys) "
            "ORDER BY created_at DESC, id DESC LIMIT 1"
        ),
        {"keys": list(keys)},
    ).one_or_none()
    return Text(*row) if row else None


def sent_again(connection: Connection, key: str) -> tuple[int, datetime | None]:
    """How often the office has had this text sent again, and when last."""
    row = connection.execute(
        text(
            "SELECT count(*), max(created_at) FROM outbox "
            "WHERE key = ANY(SELECT :key || :mark || n FROM generate_series(1, 50) n)"
        ),
        {"key": key, "mark": MARK},
    ).one()
    return int(row[0]), row[1]
