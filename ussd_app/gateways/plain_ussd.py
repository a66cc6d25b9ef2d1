"""An aggregator without a protocol of its own posts the last input only, as a form or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from ussd_app.errors import BadRequest
from ussd_app.gateways.ussd import Dialect, Keypress, Retry

FILLED = ("session", "phone")
PRESENT = ("code", "input")
LONGEST_ID = 100


def dialect(retry: Retry) -> Dialect:
    """How such an aggregator talks, when it lets a retry be known in this way."""
    return Dialect(cumulative=False, retry=retry, chains=False)


def keypress(fields: Mapping[str, str], talks: Dialect, service_code: str) -> Keypress:
    """The request behind the fields; an empty code is the service's own. Raises BadRequest naming the field."""
    filled = (*FILLED, "request") if talks.retry == "request" else FILLED
    for name in (*filled, *PRESENT):
        if name not in fields or (name in filled and not fields[name].strip()):
            raise BadRequest(f"{name} is missing")
    if len(fields["session"]) > LONGEST_ID:
        raise BadRequest(f"session is longer than {LONGEST_ID} characters")
    return Keypress(
        session=f"plain:{fields['session']}",
        phone=fields["phone"],
        service_code=fields["code"].strip() or service_code,
        network=fields.get("network", "")[:10],
        text=fields["input"],
        dialect=talks,
        request=fields.get("request", ""),
    )


def fields_of(body: bytes, kind: str) -> dict[str, str]:
    """The fields of a body whose content type is `kind`: JSON, or else a form. Raises BadRequest."""
    if kind != "application/json":
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        # Numbers stay as they were written.
        fields = json.loads(body, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise BadRequest("the body is not JSON") from None
    if not isinstance(fields, dict):
        raise BadRequest("the body is not a JSON object")
    return {name: _text(name, value) for name, value in fields.items() if value is not None}


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadRequest(f"{name} is not a text")
    # JSON can spell half of a surrogate pair, which is no character and cannot be encoded.
    return value.encode("utf-8", "replace").decode()
