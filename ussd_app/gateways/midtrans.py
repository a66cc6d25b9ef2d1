"""Somebody wants to pay: Midtrans gives a code for a till or a bank, and says later what became of it.

The same order may be charged any number of times: Midtrans refuses a used `order_id` (406), and the code it
already has is read from the order's status. So nothing here can make two codes. (docs.midtrans.com)
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import requests

from ussd_app.errors import (
    BadRequest,
    GatewayError,
    GatewayPermanent,
    GatewayTemporary,
    GatewayUnknown,
    SettingsError,
)
from ussd_app.gateways.payment import BadSignature, PayCode, PaymentStatus, State, TakenBack
from ussd_app.gateways.sessions import never_left

_WIB = timezone(timedelta(hours=7))
_STORES = frozenset({"alfamart", "indomaret"})
_BANKS = frozenset({"bri", "bni", "bca", "permata", "cimb"})
_ASK_AGAIN = frozenset({408, 429})
_STATES: dict[str, State] = {
    "pending": "pending",
    "settlement": "settled",
    "capture": "settled",
    "expire": "expired",
    "cancel": "cancelled",
    "deny": "denied",
    "failure": "denied",
    "refund": "refunded",
    "partial_refund": "refunded",
    "chargeback": "charged_back",
    "partial_chargeback": "charged_back",
}
# Not under the signature, all of them, but a notification without one of them is not Midtrans's.
_NOTIFICATION = ("order_id", "status_code", "gross_amount", "transaction_status", "signature_key")


class Midtrans:
    """Midtrans Core API as a PaymentGateway."""

    name = "midtrans"

    def __init__(self, server_key: str, base_url: str, timeout: tuple[float, float] = (3.05, 9.05)) -> None:
        # An empty key would let anybody sign notifications.
        if not re.fullmatch(r"[!-~]+", server_key):
            raise SettingsError("MIDTRANS_SERVER_KEY must be plain characters without spaces or line ends")
        if not re.fullmatch(r"https?://[^\s/]+[^\s]*", base_url):
            raise SettingsError("MIDTRANS_BASE_URL must begin with http:// or https://")
        self._server_key = server_key
        self._base_url = base_url.rstrip("/") + "/v2"
        self._timeout = timeout

    @property
    def takes_any_amount(self) -> bool:
        """A charge of Midtrans has one amount and is paid once."""
        return False

    @property
    def keeps_fees(self) -> bool:
        """Midtrans settles what was paid less its fee."""
        return True

    def charge(
        self, order_id: str, amount: int, expires_at: datetime, channel: str, *, open_amount: bool = False
    ) -> PayCode:
        """A pay code for `amount` rupiah, see PaymentGateway; where and until when, Midtrans says."""
        if open_amount:
            raise GatewayPermanent("Midtrans makes no code that takes any amount")
        if amount < 1:
            raise GatewayPermanent("a code for nothing cannot be paid")
        request = {
            **_method(channel),
            "transaction_details": {"order_id": order_id, "gross_amount": amount},
            "custom_expiry": _expiry(expires_at, datetime.now(UTC)),
        }
        try:
            http, answer = self._ask("POST", "/charge", request)
        except requests.RequestException as error:
            if never_left(error):
                raise GatewayTemporary(f"no connection to Midtrans ({type(error).__name__})") from None
            raise GatewayUnknown(f"no answer from Midtrans ({type(error).__name__})") from None
        code = _code(http, answer)
        if code == 406:
            return self._existing(order_id, amount, expires_at)
        if code not in {200, 201}:
            raise self._refusal(code, answer)
        return _pay_code(answer, order_id, amount, expires_at)

    def cancel(self, order_id: str) -> None:
        """Let nobody pay an order any more. Raises GatewayTemporary when it must be tried again."""
        try:
            http, answer = self._ask("POST", f"/{quote(order_id, safe='')}/cancel", {})
        except requests.RequestException as error:
            raise GatewayTemporary(f"Midtrans cannot be asked ({type(error).__name__})") from None
        code = _code(http, answer)
        # 412: it is paid, expired or cancelled already; 404: nobody ever asked for it.
        if not 200 <= code < 300 and code not in {404, 412}:
            raise GatewayTemporary(f"Midtrans did not cancel the order ({self._words(code, answer)})")

    def status(self, order_id: str) -> PaymentStatus:
        """What became of an order. Raises GatewayTemporary; GatewayPermanent when the answer is absurd."""
        answer = self._order(order_id)
        if answer is None:
            return PaymentStatus(order_id, "missing", 0)
        transaction_id = answer.get("transaction_id")
        return PaymentStatus(
            order_id,
            _state(answer),
            _rupiah(answer.get("gross_amount")),
            transaction_id if isinstance(transaction_id, str) else None,
            _taken_back(answer),
        )

    def order_of(self, notification: bytes) -> str:
        """The order a notification speaks of. Raises BadSignature, or BadRequest naming the missing field."""
        try:
            # Numbers stay as they were written: the signature is over characters, 16800.00 is not 16800.0.
            fields = json.loads(notification, parse_int=str, parse_float=str)
        except (ValueError, RecursionError):
            raise BadRequest("the body is not JSON") from None
        if not isinstance(fields, dict):
            raise BadRequest("the body is not a JSON object")
        for name in _NOTIFICATION:
            if not isinstance(fields.get(name), str) or not fields[name]:
                raise BadRequest(f"{name} is missing")
        signed = fields["order_id"] + fields["status_code"] + fields["gross_amount"] + self._server_key
        expected = hashlib.sha512(signed.encode("utf-8", "surrogatepass")).hexdigest()
        given = fields["signature_key"].lower().encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given, expected.encode()):
            raise BadSignature("the notification is not signed by Midtrans")
        return str(fields["order_id"])

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """The HTTP status and the body, `{}` when it is no JSON object. Raises requests' exceptions."""
        response = requests.request(
            method,
            self._base_url + path,
            json=body,
            auth=(self._server_key, ""),
            headers={"Accept": "application/json"},
            timeout=self._timeout,
            allow_redirects=False,
        )
        return response.status_code, _object(response.content)

    def _order(self, order_id: str) -> dict[str, Any] | None:
        """All that Midtrans says of an order, None when it knows none. Raises GatewayTemporary."""
        try:
            http, answer = self._ask("GET", f"/{quote(order_id, safe='')}/status")
        except requests.RequestException as error:
            raise GatewayTemporary(f"Midtrans cannot be asked ({type(error).__name__})") from None
        # An expired order says 407 and a denied one 202 in the body: what counts is that it names the order.
        if 200 <= http < 300 and answer.get("order_id") == order_id and "transaction_status" in answer:
            return answer
        # A 404 that is not Midtrans's own is a wrong address, and would make every order disappear.
        if str(answer.get("status_code")) == "404":
            return None
        code = _code(http, answer)
        # Also for 401: the question stays a good one once the operator has mended the key.
        raise GatewayTemporary(f"Midtrans did not tell what became of the order ({self._words(code, answer)})")

    def _existing(self, order_id: str, amount: int, expires_at: datetime) -> PayCode:
        """The code of an order that was charged before, perhaps by a call that never heard the answer."""
        try:
            answer = self._order(order_id)
        except GatewayError as error:
            raise GatewayUnknown(f"the order exists, its code is not known: {error}") from None
        if answer is None:
            raise GatewayUnknown("the order exists and does not: 406, then 404")
        if (state := _state(answer)) not in {"pending", "settled"}:
            raise GatewayPermanent(f"the order is already {state}: a new code needs a new order")
        if _rupiah(answer.get("gross_amount")) != amount:
            raise GatewayPermanent("the order exists with another amount")
        return _pay_code(answer, order_id, amount, expires_at)

    def _refusal(self, code: int, answer: Mapping[str, Any]) -> GatewayError:
        words = f"Midtrans refused ({self._words(code, answer)})"
        # A 5xx may hide a code that was made; asking again with the same order finds it.
        if code >= 500 or code in _ASK_AGAIN:
            return GatewayTemporary(words)
        return GatewayPermanent(words)

    def _words(self, code: int, answer: Mapping[str, Any]) -> str:
        message = " ".join(str(answer.get("status_message", "")).split()).replace(self._server_key, "…")
        return f"{code} {message}".strip()[:200]


def _method(channel: str) -> dict[str, Any]:
    if channel in _STORES:
        return {"payment_type": "cstore", "cstore": {"store": channel, "message": "Iuran Sertakan"}}
    if channel in _BANKS:
        return {"payment_type": "bank_transfer", "bank_transfer": {"bank": channel}}
    if channel == "mandiri":
        return {
            "payment_type": "echannel",
            "echannel": {"bill_info1": "Untuk:", "bill_info2": "Iuran Sertakan"},
        }
    raise GatewayPermanent(f"Midtrans has no channel {channel!r}")


def _expiry(expires_at: datetime, now: datetime) -> dict[str, Any]:
    """Whole minutes that end exactly at `expires_at`, so they begin up to a minute ago."""
    left = expires_at - now
    if left <= timedelta(0):
        raise GatewayPermanent("the code would be expired before it is made")
    minutes = -(-left // timedelta(minutes=1))
    ordered = (expires_at - timedelta(minutes=minutes)).astimezone(_WIB)
    return {
        "order_time": ordered.strftime("%Y-%m-%d %H:%M:%S +0700"),
        "expiry_duration": minutes,
        "unit": "minute",
    }


def _object(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _code(http: int, answer: Mapping[str, Any]) -> int:
    """The verdict: Midtrans may answer HTTP 200 with the real one inside the body."""
    inside = str(answer.get("status_code", ""))
    return int(inside) if 200 <= http < 300 and re.fullmatch("[0-9]{3}", inside) else http


def _pay_code(answer: Mapping[str, Any], order_id: str, amount: int, expires_at: datetime) -> PayCode:
    """The code in an answer. A yes without a readable code is GatewayUnknown: it is there, ask again."""
    code, channel = _place(answer)
    if not code or answer.get("order_id", order_id) != order_id:
        raise GatewayUnknown("Midtrans answered without a pay code")
    if "gross_amount" in answer and _rupiah(answer["gross_amount"]) != amount:
        raise GatewayPermanent("Midtrans made a code for another amount")
    return PayCode(order_id, code, channel, _expires(answer) or expires_at)


def _place(answer: Mapping[str, Any]) -> tuple[str, str]:
    """The code and where it can be paid; two empty strings when the answer holds none."""
    if answer.get("payment_code"):
        return str(answer["payment_code"]), str(answer.get("store", ""))
    if answer.get("permata_va_number"):
        return str(answer["permata_va_number"]), "permata"
    if answer.get("biller_code") and answer.get("bill_key"):
        return f"{answer['biller_code']} {answer['bill_key']}", "mandiri"
    match answer.get("va_numbers"):
        case [{"va_number": str(number), "bank": str(bank)}, *_] if number:
            return number, bank
    return "", ""


def _expires(answer: Mapping[str, Any]) -> datetime | None:
    """`expiry_time`, in the time of Jakarta like every time of Midtrans."""
    try:
        return datetime.strptime(str(answer["expiry_time"]), "%Y-%m-%d %H:%M:%S").replace(tzinfo=_WIB).astimezone(UTC)
    except (KeyError, ValueError):
        return None


def _state(answer: Mapping[str, Any]) -> State:
    state = _STATES.get(str(answer.get("transaction_status")))
    if state is None:
        raise GatewayPermanent("Midtrans gave a transaction_status that is not known here")
    # Cash and bank transfers are paid at `settlement` with 200. Anything else beside it is not money yet.
    if state == "settled" and str(answer.get("status_code")) != "200":
        return "pending"
    return state


def _taken_back(answer: Mapping[str, Any]) -> tuple[TakenBack, ...]:
    """What went back of a settled order: each refund under its own key, or all of it where none is listed.

    GatewayPermanent where Midtrans says that a part went back and not how much: a guess must not reach the books.
    """
    listed = answer.get("refunds")
    if isinstance(listed, list) and listed:
        if not all(isinstance(refund, dict) for refund in listed):
            raise GatewayPermanent("Midtrans lists a refund that is none")
        return tuple(TakenBack(_refund_key(refund), _rupiah(refund.get("refund_amount"))) for refund in listed)
    state = str(answer.get("transaction_status"))
    if _STATES.get(state) not in {"refunded", "charged_back"}:
        return ()
    if "refund_amount" not in answer and state.startswith("partial_"):
        raise GatewayPermanent("Midtrans does not say how much went back")
    return (TakenBack(_refund_key(answer), _rupiah(answer.get("refund_amount", answer.get("gross_amount")))),)


def _refund_key(refund: Mapping[str, Any]) -> str:
    """Ours where the refund was asked for with one, Midtrans's own for a chargeback."""
    for name in ("refund_key", "refund_chargeback_uuid", "refund_chargeback_id"):
        if refund.get(name):
            return str(refund[name])
    return "whole"


def _rupiah(amount: object) -> int:
    """`"16800.00"` as 16800. There is no fraction of a rupiah, so one is refused, never rounded."""
    whole = re.fullmatch(r"([0-9]{1,15})(?:\.0{1,2})?", str(amount))
    if whole is None:
        raise GatewayPermanent("Midtrans gave an amount that is not whole rupiah")
    return int(whole[1])
