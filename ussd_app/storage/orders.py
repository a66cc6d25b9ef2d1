"""Pay codes: what each is to pay, whose, and what became of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, Row, text

from ussd_app.domain.ledger import Payer

Kind = Literal["contributions", "deposit"]


@dataclass(frozen=True)
class Line:
    """A contribution month of a member, the plan it is bought under, and its price in whole rupiah."""

    member_id: int
    month: date
    package: str
    wage: int
    amount: int


@dataclass(frozen=True)
class Order:
    """What a pay code is to be made for, and who is to get it.

    Sums are whole rupiah: `provider_fee` is what the provider keeps of a payment, `fee` what the payer gives towards
    it, `credit` what the payer has stood with us already. A `deposit` is savings and has no lines; with `open_amount`
    its code takes any sum, often.
    """

    order_id: str
    phone: str
    language: str
    channel: str
    payer: Payer
    rates_version: str
    lines: tuple[Line, ...] = ()
    deposit: int = 0
    fee: int = 0
    credit: int = 0
    provider_fee: int = 0
    open_amount: bool = False

    @property
    def kind(self) -> Kind:
        """Whether it buys contribution months, or saves towards one."""
        return "contributions" if self.lines else "deposit"

    @property
    def total(self) -> int:
        """What is to be paid at the till."""
        return sum(line.amount for line in self.lines) + self.deposit + self.fee - self.credit

    @property
    def months(self) -> list[date]:
        """The contribution months of all its people, each once, earliest first."""
        return sorted({line.month for line in self.lines})

    @property
    def people(self) -> list[int]:
        """The members it pays for."""
        return sorted({line.member_id for line in self.lines})

    @property
    def purpose(self) -> str:
        """The same for the same set of people and months: one payer has one open code for it."""
        named = ",".join(sorted(f"{line.member_id}:{line.month}" for line in self.lines))
        return hashlib.sha256(named.encode()).hexdigest()[:32] if named else f"deposit:{self.payer.member_id}"


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


_COLUMNS = (
    "order_id",
    "phone",
    "language",
    "channel",
    "rates_version",
    "deposit",
    "fee",
    "credit",
    "provider_fee",
    "open_amount",
)
_OPEN = "state IN ('requested', 'open')"
# The company may know of it: it is to be told, at `cancel_at`, that nobody shall pay it any more.
_CLOSED = "state = 'expired', cancel_at = CASE WHEN attempts > 0 OR gateway IS NOT NULL THEN created_at END"


def _pay_code(connection: Connection, row: Row[tuple[object, ...]] | None) -> PayCode | None:
    if row is None:
        return None
    fields = row._mapping
    lines = connection.execute(
        text(
            "SELECT member_id, month, package, wage, amount FROM pay_code_lines WHERE pay_code_id = :id "
            "ORDER BY month, member_id"
        ),
        {"id": fields["id"]},
    )
    order = Order(
        payer=Payer(fields["member_id"], fields["sponsor_id"]),
        lines=tuple(Line(*line) for line in lines),
        **{name: fields[name] for name in _COLUMNS},
    )
    return PayCode(
        fields["id"],
        order,
        fields["state"],
        fields["gateway"],
        fields["code"],
        fields["expires_at"],
        fields["attempts"],
    )


def add(connection: Connection, order: Order, now: datetime) -> int | None:
    """Ask for a pay code; None when one for the same purpose is already on its way or open."""
    number = connection.execute(
        text(
            "INSERT INTO pay_codes (order_id, member_id, sponsor_id, phone, language, kind, purpose, deposit, fee, "
            "credit, provider_fee, open_amount, total, rates_version, channel, state, next_try_at, created_at) "
            "VALUES (:order_id, :member_id, :sponsor_id, :phone, :language, :kind, :purpose, :deposit, :fee, :credit, "
            ":provider_fee, :open_amount, :total, :rates_version, :channel, 'requested', :now, :now) "
            "ON CONFLICT (phone, purpose) WHERE state IN ('requested', 'open') DO NOTHING RETURNING id"
        ),
        {
            **{name: getattr(order, name) for name in (*_COLUMNS, "kind", "purpose", "total")},
            **order.payer.__dict__,
            "now": now,
        },
    ).scalar_one_or_none()
    if number is not None and order.lines:
        connection.execute(
            text(
                "INSERT INTO pay_code_lines (pay_code_id, member_id, month, package, wage, amount) "
                "VALUES (:code, :member_id, :month, :package, :wage, :amount)"
            ),
            [{"code": number, **line.__dict__} for line in order.lines],
        )
    return number


def lease(connection: Connection, pay_code_id: int, now: datetime, lease_for: timedelta) -> PayCode | None:
    """Take an order whose code is due to be made; None when it is made, not due, or in other hands."""
    row = connection.execute(
        text(
            "UPDATE pay_codes SET lease_until = :until, attempts = attempts + 1 WHERE id = :id "
            "AND state = 'requested' AND next_try_at <= :now AND (lease_until IS NULL OR lease_until < :now) "
            "RETURNING *"
        ),
        {"id": pay_code_id, "now": now, "until": now + lease_for},
    ).one_or_none()
    return _pay_code(connection, row)


def made(connection: Connection, pay_code_id: int, gateway: str, code: str, expires_at: datetime) -> bool:
    """The code has been made; False when that was already written down, or nobody wants it any more."""
    done = connection.execute(
        text(
            "UPDATE pay_codes SET state = 'open', gateway = :gateway, code = :code, expires_at = :expires, "
            "lease_until = NULL WHERE id = :id AND state = 'requested'"
        ),
        {"id": pay_code_id, "gateway": gateway, "code": code, "expires": expires_at},
    )
    return bool(done.rowcount)


def fail(connection: Connection, pay_code_id: int, reason: str) -> None:
    """No code can ever be made for this order."""
    connection.execute(
        text(
            "UPDATE pay_codes SET state = 'failed', reason = :reason, lease_until = NULL "
            "WHERE id = :id AND state = 'requested'"
        ),
        {"id": pay_code_id, "reason": reason},
    )


def postpone(connection: Connection, pay_code_id: int, until: datetime, reason: str) -> None:
    """Try to make the code later."""
    connection.execute(
        text("UPDATE pay_codes SET next_try_at = :until, lease_until = NULL, reason = :reason WHERE id = :id"),
        {"id": pay_code_id, "until": until, "reason": reason},
    )


def waiting(connection: Connection, now: datetime) -> list[int]:
    """Orders for which nobody is making a code although it is due."""
    rows = connection.execute(
        text(
            "SELECT id FROM pay_codes WHERE state = 'requested' AND next_try_at <= :now "
            "AND (lease_until IS NULL OR lease_until < :now) ORDER BY next_try_at LIMIT 500"
        ),
        {"now": now},
    )
    return list(rows.scalars())


def expire(connection: Connection, now: datetime) -> None:
    """Open codes past their time become expired; a payment that still arrives is posted all the same."""
    connection.execute(
        text("UPDATE pay_codes SET state = 'expired' WHERE state = 'open' AND expires_at < :now"),
        {"now": now},
    )


def close_overlapping(connection: Connection, order: Order) -> None:
    """A payer's open codes that share a person's month with a new order are not to be paid any more.

    The very same set is left alone: that code is the one to pay.
    """
    connection.execute(
        text(
            f"UPDATE pay_codes SET {_CLOSED} WHERE phone = :phone AND {_OPEN} "  # noqa: S608  # our own words
            "AND purpose <> :purpose AND id IN (SELECT pay_code_id FROM pay_code_lines "
            "WHERE member_id = ANY(:people) AND month = ANY(:months))"
        ),
        {"phone": order.phone, "purpose": order.purpose, "people": order.people, "months": order.months},
    )


def close_all(connection: Connection, payer: Payer, kind: Kind | None = None) -> None:
    """None of a payer's open codes, or none of one kind, is to be paid any more."""
    connection.execute(
        text(
            f"UPDATE pay_codes SET {_CLOSED} WHERE {_OPEN} "  # noqa: S608  # our own words
            "AND (member_id = :member_id OR sponsor_id = :sponsor_id) AND kind = coalesce(:kind, kind)"
        ),
        {**payer.__dict__, "kind": kind},
    )


def close(connection: Connection, pay_code_id: int) -> None:
    """This code is not to be paid any more: the payer wants another one, or none."""
    connection.execute(
        text(f"UPDATE pay_codes SET {_CLOSED} WHERE id = :id AND {_OPEN}"),  # noqa: S608  # our own words
        {"id": pay_code_id},
    )


def newest(connection: Connection, payer: Payer, kind: Kind = "contributions") -> PayCode | None:
    """The code a payer could pay now, or the one that is being made."""
    row = connection.execute(
        text(
            f"SELECT * FROM pay_codes WHERE {_OPEN} AND kind = :kind "  # noqa: S608  # our own words
            "AND (member_id = :member_id OR sponsor_id = :sponsor_id) ORDER BY id DESC LIMIT 1"
        ),
        {**payer.__dict__, "kind": kind},
    ).one_or_none()
    return _pay_code(connection, row)


def by_order(connection: Connection, order_id: str) -> PayCode | None:
    """The pay code of an order.

    A code for any amount is paid often: its payments are `ORDER.1`, `ORDER.2` …
    """
    row = connection.execute(
        text("SELECT * FROM pay_codes WHERE order_id = :order OR (open_amount AND order_id = :base)"),
        {"order": order_id, "base": order_id.rpartition(".")[0]},
    ).one_or_none()
    return _pay_code(connection, row)


def mark_paid(connection: Connection, pay_code_id: int, now: datetime) -> None:
    """The money for this code has arrived, and may go back; one for any amount stays open."""
    connection.execute(
        text(
            "UPDATE pay_codes SET state = 'paid', paid_at = :now, "
            "ask_back_at = CAST(:now AS timestamptz) + interval '1 day' WHERE id = :id AND NOT open_amount"
        ),
        {"id": pay_code_id, "now": now},
    )
