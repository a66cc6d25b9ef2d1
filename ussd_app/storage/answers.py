"""What the institution has answered about the rows of numbered files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text


def month_reference(member_id: int, month: date) -> str:
    """What a member's contribution month is called in the files."""
    return f"C{member_id}-{month:%Y%m}"


@dataclass(frozen=True)
class Asked:
    """A row of one of our files, and the answer it has so far (None: none); `month` is None for a registration.

    `returned` is whether the money of a refused month is with us again, `bank_reference` how it came.
    """

    member_id: int
    registration_id: int | None
    month: date | None
    answer: str | None
    member_number: str | None
    reason: str
    returned: bool = False
    bank_reference: str | None = None

    @property
    def reference(self) -> str:
        """What the row is called in the files."""
        return f"R{self.registration_id}" if self.month is None else month_reference(self.member_id, self.month)


def rows_of(connection: Connection, number: int) -> dict[str, Asked]:
    """Every row of a file by its reference."""
    registrations = connection.execute(
        text(
            "SELECT r.member_id, r.id, CAST(NULL AS date), CASE r.state WHEN 'confirmed' THEN 'accepted' "
            "WHEN 'refused' THEN 'refused' END, m.member_number, r.reason FROM registrations r "
            "JOIN members m ON m.id = r.member_id WHERE r.handover_file = :number"
        ),
        {"number": number},
    )
    months = connection.execute(
        text(
            "SELECT c.member_id, NULL, c.month, c.answer, NULL, '', false, NULL FROM remittances b "
            "JOIN contribution_months c ON c.remittance_id = b.id WHERE b.handover_file = :number "
            "UNION ALL SELECT member_id, NULL, month, 'refused', NULL, reason, true, bank_reference "
            "FROM refused_months WHERE handover_file = :number AND returned_at IS NOT NULL"
        ),
        {"number": number},
    )
    asked = [Asked(*row) for row in (*registrations, *months)]
    return {row.reference: row for row in asked}


def holders(connection: Connection, numbers: Sequence[str]) -> dict[str, int]:
    """Which members have these member numbers already."""
    rows = connection.execute(
        text("SELECT member_number, id FROM members WHERE member_number = ANY(:numbers)"), {"numbers": list(numbers)}
    )
    return {row.member_number: row.id for row in rows}


def answer_month(connection: Connection, member_id: int, month: date, verdict: str) -> bool:
    """A month was received, refused or confirmed; False when that changes nothing."""
    done = connection.execute(
        text(
            "UPDATE contribution_months SET answer = :verdict, "
            "state = CASE WHEN :verdict = 'confirmed' THEN 'confirmed' ELSE state END WHERE member_id = :member "
            "AND month = :month AND state <> 'confirmed' AND answer IS DISTINCT FROM :verdict"
        ),
        {"member": member_id, "month": month, "verdict": verdict},
    )
    return bool(done.rowcount)


def finish(connection: Connection, number: int, now: datetime) -> None:
    """Once every row of a file has its last answer, the file has been answered, and its batch is done."""
    connection.execute(
        text(
            "UPDATE remittances b SET state = 'confirmed', confirmed_at = :now WHERE handover_file = :number "
            "AND state = 'handed' AND NOT EXISTS (SELECT 1 FROM contribution_months c WHERE c.remittance_id = b.id "
            "AND c.state <> 'confirmed')"
        ),
        {"number": number, "now": now},
    )
    connection.execute(
        text(
            "UPDATE handover_files f SET answered_at = :now WHERE number = :number AND answered_at IS NULL "
            "AND NOT EXISTS (SELECT 1 FROM registrations r WHERE r.handover_file = f.number "
            "AND r.state NOT IN ('confirmed', 'refused')) AND NOT EXISTS (SELECT 1 FROM remittances b "
            "JOIN contribution_months c ON c.remittance_id = b.id WHERE b.handover_file = f.number "
            "AND c.state <> 'confirmed')"
        ),
        {"number": number, "now": now},
    )


def taken_before(connection: Connection, digest: str) -> bool:
    """Whether this very answer file was taken before, to its end."""
    found = connection.execute(text("SELECT 1 FROM handover_answers WHERE digest = :digest"), {"digest": digest})
    return found.scalar_one_or_none() is not None


def keep(connection: Connection, digest: str, number: int, rows: int, by: str, now: datetime) -> None:
    """An answer file has been taken to its end."""
    connection.execute(
        text(
            "INSERT INTO handover_answers (digest, handover_file, rows, uploaded_by, uploaded_at) "
            "VALUES (:digest, :number, :rows, :by, :now) ON CONFLICT (digest) DO NOTHING"
        ),
        {"digest": digest, "number": number, "rows": rows, "by": by, "now": now},
    )
