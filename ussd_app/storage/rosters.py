"""Lists of people that a company or community pays for, written and worked through in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from ussd_app.storage.invitations import Invited


def add(
    connection: Connection, sponsor_id: int, digest: str, people: int, total: int, by: str, now: datetime
) -> int | None:
    """Write a roster down; None when the very same file was started for this sponsor before."""
    return connection.execute(
        text(
            "INSERT INTO rosters (sponsor_id, digest, people, total, uploaded_by, created_at) "
            "VALUES (:sponsor, :digest, :people, :total, :by, :now) ON CONFLICT DO NOTHING RETURNING id"
        ),
        {"sponsor": sponsor_id, "digest": digest, "people": people, "total": total, "by": by, "now": now},
    ).scalar_one_or_none()


def by_digest(connection: Connection, phone: str, digest: str, since: datetime) -> int | None:
    """The roster that the sponsor with this phone began with this very file, not before `since`."""
    return connection.execute(
        text(
            "SELECT r.id FROM rosters r JOIN sponsors s ON s.id = r.sponsor_id WHERE s.phone = :phone "
            "AND r.digest = :digest AND r.created_at >= :since"
        ),
        {"phone": phone, "digest": digest, "since": since},
    ).scalar_one_or_none()


def reached_at(connection: Connection, nik_indexes: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The phone and language of those who are members already, by the keyed hash of their NIK."""
    rows = connection.execute(
        text("SELECT nik_index, phone, language FROM members WHERE nik_index = ANY(:niks) AND state = 'here'"),
        {"niks": list(nik_indexes)},
    )
    return {row.nik_index: (row.phone, row.language) for row in rows}


def languages_of(connection: Connection, phones: Sequence[str]) -> dict[str, str]:
    """The languages that these phones have chosen."""
    rows = connection.execute(
        text("SELECT phone, language FROM phones WHERE phone = ANY(:phones) AND language IS NOT NULL"),
        {"phones": list(phones)},
    )
    return {row.phone: row.language for row in rows}


def said_no(connection: Connection, sponsor_id: int, since: datetime) -> set[str]:
    """Whoever has said no to this sponsor since then, by the keyed hash of their NIK."""
    rows = connection.execute(
        text(
            "SELECT nik_index FROM invitations WHERE sponsor_id = :sponsor AND state = 'refused' "
            "AND answered_at > :since"
        ),
        {"sponsor": sponsor_id, "since": since},
    )
    return set(rows.scalars())


def invite(connection: Connection, people: Sequence[Invited], now: datetime) -> list[int]:
    """Write an invitation for each; whoever this sponsor's question waits for already is passed over.

    Each is numbered after the other open ones of its phone.
    """
    names = [*Invited.__dataclass_fields__]
    kinds = {"sponsor_id": "bigint", "roster_id": "bigint", "born": "date", "wage": "integer", "months": "integer"}
    arrays = ", ".join(f"CAST(:{name} AS {kinds.get(name, 'text')}[])" for name in names)
    listed = ", ".join(names)
    rows = connection.execute(
        text(
            f"INSERT INTO invitations ({listed}, number, state, asked_at) "  # noqa: S608  # names of our own columns
            f"SELECT {listed}, row_number() OVER (PARTITION BY phone) + coalesce(last, 0), 'asked', :now "
            # Once for all: asked for each of them, it would look through those written a moment before.
            f"FROM unnest({arrays}) AS told ({listed}) LEFT JOIN (SELECT phone, max(number) AS last FROM invitations "
            "WHERE state = 'asked' AND phone = ANY(CAST(:phone AS text[])) GROUP BY phone) AS open USING (phone) "
            "ON CONFLICT (sponsor_id, nik_index) WHERE state = 'asked' DO NOTHING RETURNING id"
        ),
        {"now": now, **{name: [getattr(one, name) for one in people] for name in names}},
    )
    return list(rows.scalars())


def on_paper(connection: Connection, roster_id: int, most: int) -> list[int]:
    """Invitations of a roster whose people have signed and are not yet taken in."""
    rows = connection.execute(
        text(
            "SELECT id FROM invitations WHERE roster_id = :roster AND state = 'asked' AND consent_by = 'paper' "
            "ORDER BY id LIMIT :most"
        ),
        {"roster": roster_id, "most": most},
    )
    return list(rows.scalars())


def to_take_in(connection: Connection) -> list[int]:
    """Rosters with people who have signed and are not yet taken in."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT roster_id FROM invitations WHERE roster_id IS NOT NULL AND state = 'asked' "
            "AND consent_by = 'paper' LIMIT 100"
        )
    )
    return list(rows.scalars())


@dataclass(frozen=True)
class Brought:
    """A roster: who brought it for whom and when, and how far it has come.

    So many `people` are in the file, for `total` whole rupiah; so many of them wait, agreed, said no or were silent.
    """

    id: int
    sponsor_id: int
    sponsor: str
    people: int
    total: int
    waiting: int
    agreed: int
    declined: int
    uploaded_by: str
    created_at: datetime


_BROUGHT = (
    "SELECT r.id, r.sponsor_id, s.name, r.people, r.total, i.waiting, i.agreed, i.declined, r.uploaded_by, "
    "r.created_at FROM rosters r JOIN sponsors s ON s.id = r.sponsor_id CROSS JOIN LATERAL (SELECT "
    "count(*) FILTER (WHERE state = 'asked') AS waiting, count(*) FILTER (WHERE state = 'agreed') AS agreed, "
    "count(*) FILTER (WHERE state IN ('refused', 'silent', 'withdrawn')) AS declined "
    "FROM invitations WHERE roster_id = r.id) i "
)


def newest(connection: Connection, before_id: int | None, most: int) -> list[Brought]:
    """Rosters, the newest first, older than `before_id`."""
    rows = connection.execute(
        text(f"{_BROUGHT} WHERE (CAST(:before AS bigint) IS NULL OR r.id < :before) ORDER BY r.id DESC LIMIT :most"),
        {"before": before_id, "most": most},
    )
    return [Brought(*row) for row in rows]


def brought(connection: Connection, roster_id: int) -> Brought | None:
    """The roster of this number."""
    row = connection.execute(text(_BROUGHT + "WHERE r.id = :id"), {"id": roster_id}).one_or_none()
    return Brought(*row) if row else None


@dataclass(frozen=True)
class RosterCode:
    """A pay code for people of a roster: `total` whole rupiah for so many of them; no `code` until it is made."""

    order_id: str
    code: str | None
    channel: str
    state: str
    total: int
    people: int
    expires_at: datetime | None


def codes_of(connection: Connection, roster_id: int) -> list[RosterCode]:
    """The pay codes that people of a roster are in, the newest first."""
    rows = connection.execute(
        text(
            "SELECT p.order_id, p.code, p.channel, p.state, p.total, count(*), p.expires_at FROM invitations i "
            "JOIN pay_codes p ON p.id = i.pay_code_id WHERE i.roster_id = :id GROUP BY p.id ORDER BY p.id DESC"
        ),
        {"id": roster_id},
    )
    return [RosterCode(*row) for row in rows]
