"""Pay codes, the notifications that companies send about them, paid months and their hand-over."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Row, text

from ussd_app.domain.coverage import MonthState


@dataclass(frozen=True)
class Order:
    """What a pay code is to be made for; `prices` are whole rupiah by contribution month."""

    order_id: str
    member_id: int
    phone: str
    language: str
    package: str
    sector: str
    wage: int
    prices: Mapping[date, int]
    rates_version: str
    channel: str

    @property
    def total(self) -> int:
        """Whole rupiah."""
        return sum(self.prices.values())

    @property
    def months(self) -> list[date]:
        """The contribution months, earliest first."""
        return sorted(self.prices)


@dataclass(frozen=True)
class PayCode:
    """An order and what became of it."""

    id: int
    order: Order
    state: str
    gateway: str | None
    code: str | None
    expires_at: datetime | None
    attempts: int


def _pay_code(row: Row[tuple[object, ...]]) -> PayCode:
    fields = row._mapping
    names = set(Order.__annotations__) - {"prices"}
    prices = {date.fromisoformat(month): amount for month, amount in fields["prices"].items()}
    order = Order(**{name: fields[name] for name in names}, prices=prices)
    return PayCode(
        fields["id"],
        order,
        fields["state"],
        fields["gateway"],
        fields["code"],
        fields["expires_at"],
        fields["attempts"],
    )


def add_order(connection: Connection, order: Order, now: datetime) -> int | None:
    """Ask for a pay code; None when one for the same months is already on its way or open."""
    return connection.execute(
        text(
            "INSERT INTO pay_codes (order_id, member_id, phone, language, package, sector, wage, months, prices, "
            "total, rates_version, channel, state, next_try_at, created_at) VALUES (:order_id, :member_id, :phone, "
            ":language, :package, :sector, :wage, :months, :prices, :total, :rates_version, :channel, 'requested', "
            ":now, :now) ON CONFLICT (member_id, months) WHERE state IN ('requested', 'open') DO NOTHING RETURNING id"
        ),
        {
            **order.__dict__,
            "months": order.months,
            "prices": json.dumps({month.isoformat(): amount for month, amount in order.prices.items()}),
            "total": order.total,
            "now": now,
        },
    ).scalar_one_or_none()


def lease_order(connection: Connection, pay_code_id: int, now: datetime, lease: timedelta) -> PayCode | None:
    """Take an order whose code is due to be made; None when it is made, not due, or in other hands."""
    row = connection.execute(
        text(
            "UPDATE pay_codes SET lease_until = :until, attempts = attempts + 1 WHERE id = :id "
            "AND state = 'requested' AND next_try_at <= :now AND (lease_until IS NULL OR lease_until < :now) "
            "RETURNING *"
        ),
        {"id": pay_code_id, "now": now, "until": now + lease},
    ).one_or_none()
    return _pay_code(row) if row else None


def open_code(connection: Connection, pay_code_id: int, gateway: str, code: str, expires_at: datetime) -> bool:
    """The code has been made; False when that was already written down."""
    done = connection.execute(
        text(
            "UPDATE pay_codes SET state = 'open', gateway = :gateway, code = :code, expires_at = :expires, "
            "lease_until = NULL WHERE id = :id AND state = 'requested'"
        ),
        {"id": pay_code_id, "gateway": gateway, "code": code, "expires": expires_at},
    )
    return bool(done.rowcount)


def fail_order(connection: Connection, pay_code_id: int, reason: str) -> None:
    """No code can ever be made for this order."""
    connection.execute(
        text(
            "UPDATE pay_codes SET state = 'failed', reason = :reason, lease_until = NULL "
            "WHERE id = :id AND state = 'requested'"
        ),
        {"id": pay_code_id, "reason": reason},
    )


def postpone_order(connection: Connection, pay_code_id: int, until: datetime, reason: str) -> None:
    """Try to make the code later."""
    connection.execute(
        text("UPDATE pay_codes SET next_try_at = :until, lease_until = NULL, reason = :reason WHERE id = :id"),
        {"id": pay_code_id, "until": until, "reason": reason},
    )


def waiting_orders(connection: Connection, now: datetime) -> list[int]:
    """Orders for which nobody is making a code although it is due."""
    rows = connection.execute(
        text(
            "SELECT id FROM pay_codes WHERE state = 'requested' AND next_try_at <= :now "
            "AND (lease_until IS NULL OR lease_until < :now) ORDER BY next_try_at LIMIT 500"
        ),
        {"now": now},
    )
    return list(rows.scalars())


def expire_codes(connection: Connection, now: datetime) -> None:
    """Open codes past their time become expired; a payment that still arrives is posted all the same."""
    connection.execute(
        text("UPDATE pay_codes SET state = 'expired' WHERE state = 'open' AND expires_at < :now"),
        {"now": now},
    )


def close_codes(connection: Connection, member_id: int, months: Sequence[date] | None = None) -> None:
    """A member's open codes are not to be paid any more: all of them, or those that share one of `months`.

    The very same months are left alone: that code is the one to pay.
    """
    connection.execute(
        text(
            "UPDATE pay_codes SET state = 'expired' WHERE member_id = :member AND state IN ('requested', 'open') "
            "AND (CAST(:months AS date[]) IS NULL OR (months && CAST(:months AS date[]) "
            "AND months <> CAST(:months AS date[])))"
        ),
        {"member": member_id, "months": list(months) if months else None},
    )


def newest_code(connection: Connection, member_id: int) -> PayCode | None:
    """The code a member could pay now, or the one that is being made."""
    row = connection.execute(
        text(
            "SELECT * FROM pay_codes WHERE member_id = :member AND state IN ('requested', 'open') "
            "ORDER BY id DESC LIMIT 1"
        ),
        {"member": member_id},
    ).one_or_none()
    return _pay_code(row) if row else None


def by_order(connection: Connection, order_id: str) -> PayCode | None:
    """The pay code of an order; its row stays locked until the transaction ends."""
    row = connection.execute(
        text("SELECT * FROM pay_codes WHERE order_id = :order FOR UPDATE"), {"order": order_id}
    ).one_or_none()
    return _pay_code(row) if row else None


def mark_paid(connection: Connection, pay_code_id: int, now: datetime) -> None:
    """The money for this code has arrived."""
    connection.execute(
        text("UPDATE pay_codes SET state = 'paid', paid_at = :now WHERE id = :id"),
        {"id": pay_code_id, "now": now},
    )


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


def months_of(connection: Connection, member_id: int) -> dict[date, MonthState]:
    """Every contribution month a member has paid, with how far it has come."""
    rows = connection.execute(
        text("SELECT month, state FROM contribution_months WHERE member_id = :member"), {"member": member_id}
    )
    return {row.month: row.state for row in rows}


def add_month(connection: Connection, order: Order, month: date, amount: int, now: datetime) -> bool:
    """A month is paid; False when it already was, by another code."""
    done = connection.execute(
        text(
            "INSERT INTO contribution_months (member_id, month, package, wage, amount, order_id, state, received_at) "
            "VALUES (:member, :month, :package, :wage, :amount, :order, 'received', :now) ON CONFLICT DO NOTHING"
        ),
        {
            "member": order.member_id,
            "month": month,
            "package": order.package,
            "wage": order.wage,
            "amount": amount,
            "order": order.order_id,
            "now": now,
        },
    )
    return bool(done.rowcount)


@dataclass(frozen=True)
class HandedMonth:
    """A paid month in a batch for the institution."""

    member_id: int
    nik: str
    month: date
    amount: int


def make_remittance(connection: Connection, now: datetime, most: int = 500) -> int | None:
    """Gather received months of members whose registration is confirmed into a new batch; None when there are none."""
    rows = connection.execute(
        text(
            "SELECT c.member_id, c.month FROM contribution_months c JOIN registrations r "
            "ON r.member_id = c.member_id AND r.state = 'confirmed' "
            "WHERE c.state = 'received' AND c.remittance_id IS NULL ORDER BY c.received_at LIMIT :most "
            "FOR UPDATE OF c SKIP LOCKED"
        ),
        {"most": most},
    ).all()
    if not rows:
        return None
    batch = connection.execute(
        text("INSERT INTO remittances (state, created_at) VALUES ('made', :now) RETURNING id"), {"now": now}
    ).scalar_one()
    connection.execute(
        text("UPDATE contribution_months SET remittance_id = :batch WHERE member_id = :member AND month = :month"),
        [{"batch": batch, "member": row.member_id, "month": row.month} for row in rows],
    )
    return int(batch)


def lease_remittance(connection: Connection, now: datetime, lease: timedelta) -> int | None:
    """Take a batch that is due to be handed over, or asked about again."""
    return connection.execute(
        text(
            "UPDATE remittances SET lease_until = :until WHERE id = (SELECT id FROM remittances "
            "WHERE state <> 'confirmed' AND (lease_until IS NULL OR lease_until < :now) ORDER BY id LIMIT 1 "
            "FOR UPDATE SKIP LOCKED) RETURNING id"
        ),
        {"now": now, "until": now + lease},
    ).scalar_one_or_none()


def months_in(connection: Connection, remittance_id: int) -> list[HandedMonth]:
    """The months of a batch; the NIK comes encrypted."""
    rows = connection.execute(
        text(
            "SELECT c.member_id, m.nik, c.month, c.amount FROM contribution_months c "
            "JOIN members m ON m.id = c.member_id WHERE c.remittance_id = :batch ORDER BY c.member_id, c.month"
        ),
        {"batch": remittance_id},
    )
    return [HandedMonth(row.member_id, row.nik, row.month, row.amount) for row in rows]


def advance_remittance(connection: Connection, remittance_id: int, confirmed: bool, now: datetime) -> None:
    """The institution has the batch (`remitted`), and perhaps has confirmed it."""
    values = {
        "batch": remittance_id,
        "month_state": "confirmed" if confirmed else "remitted",
        "state": "confirmed" if confirmed else "handed",
        "now": now if confirmed else None,
    }
    connection.execute(
        text("UPDATE remittances SET state = :state, confirmed_at = :now WHERE id = :batch AND state <> 'confirmed'"),
        values,
    )
    connection.execute(
        text(
            "UPDATE contribution_months SET state = :month_state WHERE remittance_id = :batch AND state <> 'confirmed'"
        ),
        values,
    )


def amounts_of(connection: Connection, member_id: int) -> dict[date, int]:
    """Whole rupiah by contribution month that a member has paid."""
    rows = connection.execute(
        text("SELECT month, amount FROM contribution_months WHERE member_id = :member"), {"member": member_id}
    )
    return {row.month: row.amount for row in rows}
