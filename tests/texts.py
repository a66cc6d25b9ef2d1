"""Texts that have been handed over, and what the gateway says of them afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tests.builders import PHONE, an_sms, execute, rows
from ussd_app.runtime import Runtime
from ussd_app.services import inbox

LEASE = timedelta(seconds=60)


def a_handed_text(
    rt: Runtime, state: str = "sent", *, message_id: str | None = None, minutes_ago: float = 0, **details: Any
) -> int:
    """A text that was handed over so many minutes ago; `sent` means with an id, and the others without any."""
    number = an_sms(rt, **details)
    handed = rt.clock() - timedelta(minutes=minutes_ago)
    execute(
        rt,
        "UPDATE outbox SET state = :state, gateway = 'post', attempts = 1, handed_at = :handed, message_id = :message, "
        "lease_until = :lease, sent_at = :sent WHERE id = :id",
        id=number,
        state=state,
        handed=handed,
        message=message_id or (f"id-{number}" if state == "sent" else None),
        lease=handed + LEASE if state == "handing_over" else None,
        sent=handed if state == "sent" else None,
    )
    return number


def reported(
    rt: Runtime, message_id: str, status: str = "Success", *, phone: str = PHONE, reason: str = "", network: str = ""
) -> None:
    """The gateway posts a delivery report."""
    form = {"id": message_id, "status": status, "phoneNumber": phone, "networkCode": network}
    inbox.take_report(rt, form | ({"failureReason": reason} if reason else {}))


def text_row(rt: Runtime, number: int) -> Mapping[str, Any]:
    """All that the outbox holds about one text."""
    return rows(rt, "SELECT * FROM outbox WHERE id = :id", id=number)[0]


def state_of(rt: Runtime, number: int) -> str:
    """What has become of a text."""
    return str(text_row(rt, number)["state"])
