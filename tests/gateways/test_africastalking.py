"""What we make of each thing Africa's Talking may say, or not say."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.fakes.africastalking import FakeAfricasTalking
from ussd_app.errors import (
    BadRequest,
    GatewayError,
    GatewayPermanent,
    GatewayTemporary,
    GatewayUnknown,
    SettingsError,
)
from ussd_app.gateways.africastalking import AfricasTalking
from ussd_app.gateways.africastalking_callbacks import (
    DeliveryReport,
    EndEvent,
    InboundSms,
    OptOut,
    delivery_report,
    end_event,
    inbound_sms,
    opt_out,
)
from ussd_app.gateways.messaging import Charge, Handed, MessagingGateway

KEY = "atsk_secret"
BUDI = "+6281234567890"
SITI = "+6285712345678"
CHARGE = Charge(Decimal("0.8"), "KES")
PRIVATE = "PIN 482913 NIK 3171234567890123"


@pytest.fixture
def company() -> Iterator[FakeAfricasTalking]:
    with FakeAfricasTalking(KEY) as fake:
        yield fake


def a_gateway(url: str, key: str = KEY, sender: str = "", read: float = 2.0) -> AfricasTalking:
    return AfricasTalking("sandbox", key, sender, url, timeout=(0.3, read))


def an_answer(message: str = "", *rows: Any) -> bytes:
    return json.dumps({"SMSMessageData": {"Message": message, "Recipients": list(rows)}}).encode()


def refused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def a_certificate(folder: Path) -> Path:
    """A file with a key and a certificate that nobody but its owner has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file = folder / "certificate.pem"
    secret = key.private_bytes(pem, pkcs8, serialization.NoEncryption())
    file.write_bytes(secret + certificate.public_bytes(pem))
    return file


def shake_hands(listener: socket.socket, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    connection, _ = listener.accept()
    with connection, contextlib.suppress(OSError):
        context.wrap_socket(connection, server_side=True)


# What goes out


def test_it_is_a_messaging_gateway() -> None:
    gateway: MessagingGateway = a_gateway("")
    assert gateway.name == "africastalking"


def test_a_text_goes_out_as_the_documentation_says(company: FakeAfricasTalking) -> None:
    handed = a_gateway(company.url, sender="SERTAKAN").send("Iuran diterima", [BUDI, SITI])
    assert handed == {
        BUDI: Handed("sent", "ATXid_1", cost="KES 0.8000", charge=CHARGE, parts=1),
        SITI: Handed("sent", "ATXid_2", cost="KES 0.8000", charge=CHARGE, parts=1),
    }
    (asked,) = company.requests
    assert asked.form == {
        "username": "sandbox",
        "to": f"{BUDI},{SITI}",
        "message": "Iuran diterima",
        "bulkSMSMode": "1",
        "from": "SERTAKAN",
    }
    assert asked.headers["apikey"] == KEY


def test_without_a_sender_id_the_gateway_chooses_one(company: FakeAfricasTalking) -> None:
    a_gateway(company.url + "/").send("x", [BUDI])
    assert "from" not in company.requests[0].form


@pytest.mark.parametrize(
    "bad",
    [
        "081234567890",
        "6281234567890",
        "+62812345678 90",
        f"{BUDI}\n",
        "+0812345678",
        "+62812",
        "",
        "+٦٢٨١٢٣٤٥٦٧٨٩",
        BUDI * 2,
    ],
)
def test_a_bad_number_is_dead_and_stays_out_of_the_call(company: FakeAfricasTalking, bad: str) -> None:
    handed = a_gateway(company.url).send("x", [bad, BUDI])
    assert handed[bad] == Handed("dead", reason="InvalidPhoneNumber")
    assert handed[BUDI].state == "sent"
    assert company.requests[0].to == [BUDI]


@pytest.mark.parametrize("phones", [[], ["0812"]])
def test_without_a_good_number_nobody_is_called(company: FakeAfricasTalking, phones: list[str]) -> None:
    assert list(a_gateway(company.url).send("x", phones)) == phones
    assert company.requests == []


@pytest.mark.parametrize("phones", [[BUDI, SITI, BUDI], [f"+62812{n:08}" for n in range(101)]])
def test_a_number_twice_or_over_a_hundred_is_the_callers_error(phones: list[str]) -> None:
    with pytest.raises(ValueError, match="at most 100 numbers"):
        a_gateway("http://127.0.0.1:1").send("x", phones)


def test_a_hundred_numbers_fit_in_one_call(company: FakeAfricasTalking) -> None:
    phones = [f"+62812{n:08}" for n in range(100)]
    handed = a_gateway(company.url).send("x", phones)
    assert list(handed) == phones
    assert {said.state for said in handed.values()} == {"sent"}
    assert len(company.requests) == 1


# What is said of one recipient


@pytest.mark.parametrize("code", [100, 101, 102])
def test_processed_sent_and_queued_are_sent(company: FakeAfricasTalking, code: int) -> None:
    company.codes[BUDI] = code
    assert a_gateway(company.url).send("x", [BUDI])[BUDI].state == "sent"


@pytest.mark.parametrize(
    ("code", "state", "reason", "halt"),
    [
        (401, "later", "RiskHold", True),
        (402, "later", "InvalidSenderId", True),
        (403, "dead", "InvalidPhoneNumber", False),
        (404, "dead", "UnsupportedNumberType", False),
        (405, "later", "InsufficientBalance", True),
        (406, "dead", "UserInBlacklist", False),
        (407, "later", "CouldNotRoute", False),
        (409, "dead", "DoNotDisturbRejection", False),
        (500, "later", "InternalServerError", False),
        (501, "later", "GatewayError", False),
        (502, "dead", "RejectedByGateway", False),
        (408, "unknown", "408 Whatever", False),
        (299, "unknown", "299 Whatever", False),
    ],
)
def test_each_status_code_has_its_verdict(
    company: FakeAfricasTalking, code: int, state: str, reason: str, halt: bool
) -> None:
    company.codes[BUDI] = code
    handed = a_gateway(company.url).send("x", [BUDI, SITI])
    said = handed[BUDI]
    assert (said.state, said.reason, said.halt) == (state, reason, halt)
    assert said.message_id is None
    assert handed[SITI].state == "sent"


def test_a_yes_without_a_message_id_is_unknown(company: FakeAfricasTalking) -> None:
    company.without_id = {BUDI}
    said = a_gateway(company.url).send("x", [BUDI])[BUDI]
    assert (said.state, said.message_id, said.reason) == ("unknown", None, "101 Success without messageId")


def test_a_number_missing_from_the_answer_is_unknown(company: FakeAfricasTalking) -> None:
    company.forgets = {BUDI}
    handed = a_gateway(company.url).send("x", [BUDI, SITI])
    assert handed[BUDI] == Handed("unknown", reason="not in the answer")
    assert handed[SITI].state == "sent"


SENT = {"statusCode": 101, "number": BUDI, "status": "Success", "messageId": "ATXid_9", "cost": "KES 0.8"}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([SENT | {"number": "62 812-3456-7890"}], Handed("sent", "ATXid_9", cost="KES 0.8", charge=CHARGE)),
        ([SENT | {"statusCode": "101"}], Handed("sent", "ATXid_9", cost="KES 0.8", charge=CHARGE)),
        ([SENT | {"messageParts": "2"}], Handed("sent", "ATXid_9", cost="KES 0.8", charge=CHARGE, parts=2)),
        ([SENT | {"messageParts": None, "cost": None}], Handed("sent", "ATXid_9")),
        ([SENT | {"cost": 0.8}], Handed("sent", "ATXid_9", cost="0.8", charge=Charge(Decimal("0.8")))),
        ([SENT | {"statusCode": 406}, SENT], Handed("sent", "ATXid_9", cost="KES 0.8", charge=CHARGE)),
        ([SENT, SENT | {"statusCode": 406}], Handed("sent", "ATXid_9", cost="KES 0.8", charge=CHARGE)),
        ([SENT | {"statusCode": None}], Handed("unknown", "ATXid_9", "None Success", "KES 0.8", CHARGE)),
        (
            [SENT | {"statusCode": 777, "status": f"Hm {BUDI}"}],
            Handed("unknown", "ATXid_9", "777 Hm +…", "KES 0.8", CHARGE),
        ),
        (["rubbish", None], Handed("unknown", reason="not in the answer")),
        ([{}], Handed("unknown", reason="not in the answer")),
    ],
)
def test_rows_are_read_with_patience(company: FakeAfricasTalking, rows: list[Any], expected: Handed) -> None:
    company.body = an_answer("Sent", *rows)
    assert a_gateway(company.url).send("x", [BUDI])[BUDI] == expected


@pytest.mark.parametrize("cost", ["free", "KES", "0,80", "KES 1e3", "-1", ""])
def test_a_cost_in_words_nobody_has_heard_of_is_kept_and_is_no_amount(company: FakeAfricasTalking, cost: str) -> None:
    company.body = an_answer("Sent", SENT | {"cost": cost})
    handed = a_gateway(company.url).send("x", [BUDI])[BUDI]
    assert (handed.cost, handed.charge) == (cost or None, None)


def test_texts_that_follow_each_other_share_a_connection() -> None:
    with FakeAfricasTalking(KEY, keep_alive=True) as company:
        gateway = a_gateway(company.url)
        for _ in range(3):
            gateway.send("x", [BUDI])
        assert len(company.connections) == 1


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "text/plain", "text/html"])
def test_json_is_read_whatever_it_is_called(company: FakeAfricasTalking, content_type: str) -> None:
    company.content_type = content_type
    assert a_gateway(company.url).send("x", [BUDI])[BUDI].state == "sent"


# An answer without recipients


@pytest.mark.parametrize(
    ("message", "one", "several"),
    [
        ("InvalidSenderId", Handed("later", reason="InvalidSenderId", halt=True), None),
        ("InsufficientBalance", Handed("later", reason="InsufficientBalance", halt=True), None),
        ("Insufficient Balance.", Handed("later", reason="InsufficientBalance", halt=True), None),
        ("RiskHold", Handed("later", reason="RiskHold", halt=True), None),
        ("CouldNotRoute", Handed("later", reason="CouldNotRoute"), None),
        ("InternalServerError", Handed("later", reason="InternalServerError"), None),
        (
            "UserInBlacklist",
            Handed("dead", reason="UserInBlacklist"),
            Handed("later", reason="UserInBlacklist"),
        ),
        (
            "InvalidPhoneNumber",
            Handed("dead", reason="InvalidPhoneNumber"),
            Handed("later", reason="InvalidPhoneNumber"),
        ),
        (
            "Sent to 1/1 Total Cost: KES 0.8",
            Handed("unknown", reason="Sent to 1/1 Total Cost: KES 0.8"),
            None,
        ),
        (f"Odd\n {PRIVATE}", Handed("unknown", reason="Odd PIN … NIK …"), None),
        ("", Handed("unknown"), None),
    ],
)
def test_without_recipients_the_message_speaks_for_all(
    company: FakeAfricasTalking, message: str, one: Handed, several: Handed | None
) -> None:
    company.nobody = message
    gateway = a_gateway(company.url)
    assert gateway.send("x", [BUDI]) == {BUDI: one}
    assert gateway.send("x", [BUDI, SITI]) == dict.fromkeys([BUDI, SITI], several or one)


# Calls that fail


@pytest.mark.parametrize(
    ("http", "error"),
    [
        (400, GatewayPermanent),
        (413, GatewayPermanent),
        (408, GatewayTemporary),
        (429, GatewayTemporary),
        (500, GatewayUnknown),
        (502, GatewayUnknown),
        (503, GatewayUnknown),
    ],
)
def test_each_http_status_has_its_error(company: FakeAfricasTalking, http: int, error: type[GatewayError]) -> None:
    company.http = http
    with pytest.raises(error, match=f"HTTP {http}"):
        a_gateway(company.url).send("x", [BUDI])


@pytest.mark.parametrize("http", [301, 307, 401, 403, 404])
def test_an_operators_mistake_stops_the_lane_and_kills_no_text(company: FakeAfricasTalking, http: int) -> None:
    company.http = http
    expected = Handed("later", reason=f"HTTP {http}", halt=True)
    assert a_gateway(company.url).send("x", [BUDI, SITI]) == {BUDI: expected, SITI: expected}
    assert len(company.requests) == 1


def test_a_wrong_key_stops_the_lane(company: FakeAfricasTalking) -> None:
    said = a_gateway(company.url, key="wrong").send("x", [BUDI])[BUDI]
    assert said == Handed("later", reason="HTTP 401", halt=True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"The service is unavailable",
        b"<html></html>",
        b"[]",
        b"null",
        b"{}",
        b'{"SMSMessageData": null}',
        b'{"SMSMessageData": {"Message": "x"}}',
        b'{"SMSMessageData": {"Message": "x", "Recipients": "none"}}',
        b"\xff\xfe\xfa",
        b"[" * 100_000,
    ],
)
def test_an_unreadable_yes_may_have_been_sent(company: FakeAfricasTalking, body: bytes) -> None:
    company.body = body
    with pytest.raises(GatewayUnknown):
        a_gateway(company.url).send("x", [BUDI])
    assert company.taken


def test_a_time_out_after_the_text_was_taken_is_unknown(company: FakeAfricasTalking) -> None:
    company.delay = 5
    with pytest.raises(GatewayUnknown, match="ReadTimeout"):
        a_gateway(company.url, read=0.1).send("x", [BUDI])
    assert company.taken


def test_a_connection_that_breaks_after_sending_is_unknown(company: FakeAfricasTalking) -> None:
    company.drops = True
    with pytest.raises(GatewayUnknown, match="ConnectionError"):
        a_gateway(company.url).send("x", [BUDI])
    assert company.taken


def test_a_refused_connection_is_temporary() -> None:
    with pytest.raises(GatewayTemporary, match="ConnectionError"):
        a_gateway(f"http://127.0.0.1:{refused_port()}").send("x", [BUDI])


@pytest.mark.parametrize(
    ("url", "why"), [("http://nowhere.invalid", "ConnectionError"), ("http://*.invalid", "InvalidURL")]
)
def test_a_name_that_leads_nowhere_is_temporary(url: str, why: str) -> None:
    with pytest.raises(GatewayTemporary, match=why):
        a_gateway(url).send("x", [BUDI])


def test_a_certificate_that_is_not_trusted_is_temporary(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answering = threading.Thread(target=shake_hands, args=(listener, a_certificate(tmp_path)), daemon=True)
        answering.start()
        with pytest.raises(GatewayTemporary, match="SSLError"):
            a_gateway(f"https://127.0.0.1:{listener.getsockname()[1]}").send("x", [BUDI])
        answering.join()


def test_a_connection_that_nobody_accepts_is_temporary() -> None:
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for caller in (first, second):
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        with pytest.raises(GatewayTemporary, match="ConnectTimeout"):
            a_gateway(f"http://127.0.0.1:{full.getsockname()[1]}").send("x", [BUDI])


def test_half_a_character_is_nothing_that_can_be_sent() -> None:
    with pytest.raises(GatewayPermanent):
        a_gateway("http://127.0.0.1:1").send("\ud83d", [BUDI])


def test_no_error_tells_the_text_the_number_or_the_key(company: FakeAfricasTalking) -> None:
    company.drops = True
    silent = a_gateway(f"http://127.0.0.1:{refused_port()}")
    for gateway in (a_gateway(company.url), silent):
        with pytest.raises(GatewayError) as raised:
            gateway.send(PRIVATE, [BUDI])
        assert raised.value.__suppress_context__
        told = repr(raised.value) + repr(gateway)
        assert not [secret for secret in (KEY, BUDI[1:], "482913", "3171234567890123") if secret in told]


@pytest.mark.parametrize("key", ["", "two words", "line\n", "kunci✓"])
def test_a_key_that_no_header_can_carry_is_named_at_the_start(key: str) -> None:
    with pytest.raises(SettingsError, match="AT_API_KEY") as raised:
        a_gateway("", key=key)
    assert not key or key not in str(raised.value)


@pytest.mark.parametrize("url", ["localhost:9200", "ftp://x", "http://", "http://a b"])
def test_an_address_that_is_none_is_named_at_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="AT_BASE_URL"):
        a_gateway(url)


# Callbacks

REPORT = {"id": "ATXid_1", "status": "Failed", "phoneNumber": BUDI, "networkCode": "51010"}
INBOUND = {"from": BUDI, "to": "2757", "text": "YA", "date": "2017-05-03T06:04:45Z", "id": "b1"}
ENDED = {
    "date": "2017-05-03 06:04:45",
    "sessionId": "ATUid_1",
    "serviceCode": "*777#",
    "networkCode": "99999",
    "phoneNumber": BUDI,
    "status": "Incomplete",
    "cost": "KES 0.10",
    "durationInMillis": "24000",
    "hopsCount": "3",
}
OPTED_OUT = {"senderId": "SERTAKAN", "phoneNumber": BUDI}
SIX_O_FOUR = datetime(2017, 5, 3, 6, 4, 45, tzinfo=UTC)


def test_a_delivery_report_is_read_with_all_its_fields() -> None:
    form = REPORT | {"failureReason": "UserInBlackList", "retryCount": "2"}
    assert delivery_report(form) == DeliveryReport(
        "ATXid_1", "Failed", BUDI, "51010", reason="UserInBlackList", retry_count=2
    )


@pytest.mark.parametrize(
    ("change", "reason", "retries"),
    [
        ({}, None, None),
        ({"failureReason": "", "retryCount": ""}, None, None),
        ({"status": "Teleported", "failureReason": "MoonPhase", "retryCount": "many"}, "MoonPhase", None),
        ({"networkCode": ""}, None, None),
    ],
)
def test_a_delivery_report_keeps_what_nobody_has_heard_of(
    change: dict[str, str], reason: str | None, retries: int | None
) -> None:
    report = delivery_report(REPORT | change)
    assert (report.reason, report.retry_count) == (reason, retries)
    assert report.status == (REPORT | change)["status"]


def test_a_text_that_came_in_is_read_with_all_its_fields() -> None:
    form = INBOUND | {"linkId": "L1", "networkCode": "51010"}
    assert inbound_sms(form) == InboundSms("b1", BUDI, "2757", "YA", SIX_O_FOUR, "L1", "51010")
    assert inbound_sms(INBOUND) == InboundSms("b1", BUDI, "2757", "YA", SIX_O_FOUR)
    assert inbound_sms(INBOUND | {"text": ""}).text == ""


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2017-05-03T06:04:45Z", SIX_O_FOUR),
        ("2017-05-03 06:04:45", SIX_O_FOUR),
        (" 2017-05-03 06:04:45 ", SIX_O_FOUR),
        ("2017-05-03T13:04:45+07:00", SIX_O_FOUR),
        ("2017-05-03T13:04:45 07:00", None),
        ("0001-01-01T00:00:00+07:00", None),
        ("3 May 2017", None),
        ("", None),
    ],
)
def test_both_ways_to_write_a_date_are_utc(written: str, moment: datetime | None) -> None:
    assert inbound_sms(INBOUND | {"date": written}).sent_at == moment


def test_the_end_of_a_session_is_read_with_all_its_fields() -> None:
    form = ENDED | {"input": "1*2", "lastAppResponse": "END Selesai", "errorMessage": "timeout"}
    assert end_event(form) == EndEvent(
        "ATUid_1", BUDI, "Incomplete", SIX_O_FOUR, "*777#", "99999", "KES 0.10", 24000, 3, "timeout"
    )
    assert end_event(ENDED).error is None


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("12", 12),
        (" 12 ", 12),
        ("12.0", 12),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 5000, None),
    ],
)
def test_a_count_that_cannot_be_read_is_none(written: str, number: int | None) -> None:
    event = end_event(ENDED | {"hopsCount": written, "durationInMillis": written, "cost": "0.1"})
    assert (event.hops, event.duration_ms, event.cost) == (number, number, "0.1")


def test_what_was_typed_is_not_kept() -> None:
    form = ENDED | {"input": "1*3171234567890123*482913", "lastAppResponse": "END NIK 3171234567890123"}
    assert "3171234567890123" not in repr(end_event(form))


def test_an_opt_out_says_who_and_of_which_sender() -> None:
    assert opt_out(OPTED_OUT) == OptOut("SERTAKAN", BUDI)


@pytest.mark.parametrize(
    ("read", "form"),
    [(delivery_report, REPORT), (inbound_sms, INBOUND), (end_event, ENDED), (opt_out, OPTED_OUT)],
)
def test_each_missing_field_is_named(read: Any, form: dict[str, str]) -> None:
    for field in form:
        with pytest.raises(BadRequest, match=rf"^{field} is missing$"):
            read({name: value for name, value in form.items() if name != field})


@pytest.mark.parametrize(
    ("read", "form", "fields"),
    [
        (delivery_report, REPORT, ["id", "status", "phoneNumber"]),
        (inbound_sms, INBOUND, ["id", "from", "to"]),
        (end_event, ENDED, ["sessionId", "phoneNumber", "status"]),
        (opt_out, OPTED_OUT, ["senderId", "phoneNumber"]),
    ],
)
def test_a_field_that_says_who_or_which_may_not_be_empty(read: Any, form: dict[str, str], fields: list[str]) -> None:
    for field in fields:
        with pytest.raises(BadRequest, match=rf"^{field} is empty$"):
            read(form | {field: " "})
