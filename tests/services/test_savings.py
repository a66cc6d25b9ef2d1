"""Small sums become a month: any sum any number of times, progress told, returned on demand; only where it is on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import PHONE, a_registered_member, count, rows, shipped, typed
from tests.conftest import clock_of
from tests.fakes.gateways import Till
from tests.work import work
from ussd_app.errors import NotAllowedNow
from ussd_app.gateways.console import ConsoleTill
from ussd_app.runtime import Runtime
from ussd_app.services import payments, publishing, reconciliation, savings
from ussd_app.storage import ledger as books
from ussd_app.storage import members
from workers import runtime as worker_runtime

TO_SAVINGS = ("1", "5")
SEND_NUMBER, GIVE_BACK, YES = "1", "2", "1"


@pytest.fixture
def bank(rt: Runtime) -> Runtime:
    """A runtime, and workers, where savings are on; the console's till takes any amount."""
    bank = replace(rt, settings=rt.settings.model_copy(update={"savings": True}))
    worker_runtime.use(bank)
    return bank


@pytest.fixture
def shop(bank: Runtime) -> Runtime:
    """The same with a company whose codes have one amount."""
    shop = replace(bank, payment=Till())
    worker_runtime.use(shop)
    return shop


def pay_in(rt: Runtime, amount: int) -> None:
    """Somebody pays into the open code at the till, and every job is done."""
    (code,) = rows(rt, "SELECT code FROM pay_codes WHERE state = 'open' AND kind = 'deposit'")
    assert isinstance(rt.payment, ConsoleTill)
    payments.receive(rt, rt.payment.pay(code["code"], amount))
    work(rt)


def newest_text(rt: Runtime) -> str:
    return str(rows(rt, "SELECT text FROM outbox ORDER BY id DESC LIMIT 1")[0]["text"])


def balances(rt: Runtime) -> dict[str, int]:
    with rt.db.connect() as connection:
        return books.balances(connection)


def saver(rt: Runtime) -> None:
    """A member with an open code that takes any sum."""
    a_registered_member(rt)
    typed(rt, *TO_SAVINGS, SEND_NUMBER)
    work(rt)


# ---- off ----


def test_where_savings_are_off_no_screen_shows_them(rt: Runtime) -> None:
    a_registered_member(rt)
    assert "Celengan" not in typed(rt, "1").text


def test_where_savings_are_off_no_cash_is_taken(rt: Runtime) -> None:
    member = a_registered_member(rt)
    with pytest.raises(NotAllowedNow, match="off"):
        savings.deposit_cash(rt, member.id, 1_000, "A-1", "collector")


# ---- any sum, any number of times ----


def test_the_menu_shows_how_far_the_savings_are(bank: Runtime) -> None:
    a_registered_member(bank)
    assert "Celengan: Rp0 dari Rp8.400 untuk Nov 2026" in typed(bank, *TO_SAVINGS).text


def test_a_number_takes_a_thousand_a_day_until_the_month_is_paid(bank: Runtime) -> None:
    saver(bank)
    for _ in range(8):
        pay_in(bank, 1_000)
    assert newest_text(bank).startswith("Celengan: Rp8.000 dari Rp8.400 untuk Nov 2026. Setoran Rp1.000 diterima")
    pay_in(bank, 1_000)
    assert "Rp8.400 Nov 2026 diterima" in newest_text(bank)
    assert "Rp600 jadi saldo" in newest_text(bank)
    # The job that follows has handed the month over already.
    assert balances(bank) == {"settlement": 9_000, "member_credit": -600, "contributions_owed": 0, "remitted": -8_400}


def test_the_same_number_takes_a_whole_months_price_at_once(bank: Runtime) -> None:
    saver(bank)
    pay_in(bank, 8_400)
    assert "Rp8.400 Nov 2026 diterima" in newest_text(bank)
    assert rows(bank, "SELECT state FROM pay_codes") == [{"state": "open"}]


def test_every_text_about_savings_fits_one_sms(bank: Runtime) -> None:
    saver(bank)
    pay_in(bank, 1_000)
    assert {row["segments"] for row in rows(bank, "SELECT segments FROM outbox")} == {1}


def test_the_number_lives_for_half_a_year(bank: Runtime) -> None:
    saver(bank)
    (code,) = rows(bank, "SELECT expires_at FROM pay_codes")
    assert (code["expires_at"] - bank.clock()).days == 180


def test_asking_again_shows_the_number_there_is(bank: Runtime) -> None:
    saver(bank)
    (code,) = rows(bank, "SELECT code FROM pay_codes")
    assert f"nomor {code['code']}, Indomaret" in typed(bank, *TO_SAVINGS, session="at:s2").text


def test_a_deposit_whose_notification_was_lost_is_found(bank: Runtime) -> None:
    saver(bank)
    (code,) = rows(bank, "SELECT code FROM pay_codes")
    assert isinstance(bank.payment, ConsoleTill)
    for amount in (1_000, 2_000):
        bank.payment.pay(code["code"], amount)
    pay_in(bank, 3_000)
    clock_of(bank).forward(hours=2)
    reconciliation.run(bank)
    assert balances(bank)["member_credit"] == -6_000


# ---- a code for one sum ----


def test_where_a_code_has_one_amount_the_member_chooses_it_and_sees_the_fee(shop: Runtime) -> None:
    a_registered_member(shop)
    assert "Setor Rp5.000 di Indomaret, biaya Rp0: bayar Rp5.000" in typed(shop, *TO_SAVINGS, "1", "5000").text


def test_such_a_deposit_is_a_code_of_that_sum(shop: Runtime) -> None:
    a_registered_member(shop)
    typed(shop, *TO_SAVINGS, "1", "5000", "1")
    work(shop)
    assert rows(shop, "SELECT kind, total, state FROM pay_codes") == [
        {"kind": "deposit", "total": 5_000, "state": "open"}
    ]
    assert "setor Rp5.000 (biaya Rp0)" in newest_text(shop)


def test_another_sum_takes_the_place_of_the_code_nobody_has_used(shop: Runtime) -> None:
    a_registered_member(shop)
    typed(shop, *TO_SAVINGS, "1", "5000", "1", session="at:a")
    work(shop)
    typed(shop, *TO_SAVINGS, "1", "6000", "1", session="at:b")
    assert [(row["total"], row["state"]) for row in rows(shop, "SELECT total, state FROM pay_codes ORDER BY id")] == [
        (5_000, "expired"),
        (6_000, "requested"),
    ]


def test_a_sum_the_place_does_not_take_is_explained_and_others_offered(shop: Runtime) -> None:
    a_registered_member(shop)
    with shop.db.begin() as connection:
        members.keep_channel(connection, PHONE, "alfamart", shop.clock())
    screen = typed(shop, *TO_SAVINGS, "1", "5000").text
    assert "Alfamart menerima mulai Rp10.000" in screen
    assert "Indomaret Rp5.000" in screen


def test_the_payers_fee_is_shown_before_a_deposit(shop: Runtime) -> None:
    text = shipped("channels").replace("fee_from: operator", "fee_from: payer")
    publishing.publish(shop, "channels", {"channels.yaml": text}, by="test")
    costly = replace(shop, payment=Till(keeps_fees=True))
    a_registered_member(costly)
    assert "biaya Rp5.000: bayar Rp10.000" in typed(costly, *TO_SAVINGS, "1", "5000").text


# ---- back ----


def test_savings_go_back_on_demand(bank: Runtime) -> None:
    saver(bank)
    pay_in(bank, 3_000)
    assert "Rp3.000 akan dikembalikan" in typed(bank, *TO_SAVINGS, "1", YES, session="at:s2").text
    assert rows(bank, "SELECT amount, state FROM refunds") == [{"amount": 3_000, "state": "requested"}]
    assert [row["kind"] for row in rows(bank, "SELECT kind FROM follow_ups")] == ["savings_back"]


def test_who_wants_savings_back_has_no_open_number_any_more(bank: Runtime) -> None:
    saver(bank)
    pay_in(bank, 3_000)
    typed(bank, *TO_SAVINGS, "1", YES, session="at:s2")
    assert rows(bank, "SELECT state FROM pay_codes") == [{"state": "expired"}]


def test_where_nothing_is_saved_nothing_goes_back(bank: Runtime) -> None:
    a_registered_member(bank)
    assert "Belum ada uang" in typed(bank, *TO_SAVINGS, GIVE_BACK, YES).text
    assert count(bank, "refunds") == 0


# ---- a collector in the field ----


def test_a_collectors_cash_is_saved_and_told(bank: Runtime) -> None:
    member = a_registered_member(bank)
    assert savings.deposit_cash(bank, member.id, 6_000, "A-1", "collector")
    assert newest_text(bank).startswith("Celengan: Rp6.000 dari Rp8.400")
    assert balances(bank) == {"settlement": 6_000, "member_credit": -6_000}


def test_the_same_slip_counts_once(bank: Runtime) -> None:
    member = a_registered_member(bank)
    entered = [savings.deposit_cash(bank, member.id, 6_000, "A-1", "collector") for _ in range(2)]
    assert (entered, balances(bank)["settlement"]) == ([True, False], 6_000)


def test_a_slip_entered_with_another_amount_is_refused(bank: Runtime) -> None:
    member = a_registered_member(bank)
    savings.deposit_cash(bank, member.id, 6_000, "A-1", "collector")
    with pytest.raises(NotAllowedNow, match="A-1"):
        savings.deposit_cash(bank, member.id, 7_000, "A-1", "collector")


@pytest.mark.parametrize(("amount", "reference"), [(0, "A-1"), (-5, "A-1"), (1_000, ""), (1_000, "a slip of paper")])
def test_a_deposit_without_amount_or_reference_is_refused(bank: Runtime, amount: int, reference: str) -> None:
    member = a_registered_member(bank)
    with pytest.raises(NotAllowedNow):
        savings.deposit_cash(bank, member.id, amount, reference, "collector")
