"""Africa's Talking calls us: a text came in or was delivered, a session ended, somebody wants no more texts.

Fields that are not optional must be there, or BadRequest names them. Words of the gateway
(status, reason, cost) are kept as they come; a number or a date that cannot be read is None.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ussd_app.errors import BadRequest
from ussd_app.gateways.ussd import Dialect

Form = Mapping[str, str]

# The statuses of a delivery report after which nothing more can happen, and the state they bring a text to; all others
# ("Sent", "Submitted", "Buffered") say only that it is under way.
FINAL = {"Success": "delivered", "Failed": "failed", "Rejected": "failed", "Expired": "failed"}
# The network would not even try.
REFUSED = frozenset({"Rejected"})

DIALECT = Dialect(cumulative=True, retry="text", chains=True)


@dataclass(frozen=True)
class DeliveryReport:
    """What became of a text that was handed over."""

    id: str
    status: str
    phone: str
    network_code: str
    reason: str | None = None
    retry_count: int | None = None


@dataclass(frozen=True)
class InboundSms:
    """A text somebody sent to us; `to` is our short code, `sent_at` is UTC."""

    id: str
    sender: str
    to: str
    text: str
    sent_at: datetime | None
    link_id: str | None = None
    network_code: str | None = None


@dataclass(frozen=True)
class EndEvent:
    """How a USSD session ended; `at` is UTC, `cost` the gateway's own words ("KES 0.10", "0.1").

    What the person typed and what we answered last come along in the form, but hold NIKs and PINs: not kept.
    """

    session_id: str
    phone: str
    status: str
    at: datetime | None
    service_code: str
    network_code: str
    cost: str
    duration_ms: int | None
    hops: int | None
    error: str | None = None


@dataclass(frozen=True)
class OptOut:
    """Somebody wants no more bulk texts from this sender."""

    sender_id: str
    phone: str


def delivery_report(form: Form) -> DeliveryReport:
    """A delivery report; unknown statuses and reasons are kept."""
    return DeliveryReport(
        id=_filled(form, "id"),
        status=_filled(form, "status"),
        phone=_filled(form, "phoneNumber"),
        network_code=_present(form, "networkCode"),
        reason=form.get("failureReason") or None,
        retry_count=_whole(form.get("retryCount", "")),
    )


def inbound_sms(form: Form) -> InboundSms:
    """A text that came in; an empty text is a text."""
    return InboundSms(
        id=_filled(form, "id"),
        sender=_filled(form, "from"),
        to=_filled(form, "to"),
        text=_present(form, "text"),
        sent_at=_moment(_present(form, "date")),
        link_id=form.get("linkId") or None,
        network_code=form.get("networkCode") or None,
    )


def end_event(form: Form) -> EndEvent:
    """The end of a session; without `input` or `lastAppResponse` when nothing was typed or answered."""
    return EndEvent(
        session_id=_filled(form, "sessionId"),
        phone=_filled(form, "phoneNumber"),
        status=_filled(form, "status"),
        at=_moment(_present(form, "date")),
        service_code=_present(form, "serviceCode"),
        network_code=_present(form, "networkCode"),
        cost=_present(form, "cost"),
        duration_ms=_whole(_present(form, "durationInMillis")),
        hops=_whole(_present(form, "hopsCount")),
        error=form.get("errorMessage") or None,
    )


def opt_out(form: Form) -> OptOut:
    """Somebody's refusal of bulk texts."""
    return OptOut(sender_id=_filled(form, "senderId"), phone=_filled(form, "phoneNumber"))


def _present(form: Form, field: str) -> str:
    if field not in form:
        raise BadRequest(f"{field} is missing")
    return form[field]


def _filled(form: Form, field: str) -> str:
    """A field that is of no use when empty: it says which, or whose."""
    value = _present(form, field)
    if not value.strip():
        raise BadRequest(f"{field} is empty")
    return value


def _moment(text: str) -> datetime | None:
    """`2017-05-03T06:04:45Z` or `2017-05-03 06:04:45`, both in UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _whole(text: str) -> int | None:
    whole = re.fullmatch(r"([0-9]{1,9})(?:\.0*)?", text.strip())
    return int(whole[1]) if whole else None
