"""Sponsors, and the members they pay for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Sponsor:
    """Somebody who pays for others; `kind` is person, company or community."""

    id: int
    phone: str
    name: str
    kind: str
    language: str


_SPONSOR = "SELECT id, phone, name, kind, language FROM sponsors "


def by_id(connection: Connection, sponsor_id: int) -> Sponsor:
    """The sponsor with this id."""
    return Sponsor(*connection.execute(text(_SPONSOR + "WHERE id = :id"), {"id": sponsor_id}).one())


def by_phone(connection: Connection, phone: str) -> Sponsor | None:
    """The sponsor who uses this phone."""
    row = connection.execute(text(_SPONSOR + "WHERE phone = :phone"), {"phone": phone}).one_or_none()
    return Sponsor(*row) if row else None


def with_ids(connection: Connection, numbers: Sequence[int]) -> list[Sponsor]:
    """The sponsors of these numbers, the newest first."""
    rows = connection.execute(text(_SPONSOR + "WHERE id = ANY(:numbers) ORDER BY id DESC"), {"numbers": list(numbers)})
    return [Sponsor(*row) for row in rows]


def newest(connection: Connection, before: int | None, kind: str, most: int) -> list[Sponsor]:
    """Sponsors of a kind, or of any, the newest first, numbered below `before`."""
    rows = connection.execute(
        text(
            f"{_SPONSOR} WHERE (CAST(:before AS bigint) IS NULL OR id < :before) AND (:kind = '' OR kind = :kind) "
            "ORDER BY id DESC LIMIT :most"
        ),
        {"before": before, "kind": kind, "most": most},
    )
    return [Sponsor(*row) for row in rows]


def add(connection: Connection, phone: str, name: str, kind: str, language: str, now: datetime) -> Sponsor:
    """Write a new sponsor; the one this phone already has stays as it is."""
    connection.execute(
        text(
            "INSERT INTO sponsors (phone, name, kind, language, created_at) "
            "VALUES (:phone, :name, :kind, :language, :now) ON CONFLICT (phone) DO NOTHING"
        ),
        {"phone": phone, "name": name, "kind": kind, "language": language, "now": now},
    )
    found = by_phone(connection, phone)
    assert found is not None
    return found


def adding(connection: Connection, sponsor_id: int, until: datetime | None) -> None:
    """The sponsor may still be adding people until then; None when they said that they are done."""
    connection.execute(
        text("UPDATE sponsors SET adding_until = :until WHERE id = :id"), {"id": sponsor_id, "until": until}
    )


def is_adding(connection: Connection, sponsor_id: int, now: datetime) -> bool:
    """Whether the sponsor may still be adding people."""
    return bool(
        connection.execute(
            text("SELECT coalesce(adding_until > :now, false) FROM sponsors WHERE id = :id"),
            {"id": sponsor_id, "now": now},
        ).scalar_one()
    )


@dataclass(frozen=True)
class Sponsorship:
    """A member whom a sponsor pays for: the name the sponsor gave, and how many months were paid for last.

    `payable` is no for somebody the institution refused, or who left. `picked` is the sponsor's mark.
    """

    sponsor_id: int
    member_id: int
    name: str
    months: int
    picked: bool
    payable: bool


_SPONSORSHIP = (
    "SELECT s.sponsor_id, s.member_id, s.name, s.months, s.picked, m.state = 'here' AND coalesce((SELECT r.state "
    "FROM registrations r WHERE r.member_id = m.id ORDER BY r.id DESC LIMIT 1), '') <> 'refused' AS payable "
    "FROM sponsorships s JOIN members m ON m.id = s.member_id WHERE s.ended_at IS NULL "
)


def link(connection: Connection, sponsor_id: int, member_id: int, name: str, months: int, now: datetime) -> None:
    """From now on this sponsor pays for this member; one that had ended begins again."""
    connection.execute(
        text(
            "INSERT INTO sponsorships (sponsor_id, member_id, name, months, since) "
            "VALUES (:sponsor, :member, :name, :months, :now) ON CONFLICT (sponsor_id, member_id) DO UPDATE SET "
            "name = excluded.name, months = excluded.months, picked = false, since = CASE WHEN "
            "sponsorships.ended_at IS NULL THEN sponsorships.since ELSE excluded.since END, "
            "ended_at = NULL, ended_by = NULL"
        ),
        {"sponsor": sponsor_id, "member": member_id, "name": name, "months": months, "now": now},
    )


def people_of(connection: Connection, sponsor_id: int) -> list[Sponsorship]:
    """The members a sponsor pays for, by name."""
    rows = connection.execute(
        text(_SPONSORSHIP + "AND s.sponsor_id = :sponsor ORDER BY s.name, s.member_id"), {"sponsor": sponsor_id}
    )
    return [Sponsorship(*row) for row in rows]


def payers_of(connection: Connection, member_id: int) -> list[Sponsor]:
    """The sponsors who pay for a member, the longest first."""
    rows = connection.execute(
        text(
            "SELECT p.id, p.phone, p.name, p.kind, p.language FROM sponsorships s JOIN sponsors p "
            "ON p.id = s.sponsor_id WHERE s.member_id = :member AND s.ended_at IS NULL ORDER BY s.since, p.id"
        ),
        {"member": member_id},
    )
    return [Sponsor(*row) for row in rows]


def name_given(connection: Connection, sponsor_id: int, member_id: int) -> str:
    """What a sponsor calls one of their people."""
    return str(
        connection.execute(
            text("SELECT name FROM sponsorships WHERE sponsor_id = :sponsor AND member_id = :member"),
            {"sponsor": sponsor_id, "member": member_id},
        ).scalar_one()
    )


def end(connection: Connection, sponsor_id: int, member_id: int, by: str, now: datetime) -> bool:
    """The sponsor pays for this member no more; False when that was so already. `by` is sponsor or member."""
    done = connection.execute(
        text(
            "UPDATE sponsorships SET ended_at = :now, ended_by = :by, picked = false WHERE sponsor_id = :sponsor "
            "AND member_id = :member AND ended_at IS NULL"
        ),
        {"sponsor": sponsor_id, "member": member_id, "by": by, "now": now},
    )
    return bool(done.rowcount)


def turn_mark(connection: Connection, sponsor_id: int, member_id: int) -> None:
    """Whoever was marked is not any more, whoever was not is."""
    connection.execute(
        text(
            "UPDATE sponsorships SET picked = NOT picked WHERE sponsor_id = :sponsor AND member_id = :member "
            "AND ended_at IS NULL"
        ),
        {"sponsor": sponsor_id, "member": member_id},
    )


def asked_for(connection: Connection, sponsor_id: int, people: Sequence[int], months: int) -> None:
    """A code for so many months of these members was asked for: their marks go, the number is offered next time."""
    connection.execute(
        text(
            "UPDATE sponsorships SET picked = false, months = :months WHERE sponsor_id = :sponsor "
            "AND member_id = ANY(:people)"
        ),
        {"sponsor": sponsor_id, "people": list(people), "months": months},
    )
