"""Members on their way from one phone number to another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, text


@dataclass(frozen=True)
class PhoneChange:
    """A member moves from one number to another at `due_at`, unless the old one refuses before."""

    id: int
    member_id: int
    old_phone: str
    new_phone: str
    due_at: datetime


def _change(row: Row[tuple[object, ...]]) -> PhoneChange:
    return PhoneChange(**{name: row._mapping[name] for name in PhoneChange.__annotations__})


@dataclass(frozen=True)
class Wish:
    """Somebody wants a member to move to another number; `proof` is pin, member_number or operator."""

    member_id: int
    old_phone: str
    new_phone: str
    proof: str
    requested_by: str


def add(connection: Connection, wish: Wish, due: datetime, now: datetime) -> PhoneChange | None:
    """Write down that a member is to move; None when one waits already."""
    row = connection.execute(
        text(
            "INSERT INTO phone_changes (member_id, old_phone, new_phone, proof, requested_by, state, due_at, "
            "created_at) VALUES (:member_id, :old_phone, :new_phone, :proof, :requested_by, 'waiting', :due, :now) "
            "ON CONFLICT (member_id) WHERE state = 'waiting' DO NOTHING RETURNING *"
        ),
        {**wish.__dict__, "due": due, "now": now},
    ).one_or_none()
    return _change(row) if row else None


@dataclass(frozen=True)
class Done:
    """A member has left a number, and when; it is empty once it was forgotten."""

    old_phone: str
    settled_at: datetime


def done_of(connection: Connection, member_id: int) -> list[Done]:
    """The numbers that a member has left, in the order in which they did."""
    rows = connection.execute(
        text(
            "SELECT old_phone, settled_at FROM phone_changes WHERE member_id = :member AND state = 'done' "
            "ORDER BY settled_at, id"
        ),
        {"member": member_id},
    )
    return [Done(*row) for row in rows]


def due(connection: Connection, now: datetime, most: int = 500) -> list[int]:
    """Changes that nobody refused in time."""
    rows = connection.execute(
        text("SELECT id FROM phone_changes WHERE state = 'waiting' AND due_at <= :now ORDER BY due_at LIMIT :most"),
        {"now": now, "most": most},
    )
    return list(rows.scalars())


def settle(connection: Connection, change_id: int, state: str, now: datetime) -> PhoneChange | None:
    """A waiting change is `done` or `refused`; None when it was settled before."""
    row = connection.execute(
        text(
            "UPDATE phone_changes SET state = :state, settled_at = :now WHERE id = :id AND state = 'waiting' "
            "RETURNING *"
        ),
        {"id": change_id, "state": state, "now": now},
    ).one_or_none()
    return _change(row) if row else None


def refuse(
    connection: Connection, now: datetime, *, old_phone: str | None = None, member_id: int | None = None
) -> list[PhoneChange]:
    """The changes that wait, away from a number or of a member, are not to be."""
    rows = connection.execute(
        text(
            "UPDATE phone_changes SET state = 'refused', settled_at = :now WHERE state = 'waiting' "
            "AND (old_phone = :old OR member_id = :member) RETURNING *"
        ),
        {"now": now, "old": old_phone, "member": member_id},
    )
    return [_change(row) for row in rows]


def move_member(connection: Connection, change: PhoneChange, now: datetime) -> None:
    """A member, their open invitations and open codes are at the new number from now on."""
    values = {"member": change.member_id, "old": change.old_phone, "new": change.new_phone, "now": now}
    for statement in (
        "UPDATE members SET phone = :new, seen_at = :now, proved_at = :now WHERE id = :member",
        "UPDATE invitations SET phone = :new WHERE state = 'asked' AND phone = :old "
        "AND nik_index = (SELECT nik_index FROM members WHERE id = :member)",
        "UPDATE pay_codes c SET phone = :new WHERE member_id = :member AND state IN ('requested', 'open') "
        "AND NOT EXISTS (SELECT 1 FROM pay_codes o WHERE o.phone = :new AND o.purpose = c.purpose "
        "AND o.state IN ('requested', 'open'))",
    ):
        connection.execute(text(statement), values)


def move_phone(connection: Connection, change: PhoneChange, now: datetime) -> bool:
    """What belonged to an old number that no member uses any more follows: its choices, waiting reminders, a sponsor.

    False when the new number has a sponsor of its own, so that the old one's stays behind.
    """
    values = {"old": change.old_phone, "new": change.new_phone, "now": now}
    for statement in (
        "INSERT INTO phones (phone, language, channel, changed_at) "
        "SELECT :new, language, channel, :now FROM phones WHERE phone = :old ON CONFLICT DO NOTHING",
        "UPDATE stops SET phone = :new WHERE phone = :old AND channel <> 'gateway' AND ended_at IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM stops s WHERE s.phone = :new AND s.topic = stops.topic AND s.ended_at IS NULL)",
        "DELETE FROM phones WHERE phone = :old",
        "UPDATE outbox SET phone = :new WHERE phone = :old AND state = 'waiting' AND lane <> 'urgent'",
    ):
        connection.execute(text(statement), values)
    both = connection.execute(text("SELECT count(*) FROM sponsors WHERE phone IN (:old, :new)"), values).scalar_one()
    if both < 2:
        connection.execute(text("UPDATE sponsors SET phone = :new WHERE phone = :old"), values)
    return bool(both < 2)
