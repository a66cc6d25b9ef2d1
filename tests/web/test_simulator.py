"""The phone in the browser, and its two addresses for scripts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from tests.builders import PHONE, PRICE, a_pay_code, a_registered_member, an_sms, execute, rows
from tests.conftest import clock_of
from tests.fakes.gateways import Till
from tests.work import work
from ussd_app.app import create_app
from ussd_app.gateways.africastalking import AfricasTalking
from ussd_app.runtime import Runtime
from ussd_app.services import relay

MESSAGES, PAYMENTS = "/simulator/api/messages", "/simulator/api/payments"


@pytest.fixture
def client(rt: Runtime) -> FlaskClient:
    """A script."""
    return create_app(rt).test_client()


@pytest.fixture
def code(rt: Runtime) -> str:
    """A pay code of Rp8.400."""
    made = a_pay_code(rt, a_registered_member(rt)).code
    assert made is not None
    return made


# ---- messages ----


def test_the_messages_of_a_phone_come_oldest_first(client: FlaskClient, rt: Runtime) -> None:
    for words in ("first", "second", "third"):
        an_sms(rt, words=words)
    relay.relay(rt, "urgent")
    assert [sms["text"] for sms in client.get(MESSAGES, query_string={"phone": PHONE}).json or []] == [
        "first",
        "second",
        "third",
    ]


def test_a_message_tells_its_id_moment_number_and_text(client: FlaskClient, rt: Runtime) -> None:
    number = an_sms(rt)
    relay.relay(rt, "urgent")
    assert client.get(MESSAGES, query_string={"phone": PHONE}).json == [
        {"id": number, "at": "2026-11-22T03:00:00+00:00", "to": PHONE, "text": "Halo"}
    ]


@pytest.mark.parametrize(
    "query",
    ["%2B6281234567890", "+6281234567890", "%206281234567890", "081234567890", "6281234567890", "0812-3456-7890"],
)
def test_a_number_may_be_written_in_every_way(client: FlaskClient, rt: Runtime, query: str) -> None:
    an_sms(rt)
    relay.relay(rt, "urgent")
    assert len(client.get(f"{MESSAGES}?phone={query}").json or []) == 1


def test_a_phone_without_messages_has_an_empty_list(client: FlaskClient) -> None:
    assert client.get(MESSAGES, query_string={"phone": PHONE}).json == []


def test_a_message_that_was_not_sent_is_not_shown(client: FlaskClient, rt: Runtime) -> None:
    an_sms(rt)
    assert client.get(MESSAGES, query_string={"phone": PHONE}).json == []


def test_messages_of_another_phone_are_not_shown(client: FlaskClient, rt: Runtime) -> None:
    an_sms(rt, phone="+6285600000001")
    relay.relay(rt, "urgent")
    assert client.get(MESSAGES, query_string={"phone": PHONE}).json == []


@pytest.mark.parametrize("query", ["", "?phone=", "?phone=nobody"])
def test_without_a_number_there_is_a_reason(client: FlaskClient, query: str) -> None:
    response = client.get(MESSAGES + query)
    assert (response.status_code, "phone" in response.json["reason"]) == (422, True)  # type: ignore[index]


# ---- payments ----


def test_paying_a_code_is_202(client: FlaskClient, code: str) -> None:
    assert client.post(PAYMENTS, data={"code": code, "amount": PRICE}).status_code == 202


def test_a_code_that_was_paid_is_paid_in_the_books(client: FlaskClient, rt: Runtime, code: str) -> None:
    client.post(PAYMENTS, data={"code": code, "amount": PRICE})
    work(rt)
    assert rows(rt, "SELECT state FROM pay_codes") == [{"state": "paid"}]


def test_a_code_may_be_typed_in_groups(client: FlaskClient, code: str) -> None:
    grouped = f"{code[:4]} {code[4:8]} {code[8:]}"
    assert client.post(PAYMENTS, data={"code": grouped, "amount": "8.400"}).status_code == 202


def test_paying_an_unknown_code_is_404_with_a_reason(client: FlaskClient) -> None:
    response = client.post(PAYMENTS, data={"code": "000000000000", "amount": PRICE})
    assert (response.status_code, "tidak dikenal" in response.json["reason"]) == (404, True)  # type: ignore[index]


def test_paying_without_a_code_is_404(client: FlaskClient) -> None:
    assert client.post(PAYMENTS, data={"amount": PRICE}).status_code == 404


def test_paying_twice_is_409_with_a_reason(client: FlaskClient, code: str) -> None:
    client.post(PAYMENTS, data={"code": code, "amount": PRICE})
    response = client.post(PAYMENTS, data={"code": code, "amount": PRICE})
    assert (response.status_code, "sudah dibayar" in response.json["reason"]) == (409, True)  # type: ignore[index]


def test_paying_too_late_is_409_with_a_reason(client: FlaskClient, rt: Runtime, code: str) -> None:
    clock_of(rt).forward(days=4)
    response = client.post(PAYMENTS, data={"code": code, "amount": PRICE})
    assert (response.status_code, "kedaluwarsa" in response.json["reason"]) == (409, True)  # type: ignore[index]


def test_paying_another_amount_is_422_naming_the_right_one(client: FlaskClient, code: str) -> None:
    response = client.post(PAYMENTS, data={"code": code, "amount": 8_000})
    assert (response.status_code, "Rp8.400" in response.json["reason"]) == (422, True)  # type: ignore[index]


@pytest.mark.parametrize("amount", ["", "a lot", "-8400", "8400.50", "9" * 40])
def test_an_amount_that_is_none_is_422(client: FlaskClient, code: str, amount: str) -> None:
    assert client.post(PAYMENTS, data={"code": code, "amount": amount}).status_code == 422


def test_a_nul_in_a_code_is_404(client: FlaskClient) -> None:
    assert client.post(PAYMENTS, data={"code": "1\x00", "amount": PRICE}).status_code == 404


# ---- the page ----


@pytest.mark.parametrize("page", ["/simulator/", "/simulator/?lang=en"])
def test_the_page_may_load_nothing_from_elsewhere(client: FlaskClient, page: str) -> None:
    policy = client.get(page).headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_the_page_is_in_the_language_asked_for(client: FlaskClient) -> None:
    assert ('lang="en"' in client.get("/simulator/?lang=en").text, 'lang="id"' in client.get("/simulator/").text) == (
        True,
        True,
    )


def test_the_front_page_leads_to_the_simulator(client: FlaskClient) -> None:
    response = client.get("/")
    assert (response.status_code, response.headers["Location"]) == (302, "/simulator/")


def test_a_page_that_is_not_there_has_the_same_protection(client: FlaskClient) -> None:
    response = client.get("/nothing")
    assert (response.status_code, "Content-Security-Policy" in response.headers) == (404, True)


# ---- a real service ----


@pytest.mark.parametrize("page", ["/simulator/", MESSAGES, PAYMENTS, "/"])
def test_a_service_that_was_not_started_by_make_run_has_no_simulator(rt: Runtime, page: str) -> None:
    real = replace(rt, settings=rt.settings.model_copy(update={"sertakan_local": False}))
    client = create_app(real).test_client()
    assert (client.get(page).status_code, client.post(page).status_code) == (404, 404)


def test_with_a_real_sms_gateway_nobodys_messages_are_shown(rt: Runtime) -> None:
    client = create_app(replace(rt, messaging={"africastalking": AfricasTalking("sandbox", "key")})).test_client()
    assert (client.get(MESSAGES).status_code, client.get("/simulator/").status_code) == (404, 404)


def test_with_a_real_payment_company_nobody_can_pay_here(rt: Runtime) -> None:
    client = create_app(replace(rt, payment=Till())).test_client()
    assert (client.post(PAYMENTS).status_code, client.get("/simulator/").status_code) == (404, 404)


def test_a_delivered_message_is_still_shown(client: FlaskClient, rt: Runtime) -> None:
    an_sms(rt)
    relay.relay(rt, "urgent")
    execute(rt, "UPDATE outbox SET state = 'delivered'")
    assert len(client.get(MESSAGES, query_string={"phone": PHONE}).json or []) == 1
