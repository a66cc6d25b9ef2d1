"""Money that goes back to whoever paid it: asked for, approved by two, paid out by finance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, text

from ussd_app.domain.ledger import Payer

# Why money goes back although nobody has asked for it.
REFUSED, LEFT = "refused", "left"


@dataclass(frozen=True)
class Refund:
    """A refund of `amount` rupiah; `state` is requested, approved, paid or rejected."""

    id: int
    payer: Payer
    amount: int
    reason: str
    state: str
    requested_by: str
    first_approver: str | None
    second_approver: str | None
    bank_reference: str | None
    created_at: datetime


def _refund(row: Row[tuple[object, ...]]) -> Refund:
    fields = row._mapping
    names = set(Refund.__annotations__) - {"payer"}
    return Refund(payer=Payer(fields["member_id"], fields["sponsor_id"]), **{name: fields[name] for name in names})


def request(connection: Connection, payer: Payer, amount: int, reason: str, by: str, now: datetime) -> None:
    """Ask finance to pay credit back; one that is asked for already becomes this amount, to be approved anew.

    To be called under the payer's lock (see storage/ledger).
    """
    values = {**payer.__dict__, "amount": amount, "reason": reason, "by": by, "now": now}
    again = connection.execute(
        text(
            "UPDATE refunds SET amount = :amount, reason = :reason, first_approver = NULL WHERE state = 'requested' "
            "AND (member_id = :member_id OR sponsor_id = :sponsor_id)"
        ),
        values,
    )
    if not again.rowcount:
        connection.execute(
            text(
                "INSERT INTO refunds (member_id, sponsor_id, amount, reason, state, requested_by, created_at) "
                "VALUES (:member_id, :sponsor_id, :amount, :reason, 'requested', :by, :now)"
            ),
            values,
        )


def payer_of(connection: Connection, refund_id: int) -> Payer | None:
    """Whose money a refund is; None when there is no such refund."""
    statement = text("SELECT member_id, sponsor_id FROM refunds WHERE id = :id")
    row = connection.execute(statement, {"id": refund_id}).one_or_none()
    return Payer(row.member_id, row.sponsor_id) if row else None


def by_id(connection: Connection, refund_id: int) -> Refund | None:
    """The refund of this number; its row stays locked until the transaction ends."""
    row = connection.execute(text("SELECT * FROM refunds WHERE id = :id FOR UPDATE"), {"id": refund_id}).one_or_none()
    return _refund(row) if row else None


def withdraw(connection: Connection, payer: Payer) -> None:
    """Money that was to go back because somebody was refused, or had left, is not to any more.

    What two people have approved stays approved; savings that a member wants back stay asked for.
    """
    connection.execute(
        text(
            "UPDATE refunds SET state = 'rejected', rejected_by = 'system' WHERE state = 'requested' "
            "AND reason = ANY(:reasons) AND (member_id = :member_id OR sponsor_id = :sponsor_id)"
        ),
        {**payer.__dict__, "reasons": [REFUSED, LEFT]},
    )


def settle(connection: Connection, refund_id: int, **changes: object) -> None:
    """Write down what was decided about a refund, column by column."""
    columns = ", ".join(f"{name} = :{name}" for name in changes)
    connection.execute(
        text(f"UPDATE refunds SET {columns} WHERE id = :refund_id"),  # noqa: S608  # names from our own code
        {**changes, "refund_id": refund_id},
    )


def waiting(connection: Connection) -> list[Refund]:
    """Refunds that somebody has to decide about, or to pay out; the oldest first."""
    rows = connection.execute(text("SELECT * FROM refunds WHERE state IN ('requested', 'approved') ORDER BY id"))
    return [_refund(row) for row in rows]


def page(connection: Connection, *, decided: bool, beyond: int | None, most: int) -> list[Refund]:
    """Refunds that wait for somebody, the oldest first, or decided ones, the newest first; those `beyond` a number."""
    states, order, comes = (("paid", "rejected"), "DESC", "<") if decided else (("requested", "approved"), "ASC", ">")
    rows = connection.execute(
        text(
            f"SELECT * FROM refunds WHERE state = ANY(:states) AND (CAST(:beyond AS bigint) IS NULL "  # noqa: S608
            f"OR id {comes} :beyond) ORDER BY id {order} LIMIT :most"
        ),
        {"states": list(states), "beyond": beyond, "most": most},
    )
    return [_refund(row) for row in rows]


def find(connection: Connection, refund_id: int) -> Refund | None:
    """The refund of this number, to be looked at."""
    row = connection.execute(text("SELECT * FROM refunds WHERE id = :id"), {"id": refund_id}).one_or_none()
    return _refund(row) if row else None
