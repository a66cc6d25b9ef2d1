"""Not a rupiah appears or disappears."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_app.domain import calendar, ledger
from ussd_app.domain.ledger import Entry, PaidFor, Payer, Transaction
from ussd_app.errors import Unbalanced

NOV, DEC = date(2026, 11, 1), date(2026, 12, 1)
SITI, BU_RINI = Payer(7), Payer(sponsor_id=3)
MONTHS = st.integers(0, 40).map(lambda n: calendar.add_months(NOV, n))
AMOUNTS = st.integers(1, 10**9)
PIECES = st.dictionaries(st.tuples(st.integers(1, 5), MONTHS), AMOUNTS, min_size=1, max_size=12).map(
    lambda found: [PaidFor(member, month, amount) for (member, month), amount in found.items()]
)


def balance(account: str, *transactions: Transaction) -> int:
    entries = [entry for transaction in transactions for entry in transaction.entries]
    return sum(entry.amount for entry in entries if entry.account == account)


# ---- who pays


@pytest.mark.parametrize(("member", "sponsor"), [(None, None), (7, 3)])
def test_a_payer_is_a_member_or_a_sponsor_and_never_both(member: int | None, sponsor: int | None) -> None:
    with pytest.raises(ValueError, match="either"):
        Payer(member, sponsor)


# ---- money comes in


def test_a_settlement_credits_the_member() -> None:
    assert ledger.settlement("o1", SITI, 16_800) == Transaction(
        "o1:settlement",
        "settlement",
        (Entry(ledger.SETTLEMENT, 16_800), Entry(ledger.MEMBER_CREDIT, -16_800, 7)),
        "o1",
    )


def test_a_settlement_credits_the_sponsor() -> None:
    _, credit = ledger.settlement("o1", BU_RINI, 50_400).entries
    assert credit == Entry(ledger.SPONSOR_CREDIT, -50_400, sponsor_id=3)


def test_what_a_payer_gave_towards_the_fee_is_not_their_credit() -> None:
    paid = ledger.settlement("o1", SITI, 10_900, fee=2_500)
    assert (balance(ledger.MEMBER_CREDIT, paid), balance(ledger.FEES, paid)) == (-8_400, -2_500)


def test_a_payment_smaller_than_its_fee_is_all_fee() -> None:
    paid = ledger.settlement("o1", SITI, 1_000, fee=2_500)
    assert (balance(ledger.MEMBER_CREDIT, paid), balance(ledger.FEES, paid)) == (0, -1_000)


def test_what_the_provider_keeps_against_what_payers_gave_for_it_is_what_it_costs_us() -> None:
    paid, kept = ledger.settlement("o1", SITI, 10_900, fee=2_500), ledger.provider_fee("o1", 5_000)
    assert (kept.key, balance(ledger.FEES, paid, kept), balance(ledger.SETTLEMENT, paid, kept)) == (
        "o1:fee",
        2_500,
        5_900,
    )


def test_money_nobody_can_place_waits_until_somebody_says_whose_it_is() -> None:
    waiting, found = ledger.unplaced("o1", 9_000), ledger.assigned("o1", BU_RINI, 9_000)
    assert balance(ledger.SUSPENSE, waiting) == -9_000
    assert (balance(ledger.SUSPENSE, waiting, found), balance(ledger.SPONSOR_CREDIT, found)) == (0, -9_000)


def test_an_order_settles_under_one_key_whether_it_is_ours_or_not() -> None:
    assert ledger.unplaced("o1", 5).key == ledger.settlement("o1", SITI, 5).key


# ---- and becomes months


def test_an_allocation_gives_credit_to_months_in_order() -> None:
    assert ledger.allocation("o1:2", BU_RINI, [PaidFor(8, DEC, 16_800), PaidFor(7, NOV, 8_400)], "o1") == Transaction(
        "o1:2:allocation",
        "allocation",
        (
            Entry(ledger.SPONSOR_CREDIT, 25_200, sponsor_id=3),
            Entry(ledger.CONTRIBUTIONS_OWED, -16_800, 8, DEC),
            Entry(ledger.CONTRIBUTIONS_OWED, -8_400, 7, NOV),
        ),
        "o1",
    )


def test_a_remittance_moves_each_month_from_owed_to_remitted() -> None:
    sent = ledger.remittance("b1", [PaidFor(7, NOV, 8_400), PaidFor(8, NOV, 28_400)])
    assert (sent.key, sent.kind) == ("b1:remittance", "remittance")
    assert sent.entries == (
        Entry(ledger.CONTRIBUTIONS_OWED, 8_400, 7, NOV),
        Entry(ledger.REMITTED, -8_400, 7, NOV),
        Entry(ledger.CONTRIBUTIONS_OWED, 28_400, 8, NOV),
        Entry(ledger.REMITTED, -28_400, 8, NOV),
    )


def test_a_batch_cannot_send_the_same_month_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        ledger.remittance("b1", [PaidFor(7, NOV, 8_400), PaidFor(7, NOV, 8_400)])


@pytest.mark.parametrize("piece", [PaidFor(7, NOV, 0), PaidFor(7, NOV, -5), PaidFor(7, date(2026, 11, 2), 5)])
@pytest.mark.parametrize(
    "post",
    [
        lambda paid: ledger.allocation("o1", SITI, paid),
        lambda paid: ledger.given_back("o1", SITI, paid),
        lambda paid: ledger.remittance("b1", paid),
    ],
)
def test_no_month_is_bought_or_sent_for_nothing_or_for_part_of_a_month(
    post: Callable[[list[PaidFor]], Transaction], piece: PaidFor
) -> None:
    with pytest.raises((ValueError, Unbalanced), match=r"rupiah|contribution month|no entries"):
        post([piece])


# ---- and goes back


def test_money_taken_back_comes_from_the_payers_credit() -> None:
    gone = ledger.taken_back("o1", "r1", SITI, 8_400, 0)
    assert gone.key == "o1:refund:r1"
    assert gone.entries == (Entry(ledger.MEMBER_CREDIT, 8_400, 7), Entry(ledger.SETTLEMENT, -8_400))


def test_what_the_payer_has_no_credit_for_is_our_loss() -> None:
    gone = ledger.taken_back("o1", "r1", SITI, 8_400, 5_000)
    assert (balance(ledger.MEMBER_CREDIT, gone), balance(ledger.LOSSES, gone)) == (3_400, 5_000)


def test_money_of_nobody_is_taken_back_from_where_it_waits() -> None:
    gone = ledger.taken_back("o1", "r1", None, 8_400, 0)
    assert balance(ledger.SUSPENSE, ledger.unplaced("o1", 8_400), gone) == 0


def test_money_of_a_month_that_the_institution_sends_back_undoes_its_remittance() -> None:
    piece = PaidFor(7, NOV, 8_400)
    there, back = ledger.remittance("B1", [piece]), ledger.sent_back("B1", piece, "o1")
    assert (balance(ledger.REMITTED, there, back), balance(ledger.CONTRIBUTIONS_OWED, back)) == (0, -8_400)
    assert (back.key, back.order_id) == ("B1:7-202611:sent_back", "o1")


def test_what_the_provider_had_paid_back_already_makes_up_for_the_loss() -> None:
    lost, found = ledger.taken_back("o1", "r1", SITI, 8_400, 8_400), ledger.recovered("o1:1", SITI, 8_400, "o1")
    assert (balance(ledger.LOSSES, lost, found), balance(ledger.MEMBER_CREDIT, found)) == (0, 8_400)


def test_an_approved_refund_is_set_aside_and_then_leaves_the_house() -> None:
    approved, paid = ledger.refund_approved(1, SITI, 8_400), ledger.refund_paid(1, SITI, 8_400)
    assert (balance(ledger.MEMBER_CREDIT, approved), balance(ledger.REFUNDS_OWED, approved)) == (8_400, -8_400)
    assert (balance(ledger.REFUNDS_OWED, approved, paid), balance(ledger.SETTLEMENT, paid)) == (0, -8_400)


# ---- always


@pytest.mark.parametrize(
    "entries",
    [
        (),
        (Entry("a", 1),),
        (Entry("a", 1), Entry("b", -2)),
        (Entry("a", 0),),
        (Entry("a", 1), Entry("b", 0), Entry("c", -1)),
    ],
)
def test_a_transaction_that_does_not_balance_cannot_be_made(entries: tuple[Entry, ...]) -> None:
    with pytest.raises(Unbalanced, match="k1"):
        Transaction("k1", "test", entries)


@pytest.mark.parametrize(
    "build",
    [
        lambda: ledger.remittance("b", []),
        lambda: ledger.allocation("o", SITI, []),
        lambda: ledger.given_back("o", SITI, []),
        lambda: ledger.settlement("o", SITI, 0),
    ],
)
def test_a_builder_with_nothing_to_move_makes_no_transaction(build: Callable[[], Transaction]) -> None:
    with pytest.raises(Unbalanced, match="no entries"):
        build()


@pytest.mark.parametrize(
    "build",
    [
        lambda: ledger.settlement("o", SITI, -1),
        lambda: ledger.taken_back("o", "r", SITI, 5, 6),
        lambda: ledger.refund_paid(1, SITI, -5),
    ],
)
def test_no_builder_moves_money_the_other_way(build: Callable[[], Transaction]) -> None:
    with pytest.raises(ValueError, match="cannot be moved"):
        build()


@given(PIECES, st.integers(0, 10**9), st.sampled_from([SITI, BU_RINI]))
def test_a_payment_then_its_remittance_leaves_only_the_rest_as_credit(
    pieces: list[PaidFor], rest: int, payer: Payer
) -> None:
    total = sum(piece.amount for piece in pieces)
    posted = [ledger.settlement("o1", payer, total + rest), ledger.allocation("o1", payer, pieces)]
    assert balance(payer.credit, *posted) == -rest
    assert balance(ledger.CONTRIBUTIONS_OWED, *posted) == -total
    posted.append(ledger.remittance("b1", pieces))
    assert balance(ledger.CONTRIBUTIONS_OWED, *posted) == 0
    assert balance(ledger.SETTLEMENT, *posted) + balance(ledger.REMITTED, *posted) == rest


@given(PIECES, st.sampled_from([SITI, BU_RINI]))
def test_months_given_back_undo_their_allocation_entry_by_entry(pieces: list[PaidFor], payer: Payer) -> None:
    bought, back = ledger.allocation("o1", payer, pieces), ledger.given_back("o1", payer, pieces)
    assert [entry.amount for entry in back.entries] == [-entry.amount for entry in bought.entries]


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=8))
def test_exactly_the_balanced_transactions_can_be_made(amounts: list[int]) -> None:
    entries = tuple(Entry("a", amount) for amount in amounts)
    if sum(amounts) == 0 and 0 not in amounts:
        assert Transaction("k", "test", entries).entries == entries
    else:
        with pytest.raises(Unbalanced):
            Transaction("k", "test", entries)
