"""What we make of each thing Midtrans may say, or not say."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fakes.midtrans import FakeMidtrans
from ussd_app.errors import (
    BadRequest,
    GatewayError,
    GatewayPermanent,
    GatewayTemporary,
    GatewayUnknown,
    SettingsError,
)
from ussd_app.gateways.midtrans import Midtrans
from ussd_app.gateways.payment import BadSignature, PayCode, PaymentGateway, PaymentStatus, TakenBack

KEY = "SB-Mid-server-secret"
ORDER = "SRT-1"
TOMORROW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)


@pytest.fixture
def company() -> Iterator[FakeMidtrans]:
    with FakeMidtrans(KEY) as fake:
        yield fake


def a_gateway(url: str, key: str = KEY, read: float = 2.0) -> Midtrans:
    return Midtrans(key, url, timeout=(0.3, read))


def a_code(gateway: Midtrans, channel: str = "indomaret", amount: int = 16_800) -> PayCode:
    return gateway.charge(ORDER, amount, TOMORROW, channel)


def refused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def signed(fields: dict[str, Any], key: str = KEY) -> bytes:
    over = f"{fields['order_id']}{fields['status_code']}{fields['gross_amount']}{key}"
    return json.dumps(fields | {"signature_key": hashlib.sha512(over.encode()).hexdigest()}).encode()


# Making a code

CHANNELS = [
    ("indomaret", {"payment_type": "cstore", "store": "indomaret"}, "88880000000001"),
    ("alfamart", {"payment_type": "cstore", "store": "alfamart"}, "88880000000001"),
    ("bri", {"payment_type": "bank_transfer", "bank": "bri"}, "9880000000000001"),
    ("bni", {"payment_type": "bank_transfer", "bank": "bni"}, "9880000000000001"),
    ("bca", {"payment_type": "bank_transfer", "bank": "bca"}, "9880000000000001"),
    ("cimb", {"payment_type": "bank_transfer", "bank": "cimb"}, "9880000000000001"),
    ("permata", {"payment_type": "bank_transfer", "bank": "permata"}, "8562000000000001"),
    ("mandiri", {"payment_type": "echannel"}, "70012 000000000001"),
]


def test_it_is_a_payment_gateway() -> None:
    gateway: PaymentGateway = a_gateway("http://127.0.0.1:1")
    assert gateway.name == "midtrans"


@pytest.mark.parametrize(("channel", "method", "code"), CHANNELS)
def test_each_channel_gives_a_code_that_can_be_paid_there(
    company: FakeMidtrans, channel: str, method: dict[str, str], code: str
) -> None:
    assert a_code(a_gateway(company.url), channel) == PayCode(ORDER, code, channel, TOMORROW)
    (asked,) = company.charges
    assert asked["transaction_details"] == {"order_id": ORDER, "gross_amount": 16_800}
    assert asked["payment_type"] == method["payment_type"]
    details = asked[method["payment_type"]]
    assert {name: details[name] for name in ("store", "bank") if name in details}.items() <= method.items()


@pytest.mark.parametrize(("channel", "method", "code"), CHANNELS)
def test_the_same_order_again_gives_the_code_it_has(
    company: FakeMidtrans, channel: str, method: dict[str, str], code: str
) -> None:
    gateway = a_gateway(company.url + "/")
    first = a_code(gateway, channel)
    assert gateway.charge(ORDER, 16_800, TOMORROW + timedelta(days=3), channel) == first
    company.errors_as_http = True
    assert a_code(gateway, channel) == first
    assert (first.code, first.channel) == (code, channel)


def test_the_code_expires_exactly_when_it_is_asked_to(company: FakeMidtrans) -> None:
    a_code(a_gateway(company.url))
    expiry = company.charges[0]["custom_expiry"]
    ordered = datetime.strptime(expiry["order_time"], "%Y-%m-%d %H:%M:%S %z")
    assert expiry["order_time"].endswith(" +0700")
    assert expiry["unit"] == "minute"
    assert ordered + timedelta(minutes=expiry["expiry_duration"]) == TOMORROW
    assert timedelta(0) <= datetime.now(UTC) - ordered < timedelta(minutes=2)


@pytest.mark.parametrize("changes", [{"expiry_time": ""}, {"expiry_time": "tomorrow"}, {"expiry_time": None}])
def test_where_midtrans_tells_no_expiry_ours_stands(company: FakeMidtrans, changes: dict[str, Any]) -> None:
    company.changes = changes
    assert a_code(a_gateway(company.url)).expires_at == TOMORROW


@pytest.mark.parametrize(
    ("amount", "expires_at", "channel"),
    [
        (0, TOMORROW, "bri"),
        (16_800, TOMORROW, "gopay"),
        (16_800, TOMORROW, ""),
        (16_800, datetime.now(UTC) - timedelta(seconds=1), "bri"),
    ],
)
def test_what_cannot_be_is_refused_without_a_call(
    company: FakeMidtrans, amount: int, expires_at: datetime, channel: str
) -> None:
    with pytest.raises(GatewayPermanent):
        a_gateway(company.url).charge(ORDER, amount, expires_at, channel)
    assert company.charges == []


def test_an_account_takes_a_single_rupiah(company: FakeMidtrans) -> None:
    assert a_code(a_gateway(company.url), "bri", 1).channel == "bri"


def test_a_code_that_takes_any_amount_cannot_be_made(company: FakeMidtrans) -> None:
    gateway = a_gateway(company.url)
    assert not gateway.takes_any_amount
    with pytest.raises(GatewayPermanent):
        gateway.charge(ORDER, 0, TOMORROW, "bri", open_amount=True)
    assert company.charges == []


@pytest.mark.parametrize("changes", [{"payment_code": None}, {"payment_code": ""}, {"order_id": "SRT-2"}])
def test_a_yes_without_our_code_is_unknown(company: FakeMidtrans, changes: dict[str, Any]) -> None:
    company.changes = changes
    with pytest.raises(GatewayUnknown):
        a_code(a_gateway(company.url))


@pytest.mark.parametrize("va_numbers", [[], None, [{}], ["x"], [{"bank": "bri", "va_number": ""}]])
def test_a_yes_without_an_account_number_is_unknown(company: FakeMidtrans, va_numbers: Any) -> None:
    company.changes = {"va_numbers": va_numbers}
    with pytest.raises(GatewayUnknown):
        a_code(a_gateway(company.url), "bri")


def test_a_code_for_another_amount_is_not_given_out(company: FakeMidtrans) -> None:
    gateway = a_gateway(company.url)
    a_code(gateway)
    with pytest.raises(GatewayPermanent, match="another amount"):
        a_code(gateway, amount=8_400)
    company.changes = {"gross_amount": "1.00"}
    with pytest.raises(GatewayPermanent, match="another amount"):
        gateway.charge("SRT-2", 16_800, TOMORROW, "bri")


@pytest.mark.parametrize("became", ["expire", "cancel", "deny", "refund"])
def test_an_order_that_is_over_gives_no_code(company: FakeMidtrans, became: str) -> None:
    gateway = a_gateway(company.url)
    a_code(gateway)
    company.turn(ORDER, became)
    with pytest.raises(GatewayPermanent, match="already"):
        a_code(gateway)


def test_an_order_that_is_paid_still_tells_its_code(company: FakeMidtrans) -> None:
    gateway = a_gateway(company.url)
    first = a_code(gateway)
    company.pay(ORDER)
    assert a_code(gateway) == first


@pytest.mark.parametrize("how", ["forgets", "slow"])
def test_a_used_order_whose_code_cannot_be_read_is_unknown(company: FakeMidtrans, how: str) -> None:
    gateway = a_gateway(company.url, read=0.1)
    a_code(gateway)
    company.forgets = how == "forgets"
    company.status_delay = 5 if how == "slow" else 0
    with pytest.raises(GatewayUnknown, match="exists"):
        a_code(gateway)


# Charges that fail

VERDICTS: list[tuple[int, type[GatewayError]]] = [
    (400, GatewayPermanent),
    (401, GatewayPermanent),
    (402, GatewayPermanent),
    (404, GatewayPermanent),
    (408, GatewayTemporary),
    (429, GatewayTemporary),
    (500, GatewayTemporary),
    (503, GatewayTemporary),
]


@pytest.mark.parametrize(("status", "error"), [*VERDICTS, (302, GatewayPermanent)])
def test_each_http_status_has_its_error(company: FakeMidtrans, status: int, error: type[GatewayError]) -> None:
    company.http = status
    with pytest.raises(error, match=f"{status}"):
        a_code(a_gateway(company.url))


@pytest.mark.parametrize(("status", "error"), [*VERDICTS, (202, GatewayPermanent), (505, GatewayTemporary)])
def test_the_verdict_inside_the_body_counts_as_much(
    company: FakeMidtrans, status: int, error: type[GatewayError]
) -> None:
    company.inside = str(status)
    with pytest.raises(error, match=f"{status}") as raised:
        a_code(a_gateway(company.url))
    assert KEY not in str(raised.value)


def test_a_wrong_key_is_permanent(company: FakeMidtrans) -> None:
    with pytest.raises(GatewayPermanent, match="401"):
        a_code(a_gateway(company.url, key="wrong"))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"[" * 100_000, b"\xff"])
def test_an_unreadable_yes_is_unknown(company: FakeMidtrans, body: bytes) -> None:
    company.body = body
    with pytest.raises(GatewayUnknown):
        a_code(a_gateway(company.url))


def test_a_charge_that_timed_out_is_unknown_and_found_by_asking_again(company: FakeMidtrans) -> None:
    company.charge_delay = 5
    with pytest.raises(GatewayUnknown, match="ReadTimeout"):
        a_code(a_gateway(company.url, read=0.1))
    company.charge_delay = 0
    assert a_code(a_gateway(company.url)).code == "88880000000001"
    assert len(company.orders) == 1


def test_a_charge_whose_connection_broke_is_unknown(company: FakeMidtrans) -> None:
    company.drops = True
    with pytest.raises(GatewayUnknown, match="ConnectionError"):
        a_code(a_gateway(company.url))


def test_a_refused_connection_and_an_unknown_name_are_temporary() -> None:
    for url in (f"http://127.0.0.1:{refused_port()}", "http://nowhere.invalid"):
        with pytest.raises(GatewayTemporary) as raised:
            a_code(a_gateway(url))
        assert raised.value.__suppress_context__


# Asking what became of an order


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("pending", "pending"),
        ("settlement", "settled"),
        ("capture", "settled"),
        ("expire", "expired"),
        ("cancel", "cancelled"),
        ("deny", "denied"),
        ("failure", "denied"),
        ("refund", "refunded"),
        ("partial_refund", "refunded"),
        ("chargeback", "charged_back"),
        ("partial_chargeback", "charged_back"),
    ],
)
def test_each_transaction_status_has_its_state(company: FakeMidtrans, said: str, state: Any) -> None:
    gateway = a_gateway(company.url)
    a_code(gateway)
    company.turn(ORDER, said)
    company.changes = {"refund_amount": "16800.00"}
    status = gateway.status(ORDER)
    assert (status.order_id, status.state, status.amount) == (ORDER, state, 16_800)
    assert status.transaction_id == "9aed5972-5b6a-401e-894b-000000000001"


def test_a_payment_settles_and_may_come_back(company: FakeMidtrans) -> None:
    gateway = a_gateway(company.url)
    a_code(gateway)
    states = [gateway.status(ORDER).state]
    for happens in (company.pay, company.refund):
        assert gateway.order_of(happens(ORDER)) == ORDER
        states.append(gateway.status(ORDER).state)
    assert states == ["pending", "settled", "refunded"]


@pytest.mark.parametrize("as_http", [False, True])
def test_each_refund_is_told_by_its_own_key(company: FakeMidtrans, as_http: bool) -> None:
    company.errors_as_http = as_http
    gateway = a_gateway(company.url)
    a_code(gateway)
    company.pay(ORDER)
    company.refund(ORDER, 5_000, "first")
    assert gateway.status(ORDER).state == "refunded"
    company.refund(ORDER, 11_800, "second")
    assert gateway.status(ORDER).taken_back == (TakenBack("first", 5_000), TakenBack("second", 11_800))


def test_a_refund_is_still_told_when_the_status_says_settlement_again(company: FakeMidtrans) -> None:
    gateway = a_gateway(company.url)
    a_code(gateway)
    company.pay(ORDER)
    company.refund(ORDER, 5_000)
    company.pay(ORDER)
    assert gateway.status(ORDER).taken_back == (TakenBack("reference1", 5_000),)


def test_a_chargeback_takes_back_all_that_was_paid(company: FakeMidtrans) -> None:
    gateway = a_gateway(company.url)
    a_code(gateway)
    company.pay(ORDER)
    company.chargeback(ORDER)
    status = gateway.status(ORDER)
    assert (status.state, status.amount) == ("charged_back", 16_800)
    assert status.taken_back == (TakenBack("whole", 16_800),)


def test_what_was_never_taken_back_is_not(company: FakeMidtrans) -> None:
    gateway = a_gateway(company.url)
    a_code(gateway)
    company.pay(ORDER)
    assert gateway.status(ORDER).taken_back == ()


@pytest.mark.parametrize("said", ["partial_refund", "partial_chargeback"])
def test_a_part_of_unknown_size_is_not_guessed(company: FakeMidtrans, said: str) -> None:
    gateway = a_gateway(company.url)
    a_code(gateway)
    company.turn(ORDER, said)
    with pytest.raises(GatewayPermanent, match="how much"):
        gateway.status(ORDER)


@pytest.mark.parametrize(
    "refunds", [["x"], [{}], [{"refund_key": "a"}], [{"refund_key": "a", "refund_amount": "0.50"}]]
)
def test_an_unreadable_refund_is_not_acted_on(company: FakeMidtrans, refunds: Any) -> None:
    gateway = a_gateway(company.url)
    a_code(gateway)
    company.refund(ORDER)
    company.changes = {"refunds": refunds}
    with pytest.raises(GatewayPermanent):
        gateway.status(ORDER)


# Letting nobody pay any more


def test_a_cancelled_order_is_cancelled_there(company: FakeMidtrans) -> None:
    gateway = a_gateway(company.url)
    a_code(gateway)
    gateway.cancel(ORDER)
    assert gateway.status(ORDER).state == "cancelled"


@pytest.mark.parametrize("as_http", [False, True])
@pytest.mark.parametrize("became", ["settlement", "expire", "cancel", "unknown"])
def test_what_cannot_be_cancelled_stays_as_it_is(company: FakeMidtrans, became: str, as_http: bool) -> None:
    company.errors_as_http = as_http
    gateway = a_gateway(company.url)
    if became != "unknown":
        a_code(gateway)
        company.turn(ORDER, became)
    before = gateway.status(ORDER)
    gateway.cancel(ORDER)
    assert gateway.status(ORDER) == before


@pytest.mark.parametrize("how", [401, 429, 500, "slow", "drops", "refused"])
def test_a_cancellation_that_was_not_heard_is_tried_again(company: FakeMidtrans, how: Any) -> None:
    gateway = a_gateway(company.url, read=0.2)
    a_code(gateway)
    if isinstance(how, int):
        company.http = how
    elif how == "refused":
        gateway = a_gateway(f"http://127.0.0.1:{refused_port()}")
    else:
        company.charge_delay, company.drops = (5.0, False) if how == "slow" else (0.0, True)
    with pytest.raises(GatewayTemporary):
        gateway.cancel(ORDER)


def test_a_settlement_without_200_is_not_money_yet(company: FakeMidtrans) -> None:
    gateway = a_gateway(company.url)
    a_code(gateway)
    company.pay(ORDER)
    company.changes = {"status_code": "201"}
    assert gateway.status(ORDER).state == "pending"


@pytest.mark.parametrize("as_http", [False, True])
def test_an_order_that_midtrans_does_not_know_is_missing(company: FakeMidtrans, as_http: bool) -> None:
    company.errors_as_http = as_http
    assert a_gateway(company.url).status("SRT/9 ?") == PaymentStatus("SRT/9 ?", "missing", 0)


@pytest.mark.parametrize(
    ("amount", "rupiah"), [("16800.00", 16_800), ("16800", 16_800), (16_800, 16_800), (16_800.0, 16_800)]
)
def test_an_amount_is_whole_rupiah_however_written(company: FakeMidtrans, amount: Any, rupiah: int) -> None:
    gateway = a_gateway(company.url)
    a_code(gateway)
    company.changes = {"gross_amount": amount}
    assert gateway.status(ORDER).amount == rupiah


@pytest.mark.parametrize(
    "changes",
    [
        {"gross_amount": "16800.50"},
        {"gross_amount": "16,800.00"},
        {"gross_amount": "-1.00"},
        {"gross_amount": "1e4"},
        {"gross_amount": ""},
        {"gross_amount": None},
        {"transaction_status": "teleported"},
        {"transaction_status": None},
    ],
)
def test_an_absurd_answer_is_not_acted_on(company: FakeMidtrans, changes: dict[str, Any]) -> None:
    gateway = a_gateway(company.url)
    a_code(gateway)
    company.changes = changes
    with pytest.raises(GatewayPermanent):
        gateway.status(ORDER)


@pytest.mark.parametrize("status", [302, 401, 404, 429, 500, 503])
def test_a_status_that_is_not_told_is_temporary(company: FakeMidtrans, status: int) -> None:
    company.http = status
    with pytest.raises(GatewayTemporary, match=f"{status}"):
        a_gateway(company.url).status(ORDER)


@pytest.mark.parametrize("how", ["slow", "drops", "rubbish", "another order", "refused"])
def test_a_status_that_does_not_arrive_is_temporary(company: FakeMidtrans, how: str) -> None:
    a_code(a_gateway(company.url))
    company.status_delay = 5 if how == "slow" else 0
    company.drops = how == "drops"
    company.body = b"<html>" if how == "rubbish" else None
    company.changes = {"order_id": "SRT-2"} if how == "another order" else {}
    url = f"http://127.0.0.1:{refused_port()}" if how == "refused" else company.url
    with pytest.raises(GatewayTemporary):
        a_gateway(url, read=0.1).status(ORDER)


# Notifications

NOTIFICATION = {
    "order_id": ORDER,
    "status_code": "200",
    "gross_amount": "16800.00",
    "transaction_status": "settlement",
    "transaction_id": "9aed5972",
    "payment_type": "cstore",
}


@pytest.fixture
def gateway() -> Midtrans:
    return a_gateway("http://127.0.0.1:1")


def test_a_signed_notification_names_its_order(gateway: Midtrans) -> None:
    body = signed(NOTIFICATION)
    assert gateway.order_of(body) == ORDER
    key = json.loads(body)["signature_key"]
    assert gateway.order_of(body.replace(key.encode(), key.upper().encode())) == ORDER


def test_a_number_is_signed_as_it_was_written(gateway: Midtrans) -> None:
    body = signed(NOTIFICATION).replace(b'"16800.00"', b"16800.00").replace(b'"200"', b"200")
    assert gateway.order_of(body) == ORDER


@pytest.mark.parametrize("field", ["order_id", "status_code", "gross_amount"])
def test_a_changed_field_breaks_the_signature(gateway: Midtrans, field: str) -> None:
    fields = json.loads(signed(NOTIFICATION))
    with pytest.raises(BadSignature):
        gateway.order_of(json.dumps(fields | {field: fields[field] + "0"}).encode())


@pytest.mark.parametrize("signature", ["x", "0" * 128, "é" * 128, "\ud800"])
def test_a_made_up_signature_is_refused(gateway: Midtrans, signature: str) -> None:
    with pytest.raises(BadSignature):
        gateway.order_of(json.dumps(NOTIFICATION | {"signature_key": signature}).encode())


def test_another_companys_signature_is_refused(company: FakeMidtrans) -> None:
    gateway = a_gateway(company.url)
    a_code(gateway)
    company.pay(ORDER)
    assert gateway.order_of(company.notification(ORDER)) == ORDER
    with pytest.raises(BadSignature) as raised:
        gateway.order_of(company.notification(ORDER, signed_with="another key"))
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("field", ["order_id", "status_code", "gross_amount", "transaction_status", "signature_key"])
@pytest.mark.parametrize("value", [None, "", [], {}, True])
def test_each_missing_field_is_named(gateway: Midtrans, field: str, value: Any) -> None:
    fields = json.loads(signed(NOTIFICATION))
    without = {name: content for name, content in fields.items() if name != field}
    for broken in (without, fields | {field: value}):
        with pytest.raises(BadRequest, match=f"^{field} is missing$"):
            gateway.order_of(json.dumps(broken).encode())


@pytest.mark.parametrize("body", [b"", b"order_id=1", b"[]", b'"x"', b"null", b"\xff\xfe", b"[" * 60_000])
def test_what_is_not_a_json_object_is_a_bad_request(gateway: Midtrans, body: bytes) -> None:
    with pytest.raises(BadRequest, match="JSON"):
        gateway.order_of(body)


# Settings


@pytest.mark.parametrize("key", ["", "two words", "line\n"])
def test_a_key_that_signs_nothing_is_named_at_the_start(key: str) -> None:
    with pytest.raises(SettingsError, match="MIDTRANS_SERVER_KEY"):
        a_gateway("http://127.0.0.1:1", key=key)


@pytest.mark.parametrize("url", ["", "api.midtrans.com", "http://"])
def test_an_address_that_is_none_is_named_at_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="MIDTRANS_BASE_URL"):
        a_gateway(url)
