"""A transaction is in the books once, whoever posts it again."""

from __future__ import annotations

from tests.builders import NOVEMBER, PRICE, a_member, rows
from ussd_app.domain import ledger
from ussd_app.runtime import Runtime
from ussd_app.storage import ledger as books


def test_a_transaction_with_a_known_key_is_not_posted_again(rt: Runtime) -> None:
    paid = ledger.payment("SRT-1", a_member(rt).id, PRICE, {NOVEMBER: PRICE})
    with rt.db.begin() as connection:
        assert [books.post(connection, paid, rt.clock()) for _ in range(2)] == [True, False]
        assert books.balances(connection)["settlement"] == PRICE


def test_every_entry_tells_whose_it_is_and_of_which_month(rt: Runtime) -> None:
    member = a_member(rt)
    with rt.db.begin() as connection:
        books.post(connection, ledger.payment("SRT-1", member.id, PRICE, {NOVEMBER: PRICE}), rt.clock())
    found = rows(rt, "SELECT account, amount, member_id, month FROM ledger_entries ORDER BY id")
    assert [tuple(row.values()) for row in found] == [
        ("settlement", PRICE, member.id, None),
        ("member_credit", -PRICE, member.id, None),
        ("member_credit", PRICE, member.id, NOVEMBER),
        ("contributions_owed", -PRICE, member.id, NOVEMBER),
    ]


def test_empty_books_have_no_balance(rt: Runtime) -> None:
    with rt.db.connect() as connection:
        assert books.balances(connection) == {}
