"""What was handed over each day in Jakarta and what it costs: kept as a sum, so that nobody adds up the outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Heap:
    """Texts of one day, lane, gateway and currency."""

    day: date
    lane: str
    gateway: str
    currency: str


@dataclass(frozen=True)
class Sums:
    """Texts and, apart, repeats; segments as we count and parts as the gateway does; whole rupiah expected, and the
    gateway's own cost in its currency."""

    texts: int = 0
    repeats: int = 0
    segments: int = 0
    parts: int = 0
    expected: int = 0
    cost: Decimal = Decimal(0)

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.texts + other.texts,
            self.repeats + other.repeats,
            self.segments + other.segments,
            self.parts + other.parts,
            self.expected + other.expected,
            self.cost + other.cost,
        )


def add(connection: Connection, heaps: Mapping[Heap, Sums]) -> None:
    """Add these to what is there."""
    # In one order for everybody: two relays that add at once must not wait for each other in a circle.
    for heap in sorted(heaps, key=lambda heap: (heap.day, heap.lane, heap.gateway, heap.currency)):
        connection.execute(
            text(
                "INSERT INTO sms_days AS kept (day, lane, gateway, currency, texts, repeats, segments, parts, "
                "expected, cost) VALUES (:day, :lane, :gateway, :currency, :texts, :repeats, :segments, :parts, "
                ":expected, :cost) "
                "ON CONFLICT (day, lane, gateway, currency) DO UPDATE SET texts = kept.texts + :texts, "
                "repeats = kept.repeats + :repeats, segments = kept.segments + :segments, "
                "parts = kept.parts + :parts, expected = kept.expected + :expected, cost = kept.cost + :cost"
            ),
            {**heap.__dict__, **heaps[heap].__dict__},
        )


def recount(connection: Connection, day: date, start: datetime, end: datetime, price: int) -> None:
    """Add a day up anew from the outbox; `start` and `end` are its limits in UTC, `price` rupiah a segment.

    Of what may have been sent, too, nobody knows better than that it costs. Only what is missing or too much is
    written, as one more sum: what a relay adds meanwhile stays.
    """
    # Whoever counts at the same time would find the same difference.
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('sms_days', 0))"))
    rows = connection.execute(
        text(
            "SELECT lane, gateway, currency, sum(texts), sum(repeats), sum(segments), sum(parts), sum(expected), "
            "sum(cost) FROM (SELECT lane, gateway, currency, count(*) FILTER (WHERE repeat_of IS NULL) AS texts, "
            "count(repeat_of) AS repeats, sum(segments) AS segments, sum(COALESCE(parts, segments)) AS parts, "
            "sum(segments) * :price AS expected, COALESCE(sum(charged), 0) AS cost "
            "FROM outbox WHERE handed_at >= :start AND handed_at < :end "
            "AND state IN ('sent', 'delivered', 'failed', 'no_report', 'unknown') GROUP BY lane, gateway, currency "
            "UNION ALL SELECT lane, gateway, currency, -texts, -repeats, -segments, -parts, -expected, -cost "
            "FROM sms_days WHERE day = :day) counted_less_kept GROUP BY lane, gateway, currency"
        ),
        {"day": day, "start": start, "end": end, "price": price},
    )
    missing = {Heap(day, *row[:3]): _sums(row[3:]) for row in rows}
    add(connection, {heap: sums for heap, sums in missing.items() if sums != Sums()})
    connection.execute(text("DELETE FROM sms_days WHERE day = :day AND texts = 0 AND repeats = 0"), {"day": day})


def _sums(numbers: Sequence[Decimal]) -> Sums:
    """Five whole numbers and a cost, as the database adds them up."""
    texts, repeats, segments, parts, reckoned = (int(number) for number in numbers[:5])
    return Sums(texts, repeats, segments, parts, reckoned, numbers[5])


def expected(connection: Connection, day: date) -> int:
    """Whole rupiah that the texts of a day are reckoned to cost."""
    return int(
        connection.execute(
            text("SELECT COALESCE(sum(expected), 0) FROM sms_days WHERE day = :day"), {"day": day}
        ).scalar_one()
    )


def keep_once(connection: Connection, key: str, now: datetime) -> bool:
    """Whether this is the first time that somebody comes with this key."""
    done = connection.execute(
        text("INSERT INTO once (key, answer, outcome, at) VALUES (:key, '', '{}', :now) ON CONFLICT DO NOTHING"),
        {"key": key, "now": now},
    )
    return bool(done.rowcount)


def since(connection: Connection, day: date) -> dict[Heap, Sums]:
    """Every heap from that day on, newest day first."""
    rows = connection.execute(
        text("SELECT * FROM sms_days WHERE day >= :day ORDER BY day DESC, lane, gateway, currency"), {"day": day}
    )
    return {
        Heap(row.day, row.lane, row.gateway, row.currency): Sums(
            row.texts, row.repeats, row.segments, row.parts, row.expected, row.cost
        )
        for row in rows
    }
