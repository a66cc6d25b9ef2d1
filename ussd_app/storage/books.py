"""Questions to the books: whether they agree with everything else that is written down, and how a rupiah went."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

# Each gives a row for each thing that is wrong, and the sentence that is then said of it.
FAULTS: tuple[tuple[str, str], ...] = (
    (
        "the accounts together are Rp{off}, not zero",
        "SELECT sum(amount) AS off FROM ledger_entries HAVING sum(amount) <> 0",
    ),
    (
        "transaction {key} is off by Rp{off}",
        "SELECT t.key, coalesce(sum(e.amount), 0) AS off FROM ledger_transactions t "
        "LEFT JOIN ledger_entries e ON e.transaction_id = t.id GROUP BY t.id, t.key "
        "HAVING coalesce(sum(e.amount), 1) <> 0",
    ),
    (
        "member {member_id}, {month}: Rp{month_amount} are {stage}, but the ledger has Rp{ledger_amount}",
        "WITH ledger AS (SELECT member_id, month, account, -sum(amount) AS amount FROM ledger_entries "
        "WHERE account IN ('contributions_owed', 'remitted') GROUP BY member_id, month, account "
        "HAVING sum(amount) <> 0), months AS (SELECT member_id, month, amount, CASE WHEN state = 'received' "
        "THEN 'contributions_owed' ELSE 'remitted' END AS account FROM contribution_months) "
        "SELECT coalesce(m.member_id, l.member_id) AS member_id, coalesce(m.month, l.month) AS month, "
        "coalesce(m.account, l.account) AS stage, coalesce(m.amount, 0) AS month_amount, "
        "coalesce(l.amount, 0) AS ledger_amount FROM months m FULL JOIN ledger l ON l.member_id = m.member_id "
        "AND l.month = m.month AND l.account = m.account WHERE m.amount IS DISTINCT FROM l.amount",
    ),
    (
        "payment {order_id}: its contribution months are Rp{month_amount}, but it bought Rp{ledger_amount}",
        "WITH bought AS (SELECT t.order_id, -sum(e.amount) AS amount FROM ledger_transactions t JOIN ledger_entries e "
        "ON e.transaction_id = t.id WHERE t.kind IN ('allocation', 'given_back') "
        "AND e.account = 'contributions_owed' GROUP BY t.order_id HAVING sum(e.amount) <> 0), months AS "
        "(SELECT order_id, sum(amount) AS amount FROM contribution_months GROUP BY order_id) "
        "SELECT coalesce(m.order_id, b.order_id) AS order_id, coalesce(m.amount, 0) AS month_amount, "
        "coalesce(b.amount, 0) AS ledger_amount FROM months m FULL JOIN bought b ON b.order_id = m.order_id "
        "WHERE m.amount IS DISTINCT FROM b.amount",
    ),
    (
        "member {member_id}, {month}: refused, and its money is back, but the books say otherwise",
        "SELECT r.member_id, r.month FROM refused_months r LEFT JOIN contribution_months c "
        "ON c.member_id = r.member_id AND c.month = r.month WHERE (r.returned_at IS NULL) <> (c.month IS NOT NULL) "
        "OR (r.bank_reference IS NOT NULL) <> EXISTS (SELECT 1 FROM ledger_entries e JOIN ledger_transactions t "
        "ON t.id = e.transaction_id WHERE t.kind = 'sent_back' AND e.member_id = r.member_id AND e.month = r.month)",
    ),
    (
        "{whose} has spent Rp{off} more than was paid",
        "SELECT CASE WHEN member_id IS NULL THEN 'sponsor ' || sponsor_id ELSE 'member ' || member_id END AS whose, "
        "sum(amount) AS off FROM ledger_entries WHERE account IN ('member_credit', 'sponsor_credit') "
        "GROUP BY member_id, sponsor_id HAVING sum(amount) > 0",
    ),
    (
        "pay code {order_id} is paid, but no payment of it is in the books",
        "SELECT order_id FROM pay_codes c WHERE state = 'paid' AND NOT EXISTS "
        "(SELECT 1 FROM ledger_transactions t WHERE t.key = c.order_id || ':settlement')",
    ),
    (
        "pay code {order_id} is {state}, but a payment of it is in the books",
        "SELECT c.order_id, c.state FROM pay_codes c JOIN ledger_transactions t "
        "ON t.key = c.order_id || ':settlement' WHERE c.state <> 'paid'",
    ),
    (
        "payment {order_id} went to {account}, which is not who its pay code belongs to",
        "SELECT c.order_id, e.account FROM pay_codes c JOIN ledger_transactions t "
        "ON t.key = c.order_id || ':settlement' JOIN ledger_entries e ON e.transaction_id = t.id "
        "WHERE e.account IN ('member_credit', 'sponsor_credit', 'suspense') AND (e.member_id IS DISTINCT FROM "
        "c.member_id OR e.sponsor_id IS DISTINCT FROM c.sponsor_id)",
    ),
    (
        "unmatched payment {order_id} is off by Rp{off}: more was taken from it than had arrived",
        "SELECT t.order_id, sum(e.amount) AS off FROM ledger_entries e JOIN ledger_transactions t "
        "ON t.id = e.transaction_id WHERE e.account = 'suspense' GROUP BY t.order_id HAVING sum(e.amount) > 0",
    ),
    (
        "unmatched payment {order_id}: Rp{kept} wait, and nobody in the office is asked to find whose they are",
        "SELECT t.order_id, -sum(e.amount) AS kept FROM ledger_entries e JOIN ledger_transactions t "
        "ON t.id = e.transaction_id WHERE e.account = 'suspense' AND NOT EXISTS (SELECT 1 FROM follow_ups f "
        "WHERE f.kind = 'unmatched_payment' AND f.detail = t.order_id AND f.done_at IS NULL) "
        "GROUP BY t.order_id HAVING sum(e.amount) < 0",
    ),
    (
        "refund {id} is {state}, but Rp{set_aside} were set aside and Rp{paid_out} paid out of Rp{amount}",
        "WITH posted AS (SELECT r.id, coalesce(sum(-e.amount) FILTER (WHERE t.kind = 'refund_approved'), 0) "
        "AS set_aside, coalesce(sum(e.amount) FILTER (WHERE t.kind = 'refund_paid'), 0) AS paid_out FROM refunds r "
        "LEFT JOIN ledger_transactions t ON t.key IN ('refund:' || r.id || ':approved', 'refund:' || r.id || ':paid') "
        "LEFT JOIN ledger_entries e ON e.transaction_id = t.id AND e.account = 'refunds_owed' GROUP BY r.id) "
        "SELECT r.id, r.state, r.amount, p.set_aside, p.paid_out FROM refunds r JOIN posted p ON p.id = r.id "
        "WHERE p.set_aside <> CASE WHEN r.state IN ('approved', 'paid') THEN r.amount ELSE 0 END "
        "OR p.paid_out <> CASE WHEN r.state = 'paid' THEN r.amount ELSE 0 END",
    ),
)
# Of one kind of fault, so many are named.
MOST_NAMED = 20


def faults(connection: Connection) -> Iterator[str]:
    """A sentence for each thing in which the books disagree with themselves, or with what else is written down."""
    for sentence, query in FAULTS:
        for row in connection.exec_driver_sql(f"{query} LIMIT {MOST_NAMED}"):
            yield sentence.format(**row._mapping)


@dataclass(frozen=True)
class Step:
    """One entry of the books as a person reads it: whole rupiah, debit positive."""

    at: datetime
    kind: str
    key: str
    account: str
    member_id: int | None
    sponsor_id: int | None
    month: date | None
    amount: int


_STEPS = (
    "SELECT t.at, t.kind, t.key, e.account, e.member_id, e.sponsor_id, e.month, e.amount FROM ledger_entries e "
    "JOIN ledger_transactions t ON t.id = e.transaction_id WHERE "
)


def _of(order_id: str) -> dict[str, str]:
    """An order, and what its parts are called: a code for any amount is paid as `ORDER.1`, `ORDER.2` …"""
    escaped = re.sub(r"([%_\\])", r"\\\1", order_id)
    return {"order": order_id, "parts": f"{escaped}.%"}


def steps_of_order(connection: Connection, order_id: str) -> list[Step]:
    """All that was posted for an order, and how the months it bought went on to the institution."""
    rows = connection.execute(
        text(
            "WITH bought AS (SELECT member_id, month FROM contribution_months "  # noqa: S608  # our own words
            "WHERE order_id = :order OR order_id LIKE :parts UNION SELECT member_id, month FROM refused_months "
            "WHERE order_id = :order OR order_id LIKE :parts), "
            "chosen AS (SELECT e.id FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id "
            "WHERE t.order_id = :order OR t.order_id LIKE :parts UNION "
            "SELECT e.id FROM bought b JOIN ledger_entries e ON e.member_id = b.member_id AND e.month = b.month "
            "JOIN ledger_transactions t ON t.id = e.transaction_id "
            "WHERE e.account IN ('contributions_owed', 'remitted') AND t.order_id IS NULL) "
            f"{_STEPS} e.id IN (SELECT id FROM chosen) ORDER BY e.id"
        ),
        _of(order_id),
    )
    return [Step(*row) for row in rows]


def steps_of_member(connection: Connection, member_id: int) -> list[Step]:
    """All that was ever posted for a member."""
    rows = connection.execute(text(_STEPS + "e.member_id = :member ORDER BY e.id"), {"member": member_id})
    return [Step(*row) for row in rows]


@dataclass(frozen=True)
class News:
    """A notification that a payment company sent of an order."""

    received_at: datetime
    gateway: str
    state: str


def news_of(connection: Connection, order_id: str) -> list[News]:
    """The notifications of an order, the oldest first."""
    rows = connection.execute(
        text(
            "SELECT received_at, gateway, state FROM payment_notifications WHERE order_id = :order "
            "OR order_id LIKE :parts ORDER BY id"
        ),
        _of(order_id),
    )
    return [News(*row) for row in rows]


@dataclass(frozen=True)
class MonthNow:
    """A contribution month as it stands: `batch` is the one in which it goes to the institution."""

    member_id: int
    month: date
    amount: int
    state: str
    order_id: str
    batch: int | None


def months_now(connection: Connection, *, order_id: str = "", member_id: int | None = None) -> list[MonthNow]:
    """The contribution months that an order paid, or that a member has."""
    rows = connection.execute(
        text(
            "SELECT member_id, month, amount, state, order_id, remittance_id FROM contribution_months "
            "WHERE member_id = :member OR order_id = :order OR order_id LIKE :parts ORDER BY member_id, month"
        ),
        _of(order_id) | {"member": member_id},
    )
    return [MonthNow(*row) for row in rows]


@dataclass(frozen=True)
class Unplaced:
    """Whole rupiah of a payment that waits to be assigned, since a moment."""

    order_id: str
    amount: int
    since: datetime


def unplaced(connection: Connection) -> list[Unplaced]:
    """Payments nobody could place yet, the oldest first."""
    rows = connection.execute(
        text(
            "SELECT t.order_id, -sum(e.amount), min(t.at) FROM ledger_entries e JOIN ledger_transactions t "
            "ON t.id = e.transaction_id WHERE e.account = 'suspense' GROUP BY t.order_id HAVING sum(e.amount) <> 0 "
            "ORDER BY 3, 1"
        )
    )
    return [Unplaced(order_id, int(amount), since) for order_id, amount, since in rows]
