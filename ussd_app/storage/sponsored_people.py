"""The people of one sponsor, page by page: whoever they pay for, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Sponsored:
    """A member whom a sponsor pays for: the name the sponsor gave, since when, and up to which month all is paid."""

    member_id: int
    name: str
    since: datetime
    months: int
    paid_until: date | None
    state: str


def page(connection: Connection, sponsor_id: int, after: int | None, most: int) -> list[Sponsored]:
    """Whom a sponsor pays for, by number, beyond the number `after`."""
    rows = connection.execute(
        text(
            "SELECT s.member_id, s.name, s.since, s.months, (SELECT max(c.month) FROM contribution_months c "
            "WHERE c.member_id = s.member_id AND c.answer IS DISTINCT FROM 'refused') AS paid_until, m.state "
            "FROM sponsorships s JOIN members m ON m.id = s.member_id WHERE s.sponsor_id = :sponsor "
            "AND s.ended_at IS NULL AND (CAST(:after AS bigint) IS NULL OR s.member_id > :after) "
            "ORDER BY s.member_id LIMIT :most"
        ),
        {"sponsor": sponsor_id, "after": after, "most": most},
    )
    return [Sponsored(*row) for row in rows]


@dataclass(frozen=True)
class Totals:
    """How many a sponsor pays for, has asked and who have not answered, and codes of theirs that can be paid."""

    people: int
    waiting: int
    open_codes: int


def totals(connection: Connection, sponsor_id: int) -> Totals:
    """The figures of one sponsor."""
    row = connection.execute(
        text(
            "SELECT (SELECT count(*) FROM sponsorships WHERE sponsor_id = :sponsor AND ended_at IS NULL), "
            "(SELECT count(*) FROM invitations WHERE sponsor_id = :sponsor AND state = 'asked'), "
            "(SELECT count(*) FROM pay_codes WHERE sponsor_id = :sponsor AND state IN ('requested', 'open'))"
        ),
        {"sponsor": sponsor_id},
    ).one()
    return Totals(*map(int, row))


@dataclass(frozen=True)
class SponsorCode:
    """A pay code of a sponsor: `total` whole rupiah for so many people; no `code` until it is made."""

    code: str | None
    channel: str
    state: str
    total: int
    people: int
    created_at: datetime
    expires_at: datetime | None


def codes(connection: Connection, sponsor_id: int, most: int) -> list[SponsorCode]:
    """The newest pay codes of a sponsor."""
    rows = connection.execute(
        text(
            "SELECT c.code, c.channel, c.state, c.total, (SELECT count(DISTINCT l.member_id) FROM pay_code_lines l "
            "WHERE l.pay_code_id = c.id), c.created_at, c.expires_at FROM pay_codes c WHERE c.sponsor_id = :sponsor "
            "ORDER BY c.id DESC LIMIT :most"
        ),
        {"sponsor": sponsor_id, "most": most},
    )
    return [SponsorCode(*row) for row in rows]


@dataclass(frozen=True)
class List:
    """A list of people that a sponsor brought."""

    id: int
    people: int
    created_at: datetime


def lists(connection: Connection, sponsor_id: int, most: int) -> list[List]:
    """The newest lists of a sponsor."""
    rows = connection.execute(
        text("SELECT id, people, created_at FROM rosters WHERE sponsor_id = :sponsor ORDER BY id DESC LIMIT :most"),
        {"sponsor": sponsor_id, "most": most},
    )
    return [List(*row) for row in rows]
