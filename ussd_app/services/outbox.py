"""Somebody is to get an SMS: write it down, and let the relay, the only sender, hand it over."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import gsm7
from ussd_app.engine.kinds import Value
from ussd_app.errors import GatewayPermanent, GatewayTemporary, GatewayUnknown
from ussd_app.gateways.messaging import MOST_RECIPIENTS, Handed
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.storage import outbox
from ussd_app.storage.outbox import Leased, Outgoing

BATCH = 200
LEASE = timedelta(seconds=60)
# Seconds after which a relay hands the rest to the next one.
BUDGET = 20.0
RETRY, RETRY_AT_MOST = timedelta(seconds=30), timedelta(minutes=15)
# A text that could not be sent for so long is of no use any more.
LONGEST_WAIT = timedelta(hours=24)
log = structlog.get_logger()


def write(
    rt: Runtime,
    connection: Connection,
    message: str,
    *,
    key: str,
    phone: str,
    language: str,
    values: Mapping[str, Value],
    pay: Mapping[str, Any] | None = None,
    after: timedelta = timedelta(),
    send_by: datetime | None = None,
) -> bool:
    """Write one SMS of messages.yaml into the outbox, in the caller's transaction; False if `key` is there already.

    It is sent at once, or `after` so long; once `send_by` has passed it is not sent any more.
    """
    template = publishing.messages(rt, publishing.newest(rt))[message]
    text = template.fill(language, {"dial": rt.settings.service_code, **values})
    segments = gsm7.size(text).segments
    outgoing = Outgoing(key, template.lane, phone, text, segments, pay, message, send_by, template.repeat)
    return outbox.add(connection, outgoing, rt.clock(), rt.clock() + after)


@dataclass(frozen=True)
class Letter:
    """One of many SMS that say the same to different people; see `write`."""

    key: str
    phone: str
    language: str
    values: Mapping[str, Value]
    send_by: datetime | None = None


def write_many(rt: Runtime, connection: Connection, message: str, letters: Sequence[Letter]) -> None:
    """Write one message of messages.yaml to many people, in the caller's transaction; a known key is passed over.

    They fall due one after another at half the relay's pace, so that nobody's own receipt waits behind ten thousand.
    """
    template, now = publishing.messages(rt, publishing.newest(rt))[message], rt.clock()
    pace = max(1, rt.settings.sms_per_second // 2)
    due, outgoing = [], []
    for number, letter in enumerate(letters):
        text = template.fill(letter.language, {"dial": rt.settings.service_code, **letter.values})
        segments = gsm7.size(text).segments
        outgoing.append(
            Outgoing(
                letter.key,
                template.lane,
                letter.phone,
                text,
                segments,
                message=message,
                send_by=letter.send_by,
                repeats=template.repeat,
            )
        )
        due.append(now + timedelta(seconds=number // pace))
    outbox.add_many(connection, outgoing, due, now)


def relay(rt: Runtime, lane: str) -> int:
    """Send what is due on a lane, batch by batch; how many texts were handed over.

    Equal texts share one call. `handing_over` is committed just before each call and every row settled after it:
    what a dead relay leaves in that state may have been sent, so it is never resent blindly. The relay gives way
    after a while, well before a job's time-out or a patient supervisor would cut it off in the middle of a call.
    """
    with rt.db.begin() as connection:
        lost = outbox.give_up_handing_over(connection, rt.clock())
    if lost:
        log.warning("texts whose sending was interrupted are now unknown", number=lost)
    handed, started = 0, time.monotonic()
    while True:
        now = rt.clock()
        with rt.db.begin() as connection:
            leased = outbox.lease(connection, lane, now, now + LEASE, BATCH)
        groups = _groups(leased)
        while groups:
            group = groups.pop(0)
            goes_on = _hand_over(rt, group)
            handed += len(group)
            time.sleep(len(group) / rt.settings.sms_per_second)
            if not goes_on or time.monotonic() - started > BUDGET:
                with rt.db.begin() as connection:
                    outbox.release(connection, [row.id for left in groups for row in left])
                if goes_on:
                    rt.queues.enqueue(queues.RELAY, lane)
                return handed
        if not leased:
            return handed


def _groups(leased: list[Leased]) -> list[list[Leased]]:
    """Rows that can share one call: the same text, each number once, at most a hundred."""
    calls: dict[str, list[list[Leased]]] = defaultdict(list)
    for row in leased:
        for call in calls[row.text]:
            if len(call) < MOST_RECIPIENTS and all(other.phone != row.phone for other in call):
                call.append(row)
                break
        else:
            calls[row.text].append([row])
    return [call for same_text in calls.values() for call in same_text]


def _hand_over(rt: Runtime, group: list[Leased]) -> bool:
    """One call to the gateway; False when the gateway asks us to stop."""
    now = rt.clock()
    ids = [row.id for row in group]
    with rt.db.begin() as connection:
        ours = set(outbox.begin_handing_over(connection, ids, rt.messaging.name, now, now + LEASE))
    rows = [row for row in group if row.id in ours]
    if not rows:
        return True
    answers = _send(rt, rows)
    with rt.db.begin() as connection:
        for row in rows:
            _settle(rt, connection, row, answers.get(row.phone, Handed("unknown", reason="not in the answer")))
    return not any(handed.halt for handed in answers.values())


def _send(rt: Runtime, rows: list[Leased]) -> Mapping[str, Handed]:
    phones = [row.phone for row in rows]
    try:
        return rt.messaging.send(rows[0].text, phones)
    except GatewayTemporary as error:
        handed = Handed("later", reason=str(error))
    except GatewayPermanent as error:
        handed = Handed("dead", reason=str(error))
    except GatewayUnknown as error:
        handed = Handed("unknown", reason=str(error))
    log.warning("a call to the SMS gateway failed", outcome=handed.state, reason=handed.reason, number=len(phones))
    return dict.fromkeys(phones, handed)


def _settle(rt: Runtime, connection: Connection, row: Leased, handed: Handed) -> None:
    """Write down what was said of one text; one that was not sent waits, until it is too old to be of use."""
    now = rt.clock()
    if handed.halt:
        log.error("the SMS gateway asks us to stop", reason=handed.reason)
    if handed.state == "later" and now - row.created_at < LONGEST_WAIT:
        outbox.postpone(connection, row.id, now + min(RETRY * 2 ** min(row.attempts, 10), RETRY_AT_MOST), handed.reason)
        return
    outbox.settle(
        connection,
        row.id,
        "dead" if handed.state == "later" else handed.state,
        now,
        message_id=handed.message_id,
        reason=handed.reason,
        cost=handed.cost,
    )
