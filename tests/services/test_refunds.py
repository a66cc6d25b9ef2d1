"""Money goes back: taken by the payment company, or asked for here, approved by two and paid out at the bank."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest

from tests.builders import (
    NOVEMBER,
    PRICE,
    a_basket,
    a_notification,
    a_pay_code,
    a_registered_member,
    execute,
    rows,
    some_members,
)
from tests.fakes.gateways import Till
from ussd_app.domain.ledger import Payer
from ussd_app.errors import NotAllowedNow
from ussd_app.gateways.payment import State, TakenBack
from ussd_app.runtime import Runtime
from ussd_app.services import books as book_keeping
from ussd_app.services import handoff, payments, refunds
from ussd_app.storage import ledger as books
from ussd_app.storage.members import Member

DECEMBER, JANUARY = date(2026, 12, 1), date(2027, 1, 1)
ANI, BUDI, CITRA = "ani@example.org", "budi@example.org", "citra@example.org"


@pytest.fixture
def till() -> Till:
    """The payment company: it says of every order that it is paid, with November's price."""
    return Till(amount=PRICE)


@pytest.fixture
def shop(rt: Runtime, till: Till) -> Runtime:
    """A runtime with the tests' till."""
    return replace(rt, payment=till)


@pytest.fixture
def siti(shop: Runtime) -> Member:
    """A member who has a code for November."""
    member = a_registered_member(shop)
    a_pay_code(shop, member)
    return member


def balances(rt: Runtime) -> dict[str, int]:
    with rt.db.connect() as connection:
        found = books.balances(connection)
    assert book_keeping.check(rt) == []
    return {account: amount for account, amount in found.items() if amount}


def paid_months(rt: Runtime) -> list[date]:
    return [row["month"] for row in rows(rt, "SELECT month FROM contribution_months ORDER BY month, member_id")]


def heard(rt: Runtime, order_id: str = "SRT-1", **fields: object) -> None:
    """A notification comes and is looked into."""
    payments.look_into(rt, a_notification(rt, order_id, **fields))


def goes_back(till: Till, *amounts: int, state: State = "refunded") -> None:
    """The company has paid so much back, one time after another."""
    till.state = state
    till.taken_back = tuple(TakenBack(f"r{number}", amount) for number, amount in enumerate(amounts, 1))


# ---- taken back by the company ----


@pytest.mark.parametrize("state", ["refunded", "charged_back"])
def test_a_payment_that_went_back_pays_no_month_any_more(shop: Runtime, siti: Member, till: Till, state: State) -> None:
    heard(shop)
    goes_back(till, PRICE, state=state)
    heard(shop, again=1)
    assert (paid_months(shop), balances(shop)) == ([], {})


def test_a_refund_heard_of_before_the_payment_comes_out_the_same(shop: Runtime, siti: Member, till: Till) -> None:
    goes_back(till, PRICE)
    heard(shop)
    assert (paid_months(shop), balances(shop)) == ([], {})


def test_a_refund_heard_of_twice_is_one(shop: Runtime, siti: Member, till: Till) -> None:
    goes_back(till, 3_000)
    for number in range(3):
        heard(shop, number=number)
    assert balances(shop) == {"settlement": PRICE - 3_000, "member_credit": 3_000 - PRICE}


def test_finance_hears_of_money_that_went_back(shop: Runtime, siti: Member, till: Till) -> None:
    goes_back(till, 3_000)
    heard(shop)
    assert rows(shop, "SELECT kind, detail FROM follow_ups") == [
        {"kind": "taken_back", "detail": "SRT-1: Rp3000 went back, of which Rp0 is lost"}
    ]


def test_a_partial_refund_takes_the_latest_month_and_leaves_the_rest_as_credit(
    shop: Runtime, siti: Member, till: Till
) -> None:
    till.amount = 2 * PRICE
    heard(shop)
    goes_back(till, 3_000)
    heard(shop, again=1)
    assert paid_months(shop) == [NOVEMBER]
    assert balances(shop)["member_credit"] == 3_000 - PRICE


def test_two_partial_refunds_take_what_each_says(shop: Runtime, siti: Member, till: Till) -> None:
    till.amount = 2 * PRICE
    heard(shop)
    goes_back(till, 3_000, 5_400)
    heard(shop, again=1)
    assert (paid_months(shop), balances(shop)["settlement"]) == ([NOVEMBER], PRICE)


def test_a_refund_comes_from_credit_before_it_takes_a_month(shop: Runtime, siti: Member, till: Till) -> None:
    till.amount = PRICE + 3_000
    heard(shop)
    goes_back(till, 3_000)
    heard(shop, again=1)
    assert paid_months(shop) == [NOVEMBER]


def test_a_refund_of_a_part_payment_takes_the_month_it_helped_to_buy(shop: Runtime, siti: Member, till: Till) -> None:
    till.amount = 5_000
    heard(shop)
    a_pay_code(shop, siti, order_id="SRT-2")
    heard(shop, "SRT-2")
    goes_back(till, 5_000)
    heard(shop, again=1)
    assert (paid_months(shop), balances(shop)["member_credit"]) == ([], -5_000)


def test_what_went_back_after_the_institution_had_it_is_our_loss(shop: Runtime, siti: Member, till: Till) -> None:
    heard(shop)
    handoff.hand_over(shop)
    goes_back(till, PRICE, state="charged_back")
    heard(shop, again=1)
    assert paid_months(shop) == [NOVEMBER]
    assert balances(shop) == {"losses": PRICE, "remitted": -PRICE}
    assert rows(shop, "SELECT detail FROM follow_ups")[-1]["detail"].endswith("of which Rp8400 is lost")


def test_only_the_part_the_institution_has_is_lost(shop: Runtime, siti: Member, till: Till) -> None:
    heard(shop)
    handoff.hand_over(shop)
    a_pay_code(shop, siti, months=[DECEMBER], order_id="SRT-2")
    heard(shop, "SRT-2")
    till.amount = 2 * PRICE
    goes_back(till, PRICE + 1_000)
    heard(shop, "SRT-2", again=1)
    assert (paid_months(shop), balances(shop)["losses"]) == ([NOVEMBER], 1_000)


def test_a_refund_of_money_nobody_could_place_comes_from_where_it_waits(shop: Runtime, till: Till) -> None:
    goes_back(till, PRICE)
    heard(shop, "SRT-STRANGE")
    assert balances(shop) == {}


def test_a_refund_of_money_that_was_assigned_comes_from_whom_it_was_assigned_to(
    shop: Runtime, siti: Member, till: Till
) -> None:
    heard(shop, "SRT-STRANGE")
    payments.assign(shop, "SRT-STRANGE", Payer(siti.id))
    goes_back(till, PRICE)
    heard(shop, "SRT-STRANGE", again=1)
    assert (paid_months(shop), balances(shop)) == ([], {})


def test_a_refund_of_a_basket_takes_the_latest_months_of_that_basket(shop: Runtime, till: Till) -> None:
    people = some_members(shop, 3)
    a_basket(shop, people, months=(NOVEMBER, DECEMBER))
    till.amount = 6 * PRICE
    heard(shop, "SRT-B")
    goes_back(till, 2 * PRICE)
    heard(shop, "SRT-B", again=1)
    assert paid_months(shop) == [NOVEMBER, NOVEMBER, NOVEMBER, DECEMBER]
    assert balances(shop) == {"settlement": 4 * PRICE, "contributions_owed": -4 * PRICE}


def test_a_refund_of_a_basket_leaves_the_people_of_another_basket_alone(shop: Runtime, till: Till) -> None:
    first, *others = some_members(shop, 3)
    a_basket(shop, [first], order_id="SRT-1")
    a_basket(shop, others, months=[DECEMBER], order_id="SRT-2")
    heard(shop, "SRT-1")
    till.amount = 2 * PRICE
    heard(shop, "SRT-2")
    till.amount = PRICE
    goes_back(till, PRICE)
    heard(shop, "SRT-1", again=1)
    assert paid_months(shop) == [DECEMBER, DECEMBER]


# ---- asked for here ----


@pytest.fixture
def refused(shop: Runtime, siti: Member) -> Runtime:
    """Siti has paid, and then the institution refused her."""
    heard(shop)
    execute(shop, "UPDATE registrations SET state = 'refused'")
    with shop.db.begin() as connection:
        refunds.after_refusal(shop, connection, siti.id)
    return shop


def state(rt: Runtime) -> str:
    (row,) = rows(rt, "SELECT state FROM refunds")
    return str(row["state"])


def the_refund(rt: Runtime) -> int:
    return int(rows(rt, "SELECT max(id) AS id FROM refunds")[0]["id"])


def test_what_a_refused_member_has_paid_is_asked_back(refused: Runtime) -> None:
    assert (paid_months(refused), state(refused)) == ([], "requested")
    assert balances(refused) == {"settlement": PRICE, "member_credit": -PRICE}


def test_what_the_institution_has_already_is_not_asked_back(shop: Runtime, siti: Member) -> None:
    heard(shop)
    handoff.hand_over(shop)
    with shop.db.begin() as connection:
        refunds.after_refusal(shop, connection, siti.id)
    assert (paid_months(shop), rows(shop, "SELECT * FROM refunds")) == ([NOVEMBER], [])


def test_one_person_alone_approves_nothing(refused: Runtime) -> None:
    refunds.approve(refused, the_refund(refused), ANI)
    assert (state(refused), balances(refused)["member_credit"]) == ("requested", -PRICE)


@pytest.mark.parametrize("again", [ANI, f" {ANI.upper()} "])
def test_the_same_person_does_not_approve_twice(refused: Runtime, again: str) -> None:
    refunds.approve(refused, the_refund(refused), ANI)
    with pytest.raises(NotAllowedNow, match="two other people"):
        refunds.approve(refused, the_refund(refused), again)


def test_whoever_asked_for_a_refund_does_not_approve_it(shop: Runtime, siti: Member, till: Till) -> None:
    till.amount = 5_000
    heard(shop)
    with shop.db.begin() as connection:
        refunds.request(shop, connection, Payer(siti.id), "savings", by=ANI)
    with pytest.raises(NotAllowedNow, match="two other people"):
        refunds.approve(shop, the_refund(shop), ANI)


def test_a_second_person_sets_the_money_aside(refused: Runtime) -> None:
    for by in (ANI, BUDI):
        refunds.approve(refused, the_refund(refused), by)
    assert state(refused) == "approved"
    assert balances(refused) == {"settlement": PRICE, "refunds_owed": -PRICE}


def test_two_people_who_approve_at_once_set_it_aside_once(refused: Runtime) -> None:
    number = the_refund(refused)

    def approve(by: str) -> None:
        with suppress(NotAllowedNow):
            refunds.approve(refused, number, by)

    with ThreadPoolExecutor(4) as people:
        list(people.map(approve, [ANI, BUDI, ANI, BUDI]))
    assert (state(refused), balances(refused)["refunds_owed"]) == ("approved", -PRICE)


def test_a_refund_leaves_the_house_with_the_banks_reference(refused: Runtime) -> None:
    for by in (ANI, BUDI):
        refunds.approve(refused, the_refund(refused), by)
    refunds.paid_out(refused, the_refund(refused), CITRA, "TRF-1")
    assert balances(refused) == {}
    assert rows(refused, "SELECT state, bank_reference, paid_by FROM refunds") == [
        {"state": "paid", "bank_reference": "TRF-1", "paid_by": CITRA}
    ]


def test_a_refund_is_paid_out_once(refused: Runtime) -> None:
    for by in (ANI, BUDI):
        refunds.approve(refused, the_refund(refused), by)
    refunds.paid_out(refused, the_refund(refused), CITRA, "TRF-1")
    with pytest.raises(NotAllowedNow, match="is paid, not approved"):
        refunds.paid_out(refused, the_refund(refused), CITRA, "TRF-2")


def test_nothing_is_paid_out_without_a_reference_or_an_approval(refused: Runtime) -> None:
    with pytest.raises(NotAllowedNow, match="reference"):
        refunds.paid_out(refused, the_refund(refused), CITRA, " ")
    with pytest.raises(NotAllowedNow, match="is requested, not approved"):
        refunds.paid_out(refused, the_refund(refused), CITRA, "TRF-1")


def test_a_refund_that_does_not_exist_is_decided_by_nobody(shop: Runtime) -> None:
    with pytest.raises(NotAllowedNow, match="there is no refund 99"):
        refunds.approve(shop, 99, ANI)


def test_a_rejected_refund_stays_the_members_credit(refused: Runtime) -> None:
    refunds.reject(refused, the_refund(refused), ANI)
    assert (state(refused), balances(refused)["member_credit"]) == ("rejected", -PRICE)


def test_credit_that_was_spent_meanwhile_cannot_be_refunded(shop: Runtime, siti: Member, till: Till) -> None:
    till.amount = 5_000
    heard(shop)
    with shop.db.begin() as connection:
        refunds.request(shop, connection, Payer(siti.id), "savings")
    refunds.approve(shop, the_refund(shop), ANI)
    a_pay_code(shop, siti, order_id="SRT-2")
    till.amount = 3_400
    heard(shop, "SRT-2")
    with pytest.raises(NotAllowedNow, match="spent since"):
        refunds.approve(shop, the_refund(shop), BUDI)


def test_more_money_of_a_refused_member_makes_it_one_refund_to_be_approved_anew(refused: Runtime, siti: Member) -> None:
    refunds.approve(refused, the_refund(refused), ANI)
    a_pay_code(refused, siti, order_id="SRT-2")
    heard(refused, "SRT-2")
    assert rows(refused, "SELECT amount, first_approver FROM refunds") == [
        {"amount": 2 * PRICE, "first_approver": None}
    ]


# ---- accepted after all ----


def accept(rt: Runtime, member: Member) -> None:
    execute(rt, "UPDATE registrations SET state = 'confirmed'")
    with rt.db.begin() as connection:
        refunds.after_acceptance(rt, connection, member.id)


def test_whoever_is_accepted_after_all_is_insured_with_the_money_that_was_to_go_back(
    refused: Runtime, siti: Member
) -> None:
    accept(refused, siti)
    assert (paid_months(refused), state(refused)) == ([NOVEMBER], "rejected")
    assert balances(refused) == {"settlement": PRICE, "contributions_owed": -PRICE}


def test_whoever_is_accepted_after_all_gets_a_receipt_of_their_own(refused: Runtime, siti: Member) -> None:
    accept(refused, siti)
    texts = [row["text"] for row in rows(refused, "SELECT text FROM outbox ORDER BY id")]
    assert ["Rp8.400 Nov 2026 diterima" in text for text in texts] == [True, True]


def test_a_refund_that_two_have_approved_goes_its_way_even_so(refused: Runtime, siti: Member) -> None:
    for by in (ANI, BUDI):
        refunds.approve(refused, the_refund(refused), by)
    accept(refused, siti)
    assert (paid_months(refused), state(refused)) == ([], "approved")


def test_savings_that_a_member_wants_back_stay_asked_for(shop: Runtime, siti: Member, till: Till) -> None:
    till.amount = 5_000
    heard(shop)
    with shop.db.begin() as connection:
        refunds.request(shop, connection, Payer(siti.id), "savings")
    accept(shop, siti)
    assert state(shop) == "requested"
