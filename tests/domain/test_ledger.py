"""Not a rupiah appears or disappears."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_app.domain import calendar, ledger
from ussd_app.domain.ledger import Entry, Transaction
from ussd_app.errors import Unbalanced

NOV, DEC = date(2026, 11, 1), date(2026, 12, 1)
MONTHS = st.integers(0, 40).map(lambda n: calendar.add_months(NOV, n))
AMOUNTS = st.integers(1, 10**9)


def balance(transaction: Transaction, account: str) -> int:
    return sum(entry.amount for entry in transaction.entries if entry.account == account)


def test_a_settlement_credits_the_member() -> None:
    assert ledger.settlement("o1", 7, 16_800) == Transaction(
        "o1:settlement",
        "settlement",
        (Entry(ledger.SETTLEMENT, 16_800, 7, None), Entry(ledger.MEMBER_CREDIT, -16_800, 7, None)),
    )


def test_an_allocation_gives_credit_to_months_in_order() -> None:
    assert ledger.allocation("o1", 7, {DEC: 16_800, NOV: 8_400}) == Transaction(
        "o1:allocation",
        "allocation",
        (
            Entry(ledger.MEMBER_CREDIT, 8_400, 7, NOV),
            Entry(ledger.CONTRIBUTIONS_OWED, -8_400, 7, NOV),
            Entry(ledger.MEMBER_CREDIT, 16_800, 7, DEC),
            Entry(ledger.CONTRIBUTIONS_OWED, -16_800, 7, DEC),
        ),
    )


def test_a_payment_is_a_settlement_and_an_allocation_under_the_settlements_key() -> None:
    paid = ledger.payment("o1", 7, 10_000, {NOV: 8_400})
    assert (paid.key, paid.kind) == ("o1:settlement", "settlement")
    assert paid.entries == (
        *ledger.settlement("o1", 7, 10_000).entries,
        *ledger.allocation("o1", 7, {NOV: 8_400}).entries,
    )
    assert balance(paid, ledger.MEMBER_CREDIT) == -1_600


def test_a_payment_for_no_month_is_all_credit() -> None:
    assert ledger.payment("o1", 7, 5_000, {}) == ledger.settlement("o1", 7, 5_000)


@pytest.mark.parametrize(
    ("amount", "allocate"),
    [
        (8_399, {NOV: 8_400}),
        (16_800, {NOV: 8_400, DEC: 8_401}),
        (0, {}),
        (-1, {}),
        (10, {NOV: 0}),
        (10, {NOV: -5}),
        (10, {date(2026, 11, 2): 5}),
    ],
)
def test_a_payment_never_gives_away_what_has_not_arrived(amount: int, allocate: dict[date, int]) -> None:
    with pytest.raises(ValueError, match=r"rupiah|contribution month"):
        ledger.payment("o1", 7, amount, allocate)


def test_a_remittance_moves_each_month_from_owed_to_remitted() -> None:
    sent = ledger.remittance("b1", [(7, NOV, 8_400), (8, NOV, 28_400)])
    assert (sent.key, sent.kind) == ("b1:remittance", "remittance")
    assert sent.entries == (
        Entry(ledger.CONTRIBUTIONS_OWED, 8_400, 7, NOV),
        Entry(ledger.REMITTED, -8_400, 7, NOV),
        Entry(ledger.CONTRIBUTIONS_OWED, 28_400, 8, NOV),
        Entry(ledger.REMITTED, -28_400, 8, NOV),
    )


def test_a_batch_cannot_send_the_same_month_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        ledger.remittance("b1", [(7, NOV, 8_400), (7, NOV, 8_400)])


@pytest.mark.parametrize(
    "entries",
    [
        (),
        (Entry("a", 1, None, None),),
        (Entry("a", 1, None, None), Entry("b", -2, None, None)),
        (Entry("a", 0, None, None),),
        (Entry("a", 1, None, None), Entry("b", 0, None, None), Entry("c", -1, None, None)),
    ],
)
def test_a_transaction_that_does_not_balance_cannot_be_made(entries: tuple[Entry, ...]) -> None:
    with pytest.raises(Unbalanced, match="k1"):
        Transaction("k1", "test", entries)


@pytest.mark.parametrize("build", [lambda: ledger.remittance("b", []), lambda: ledger.allocation("o", 7, {})])
def test_a_builder_with_nothing_to_move_makes_no_transaction(build: object) -> None:
    assert callable(build)
    with pytest.raises(Unbalanced, match="no entries"):
        build()


@given(st.dictionaries(MONTHS, AMOUNTS, max_size=12), st.integers(0, 10**9))
def test_a_payment_then_its_remittance_leaves_only_the_rest_as_credit(allocate: dict[date, int], rest: int) -> None:
    total = sum(allocate.values())
    if total + rest == 0:
        return
    paid = ledger.payment("o1", 7, total + rest, allocate)
    assert sum(entry.amount for entry in paid.entries) == 0
    assert balance(paid, ledger.SETTLEMENT) == total + rest
    assert balance(paid, ledger.MEMBER_CREDIT) == -rest
    assert balance(paid, ledger.CONTRIBUTIONS_OWED) == -total
    if allocate:
        sent = ledger.remittance("b1", [(7, month, amount) for month, amount in allocate.items()])
        assert balance(paid, ledger.CONTRIBUTIONS_OWED) + balance(sent, ledger.CONTRIBUTIONS_OWED) == 0
        assert balance(sent, ledger.REMITTED) == -total


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=8))
def test_exactly_the_balanced_transactions_can_be_made(amounts: list[int]) -> None:
    entries = tuple(Entry("a", amount, None, None) for amount in amounts)
    if sum(amounts) == 0 and 0 not in amounts:
        assert Transaction("k", "test", entries).entries == entries
    else:
        with pytest.raises(Unbalanced):
            Transaction("k", "test", entries)
