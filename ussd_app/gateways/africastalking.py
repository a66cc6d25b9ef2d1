"""A text goes out through Africa's Talking: who got it, who never will, and of whom nobody can tell.

Two things decide the rest. There is no idempotency key, so whatever may have been accepted is *unknown* and
never repeated from here; and a 2xx is no proof, so only a recipient's own status code says "sent".
(developers.africastalking.com, and its SDK 2.0.3 as tried)
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import requests
from africastalking.SMS import SMSService

from ussd_app.errors import GatewayPermanent, GatewayTemporary, GatewayUnknown, SettingsError
from ussd_app.gateways.messaging import MOST_RECIPIENTS, Charge, Handed
from ussd_app.gateways.sessions import Sessions, never_left

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_BAD_NUMBER = Handed("dead", reason="InvalidPhoneNumber")

_SENT = frozenset({100, 101, 102})
# 401, 402 and 405 are about our account, not about the recipient: every other text would meet the same, and a
# text must not die of an operator's mistake. So they wait, the lane stops and somebody is told.
_NOT_SENT: dict[int, Handed] = {
    401: Handed("later", reason="RiskHold", halt=True),
    402: Handed("later", reason="InvalidSenderId", halt=True),
    403: _BAD_NUMBER,
    404: Handed("dead", reason="UnsupportedNumberType"),
    405: Handed("later", reason="InsufficientBalance", halt=True),
    406: Handed("dead", reason="UserInBlacklist"),
    407: Handed("later", reason="CouldNotRoute"),
    409: Handed("dead", reason="DoNotDisturbRejection"),
    500: Handed("later", reason="InternalServerError"),
    501: Handed("later", reason="GatewayError"),
    502: Handed("dead", reason="RejectedByGateway"),
}
# A wrong key, user name or address: the operator's to mend, see above.
_OPERATORS_MISTAKES = frozenset({401, 403, 404})
_ASK_AGAIN = frozenset({408, 429})


class _Sms(SMSService):  # type: ignore[misc]  # the SDK has no types
    """The SDK's SMS service, at another address when one is given, and with the whole answer in our hands."""

    def __init__(self, username: str, api_key: str, base_url: str) -> None:
        super().__init__(username, api_key)
        if base_url:
            self._baseUrl = self._contentUrl = base_url.rstrip("/") + "/version1"
        self._sessions = Sessions()

    def _make_request(
        self,
        url: str,
        method: str,
        headers: Mapping[str, str],
        data: Any,
        params: Any,
        callback: None = None,  # noqa: ARG002  # the SDK's own signature
        timeout: tuple[float, float] = (3.05, 9.05),
    ) -> requests.Response:
        """The SDK's own one drops the HTTP status, opens a connection for each text, and follows redirects with the
        key in its hand."""
        return self._sessions.get().request(
            method, url, headers=headers, data=data, params=params, timeout=timeout, allow_redirects=False
        )


class AfricasTalking:
    """Africa's Talking as a MessagingGateway, over its own SDK."""

    name = "africastalking"
    most_recipients = MOST_RECIPIENTS

    def __init__(
        self,
        username: str,
        api_key: str,
        sender_id: str = "",
        base_url: str = "",
        timeout: tuple[float, float] = (3.05, 9.05),
    ) -> None:
        # A header cannot carry these, and the library's complaint would quote the key.
        if not re.fullmatch(r"[!-~]+", api_key):
            raise SettingsError("AT_API_KEY must be plain characters without spaces or line ends")
        if base_url and not re.fullmatch(r"https?://[^\s/]+[^\s]*", base_url):
            raise SettingsError("AT_BASE_URL must begin with http:// or https://")
        self._sms = _Sms(username, api_key, base_url)
        self._sender_id = sender_id or None
        self._timeout = timeout

    def send(self, text: str, phones: Sequence[str]) -> Mapping[str, Handed]:
        """Hand `text` over for each number, see MessagingGateway; at most 100 numbers, each once."""
        if len(phones) > MOST_RECIPIENTS or len(set(phones)) < len(phones):
            raise ValueError(f"at most {MOST_RECIPIENTS} numbers in one call, each of them once")
        # One bad number would refuse the whole list, so it does not go in.
        clean = [phone for phone in phones if _E164.fullmatch(phone)]
        handed = self._call(text, clean) if clean else {}
        return {phone: handed.get(phone, _BAD_NUMBER) for phone in phones}

    def _call(self, text: str, phones: list[str]) -> dict[str, Handed]:
        try:
            response = self._sms.send(text, phones, sender_id=self._sender_id, timeout=self._timeout)
        except requests.RequestException as error:
            # `from None` and no str(error): a library's message may quote the request, which holds the key.
            if never_left(error):
                raise GatewayTemporary(f"no connection to Africa's Talking ({type(error).__name__})") from None
            raise GatewayUnknown(f"no answer from Africa's Talking ({type(error).__name__})") from None
        except UnicodeError:
            raise GatewayPermanent("the text holds half a character and cannot be written down") from None
        refusal = _refusal(response.status_code)
        if refusal:
            return dict.fromkeys(phones, refusal)
        return _read(response.content, phones)


def _refusal(status: int) -> Handed | None:
    """What an HTTP status other than 2xx means for everybody in the call; None for 2xx."""
    if 200 <= status < 300:
        return None
    if status in _OPERATORS_MISTAKES or 300 <= status < 400:
        return Handed("later", reason=f"HTTP {status}", halt=True)
    if status in _ASK_AGAIN:
        raise GatewayTemporary(f"Africa's Talking answered HTTP {status}")
    if 400 <= status < 500:
        raise GatewayPermanent(f"Africa's Talking answered HTTP {status}")
    # A 5xx may come from a gateway in front of a service that has already taken the texts.
    raise GatewayUnknown(f"Africa's Talking answered HTTP {status}")


def _read(content: bytes, phones: list[str]) -> dict[str, Handed]:
    """The answer's word on each number. The content type is not asked: the JSON often comes as text."""
    try:
        data = json.loads(content)["SMSMessageData"]
        rows, message = data["Recipients"], str(data.get("Message", ""))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise GatewayUnknown("Africa's Talking answered something that cannot be read") from None
    if not isinstance(rows, list):
        raise GatewayUnknown("Africa's Talking answered without a list of recipients")
    if not rows:
        return dict.fromkeys(phones, _nobody(message, len(phones)))
    found: dict[str, Handed] = {}
    for row in filter(lambda row: isinstance(row, dict), rows):
        number, handed = _digits(row.get("number")), _recipient(row)
        if number not in found or handed.state == "sent":
            found[number] = handed
    absent = Handed("unknown", reason="not in the answer")
    return {phone: found.get(_digits(phone), absent) for phone in phones}


def _recipient(row: Mapping[str, Any]) -> Handed:
    code, message_id = _number(row.get("statusCode")), _text(row.get("messageId"))
    if code in _SENT and message_id:
        said = Handed("sent")
    elif code in _NOT_SENT:
        said = _NOT_SENT[code]
    else:
        # A code nobody has told us of, or a yes without an id: it may be on its way, so it is not repeated.
        words = _words(f"{row.get('statusCode')} {row.get('status', '')}")
        said = Handed("unknown", reason=words if code not in _SENT else f"{words} without messageId")
    cost = _text(row.get("cost"))
    return replace(said, message_id=message_id, cost=cost, charge=_charge(cost), parts=_number(row.get("messageParts")))


def _charge(cost: str | None) -> Charge | None:
    """`KES 0.8000` or `0.80`; None for any other wording."""
    read = re.fullmatch(r"(?:([A-Z]{3}) ?)?([0-9]{1,9}(?:\.[0-9]{1,9})?)", cost or "")
    return Charge(Decimal(read[2]), read[1] or "") if read else None


def _nobody(message: str, asked: int) -> Handed:
    """What an answer without recipients means for everybody: its `Message` is all there is.

    A wording we know tells that nothing was sent. One we do not know may also stand in a cut-off answer about
    texts that are on their way ("Sent to 3/3"); a lost text can be read by dialling, a doubled one is paid
    twice and cannot be taken back, so it is unknown, with the words kept for whoever looks.
    """
    said = re.sub("[^a-z]", "", message.lower())
    for known in _NOT_SENT.values():
        if said.startswith(known.reason.lower()):
            if known.state == "dead" and asked > 1:
                # It is true of one person and we are not told of whom: nobody is given up.
                return Handed("later", reason=known.reason)
            return known
    return Handed("unknown", reason=_words(message))


def _digits(number: object) -> str:
    return re.sub("[^0-9]", "", str(number))


def _number(value: object) -> int | None:
    digits = str(value).strip()
    return int(digits) if re.fullmatch("[0-9]{1,9}", digits) else None


def _text(value: object) -> str | None:
    text = "" if value is None else str(value).strip()
    return None if text in {"", "None"} else text


def _words(text: str) -> str:
    """The gateway's own words, fit to be kept: one short line, no number long enough to be somebody's."""
    return re.sub("[0-9]{5,}", "…", " ".join(text.split()))[:120]
