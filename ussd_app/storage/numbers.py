"""How numbers have fared: final failures in a row, and since when each counts as dead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, text

# What is left for the office: somebody is to find out where this person can be reached.
FOLLOW_UP = "number_fails"


def reached(connection: Connection, phones: Sequence[str], now: datetime) -> None:
    """A text has arrived at these numbers: what failed before does not count any more."""
    connection.execute(
        text("UPDATE numbers SET failures = 0, dead_at = NULL, delivered_at = :now WHERE phone = ANY(:phones)"),
        {"phones": list(phones), "now": now},
    )


def failed(connection: Connection, failures: Mapping[str, int], now: datetime) -> None:
    """So many more texts in a row have finally failed at each of these numbers."""
    phones = sorted(failures)
    connection.execute(
        text(
            "INSERT INTO numbers (phone, failures, failed_at) SELECT phone, failures, :now "
            "FROM unnest(CAST(:phones AS text[]), CAST(:failures AS integer[])) AS t (phone, failures) "
            "ON CONFLICT (phone) DO UPDATE SET failures = numbers.failures + excluded.failures, failed_at = :now"
        ),
        {"phones": phones, "failures": [failures[phone] for phone in phones], "now": now},
    )


def bury(connection: Connection, phones: Sequence[str], failures: int, now: datetime) -> list[str]:
    """Those of these numbers that have failed so often in a row count as dead from now on."""
    rows = connection.execute(
        text(
            "UPDATE numbers SET dead_at = :now WHERE phone = ANY(:phones) AND dead_at IS NULL "
            "AND failures >= :failures RETURNING phone"
        ),
        {"phones": list(phones), "failures": failures, "now": now},
    )
    return list(rows.scalars())


def dead_among(connection: Connection, phones: Sequence[str]) -> set[str]:
    """Which of these numbers count as dead."""
    rows = connection.execute(
        text("SELECT phone FROM numbers WHERE phone = ANY(:phones) AND dead_at IS NOT NULL"), {"phones": list(phones)}
    )
    return set(rows.scalars())


def leave_for_a_call(connection: Connection, phones: Sequence[str], now: datetime) -> None:
    """The office is asked to find each member on these numbers, once as long as nobody has looked."""
    connection.execute(
        text(
            "INSERT INTO follow_ups (kind, phone, detail, created_at) "
            "SELECT :kind, m.phone, 'member ' || m.id, :now FROM members m WHERE m.phone = ANY(:phones) "
            "AND m.state = 'here' AND NOT EXISTS (SELECT 1 FROM follow_ups f WHERE f.kind = :kind "
            "AND f.phone = m.phone AND f.detail = 'member ' || m.id AND f.done_at IS NULL) ORDER BY m.id"
        ),
        {"kind": FOLLOW_UP, "phones": list(phones), "now": now},
    )


def count_dead(connection: Connection) -> int:
    """How many numbers count as dead."""
    return int(connection.execute(text("SELECT count(*) FROM numbers WHERE dead_at IS NOT NULL")).scalar_one())
