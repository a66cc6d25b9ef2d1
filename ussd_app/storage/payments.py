"""The notifications that payment companies send, kept as they came until somebody has looked into each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


def add_notification(
    connection: Connection, gateway: str, digest: str, order_id: str, body: str, now: datetime
) -> int | None:
    """Keep a notification as it came; None when the very same one was kept before."""
    return connection.execute(
        text(
            "INSERT INTO payment_notifications (gateway, digest, order_id, body, state, next_try_at, received_at) "
            "VALUES (:gateway, :digest, :order, :body, 'waiting', :now, :now) ON CONFLICT DO NOTHING RETURNING id"
        ),
        {"gateway": gateway, "digest": digest, "order": order_id, "body": body, "now": now},
    ).scalar_one_or_none()


@dataclass(frozen=True)
class Notified:
    """A notification to be looked into: the order it speaks of, how often that was tried, when it came."""

    order_id: str
    attempts: int
    received_at: datetime


def lease_notification(connection: Connection, notification_id: int, now: datetime, until: datetime) -> Notified | None:
    """Take a notification that is due; None when it is done, not due, or in other hands until then."""
    row = connection.execute(
        text(
            "UPDATE payment_notifications SET next_try_at = :until, attempts = attempts + 1 WHERE id = :id "
            "AND state = 'waiting' AND next_try_at <= :now RETURNING order_id, attempts, received_at"
        ),
        {"id": notification_id, "now": now, "until": until},
    ).one_or_none()
    return Notified(row.order_id, row.attempts, row.received_at) if row else None


def settle_notification(connection: Connection, notification_id: int, state: str, now: datetime) -> None:
    """The notification has been looked into."""
    connection.execute(
        text("UPDATE payment_notifications SET state = :state, done_at = :now WHERE id = :id"),
        {"id": notification_id, "state": state, "now": now},
    )


def postpone_notification(connection: Connection, notification_id: int, until: datetime) -> None:
    """Ask the company again later."""
    connection.execute(
        text("UPDATE payment_notifications SET next_try_at = :until WHERE id = :id AND state = 'waiting'"),
        {"id": notification_id, "until": until},
    )


def waiting_notifications(connection: Connection, now: datetime) -> list[int]:
    """Notifications nobody has looked into."""
    rows = connection.execute(
        text(
            "SELECT id FROM payment_notifications WHERE state = 'waiting' AND next_try_at <= :now "
            "ORDER BY next_try_at LIMIT 500"
        ),
        {"now": now},
    )
    return list(rows.scalars())
