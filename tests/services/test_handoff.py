"""Paid months go to the institution in batches; only what it confirms is active."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.builders import (
    NIK,
    NOVEMBER,
    PRICE,
    a_member,
    a_nik,
    a_paid_member,
    a_registration,
    count,
    execute,
    rows,
    typed,
)
from tests.conftest import clock_of
from tests.fakes.gateways import Office
from ussd_app.errors import GatewayTemporary
from ussd_app.gateways.institution import PaidMonth
from ussd_app.runtime import Runtime
from ussd_app.services import enrolment, handoff
from ussd_app.storage import ledger as books

DECEMBER = date(2026, 12, 1)


@pytest.fixture
def office() -> Office:
    """The institution."""
    return Office()


@pytest.fixture
def desk(rt: Runtime, office: Office) -> Runtime:
    """A runtime with the tests' institution; one member has paid November."""
    desk = replace(rt, institution=office)
    a_paid_member(desk)
    return desk


def states(rt: Runtime) -> list[str]:
    return [row["state"] for row in rows(rt, "SELECT state FROM contribution_months ORDER BY member_id, month")]


def test_paid_months_are_handed_over(desk: Runtime, office: Office) -> None:
    handoff.hand_over(desk)
    assert office.remitted == [("B1", [PaidMonth(NIK, NOVEMBER, PRICE)])]


def test_a_month_the_institution_confirms_is_confirmed(desk: Runtime) -> None:
    handoff.hand_over(desk)
    assert states(desk) == ["confirmed"]


def test_only_then_the_member_is_called_active(desk: Runtime) -> None:
    before = typed(desk, session="at:before").text
    handoff.hand_over(desk)
    assert ("AKTIF" in before, "AKTIF s.d. 30 Nov 2026" in typed(desk).text) == (False, True)


def test_a_month_the_institution_has_not_confirmed_is_remitted(desk: Runtime, office: Office) -> None:
    office.remitting = "waiting"
    handoff.hand_over(desk)
    assert states(desk) == ["remitted"]


def test_the_institution_is_asked_again_until_it_confirms(desk: Runtime, office: Office) -> None:
    office.remitting = "waiting"
    handoff.hand_over(desk)
    office.remitting = "confirmed"
    clock_of(desk).forward(minutes=3)
    handoff.hand_over(desk)
    assert (states(desk), [reference for reference, _ in office.remitted]) == (["confirmed"], ["B1", "B1"])


def test_a_batch_that_is_asked_about_twice_is_in_the_books_once(desk: Runtime, office: Office) -> None:
    office.remitting = "waiting"
    for _ in range(2):
        handoff.hand_over(desk)
        clock_of(desk).forward(minutes=3)
    with desk.db.connect() as connection:
        assert books.balances(connection)["remitted"] == -PRICE


def test_a_confirmed_batch_is_never_handed_over_again(desk: Runtime, office: Office) -> None:
    for _ in range(2):
        handoff.hand_over(desk)
        clock_of(desk).forward(hours=1)
    assert len(office.remitted) == 1


def test_while_the_institution_is_away_money_stays_received(desk: Runtime, office: Office) -> None:
    office.fails = GatewayTemporary("away")
    handoff.hand_over(desk)
    assert states(desk) == ["received"]


def test_a_batch_that_could_not_be_handed_over_goes_later_under_the_same_name(desk: Runtime, office: Office) -> None:
    office.fails = GatewayTemporary("away")
    handoff.hand_over(desk)
    office.fails = None
    clock_of(desk).forward(minutes=3)
    handoff.hand_over(desk)
    assert ([reference for reference, _ in office.remitted], states(desk)) == (["B1", "B1"], ["confirmed"])


def test_months_of_somebody_the_institution_has_not_accepted_wait(rt: Runtime, office: Office) -> None:
    desk = replace(rt, institution=office)
    a_paid_member(desk)
    execute(desk, "UPDATE registrations SET state = 'accepted'")
    handoff.hand_over(desk)
    assert (office.remitted, states(desk)) == ([], ["received"])


def test_months_that_waited_for_the_registration_go_once_it_is_accepted(rt: Runtime, office: Office) -> None:
    desk = replace(rt, institution=office)
    a_paid_member(desk)
    execute(desk, "UPDATE registrations SET state = 'accepted'")
    enrolment.file(desk, 1)
    handoff.hand_over(desk)
    assert states(desk) == ["confirmed"]


def test_several_members_and_months_go_in_one_batch(desk: Runtime, office: Office) -> None:
    a_paid_member(desk, nik=a_nik(7), phone="+6285600000001", member_number="2", months=(NOVEMBER, DECEMBER))
    handoff.hand_over(desk)
    ((_, months),) = office.remitted
    assert [(month.nik, month.month) for month in months] == [
        (NIK, NOVEMBER),
        (a_nik(7), NOVEMBER),
        (a_nik(7), DECEMBER),
    ]


def test_who_has_paid_nothing_is_in_no_batch(desk: Runtime) -> None:
    a_registration(desk, a_member(desk, nik=a_nik(8), phone="+6285600000001"))
    handoff.hand_over(desk)
    assert count(desk, "remittances") == 1
    assert len(states(desk)) == 1


def test_after_a_hand_over_the_books_add_up_to_zero(desk: Runtime) -> None:
    handoff.hand_over(desk)
    with desk.db.connect() as connection:
        assert books.balances(connection) == {
            "settlement": PRICE,
            "member_credit": 0,
            "contributions_owed": 0,
            "remitted": -PRICE,
        }
