"""Contribution months that are paid, how far each has come, and the batches in which they go to the institution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Row, text

from ussd_app.domain.coverage import MonthState
from ussd_app.domain.ledger import PaidFor, Payer
from ussd_app.storage.orders import Line


@dataclass(frozen=True)
class Held:
    """A paid month that is still with us, the order that paid it, and whose money it was."""

    paid: PaidFor
    order_id: str
    payer: Payer


def months_of(connection: Connection, member_id: int) -> dict[date, MonthState]:
    """Every contribution month a member has paid, with how far it has come; also those the institution refused."""
    rows = connection.execute(
        text(
            "SELECT month, CASE WHEN answer = 'refused' THEN answer ELSE state END AS state FROM contribution_months "
            "WHERE member_id = :member UNION ALL SELECT month, 'refused' FROM refused_months "
            "WHERE member_id = :member AND returned_at IS NOT NULL"
        ),
        {"member": member_id},
    )
    return {row.month: row.state for row in rows}


def add_months(
    connection: Connection, lines: Sequence[Line], order_id: str, sponsor_id: int | None, now: datetime
) -> list[Line]:
    """These months are paid; gives those that were not already, by another code."""
    rows = connection.execute(
        text(
            "INSERT INTO contribution_months (member_id, month, package, wage, amount, order_id, sponsor_id, state, "
            "received_at) SELECT member_id, month, package, wage, amount, :order, :sponsor, 'received', :now "
            "FROM unnest(CAST(:members AS bigint[]), CAST(:months AS date[]), CAST(:packages AS text[]), "
            "CAST(:wages AS integer[]), CAST(:amounts AS integer[])) AS t (member_id, month, package, wage, amount) "
            "ON CONFLICT DO NOTHING RETURNING member_id, month"
        ),
        {
            "members": [line.member_id for line in lines],
            "months": [line.month for line in lines],
            "packages": [line.package for line in lines],
            "wages": [line.wage for line in lines],
            "amounts": [line.amount for line in lines],
            "order": order_id,
            "sponsor": sponsor_id,
            "now": now,
        },
    )
    added = {(row.member_id, row.month) for row in rows}
    return [line for line in lines if (line.member_id, line.month) in added]


def paid_among(connection: Connection, people: Sequence[int]) -> set[tuple[int, date]]:
    """Which months of these members are paid, by whomever, and not refused by the institution."""
    rows = connection.execute(
        text(
            "SELECT member_id, month FROM contribution_months WHERE member_id = ANY(:people) "
            "AND answer IS DISTINCT FROM 'refused'"
        ),
        {"people": list(people)},
    )
    return {(row.member_id, row.month) for row in rows}


def closed_among(connection: Connection, people: Sequence[int]) -> set[tuple[int, date]]:
    """Which months of these members are not to be bought: paid, by whomever, or refused by the institution."""
    rows = connection.execute(
        text(
            "SELECT member_id, month FROM contribution_months WHERE member_id = ANY(:people) "
            "UNION SELECT member_id, month FROM refused_months WHERE member_id = ANY(:people)"
        ),
        {"people": list(people)},
    )
    return {(row.member_id, row.month) for row in rows}


def held(connection: Connection, *, member_id: int | None = None, payer: Payer | None = None) -> list[Held]:
    """A member's months, or those a payer has paid, that have not gone on to the institution; the latest first.

    Their rows stay locked until the transaction ends.
    """
    rows = connection.execute(
        text(
            "SELECT member_id, month, amount, order_id, sponsor_id FROM contribution_months WHERE state = 'received' "
            "AND remittance_id IS NULL AND (member_id = :member OR sponsor_id = :sponsor "
            "OR (member_id = :payer AND sponsor_id IS NULL)) ORDER BY member_id, month FOR UPDATE"
        ),
        {
            "member": member_id,
            "payer": payer.member_id if payer else None,
            "sponsor": payer.sponsor_id if payer else None,
        },
    )
    found = [Held(PaidFor(row.member_id, row.month, row.amount), row.order_id, _payer(row)) for row in rows]
    return sorted(found, key=lambda one: (one.paid.month, one.paid.member_id), reverse=True)


def remove_months(connection: Connection, months: Sequence[Held]) -> None:
    """These months are paid no more; the ledger keeps what they were."""
    connection.execute(
        text(
            "DELETE FROM contribution_months WHERE (member_id, month) IN (SELECT * FROM "
            "unnest(CAST(:members AS bigint[]), CAST(:months AS date[])))"
        ),
        {"members": [one.paid.member_id for one in months], "months": [one.paid.month for one in months]},
    )


def barred_among(connection: Connection, people: Sequence[int]) -> set[int]:
    """Those of these members for whom no month is to be bought: refused by the institution, or not here any more."""
    rows = connection.execute(
        text(
            "SELECT m.id FROM members m WHERE m.id = ANY(:people) AND (m.state <> 'here' OR (SELECT r.state FROM "
            "registrations r WHERE r.member_id = m.id ORDER BY r.id DESC LIMIT 1) = 'refused')"
        ),
        {"people": list(people)},
    )
    return set(rows.scalars())


def _payer(row: Row[tuple[object, ...]]) -> Payer:
    return Payer(sponsor_id=row.sponsor_id) if row.sponsor_id else Payer(member_id=row.member_id)


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
            "WHERE state <> 'confirmed' AND handover_file IS NULL AND (lease_until IS NULL OR lease_until < :now) "
            "ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id"
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
