"""Africa's Talking posts a keypress and wants the next screen: the leanest path of the whole service."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import parse_qsl

from flask import Response, request

from ussd_app.domain import phone as phones
from ussd_app.errors import Refused
from ussd_app.gateways.africastalking_callbacks import DIALECT
from ussd_app.gateways.ussd import Keypress
from ussd_app.runtime import Runtime
from ussd_app.services import dialing
from ussd_app.web.callbacks import refused, token_is_right

NOT_A_NUMBER = "Nomor Anda tidak kami kenali. / We do not recognise your number."


def keypress(rt: Runtime, token: str) -> Response:
    """`CON …` while the session goes on, `END …` when it is over; always 200 once token and session are right."""
    if not token_is_right(rt, token):
        return Response("forbidden", 403)
    # Flask's form parsing costs as much as the rest of the request; the body is only a few short fields.
    form = dict(parse_qsl(request.get_data().decode("utf-8", "replace"), keep_blank_values=True))
    for name in ("sessionId", "phoneNumber"):
        if not form.get(name):
            return refused(f"{name} is missing")
    try:
        phone = number(form["phoneNumber"])
    except Refused:
        return _plain(f"END {NOT_A_NUMBER}")
    reply = dialing.press(
        rt,
        Keypress(
            session=f"at:{form['sessionId'][:100]}",
            phone=phone,
            service_code=form.get("serviceCode") or rt.settings.service_code,
            network=form.get("networkCode", "")[:10],
            text=form.get("text", ""),
            dialect=DIALECT,
        ),
    )
    return _plain(f"{'END' if reply.ends else 'CON'} {reply.text}")


@lru_cache(maxsize=10_000)
def number(text: str) -> str:
    """The phone number in a request. Raises Refused.

    A session sends the same number with every key; reading it costs a tenth of a turn.
    """
    return phones.parse(text)


def _plain(text: str) -> Response:
    return Response(text.encode(), content_type="text/plain; charset=utf-8")
