"""The address for aggregators that post plain fields: what it takes, what it refuses, what it answers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.builders import PHONE
from ussd_app.app import create_app
from ussd_app.runtime import Runtime
from ussd_app.services.dialing import BUSY
from ussd_app.web.callbacks import LARGEST

ADDRESS = "/callbacks/ussd/local"
FIELDS = {"session": "s1", "phone": PHONE, "code": "*777#", "input": "", "network": "51010", "request": "r1"}


def client_of(rt: Runtime, retry: str = "request", **changes: Any) -> FlaskClient:
    """Whoever posts, to a service with USSD_RETRY set."""
    settings = rt.settings.model_copy(update={"ussd_retry": retry})
    return create_app(replace(rt, settings=settings, **changes)).test_client()


def without(name: str) -> dict[str, str]:
    return {field: value for field, value in FIELDS.items() if field != name}


def test_a_form_is_answered_with_the_screen_as_json(rt: Runtime) -> None:
    response = client_of(rt).post(ADDRESS, data=FIELDS)
    assert (response.status_code, response.mimetype) == (200, "application/json")
    assert response.json is not None
    assert (response.json["text"][:9], response.json["ends"]) == ("Jaminan k", False)


def test_json_is_answered_as_a_form_is(rt: Runtime) -> None:
    client = client_of(rt)
    assert client.post(ADDRESS, json=FIELDS).data == client.post(ADDRESS, data=FIELDS).data


def test_numbers_in_json_are_read_as_they_were_written(rt: Runtime) -> None:
    client = client_of(rt)
    client.post(ADDRESS, json=FIELDS)
    body = json.dumps({**FIELDS, "request": 2, "input": 1}).encode()
    assert "16 angka NIK" in client.post(ADDRESS, data=body, content_type="application/json; charset=utf-8").text


@pytest.mark.parametrize("token", ["wrong", "LOCAL", "lokal%00", "é"])
def test_behind_a_wrong_token_no_dialogue_begins(rt: Runtime, token: str) -> None:
    assert client_of(rt).post(f"/callbacks/ussd/{token}", data=FIELDS).status_code == 403
    assert rt.redis.keys("srt:dialogue:*") == []


def test_without_a_token_a_keypress_is_forbidden(rt: Runtime) -> None:
    assert client_of(rt).post("/callbacks/ussd/", data=FIELDS).status_code == 403


def test_a_keypress_is_posted_and_never_fetched(rt: Runtime) -> None:
    assert client_of(rt).get(ADDRESS).status_code == 405


@pytest.mark.parametrize("name", ["session", "phone", "code", "input", "request"])
@pytest.mark.parametrize("as_json", [True, False])
def test_a_keypress_without_a_field_is_400_naming_it(rt: Runtime, name: str, as_json: bool) -> None:
    client = client_of(rt)
    response = client.post(ADDRESS, json=without(name)) if as_json else client.post(ADDRESS, data=without(name))
    assert (response.status_code, response.text) == (400, f"{name} is missing")


@pytest.mark.parametrize("name", ["session", "phone", "request"])
def test_an_empty_field_that_tells_whose_it_is_counts_as_missing(rt: Runtime, name: str) -> None:
    response = client_of(rt).post(ADDRESS, data={**FIELDS, name: " "})
    assert (response.status_code, response.text) == (400, f"{name} is missing")


@pytest.mark.parametrize("retry", ["window", "none"])
@pytest.mark.parametrize("name", ["request", "network"])
def test_a_field_that_may_be_left_out_may_be_left_out(rt: Runtime, retry: str, name: str) -> None:
    assert client_of(rt, retry).post(ADDRESS, data=without(name)).status_code == 200


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"session":', b"[" * 30_000])
def test_a_body_that_is_no_json_is_400(rt: Runtime, body: bytes) -> None:
    response = client_of(rt).post(ADDRESS, data=body, content_type="application/json")
    assert (response.status_code, response.text) == (400, "the body is not JSON")


@pytest.mark.parametrize("body", [b"[]", b"null", b'"*777#"'])
def test_json_that_is_no_object_is_400(rt: Runtime, body: bytes) -> None:
    response = client_of(rt).post(ADDRESS, data=body, content_type="application/json")
    assert (response.status_code, response.text) == (400, "the body is not a JSON object")


@pytest.mark.parametrize("value", [["1"], {"a": "b"}, True])
def test_a_field_of_json_that_is_no_text_is_400_naming_it(rt: Runtime, value: object) -> None:
    response = client_of(rt).post(ADDRESS, json={**FIELDS, "input": value})
    assert (response.status_code, response.text) == (400, "input is not a text")


def test_a_session_id_too_long_to_be_kept_is_400(rt: Runtime) -> None:
    response = client_of(rt).post(ADDRESS, data={**FIELDS, "session": "s" * 101})
    assert (response.status_code, response.text) == (400, "session is longer than 100 characters")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_body_of_more_than_64_kib_is_413(rt: Runtime, as_json: bool) -> None:
    fields, client = {**FIELDS, "input": "1" * LARGEST}, client_of(rt)
    response = client.post(ADDRESS, json=fields) if as_json else client.post(ADDRESS, data=fields)
    assert response.status_code == 413


@pytest.mark.parametrize("number", ["Anonymous", "0", "'; DROP TABLE members"])
def test_a_number_that_is_none_ends_politely(rt: Runtime, number: str) -> None:
    response = client_of(rt).post(ADDRESS, data={**FIELDS, "phone": number})
    assert response.json is not None
    assert (response.status_code, response.json["text"][:15], response.json["ends"]) == (200, "Nomor Anda tida", True)


def test_a_code_that_reaches_no_menu_ends_politely(rt: Runtime) -> None:
    response = client_of(rt).post(ADDRESS, data={**FIELDS, "code": "*123#"})
    assert response.json is not None
    assert (response.json["text"][:25], response.json["ends"]) == ("Kode ini tidak dikenal. T", True)


def test_an_empty_code_is_the_code_of_the_service(rt: Runtime) -> None:
    response = client_of(rt).post(ADDRESS, data={**FIELDS, "code": ""})
    assert response.json is not None
    assert response.json["text"].startswith("Jaminan")


@pytest.mark.parametrize("retry", ["request", "window", "none"])
@pytest.mark.parametrize("said", ["***", "\0", "1" * 5000, "😀", "\ud800", "1*\n*", "00"])
def test_whatever_is_typed_is_answered_200_and_the_session_goes_on(rt: Runtime, retry: str, said: str) -> None:
    client = client_of(rt, retry)
    client.post(ADDRESS, json=FIELDS)
    response = client.post(ADDRESS, json={**FIELDS, "request": "r2", "input": said})
    assert response.json is not None
    assert (response.status_code, response.json["ends"]) == (200, False)


def test_a_menu_that_is_gone_is_answered_200_with_a_polite_end(rt: Runtime) -> None:
    with rt.db.begin() as connection:
        connection.exec_driver_sql("TRUNCATE documents, document_versions CASCADE")
    rt.compiled.clear()
    rt.redis.flushall()
    response = client_of(rt).post(ADDRESS, data=FIELDS)
    assert response.json is not None
    assert (response.status_code, response.json["ends"]) == (200, True)


def test_a_turn_that_fails_is_answered_200_with_a_polite_end(rt: Runtime) -> None:
    client = client_of(rt, dialogues=None)
    response = client.post(ADDRESS, data=FIELDS)
    assert (response.status_code, response.json) == (200, {"text": BUSY, "ends": True})


def test_a_session_of_one_gateway_is_not_one_of_another(rt: Runtime) -> None:
    client = client_of(rt)
    client.post(ADDRESS, data=FIELDS)
    client.post(ADDRESS, data={**FIELDS, "request": "r2", "input": "1"})
    form = {"sessionId": "s1", "phoneNumber": PHONE, "serviceCode": "*777#", "text": ""}
    response = client.post("/callbacks/africastalking/local/ussd", data=form)
    assert "16 angka NIK" not in response.text
