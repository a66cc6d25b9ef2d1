"""Money on the desk: two people give it back, somebody finds its owner, and the books are looked at."""

from __future__ import annotations

import pytest

from tests.builders import PHONE, a_paid_member, a_registered_member, execute, rows
from tests.office import Desk, noted, signed_in
from tests.work import work
from ussd_app.domain import ledger
from ussd_app.runtime import Runtime
from ussd_app.services import rights
from ussd_app.storage import ledger as books
from ussd_app.storage import members


@pytest.fixture
def refund(rt: Runtime) -> str:
    """Somebody who has paid leaves: the page of their refund."""
    member = a_paid_member(rt)
    with rt.db.begin() as connection:
        rights.leave(rt, connection, member.id, "office", "folder 1")
    return "/refunds/1"


def approve(desk: Desk, page: str, amount: int = 8_400) -> str:
    """Approve a refund of the sum that was shown; what the page says then."""
    desk.post(f"{page}/approve", {"amount": amount}, on=page)
    return desk.get(page).text


def state(rt: Runtime) -> str:
    """The refund's state."""
    return str(rows(rt, "SELECT state FROM refunds")[0]["state"])


def test_two_people_approve_and_finance_pays_out_with_the_banks_reference(rt: Runtime, refund: str) -> None:
    first, second = signed_in(rt, "finance"), signed_in(rt, "owner")
    approve(first, refund)
    assert state(rt) == "requested"
    approve(second, refund)
    assert state(rt) == "approved"
    first.post(f"{refund}/paid", {"reference": "BNI-77"}, on=refund)
    assert (state(rt), "BNI-77" in first.get(refund).text) == ("paid", True)
    assert noted(rt, "refund.approved") == ["finance@kantor.id: refund 1", "owner@kantor.id: refund 1"]
    change = rows(
        rt, "SELECT before ->> 'state' AS was, after ->> 'state' AS now FROM audit_log WHERE kind = 'refund.paid'"
    )
    assert change == [{"was": "approved", "now": "paid"}]


def test_nobody_approves_twice_and_the_button_is_not_offered(rt: Runtime, refund: str) -> None:
    desk = signed_in(rt, "finance")
    page = approve(desk, refund)
    assert "Setujui Rp" not in page
    assert "Dua orang lain harus menyetujui" in approve(desk, refund)
    assert state(rt) == "requested"


def test_a_sum_that_was_not_shown_is_not_approved(rt: Runtime, refund: str) -> None:
    desk = signed_in(rt, "finance")
    assert "Jumlahnya sudah berubah" in approve(desk, refund, amount=1)
    assert rows(rt, "SELECT first_approver FROM refunds") == [{"first_approver": None}]


def test_a_refund_that_nobody_approved_is_not_paid_out(rt: Runtime, refund: str) -> None:
    desk = signed_in(rt, "finance")
    desk.post(f"{refund}/paid", {"reference": "BNI-77"}, on=refund)
    assert state(rt) == "requested"


def test_a_rejection_asks_first_and_happens_by_form_alone(rt: Runtime, refund: str) -> None:
    desk = signed_in(rt, "finance")
    assert "Tolak pengembalian 1?" in desk.get(f"{refund}/reject").text
    assert state(rt) == "requested"
    desk.post(f"{refund}/reject", on=f"{refund}/reject")
    assert state(rt) == "rejected"
    assert noted(rt, "refund.rejected") == ["finance@kantor.id: refund 1"]


def test_whoever_may_not_decide_sees_the_refund_without_buttons(rt: Runtime, refund: str) -> None:
    page = signed_in(rt, "operator").get(refund).text
    assert ("Rp8.400" in page, "Setujui Rp" in page, "Tolak" in page) == (True, False, False)


def test_the_first_page_counts_what_waits_for_this_person(rt: Runtime, refund: str) -> None:
    first, second = signed_in(rt, "finance"), signed_in(rt, "owner")
    approve(first, refund)

    def waits(desk: Desk) -> str:
        return desk.get("/").text.split('/admin/refunds">Pengembalian dana</a></h2>')[1].split("</p>")[0].strip()

    assert (waits(first), waits(second)) == ('<p class="figure">0', '<p class="figure">1')


@pytest.fixture
def strange(rt: Runtime) -> str:
    """Money has come for an order nobody knows: its page."""
    with rt.db.begin() as connection:
        books.post(connection, ledger.unplaced("SRT-STRANGE", 8_400), rt.clock())
        members.add_follow_up(connection, "unmatched_payment", "", "SRT-STRANGE", rt.clock())
    return "/unmatched/SRT-STRANGE"


def test_money_finds_its_owner_by_phone_and_buys_a_month(rt: Runtime, strange: str) -> None:
    a_registered_member(rt)
    desk = signed_in(rt, "finance")
    assert 'value="member:1"' in desk.post(strange, {"phone": "0812-3456-7890"}, on=strange).text
    desk.post(f"{strange}/assign", {"phone": PHONE, "payer": "member:1"}, on=strange)
    assert rows(rt, "SELECT amount FROM contribution_months") == [{"amount": 8_400}]
    assert noted(rt, "money.assigned") == ["finance@kantor.id: SRT-STRANGE"]
    assert "Semua pembayaran sudah dikenal" in desk.get("/unmatched").text


@pytest.mark.parametrize(("role", "leads"), [("finance", True), ("operator", False), ("viewer", False)])
def test_a_follow_up_leads_to_unmatched_money_for_whoever_may_assign_it(
    rt: Runtime, strange: str, role: str, leads: bool
) -> None:
    assert (f'href="/admin{strange}"' in signed_in(rt, role).get("/follow-ups").text) == leads


@pytest.mark.parametrize("payer", ["member:2", "sponsor:1", "member:x", "", "member:999999999999999999999"])
def test_money_goes_to_nobody_who_was_not_offered(rt: Runtime, strange: str, payer: str) -> None:
    a_registered_member(rt)
    a_registered_member(rt, phone="+6281277777777", nik="3174054508880004", member_number="31234567890")
    desk = signed_in(rt, "finance")
    response = desk.post(f"{strange}/assign", {"phone": PHONE, "payer": payer}, on=strange)
    assert (response.status_code, rows(rt, "SELECT * FROM contribution_months")) == (422, [])


def test_an_order_that_waits_for_nobody_has_no_page(rt: Runtime) -> None:
    assert signed_in(rt, "finance").get("/unmatched/SRT-1").status_code == 404


def test_the_books_are_shown_with_their_sum_and_their_faults(rt: Runtime) -> None:
    a_paid_member(rt)
    desk = signed_in(rt, "finance")
    assert 'data-going="yes"' in desk.get("/books").text
    work(rt)
    assert "Pembukuan seimbang" in desk.get("/books/going").text
    execute(rt, "UPDATE contribution_months SET amount = amount + 1")
    desk.post("/books", on="/books")
    work(rt)
    assert "Pembukuan tidak cocok" in desk.get("/books").text


def test_each_day_says_whether_codes_and_books_agree(rt: Runtime) -> None:
    a_paid_member(rt)
    desk = signed_in(rt, "finance")
    desk.get("/books")
    work(rt)
    assert "✓ cocok" in desk.get("/books").text
    execute(rt, "UPDATE pay_codes SET total = total + 100")
    desk.post("/books", on="/books")
    work(rt)
    assert "selisih -Rp100" in desk.get("/books").text
