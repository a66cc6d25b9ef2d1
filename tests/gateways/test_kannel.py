"""What we ask of Kannel, what we make of its answers, and the report it brings back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.builders import PHONE, an_sms, rows
from ussd_app import runtime
from ussd_app.app import create_app
from ussd_app.errors import BadRequest, GatewayError, GatewayTemporary, GatewayUnknown, SettingsError
from ussd_app.gateways.kannel import Kannel, report_fields
from ussd_app.gateways.messaging import MessagingGateway
from ussd_app.runtime import Runtime
from ussd_app.services import relay
from ussd_app.settings import Settings

REPORTS = "https://sertakan.example/callbacks/kannel/t0ken/delivery-reports"


class SendsmsBox:
    """Kannel's smsbox: answers each request as it is told, and remembers it."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.status, self.body, self.delay = 202, "0: Accepted for delivery", 0.0
        self._closing = threading.Event()
        box = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                box.asked.append(dict(parse_qsl(urlsplit(self.path).query)))
                box._closing.wait(box.delay)
                self.send_response(box.status)
                self.end_headers()
                self.wfile.write(box.body.encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """What KANNEL_URL is set to."""
        return f"http://127.0.0.1:{self._server.server_port}/cgi-bin/sendsms"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def box() -> Iterator[SendsmsBox]:
    with SendsmsBox() as running:
        yield running


def a_gateway(box: SendsmsBox, reports: str = "") -> Kannel:
    return Kannel(box.url, "sertakan", "s3cret", sender_id="SERTAKAN", reports=reports, timeout=(1.0, 1.0))


def test_it_is_a_gateway_for_one_number_at_a_time(box: SendsmsBox) -> None:
    gateway: MessagingGateway = a_gateway(box)
    assert (gateway.name, gateway.most_recipients) == ("kannel", 1)


def test_a_text_goes_out_as_the_user_guide_says(box: SendsmsBox) -> None:
    handed = a_gateway(box, REPORTS).send("Iuran diterima & lunas", [PHONE])[PHONE]
    (asked,) = box.asked
    report = asked.pop("dlr-url")
    assert asked == {
        "username": "sertakan",
        "password": "s3cret",
        "from": "SERTAKAN",
        "to": PHONE,
        "text": "Iuran diterima & lunas",
        "charset": "UTF-8",
        "coding": "0",
        "dlr-mask": "31",
    }
    assert report == f"{REPORTS}?id={handed.message_id}&phone=%2B{PHONE[1:]}&status=%d&reason=%A"


def test_every_text_has_an_id_of_its_own(box: SendsmsBox) -> None:
    gateway = a_gateway(box)
    assert len({gateway.send("Halo", [PHONE])[PHONE].message_id for _ in range(3)}) == 3


def test_what_gsm_7_cannot_write_goes_as_ucs_2(box: SendsmsBox) -> None:
    a_gateway(box).send("Halo 😀", [PHONE])
    assert (box.asked[0]["coding"], box.asked[0]["text"]) == ("2", "Halo 😀")


def test_without_an_address_of_ours_no_report_is_asked_for(box: SendsmsBox) -> None:
    a_gateway(box).send("Halo", [PHONE])
    assert {"dlr-mask", "dlr-url"} & set(box.asked[0]) == set()


@pytest.mark.parametrize(
    ("status", "body", "state", "halt"),
    [
        (202, "0: Accepted for delivery", "sent", False),
        (202, "3: Queued for later delivery", "sent", False),
        (200, "Sent.", "sent", False),
        (403, "Authorization failed for sendsms", "later", True),
        (404, "", "later", True),
        (302, "", "later", True),
        (403, "Not routable. Do not try again.", "dead", False),
        (400, "Missing receiver number, rejected", "dead", False),
    ],
)
def test_each_answer_has_its_verdict(box: SendsmsBox, status: int, body: str, state: str, halt: bool) -> None:
    box.status, box.body = status, body
    handed = a_gateway(box).send("Halo", [PHONE])[PHONE]
    assert (handed.state, handed.halt) == (state, halt)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (503, "Temporal failure, try again later.", GatewayTemporary),
        (408, "", GatewayTemporary),
        (429, "Too Many Requests", GatewayTemporary),
        (500, "", GatewayUnknown),
        (202, "<html>", GatewayUnknown),
    ],
)
def test_trouble_of_the_box_is_an_error(box: SendsmsBox, status: int, body: str, error: type[GatewayError]) -> None:
    box.status, box.body = status, body
    with pytest.raises(error):
        a_gateway(box).send("Halo", [PHONE])


def test_an_answer_that_does_not_come_is_unknown_and_tells_no_secret(box: SendsmsBox) -> None:
    box.delay = 30.0
    with pytest.raises(GatewayUnknown) as raised:
        a_gateway(box).send("rahasia", [PHONE])
    assert not any(secret in repr(raised.value) for secret in ("s3cret", "rahasia", PHONE[1:]))


def test_a_box_that_is_not_there_is_temporary() -> None:
    with SendsmsBox() as gone:
        gateway = a_gateway(gone)
    with pytest.raises(GatewayTemporary):
        gateway.send("Halo", [PHONE])


def test_an_address_that_is_none_is_named_at_the_start() -> None:
    with pytest.raises(SettingsError, match="KANNEL_URL"):
        Kannel("localhost:13013", "a", "b")


@pytest.mark.parametrize(
    ("status", "word"),
    [
        *(("1", "Success"), ("2", "Failed"), ("4", "Buffered"), ("8", "Submitted"), ("16", "Rejected")),
        *(("34", "Failed"), ("66", "Failed"), ("hm", "hm"), ("0", "0")),
    ],
)
def test_a_report_is_read_in_our_words(status: str, word: str) -> None:
    fields = report_fields({"id": "a1", "phone": PHONE, "status": status, "reason": "NACK/8"})
    assert (fields["id"], fields["status"], fields["failureReason"]) == ("a1", word, "NACK/8")


@pytest.mark.parametrize("missing", ["id", "phone", "status"])
def test_a_field_that_is_missing_in_a_report_is_named(missing: str) -> None:
    query = {"id": "a1", "phone": PHONE, "status": "1"}
    with pytest.raises(BadRequest, match=missing):
        report_fields(query | {missing: " "})


# ---- in the house ----


def test_with_its_address_set_texts_go_by_kannel_and_reports_come_back(
    rt: Runtime, settings: Settings, box: SendsmsBox
) -> None:
    told = {"kannel_url": box.url, "kannel_callback_url": "https://sertakan.example/"}
    house = runtime.build(settings.model_copy(update=told), clock=rt.clock)
    an_sms(house)
    relay.relay(house, "urgent")
    address = urlsplit(box.asked[0]["dlr-url"].replace("%d", "1").replace("%A", "ok"))
    answer = create_app(house).test_client().get(f"{address.path}?{address.query}")
    house.db.dispose()
    assert (answer.status_code, rows(rt, "SELECT gateway, state FROM outbox")) == (
        200,
        [{"gateway": "kannel", "state": "sent"}],
    )
    assert rows(rt, "SELECT message_id, status, phone FROM delivery_reports") == [
        {"message_id": rows(rt, "SELECT message_id FROM outbox")[0]["message_id"], "status": "Success", "phone": PHONE}
    ]


def test_a_report_with_a_wrong_token_is_not_kept(rt: Runtime) -> None:
    page = f"/callbacks/kannel/wrong/delivery-reports?id=a&status=1&phone={PHONE}"
    assert create_app(rt).test_client().get(page).status_code == 403
    assert rows(rt, "SELECT 1 FROM delivery_reports") == []
