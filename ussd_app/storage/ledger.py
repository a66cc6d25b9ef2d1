"""The books: transactions are written once and never changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, text

from ussd_app.domain.ledger import MEMBER_CREDIT, SPONSOR_CREDIT, SUSPENSE, Payer, Transaction
from ussd_app.errors import Unbalanced


def post(connection: Connection, transaction: Transaction, now: datetime) -> bool:
    """Write a balanced transaction; False when one with its key is already in the books."""
    number = connection.execute(
        text(
            "INSERT INTO ledger_transactions (key, kind, order_id, at) VALUES (:key, :kind, :order, :now) "
            "ON CONFLICT (key) DO NOTHING RETURNING id"
        ),
        {"key": transaction.key, "kind": transaction.kind, "order": transaction.order_id, "now": now},
    ).scalar_one_or_none()
    if number is None:
        return False
    entries = transaction.entries
    connection.execute(
        text(
            "INSERT INTO ledger_entries (transaction_id, account, amount, member_id, month, sponsor_id) "
            "SELECT :transaction, account, amount, member_id, month, sponsor_id FROM unnest(CAST(:accounts AS text[]), "
            "CAST(:amounts AS bigint[]), CAST(:members AS bigint[]), CAST(:months AS date[]), "
            "CAST(:sponsors AS bigint[])) AS t (account, amount, member_id, month, sponsor_id)"
        ),
        {
            "transaction": number,
            "accounts": [entry.account for entry in entries],
            "amounts": [entry.amount for entry in entries],
            "members": [entry.member_id for entry in entries],
            "months": [entry.month for entry in entries],
            "sponsors": [entry.sponsor_id for entry in entries],
        },
    )
    return True


def post_anew(connection: Connection, transaction: Transaction, now: datetime) -> None:
    """Write a transaction whose key nobody can have used: see `fresh_number`."""
    if not post(connection, transaction, now):
        raise Unbalanced(f"{transaction.key}: this key is in the books already")


def balances(connection: Connection) -> dict[str, int]:
    """What stands on each account, whole rupiah, debit positive; together they are zero."""
    rows = connection.execute(text("SELECT account, sum(amount) AS total FROM ledger_entries GROUP BY account"))
    return {row.account: int(row.total) for row in rows}


def knows(connection: Connection, key: str) -> bool:
    """Whether a transaction of this key is in the books."""
    found = connection.execute(text("SELECT 1 FROM ledger_transactions WHERE key = :key"), {"key": key})
    return found.scalar_one_or_none() is not None


def in_suspense(connection: Connection, order_id: str) -> int:
    """Whole rupiah of a payment that nobody could place yet."""
    return -int(
        connection.execute(
            text(
                "SELECT coalesce(sum(e.amount), 0) FROM ledger_entries e JOIN ledger_transactions t "
                "ON t.id = e.transaction_id WHERE t.order_id = :order AND e.account = :suspense"
            ),
            {"order": order_id, "suspense": SUSPENSE},
        ).scalar_one()
    )


def payer_of(connection: Connection, order_id: str) -> Payer | None:
    """Whose credit a payment became, by its own code or because somebody found out; None when nobody's."""
    row = connection.execute(
        text(
            "SELECT e.member_id, e.sponsor_id FROM ledger_entries e JOIN ledger_transactions t "
            "ON t.id = e.transaction_id WHERE t.order_id = :order AND t.kind IN ('settlement', 'assigned') "
            "AND e.account IN (:member_credit, :sponsor_credit) LIMIT 1"
        ),
        {"order": order_id, "member_credit": MEMBER_CREDIT, "sponsor_credit": SPONSOR_CREDIT},
    ).one_or_none()
    return Payer(row.member_id, row.sponsor_id) if row else None


def fresh_number(connection: Connection) -> int:
    """A number for the key of a transaction of which an order may have several; never given twice."""
    statement = text("SELECT nextval(pg_get_serial_sequence('ledger_transactions', 'id'))")
    return int(connection.execute(statement).scalar_one())


def lock(connection: Connection, payer: Payer, people: Iterable[int] = ()) -> None:
    """Let nobody else spend this payer's credit, or decide about these members, until the transaction ends.

    A sponsor first, then members by number, then pay codes and refunds: whoever keeps this order waits for nobody
    who waits for them. Not FOR UPDATE: writing entries that name a member does not have to wait.
    """
    if payer.sponsor_id is not None:
        connection.execute(text("SELECT 1 FROM sponsors WHERE id = :id FOR NO KEY UPDATE"), {"id": payer.sponsor_id})
    wanted = {*people} | ({payer.member_id} if payer.member_id is not None else set())
    connection.execute(
        text("SELECT 1 FROM members WHERE id = ANY(:people) ORDER BY id FOR NO KEY UPDATE"), {"people": list(wanted)}
    )


def credit(connection: Connection, payer: Payer) -> int:
    """Whole rupiah that a payer has paid and not yet spent; to be spent only under `lock`."""
    return -int(
        connection.execute(
            text(
                "SELECT coalesce(sum(amount), 0) FROM ledger_entries WHERE account = :account "
                "AND (member_id = :member OR sponsor_id = :sponsor)"
            ),
            {
                "account": MEMBER_CREDIT if payer.sponsor_id is None else SPONSOR_CREDIT,
                "member": payer.member_id,
                "sponsor": payer.sponsor_id,
            },
        ).scalar_one()
    )


def paid_orders(connection: Connection, payer: Payer, most: int = 20) -> list[str]:
    """The last orders whose payment became this payer's credit, the newest first."""
    rows = connection.execute(
        text(
            "SELECT t.order_id, max(t.id) AS last FROM ledger_entries e "
            "JOIN ledger_transactions t ON t.id = e.transaction_id "
            "WHERE (e.member_id = :member_id OR e.sponsor_id = :sponsor_id) AND e.account = :account AND e.amount < 0 "
            "AND t.kind IN ('settlement', 'assigned') AND t.order_id IS NOT NULL GROUP BY t.order_id "
            "ORDER BY last DESC LIMIT :most"
        ),
        {**payer.__dict__, "account": payer.credit, "most": most},
    )
    return [row.order_id for row in rows]


def paid_last(connection: Connection, payer: Payer) -> str | None:
    """The order whose payment, or whose months given back, last became this payer's credit."""
    return connection.execute(
        text(
            "SELECT t.order_id FROM ledger_entries e JOIN ledger_transactions t ON t.id = e.transaction_id "
            "WHERE (e.member_id = :member_id OR e.sponsor_id = :sponsor_id) AND e.account = :account AND e.amount < 0 "
            "AND t.order_id IS NOT NULL ORDER BY t.id DESC LIMIT 1"
        ),
        {**payer.__dict__, "account": payer.credit},
    ).scalar_one_or_none()
