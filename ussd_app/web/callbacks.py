"""What every callback of a gateway has in common: the token in its path, its form, its answer."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping

from flask import Response, request

from ussd_app.errors import BadRequest
from ussd_app.runtime import Runtime

LARGEST = 64 * 1024


def token_is_right(rt: Runtime, token: str) -> bool:
    """Whether the path holds our secret; takes as long for a wrong one as for the right one."""
    return hmac.compare_digest(token.encode(), rt.settings.callback_token.encode())


def refused(reason: str) -> Response:
    """400, naming the field that is missing or cannot be read."""
    return Response(reason, 400, content_type="text/plain; charset=utf-8")


def keep(rt: Runtime, token: str, take: Callable[[Runtime, Mapping[str, str]], None]) -> Response:
    """Check the token, let `take` keep the form, answer 200; 400 names a field that is missing."""
    if not token_is_right(rt, token):
        return Response("forbidden", 403)
    try:
        fields = request.args if request.method == "GET" else request.form
        # PostgreSQL keeps no NUL character.
        take(rt, {name: value.replace("\0", "") for name, value in fields.items()})
    except BadRequest as error:
        return refused(str(error))
    return Response("ok", content_type="text/plain; charset=utf-8")
