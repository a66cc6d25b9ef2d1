"""Campaigns, the people of each with the wording they get, and what was done by whom."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Kept:
    """A campaign: `source` is its YAML, `known` the words it was checked against, `send_at` (UTC) its beginning.

    `planned_to` is the number that planning has come to, `planned_at` when everybody was in it.
    """

    id: int
    name: str
    source: str
    known: Mapping[str, Any]
    state: str
    send_at: datetime
    planned_to: str
    planned_at: datetime | None


@dataclass(frozen=True)
class Person:
    """Somebody in a campaign, by a keyed hash of the number (`mark`); without a `variant` held out. `due_at` is UTC."""

    mark: str
    phone: str
    member_id: int | None
    variant: str | None
    language: str
    zone: str
    due_at: datetime


@dataclass(frozen=True)
class Due:
    """Somebody whose turn it is; `name` is today's, `willing` whether they are still to be written to."""

    mark: str
    phone: str
    name: str
    variant: str | None
    language: str
    zone: str
    willing: bool


_KEPT = "SELECT id, name, source, known, state, send_at, planned_to, planned_at FROM campaigns "


def add(connection: Connection, name: str, source: str, known: Mapping[str, Any], send_at: datetime) -> int | None:
    """Keep a new campaign, which nobody has started; None when there is one of this name."""
    return connection.execute(
        text(
            "INSERT INTO campaigns (name, source, known, state, send_at) "
            "VALUES (:name, :source, :known, 'draft', :send_at) "
            "ON CONFLICT (name) DO NOTHING RETURNING id"
        ),
        {"name": name, "source": source, "known": json.dumps(known), "send_at": send_at},
    ).scalar_one_or_none()


def named(connection: Connection, name: str) -> Kept | None:
    """The campaign of this name."""
    row = connection.execute(text(_KEPT + "WHERE name = :name"), {"name": name}).one_or_none()
    return Kept(*row) if row else None


def newest(connection: Connection, most: int = 50) -> list[Kept]:
    """The campaigns, newest first."""
    return [Kept(*row) for row in connection.execute(text(_KEPT + "ORDER BY id DESC LIMIT :most"), {"most": most})]


def under_way(connection: Connection) -> list[int]:
    """Campaigns that were started and are not done."""
    return list(connection.execute(text("SELECT id FROM campaigns WHERE state = 'started' ORDER BY id")).scalars())


def running(connection: Connection) -> tuple[int, int]:
    """How many campaigns were started and are not done, and how many of their texts are not in the outbox yet."""
    row = connection.execute(
        text(
            "SELECT count(*), coalesce(sum((SELECT count(*) FROM campaign_people p WHERE p.campaign_id = c.id "
            "AND p.state = 'waiting')), 0) FROM campaigns c WHERE c.state = 'started'"
        )
    ).one()
    return int(row[0]), int(row[1])


def take(connection: Connection, campaign_id: int) -> Kept | None:
    """A campaign under way, in this transaction's hand alone; None when it is in another's, or not under way."""
    statement = text(_KEPT + "WHERE id = :id AND state = 'started' FOR UPDATE SKIP LOCKED")
    row = connection.execute(statement, {"id": campaign_id}).one_or_none()
    return Kept(*row) if row else None


def change(connection: Connection, campaign_id: int, before: Collection[str], after: str) -> bool:
    """A campaign in one of the states `before` gets another; False when it is in none of them."""
    done = connection.execute(
        text("UPDATE campaigns SET state = :after WHERE id = :id AND state = ANY(:before)"),
        {"id": campaign_id, "before": list(before), "after": after},
    )
    return bool(done.rowcount)


def note(connection: Connection, campaign_id: int, what: str, by: str, now: datetime) -> None:
    """Keep who did something with a campaign, and when."""
    connection.execute(
        text("INSERT INTO campaign_events (campaign_id, what, by_whom, at) VALUES (:id, :what, :by, :now)"),
        {"id": campaign_id, "what": what, "by": by, "now": now},
    )


def events(connection: Connection, campaign_id: int) -> list[tuple[datetime, str, str]]:
    """What was done with a campaign: when (UTC), what and by whom, oldest first."""
    statement = text("SELECT at, what, by_whom FROM campaign_events WHERE campaign_id = :id ORDER BY at")
    return [(row[0], row[1], row[2]) for row in connection.execute(statement, {"id": campaign_id})]


def add_people(connection: Connection, campaign_id: int, people: Sequence[Person]) -> None:
    """Put people into a campaign; whoever is in it already stays as they were."""
    names = ("mark", "phone", "member_id", "variant", "language", "zone", "due_at")
    connection.execute(
        text(
            "INSERT INTO campaign_people (campaign_id, mark, phone, member_id, variant, language, zone, due_at) "
            "SELECT :id, t.* FROM unnest(CAST(:mark AS text[]), CAST(:phone AS text[]), CAST(:member_id AS bigint[]), "
            "CAST(:variant AS text[]), CAST(:language AS text[]), CAST(:zone AS text[]), "
            "CAST(:due_at AS timestamptz[])) AS t ON CONFLICT DO NOTHING"
        ),
        {"id": campaign_id, **{name: [getattr(person, name) for person in people] for name in names}},
    )


def planned(connection: Connection, campaign_id: int, to: str, done_at: datetime | None) -> None:
    """Planning has come to this number; `done_at` (UTC) when that was the last one."""
    connection.execute(
        text("UPDATE campaigns SET planned_to = :to, planned_at = :done WHERE id = :id"),
        {"id": campaign_id, "to": to, "done": done_at},
    )


def due(connection: Connection, campaign_id: int, zones: Sequence[str], now: datetime, most: int) -> list[Due]:
    """The next people in these zones whose turn it is, those who are held out among them.

    Who has left, uses another number now, or has stopped such texts since, is not willing.
    """
    rows = connection.execute(
        text(
            "SELECT p.mark, p.phone, coalesce(m.name, s.name, '') AS name, p.variant, p.language, p.zone, "
            "CASE WHEN p.member_id IS NULL THEN s.id IS NOT NULL ELSE m.id IS NOT NULL END "
            "AND NOT EXISTS (SELECT 1 FROM stops t WHERE t.phone = p.phone AND t.topic IN ('education', 'all') "
            "AND t.ended_at IS NULL) AS willing FROM unnest(CAST(:zones AS text[])) AS z (zone) CROSS JOIN LATERAL ("
            "SELECT * FROM campaign_people WHERE campaign_id = :id AND zone = z.zone AND state = 'waiting' "
            "AND due_at <= :now ORDER BY due_at LIMIT :most) p "
            "LEFT JOIN members m ON m.id = p.member_id AND m.state = 'here' AND m.phone = p.phone "
            "LEFT JOIN sponsors s ON p.member_id IS NULL AND s.phone = p.phone LIMIT :most"
        ),
        {"id": campaign_id, "zones": list(zones), "now": now, "most": most},
    )
    return [Due(*row) for row in rows]


def settle(connection: Connection, campaign_id: int, marks: Sequence[str], state: str, now: datetime) -> None:
    """These people have had their turn: `released`, or `dropped` because they are not to be written to any more."""
    connection.execute(
        text(
            "UPDATE campaign_people SET state = :state, released_at = :now WHERE campaign_id = :id "
            "AND mark = ANY(:marks) AND state = 'waiting'"
        ),
        {"id": campaign_id, "marks": list(marks), "state": state, "now": now},
    )


def room_taken(connection: Connection) -> int:
    """How many texts wait on the lane of campaigns already."""
    statement = "SELECT count(*) FROM outbox WHERE lane = 'campaigns' AND state = 'waiting'"
    return int(connection.execute(text(statement)).scalar_one())


def take_back(connection: Connection, campaign_id: int, messages: Sequence[str], last: datetime | None) -> int:
    """Texts that nobody has begun to send go back to their campaign, to be written anew; how many.

    With `last` (UTC) only those that would be of no use after it, and those that were not sent in time: a person's
    day ends before the queue does. The relay takes a text only while its row waits, so that none is taken and sent.
    """
    done = connection.execute(
        text(
            "WITH gone AS (DELETE FROM outbox WHERE lane = 'campaigns' AND message = ANY(:messages) "
            "AND ((state = 'waiting' AND (CAST(:last AS timestamptz) IS NULL OR send_by <= :last)) "
            "OR state = 'expired') RETURNING key) "
            "UPDATE campaign_people SET state = 'waiting', released_at = NULL FROM gone "
            "WHERE campaign_id = :id AND mark = split_part(gone.key, ':', 3)"
        ),
        {"id": campaign_id, "messages": list(messages), "last": last},
    )
    return done.rowcount


def stop_texts(connection: Connection, messages: Sequence[str], reason: str, now: datetime) -> int:
    """Texts of a campaign that nobody has begun to send never will be; how many. See `no_second_try`."""
    no_second_try(connection, messages, now)
    done = connection.execute(
        text(
            "UPDATE outbox SET state = 'stopped', reason = :reason, lease_until = NULL WHERE lane = 'campaigns' "
            "AND message = ANY(:messages) AND state IN ('waiting', 'expired')"
        ),
        {"messages": list(messages), "reason": reason},
    )
    return done.rowcount


def no_second_try(connection: Connection, messages: Sequence[str], now: datetime) -> None:
    """What a gateway has in its hands at this moment may still go out; if it does not, it expires instead of waiting.

    Those that wait are locked as well, so that until the transaction ends the relay begins none of them.
    """
    connection.execute(
        text(
            "WITH ours AS (SELECT id FROM outbox WHERE lane = 'campaigns' AND message = ANY(:messages) "
            "AND state IN ('waiting', 'handing_over') ORDER BY id FOR UPDATE) "
            "UPDATE outbox SET send_by = :now FROM ours WHERE outbox.id = ours.id AND state = 'handing_over'"
        ),
        {"messages": list(messages), "now": now},
    )


def is_done(connection: Connection, campaign_id: int, messages: Sequence[str]) -> bool:
    """Whether everybody has had their turn and no text of the campaign waits to be sent, or to be taken back."""
    found = connection.execute(
        text(
            "SELECT EXISTS (SELECT 1 FROM campaign_people WHERE campaign_id = :id AND state = 'waiting') "
            "OR EXISTS (SELECT 1 FROM outbox WHERE lane = 'campaigns' AND message = ANY(:messages) "
            "AND state IN ('waiting', 'handing_over', 'expired'))"
        ),
        {"id": campaign_id, "messages": list(messages)},
    ).scalar_one()
    return not found
