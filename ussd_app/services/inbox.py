"""The messaging gateway tells us something: keep it at once, personal parts encrypted, and answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from ussd_app import queues
from ussd_app.domain import phone as phones
from ussd_app.errors import Refused
from ussd_app.gateways import africastalking_callbacks as callbacks
from ussd_app.gateways import kannel
from ussd_app.runtime import Runtime
from ussd_app.services import recovery, stops
from ussd_app.storage import inbox, reports
from ussd_app.storage.stops import EVERYTHING

# A session that ended otherwise than by its last screen.
CUT_OFF = ("Incomplete", "Failed")


def take_report(rt: Runtime, form: Mapping[str, str]) -> None:
    """A delivery report; a job finds its text. Unknown statuses and reasons are kept as they are. Raises BadRequest."""
    report = callbacks.delivery_report(form)
    kept = {
        "message_id": report.id,
        "status": report.status,
        "reason": report.reason or "",
        "phone": _number(report.phone),
        "network_code": report.network_code,
    }
    digest = hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
    with rt.db.begin() as connection:
        fresh = reports.keep(connection, digest, kept, rt.clock())
    if fresh:
        # A matcher that has not begun yet will see this one as well.
        rt.queues.enqueue_scan(queues.MATCH_REPORTS, most=1)


def take_kannel_report(rt: Runtime, query: Mapping[str, str]) -> None:
    """A delivery report as Kannel asks for our address with it. Raises BadRequest."""
    take_report(rt, kannel.report_fields(query))


def take_sms(rt: Runtime, form: Mapping[str, str]) -> None:
    """An SMS that somebody sent to us; a job does what it asks for. Raises BadRequest."""
    sms = callbacks.inbound_sms(form)
    kept = {
        "message_id": sms.id,
        "phone": _number(sms.sender),
        "to_number": sms.to,
        "text": rt.vault.seal(sms.text),
        "sent_at": sms.sent_at,
    }
    with rt.db.begin() as connection:
        fresh = inbox.add_inbound(connection, kept, rt.clock())
    if fresh is not None:
        rt.queues.enqueue(queues.HANDLE_SMS, fresh)


def take_end(rt: Runtime, form: Mapping[str, str]) -> None:
    """How a USSD session ended. What was typed and shown is not kept: it holds NIKs. Raises BadRequest."""
    end = callbacks.end_event(form)
    kept = {
        "session_id": end.session_id,
        "phone": end.phone,
        "status": end.status,
        "cost": end.cost,
        "duration_ms": end.duration_ms,
        "hops": end.hops,
        "error": end.error or "",
    }
    with rt.db.begin() as connection:
        fresh = inbox.add_session_end(connection, kept, rt.clock())
    if fresh and end.status in CUT_OFF:
        recovery.write_to(rt, f"at:{end.session_id}", end.phone)


def take_opt_out(rt: Runtime, form: Mapping[str, str]) -> None:
    """Somebody asked the gateway to keep us from writing to them. Raises BadRequest."""
    left = callbacks.opt_out(form)
    with rt.db.begin() as connection:
        stops.stop_by(rt, connection, _number(left.phone), EVERYTHING, "gateway", left.sender_id)


def _number(text: str) -> str:
    """The number as our own rows have it; what is none is kept as it came."""
    try:
        return phones.parse(text)
    except Refused:
        return text
