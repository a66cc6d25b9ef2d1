"""A registration goes to the institution and its answer comes back, however often it is tried."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import (
    NAME,
    NIK,
    PHONE,
    a_member,
    a_pay_code,
    a_registration,
    rows,
    typed,
)
from tests.conftest import clock_of
from tests.fakes.gateways import Office
from tests.work import work
from ussd_app.errors import GatewayError, GatewayPermanent, GatewayTemporary, GatewayUnknown
from ussd_app.gateways.institution import Filing
from ussd_app.runtime import Runtime
from ussd_app.services import enrolment
from ussd_app.storage import members
from workers import runtime as worker_runtime


@pytest.fixture
def office() -> Office:
    """The institution."""
    return Office()


@pytest.fixture
def desk(rt: Runtime, office: Office) -> Runtime:
    """A runtime, and workers, with the tests' institution; one registration waits."""
    desk = replace(rt, institution=office)
    worker_runtime.use(desk)
    a_registration(desk, a_member(desk))
    return desk


def state(rt: Runtime) -> str:
    (row,) = rows(rt, "SELECT state FROM registrations")
    return str(row["state"])


def test_the_institution_is_told_what_its_form_asks_for(desk: Runtime, office: Office) -> None:
    enrolment.file(desk, 1)
    (form,) = office.filed
    assert (form.reference, form.nik, form.name, form.phone) == ("R1", NIK, NAME, PHONE)


def test_an_accepted_person_is_registered_with_their_number(desk: Runtime) -> None:
    enrolment.file(desk, 1)
    assert (state(desk), rows(desk, "SELECT member_number FROM members")) == (
        "confirmed",
        [{"member_number": "21234567890"}],
    )


def test_a_registration_that_was_filed_is_not_filed_again(desk: Runtime, office: Office) -> None:
    for _ in range(2):
        enrolment.file(desk, 1)
    assert len(office.filed) == 1


@pytest.fixture
def refused(desk: Runtime, office: Office) -> Runtime:
    """The institution has refused somebody."""
    office.filing = Filing("refused", reason="NIK not known")
    enrolment.file(desk, 1)
    return desk


def test_a_refusal_and_its_reason_are_kept(refused: Runtime) -> None:
    assert rows(refused, "SELECT state, reason FROM registrations") == [{"state": "refused", "reason": "NIK not known"}]


def test_a_refused_person_gets_one_sms_about_it(refused: Runtime) -> None:
    enrolment.file(refused, 1)
    (sms,) = rows(refused, "SELECT phone, text FROM outbox")
    assert sms["phone"] == PHONE
    assert "belum dapat diterima" in sms["text"]


def test_a_refused_person_is_called_by_the_office(refused: Runtime) -> None:
    assert rows(refused, "SELECT kind, phone, detail FROM follow_ups") == [
        {"kind": "refused", "phone": PHONE, "detail": "NIK not known"}
    ]


def test_a_permanent_failure_of_the_institution_is_a_refusal(desk: Runtime, office: Office) -> None:
    office.fails = GatewayPermanent("form 7 is wrong")
    enrolment.file(desk, 1)
    assert rows(desk, "SELECT state, reason FROM registrations") == [{"state": "refused", "reason": "form 7 is wrong"}]


def test_a_refusal_closes_the_persons_open_pay_code(desk: Runtime, office: Office) -> None:
    with desk.db.connect() as connection:
        a_pay_code(desk, members.by_id(connection, 1))
    office.filing = Filing("refused")
    enrolment.file(desk, 1)
    assert rows(desk, "SELECT state FROM pay_codes") == [{"state": "expired"}]


@pytest.mark.parametrize("failure", [GatewayTemporary("away"), GatewayUnknown("a time-out")])
def test_while_the_institution_is_away_a_registration_waits(
    desk: Runtime, office: Office, failure: GatewayError
) -> None:
    office.fails = failure
    enrolment.file(desk, 1)
    assert state(desk) == "accepted"


def test_the_sweep_does_not_bother_an_institution_that_was_just_away(desk: Runtime, office: Office) -> None:
    office.fails = GatewayTemporary("away")
    enrolment.file(desk, 1)
    enrolment.sweep(desk)
    work(desk)
    assert len(office.filed) == 1


def test_the_sweep_files_later_what_could_not_be_filed(desk: Runtime, office: Office) -> None:
    office.fails = GatewayTemporary("away")
    enrolment.file(desk, 1)
    office.fails = None
    clock_of(desk).forward(minutes=2)
    enrolment.sweep(desk)
    work(desk)
    assert state(desk) == "confirmed"


def test_the_sweep_finds_a_registration_whose_job_was_lost(desk: Runtime) -> None:
    desk.queues.connection.flushall()
    enrolment.sweep(desk)
    work(desk)
    assert state(desk) == "confirmed"


def test_an_institution_that_has_not_decided_is_asked_again(desk: Runtime, office: Office) -> None:
    office.filing = Filing("waiting")
    enrolment.file(desk, 1)
    assert state(desk) == "filed"
    office.filing = Filing("accepted", member_number="29999999999")
    clock_of(desk).forward(hours=1)
    enrolment.sweep(desk)
    work(desk)
    assert state(desk) == "confirmed"


class Crash(BaseException):
    """The worker's process ends here."""


def test_a_registration_in_a_dead_workers_hand_is_filed_after_its_lease(desk: Runtime, office: Office) -> None:
    office.fails = Crash()  # type: ignore[assignment]
    with pytest.raises(Crash):
        enrolment.file(desk, 1)
    office.fails = None
    enrolment.file(desk, 1)
    assert len(office.filed) == 1  # it may still be alive
    clock_of(desk).forward(minutes=2)
    enrolment.file(desk, 1)
    assert state(desk) == "confirmed"


def test_a_refused_person_is_offered_no_pay_code(refused: Runtime) -> None:
    assert "Bayar iuran" not in typed(refused).text
