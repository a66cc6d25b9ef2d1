"""Numbered files for the institution, the rows in them, and the answers that came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class File:
    """A numbered file; `total` is whole rupiah, `answered` how many of its rows have their last answer.

    Of the total, so many rupiah were `refused`, and so many of those are `back` with us.
    """

    number: int
    kind: str
    rows: int
    total: int
    made_by: str
    made_at: datetime
    downloaded_at: datetime | None
    bank_reference: str | None
    answered: int
    refused: int
    back: int


@dataclass(frozen=True)
class Filed:
    """A registration in a file, with the person in it; the NIK comes encrypted, `wage` is whole rupiah."""

    registration_id: int
    nik: str
    name: str
    born: date
    phone: str
    sector: str
    workplace: str
    package: str
    wage: int


@dataclass(frozen=True)
class FiledMonth:
    """A paid month in a file, with its member; the NIK comes encrypted, `wage` and `amount` are whole rupiah."""

    member_id: int
    nik: str
    member_number: str
    name: str
    month: date
    package: str
    wage: int
    amount: int


_FILE = (
    "SELECT f.number, f.kind, f.rows, f.total, f.made_by, f.made_at, f.downloaded_at, f.bank_reference, "
    "(SELECT count(*) FROM registrations r WHERE r.handover_file = f.number AND r.state IN ('confirmed', 'refused')) "
    "+ (SELECT count(*) FROM remittances b JOIN contribution_months c ON c.remittance_id = b.id "
    "WHERE b.handover_file = f.number AND c.answer IN ('confirmed', 'refused')) "
    "+ (SELECT count(*) FROM refused_months m WHERE m.handover_file = f.number AND m.returned_at IS NOT NULL), "
    "(SELECT coalesce(sum(m.amount), 0) FROM refused_months m WHERE m.handover_file = f.number), "
    "(SELECT coalesce(sum(m.amount), 0) FROM refused_months m WHERE m.handover_file = f.number "
    "AND m.returned_at IS NOT NULL) FROM handover_files f "
)


def files(connection: Connection) -> list[File]:
    """Every file, the newest first."""
    return [File(*row) for row in connection.execute(text(_FILE + "ORDER BY f.number DESC"))]


def page(connection: Connection, before: int | None, most: int) -> list[File]:
    """Some files, the newest first; those below a number."""
    rows = connection.execute(
        text(f"{_FILE} WHERE CAST(:before AS bigint) IS NULL OR f.number < :before ORDER BY f.number DESC LIMIT :most"),
        {"before": before, "most": most},
    )
    return [File(*row) for row in rows]


def waiting(connection: Connection, most: int) -> tuple[int, int]:
    """How many registrations and months wait for the next file; no more than `most` of each are counted."""
    registrations = connection.execute(
        text(
            "SELECT count(*) FROM (SELECT 1 FROM registrations WHERE state = 'filed' AND next_try_at IS NULL "
            "AND handover_file IS NULL LIMIT :most) counted"
        ),
        {"most": most},
    ).scalar_one()
    months = connection.execute(
        text(
            "SELECT count(*) FROM (SELECT 1 FROM contribution_months c WHERE c.state = 'received' "
            "AND c.remittance_id IS NULL AND EXISTS (SELECT 1 FROM registrations r WHERE r.member_id = c.member_id "
            "AND r.state = 'confirmed') LIMIT :most) counted"
        ),
        {"most": most},
    ).scalar_one()
    return int(registrations), int(months)


def by_number(connection: Connection, number: int) -> File | None:
    """The file of this number; its row stays locked until the transaction ends."""
    row = connection.execute(text(_FILE + "WHERE f.number = :number FOR UPDATE OF f"), {"number": number}).one_or_none()
    return File(*row) if row else None


def next_number(connection: Connection) -> int:
    """The number of the next file, without a gap: nobody else makes one until the transaction ends."""
    connection.execute(text("LOCK TABLE handover_files IN SHARE ROW EXCLUSIVE MODE"))
    return int(connection.execute(text("SELECT coalesce(max(number), 0) + 1 FROM handover_files")).scalar_one())


def add(connection: Connection, number: int, kind: str, by: str, now: datetime) -> None:
    """A new file, empty until it is sealed."""
    connection.execute(
        text(
            "INSERT INTO handover_files (number, kind, rows, sealed, made_by, made_at) "
            "VALUES (:number, :kind, 0, '', :by, :now)"
        ),
        {"number": number, "kind": kind, "by": by, "now": now},
    )


def seal(connection: Connection, number: int, rows: int, total: int, sealed: str) -> None:
    """What a new file holds, encrypted."""
    connection.execute(
        text("UPDATE handover_files SET rows = :rows, total = :total, sealed = :sealed WHERE number = :number"),
        {"number": number, "rows": rows, "total": total, "sealed": sealed},
    )


def sealed(connection: Connection, number: int) -> str | None:
    """What a file holds, encrypted; None when there is no such file."""
    return connection.execute(
        text("SELECT sealed FROM handover_files WHERE number = :number"), {"number": number}
    ).scalar_one_or_none()


def mark_downloaded(connection: Connection, number: int, now: datetime) -> None:
    """Somebody has taken the file; the first time counts."""
    connection.execute(
        text("UPDATE handover_files SET downloaded_at = coalesce(downloaded_at, :now) WHERE number = :number"),
        {"number": number, "now": now},
    )


def gather_registrations(connection: Connection, number: int, most: int) -> list[Filed]:
    """Put the registrations that wait into a file, the oldest first. Who has left is not handed over."""
    rows = connection.execute(
        text(
            "WITH chosen AS (SELECT r.id FROM registrations r JOIN members m ON m.id = r.member_id "
            "WHERE r.state = 'filed' AND r.next_try_at IS NULL AND r.handover_file IS NULL AND m.state = 'here' "
            "ORDER BY r.id LIMIT :most FOR UPDATE OF r), "
            "put AS (UPDATE registrations SET handover_file = :number WHERE id IN (SELECT id FROM chosen) "
            "RETURNING id, member_id) "
            "SELECT put.id, m.nik, m.name, m.born, m.phone, p.sector, m.workplace, p.package, p.wage FROM put "
            "JOIN members m ON m.id = put.member_id CROSS JOIN LATERAL (SELECT sector, package, wage FROM member_plans "
            "WHERE member_id = m.id ORDER BY from_month DESC LIMIT 1) p ORDER BY put.id"
        ),
        {"number": number, "most": most},
    )
    return [Filed(*row) for row in rows]


def gather_months(connection: Connection, number: int, most: int, now: datetime) -> list[FiledMonth]:
    """Put the received months of members whom the institution knows into a file, as one batch."""
    batch = connection.execute(
        text("INSERT INTO remittances (state, created_at, handover_file) VALUES ('made', :now, :number) RETURNING id"),
        {"now": now, "number": number},
    ).scalar_one()
    rows = connection.execute(
        text(
            "WITH chosen AS (SELECT c.member_id, c.month FROM contribution_months c JOIN registrations r "
            "ON r.member_id = c.member_id AND r.state = 'confirmed' WHERE c.state = 'received' "
            "AND c.remittance_id IS NULL ORDER BY c.received_at, c.member_id, c.month LIMIT :most "
            "FOR UPDATE OF c SKIP LOCKED), "
            "put AS (UPDATE contribution_months c SET remittance_id = :batch FROM chosen "
            "WHERE c.member_id = chosen.member_id AND c.month = chosen.month "
            "RETURNING c.member_id, c.month, c.package, c.wage, c.amount) "
            "SELECT m.id, m.nik, coalesce(m.member_number, ''), m.name, put.month, put.package, put.wage, put.amount "
            "FROM put JOIN members m ON m.id = put.member_id ORDER BY m.id, put.month"
        ),
        {"batch": batch, "most": most},
    )
    return [FiledMonth(*row) for row in rows]


def batch_of(connection: Connection, number: int) -> int:
    """The batch of months that a file of contributions holds."""
    return int(
        connection.execute(
            text("SELECT id FROM remittances WHERE handover_file = :number"), {"number": number}
        ).scalar_one()
    )


def mark_remitted(connection: Connection, number: int, bank_reference: str) -> None:
    """The bank has transferred what a file of contributions adds up to."""
    connection.execute(
        text("UPDATE handover_files SET bank_reference = :reference WHERE number = :number"),
        {"number": number, "reference": bank_reference},
    )


def forget_contents(connection: Connection, member_id: int) -> list[int]:
    """Somebody is erased: files that name them and have every answer keep their sums and lose their contents."""
    named = connection.execute(
        text(
            "SELECT handover_file FROM registrations WHERE member_id = :member UNION SELECT b.handover_file "
            "FROM contribution_months c JOIN remittances b ON b.id = c.remittance_id WHERE c.member_id = :member "
            "UNION SELECT handover_file FROM refused_months WHERE member_id = :member"
        ),
        {"member": member_id},
    )
    numbers = set(named.scalars())
    done = [file.number for file in files(connection) if file.number in numbers and file.answered == file.rows]
    connection.execute(text("UPDATE handover_files SET sealed = '' WHERE number = ANY(:done)"), {"done": done})
    return done
