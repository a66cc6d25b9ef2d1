"""What the messaging gateway posts to us, kept as it came, personal parts encrypted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text


def add_inbound(connection: Connection, sms: Mapping[str, object], now: datetime) -> int | None:
    """Keep an SMS that somebody sent to us, its text encrypted; its row, or None for one kept before."""
    return connection.execute(
        text(
            "INSERT INTO inbound_sms (message_id, phone, to_number, text, sent_at, received_at) "
            "VALUES (:message_id, :phone, :to_number, :text, :sent_at, :now) ON CONFLICT DO NOTHING RETURNING id"
        ),
        {**sms, "now": now},
    ).scalar_one_or_none()


@dataclass(frozen=True)
class Inbound:
    """An SMS to be answered; its text is encrypted. `attempts` counts how often somebody has begun to."""

    message_id: str
    phone: str
    text: str
    attempts: int


def lease_inbound(connection: Connection, sms_id: int, now: datetime, until: datetime) -> Inbound | None:
    """Take an SMS that waits for an answer; None when it has one, or is in other hands until then."""
    row = connection.execute(
        text(
            "UPDATE inbound_sms SET lease_until = :until, attempts = attempts + 1 WHERE id = :id "
            "AND state = 'waiting' AND (lease_until IS NULL OR lease_until < :now) "
            "RETURNING message_id, phone, text, attempts"
        ),
        {"id": sms_id, "now": now, "until": until},
    ).one_or_none()
    return Inbound(*row) if row else None


def settle_inbound(connection: Connection, sms_id: int, now: datetime, state: str = "done") -> bool:
    """The SMS is dealt with by this transaction, or given up; False when another one has done it."""
    done = connection.execute(
        text("UPDATE inbound_sms SET state = :state, done_at = :now WHERE id = :id AND state = 'waiting'"),
        {"id": sms_id, "now": now, "state": state},
    )
    return bool(done.rowcount)


def lock_sender(connection: Connection, phone: str) -> None:
    """Until this transaction ends, nobody else answers this number."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"sms:{phone}"})


def earlier_inbound(connection: Connection, sms_id: int) -> list[int]:
    """What the sender of an SMS wrote before it and nobody has dealt with."""
    rows = connection.execute(
        text(
            "SELECT e.id FROM inbound_sms e JOIN inbound_sms s ON s.phone = e.phone "
            "WHERE s.id = :id AND e.state = 'waiting' AND e.id < s.id ORDER BY e.id LIMIT 20"
        ),
        {"id": sms_id},
    )
    return list(rows.scalars())


@dataclass(frozen=True)
class Lately:
    """How a number has fared: answers in the last hour and day, help in the last hour, and what came last in it.

    `said_mark` and `answer_mark` are keyed hashes of what it wrote last and of what that got, or would have got.
    """

    hour: int
    day: int
    helped: bool
    said_mark: str = ""
    answer_mark: str = ""


def lately(connection: Connection, sms_id: int, phone: str, now: datetime) -> Lately:
    """What a number was answered before this SMS."""
    values = {"id": sms_id, "phone": phone, "hour": now - timedelta(hours=1), "day": now - timedelta(days=1)}
    answers = connection.execute(
        text(
            "SELECT count(*) FILTER (WHERE done_at > :hour), count(*), "
            "coalesce(bool_or(answer = 'help_sms' AND done_at > :hour), false) "
            "FROM inbound_sms WHERE phone = :phone AND answer <> '' AND done_at > :day"
        ),
        values,
    ).one()
    last = connection.execute(
        text(
            "SELECT said_mark, answer_mark FROM inbound_sms WHERE phone = :phone AND id < :id AND done_at > :hour "
            "ORDER BY id DESC LIMIT 1"
        ),
        values,
    ).one_or_none()
    return Lately(*answers, *(last or ()))


def note_answer(connection: Connection, sms_id: int, answer: str, said_mark: str, answer_mark: str) -> None:
    """What an SMS got: the name of a message, `screen`, or nothing."""
    connection.execute(
        text(
            "UPDATE inbound_sms SET answer = :answer, said_mark = :said_mark, answer_mark = :answer_mark WHERE id = :id"
        ),
        {"id": sms_id, "answer": answer, "said_mark": said_mark, "answer_mark": answer_mark},
    )


def is_echo(connection: Connection, phone: str, words: str, since: datetime) -> bool:
    """Whether a number sends us back what we wrote to it."""
    found = connection.execute(
        text("SELECT EXISTS (SELECT 1 FROM outbox WHERE phone = :phone AND created_at > :since AND text = :words)"),
        {"phone": phone, "since": since, "words": words},
    )
    return bool(found.scalar_one())


def waiting_inbound(connection: Connection, now: datetime) -> list[int]:
    """SMS that nobody is answering."""
    rows = connection.execute(
        text(
            "SELECT id FROM inbound_sms WHERE state = 'waiting' AND (lease_until IS NULL OR lease_until < :now) "
            "ORDER BY id LIMIT 500"
        ),
        {"now": now},
    )
    return list(rows.scalars())


def oldest_waiting(connection: Connection) -> datetime | None:
    """When the oldest SMS came in that nobody has dealt with, also while somebody does; None where there is none."""
    query = text("SELECT received_at FROM inbound_sms WHERE state = 'waiting' ORDER BY id LIMIT 1")
    found: datetime | None = connection.execute(query).scalar_one_or_none()
    return found


def add_session_end(connection: Connection, end: Mapping[str, object], now: datetime) -> bool:
    """Keep how a USSD session ended; False for one kept before."""
    added = connection.execute(
        text(
            "INSERT INTO session_ends (session_id, phone, status, cost, duration_ms, hops, error, received_at) "
            "VALUES (:session_id, :phone, :status, :cost, :duration_ms, :hops, :error, :now) ON CONFLICT DO NOTHING"
        ),
        {**end, "now": now},
    )
    return bool(added.rowcount)
