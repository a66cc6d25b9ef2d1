"""What the messaging gateway posts to us, kept as it came, personal parts encrypted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


def add_delivery_report(connection: Connection, digest: str, report: Mapping[str, object], now: datetime) -> bool:
    """Keep a delivery report and, when it names one of our SMS, move that on; False for one kept before."""
    added = connection.execute(
        text(
            "INSERT INTO delivery_reports (digest, message_id, status, reason, phone, network_code, received_at) "
            "VALUES (:digest, :message_id, :status, :reason, :phone, :network_code, :now) ON CONFLICT DO NOTHING"
        ),
        {**report, "digest": digest, "now": now},
    )
    return bool(added.rowcount)


def report_on(connection: Connection, message_id: str, state: str, reason: str) -> None:
    """A final report settles an SMS that was handed over; a final state stays."""
    connection.execute(
        text("UPDATE outbox SET state = :state, reason = :reason WHERE message_id = :message AND state = 'sent'"),
        {"message": message_id, "state": state, "reason": reason},
    )


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
    """An SMS to be answered; its text is encrypted."""

    message_id: str
    phone: str
    text: str


def lease_inbound(connection: Connection, sms_id: int, now: datetime, until: datetime) -> Inbound | None:
    """Take an SMS that waits for an answer; None when it has one, or is in other hands until then."""
    row = connection.execute(
        text(
            "UPDATE inbound_sms SET lease_until = :until WHERE id = :id AND state = 'waiting' "
            "AND (lease_until IS NULL OR lease_until < :now) RETURNING message_id, phone, text"
        ),
        {"id": sms_id, "now": now, "until": until},
    ).one_or_none()
    return Inbound(*row) if row else None


def settle_inbound(connection: Connection, sms_id: int, now: datetime) -> bool:
    """The SMS is answered by this transaction; False when another one has done it."""
    done = connection.execute(
        text("UPDATE inbound_sms SET state = 'done', done_at = :now WHERE id = :id AND state = 'waiting'"),
        {"id": sms_id, "now": now},
    )
    return bool(done.rowcount)


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
