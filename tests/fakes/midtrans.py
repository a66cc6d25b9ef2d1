"""Midtrans on this machine: makes pay codes, remembers orders, signs notifications with the key it is given.

By hand: `python -m tests.fakes.midtrans --port 9300 --server-key secret`, start the service with
`MIDTRANS_SERVER_KEY=secret MIDTRANS_BASE_URL=http://127.0.0.1:9300`; `curl -X POST
http://127.0.0.1:9300/hand/pay/ORDER` pays an order and answers the notification to post; `/hand/refund/ORDER/AMOUNT`
gives a part of it back, `/hand/chargeback/ORDER` takes all of it back.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote

CODES = {
    "pending": "201",
    "settlement": "200",
    "capture": "200",
    "deny": "202",
    "expire": "407",
    # A cancelled order is no failure: Midtrans says 200 of it.
    "cancel": "200",
}

Answer = tuple[int, dict[str, Any]]


class FakeMidtrans:
    """Set an attribute to change how the next requests are answered; `charges` holds each body that came."""

    def __init__(self, server_key: str = "SB-Mid-server-fake", port: int = 0) -> None:
        self.server_key = server_key
        self.orders: dict[str, dict[str, Any]] = {}
        self.charges: list[dict[str, Any]] = []
        self.http: int | None = None
        """This HTTP status instead of an answer, with nothing done."""
        self.inside: str | None = None
        """HTTP 200 with this `status_code` in the body instead of an answer, with nothing done."""
        self.body: bytes | None = None
        """This instead of the answer, with everything done."""
        self.changes: dict[str, Any] = {}
        """These fields are put over each answer about an order."""
        self.forgets = False
        """It says it knows no order."""
        self.errors_as_http = False
        """A used order is HTTP 406, not HTTP 200 with "406" inside; 404 likewise."""
        self.charge_delay = 0.0
        self.status_delay = 0.0
        self.drops = False
        """The connection ends after everything was done."""
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        """What MIDTRANS_BASE_URL is set to."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def pay(self, order_id: str) -> bytes:
        """Somebody pays the code at the till: the signed notification about it."""
        return self.turn(order_id, "settlement")

    def refund(self, order_id: str, amount: int | None = None, key: str = "reference1") -> bytes:
        """The money, or a part of it, is given back: the signed notification about it."""
        order = self.orders[order_id]
        whole = int(float(order["gross_amount"]))
        event = {
            "refund_chargeback_id": 100 + len(order.get("refunds", [])),
            "refund_amount": f"{amount or whole}.00",
            "refund_key": key,
            "created_at": "2026-11-22 10:00:00",
        }
        order.setdefault("refunds", []).append(event)
        total = sum(int(float(one["refund_amount"])) for one in order["refunds"])
        order["refund_amount"] = f"{total}.00"
        return self.turn(order_id, "refund" if total >= whole else "partial_refund")

    def chargeback(self, order_id: str) -> bytes:
        """The payer's bank takes the money back: the signed notification about it."""
        return self.turn(order_id, "chargeback")

    def turn(self, order_id: str, transaction_status: str) -> bytes:
        """The order becomes this, whatever it was: the signed notification about it."""
        order = self.orders[order_id]
        order["transaction_status"] = transaction_status
        order["status_code"] = CODES.get(transaction_status, "200")
        return self.notification(order_id)

    def notification(self, order_id: str, signed_with: str | None = None) -> bytes:
        """What Midtrans posts about an order now; `signed_with` another key it is a forgery."""
        order = self.orders[order_id]
        return json.dumps(order | {"signature_key": self._signature(order, signed_with)}).encode()

    def answer(self, method: str, path: str, authorization: str, body: bytes) -> Answer | bytes | None:
        """The HTTP status and object for a request, or the raw body, or None to hang up."""
        match path.removeprefix("/hand/").split("/"):
            case ["pay", order]:
                return self.pay(unquote(order))
            case ["refund", order, amount]:
                return self.refund(unquote(order), int(amount))
            case ["chargeback", order]:
                return self.chargeback(unquote(order))
        basic = base64.b64encode(f"{self.server_key}:".encode()).decode()
        if authorization != f"Basic {basic}":
            return 401, {"status_code": "401", "status_message": "Unknown Merchant server_key/id"}
        if self.http is not None:
            return self.http, {"status_message": "something else"}
        if self.inside is not None:
            return 200, {
                "status_code": self.inside,
                "status_message": f"no, and the key is {self.server_key}",
            }
        answer = self._route(method, path, body)
        self._closing.wait(self.charge_delay if method == "POST" else self.status_delay)
        if self.drops:
            return None
        return answer if self.body is None else self.body

    def _route(self, method: str, path: str, body: bytes) -> Answer:
        if (method, path) == ("POST", "/v2/charge"):
            return self._charge(json.loads(body))
        if method == "GET" and path.startswith("/v2/") and path.endswith("/status"):
            return self._status(unquote(path.removeprefix("/v2/").removesuffix("/status")))
        if method == "POST" and path.startswith("/v2/") and path.endswith("/cancel"):
            return self._cancel(unquote(path.removeprefix("/v2/").removesuffix("/cancel")))
        return 404, {"error": "no such page"}

    def _cancel(self, order_id: str) -> Answer:
        if order_id not in self.orders:
            return self._error("404", "Transaction doesn't exist.")
        if self.orders[order_id]["transaction_status"] != "pending":
            return self._error("412", "Transaction status cannot be updated.")
        self.turn(order_id, "cancel")
        return 200, self.orders[order_id] | {"status_message": "Success, transaction is canceled"}

    def _charge(self, asked: dict[str, Any]) -> Answer:
        self.charges.append(asked)
        order_id = asked["transaction_details"]["order_id"]
        if order_id in self.orders:
            return self._error("406", "The request could not be completed due to a conflict")
        number = len(self.orders) + 1
        self.orders[order_id] = {
            "status_code": "201",
            "status_message": "Success, transaction is created",
            "transaction_id": f"9aed5972-5b6a-401e-894b-{number:012}",
            "order_id": order_id,
            "gross_amount": f"{asked['transaction_details']['gross_amount']}.00",
            "currency": "IDR",
            "payment_type": asked["payment_type"],
            "transaction_status": "pending",
            "fraud_status": "accept",
            "expiry_time": _expiry_time(asked["custom_expiry"]),
            **_place(asked, number),
        }
        return 200, self.orders[order_id] | self.changes

    def _status(self, order_id: str) -> Answer:
        if self.forgets or order_id not in self.orders:
            return self._error("404", "Transaction doesn't exist.")
        order = self.orders[order_id]
        return 200, order | {"signature_key": self._signature(order)} | self.changes

    def _error(self, code: str, message: str) -> Answer:
        http = int(code) if self.errors_as_http else 200
        return http, {"status_code": code, "status_message": message}

    def _signature(self, order: dict[str, Any], key: str | None = None) -> str:
        signed = order["order_id"] + order["status_code"] + order["gross_amount"] + (key or self.server_key)
        return hashlib.sha512(signed.encode()).hexdigest()


def _expiry_time(custom: dict[str, Any]) -> str:
    ordered = datetime.strptime(custom["order_time"], "%Y-%m-%d %H:%M:%S %z")
    minutes = {"minute": 1, "hour": 60, "day": 1440}[custom["unit"]] * custom["expiry_duration"]
    return (ordered + timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S")


def _place(asked: dict[str, Any], number: int) -> dict[str, Any]:
    match asked:
        case {"payment_type": "cstore", "cstore": {"store": store}}:
            return {"store": store, "payment_code": f"8888{number:010}"}
        case {"payment_type": "bank_transfer", "bank_transfer": {"bank": "permata"}}:
            return {"permata_va_number": f"8562{number:012}"}
        case {"payment_type": "bank_transfer", "bank_transfer": {"bank": bank}}:
            return {"va_numbers": [{"bank": bank, "va_number": f"9880{number:012}"}]}
        case {"payment_type": "echannel"}:
            return {"biller_code": "70012", "bill_key": f"{number:012}"}
    raise ValueError(f"no such payment: {asked}")


def _handler(fake: FakeMidtrans) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            answer = fake.answer(self.command, self.path, self.headers.get("Authorization", ""), body)
            if answer is None:
                return
            status, raw = (200, answer) if isinstance(answer, bytes) else (answer[0], _bytes(answer[1]))
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)
            except ConnectionError:
                pass  # the caller has given up waiting, which is what some tests are about

        do_POST = do_GET  # noqa: N815  # the library's name

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            pass

    return Handler


def _bytes(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode()


def main() -> None:
    """Stand in for Midtrans until Ctrl-C."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=9300)
    parser.add_argument("--server-key", default="SB-Mid-server-fake")
    options = parser.parse_args()
    with FakeMidtrans(options.server_key, options.port) as fake:
        sys.stdout.write(f"Midtrans stands in at {fake.url}\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
