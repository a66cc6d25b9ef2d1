"""Who wants no texts of a kind: receipts and answers are sent all the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

REMINDERS, EDUCATION, EVERYTHING = "reminders", "education", "all"
# What each lane carries that somebody may have stopped; what is not here is never stopped.
TOPIC_OF_LANE = {"reminders": REMINDERS, "campaigns": EDUCATION}


def stop(
    connection: Connection, phone: str, topic: str, channel: str, reference: str, now: datetime, *, reason: str = ""
) -> bool:
    """From now on no texts of this topic go to a number; False when that was so already.

    `channel` is ussd, sms, office or gateway, `reference` the session, message or person there.
    """
    done = connection.execute(
        text(
            "INSERT INTO stops (phone, topic, channel, reference, reason, at) "
            "VALUES (:phone, :topic, :channel, :reference, :reason, :now) ON CONFLICT DO NOTHING"
        ),
        {"phone": phone, "topic": topic, "channel": channel, "reference": reference, "reason": reason, "now": now},
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
            "AND ended_at IS NULL RETURNING channel, reference, reason"
        ),
        {"phone": phone, "now": now, "by": by},
    ).one_or_none()
    if found is None:
        return False
    for topic in topics:
        stop(connection, phone, topic, found.channel, found.reference, now, reason=found.reason)
    return True


def stopped_by(connection: Connection, phones: Sequence[str], topic: str) -> set[str]:
    """Which of these numbers want no texts of a topic."""
    rows = connection.execute(
        text("SELECT phone FROM stops WHERE phone = ANY(:phones) AND topic IN (:topic, 'all') AND ended_at IS NULL"),
        {"phones": list(phones), "topic": topic},
    )
    return set(rows.scalars())
