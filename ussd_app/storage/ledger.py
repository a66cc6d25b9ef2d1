"""The books: transactions are written once and never changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from ussd_app.domain.ledger import Transaction


def post(connection: Connection, transaction: Transaction, now: datetime) -> bool:
    """Write a balanced transaction; False when one with its key is already in the books."""
    number = connection.execute(
        text(
            "INSERT INTO ledger_transactions (key, kind, at) VALUES (:key, :kind, :now) "
            "ON CONFLICT (key) DO NOTHING RETURNING id"
        ),
        {"key": transaction.key, "kind": transaction.kind, "now": now},
    ).scalar_one_or_none()
    if number is None:
        return False
    connection.execute(
        text(
            "INSERT INTO ledger_entries (transaction_id, account, amount, member_id, month) "
            "VALUES (:transaction, :account, :amount, :member_id, :month)"
        ),
        [{"transaction": number, **entry.__dict__} for entry in transaction.entries],
    )
    return True


def balances(connection: Connection) -> dict[str, int]:
    """What stands on each account, whole rupiah, debit positive; together they are zero."""
    rows = connection.execute(text("SELECT account, sum(amount) AS total FROM ledger_entries GROUP BY account"))
    return {row.account: int(row.total) for row in rows}
