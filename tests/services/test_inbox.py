"""What the messaging gateway tells us is kept once, personal parts unreadable."""

from __future__ import annotations

import pytest

from tests.builders import PHONE, count, rows
from ussd_app.errors import BadRequest
from ussd_app.runtime import Runtime
from ussd_app.services import inbox, stops

REPORT = {"id": "ATXid_1", "status": "Success", "phoneNumber": PHONE, "networkCode": "51010"}
SMS = {"from": PHONE, "to": "777", "text": "DAFTAR#3174054508880003", "date": "2026-11-22 03:00:00", "id": "in-1"}
END = {
    "date": "2026-11-22 03:00:00",
    "sessionId": "ATUid_1",
    "serviceCode": "*777#",
    "networkCode": "51010",
    "phoneNumber": PHONE,
    "status": "Incomplete",
    "cost": "KES 0.10",
    "durationInMillis": "12000",
    "hopsCount": "3",
    "input": "1*3174054508880003",
    "lastAppResponse": "CON Ketik tanggal lahir",
}


def test_the_same_report_again_is_kept_once(rt: Runtime) -> None:
    for _ in range(2):
        inbox.take_report(rt, REPORT)
    assert count(rt, "delivery_reports") == 1


def test_a_report_about_an_sms_that_is_not_ours_is_kept(rt: Runtime) -> None:
    inbox.take_report(rt, REPORT)
    assert count(rt, "delivery_reports") == 1


def test_an_sms_that_came_in_is_kept_once(rt: Runtime) -> None:
    for _ in range(2):
        inbox.take_sms(rt, SMS)
    assert count(rt, "inbound_sms") == 1


def test_the_words_of_an_sms_that_came_in_are_encrypted(rt: Runtime) -> None:
    inbox.take_sms(rt, SMS)
    (row,) = rows(rt, "SELECT text FROM inbound_sms")
    assert ("3174" in row["text"], rt.vault.open(row["text"])) == (False, SMS["text"])


def test_the_end_of_a_session_is_kept_once(rt: Runtime) -> None:
    for _ in range(2):
        inbox.take_end(rt, END)
    assert rows(rt, "SELECT session_id, status, cost, duration_ms, hops FROM session_ends") == [
        {"session_id": "ATUid_1", "status": "Incomplete", "cost": "KES 0.10", "duration_ms": 12_000, "hops": 3}
    ]


def test_what_was_typed_in_a_session_cannot_be_read_in_its_end(rt: Runtime) -> None:
    inbox.take_end(rt, END)
    assert "3174054508880003" not in repr(rows(rt, "SELECT * FROM session_ends"))


def test_an_opt_out_is_kept_once(rt: Runtime) -> None:
    for _ in range(2):
        inbox.take_opt_out(rt, {"senderId": "SERTAKAN", "phoneNumber": PHONE})
    assert rows(rt, "SELECT phone, topic, channel, reference FROM stops") == [
        {"phone": PHONE, "topic": "all", "channel": "gateway", "reference": "SERTAKAN"}
    ]


def test_an_opt_out_by_a_number_without_its_plus_holds_for_the_number(rt: Runtime) -> None:
    inbox.take_opt_out(rt, {"senderId": "SERTAKAN", "phoneNumber": PHONE.replace("+", " ")})
    assert rows(rt, "SELECT phone FROM stops") == [{"phone": PHONE}]


def test_an_opt_out_ends_when_they_ask_us_to_start_again(rt: Runtime) -> None:
    inbox.take_opt_out(rt, {"senderId": "SERTAKAN", "phoneNumber": PHONE})
    with rt.db.begin() as connection:
        assert stops.start_by(rt, connection, PHONE, "all", "sms:1")
    assert rows(rt, "SELECT id FROM stops WHERE ended_at IS NULL") == []


def test_a_report_about_something_that_is_no_number_is_kept_as_it_came(rt: Runtime) -> None:
    inbox.take_report(rt, {**REPORT, "phoneNumber": "Anonymous"})
    assert rows(rt, "SELECT phone FROM delivery_reports") == [{"phone": "Anonymous"}]


def test_a_report_without_its_id_is_kept_by_nobody(rt: Runtime) -> None:
    with pytest.raises(BadRequest, match="id"):
        inbox.take_report(rt, {name: value for name, value in REPORT.items() if name != "id"})
    assert count(rt, "delivery_reports") == 0
