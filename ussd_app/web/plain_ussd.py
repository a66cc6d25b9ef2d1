"""An aggregator posts a keypress as plain fields and wants the next screen as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

from flask import Response, request

from ussd_app.errors import BadRequest, Refused
from ussd_app.gateways import plain_ussd
from ussd_app.runtime import Runtime
from ussd_app.services import dialing
from ussd_app.services.dialing import Reply
from ussd_app.web.callbacks import refused, token_is_right
from ussd_app.web.ussd import NOT_A_NUMBER, number


def keypress(rt: Runtime, token: str) -> Response:
    """`{"text", "ends"}`; always 200 once the token is right and no field is missing."""
    if not token_is_right(rt, token):
        return Response("forbidden", 403)
    try:
        fields = plain_ussd.fields_of(request.get_data(), request.mimetype)
        talks = plain_ussd.dialect(rt.settings.ussd_retry)
        pressed = plain_ussd.keypress(fields, talks, rt.settings.service_code)
    except BadRequest as error:
        return refused(str(error))
    try:
        pressed = replace(pressed, phone=number(pressed.phone))
    except Refused:
        return _answer(Reply(NOT_A_NUMBER, ends=True))
    return _answer(dialing.press(rt, pressed))


def _answer(reply: Reply) -> Response:
    body = json.dumps({"text": reply.text, "ends": reply.ends}, ensure_ascii=False)
    return Response(body.encode(), content_type="application/json")
