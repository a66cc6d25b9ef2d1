"""People whom sponsors want to pay for, until each has said yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Row, text

from ussd_app.domain.contributions import Plan


@dataclass(frozen=True)
class Invited:
    """What a sponsor told about somebody; the NIK is encrypted, `wage` whole rupiah a month, `months` how many to pay.

    `phone` is where that person is asked; `consent_by` is `phone`, or `paper` where only a signature counts.
    """

    sponsor_id: int
    phone: str
    nik_index: str
    nik: str
    name: str
    born: date | None
    zone: str
    language: str
    sector: str
    workplace: str
    package: str
    wage: int
    months: int
    consent_by: str
    roster_id: int | None = None

    @property
    def plan(self) -> Plan:
        """What the person would be insured for."""
        return Plan(self.sector, self.package, self.wage)


@dataclass(frozen=True)
class Invitation:
    """An invitation and what became of it; `number` tells the open ones of one phone apart."""

    id: int
    number: int
    invited: Invited
    state: str
    member_id: int | None


@dataclass(frozen=True)
class Forgotten:
    """How many people's data were deleted because they never answered a sponsor."""

    sponsor_id: int
    people: int


_TOLD = tuple(Invited.__dataclass_fields__)
_OF = f"SELECT id, number, state, member_id, {', '.join(_TOLD)} FROM invitations "  # noqa: S608  # our own words
_EMPTY = "phone = '', nik_index = '', nik = '', name = '', born = NULL, zone = '', sector = '', workplace = ''"


def _invitation(row: Row[tuple[object, ...]]) -> Invitation:
    fields = row._mapping
    told = Invited(**{name: fields[name] for name in _TOLD})
    return Invitation(fields["id"], fields["number"], told, fields["state"], fields["member_id"])


def add(connection: Connection, told: Invited, now: datetime) -> Invitation | None:
    """Write an invitation; None when this sponsor's question to this person still waits for an answer.

    Its number is one more than any open one's of that phone, and stays its own while others are answered.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:phone, 1))"), {"phone": told.phone})
    names = ", ".join(_TOLD)
    values = ", ".join(f":{name}" for name in _TOLD)
    row = connection.execute(
        text(
            f"INSERT INTO invitations ({names}, number, state, asked_at) SELECT {values}, "  # noqa: S608  # our own words
            "1 + coalesce(max(number), 0), 'asked', :now FROM invitations WHERE phone = :phone AND state = 'asked' "
            "ON CONFLICT (sponsor_id, nik_index) WHERE state = 'asked' DO NOTHING RETURNING id, number"
        ),
        {**told.__dict__, "now": now},
    ).one_or_none()
    return Invitation(row.id, row.number, told, "asked", None) if row else None


def open_for(connection: Connection, phone: str) -> list[Invitation]:
    """What this phone may answer, the oldest first: paper needs a signature, not an answer."""
    rows = connection.execute(
        text(_OF + "WHERE phone = :phone AND state = 'asked' AND consent_by = 'phone' ORDER BY id"), {"phone": phone}
    )
    return [_invitation(row) for row in rows]


def lock(connection: Connection, invitation_id: int) -> Invitation | None:
    """An invitation that still waits for an answer, locked until the transaction ends; None when it does not."""
    row = connection.execute(
        text(_OF + "WHERE id = :id AND state = 'asked' FOR UPDATE"), {"id": invitation_id}
    ).one_or_none()
    return _invitation(row) if row else None


def by_ids(connection: Connection, ids: Sequence[int]) -> list[Invitation]:
    """These invitations, the oldest first."""
    rows = connection.execute(text(_OF + "WHERE id = ANY(:ids) ORDER BY id"), {"ids": list(ids)})
    return [_invitation(row) for row in rows]


def agree(connection: Connection, invitation_id: int, member_id: int, now: datetime) -> None:
    """The person said yes, and is this member."""
    connection.execute(
        text("UPDATE invitations SET state = 'agreed', member_id = :member, answered_at = :now WHERE id = :id"),
        {"id": invitation_id, "member": member_id, "now": now},
    )


def refuse(connection: Connection, invitation_id: int, now: datetime) -> None:
    """The person said no; what is kept is the name the sponsor knows, and whom not to ask again at once."""
    connection.execute(
        text(
            "UPDATE invitations SET state = 'refused', phone = '', nik = '', born = NULL, workplace = '', "
            "answered_at = :now WHERE id = :id"
        ),
        {"id": invitation_id, "now": now},
    )


def withdraw(connection: Connection, invitation_id: int, now: datetime) -> None:
    """The sponsor takes the question back: everything told about that person is deleted."""
    connection.execute(
        text(
            f"UPDATE invitations SET state = 'withdrawn', {_EMPTY}, answered_at = :now "  # noqa: S608  # our own words
            "WHERE id = :id AND state = 'asked'"
        ),
        {"id": invitation_id, "now": now},
    )


def refused_since(connection: Connection, sponsor_id: int, nik_index: str, since: datetime) -> bool:
    """Whether this person has said no to this sponsor since then."""
    found = connection.execute(
        text(
            "SELECT 1 FROM invitations WHERE sponsor_id = :sponsor AND nik_index = :nik AND state = 'refused' "
            "AND answered_at > :since LIMIT 1"
        ),
        {"sponsor": sponsor_id, "nik": nik_index, "since": since},
    )
    return found.scalar_one_or_none() is not None


def of_sponsor(connection: Connection, sponsor_id: int) -> list[Invitation]:
    """Those who have not answered a sponsor, and those who said no and are not forgotten yet; by name."""
    rows = connection.execute(
        text(
            _OF
            + "WHERE sponsor_id = :sponsor AND state IN ('asked', 'refused') AND name <> '' ORDER BY state, name, id"
        ),
        {"sponsor": sponsor_id},
    )
    return [_invitation(row) for row in rows]


def waiting_for(connection: Connection, sponsor_id: int) -> int:
    """How many people have not answered a sponsor."""
    return int(
        connection.execute(
            text("SELECT count(*) FROM invitations WHERE sponsor_id = :sponsor AND state = 'asked'"),
            {"sponsor": sponsor_id},
        ).scalar_one()
    )


# Whoever ended it, whom the institution refused or who left is not to be paid for.
_PAYABLE = (
    "FROM invitations i JOIN sponsorships s ON s.sponsor_id = i.sponsor_id AND s.member_id = i.member_id "
    "AND s.ended_at IS NULL JOIN members m ON m.id = i.member_id AND m.state = 'here' "
    "WHERE i.state = 'agreed' AND i.paid_at IS NULL AND coalesce((SELECT r.state FROM registrations r "
    "WHERE r.member_id = i.member_id ORDER BY r.id DESC LIMIT 1), '') <> 'refused' "
)


def to_pay(connection: Connection, sponsor_id: int, *, fresh: bool) -> list[Invitation]:
    """Those who said yes and for whom this sponsor has not paid yet, nor has a code that can be paid.

    `fresh`: only those for whom there never was a code.
    """
    never = "AND i.pay_code_id IS NULL" if fresh else ""
    rows = connection.execute(
        text(
            f"SELECT i.* {_PAYABLE} AND i.sponsor_id = :sponsor {never} "  # noqa: S608  # our own words
            "AND NOT EXISTS (SELECT 1 FROM pay_codes c WHERE c.id = i.pay_code_id "
            "AND c.state IN ('requested', 'open')) ORDER BY i.id"
        ),
        {"sponsor": sponsor_id},
    )
    return [_invitation(row) for row in rows]


def unpaid_members(connection: Connection, sponsor_id: int) -> set[int]:
    """The members who said yes to a sponsor and for whom that sponsor has never paid yet."""
    rows = connection.execute(
        text("SELECT member_id FROM invitations WHERE sponsor_id = :sponsor AND state = 'agreed' AND paid_at IS NULL"),
        {"sponsor": sponsor_id},
    )
    return set(rows.scalars())


def in_code(connection: Connection, sponsor_id: int, people: list[int], pay_code_id: int | None) -> None:
    """These members' first payment is asked for with this code."""
    connection.execute(
        text(
            "UPDATE invitations SET pay_code_id = :code WHERE sponsor_id = :sponsor AND member_id = ANY(:people) "
            "AND state = 'agreed' AND paid_at IS NULL"
        ),
        {"sponsor": sponsor_id, "people": people, "code": pay_code_id},
    )


def paid(connection: Connection, sponsor_id: int, people: list[int], now: datetime) -> None:
    """The sponsor has paid for these members."""
    connection.execute(
        text(
            "UPDATE invitations SET paid_at = :now WHERE sponsor_id = :sponsor AND member_id = ANY(:people) "
            "AND state = 'agreed' AND paid_at IS NULL"
        ),
        {"sponsor": sponsor_id, "people": people, "now": now},
    )


def complete_baskets(connection: Connection, now: datetime) -> list[int]:
    """Sponsors who add nobody any more, whose people have all answered, and who have somebody new to pay for."""
    rows = connection.execute(
        text(
            f"SELECT DISTINCT i.sponsor_id {_PAYABLE} AND i.pay_code_id IS NULL "  # noqa: S608  # our own words
            "AND NOT EXISTS (SELECT 1 FROM invitations o WHERE o.sponsor_id = i.sponsor_id AND o.state = 'asked') "
            "AND EXISTS (SELECT 1 FROM sponsors p WHERE p.id = i.sponsor_id "
            "AND (p.adding_until IS NULL OR p.adding_until <= :now)) LIMIT 500"
        ),
        {"now": now},
    )
    return list(rows.scalars())


def forget_silent(connection: Connection, asked_before: datetime, now: datetime, most: int) -> list[Forgotten]:
    """Whoever was asked before then and never answered is forgotten, oldest first; how many of each sponsor's."""
    rows = connection.execute(
        text(
            f"WITH silent AS (UPDATE invitations SET state = 'silent', {_EMPTY}, answered_at = :now "  # noqa: S608
            "WHERE id IN (SELECT id FROM invitations WHERE state = 'asked' AND asked_at < :before "
            "ORDER BY asked_at LIMIT :most FOR UPDATE SKIP LOCKED) RETURNING sponsor_id) "
            "SELECT sponsor_id, count(*) AS people FROM silent GROUP BY sponsor_id ORDER BY sponsor_id"
        ),
        {"before": asked_before, "now": now, "most": most},
    )
    return [Forgotten(row.sponsor_id, row.people) for row in rows]


def forget_refused(connection: Connection, answered_before: datetime) -> None:
    """What is still kept of people who said no before then is deleted."""
    connection.execute(
        text(
            f"UPDATE invitations SET {_EMPTY} WHERE state = 'refused' AND name <> '' "  # noqa: S608  # our own words
            "AND answered_at < :before"
        ),
        {"before": answered_before},
    )
