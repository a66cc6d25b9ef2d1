"""Who wants no texts of a kind: receipts and answers are sent all the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

REMINDERS, EDUCATION, EVERYTHING = "reminders", "education", "all"
# What each lane carries that somebody may have stopped; what is not here is never stopped.
TOPIC_OF_LANE = {"reminders": REMINDERS, "campaigns": EDUCATION}


def stop(
    connection: Connection,
    phone: str,
    topic: str,
    channel: str,
    reference: str,
    now: datetime,
    *,
    reason: str = "",
    until: datetime | None = None,
) -> bool:
    """From now on no texts of this topic go to a number, `until` then or for good; False when that was so already.

    `channel` is ussd, sms, office or gateway, `reference` the session, message or person there.
    """
    done = connection.execute(
        text(
            "INSERT INTO stops (phone, topic, channel, reference, reason, at, until) "
            "VALUES (:phone, :topic, :channel, :reference, :reason, :now, :until) ON CONFLICT DO NOTHING"
        ),
        {
            "phone": phone,
            "topic": topic,
            "channel": channel,
            "reference": reference,
            "reason": reason,
            "now": now,
            "until": until,
        },
    )
    return bool(done.rowcount)


@dataclass(frozen=True)
class Stop:
    """What a number is not sent: since when, through which channel that was said, and until when, if not for good."""

    phone: str
    topic: str
    channel: str
    at: datetime
    until: datetime | None


def standing(connection: Connection, phone: str) -> list[Stop]:
    """What a number is not sent at present."""
    rows = connection.execute(
        text(
            "SELECT phone, topic, channel, at, until FROM stops WHERE phone = :phone AND ended_at IS NULL ORDER BY at"
        ),
        {"phone": phone},
    )
    return [Stop(*row) for row in rows]


def over(connection: Connection, now: datetime, most: int = 500) -> list[Stop]:
    """Pauses whose time has passed."""
    rows = connection.execute(
        text(
            "SELECT phone, topic, channel, at, until FROM stops WHERE until <= :now AND ended_at IS NULL "
            "ORDER BY until LIMIT :most"
        ),
        {"now": now, "most": most},
    )
    return [Stop(*row) for row in rows]


def end_pause(connection: Connection, phone: str, topic: str, now: datetime) -> bool:
    """A pause is over; False when it was ended before, or was made to last longer."""
    done = connection.execute(
        text(
            "UPDATE stops SET ended_at = :now, ended_by = 'pause' WHERE phone = :phone AND topic = :topic "
            "AND until <= :now AND ended_at IS NULL"
        ),
        {"phone": phone, "topic": topic, "now": now},
    )
    return bool(done.rowcount)


def start(connection: Connection, phone: str, topics: Sequence[str], now: datetime, *, by: str) -> int:
    """Texts of these topics may go to a number again; how many had been stopped."""
    done = connection.execute(
        text(
            "UPDATE stops SET ended_at = :now, ended_by = :by WHERE phone = :phone AND topic = ANY(:topics) "
            "AND ended_at IS NULL"
        ),
        {"phone": phone, "topics": list(topics), "by": by, "now": now},
    )
    return done.rowcount


def narrow(connection: Connection, phone: str, topics: Sequence[str], now: datetime, *, by: str) -> bool:
    """Who had stopped everything has stopped only these topics now; False when everything was not stopped."""
    found = connection.execute(
        text(
            "UPDATE stops SET ended_at = :now, ended_by = :by WHERE phone = :phone AND topic = 'all' "
            "AND ended_at IS NULL RETURNING channel, reference, reason, until"
        ),
        {"phone": phone, "now": now, "by": by},
    ).one_or_none()
    if found is None:
        return False
    for topic in topics:
        stop(connection, phone, topic, found.channel, found.reference, now, reason=found.reason, until=found.until)
    return True


def stopped_by(connection: Connection, phones: Sequence[str], topic: str) -> set[str]:
    """Which of these numbers want no texts of a topic."""
    rows = connection.execute(
        text("SELECT phone FROM stops WHERE phone = ANY(:phones) AND topic IN (:topic, 'all') AND ended_at IS NULL"),
        {"phones": list(phones), "topic": topic},
    )
    return set(rows.scalars())
