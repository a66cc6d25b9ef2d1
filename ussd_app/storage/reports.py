"""Delivery reports, kept as they came, and the texts that they speak of.

A report names its text by the gateway's id. It may come before that id is written down, or about a text whose id we
never learned: it is parked then and tried again, less and less often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

FIRST_PAUSE = timedelta(seconds=10)
# A parked report waits for a quarter of its age: 45 tries in three days, none of them late by more than that.
_NEXT_TRY = "CAST(:now AS timestamptz) + greatest(CAST(:pause AS interval), (:now - received_at) / 4)"


@dataclass(frozen=True)
class Report:
    """What the gateway said of one text, in its own words."""

    id: int
    message_id: str
    status: str
    reason: str
    phone: str


@dataclass(frozen=True)
class Verdict:
    """What a final report says: the state it brings its text to, and why."""

    report: int
    state: str
    reason: str


@dataclass(frozen=True)
class Settled:
    """A text that a report has brought to its final state."""

    report: int
    phone: str


def keep(connection: Connection, digest: str, report: Mapping[str, object], now: datetime) -> bool:
    """Keep a delivery report; False for one kept before."""
    added = connection.execute(
        text(
            "INSERT INTO delivery_reports (digest, message_id, status, reason, phone, network_code, received_at) "
            "VALUES (:digest, :message_id, :status, :reason, :phone, :network_code, :now) ON CONFLICT DO NOTHING"
        ),
        {**report, "digest": digest, "now": now},
    )
    return bool(added.rowcount)


def lock_waiting(connection: Connection, most: int) -> list[Report]:
    """Reports that nobody has looked at, oldest first; another matcher passes over them."""
    rows = connection.execute(
        text(
            "SELECT id, message_id, status, reason, phone FROM delivery_reports WHERE state = 'waiting' "
            "ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED"
        ),
        {"most": most},
    )
    return [Report(*row) for row in rows]


def lock_parked(connection: Connection, now: datetime, most: int) -> list[Report]:
    """Parked reports that are to be tried again."""
    rows = connection.execute(
        text(
            "SELECT id, message_id, status, reason, phone FROM delivery_reports WHERE state = 'parked' "
            "AND next_try_at <= :now ORDER BY next_try_at LIMIT :most FOR UPDATE SKIP LOCKED"
        ),
        {"now": now, "most": most},
    )
    return sorted((Report(*row) for row in rows), key=lambda report: report.id)


def match(connection: Connection, reports: Sequence[int]) -> set[int]:
    """Write down which of these reports name a text of ours by its id; gives those that do."""
    rows = connection.execute(
        text(
            "UPDATE delivery_reports r SET state = 'matched', outbox_id = o.id FROM outbox o "
            "WHERE r.id = ANY(:reports) AND o.message_id = r.message_id RETURNING r.id"
        ),
        {"reports": list(reports)},
    )
    return set(rows.scalars())


def settle_matched(connection: Connection, verdicts: Sequence[Verdict], now: datetime) -> list[Settled]:
    """Bring the texts that matched reports speak of to their final state; of several reports the first one counts.

    A text that has a final state keeps it. "No report" is none: a report has come after all.
    """
    rows = connection.execute(
        text(
            "UPDATE outbox o SET state = said.state, reason = said.reason, lease_until = NULL, "
            "sent_at = coalesce(o.sent_at, o.handed_at, :now) FROM (SELECT DISTINCT ON (r.outbox_id) r.outbox_id, "
            "v.report, v.state, v.reason FROM unnest(CAST(:reports AS bigint[]), CAST(:states AS text[]), "
            "CAST(:reasons AS text[])) AS v (report, state, reason) JOIN delivery_reports r ON r.id = v.report "
            "ORDER BY r.outbox_id, v.report) said WHERE o.id = said.outbox_id "
            "AND o.state IN ('handing_over', 'unknown', 'sent', 'no_report') RETURNING said.report, o.phone"
        ),
        {**_columns(verdicts), "now": now},
    )
    return [Settled(*row) for row in rows]


# A text of which we never learned the id, handed over before the report came and not too long before. One that is
# being handed over at this moment is a candidate as well: its own id may be on its way.
_CANDIDATES = (
    "SELECT r.id AS report, r.message_id, o.id AS outbox_id, o.handed_at, count(*) OVER (PARTITION BY r.id) AS texts "
    "FROM delivery_reports r JOIN outbox o ON o.phone = r.phone AND o.message_id IS NULL "
    "AND o.state IN ('handing_over', 'unknown') AND o.handed_at <= r.received_at "
    "AND o.handed_at > r.received_at - CAST(:window AS interval) WHERE r.id = ANY(:reports)"
)
# Another report of nobody's text, about the same number, may be the one that speaks of it.
_RIVAL = (
    "SELECT 1 FROM delivery_reports other JOIN delivery_reports mine ON mine.id = c.report "
    "WHERE other.phone = mine.phone AND other.message_id <> mine.message_id AND other.outbox_id IS NULL "
    "AND other.received_at >= c.handed_at "
    "AND NOT EXISTS (SELECT 1 FROM outbox known WHERE known.message_id = other.message_id)"
)


def settle_by_number_and_time(
    connection: Connection, verdicts: Sequence[Verdict], now: datetime, window: timedelta
) -> list[Settled]:
    """Settle texts without an id of which number and time say that these reports can speak of no other.

    Where two texts, or the reports of two texts, come into question, nothing is settled: a wrong "delivered" would
    keep somebody's receipt from being repeated.
    """
    rows = connection.execute(
        text(
            "WITH one AS (SELECT DISTINCT ON (c.outbox_id) c.*, v.state, v.reason "  # noqa: S608  # our own words
            f"FROM ({_CANDIDATES}) c JOIN unnest(CAST(:reports AS bigint[]), CAST(:states AS text[]), "
            "CAST(:reasons AS text[])) AS v (report, state, reason) USING (report) "
            f"WHERE c.texts = 1 AND NOT EXISTS ({_RIVAL}) ORDER BY c.outbox_id, c.report), "
            "settled AS (UPDATE outbox o SET state = one.state, reason = one.reason, message_id = one.message_id, "
            "sent_at = o.handed_at, lease_until = NULL FROM one WHERE o.id = one.outbox_id "
            "AND (o.state = 'unknown' OR (o.state = 'handing_over' AND o.lease_until < :now)) "
            "RETURNING one.report, o.id, o.phone) "
            "UPDATE delivery_reports r SET state = 'matched', outbox_id = settled.id FROM settled "
            "WHERE r.id = settled.report RETURNING r.id, settled.phone"
        ),
        {**_columns(verdicts), "now": now, "window": window},
    )
    return [Settled(*row) for row in rows]


def _columns(verdicts: Sequence[Verdict]) -> dict[str, list[object]]:
    return {
        "reports": [verdict.report for verdict in verdicts],
        "states": [verdict.state for verdict in verdicts],
        "reasons": [verdict.reason for verdict in verdicts],
    }


def note(connection: Connection, reports: Sequence[int]) -> None:
    """These change nothing, whatever they speak of."""
    connection.execute(
        text("UPDATE delivery_reports SET state = 'noted' WHERE id = ANY(:reports)"), {"reports": list(reports)}
    )


def park(connection: Connection, reports: Sequence[int], now: datetime) -> None:
    """These speak of no text that we know, yet: they are tried again later."""
    connection.execute(
        text(
            f"UPDATE delivery_reports SET state = 'parked', next_try_at = {_NEXT_TRY} "  # noqa: S608  # our own words
            "WHERE id = ANY(:reports)"
        ),
        {"reports": list(reports), "now": now, "pause": FIRST_PAUSE},
    )


def give_up(connection: Connection, before: datetime) -> int:
    """Parked reports that came before this moment speak of no text of ours; how many."""
    done = connection.execute(
        text("UPDATE delivery_reports SET state = 'given_up' WHERE state = 'parked' AND received_at < :before"),
        {"before": before},
    )
    return done.rowcount


def without_report(connection: Connection, before: datetime, most: int) -> int:
    """Texts sent before this moment of which no report came: "no report"; how many, `most` at a time."""
    done = connection.execute(
        text(
            "UPDATE outbox SET state = 'no_report' WHERE id IN (SELECT id FROM outbox WHERE state = 'sent' "
            "AND sent_at < :before ORDER BY sent_at LIMIT :most FOR UPDATE SKIP LOCKED)"
        ),
        {"before": before, "most": most},
    )
    return done.rowcount


def states(connection: Connection) -> dict[str, int]:
    """How many reports wait for a look or for their text, for operators."""
    rows = connection.execute(
        text(
            "SELECT state, count(*) AS number FROM delivery_reports WHERE state IN ('waiting', 'parked') GROUP BY state"
        )
    )
    return {row.state: row.number for row in rows}
