"""A transaction is in the books once, whoever posts it again; the database itself holds the books to their rules."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy

from tests.builders import NOVEMBER, PRICE, a_member, a_nik, a_paid_member, execute, rows
from ussd_app.domain import ledger
from ussd_app.domain.ledger import PaidFor, Payer
from ussd_app.errors import Unbalanced
from ussd_app.runtime import Runtime
from ussd_app.storage import ledger as books


def test_a_transaction_with_a_known_key_is_not_posted_again(rt: Runtime) -> None:
    paid = ledger.settlement("SRT-1", Payer(a_member(rt).id), PRICE)
    with rt.db.begin() as connection:
        assert [books.post(connection, paid, rt.clock()) for _ in range(2)] == [True, False]
        assert books.balances(connection)["settlement"] == PRICE


def test_a_transaction_that_must_be_new_and_is_not_is_refused_aloud(rt: Runtime) -> None:
    paid = ledger.settlement("SRT-1", Payer(a_member(rt).id), PRICE)
    with rt.db.connect() as connection:
        books.post_anew(connection, paid, rt.clock())
        with pytest.raises(Unbalanced, match="SRT-1:settlement"):
            books.post_anew(connection, paid, rt.clock())


def test_every_entry_tells_whose_it_is_and_of_which_month(rt: Runtime) -> None:
    member = a_member(rt)
    payer = Payer(member.id)
    with rt.db.begin() as connection:
        books.post(connection, ledger.settlement("SRT-1", payer, PRICE), rt.clock())
        bought = [PaidFor(member.id, NOVEMBER, PRICE)]
        books.post(connection, ledger.allocation("SRT-1:1", payer, bought, "SRT-1"), rt.clock())
    found = rows(rt, "SELECT account, amount, member_id, month FROM ledger_entries ORDER BY id")
    assert [tuple(row.values()) for row in found] == [
        ("settlement", PRICE, None, None),
        ("member_credit", -PRICE, member.id, None),
        ("member_credit", PRICE, member.id, None),
        ("contributions_owed", -PRICE, member.id, NOVEMBER),
    ]


def test_a_payers_credit_is_not_anybody_elses(rt: Runtime) -> None:
    siti, wati = (Payer(a_member(rt, nik=a_nik(serial)).id) for serial in (3, 4))
    with rt.db.begin() as connection:
        books.post(connection, ledger.settlement("SRT-1", siti, PRICE), rt.clock())
        assert (books.credit(connection, siti), books.credit(connection, wati)) == (PRICE, 0)


def test_empty_books_have_no_balance(rt: Runtime) -> None:
    with rt.db.connect() as connection:
        assert books.balances(connection) == {}


def test_a_number_for_a_key_is_never_given_twice(rt: Runtime) -> None:
    with rt.db.connect() as connection:
        assert len({books.fresh_number(connection) for _ in range(5)}) == 5


# ---- waiting for one another


def test_whoever_holds_a_payer_lets_others_write_entries_that_name_them(rt: Runtime) -> None:
    payer = Payer(a_member(rt).id)
    with rt.db.begin() as holding, rt.db.begin() as writing:
        books.lock(holding, payer)
        writing.execute(sqlalchemy.text("SET LOCAL lock_timeout = '1s'"))
        assert books.post(writing, ledger.settlement("SRT-1", payer, PRICE), rt.clock())


def test_only_one_may_spend_a_payers_credit_at_a_time(rt: Runtime) -> None:
    payer = Payer(a_member(rt).id)
    with rt.db.begin() as holding, rt.db.connect() as waiting:
        books.lock(holding, payer)
        waiting.execute(sqlalchemy.text("SET LOCAL lock_timeout = '100ms'"))
        with pytest.raises(sqlalchemy.exc.OperationalError, match="lock timeout"):
            books.lock(waiting, payer)


def test_two_who_want_the_same_members_in_another_order_do_not_wait_for_one_another_for_ever(rt: Runtime) -> None:
    people = [a_member(rt, nik=a_nik(serial)).id for serial in range(3, 9)]
    failed: list[Exception] = []

    def hold(first: int, others: list[int]) -> None:
        try:
            for _ in range(20):
                with rt.db.begin() as connection:
                    books.lock(connection, Payer(first), others)
        except sqlalchemy.exc.SQLAlchemyError as error:
            failed.append(error)

    threads = [
        threading.Thread(target=hold, args=(people[0], people)),
        threading.Thread(target=hold, args=(people[-1], people[::-1])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []


# ---- what the database itself refuses


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entries SET amount = amount + 1",
        "DELETE FROM ledger_entries",
        "TRUNCATE ledger_entries",
        "UPDATE ledger_transactions SET kind = 'gift'",
        "DELETE FROM ledger_transactions",
    ],
)
def test_the_database_lets_nobody_change_the_books(rt: Runtime, statement: str) -> None:
    a_paid_member(rt)
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="append-only"):
        execute(rt, statement)


def test_the_database_refuses_a_transaction_that_does_not_balance(rt: Runtime) -> None:
    a_paid_member(rt)
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="does not balance"):
        execute(
            rt,
            "WITH t AS (INSERT INTO ledger_transactions (key, kind, at) VALUES ('k', 'gift', now()) RETURNING id) "
            "INSERT INTO ledger_entries (transaction_id, account, amount) SELECT id, 'settlement', 5 FROM t",
        )


def test_the_database_refuses_a_transaction_without_entries(rt: Runtime) -> None:
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="does not balance"):
        execute(rt, "INSERT INTO ledger_transactions (key, kind, at) VALUES ('k', 'gift', now())")


def test_the_database_refuses_a_rupiah_added_to_an_old_transaction(rt: Runtime) -> None:
    a_paid_member(rt)
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="no further entries"):
        execute(
            rt,
            "INSERT INTO ledger_entries (transaction_id, account, amount) "
            "SELECT min(id), 'settlement', 5 FROM ledger_transactions",
        )


def test_the_database_refuses_even_entries_that_balance_in_an_old_transaction(rt: Runtime) -> None:
    a_paid_member(rt)
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="no further entries"):
        execute(
            rt,
            "INSERT INTO ledger_entries (transaction_id, account, amount) "
            "SELECT min(id), unnest(ARRAY['settlement', 'losses']), unnest(ARRAY[5, -5]) FROM ledger_transactions",
        )
