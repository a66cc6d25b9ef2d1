"""The payment company tells us that something happened to an order."""

from __future__ import annotations

from flask import Response, request

from ussd_app.errors import BadRequest
from ussd_app.gateways.payment import BadSignature
from ussd_app.runtime import Runtime
from ussd_app.services import payments
from ussd_app.web.callbacks import refused


def notified(rt: Runtime) -> Response:
    """200 once the notification is kept, also for a repeat; 403 for a bad signature; the rest happens later."""
    try:
        payments.receive(rt, request.get_data())
    except BadSignature:
        return Response("forbidden", 403)
    except BadRequest as error:
        return refused(str(error))
    return Response("ok", content_type="text/plain; charset=utf-8")
