"""Somebody is to get an SMS: write it down, and let the relay, the only sender, hand it over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from ussd_app.domain import gsm7
from ussd_app.engine.kinds import Value
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.storage import outbox
from ussd_app.storage.outbox import Outgoing


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


def write_many(
    rt: Runtime, connection: Connection, message: str, letters: Sequence[Letter], *, at_once: bool = False
) -> None:
    """Write one message of messages.yaml to many people, in the caller's transaction; a known key is passed over.

    They fall due one after another at half the relay's pace, so that nobody's own receipt waits behind ten thousand;
    or `at_once`, where the lane has nobody's receipts and equal texts are to share a call.
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
        due.append(now if at_once else now + timedelta(seconds=number // pace))
    outbox.add_many(connection, outgoing, due, now)
