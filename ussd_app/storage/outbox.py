"""Outgoing SMS: whatever wants to be sent is a row here first."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
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
    """An SMS in the relay's hand; `repeat`: it says once more what an earlier one may have said."""

    id: int
    phone: str
    text: str
    attempts: int
    created_at: datetime
    segments: int = 1
    repeat: bool = False


@dataclass(frozen=True)
class Settled:
    """What became of one SMS in a call: sent, dead, unknown, or still waiting in the relay's hand.

    `cost` is what the gateway wrote, `charged` the same as an amount in `currency`.
    """

    id: int
    state: str
    message_id: str | None = None
    reason: str = ""
    cost: str | None = None
    charged: Decimal | None = None
    currency: str = ""
    parts: int | None = None


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
            "ORDER BY due_at, id LIMIT :most FOR UPDATE SKIP LOCKED) "
            "RETURNING id, phone, text, attempts, created_at, segments, repeat_of IS NOT NULL AS repeat"
        ),
        {"lane": lane, "now": now, "until": until, "most": most},
    )
    return sorted((Leased(*row) for row in rows), key=lambda row: row.id)


def begin_handing_over(
    connection: Connection,
    ids: Sequence[int],
    gateway: str,
    now: datetime,
    until: datetime,
    stopped: Collection[str] = (),
    dead: Collection[str] = (),
) -> list[int]:
    """From here on these may have been sent; gives those that are still ours to send.

    Left out, with a final state, is what has become useless meanwhile (too late; emptied, because somebody asked for
    their data to be erased; a repeat whose first text has arrived) and what goes to a number `stopped` or `dead`.
    """
    rows = connection.execute(
        text(
            "WITH ours AS (SELECT o.id, CASE WHEN o.text = '' THEN 'emptied' "
            "WHEN o.send_by <= :now THEN 'too late to be of use' "
            "WHEN o.phone = ANY(CAST(:stopped AS text[])) THEN 'the recipient wants no such texts' "
            "WHEN o.phone = ANY(CAST(:dead AS text[])) THEN 'texts fail at this number again and again' "
            "WHEN (SELECT first.state FROM outbox first WHERE first.id = o.repeat_of) = 'delivered' "
            "THEN 'the first one has arrived' ELSE '' END AS useless FROM outbox o "
            "WHERE o.id = ANY(:ids) AND o.state = 'waiting' AND o.lease_until > :now ORDER BY o.id FOR UPDATE OF o), "
            "moved AS (UPDATE outbox SET state = CASE useless WHEN '' THEN 'handing_over' "
            "WHEN 'too late to be of use' THEN 'expired' ELSE 'stopped' END, gateway = :gateway, "
            "attempts = attempts + CAST(useless = '' AS integer), "
            "handed_at = CASE useless WHEN '' THEN CAST(:now AS timestamptz) ELSE handed_at END, "
            "lease_until = CASE useless WHEN '' THEN CAST(:until AS timestamptz) END, reason = useless "
            "FROM ours WHERE outbox.id = ours.id RETURNING outbox.id, state) "
            "SELECT id FROM moved WHERE state = 'handing_over'"
        ),
        {
            "ids": list(ids),
            "gateway": gateway,
            "now": now,
            "until": until,
            "stopped": list(stopped),
            "dead": list(dead),
        },
    )
    return list(rows.scalars())


def settle(connection: Connection, settled: Sequence[Settled], now: datetime, until: datetime) -> None:
    """Write down what became of each SMS of a call; an answer that came late is still believed.

    What certainly was not sent is waiting again, and stays in the relay's hand until then.
    """
    connection.execute(
        text(
            "UPDATE outbox SET state = said.state, message_id = said.message_id, reason = said.reason, "
            "cost = said.cost, charged = said.charged, currency = said.currency, parts = said.parts, "
            "lease_until = CASE said.state WHEN 'waiting' THEN CAST(:until AS timestamptz) END, "
            "sent_at = CASE said.state WHEN 'sent' THEN CAST(:now AS timestamptz) END "
            "FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:message_ids AS text[]), "
            "CAST(:reasons AS text[]), CAST(:costs AS text[]), CAST(:charged AS numeric[]), "
            "CAST(:currencies AS text[]), CAST(:parts AS integer[])) "
            "AS said (id, state, message_id, reason, cost, charged, currency, parts) WHERE outbox.id = said.id "
            "AND (outbox.state = 'handing_over' OR outbox.state = 'unknown' AND said.state <> 'waiting')"
        ),
        {
            "ids": [one.id for one in settled],
            "states": [one.state for one in settled],
            "message_ids": [one.message_id for one in settled],
            "reasons": [one.reason for one in settled],
            "costs": [one.cost for one in settled],
            "charged": [one.charged for one in settled],
            "currencies": [one.currency for one in settled],
            "parts": [one.parts for one in settled],
            "now": now,
            "until": until,
        },
    )


def put_off(connection: Connection, due: Mapping[int, datetime | None]) -> None:
    """Out of the relay's hand: to be tried again when due, or, without a moment, given up for good."""
    connection.execute(
        text(
            "UPDATE outbox SET state = CASE WHEN t.due IS NULL THEN 'dead' ELSE 'waiting' END, "
            "due_at = COALESCE(t.due, outbox.due_at), lease_until = NULL "
            "FROM unnest(CAST(:ids AS bigint[]), CAST(:due AS timestamptz[])) AS t (id, due) "
            "WHERE outbox.id = t.id AND state = 'waiting'"
        ),
        {"ids": list(due), "due": list(due.values())},
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


def release(connection: Connection, ids: Sequence[int]) -> None:
    """Give back rows that were leased and not touched, so that the next relay need not wait for the lease."""
    connection.execute(
        text("UPDATE outbox SET lease_until = NULL WHERE id = ANY(:ids) AND state = 'waiting'"), {"ids": list(ids)}
    )


def sent_to(connection: Connection, phone: str, most: int = 200) -> list[dict[str, Any]]:
    """The SMS a phone has received, oldest first: id, moment, number, text and what can be paid from it."""
    rows = connection.execute(
        text(
            "SELECT * FROM (SELECT id, sent_at, phone, text, pay FROM outbox WHERE phone = :phone "
            "AND state IN ('sent', 'delivered', 'no_report') ORDER BY id DESC LIMIT :most) newest ORDER BY id"
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
