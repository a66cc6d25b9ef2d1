"""Whom reminders go to, read for many people at once: who they are, what is paid for them, what they owe."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from ussd_app.domain.coverage import MonthState
from ussd_app.domain.ledger import MEMBER_CREDIT
from ussd_app.storage.reminders import REMEMBERED

# Whoever has stopped reminders at a number.
_STOPPED = (
    "EXISTS (SELECT 1 FROM stops t WHERE t.phone = {phone} AND t.topic IN ('reminders', 'all') AND t.ended_at IS NULL)"
)
# A sponsor has paid for them before, or they would stand among those who just agreed; they are members still.
_PEOPLE = (
    "FROM sponsorships p JOIN members m ON m.id = p.member_id AND m.state = 'here' WHERE p.ended_at IS NULL "
    "AND coalesce((SELECT r.state FROM registrations r WHERE r.member_id = m.id ORDER BY r.id DESC LIMIT 1), '') "
    "<> 'refused' AND NOT EXISTS (SELECT 1 FROM invitations i WHERE i.sponsor_id = p.sponsor_id "
    "AND i.member_id = p.member_id AND i.state = 'agreed' AND i.paid_at IS NULL)"
)
# Each month that is paid or was refused, of the members `whose` names.
_MONTHS = (
    "SELECT member_id, month, CASE WHEN answer = 'refused' THEN answer ELSE state END AS state, received_at "
    "FROM contribution_months WHERE member_id {whose} AND month >= :since "
    "UNION ALL SELECT member_id, month, 'refused', NULL FROM refused_months WHERE member_id {whose} "
    "AND returned_at IS NOT NULL AND month >= :since"
)


@dataclass(frozen=True)
class Addressed:
    """Somebody who may be reminded: `wanted` is whether they may. `since` is when they came to us."""

    id: int
    name: str
    phone: str
    language: str
    zone: str
    since: datetime
    wanted: bool
    sponsored: bool = False


def members_of(connection: Connection, people: Sequence[int]) -> list[Addressed]:
    """These members: not wanted by who has left, was refused by the institution, or stopped reminders.

    `sponsored` are those of whom a sponsor is reminded.
    """
    rows = connection.execute(
        text(
            "SELECT m.id, m.name, m.phone, m.language, m.zone, m.created_at, "  # noqa: S608  # our own words
            "m.state = 'here' AND coalesce((SELECT r.state FROM registrations r WHERE r.member_id = m.id "
            f"ORDER BY r.id DESC LIMIT 1), '') <> 'refused' AND NOT {_STOPPED.format(phone='m.phone')}, "
            "EXISTS (SELECT 1 FROM sponsorships p JOIN sponsors s ON s.id = p.sponsor_id "
            "WHERE p.member_id = m.id AND p.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM invitations i "
            "WHERE i.sponsor_id = s.id AND i.member_id = m.id AND i.state = 'agreed' AND i.paid_at IS NULL) "
            f"AND NOT {_STOPPED.format(phone='s.phone')}) FROM members m WHERE m.id = ANY(:people)"
        ),
        {"people": list(people)},
    )
    return [Addressed(*row) for row in rows]


def sponsors_of(connection: Connection, sponsors: Sequence[int]) -> list[Addressed]:
    """These sponsors; where they live is known of those who are members too, else most of their people live there."""
    rows = connection.execute(
        text(
            "SELECT s.id, s.name, s.phone, coalesce((SELECT f.language FROM phones f WHERE f.phone = s.phone "  # noqa: S608
            "AND f.language IS NOT NULL), s.language), coalesce((SELECT m.zone FROM members m "
            "WHERE m.phone = s.phone AND m.state = 'here' ORDER BY m.id LIMIT 1), "
            "(SELECT mode() WITHIN GROUP (ORDER BY m.zone) FROM sponsorships p JOIN members m ON m.id = p.member_id "
            "WHERE p.sponsor_id = s.id AND p.ended_at IS NULL), 'Asia/Jakarta'), s.created_at, "
            f"s.name <> '' AND NOT {_STOPPED.format(phone='s.phone')} FROM sponsors s WHERE s.id = ANY(:sponsors)"
        ),
        {"sponsors": list(sponsors)},
    )
    return [Addressed(*row) for row in rows]


def people_of(connection: Connection, sponsors: Sequence[int]) -> list[tuple[int, int]]:
    """Sponsor and member, for everybody these sponsors can renew."""
    rows = connection.execute(
        text(f"SELECT p.sponsor_id, p.member_id {_PEOPLE} AND p.sponsor_id = ANY(:sponsors)"),
        {"sponsors": list(sponsors)},
    )
    return [(row.sponsor_id, row.member_id) for row in rows]


def sponsors_paying(connection: Connection, people: Sequence[int]) -> list[int]:
    """Everybody who pays, or has paid, for these members."""
    rows = connection.execute(
        text("SELECT DISTINCT sponsor_id FROM sponsorships WHERE member_id = ANY(:people) ORDER BY sponsor_id"),
        {"people": list(people)},
    )
    return list(rows.scalars())


@dataclass(frozen=True)
class Paid:
    """What is paid for a member: each month with how far it has come, and when the last payment came."""

    months: dict[date, MonthState]
    last: datetime | None


def paid_by(connection: Connection, people: Sequence[int], now: datetime) -> dict[int, Paid]:
    """What is paid for these members, as far back as it matters."""
    rows = connection.execute(
        text(_MONTHS.format(whose="= ANY(:people)")), {"people": list(people), "since": (now - REMEMBERED).date()}
    )
    found: dict[int, Paid] = {}
    for member_id, month, state, at in rows:
        known = found.get(member_id) or Paid({}, None)
        known.months[month] = state
        last = at if known.last is None or (at and at > known.last) else known.last
        found[member_id] = Paid(known.months, last)
    return found


@dataclass(frozen=True)
class Alike:
    """So many people of a sponsor, for whom the same months are paid, each month as in `Paid`."""

    sponsor: int
    months: dict[date, MonthState]
    people: int


def people_alike(connection: Connection, sponsors: Sequence[int], now: datetime) -> list[Alike]:
    """Everybody these sponsors can renew for whom anything is paid: of thousands there are few kinds."""
    rows = connection.execute(
        text(
            f"WITH theirs AS (SELECT p.sponsor_id, p.member_id {_PEOPLE} AND p.sponsor_id = ANY(:sponsors)), "  # noqa: S608
            f"paid AS ({_MONTHS.format(whose='IN (SELECT member_id FROM theirs)')}), "
            # A month that stands there twice is one that was refused, as in `paid_by`.
            "each AS (SELECT member_id, array_agg(month ORDER BY month, received_at NULLS LAST) AS months, "
            "array_agg(state ORDER BY month, received_at NULLS LAST) AS states FROM paid GROUP BY member_id) "
            "SELECT sponsor_id, months, states, count(*) AS people FROM theirs JOIN each USING (member_id) "
            "GROUP BY sponsor_id, months, states"
        ),
        {"sponsors": list(sponsors), "since": (now - REMEMBERED).date()},
    )
    return [Alike(row.sponsor_id, dict(zip(row.months, row.states, strict=True)), row.people) for row in rows]


def credits_of(connection: Connection, people: Sequence[int]) -> dict[int, int]:
    """Whole rupiah that stand to the credit of those of these members who have any."""
    rows = connection.execute(
        text(
            "SELECT member_id, -sum(amount) AS credit FROM ledger_entries WHERE account = :account "
            "AND member_id = ANY(:people) GROUP BY member_id HAVING sum(amount) <> 0"
        ),
        {"account": MEMBER_CREDIT, "people": list(people)},
    )
    return {row.member_id: int(row.credit) for row in rows}


def beside(connection: Connection, people: Sequence[int]) -> list[int]:
    """Whoever else uses the phones of these members."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT o.id FROM members m JOIN members o ON o.phone = m.phone AND o.id <> m.id "
            "AND o.state = 'here' WHERE m.id = ANY(:people)"
        ),
        {"people": list(people)},
    )
    return list(rows.scalars())


def said_lately(connection: Connection, phones: Collection[str], since: datetime) -> dict[str, set[str]]:
    """The words of the reminders that were written since then, and not stopped, to those of these numbers that more
    than one member uses."""
    # Two statements: in one, PostgreSQL may read the whole outbox rather than the few rows of these numbers.
    rows = connection.execute(
        text(
            "SELECT phone FROM members WHERE phone = ANY(:phones) AND state = 'here' GROUP BY phone HAVING count(*) > 1"
        ),
        {"phones": list(phones)},
    )
    shared = list(rows.scalars())
    if not shared:
        return {}
    rows = connection.execute(
        text(
            "SELECT phone, text FROM outbox WHERE phone = ANY(:phones) AND lane = 'reminders' AND created_at > :since "
            "AND state NOT IN ('stopped', 'expired')"
        ),
        {"phones": shared, "since": since},
    )
    found: dict[str, set[str]] = {}
    for phone, words in rows:
        found.setdefault(phone, set()).add(words)
    return found


def with_phone(connection: Connection, phone: str) -> tuple[list[int], list[int]]:
    """The members, and the sponsors, who use a number."""
    found = (
        connection.execute(text(f"SELECT id FROM {table} WHERE phone = :phone ORDER BY id"), {"phone": phone})  # noqa: S608
        for table in ("members", "sponsors")
    )
    members, sponsors = (list(rows.scalars()) for rows in found)
    return members, sponsors
