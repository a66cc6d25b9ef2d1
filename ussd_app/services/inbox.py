"""The messaging gateway tells us something: keep it at once, personal parts encrypted, and answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from ussd_app import queues
from ussd_app.gateways import africastalking_callbacks as callbacks
from ussd_app.runtime import Runtime
from ussd_app.services import recovery
from ussd_app.storage import inbox, stops

# The final states of a delivery report; all others are kept and change nothing.
# A session that ended otherwise than by its last screen.
CUT_OFF = ("Incomplete", "Failed")
FINAL = {"Success": "delivered", "Failed": "failed", "Rejected": "failed", "Expired": "failed"}


def take_report(rt: Runtime, form: Mapping[str, str]) -> None:
    """A delivery report; unknown statuses and reasons are kept as they are. Raises BadRequest."""
    report = callbacks.delivery_report(form)
    kept = {
        "message_id": report.id,
        "status": report.status,
        "reason": report.reason or "",
        "phone": report.phone,
        "network_code": report.network_code,
    }
    digest = hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
    with rt.db.begin() as connection:
        inbox.add_delivery_report(connection, digest, kept, rt.clock())
        if report.status in FINAL:
            inbox.report_on(connection, report.id, FINAL[report.status], report.reason or "")


def take_sms(rt: Runtime, form: Mapping[str, str]) -> None:
    """An SMS that somebody sent to us; a job does what it asks for. Raises BadRequest."""
    sms = callbacks.inbound_sms(form)
    kept = {
        "message_id": sms.id,
        "phone": sms.sender,
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
        stops.stop(connection, left.phone, stops.EVERYTHING, "gateway", left.sender_id, rt.clock())
