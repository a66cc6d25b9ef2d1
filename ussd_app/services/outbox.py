"""Somebody is to get an SMS: write it down, and let the relay, the only sender, hand it over."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Connection

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
MOST_ATTEMPTS = 8
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
) -> bool:
    """Write one SMS of messages.yaml into the outbox, in the caller's transaction; False if `key` is there already."""
    template = publishing.messages(rt, publishing.newest(rt))[message]
    text = template.fill(language, values)
    outgoing = Outgoing(key, template.lane, phone, text, gsm7.size(text).segments, pay)
    return outbox.add(connection, outgoing, rt.clock())


def relay(rt: Runtime, lane: str) -> int:
    """Send what is due on a lane, batch by batch, until nothing is; how many were handed over.

    Equal texts share one call. `handing_over` is committed just before each call and every row settled after it:
    what a dead relay leaves in that state may have been sent, so it is never resent blindly.
    """
    with rt.db.begin() as connection:
        lost = outbox.give_up_handing_over(connection, rt.clock())
    if lost:
        log.warning("texts whose sending was interrupted are now unknown", number=lost)
    handed = 0
    while True:
        now = rt.clock()
        with rt.db.begin() as connection:
            leased = outbox.lease(connection, lane, now, now + LEASE, BATCH)
        if not leased:
            return handed
        for group in _groups(leased):
            handed += len(group)
            _hand_over(rt, group)
            time.sleep(len(group) / rt.settings.sms_per_second)


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


def _hand_over(rt: Runtime, group: list[Leased]) -> None:
    now = rt.clock()
    with rt.db.begin() as connection:
        ours = set(
            outbox.begin_handing_over(connection, [row.id for row in group], rt.messaging.name, now, now + LEASE)
        )
    rows = [row for row in group if row.id in ours]
    if not rows:
        return
    answers = _send(rt, rows)
    with rt.db.begin() as connection:
        for row in rows:
            _settle(rt, connection, row, answers.get(row.phone, Handed("unknown", reason="not in the answer")))


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
    now = rt.clock()
    if handed.halt:
        log.error("the SMS gateway asks us to stop", reason=handed.reason)
    if handed.state == "later" and row.attempts + 1 < MOST_ATTEMPTS:
        outbox.postpone(connection, row.id, now + outbox.RETRY * 2**row.attempts, handed.reason)
        return
    state = "dead" if handed.state == "later" else handed.state
    outbox.settle(
        connection,
        row.id,
        state,
        now,
        message_id=handed.message_id,
        reason=handed.reason,
        cost=handed.cost,
    )
