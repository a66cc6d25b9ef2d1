"""How people prove who they are, and how often they have done so wrongly."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

# So long wrong proofs are remembered, and so long whoever gave too many is kept out.
LOCKED = timedelta(days=1)


def wrong_proofs(connection: Connection, subject: str, now: datetime) -> int:
    """How many wrong proofs count against a subject today; nobody else can give one before the transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 1))"), {"subject": subject})
    found = connection.execute(
        text("SELECT number FROM wrong_proofs WHERE subject = :subject AND since > :after"),
        {"subject": subject, "after": now - LOCKED},
    ).scalar_one_or_none()
    return int(found or 0)


def add_wrong_proof(connection: Connection, subject: str, now: datetime) -> int:
    """One more wrong proof; how many that makes. A day after the last one, the counting begins anew."""
    return int(
        connection.execute(
            text(
                "INSERT INTO wrong_proofs AS w (subject, number, since) VALUES (:subject, 1, :now) "
                "ON CONFLICT (subject) DO UPDATE SET since = :now, "
                "number = CASE WHEN w.since > :after THEN w.number + 1 ELSE 1 END RETURNING number"
            ),
            {"subject": subject, "now": now, "after": now - LOCKED},
        ).scalar_one()
    )


def forget_wrong_proofs(connection: Connection, subject: str) -> None:
    """A right proof: what was wrong before does not count any more."""
    connection.execute(text("DELETE FROM wrong_proofs WHERE subject = :subject"), {"subject": subject})


def keep_pin(connection: Connection, member_id: int, pin: str, now: datetime) -> None:
    """Keep a member's PIN, salted and hashed; whoever sets it is who they are."""
    connection.execute(
        text("UPDATE members SET pin = :pin, proved_at = :now WHERE id = :id"),
        {"id": member_id, "pin": pin, "now": now},
    )


def keep_proof(connection: Connection, member_id: int, now: datetime) -> None:
    """Somebody has proved to be this member: there is no doubt any more."""
    connection.execute(text("UPDATE members SET proved_at = :now WHERE id = :id"), {"id": member_id, "now": now})
