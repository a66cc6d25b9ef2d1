"""A text goes out through Kannel, or any box that speaks its sendsms interface, and its report comes back.

Kannel names no id for a text, so each gets one of ours, which stands in the address that its report is fetched from;
one request for each number, then. (kannel.org, user guide: "Using the HTTP interface to send SMS messages")
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import requests

from ussd_app.domain import gsm7
from ussd_app.errors import BadRequest, GatewayTemporary, GatewayUnknown, SettingsError
from ussd_app.gateways.messaging import Handed
from ussd_app.gateways.sessions import Sessions, never_left

# Delivered, not delivered, queued at the company, taken by it, refused by it: all of them are wanted.
EVERY_REPORT = 31
# Our words for what a report may say; the bits of one that has expired or is unknown hold "not delivered".
WORDS = {1: "Success", 2: "Failed", 4: "Buffered", 8: "Submitted", 16: "Rejected"}
TIMEOUT = (3.05, 9.05)
# Not sent, ask again: the request did not come in whole, too many at once (a proxy in front says so), not just now.
_ASK_AGAIN = (408, 429, 503)


class Kannel:
    """Kannel as a MessagingGateway. `reports` is the address of ours that it calls, empty for no reports."""

    name = "kannel"
    most_recipients = 1

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        sender_id: str = "",
        reports: str = "",
        timeout: tuple[float, float] = TIMEOUT,
    ) -> None:
        if not re.fullmatch(r"https?://[^\s/]+[^\s]*", url):
            raise SettingsError("KANNEL_URL must begin with http:// or https://, for example …:13013/cgi-bin/sendsms")
        self._url = url
        self._login = {"username": username, "password": password} | ({"from": sender_id} if sender_id else {})
        self._reports = reports
        self._timeout = timeout
        self._sessions = Sessions()

    def send(self, text: str, phones: Sequence[str]) -> Mapping[str, Handed]:
        """Hand `text` over to one number, see MessagingGateway."""
        (phone,) = phones
        ours = uuid.uuid4().hex
        fields = self._login | {"to": phone, "text": text, "charset": "UTF-8", "coding": _coding(text)}
        if self._reports:
            fields |= {"dlr-mask": str(EVERY_REPORT), "dlr-url": self._report_address(ours, phone)}
        try:
            answer = self._sessions.get().get(self._url, params=fields, timeout=self._timeout, allow_redirects=False)
        except requests.RequestException as error:
            # `from None` and no str(error): a library's message may quote the address, which holds the password.
            if never_left(error):
                raise GatewayTemporary(f"no connection to Kannel ({type(error).__name__})") from None
            raise GatewayUnknown(f"no answer from Kannel ({type(error).__name__})") from None
        return {phone: _said(answer.status_code, answer.text, ours)}

    def _report_address(self, ours: str, phone: str) -> str:
        return f"{self._reports}?id={ours}&phone={quote(phone)}&status=%d&reason=%A"


def _coding(text: str) -> str:
    return "2" if gsm7.size(text).encoding == "UCS-2" else "0"


def _said(status: int, body: str, ours: str) -> Handed:
    words = re.sub("[0-9]{5,}", "…", " ".join(body.split())[:120])
    # "0: Accepted for delivery", "3: Queued for later delivery", "Sent."
    if status in (200, 202) and words[:1] in ("0", "3", "S"):
        return Handed("sent", message_id=ours)
    if status in _ASK_AGAIN:
        raise GatewayTemporary(f"Kannel answered HTTP {status}")
    if status in (401, 404) or (status == 403 and "uthorization" in words) or 300 <= status < 400:
        # A wrong user name, password or address: the operator's to mend, no text may die of it.
        return Handed("later", reason=f"HTTP {status}", halt=True)
    if 400 <= status < 500:
        return Handed("dead", reason=f"HTTP {status} {words}")
    raise GatewayUnknown(f"Kannel answered HTTP {status}")


def report_fields(query: Mapping[str, str]) -> dict[str, str]:
    """A report of Kannel in the words in which reports are kept. Raises BadRequest naming the field."""
    for name in ("id", "phone", "status"):
        if not query.get(name, "").strip():
            raise BadRequest(f"{name} is missing")
    status = query["status"]
    bits = int(status) if re.fullmatch("[0-9]{1,5}", status) else 0
    return {
        "id": query["id"],
        "status": next((word for bit, word in WORDS.items() if bits & bit), status),
        "phoneNumber": query["phone"],
        "networkCode": "",
        "failureReason": query.get("reason", "")[:200],
    }
