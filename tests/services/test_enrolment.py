"""A registration goes to the institution and its answer comes back, however often it is tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.builders import (
    BORN,
    NAME,
    NIK,
    NOVEMBER,
    PHONE,
    PRICE,
    a_member,
    a_nik,
    a_pay_code,
    a_registration,
    count,
    execute,
    rows,
    typed,
)
from tests.conftest import clock_of
from tests.fakes.gateways import ACCEPTED, Office
from tests.work import work
from ussd_app.domain import ledger
from ussd_app.domain.ledger import Payer
from ussd_app.engine.dialogue import Dialogue
from ussd_app.engine.turn import Outcome
from ussd_app.errors import GatewayError, GatewayPermanent, GatewayTemporary, GatewayUnknown
from ussd_app.gateways.institution import Filing
from ussd_app.gateways.payment import PaymentStatus
from ussd_app.runtime import Runtime
from ussd_app.services import enrolment, payments, publishing
from ussd_app.services.callers import Caller
from ussd_app.storage import ledger as books
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
    assert "belum dapat menerima pendaftaran: NIK not known. Perbaiki data: *777#" in sms["text"]


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


def corrected(rt: Runtime, *, nik: str = NIK, name: str = "Siti Aminah Putri") -> str:
    """A refused person dials and corrects what they told; the last screen."""
    return typed(rt, "1", nik, BORN, name, "1", session="at:correct").text


def test_a_refused_person_sees_why_in_words_they_understand(desk: Runtime, office: Office) -> None:
    office.filing = Filing("refused", reason="name_differs")
    enrolment.file(desk, 1)
    assert "nama tidak sama dengan KTP" in typed(desk).text


def test_a_reason_without_words_of_its_own_says_that_the_data_must_be_looked_at(desk: Runtime, office: Office) -> None:
    office.filing = Filing("refused", reason="")
    enrolment.file(desk, 1)
    assert "data perlu diperiksa lagi" in typed(desk).text


def test_a_correction_is_filed_as_a_new_registration(refused: Runtime, office: Office) -> None:
    office.filing = ACCEPTED
    assert "dikirim lagi" in corrected(refused)
    work(refused)
    assert (office.filed[-1].reference, office.filed[-1].name) == ("R2", "Siti Aminah Putri")
    assert rows(refused, "SELECT state FROM registrations ORDER BY id") == [
        {"state": "refused"},
        {"state": "confirmed"},
    ]


def test_a_correction_keeps_the_words_of_its_own_consent(refused: Runtime) -> None:
    corrected(refused)
    (consent,) = rows(refused, "SELECT text FROM consents")
    assert consent["text"].startswith("Siti Aminah Putri: setuju data ini dikirim lagi ke BPJS Ketenagakerjaan?")


def test_a_wrong_nik_can_be_corrected(refused: Runtime, office: Office) -> None:
    corrected(refused, nik=a_nik(9))
    work(refused)
    assert office.filed[-1].nik == a_nik(9)


def test_a_correction_with_the_nik_of_somebody_else_goes_to_the_office(refused: Runtime) -> None:
    a_member(refused, nik=a_nik(9), phone="+6285600000001")
    assert "terdaftar dengan nomor lain" in corrected(refused, nik=a_nik(9))
    assert (count(refused, "registrations"), count(refused, "consents")) == (1, 0)


def test_a_correction_that_is_sent_twice_is_filed_once(refused: Runtime) -> None:
    for _ in range(2):
        corrected(refused)
    assert count(refused, "registrations") == 2


def test_money_of_a_refused_person_buys_their_months_once_they_are_accepted(desk: Runtime, office: Office) -> None:
    with desk.db.connect() as connection:
        member = members.by_id(connection, 1)
    a_pay_code(desk, member)
    with desk.db.begin() as connection:
        payments.post(desk, connection, PaymentStatus("SRT-1", "settled", PRICE))
    office.filing = Filing("refused", reason="name_differs")
    enrolment.file(desk, 1)
    assert (count(desk, "contribution_months"), count(desk, "refunds")) == (0, 1)
    office.filing = ACCEPTED
    corrected(desk)
    work(desk)
    assert rows(desk, "SELECT month, state, order_id FROM contribution_months") == [
        {"month": NOVEMBER, "state": "confirmed", "order_id": "SRT-1"}
    ]
    assert rows(desk, "SELECT state FROM refunds") == [{"state": "rejected"}]


def enrolled_again(rt: Runtime, phone: str = PHONE) -> Outcome:
    """The same NIK is enrolled once more, from a phone."""
    dialogue = Dialogue("d2", "main", 1, "id", screen="register_consent")
    caller = Caller(phone, "at:s2", "ussd", dialogue, "Setuju?", date(2026, 11, 22), publishing.newest(rt))
    rates = publishing.rates(rt, caller.documents)
    with rt.db.begin() as connection:
        outcome, _ = enrolment.register(
            rt,
            connection,
            caller,
            nik=NIK,
            birth_date="1988-08-05",
            name="Siti Baru",
            sector="household",
            workplace="Bekasi",
            package="jkk_jkm",
            wage=1_000_000,
            months=1,
            total=PRICE,
            rates=f"{rates.version}:2026-11",
        )
    return outcome


def test_a_refused_person_who_enrols_again_corrects_what_they_told(refused: Runtime) -> None:
    assert enrolled_again(refused) == Outcome("accepted")
    assert rows(refused, "SELECT name FROM members") == [{"name": "Siti Baru"}]
    assert (count(refused, "registrations"), count(refused, "pay_codes")) == (2, 1)


def test_a_refused_nik_from_another_phone_is_for_the_office(refused: Runtime) -> None:
    assert enrolled_again(refused, "+6285600000001") == Outcome("elsewhere")


def test_who_enrols_again_pays_nothing_that_is_already_kept_for_them(refused: Runtime) -> None:
    with refused.db.begin() as connection:
        books.post(connection, ledger.settlement("SRT-9", Payer(1), PRICE), refused.clock())
    assert enrolled_again(refused) == Outcome("accepted")
    assert count(refused, "pay_codes") == 0


def test_who_had_left_is_back_when_they_enrol_again(desk: Runtime) -> None:
    enrolment.file(desk, 1)
    execute(desk, "UPDATE members SET state = 'left'")
    assert enrolled_again(desk) == Outcome("accepted")
    assert rows(desk, "SELECT state, name, member_number FROM members") == [
        {"state": "here", "name": NAME, "member_number": "21234567890"}
    ]
    assert (count(desk, "registrations"), count(desk, "consents")) == (1, 1)


def test_a_registration_that_waited_while_somebody_had_left_goes_on(desk: Runtime) -> None:
    execute(desk, "UPDATE members SET state = 'left'")
    enrolment.file(desk, 1)
    enrolled_again(desk)
    enrolment.sweep(desk)
    work(desk)
    assert state(desk) == "confirmed"
