"""Africa's Talking on this machine: takes texts, answers as its documentation and its bad days do.

By hand: `python -m tests.fakes.africastalking --port 9200` prints each text; start the service with
`AT_API_KEY=anything AT_BASE_URL=http://127.0.0.1:9200`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl

STATUSES = {
    100: "Processed",
    101: "Success",
    102: "Queued",
    401: "RiskHold",
    402: "InvalidSenderId",
    403: "InvalidPhoneNumber",
    404: "UnsupportedNumberType",
    405: "InsufficientBalance",
    406: "UserInBlacklist",
    407: "CouldNotRoute",
    409: "DoNotDisturbRejection",
    500: "InternalServerError",
    501: "GatewayError",
    502: "RejectedByGateway",
}


@dataclass(frozen=True)
class Asked:
    """One request as it came: the headers, the form, and the parts of it that tests speak of."""

    headers: dict[str, str]
    form: dict[str, str]
    to: list[str]
    message: str
    sender: str | None


@dataclass(frozen=True)
class Taken:
    """One text to one number that is on its way, whatever the caller was told."""

    to: str
    text: str
    message_id: str


class FakeAfricasTalking:
    """Set an attribute to change how the next requests are answered; `requests`, `taken`: what happened."""

    def __init__(
        self,
        api_key: str = "",
        port: int = 0,
        on_sms: Callable[[Taken], None] | None = None,
        *,
        keep_alive: bool = False,
    ) -> None:
        self.requests: list[Asked] = []
        self.taken: list[Taken] = []
        self.connections: set[Any] = set()
        """Where requests came from: address and port."""
        self.keep_alive = keep_alive
        self.codes: dict[str, int] = {}
        """The status code for a number; 101 for all others."""
        self.statuses: dict[int, str] = dict(STATUSES)
        self.without_id: set[str] = set()
        """These numbers get the messageId "None"."""
        self.forgets: set[str] = set()
        """These numbers are left out of the answer."""
        self.nobody: str | None = None
        """No recipients, and this as the Message."""
        self.http: int | None = None
        """This HTTP status instead of an answer, with nothing taken."""
        self.body: bytes | None = None
        """This instead of the answer, with everything taken."""
        self.content_type = "application/json"
        self.delay = 0.0
        """Seconds between taking the texts and answering."""
        self.drops = False
        """The connection ends after the texts were taken."""
        self._api_key = api_key
        self._on_sms = on_sms
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        """What AT_BASE_URL is set to."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, asked: Asked, path: str) -> tuple[int, bytes] | None:
        """The HTTP status and body for a request, None to hang up."""
        self.requests.append(asked)
        key = asked.headers.get("apikey", "")
        if path != "/version1/messaging":
            return 404, b"The requested resource could not be found."
        if not key or (self._api_key and key != self._api_key):
            return 401, b"The supplied authentication is invalid"
        if self.http is not None:
            return self.http, b"<html>something else</html>"
        if self.nobody is not None:
            return 201, _json(self.nobody, [])
        rows = [self._take(number, asked.message) for number in asked.to]
        self._closing.wait(self.delay)
        if self.drops:
            return None
        rows = [row for row in rows if row["number"] not in self.forgets]
        sent = sum(row["statusCode"] < 200 for row in rows)
        message = f"Sent to {sent}/{len(asked.to)} Total Cost: KES {0.8 * sent:.4f}"
        return 201, _json(message, rows) if self.body is None else self.body

    def _take(self, number: str, text: str) -> dict[str, Any]:
        code = self.codes.get(number, 101)
        sent = code in {100, 101, 102}
        row = {"statusCode": code, "number": number, "status": self.statuses.get(code, "Whatever")}
        if not sent or number in self.without_id:
            return row | {"cost": "0", "messageId": "None"}
        with self._lock:
            taken = Taken(number, text, f"ATXid_{len(self.taken) + 1}")
            self.taken.append(taken)
        if self._on_sms:
            self._on_sms(taken)
        return row | {"cost": "KES 0.8000", "messageId": taken.message_id, "messageParts": 1}


def _json(message: str, rows: list[dict[str, Any]]) -> bytes:
    return json.dumps({"SMSMessageData": {"Message": message, "Recipients": rows}}).encode()


def _handler(fake: FakeAfricasTalking) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1" if fake.keep_alive else "HTTP/1.0"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            fake.connections.add(self.client_address)
            length = int(self.headers.get("Content-Length", "0"))
            raw = self.rfile.read(length)
            if len(raw) < length:
                # The caller died while asking: what has come is no request.
                self.close_connection = True
                return
            form = dict(parse_qsl(raw.decode(), keep_blank_values=True))
            headers = {name.lower(): value for name, value in self.headers.items()}
            to = form.get("to", "").split(",")
            asked = Asked(headers, form, to, form.get("message", ""), form.get("from"))
            answer = fake.answer(asked, self.path)
            if answer is None:
                self.close_connection = True
                return
            status, body = answer
            try:
                self.send_response(status)
                self.send_header("Content-Type", fake.content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except ConnectionError:
                pass  # the caller has given up waiting, which is what some tests are about

        def handle(self) -> None:
            # The caller was killed, which is what some tests are about.
            with contextlib.suppress(ConnectionError):
                super().handle()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            pass

    return Handler


def main() -> None:
    """Stand in for Africa's Talking until Ctrl-C, printing each text."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=9200)
    port = parser.parse_args().port

    def show(taken: Taken) -> None:
        sys.stdout.write(f"{taken.message_id} {taken.to}: {taken.text}\n")
        sys.stdout.flush()

    with FakeAfricasTalking(port=port, on_sms=show) as fake:
        sys.stdout.write(f"Africa's Talking stands in at {fake.url}\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
