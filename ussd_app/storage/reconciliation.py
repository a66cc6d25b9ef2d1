"""What the payment company is still to be told or asked about a pay code: to take no more money for it, or whether it
was paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Closed:
    """A code nobody is to pay any more; `expires_at` (UTC) is None when the company may not have made it."""

    order_id: str
    attempts: int
    expires_at: datetime | None


def to_cancel(connection: Connection, now: datetime) -> list[int]:
    """Closed codes that the company is still to be told of."""
    rows = connection.execute(
        text("SELECT id FROM pay_codes WHERE cancel_at <= :now ORDER BY cancel_at LIMIT 500"), {"now": now}
    )
    return list(rows.scalars())


def to_cancel_of(connection: Connection, phone: str) -> list[int]:
    """The closed codes of a phone that the company is still to be told of."""
    rows = connection.execute(
        text("SELECT id FROM pay_codes WHERE phone = :phone AND cancel_at IS NOT NULL ORDER BY id"), {"phone": phone}
    )
    return list(rows.scalars())


def lease_cancel(connection: Connection, pay_code_id: int, now: datetime, until: datetime) -> Closed | None:
    """Take a closed code that the company is to be told of; None when that is done, not due, or in other hands."""
    row = connection.execute(
        text(
            "UPDATE pay_codes SET cancel_at = :until, attempts = attempts + 1 WHERE id = :id AND cancel_at <= :now "
            "RETURNING order_id, attempts, expires_at"
        ),
        {"id": pay_code_id, "now": now, "until": until},
    ).one_or_none()
    return Closed(*row) if row else None


def settle_cancel(connection: Connection, pay_code_id: int, again: datetime | None = None) -> None:
    """The company knows that this code is closed; or it is to be told again, then."""
    connection.execute(
        text("UPDATE pay_codes SET cancel_at = :again WHERE id = :id AND cancel_at IS NOT NULL"),
        {"id": pay_code_id, "again": again},
    )


def made_too_late(
    connection: Connection, pay_code_id: int, gateway: str, code: str, expires_at: datetime, now: datetime
) -> bool:
    """Whether a code was closed while the company was making it: then it is to be cancelled after all."""
    done = connection.execute(
        text(
            "UPDATE pay_codes SET gateway = :gateway, code = :code, expires_at = :expires, cancel_at = :now "
            "WHERE id = :id AND state = 'expired' AND gateway IS NULL"
        ),
        {"id": pay_code_id, "gateway": gateway, "code": code, "expires": expires_at, "now": now},
    )
    return bool(done.rowcount)


@dataclass(frozen=True)
class Asked:
    """A code that the company is to be asked about; with `open_amount` it is paid as `ORDER.1`, `ORDER.2` …"""

    id: int
    order_id: str
    expires_at: datetime
    open_amount: bool


def to_ask(
    connection: Connection, gateway: str, now: datetime, not_since: datetime, after: tuple[datetime, int], most: int
) -> list[Asked]:
    """The next page of codes, open or closed, that were not asked about since; they count as asked about `now`.

    `after` is where the page before ended: what expired before it is not looked at. Two runs get different codes.
    """
    rows = connection.execute(
        text(
            "UPDATE pay_codes SET asked_at = :now WHERE id IN (SELECT id FROM pay_codes WHERE gateway IS NOT NULL "
            "AND state IN ('open', 'expired') AND (expires_at, id) > (:expires, :id) AND gateway = :gateway "
            "AND coalesce(asked_at, created_at) < :not_since ORDER BY expires_at, id LIMIT :most "
            "FOR UPDATE SKIP LOCKED) RETURNING id, order_id, expires_at, open_amount"
        ),
        {
            "gateway": gateway,
            "now": now,
            "not_since": not_since,
            "expires": after[0],
            "id": after[1],
            "most": most,
        },
    )
    return sorted((Asked(*row) for row in rows), key=lambda asked: (asked.expires_at, asked.id))


def to_ask_back(
    connection: Connection, gateway: str, now: datetime, every: timedelta, until: timedelta, most: int
) -> list[str]:
    """Paid orders of which the company may have paid something back, those that wait longest first.

    Each is due again after an eighth of the time since it was paid, at least `every`, and never more once `until` is
    over. Two runs get different ones.
    """
    rows = connection.execute(
        text(
            "WITH due AS (SELECT id, ask_back_at AS due_at FROM pay_codes WHERE gateway = :gateway "
            "AND ask_back_at <= :now ORDER BY ask_back_at, id LIMIT :most FOR UPDATE SKIP LOCKED), "
            "taken AS (UPDATE pay_codes c SET ask_back_at = CASE WHEN c.paid_at > :oldest "
            "THEN CAST(:now AS timestamptz) "
            "+ greatest(CAST(:every AS interval), (CAST(:now AS timestamptz) - c.paid_at) / 8) END FROM due "
            "WHERE c.id = due.id RETURNING c.id, c.order_id, due.due_at) "
            "SELECT order_id FROM taken ORDER BY due_at, id"
        ),
        {"gateway": gateway, "now": now, "every": every, "oldest": now - until, "most": most},
    )
    return list(rows.scalars())


def over(connection: Connection, order_id: str) -> None:
    """The company takes no money for an open code any more."""
    connection.execute(
        text("UPDATE pay_codes SET state = 'expired' WHERE order_id = :order AND state = 'open'"), {"order": order_id}
    )


def posted_among(connection: Connection, order_ids: Sequence[str]) -> set[str]:
    """Which of these orders the books know to be paid."""
    rows = connection.execute(
        text("SELECT order_id FROM ledger_transactions WHERE order_id = ANY(:orders) AND kind = 'settlement'"),
        {"orders": list(order_ids)},
    )
    return set(rows.scalars())
