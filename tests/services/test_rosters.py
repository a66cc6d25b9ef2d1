"""A company brings a list of people: nothing happens before it is right, and nothing twice."""

from __future__ import annotations

import pytest

from tests.builders import PHONE, a_nik, a_registered_member, count, rows
from tests.domain.test_rosters import a_file
from tests.work import work
from ussd_app.errors import NotAllowedNow
from ussd_app.gateways.console import ConsoleTill
from ussd_app.runtime import Runtime
from ussd_app.services import books, invitations, payments, rosters
from ussd_app.services.rosters import Brings
from ussd_app.storage import invitations as asked

COMPANY = "+6281111111111"
# 1 month of Nov 2026 at the lowest bracket.
ROW = {"months": "1", "income": "1000000"}


def people(number: int, consent: str = "paper") -> list[dict[str, str]]:
    """That many different people, each with a phone of their own."""
    return [{**ROW, "nik": a_nik(100 + one), "phone": f"0812555{one:05}", "consent": consent} for one in range(number)]


def start(rt: Runtime, content: bytes) -> int:
    return rosters.start(rt, content, Brings(COMPANY, "PT Maju", "company", "id"), "owner@x.id")


def test_a_dry_run_tells_people_price_and_who_is_to_be_asked_and_does_nothing(rt: Runtime) -> None:
    checked = rosters.check(rt, a_file(*people(2), *[{**people(3)[2], "consent": "phone"}]))
    assert (len(checked.people), checked.signed, checked.total, checked.mistakes) == (3, 2, 3 * 8_400, ())
    assert count(rt, "invitations") == 0


def test_a_file_with_one_mistake_does_nothing_at_all(rt: Runtime) -> None:
    with pytest.raises(NotAllowedNow, match="1 mistakes"):
        start(rt, a_file(*people(2), {"nik": "1"}))
    assert count(rt, "sponsors") == 0


def test_whoever_signed_is_registered_and_paid_for_with_one_code(rt: Runtime) -> None:
    start(rt, a_file(*people(3)))
    work(rt)
    assert count(rt, "members") == 3
    assert rows(rt, "SELECT total, state FROM pay_codes") == [{"total": 3 * 8_400, "state": "open"}]
    assert [row["channel"] for row in rows(rt, "SELECT channel FROM consents")] == ["paper"] * 3


def test_whoever_did_not_sign_is_asked_by_sms_and_registered_only_after_a_yes(rt: Runtime) -> None:
    start(rt, a_file(*people(2, "phone")))
    work(rt)
    assert count(rt, "members") == 0
    texts = rows(rt, "SELECT phone, text FROM outbox ORDER BY phone")
    assert [row["phone"] for row in texts] == ["+62812555" + f"{one:05}" for one in range(2)]
    assert all("PT Maju" in row["text"] and "YA" in row["text"] for row in texts)


def test_the_code_waits_for_everybody_unless_the_sponsor_pays_for_those_who_agreed(rt: Runtime) -> None:
    start(rt, a_file(*people(2), {**people(3)[2], "consent": "phone"}))
    work(rt)
    assert count(rt, "pay_codes") == 0
    assert rosters.pay(rt, COMPANY, by="owner@kantor.id").name == "requested"
    assert rows(rt, "SELECT total FROM pay_codes") == [{"total": 2 * 8_400}]


def test_the_very_same_file_again_does_nothing_twice(rt: Runtime) -> None:
    content = a_file(*people(2))
    start(rt, content)
    with pytest.raises(NotAllowedNow, match="started before"):
        start(rt, content)
    work(rt)
    assert (count(rt, "invitations"), count(rt, "members")) == (2, 2)


def test_a_job_that_was_lost_is_found_and_one_that_runs_twice_takes_nobody_in_twice(rt: Runtime) -> None:
    number = start(rt, a_file(*people(2)))
    rt.redis.flushall()
    rosters.sweep(rt)
    work(rt)
    rosters.take_in(rt, number)
    assert (count(rt, "members"), count(rt, "registrations")) == (2, 2)


def test_a_member_is_asked_at_the_number_we_know_whatever_the_file_says(rt: Runtime) -> None:
    a_registered_member(rt, nik=a_nik(100))
    start(rt, a_file(*people(1, "phone")))
    assert [row["phone"] for row in rows(rt, "SELECT phone FROM invitations")] == [PHONE]


def test_somebody_who_said_no_to_this_sponsor_is_not_asked_again_by_a_file(rt: Runtime) -> None:
    start(rt, a_file(*people(1, "phone")))
    with rt.db.begin() as connection:
        (waiting,) = asked.open_for(connection, "+6281255500000")
        invitations.refuse(rt, connection, waiting)
    start(rt, a_file(*people(2, "phone")))
    assert [row["phone"] for row in rows(rt, "SELECT phone FROM invitations WHERE state = 'asked'")] == [
        "+6281255500001"
    ]


def test_how_far_a_roster_has_come_can_be_seen(rt: Runtime) -> None:
    number = start(rt, a_file(*people(2), {**people(3)[2], "consent": "phone"}))
    work(rt)
    at = rosters.progress(rt, number)
    assert (at.people, at.agreed, at.waiting, at.declined) == (3, 2, 1, 0)


def test_the_books_balance_when_a_roster_was_paid_for(rt: Runtime) -> None:
    start(rt, a_file(*people(3)))
    work(rt)
    (code,) = rows(rt, "SELECT code, total FROM pay_codes")
    assert isinstance(rt.payment, ConsoleTill)
    payments.receive(rt, rt.payment.pay(code["code"], code["total"]))
    work(rt)
    assert books.check(rt) == []
    assert count(rt, "contribution_months") == 3
