"""When people are to be reminded next, and what they were sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, text

from ussd_app.domain.reminder_days import PayDays

Kind = Literal["member", "sponsor"]
MEMBER: Kind = "member"
SPONSOR: Kind = "sponsor"
# Further back nothing that was sent or paid says anything about the next reminder.
REMEMBERED = timedelta(days=550)


@dataclass(frozen=True)
class Time:
    """When a person is to be looked at next (None: never), for which step, and the rules it was worked out by."""

    person: int
    next_at: datetime | None
    step: str
    rules: str


@dataclass(frozen=True, order=True)
class Due:
    """Somebody whose moment has come; in the order in which they are taken."""

    next_at: datetime
    kind: Kind
    person: int


def take_due(connection: Connection, now: datetime, after: Due | None, most: int) -> list[Due]:
    """Those who are due, the longest first, from `after` on; nobody else takes them until the transaction ends."""
    onwards = "AND (next_at, kind, person) > (:at, :kind, :person) " if after else ""
    rows = connection.execute(
        text(
            "SELECT next_at, kind, person FROM reminder_times WHERE next_at <= :now "  # noqa: S608  # our own words
            f"{onwards}ORDER BY next_at, kind, person LIMIT :most FOR UPDATE SKIP LOCKED"
        ),
        {
            "now": now,
            "most": most,
            **({"at": after.next_at, "kind": after.kind, "person": after.person} if after else {}),
        },
    )
    return [Due(row.next_at, row.kind, row.person) for row in rows]


def lock(connection: Connection, kind: Kind, people: Collection[int]) -> None:
    """From here on nobody else plans or sends reminders for these people until the transaction ends."""
    values = {"kind": kind, "people": sorted(people)}
    connection.execute(
        text(
            "INSERT INTO reminder_times (kind, person) SELECT :kind, unnest(CAST(:people AS bigint[])) "
            "ON CONFLICT DO NOTHING"
        ),
        values,
    )
    connection.execute(
        text("SELECT 1 FROM reminder_times WHERE kind = :kind AND person = ANY(:people) ORDER BY person FOR UPDATE"),
        values,
    )


def keep(connection: Connection, kind: Kind, times: Sequence[Time]) -> None:
    """Write down when these people are to be looked at next."""
    connection.execute(
        text(
            "INSERT INTO reminder_times (kind, person, next_at, step, rules) "
            "SELECT :kind, * FROM unnest(CAST(:people AS bigint[]), CAST(:at AS timestamptz[]), "
            "CAST(:steps AS text[]), CAST(:rules AS text[])) ON CONFLICT (kind, person) DO UPDATE SET "
            "next_at = excluded.next_at, step = excluded.step, rules = excluded.rules"
        ),
        {
            "kind": kind,
            "people": [one.person for one in times],
            "at": [one.next_at for one in times],
            "steps": [one.step for one in times],
            "rules": [one.rules for one in times],
        },
    )


def look_again(connection: Connection, kind: Kind, people: Collection[int], now: datetime) -> None:
    """The next scan looks at these people anew."""
    connection.execute(
        text(
            "INSERT INTO reminder_times (kind, person, next_at) SELECT :kind, person, :now "
            "FROM unnest(CAST(:people AS bigint[])) AS t (person) ORDER BY person "
            "ON CONFLICT (kind, person) DO UPDATE SET next_at = excluded.next_at"
        ),
        {"kind": kind, "people": sorted(people), "now": now},
    )


@dataclass(frozen=True)
class Went:
    """A reminder as it was sent."""

    person: int
    month: date
    step: str
    day: date

    def key(self, kind: Kind) -> str:
        """What its SMS is called in the outbox."""
        return key_of(kind, self.person, self.month, self.step)


def key_of(kind: Kind, person: int, month: date, step: str) -> str:
    """`{person}:{month}:{step}`: the same reminder is sent once."""
    return f"{kind[0]}{person}:{month:%Y-%m}:{step}"


def sent_to(connection: Connection, kind: Kind, people: Sequence[int], now: datetime) -> list[Went]:
    """What these people have been sent, as far back as it matters."""
    rows = connection.execute(
        text(
            "SELECT person, month, step, day FROM reminders_sent WHERE kind = :kind AND person = ANY(:people) "
            "AND month >= :since"
        ),
        {"kind": kind, "people": list(people), "since": (now - REMEMBERED).date()},
    )
    return [Went(*row) for row in rows]


def add_sent(connection: Connection, kind: Kind, went: Sequence[Went]) -> None:
    """Write down what is sent to whom."""
    connection.execute(
        text(
            "INSERT INTO reminders_sent (kind, person, month, step, day) SELECT :kind, * FROM "
            "unnest(CAST(:people AS bigint[]), CAST(:months AS date[]), CAST(:steps AS text[]), "
            "CAST(:days AS date[])) ON CONFLICT DO NOTHING"
        ),
        {
            "kind": kind,
            "people": [one.person for one in went],
            "months": [one.month for one in went],
            "steps": [one.step for one in went],
            "days": [one.day for one in went],
        },
    )


def drop_waiting(connection: Connection, keys: Sequence[str], reason: str, now: datetime) -> list[str]:
    """Reminders that wait to be sent are not sent any more; the keys of those that did.

    One that a gateway has in its hands at this moment may still go out; if it does not, it is too late for another try.
    """
    rows = connection.execute(
        text(
            "WITH unwanted AS (SELECT id FROM outbox WHERE key = ANY(:keys) AND lane = 'reminders' "
            "AND state IN ('waiting', 'handing_over') ORDER BY id FOR UPDATE) "
            "UPDATE outbox SET state = CASE state WHEN 'waiting' THEN 'stopped' ELSE state END, "
            "reason = CASE state WHEN 'waiting' THEN :reason ELSE reason END, "
            "send_by = CASE state WHEN 'waiting' THEN send_by ELSE :now END "
            "FROM unwanted WHERE outbox.id = unwanted.id RETURNING key, state"
        ),
        {"keys": list(keys), "reason": reason, "now": now},
    )
    return [row.key for row in rows if row.state == "stopped"]


def unsay(connection: Connection, stopped: Sequence[Went]) -> int:
    """Whoever has no SMS of their own, because that of a member at the same phone said the same, has not been told
    where that one was stopped; how many reminders these are."""
    done = connection.execute(
        text(
            "DELETE FROM reminders_sent s USING unnest(CAST(:people AS bigint[]), CAST(:days AS date[])) "
            "AS gone (person, day), members told, members other WHERE told.id = gone.person "
            "AND other.phone = told.phone AND other.id <> told.id AND s.kind = 'member' AND s.person = other.id "
            "AND s.day = gone.day AND NOT EXISTS (SELECT 1 FROM outbox o "
            "WHERE o.key = 'm' || s.person || ':' || to_char(s.month, 'YYYY-MM') || ':' || s.step)"
        ),
        {"people": [one.person for one in stopped], "days": [one.day for one in stopped]},
    )
    return done.rowcount


def oldest_due(connection: Connection, now: datetime) -> datetime | None:
    """Since when the longest of those who are due have waited."""
    query = text("SELECT min(next_at) FROM reminder_times WHERE next_at <= :now")
    since: datetime | None = connection.execute(query, {"now": now}).scalar_one()
    return since


# ---- everybody anew, where the rules have changed ----


def reached(connection: Connection, kind: Kind, rules: str) -> int | None:
    """Up to whom everybody has been planned by these rules, 0 where nobody has; None when everybody has.

    Nobody else goes on with it until the transaction ends.
    """
    values = {"kind": kind, "rules": rules}
    connection.execute(
        text("INSERT INTO reminder_backfills (kind, rules) VALUES (:kind, :rules) ON CONFLICT DO NOTHING"), values
    )
    row = connection.execute(
        text("SELECT reached, done_at FROM reminder_backfills WHERE kind = :kind AND rules = :rules FOR UPDATE"), values
    ).one()
    return None if row.done_at else int(row.reached)


def reach(connection: Connection, kind: Kind, rules: str, person: int, now: datetime, *, done: bool) -> None:
    """Everybody up to this person has been planned by these rules; `done` when there is nobody after them."""
    connection.execute(
        text("UPDATE reminder_backfills SET reached = :person, done_at = :done WHERE kind = :kind AND rules = :rules"),
        {"kind": kind, "rules": rules, "person": person, "done": now if done else None},
    )


def following(connection: Connection, kind: Kind, person: int, most: int) -> list[int]:
    """The next people of a kind, by number."""
    table = "members WHERE state = 'here' AND" if kind == MEMBER else "sponsors WHERE"
    rows = connection.execute(
        text(f"SELECT id FROM {table} id > :person ORDER BY id LIMIT :most"),  # noqa: S608  # our own words
        {"person": person, "most": most},
    )
    return list(rows.scalars())


# ---- pay days ----


def keep_pay_days(connection: Connection, member_id: int, pay: PayDays | None, now: datetime) -> None:
    """Write down when a member is paid; None when that differs."""
    if pay is None:
        connection.execute(text("DELETE FROM pay_days WHERE member_id = :member"), {"member": member_id})
        return
    connection.execute(
        text(
            "INSERT INTO pay_days (member_id, kind, days, changed_at) VALUES (:member, :kind, :days, :now) "
            "ON CONFLICT (member_id) DO UPDATE SET kind = excluded.kind, days = excluded.days, "
            "changed_at = excluded.changed_at"
        ),
        {"member": member_id, "kind": pay.kind, "days": sorted(set(pay.days)), "now": now},
    )


def pay_days_of(connection: Connection, people: Sequence[int]) -> dict[int, PayDays]:
    """When these members are paid, of those who told us."""
    rows = connection.execute(
        text("SELECT member_id, kind, days FROM pay_days WHERE member_id = ANY(:people)"), {"people": list(people)}
    )
    return {row.member_id: PayDays(row.kind, tuple(row.days)) for row in rows}
