"""Figures about everybody: each query reads one day, week or month of a table, and is for a job, not for a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

# Of each of these people (`who.member_id`) the province of the NIK, empty while unknown, and the sector of the newest
# plan; looked up one by one: joined, the whole table of members would be read for each day.
_GROUPS = (
    "SELECT coalesce((SELECT province FROM members WHERE id = who.member_id), '') AS province, "
    "coalesce((SELECT sector FROM member_plans p WHERE p.member_id = who.member_id ORDER BY from_month DESC LIMIT 1), "
    "'') AS sector, count(*) AS n"
)
# What the institution refused is no paid month.
_PAID = "answer IS DISTINCT FROM 'refused'"


@dataclass(frozen=True)
class Group:
    """So many members of one province (the first two digits of the NIK) and sector; empty where it is not known."""

    province: str
    sector: str
    number: int


def active(connection: Connection, month: date) -> list[Group]:
    """Members whose contribution for this month the institution has confirmed."""
    rows = connection.execute(
        text(
            f"{_GROUPS} FROM contribution_months who "
            f"WHERE month = :month AND state = 'confirmed' AND {_PAID} GROUP BY 1, 2"
        ),
        {"month": month},
    )
    return [Group(*row) for row in rows]


def payers(connection: Connection, start: datetime, end: datetime) -> tuple[list[Group], list[Group]]:
    """Members for whom a contribution was paid between two moments (UTC): for the first time ever, and again."""
    rows = connection.execute(
        text(
            "WITH paid AS (SELECT DISTINCT member_id FROM contribution_months "  # noqa: S608  # our own words
            f"WHERE received_at >= :start AND received_at < :end AND {_PAID}) "
            f"{_GROUPS}, EXISTS (SELECT 1 FROM contribution_months e WHERE e.member_id = who.member_id "
            f"AND e.received_at < :start AND e.{_PAID}) AS again FROM paid who GROUP BY 1, 2, 4"
        ),
        {"start": start, "end": end},
    ).all()
    first, again = ([Group(*row[:3]) for row in rows if row.again is wanted] for wanted in (False, True))
    return first, again


def ended_with(connection: Connection, month: date, before: datetime) -> list[Group]:
    """Members whose last month paid before a moment (UTC) was this one."""
    rows = connection.execute(
        text(
            f"{_GROUPS} FROM contribution_months who WHERE month = :month "  # noqa: S608  # our own words
            f"AND received_at < :before AND {_PAID} AND NOT EXISTS (SELECT 1 "
            "FROM contribution_months l WHERE l.member_id = who.member_id AND l.month > :month "
            f"AND l.received_at < :before AND l.{_PAID}) GROUP BY 1, 2"
        ),
        {"month": month, "before": before},
    )
    return [Group(*row) for row in rows]


def first_payments(connection: Connection, start: datetime, end: datetime, days: int) -> tuple[int, int]:
    """Who registered for the first time between two moments (UTC), and for how many of them a contribution was paid
    at most so many days later."""
    row = connection.execute(
        text(
            "SELECT count(*) AS registered, count(*) FILTER (WHERE EXISTS (SELECT 1 FROM contribution_months c "  # noqa: S608
            f"WHERE c.member_id = r.member_id AND c.{_PAID} AND c.received_at < r.created_at + :days * interval '1 day'"
            ")) AS paid FROM registrations r WHERE r.created_at >= :start AND r.created_at < :end AND NOT EXISTS "
            "(SELECT 1 FROM registrations e WHERE e.member_id = r.member_id AND e.id < r.id)"
        ),
        {"start": start, "end": end, "days": days},
    ).one()
    return int(row.registered), int(row.paid)


def sponsors(connection: Connection, month: date) -> tuple[int, int]:
    """How many sponsors have paid this contribution month for somebody, and for how many members."""
    row = connection.execute(
        text(
            "SELECT count(DISTINCT sponsor_id) AS sponsors, count(*) AS members FROM contribution_months "  # noqa: S608
            f"WHERE month = :month AND sponsor_id IS NOT NULL AND {_PAID}"
        ),
        {"month": month},
    ).one()
    return int(row.sponsors), int(row.members)


@dataclass(frozen=True)
class Seen:
    """Dialogues that were shown a screen of a version of a menu, and those that saw nothing after it."""

    menu: str
    version: int
    screen: str
    came: int
    ended: int


def screens(connection: Connection, start: datetime, end: datetime, around: float) -> list[Seen]:
    """What the dialogues saw that began between two moments (UTC).

    `around` is for how many hours a dialogue may go on: so far before and after is looked, to find where each began
    and where it ended.
    """
    rows = connection.execute(
        text(
            "WITH near AS MATERIALIZED (SELECT dialogue, at, transition, menu, version, shown FROM turns WHERE "
            "at >= :start - :around * interval '1 hour' AND at < :end + :around * interval '1 hour'), "
            "begun AS (SELECT dialogue FROM near GROUP BY dialogue HAVING min(at) >= :start AND min(at) < :end), "
            "one AS (SELECT DISTINCT ON (dialogue, menu, shown) dialogue, menu, version, shown, at, transition "
            "FROM near JOIN begun USING (dialogue) ORDER BY dialogue, menu, shown, at DESC, transition DESC), "
            "placed AS (SELECT *, row_number() OVER (PARTITION BY dialogue ORDER BY at DESC, transition DESC) AS nth "
            "FROM one) SELECT menu, version, shown, count(*), count(*) FILTER (WHERE nth = 1) FROM placed "
            "GROUP BY menu, version, shown"
        ),
        {"start": start, "end": end, "around": around},
    )
    return [Seen(*row) for row in rows]
