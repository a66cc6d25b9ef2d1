"""What has become of a campaign: how far it is, what was delivered, who opted out, and who paid afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text


def allow_time(connection: Connection, seconds: int) -> None:
    """Let the statements of this transaction take so long: nobody waits on a phone for them."""
    connection.execute(text("SELECT set_config('statement_timeout', :limit, true)"), {"limit": f"{seconds}s"})


@dataclass(frozen=True)
class Turns:
    """How many people of a campaign wait for their turn, have had it (`released`, held out or not), or dropped out.

    `first` and `last` are when the first and the last had it (UTC).
    """

    waiting: int
    released: int
    dropped: int
    first: datetime | None
    last: datetime | None


def turns(connection: Connection, campaign_id: int) -> Turns:
    """How far a campaign is."""
    row = connection.execute(
        text(
            "SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'released'), "
            "count(*) FILTER (WHERE state = 'dropped'), min(released_at), max(released_at) FROM campaign_people "
            "WHERE campaign_id = :id"
        ),
        {"id": campaign_id},
    ).one()
    return Turns(*row)


def released_since(connection: Connection, campaign_id: int, since: datetime) -> int:
    """How many people have had their turn since a moment (UTC)."""
    return int(
        connection.execute(
            text(
                "SELECT count(*) FROM campaign_people WHERE campaign_id = :id AND state = 'released' "
                "AND released_at > :since"
            ),
            {"id": campaign_id, "since": since},
        ).scalar_one()
    )


def texts(connection: Connection, messages: Sequence[str]) -> dict[tuple[str, str], int]:
    """How many texts of each wording, by its name in the outbox, are in each state there."""
    rows = connection.execute(
        text(
            "SELECT message, state, count(*) FROM outbox WHERE lane = 'campaigns' AND message = ANY(:messages) "
            "GROUP BY message, state"
        ),
        {"messages": list(messages)},
    )
    return {(row[0], row[1]): row[2] for row in rows}


@dataclass(frozen=True)
class Afterwards:
    """The people of one wording (None: held out) who have had their turn: how many, and of them within some days."""

    variant: str | None
    people: int
    paid: int
    opted_out: int


def afterwards(connection: Connection, campaign_id: int, days: int) -> list[Afterwards]:
    """What the people of each wording and the held out did within so many days after their turn.

    Paid: a contribution month came in for a member with this number, or from the sponsor who has it. Everybody of a
    wording counts, whether the text came or not: who could not be reached is no other kind of person among the held
    out.
    """
    rows = connection.execute(
        text(
            # Everybody at once: asked for each person apart, this would take minutes for a hundred thousand people.
            "WITH people AS MATERIALIZED (SELECT variant, phone, released_at FROM campaign_people "
            "WHERE campaign_id = :id AND state = 'released'), "
            "paid AS (SELECT p.phone FROM people p JOIN members m ON m.phone = p.phone "
            "JOIN contribution_months c ON c.member_id = m.id "
            "WHERE c.received_at >= p.released_at AND c.received_at < p.released_at + :within "
            "UNION SELECT p.phone FROM people p JOIN sponsors s ON s.phone = p.phone "
            "JOIN contribution_months c ON c.sponsor_id = s.id "
            "WHERE c.received_at >= p.released_at AND c.received_at < p.released_at + :within), "
            "gone AS (SELECT DISTINCT p.phone FROM people p JOIN stops t ON t.phone = p.phone "
            "WHERE t.topic IN ('education', 'all') AND t.at >= p.released_at AND t.at < p.released_at + :within) "
            "SELECT p.variant, count(*), count(paid.phone), count(gone.phone) FROM people p "
            "LEFT JOIN paid ON paid.phone = p.phone LEFT JOIN gone ON gone.phone = p.phone "
            "GROUP BY p.variant ORDER BY p.variant NULLS LAST"
        ),
        {"id": campaign_id, "within": timedelta(days=days)},
    )
    return [Afterwards(*row) for row in rows]
