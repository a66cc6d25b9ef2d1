"""What callers did, turn by turn, moves from the Redis stream into the database, off the callback's path."""

from __future__ import annotations

import json

from ussd_app.runtime import Runtime
from ussd_app.storage import journal

BATCH = 500


def write(rt: Runtime) -> int:
    """Write every waiting turn into the database; how many there were.

    A batch is removed from the stream only after its commit, and its rows carry the stream's ids: a crash
    between the two writes the same rows again, to no effect.
    """
    written = 0
    while True:
        entries = journal.waiting(rt.redis, BATCH)
        if not entries:
            return written
        # A turn that waits from before an upgrade does not say whose dialogue it begins.
        turns = [{"caller": "", **_storable(json.loads(turn)), "entry": entry} for entry, turn in entries]
        with rt.db.begin() as connection:
            journal.add(connection, turns)
        journal.remove(rt.redis, [entry for entry, _ in entries])
        written += len(entries)


def _storable(turn: dict[str, object]) -> dict[str, object]:
    """PostgreSQL keeps no NUL character: one typed by a joker would stop the journal for good."""
    return {name: value.replace("\0", "") if isinstance(value, str) else value for name, value in turn.items()}
