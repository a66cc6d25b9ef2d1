"""Outgoing SMS: whatever wants to be sent is a row here first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

# Answers and receipts; pay codes; reminders; campaigns. None waits behind a later one.
LANES = URGENT, CODES, REMINDERS, CAMPAIGNS = "urgent", "codes", "reminders", "campaigns"


@dataclass(frozen=True)
class Outgoing:
    """An SMS that wants to be sent. `key` says what it is for: a second one with the same key is the same SMS.

    `pay` is what the simulator offers to pay: the code and the amount in whole rupiah. After `send_by` it is of no use
    any more. `repeats` allows one repeat when nobody can tell whether it came.
    """

    key: str
    lane: str
    phone: str
    text: str
    segments: int
    pay: Mapping[str, Any] | None = None
    message: str = ""
    send_by: datetime | None = None
    repeats: bool = False


@dataclass(frozen=True)
class Leased:
    """An SMS in the relay's hand."""

    id: int
    phone: str
    text: str
    attempts: int
    created_at: datetime


def add(connection: Connection, outgoing: Outgoing, now: datetime, due: datetime | None = None) -> bool:
    """Write an SMS down to be sent, at once or when it is due; False when one with its key is there already."""
    done = connection.execute(
        text(
            "INSERT INTO outbox (key, lane, phone, text, segments, pay, message, send_by, repeats, state, due_at, "
            "created_at) VALUES (:key, :lane, :phone, :text, :segments, :pay, :message, :send_by, :repeats, 'waiting', "
            ":due, :now) "
            "ON CONFLICT (key) DO NOTHING"
        ),
        {
            **outgoing.__dict__,
            "pay": json.dumps(outgoing.pay) if outgoing.pay else None,
            "now": now,
            "due": due or now,
        },
    )
    return bool(done.rowcount)


def add_many(connection: Connection, outgoing: Sequence[Outgoing], due: Sequence[datetime], now: datetime) -> None:
    """Write many SMS down, each to be sent when it is due; one whose key is there already is passed over."""
    connection.execute(
        text(
            "INSERT INTO outbox (key, lane, phone, text, segments, message, send_by, repeats, state, due_at, "
            "created_at) SELECT key, lane, phone, text, segments, message, send_by, repeats, 'waiting', due, :now "
            "FROM unnest(CAST(:keys AS text[]), CAST(:lanes AS text[]), CAST(:phones AS text[]), "
            "CAST(:texts AS text[]), CAST(:segments AS integer[]), CAST(:messages AS text[]), "
            "CAST(:send_by AS timestamptz[]), CAST(:repeats AS boolean[]), CAST(:due AS timestamptz[])) "
            "AS t (key, lane, phone, text, segments, message, send_by, repeats, due) ON CONFLICT (key) DO NOTHING"
        ),
        {
            "keys": [one.key for one in outgoing],
            "lanes": [one.lane for one in outgoing],
            "phones": [one.phone for one in outgoing],
            "texts": [one.text for one in outgoing],
            "segments": [one.segments for one in outgoing],
            "messages": [one.message for one in outgoing],
            "send_by": [one.send_by for one in outgoing],
            "repeats": [one.repeats for one in outgoing],
            "due": list(due),
            "now": now,
        },
    )


def text_of(connection: Connection, key: str) -> str:
    """The words of the SMS with this key."""
    return str(connection.execute(text("SELECT text FROM outbox WHERE key = :key"), {"key": key}).scalar_one())


def lease(connection: Connection, lane: str, now: datetime, until: datetime, most: int) -> list[Leased]:
    """Take what is due on a lane, oldest first, so that no other relay takes it before `until`."""
    rows = connection.execute(
        text(
            "UPDATE outbox SET lease_until = :until WHERE id IN (SELECT id FROM outbox WHERE lane = :lane "
            "AND state = 'waiting' AND due_at <= :now AND (lease_until IS NULL OR lease_until < :now) "
            "ORDER BY due_at, id LIMIT :most FOR UPDATE SKIP LOCKED) RETURNING id, phone, text, attempts, created_at"
        ),
        {"lane": lane, "now": now, "until": until, "most": most},
    )
    return sorted(
        (Leased(row.id, row.phone, row.text, row.attempts, row.created_at) for row in rows), key=lambda row: row.id
    )


def begin_handing_over(
    connection: Connection, ids: list[int], gateway: str, now: datetime, until: datetime
) -> list[int]:
    """From here on these may have been sent; gives those that are still ours to send."""
    rows = connection.execute(
        text(
            "UPDATE outbox SET state = 'handing_over', gateway = :gateway, attempts = attempts + 1, "
            "lease_until = :until WHERE id = ANY(:ids) AND state = 'waiting' AND lease_until > :now RETURNING id"
        ),
        {"ids": ids, "gateway": gateway, "now": now, "until": until},
    )
    return list(rows.scalars())


def settle(connection: Connection, outgoing_id: int, state: str, now: datetime, **details: object) -> None:
    """Write down what became of one SMS: sent, dead, or unknown; an answer that came late is still believed."""
    connection.execute(
        text(
            "UPDATE outbox SET state = :state, message_id = :message_id, reason = :reason, cost = :cost, "
            "lease_until = NULL, sent_at = CASE WHEN :state = 'sent' THEN CAST(:now AS timestamptz) END "
            "WHERE id = :id AND state IN ('handing_over', 'unknown')"
        ),
        {
            "message_id": None,
            "reason": "",
            "cost": None,
            **details,
            "id": outgoing_id,
            "state": state,
            "now": now,
        },
    )


def postpone(connection: Connection, outgoing_id: int, until: datetime, reason: str) -> None:
    """It was certainly not sent: try again later."""
    connection.execute(
        text(
            "UPDATE outbox SET state = 'waiting', due_at = :until, reason = :reason, lease_until = NULL "
            "WHERE id = :id AND state = 'handing_over'"
        ),
        {"id": outgoing_id, "until": until, "reason": reason},
    )


def give_up_handing_over(connection: Connection, now: datetime) -> int:
    """A relay that died while handing over leaves texts that may have been sent: they become unknown."""
    done = connection.execute(
        text(
            "UPDATE outbox SET state = 'unknown', lease_until = NULL, "
            "reason = 'the relay stopped while handing it over' "
            "WHERE state = 'handing_over' AND lease_until < :now"
        ),
        {"now": now},
    )
    return done.rowcount


def release(connection: Connection, ids: list[int]) -> None:
    """Give back rows that were leased and not touched, so that the next relay need not wait for the lease."""
    connection.execute(
        text("UPDATE outbox SET lease_until = NULL WHERE id = ANY(:ids) AND state = 'waiting'"), {"ids": ids}
    )


def sent_to(connection: Connection, phone: str, most: int = 200) -> list[dict[str, Any]]:
    """The SMS a phone has received, oldest first: id, moment, number, text and what can be paid from it."""
    rows = connection.execute(
        text(
            "SELECT * FROM (SELECT id, sent_at, phone, text, pay FROM outbox WHERE phone = :phone "
            "AND state IN ('sent', 'delivered') ORDER BY id DESC LIMIT :most) newest ORDER BY id"
        ),
        {"phone": phone, "most": most},
    )
    return [
        {
            "id": row.id,
            "at": row.sent_at.isoformat(),
            "to": row.phone,
            "text": row.text,
            **({"pay": row.pay} if row.pay else {}),
        }
        for row in rows
    ]


def states(connection: Connection) -> dict[str, int]:
    """How many SMS are in each state that is not final, for operators."""
    rows = connection.execute(
        text(
            "SELECT state, count(*) AS number FROM outbox WHERE state IN ('waiting', 'handing_over', 'unknown') "
            "GROUP BY state"
        )
    )
    return {row.state: row.number for row in rows}
