"""The journal: a stream in Redis on the way in, a table to stay."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from redis import Redis
from sqlalchemy import Connection, text

from ussd_app.storage.dialogues import JOURNAL, MOST_JOURNAL


def put(client: Redis, turn: dict[str, Any]) -> None:
    """Add a turn to the stream that was not taken by a dialogue in Redis."""
    fields = {"turn": json.dumps(turn, separators=(",", ":"))}
    client.xadd(JOURNAL, fields, maxlen=MOST_JOURNAL, approximate=True)  # type: ignore[arg-type]


def waiting(client: Redis, most: int) -> list[tuple[str, str]]:
    """The oldest entries of the stream: the stream's id and the turn as JSON."""
    entries = cast("list[tuple[bytes, dict[bytes, bytes]]]", client.xrange(JOURNAL, count=most))
    return [(entry.decode(), fields[b"turn"].decode()) for entry, fields in entries]


def add(connection: Connection, turns: list[dict[str, Any]]) -> None:
    """Write turns down; those written before are left as they are."""
    connection.execute(
        text(
            "INSERT INTO turns (entry, at, dialogue, transition, menu, version, screen, shown, said, outcome, "
            "language, network, milliseconds, caller) VALUES (:entry, :at, :dialogue, :transition, :menu, :version, "
            ":screen, :shown, :said, :outcome, :language, :network, :milliseconds, :caller) ON CONFLICT DO NOTHING"
        ),
        turns,
    )


def dialogues_of(connection: Connection, callers: Sequence[str]) -> list[str]:
    """The dialogues that were begun by phones with these keyed hashes."""
    rows = connection.execute(
        text("SELECT DISTINCT dialogue FROM turns WHERE caller <> '' AND caller = ANY(:callers)"),
        {"callers": list(callers)},
    )
    return list(rows.scalars())


def beginnings(connection: Connection, dialogue: str) -> list[tuple[str, datetime]]:
    """Who began a dialogue, by the keyed hash of the phone, and when."""
    rows = connection.execute(
        text("SELECT caller, at FROM turns WHERE dialogue = :dialogue AND caller <> ''"), {"dialogue": dialogue}
    )
    return [(row.caller, row.at) for row in rows]


def lengths(connection: Connection, dialogues: Sequence[str]) -> dict[str, tuple[int, str]]:
    """How many screens each of these dialogues had, and the one it was left on."""
    rows = connection.execute(
        text(
            "SELECT dialogue, count(*) AS screens, (array_agg(shown ORDER BY at DESC, transition DESC))[1] AS last "
            "FROM turns WHERE dialogue = ANY(:names) GROUP BY dialogue"
        ),
        {"names": list(dialogues)},
    )
    return {row.dialogue: (int(row.screens), str(row.last)) for row in rows}


def forget_caller(connection: Connection, caller: str) -> None:
    """Nobody can tell any more that these dialogues were this phone's."""
    connection.execute(text("UPDATE turns SET caller = '' WHERE caller <> '' AND caller = :caller"), {"caller": caller})


def remove(client: Redis, entries: list[str]) -> None:
    """Take entries out of the stream once they are written down."""
    client.xdel(JOURNAL, *entries)


def turns_of(connection: Connection, dialogues: Sequence[str]) -> list[dict[str, Any]]:
    """Every turn of these dialogues in the order they were taken.

    A dialogue that began over, because its version was withdrawn, has a number behind its name.
    """
    rows = connection.execute(
        text("SELECT * FROM turns WHERE dialogue = ANY(:names) OR dialogue LIKE ANY(:restarted)"),
        {"names": list(dialogues), "restarted": [f"{name}-%" for name in dialogues if name.isalnum()]},
    )
    turns = [dict(row) for row in rows.mappings()]
    return sorted(turns, key=lambda turn: [int(part) for part in turn["entry"].split("-")])
