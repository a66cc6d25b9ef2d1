"""The books say when they do not agree with the rest, and tell every rupiah's way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Connection, text

from tests.builders import (
    NOVEMBER,
    PRICE,
    a_basket,
    a_nik,
    a_notification,
    a_paid_member,
    a_pay_code,
    a_registered_member,
    a_sponsor,
    count,
    execute,
    rows,
    some_members,
)
from tests.fakes.gateways import Till
from tests.work import work
from ussd_app import queues
from ussd_app.__main__ import main
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import books, handoff, payments, refunds

DECEMBER = date(2026, 12, 1)


@pytest.fixture
def office(rt: Runtime) -> Runtime:
    """Books with something of everything: handed over, on its way, of a sponsor, of nobody, to be paid back."""
    shop = replace(rt, payment=Till(amount=PRICE))
    a_paid_member(shop, months=(NOVEMBER, DECEMBER))
    handoff.hand_over(shop)
    a_basket(shop, some_members(shop, 2))
    refused = a_registered_member(shop, nik=a_nik(40), phone="+6281290000040", member_number="40")
    a_pay_code(shop, refused, order_id="SRT-REFUSED")
    for order in ("SRT-B", "SRT-REFUSED", "SRT-STRANGE"):
        payments.look_into(shop, a_notification(shop, order))
    execute(shop, "UPDATE registrations SET state = 'refused' WHERE member_id = :id", id=refused.id)
    with shop.db.begin() as connection:
        refunds.after_refusal(shop, connection, refused.id)
    for by in ("ani", "budi"):
        refunds.approve(shop, int(rows(shop, "SELECT id FROM refunds")[0]["id"]), by)
    return shop


@contextmanager
def forging(rt: Runtime) -> Iterator[Connection]:
    """Somebody changes the database with all its rules switched off."""
    with rt.db.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield connection


def test_books_that_agree_have_nothing_to_say(office: Runtime) -> None:
    assert books.check(office) == []


def test_empty_books_agree(rt: Runtime) -> None:
    assert books.check(rt) == []


@pytest.mark.parametrize(
    ("forgery", "complaint"),
    [
        ("UPDATE ledger_entries SET amount = amount + 5 WHERE account = 'remitted'", "the accounts together are Rp10"),
        ("UPDATE ledger_entries SET amount = 5 WHERE account = 'suspense'", "transaction SRT-STRANGE:settlement"),
        ("DELETE FROM ledger_entries WHERE account = 'suspense'", "transaction SRT-STRANGE:settlement is off by Rp"),
        ("UPDATE contribution_months SET amount = amount + 1 WHERE state = 'received'", "2026-11-01: Rp8401 are"),
        ("DELETE FROM contribution_months WHERE state = 'received'", "Rp0 are contributions_owed, but the ledger has"),
        ("UPDATE contribution_months SET state = 'received'", "Rp8400 are contributions_owed, but the ledger has Rp0"),
        ("UPDATE contribution_months SET state = 'remitted'", "Rp8400 are remitted, but the ledger has Rp0"),
        (
            "UPDATE contribution_months SET order_id = 'SRT-X' WHERE state = 'received'",
            "payment SRT-X: its contribution",
        ),
        (
            "UPDATE ledger_entries SET member_id = NULL, account = 'sponsor_credit', sponsor_id = (SELECT max(id) FROM "
            "sponsors) WHERE account = 'member_credit'",
            "which is not who its pay code belongs to",
        ),
        (
            "UPDATE ledger_entries SET account = 'settlement' WHERE account = 'sponsor_credit' AND amount < 0",
            "sponsor {sponsor} has spent Rp8400 more than was paid",
        ),
        ("UPDATE pay_codes SET state = 'open' WHERE sponsor_id IS NOT NULL", "SRT-B is open, but a payment of it is"),
        ("UPDATE pay_codes SET order_id = order_id || 'X'", "SRT-BX is paid, but no payment of it is in the books"),
        ("UPDATE follow_ups SET done_at = now()", "SRT-STRANGE: Rp8400 wait, and nobody in the office is asked"),
        ("UPDATE refunds SET amount = amount - 1", "but Rp8400 were set aside and Rp0 paid out of Rp8399"),
        ("UPDATE refunds SET state = 'paid'", "is paid, but Rp8400 were set aside and Rp0 paid out"),
    ],
)
def test_every_kind_of_fault_is_found(office: Runtime, forgery: str, complaint: str) -> None:
    with forging(office) as connection:
        connection.execute(text(forgery))
    sponsor = rows(office, "SELECT max(id) AS id FROM sponsors")[0]["id"]
    said = "\n".join(books.check(office))
    assert complaint.format(sponsor=sponsor) in said


def test_more_taken_out_of_suspense_than_came_in_is_found(office: Runtime) -> None:
    with forging(office) as connection:
        connection.execute(
            text("UPDATE ledger_entries SET amount = -amount WHERE account IN ('suspense', 'settlement')")
        )
    assert "unmatched payment SRT-STRANGE is off by Rp8400" in "\n".join(books.check(office))


# ---- each hour ----


def test_faults_are_left_to_the_office_once_until_somebody_has_looked(office: Runtime) -> None:
    with forging(office) as connection:
        connection.execute(text("DELETE FROM contribution_months WHERE state = 'received'"))
    for _ in range(3):
        books.watch(office)
    found = rows(office, "SELECT detail FROM follow_ups WHERE kind = 'books' AND done_at IS NULL")
    assert len(found) == 1
    assert "contributions_owed" in found[0]["detail"]
    execute(office, "UPDATE follow_ups SET done_at = now() WHERE kind = 'books'")
    books.watch(office)
    assert len(rows(office, "SELECT 1 FROM follow_ups WHERE kind = 'books'")) == 2


def test_books_that_agree_are_left_to_nobody(office: Runtime) -> None:
    before = count(office, "follow_ups")
    office.queues.enqueue(queues.CHECK_BOOKS)
    work(office)
    assert count(office, "follow_ups") == before


# ---- every rupiah ----


def test_an_order_is_explained_from_its_notification_to_its_month_and_the_batch(rt: Runtime) -> None:
    shop = replace(rt, payment=Till(amount=PRICE))
    member = a_registered_member(shop)
    a_pay_code(shop, member)
    payments.look_into(shop, a_notification(shop))
    handoff.hand_over(shop)
    said = books.explain(shop, "SRT-1")
    assert said[0] == f"SRT-1: paid, Rp8,400 of member {member.id} for 1 people, 1 contribution months"
    table = [line.split() for line in said]
    assert [line[2] for line in table if line[2:] and line[-1] == "done"] == ["till"]
    posted = [(line[2].rpartition(":")[2], line[3], line[-1]) for line in table if line[-1:] and line[-1][0] in "+-"]
    assert posted == [
        ("settlement", "settlement", "+8,400"),
        ("settlement", "member_credit", "-8,400"),
        ("allocation", "member_credit", "+8,400"),
        ("allocation", "contributions_owed", "-8,400"),
        ("remittance", "contributions_owed", "+8,400"),
        ("remittance", "remitted", "-8,400"),
    ]
    assert table[-1][2:5] == ["2026-11", "8,400", "confirmed"]


def test_a_member_is_explained_by_number(office: Runtime) -> None:
    (member,) = rows(office, "SELECT member_id FROM refunds")
    said = "\n".join(books.explain(office, str(member["member_id"])))
    assert "given_back" in said
    assert "refund_approved" not in said  # that is the kind; the key says which refund
    assert ":approved" in said


@pytest.mark.parametrize("what", ["SRT-NEVER", "999999"])
def test_what_nobody_has_paid_cannot_be_explained(office: Runtime, what: str) -> None:
    with pytest.raises(NotAllowedNow, match=what):
        books.explain(office, what)


# ---- as commands ----


@pytest.fixture
def shell(office: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """The house, and a shell whose environment leads to it."""
    for name in ("database_url", "redis_url", "secret_key", "data_keys"):
        monkeypatch.setenv(name.upper(), getattr(office.settings, name))
    monkeypatch.setenv("CALLBACK_TOKEN", "a token nobody can guess")
    return office


Printed = pytest.CaptureFixture[str]


def test_books_that_agree_print_zero(shell: Runtime, capsys: Printed) -> None:
    assert main(["money", "books"]) == 0
    assert capsys.readouterr().out == "0\n"


def test_books_that_do_not_agree_print_a_sentence_for_each_fault_and_fail(shell: Runtime, capsys: Printed) -> None:
    with forging(shell) as connection:
        connection.execute(text("UPDATE refunds SET amount = amount - 1"))
    assert main(["money", "books"]) == 1
    assert capsys.readouterr().out.count("\n") == 1


def test_an_order_is_explained_in_the_shell(shell: Runtime, capsys: Printed) -> None:
    assert main(["money", "explain", "SRT-B"]) == 0
    assert "sponsor_credit" in capsys.readouterr().out
    assert main(["money", "explain", "SRT-NEVER"]) == 1


def test_a_refund_is_decided_and_paid_out_in_the_shell(shell: Runtime, capsys: Printed) -> None:
    number = str(rows(shell, "SELECT id FROM refunds")[0]["id"])
    assert main(["money", "refunds"]) == 0
    assert "approved, Rp8,400" in capsys.readouterr().out
    assert main(["money", "reject", number, "--by", "citra"]) == 1
    assert "not requested" in capsys.readouterr().err
    assert main(["money", "paid", number, "--by", "citra", "--reference", "TRF-1"]) == 0
    assert "bank reference TRF-1" in capsys.readouterr().out
    assert main(["money", "books"]) == 0


def test_money_nobody_could_place_is_shown_and_assigned_in_the_shell(shell: Runtime, capsys: Printed) -> None:
    assert main(["money", "suspense"]) == 0
    assert capsys.readouterr().out.startswith("SRT-STRANGE  Rp8,400  since 2026-11-22 03:00 UTC")
    assert main(["money", "assign", "SRT-STRANGE", "--phone", "081290000005"]) == 0
    assert "has bought 1 contribution months" in capsys.readouterr().out
    assert main(["money", "assign", "SRT-STRANGE", "--phone", "081290000005"]) == 1
    assert main(["money", "books"]) == 0


@pytest.mark.parametrize("phone", ["081211111111", "12"])
def test_money_is_assigned_to_nobody_whom_we_do_not_know(shell: Runtime, phone: str) -> None:
    assert main(["money", "assign", "SRT-STRANGE", "--phone", phone]) == 1


def test_whose_money_it_is_must_be_said_where_several_use_one_phone(shell: Runtime, capsys: Printed) -> None:
    both = [a_registered_member(shell, nik=a_nik(n), phone="+6281290000050", member_number=str(n)).id for n in (50, 51)]
    assert main(["money", "assign", "SRT-STRANGE", "--phone", "081290000050"]) == 1
    assert f"--member ({both[0]}, {both[1]})" in capsys.readouterr().err
    command = ["money", "assign", "SRT-STRANGE", "--phone", "081290000050", "--member", str(both[1])]
    assert main(command) == 0
    assert rows(shell, "SELECT member_id FROM contribution_months WHERE order_id = 'SRT-STRANGE'") == [
        {"member_id": both[1]}
    ]


def test_money_can_be_assigned_to_a_sponsor(shell: Runtime) -> None:
    sponsor = a_sponsor(shell)
    assert main(["money", "assign", "SRT-STRANGE", "--phone", sponsor.phone]) == 0
    assert any("sponsor_credit" in line and line.endswith("-8,400") for line in books.explain(shell, "SRT-STRANGE"))
