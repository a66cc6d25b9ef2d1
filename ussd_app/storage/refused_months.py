"""Contribution months in a file that the institution did not want, and whether their money is with us again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from ussd_app.domain.ledger import PaidFor, Payer
from ussd_app.storage.contributions import Held


@dataclass(frozen=True)
class RefusedMonth:
    """A refused month whose money is not back: `sent` is whether it went to the institution, in which batch."""

    held: Held
    reason: str
    batch: int
    sent: bool


def refuse(connection: Connection, number: int, member_id: int, month: date, reason: str, now: datetime) -> None:
    """A month in the file of this number is refused."""
    connection.execute(
        text(
            "INSERT INTO refused_months (member_id, month, handover_file, amount, order_id, reason, refused_at) "
            "SELECT member_id, month, :number, amount, order_id, :reason, :now FROM contribution_months "
            "WHERE member_id = :member AND month = :month "
            "ON CONFLICT (member_id, month) DO UPDATE SET reason = excluded.reason"
        ),
        {"number": number, "member": member_id, "month": month, "reason": reason, "now": now},
    )


def take_back(connection: Connection, member_id: int, month: date) -> str | None:
    """The institution thought again about a month whose money it has kept; the reason it had given, None if none."""
    return connection.execute(
        text(
            "DELETE FROM refused_months WHERE member_id = :member AND month = :month AND returned_at IS NULL "
            "RETURNING reason"
        ),
        {"member": member_id, "month": month},
    ).scalar_one_or_none()


def waiting(connection: Connection, number: int, member_id: int | None = None) -> list[RefusedMonth]:
    """The refused months of a file, or of one member in it, whose money is not back; they stay locked."""
    rows = connection.execute(
        text(
            "SELECT c.member_id, c.month, c.amount, c.order_id, c.sponsor_id, r.reason, c.remittance_id, "
            "c.state <> 'received' AS sent FROM refused_months r JOIN contribution_months c "
            "ON c.member_id = r.member_id AND c.month = r.month WHERE r.handover_file = :number "
            "AND r.returned_at IS NULL AND r.member_id = coalesce(:member, r.member_id) "
            "ORDER BY c.member_id, c.month FOR UPDATE OF c"
        ),
        {"number": number, "member": member_id},
    )
    return [
        RefusedMonth(
            Held(
                PaidFor(row.member_id, row.month, row.amount),
                row.order_id,
                Payer(sponsor_id=row.sponsor_id) if row.sponsor_id else Payer(row.member_id),
            ),
            row.reason,
            row.remittance_id,
            row.sent,
        )
        for row in rows
    ]


def sponsors_of(connection: Connection, number: int, member_id: int) -> list[int]:
    """The sponsors who paid for a member's refused months in a file, by number."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT c.sponsor_id FROM refused_months r JOIN contribution_months c USING (member_id, month) "
            "WHERE r.handover_file = :number AND r.member_id = :member AND r.returned_at IS NULL "
            "AND c.sponsor_id IS NOT NULL ORDER BY 1"
        ),
        {"number": number, "member": member_id},
    )
    return list(rows.scalars())


def are_back(
    connection: Connection, member_id: int, months: Sequence[date], bank_reference: str | None, now: datetime
) -> None:
    """The money of a member's refused months is with us again; without a reference it had never been sent."""
    connection.execute(
        text(
            "UPDATE refused_months SET returned_at = :now, bank_reference = :reference WHERE member_id = :member "
            "AND month = ANY(:months) AND returned_at IS NULL"
        ),
        {"member": member_id, "months": list(months), "reference": bank_reference, "now": now},
    )


def lost_for(connection: Connection, payer: Payer) -> list[tuple[str, int]]:
    """What a payer's orders have cost us because the provider took back what we no longer had: order, whole rupiah."""
    rows = connection.execute(
        text(
            "SELECT t.order_id, sum(e.amount) FROM ledger_entries e JOIN ledger_transactions t "
            "ON t.id = e.transaction_id WHERE e.account = 'losses' AND t.order_id IN (SELECT paid.order_id "
            "FROM ledger_entries p JOIN ledger_transactions paid ON paid.id = p.transaction_id "
            "WHERE paid.kind IN ('settlement', 'assigned') AND p.account = :account "
            "AND (p.member_id = :member_id OR p.sponsor_id = :sponsor_id)) "
            "GROUP BY t.order_id HAVING sum(e.amount) > 0 ORDER BY t.order_id"
        ),
        {**payer.__dict__, "account": payer.credit},
    )
    return [(order_id, int(lost)) for order_id, lost in rows]
