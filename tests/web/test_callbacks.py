"""The addresses that the gateways call, to the letter of the contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from tests.builders import NIK, PHONE, a_member, an_order, count, rows
from tests.fakes.midtrans import FakeMidtrans
from ussd_app.app import create_app
from ussd_app.gateways.midtrans import Midtrans
from ussd_app.queues import Queues
from ussd_app.runtime import Runtime
from ussd_app.services.dialing import BUSY
from ussd_app.storage.redis import connect
from ussd_app.web.callbacks import LARGEST

AT = "/callbacks/africastalking/local"
MIDTRANS = "/callbacks/midtrans/notifications"
KEY = "SB-Mid-server-fake"
KEYPRESS = {"sessionId": "s1", "phoneNumber": PHONE, "networkCode": "99999", "serviceCode": "*777#", "text": ""}
FORMS = {
    "ussd": KEYPRESS,
    "ussd-events": {
        "date": "2026-11-22 03:00:00",
        "sessionId": "s1",
        "serviceCode": "*777#",
        "networkCode": "99999",
        "phoneNumber": PHONE,
        "status": "Success",
        "cost": "0.1",
        "durationInMillis": "12000",
        "hopsCount": "3",
        "input": "1",
        "lastAppResponse": "END bye",
    },
    "sms": {"from": PHONE, "to": "777", "text": "YA", "date": "2017-05-03T06:04:45Z", "id": "in-1"},
    "delivery-reports": {"id": "ATXid_1", "status": "Success", "phoneNumber": PHONE, "networkCode": "51010"},
    "opt-outs": {"senderId": "SERTAKAN", "phoneNumber": PHONE},
}
# What must be there; the contract marks the rest optional, and `input` and the last answer may be missing.
NEEDED = {
    "ussd": ["sessionId", "phoneNumber"],
    "ussd-events": [name for name in FORMS["ussd-events"] if name not in ("input", "lastAppResponse")],
    "sms": list(FORMS["sms"]),
    "delivery-reports": list(FORMS["delivery-reports"]),
    "opt-outs": list(FORMS["opt-outs"]),
}
TABLES = {
    "ussd-events": "session_ends",
    "sms": "inbound_sms",
    "delivery-reports": "delivery_reports",
    "opt-outs": "stops",
}


@pytest.fixture
def client(rt: Runtime) -> FlaskClient:
    """Whoever posts."""
    return create_app(rt).test_client()


# ---- every callback ----


@pytest.mark.parametrize("address", FORMS)
def test_a_callback_is_answered_200(client: FlaskClient, address: str) -> None:
    assert client.post(f"{AT}/{address}", data=FORMS[address]).status_code == 200


@pytest.mark.parametrize("address", TABLES)
def test_a_callback_is_kept(client: FlaskClient, rt: Runtime, address: str) -> None:
    client.post(f"{AT}/{address}", data=FORMS[address])
    assert count(rt, TABLES[address]) == 1


@pytest.mark.parametrize("address", TABLES)
def test_the_same_callback_again_is_200_and_kept_once(client: FlaskClient, rt: Runtime, address: str) -> None:
    again = [client.post(f"{AT}/{address}", data=FORMS[address]).status_code for _ in range(2)]
    assert (again, count(rt, TABLES[address])) == ([200, 200], 1)


@pytest.mark.parametrize("path", [f"/{address}" for address in FORMS])
@pytest.mark.parametrize("token", ["wrong", "LOCAL", "local2", "lokal%00", "é"])
def test_a_wrong_token_is_forbidden(client: FlaskClient, path: str, token: str) -> None:
    response = client.post(f"/callbacks/africastalking/{token}{path}", data=FORMS[path[1:]])
    assert response.status_code == 403


@pytest.mark.parametrize("address", FORMS)
def test_a_missing_token_is_forbidden(client: FlaskClient, address: str) -> None:
    assert client.post(f"/callbacks/africastalking/{address}", data=FORMS[address]).status_code == 403


@pytest.mark.parametrize("address", TABLES)
def test_behind_a_wrong_token_nothing_is_stored(client: FlaskClient, rt: Runtime, address: str) -> None:
    client.post(f"/callbacks/africastalking/wrong/{address}", data=FORMS[address])
    assert count(rt, TABLES[address]) == 0


def test_behind_a_wrong_token_no_dialogue_begins(client: FlaskClient, rt: Runtime) -> None:
    client.post("/callbacks/africastalking/wrong/ussd", data=KEYPRESS)
    assert rt.redis.keys("srt:*") == []


@pytest.mark.parametrize(("address", "field"), [(address, field) for address in FORMS for field in NEEDED[address]])
def test_a_callback_without_a_field_is_400_naming_it(client: FlaskClient, address: str, field: str) -> None:
    form = {name: value for name, value in FORMS[address].items() if name != field}
    response = client.post(f"{AT}/{address}", data=form)
    assert (response.status_code, field in response.text) == (400, True)


@pytest.mark.parametrize("address", TABLES)
def test_a_callback_without_a_field_stores_nothing(client: FlaskClient, rt: Runtime, address: str) -> None:
    client.post(f"{AT}/{address}", data={})
    assert count(rt, TABLES[address]) == 0


@pytest.mark.parametrize("address", FORMS)
def test_a_body_over_64_kib_is_413(client: FlaskClient, address: str) -> None:
    body = b"sessionId=s1&phoneNumber=%2B6281234567890&id=1&text=" + b"1" * LARGEST
    response = client.post(f"{AT}/{address}", data=body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 413


def test_a_body_of_64_kib_is_taken(client: FlaskClient) -> None:
    start = b"sessionId=s1&phoneNumber=%2B6281234567890&text="
    body = start + b"1" * (LARGEST - len(start))
    response = client.post(f"{AT}/ussd", data=body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200


@pytest.mark.parametrize("address", FORMS)
def test_a_callback_is_posted_never_fetched(client: FlaskClient, address: str) -> None:
    assert client.get(f"{AT}/{address}").status_code == 405


def test_an_unknown_status_and_reason_of_a_report_are_kept(client: FlaskClient, rt: Runtime) -> None:
    form = {**FORMS["delivery-reports"], "status": "Teleported", "failureReason": "Wormhole", "retryCount": "2"}
    assert client.post(f"{AT}/delivery-reports", data=form).status_code == 200
    assert rows(rt, "SELECT status, reason FROM delivery_reports") == [{"status": "Teleported", "reason": "Wormhole"}]


@pytest.mark.parametrize("date", ["2017-05-03T06:04:45Z", "2017-05-03 06:04:45"])
def test_both_ways_of_writing_a_date_are_read(client: FlaskClient, rt: Runtime, date: str) -> None:
    client.post(f"{AT}/sms", data={**FORMS["sms"], "date": date})
    assert rows(rt, "SELECT sent_at::text AS at FROM inbound_sms") == [{"at": "2017-05-03 06:04:45+00"}]


@pytest.mark.parametrize("address", TABLES)
def test_a_nul_character_does_no_harm(client: FlaskClient, address: str) -> None:
    form = {name: f"{value}\0" for name, value in FORMS[address].items()}
    assert client.post(f"{AT}/{address}", data=form).status_code == 200


# ---- ussd ----


def test_a_dial_is_answered_with_con_in_plain_utf8(client: FlaskClient) -> None:
    response = client.post(f"{AT}/ussd", data=KEYPRESS)
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.data.startswith(b"CON Jaminan kecelakaan")


def test_the_end_of_a_session_is_answered_with_end(client: FlaskClient) -> None:
    text = f"1*{NIK}*05081987*05091988*06081988"
    for answers in range(6):
        response = client.post(f"{AT}/ussd", data={**KEYPRESS, "text": "*".join(text.split("*")[:answers])})
    assert response.data.startswith(b"END Data KTP perlu diperiksa")


def test_a_keypress_needs_only_a_session_and_a_number(client: FlaskClient) -> None:
    response = client.post(f"{AT}/ussd", data={"sessionId": "s1", "phoneNumber": PHONE})
    assert response.data.startswith(b"CON Jaminan")


@pytest.mark.parametrize("field", ["sessionId", "phoneNumber"])
def test_an_empty_session_or_number_is_as_good_as_none(client: FlaskClient, field: str) -> None:
    response = client.post(f"{AT}/ussd", data={**KEYPRESS, field: ""})
    assert (response.status_code, field in response.text) == (400, True)


@pytest.mark.parametrize("number", ["Anonymous", "0", "+62", "'; DROP TABLE members"])
def test_a_number_that_is_none_ends_politely(client: FlaskClient, number: str) -> None:
    response = client.post(f"{AT}/ussd", data={**KEYPRESS, "phoneNumber": number})
    assert (response.status_code, response.text[:30]) == (200, "END Nomor Anda tidak kami kena")


def test_an_unknown_code_ends_politely(client: FlaskClient) -> None:
    response = client.post(f"{AT}/ussd", data={**KEYPRESS, "serviceCode": "*123#"})
    assert response.text.startswith("END Kode ini tidak dikenal. Tekan *777#")


@pytest.mark.parametrize("text", ["***", "\0", "1" * 5000, "😀", "%", "1*\n*", "00"])
def test_whatever_is_typed_is_answered_200_with_con_or_end(client: FlaskClient, text: str) -> None:
    client.post(f"{AT}/ussd", data=KEYPRESS)
    response = client.post(f"{AT}/ussd", data={**KEYPRESS, "text": text})
    assert (response.status_code, response.text[:4]) in [(200, "CON "), (200, "END ")]


@pytest.mark.parametrize(
    "body", [b"sessionId=s1&phoneNumber=%2B6281234567890&text=%ff%fe", b"sessionId=%00&phoneNumber=0812345678"]
)
def test_a_body_that_is_no_text_is_answered_200(client: FlaskClient, body: bytes) -> None:
    response = client.post(f"{AT}/ussd", data=body, content_type="application/x-www-form-urlencoded")
    assert (response.status_code, response.text[:4]) in [(200, "CON "), (200, "END ")]


def test_a_menu_that_is_gone_ends_politely(client: FlaskClient, rt: Runtime) -> None:
    with rt.db.begin() as connection:
        connection.exec_driver_sql("TRUNCATE documents, document_versions CASCADE")
    rt.compiled.clear()
    response = client.post(f"{AT}/ussd", data=KEYPRESS)
    assert (response.status_code, response.text[:4]) == (200, "END ")


def test_a_screen_never_has_more_than_160_characters(client: FlaskClient) -> None:
    answers = ["1", NIK, "05081988", "Siti Aminah", "1", "1", "3", "2", "1", "4"]
    lengths = []
    for many in range(len(answers) + 1):
        response = client.post(f"{AT}/ussd", data={**KEYPRESS, "text": "*".join(answers[:many])})
        lengths.append(len(response.text) - len("CON "))
    assert max(lengths) <= 160


# ---- midtrans ----


@pytest.fixture
def midtrans() -> Iterator[FakeMidtrans]:
    """Midtrans on this machine."""
    with FakeMidtrans(KEY) as company:
        yield company


@pytest.fixture
def paid(rt: Runtime, midtrans: FakeMidtrans) -> tuple[FlaskClient, bytes]:
    """Somebody who posts, and Midtrans's notification about an order of ours that was paid."""
    till = Midtrans(KEY, midtrans.url)
    an_order(rt, a_member(rt), order_id="SRT-1")
    till.charge("SRT-1", 8_400, rt.clock().replace(year=2099), "indomaret")
    return create_app(replace(rt, payment=till)).test_client(), midtrans.pay("SRT-1")


def test_a_signed_notification_is_200(paid: tuple[FlaskClient, bytes]) -> None:
    client, notification = paid
    assert client.post(MIDTRANS, data=notification, content_type="application/json").status_code == 200


def test_a_notification_again_is_200_and_kept_once(paid: tuple[FlaskClient, bytes], rt: Runtime) -> None:
    client, notification = paid
    answers = [client.post(MIDTRANS, data=notification).status_code for _ in range(3)]
    assert (answers, count(rt, "payment_notifications")) == ([200] * 3, 1)


def test_a_forged_notification_is_403_and_not_kept(
    paid: tuple[FlaskClient, bytes], rt: Runtime, midtrans: FakeMidtrans
) -> None:
    client, _ = paid
    response = client.post(MIDTRANS, data=midtrans.notification("SRT-1", signed_with="another key"))
    assert (response.status_code, count(rt, "payment_notifications")) == (403, 0)


def test_a_notification_about_another_amount_than_was_signed_is_403(paid: tuple[FlaskClient, bytes]) -> None:
    client, notification = paid
    changed = json.dumps({**json.loads(notification), "gross_amount": "1.00"})
    assert client.post(MIDTRANS, data=changed).status_code == 403


@pytest.mark.parametrize("field", ["order_id", "status_code", "gross_amount", "signature_key"])
def test_a_notification_without_a_field_is_400_naming_it(paid: tuple[FlaskClient, bytes], field: str) -> None:
    client, notification = paid
    fields = {name: value for name, value in json.loads(notification).items() if name != field}
    response = client.post(MIDTRANS, data=json.dumps(fields))
    assert (response.status_code, field in response.text) == (400, True)


@pytest.mark.parametrize("body", [b"", b"paid!", b"[]", b"null", b'"SRT-1"', b"\xff\xfe"])
def test_a_notification_that_is_no_json_object_is_400(paid: tuple[FlaskClient, bytes], body: bytes) -> None:
    client, _ = paid
    assert client.post(MIDTRANS, data=body).status_code == 400


def test_a_notification_over_64_kib_is_413(paid: tuple[FlaskClient, bytes]) -> None:
    client, _ = paid
    assert client.post(MIDTRANS, data=b" " * (LARGEST + 1)).status_code == 413


def test_without_queues_a_notification_is_200_and_kept(
    paid: tuple[FlaskClient, bytes], rt: Runtime, midtrans: FakeMidtrans
) -> None:
    _, notification = paid
    lonely = replace(rt, payment=Midtrans(KEY, midtrans.url), queues=Queues(connect("unix:///nowhere.sock")))
    response = create_app(lonely).test_client().post(MIDTRANS, data=notification)
    assert (response.status_code, count(rt, "payment_notifications")) == (200, 1)


@pytest.mark.parametrize("body", [b"", b"paid!", b"[]", b"null", b"{}"])
def test_the_consoles_own_till_refuses_the_same(client: FlaskClient, body: bytes) -> None:
    assert client.post(MIDTRANS, data=body).status_code == 400


def test_a_polite_sentence_fits_any_network(client: FlaskClient) -> None:
    assert len(BUSY) <= 160
