"""The commands for what members ask of the office, and for cash from the field, as they are typed."""

from __future__ import annotations

import json

import pytest

from tests.builders import (
    NAME,
    NIK,
    PHONE,
    PRICE,
    a_nik,
    a_paid_member,
    a_registered_member,
    a_sponsor,
    count,
    rows,
)
from ussd_app.__main__ import main
from ussd_app.runtime import Runtime
from ussd_app.services import books

BY = ("--by", "budi@kantor.id")
OTHER = "+6281290000005"
DEPOSIT = ("money", "deposit", "--phone", PHONE, "--amount", "1000", "--reference", "A-1", "--by", "ani")


@pytest.fixture
def shell(rt: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """The house, and a shell whose environment leads to it; savings are on."""
    for name in ("database_url", "redis_url", "secret_key", "data_keys"):
        monkeypatch.setenv(name.upper(), getattr(rt.settings, name))
    monkeypatch.setenv("CALLBACK_TOKEN", "a token nobody can guess")
    monkeypatch.setenv("SAVINGS", "true")
    return rt


def state(rt: Runtime, member: int = 1) -> str:
    return str(rows(rt, "SELECT state FROM members WHERE id = :id", id=member)[0]["state"])


# ---- who is meant ----


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize(
    ("named", "said"),
    [
        (("--phone", PHONE), "there is no such member"),
        (("--number", "99"), "there is no such member"),
        (("--phone", "nobody"), "this is not a phone number"),
    ],
)
def test_a_member_who_is_not_there_is_not_found(
    named: tuple[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["member", "export", *named]) == 1
    assert capsys.readouterr() == ("", f"{said}\n")


def test_where_several_use_a_phone_one_is_named_by_number(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    a_registered_member(shell)
    a_registered_member(shell, nik=a_nik(4), member_number="4", name="Budi Santoso")
    assert main(["member", "leave", "--phone", PHONE, *BY]) == 1
    assert capsys.readouterr().err == (
        "several members use this number, name one with --number: 1 (Siti Aminah, here), 2 (Budi Santoso, here)\n"
    )
    assert main(["member", "leave", "--number", "2", *BY]) == 0
    assert (state(shell, 1), state(shell, 2)) == ("here", "left")


# ---- what members ask ----


def test_everything_about_a_member_is_printed_as_json(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    a_paid_member(shell)
    assert main(["member", "export", "--phone", "0812-3456-7890"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["member"]["nik"], told["member"]["name"]) == (NIK, NAME)
    assert [one["amount"] for one in told["contribution_months"]] == [PRICE]


def test_a_member_leaves_by_letter_once(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    a_registered_member(shell)
    assert [main(["member", "leave", "--phone", PHONE, *BY]) for _ in range(2)] == [0, 0]
    assert capsys.readouterr().out == "member 1 has left\nmember 1 had left before\n"
    assert state(shell) == "left"


def test_only_who_has_left_is_erased(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    a_registered_member(shell)
    assert main(["member", "erase", "--phone", PHONE, *BY]) == 1
    assert "still a member" in capsys.readouterr().err
    assert main(["member", "leave", "--phone", PHONE, *BY]) == 0
    assert main(["member", "erase", "--phone", PHONE, *BY]) == 0
    assert capsys.readouterr().out.endswith("member 1 is erased\n")
    assert (state(shell), main(["member", "export", "--number", "1"])) == ("erased", 1)


def test_nobody_is_erased_while_money_of_theirs_is_with_us(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    a_paid_member(shell)
    assert main(["member", "leave", "--phone", PHONE, *BY]) == 0
    assert main(["member", "erase", "--number", "1", *BY]) == 1
    assert capsys.readouterr().err == "Rp8,400 of member 1 is still to be paid back\n"


def test_an_operator_moves_a_member_to_another_number(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    a_registered_member(shell)
    move = ["member", "phone", "--number", "1", "--to", OTHER, *BY]
    assert [main(move), main(move)] == [0, 1]
    assert capsys.readouterr() == ("member 1 has another number\n", "member 1 uses this number already\n")
    assert rows(shell, "SELECT phone FROM members") == [{"phone": OTHER}]
    assert rows(shell, "SELECT proof, requested_by FROM phone_changes") == [
        {"proof": "operator", "requested_by": "budi@kantor.id"}
    ]


def test_nobody_is_moved_to_what_is_no_phone_number(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    a_registered_member(shell)
    assert main(["member", "phone", "--number", "1", "--to", "nobody", *BY]) == 1
    assert capsys.readouterr().err == "this is not a phone number\n"
    assert rows(shell, "SELECT phone FROM members") == [{"phone": PHONE}]


@pytest.mark.usefixtures("shell")
@pytest.mark.parametrize("command", ["leave", "erase", "phone"])
def test_who_decides_about_a_member_has_to_say_who_they_are(command: str) -> None:
    with pytest.raises(SystemExit):
        main(["member", command, "--number", "1", *(("--to", OTHER) if command == "phone" else ())])


# ---- cash from the field ----


def test_cash_of_a_slip_is_entered_once(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    a_registered_member(shell)
    assert [main([*DEPOSIT]), main([*DEPOSIT])] == [0, 0]
    assert capsys.readouterr().out == "A-1: Rp1,000 entered\nA-1: was entered before\n"
    assert (count(shell, "cash_deposits"), count(shell, "ledger_transactions"), books.check(shell)) == (1, 1, [])


def test_a_slip_that_was_entered_with_another_sum_is_not_taken(
    shell: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    a_registered_member(shell)
    assert main([*DEPOSIT]) == 0
    assert main([word if word != "1000" else "2000" for word in DEPOSIT]) == 1
    assert capsys.readouterr().err == "the slip A-1 was entered with another member or amount\n"


def test_cash_that_makes_the_price_full_pays_the_month(shell: Runtime) -> None:
    a_registered_member(shell)
    assert main([word if word != "1000" else str(PRICE) for word in DEPOSIT]) == 0
    assert rows(shell, "SELECT amount, order_id FROM contribution_months") == [
        {"amount": PRICE, "order_id": "CASH-A-1"}
    ]


def test_cash_is_entered_for_the_member_who_is_named(shell: Runtime, capsys: pytest.CaptureFixture[str]) -> None:
    a_registered_member(shell)
    a_registered_member(shell, nik=a_nik(4), member_number="4")
    assert main([*DEPOSIT]) == 1
    assert "say which with --member (1, 2)" in capsys.readouterr().err
    assert main([*DEPOSIT, "--member", "2"]) == 0
    assert rows(shell, "SELECT member_id FROM cash_deposits") == [{"member_id": 2}]


@pytest.mark.parametrize(
    ("changed", "to", "said"),
    [
        (PHONE, OTHER, "only a member saves: this phone is a sponsor's"),
        (PHONE, "+6281290000009", "no such member and no sponsor uses this phone"),
        (PHONE, "nobody", "nobody: this is not a phone number"),
        ("1000", "0", "a deposit needs an amount and its slip's reference, at most 13 letters and digits"),
        ("A-1", "A 1", "a deposit needs an amount and its slip's reference, at most 13 letters and digits"),
    ],
)
def test_cash_that_cannot_be_entered_is_one_sentence(
    shell: Runtime, changed: str, to: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    a_registered_member(shell)
    a_sponsor(shell, phone=OTHER)
    assert main([word if word != changed else to for word in DEPOSIT]) == 1
    assert (capsys.readouterr().err, count(shell, "cash_deposits")) == (f"{said}\n", 0)


def test_where_savings_are_off_no_cash_is_entered(
    shell: Runtime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_registered_member(shell)
    monkeypatch.setenv("SAVINGS", "false")
    assert main([*DEPOSIT]) == 1
    assert "savings are off" in capsys.readouterr().err
