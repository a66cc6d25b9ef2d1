"""The commands for finance: whether the books balance, where a rupiah went, refunds, and money nobody could place."""

from __future__ import annotations

import argparse
import sys

from ussd_app.commands import Commands, command, connected
from ussd_app.domain import phone as numbers
from ussd_app.domain.ledger import Payer
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import books, payments, refunds, savings
from ussd_app.storage import books as audits
from ussd_app.storage import members, sponsors
from ussd_app.storage import refunds as requests
from ussd_app.storage.refunds import Refund


def check(_options: argparse.Namespace) -> int:
    """Whether the books agree with everything else: 0, or a sentence for each fault."""
    faults = books.check(connected())
    print("\n".join(faults) or 0)
    return 1 if faults else 0


def explain(options: argparse.Namespace) -> int:
    """Every rupiah of an order, or of a member: from the notification to the contribution month and back."""
    rt = connected()
    try:
        print("\n".join(books.explain(rt, options.what)))
    except NotAllowedNow as error:
        return _sorry(error)
    return 0


def show_refunds(_options: argparse.Namespace) -> int:
    """Refunds that wait for somebody's approval, or to be paid out."""
    with connected().db.connect() as connection:
        for one in requests.waiting(connection):
            print(_said(one))
    return 0


def decide(options: argparse.Namespace) -> int:
    """Decide about a refund, or say that the bank has paid it out."""
    rt = connected()
    try:
        if options.command == "approve":
            done = refunds.approve(rt, options.number, options.by)
        elif options.command == "reject":
            done = refunds.reject(rt, options.number, options.by)
        else:
            done = refunds.paid_out(rt, options.number, options.by, options.reference)
    except NotAllowedNow as error:
        return _sorry(error)
    print(_said(done))
    return 0


def show_suspense(_options: argparse.Namespace) -> int:
    """Payments that nobody could place yet."""
    with connected().db.connect() as connection:
        for one in audits.unplaced(connection):
            print(f"{one.order_id}  Rp{one.amount:,}  since {one.since:%Y-%m-%d %H:%M} UTC")
    return 0


def assign(options: argparse.Namespace) -> int:
    """Say whose money an unmatched payment is: the member's or the sponsor's who uses a phone."""
    rt = connected()
    try:
        payer = _payer(rt, options.phone, options.member)
        bought = payments.assign(rt, options.order, payer)
    except NotAllowedNow as error:
        return _sorry(error)
    except Refused:
        return _sorry(NotAllowedNow(f"{options.phone}: this is not a phone number"))
    print(f"{options.order} is assigned and has bought {len(bought)} contribution months")
    return 0


def deposit(options: argparse.Namespace) -> int:
    """Enter cash that a collector took from a member in the field, once for each slip."""
    rt = connected()
    try:
        member_id = _payer(rt, options.phone, options.member).member_id
        if member_id is None:
            raise NotAllowedNow("only a member saves: this phone is a sponsor's")
        entered = savings.deposit_cash(rt, member_id, options.amount, options.reference, options.by)
    except NotAllowedNow as error:
        return _sorry(error)
    except Refused:
        return _sorry(NotAllowedNow(f"{options.phone}: this is not a phone number"))
    print(f"{options.reference}: " + (f"Rp{options.amount:,} entered" if entered else "was entered before"))
    return 0


def _payer(rt: Runtime, phone: str, member_id: int | None) -> Payer:
    number = numbers.parse(phone)
    with rt.db.connect() as connection:
        found = [one for one in members.by_phone(connection, number) if member_id in (None, one.id)]
        sponsor = sponsors.by_phone(connection, number)
    if len(found) > 1:
        those = ", ".join(str(one.id) for one in found)
        raise NotAllowedNow(f"several members use this phone: say which with --member ({those})")
    if found:
        return Payer(found[0].id)
    if sponsor and member_id is None:
        return Payer(sponsor_id=sponsor.id)
    raise NotAllowedNow("no such member and no sponsor uses this phone")


def _said(one: Refund) -> str:
    whose = f"member {one.payer.member_id}" if one.payer.member_id else f"sponsor {one.payer.sponsor_id}"
    approved = " and ".join(filter(None, (one.first_approver, one.second_approver)))
    parts = [f"{one.id}: {one.state}, Rp{one.amount:,} to {whose} ({one.reason}, asked by {one.requested_by})"]
    if approved:
        parts.append(f"approved by {approved}")
    if one.bank_reference:
        parts.append(f"bank reference {one.bank_reference}")
    return ", ".join(parts)


def _sorry(error: NotAllowedNow) -> int:
    print(error, file=sys.stderr)
    return 1


def add_to(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add `money` and its commands."""
    parser = commands.add_parser("money", help=__doc__)
    money = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    command(money, "books", check)
    command(money, "explain", explain).add_argument("what", metavar="ORDER|MEMBER")
    command(money, "refunds", show_refunds)
    for name in ("approve", "reject", "paid"):
        deciding = command(money, name, decide)
        deciding.add_argument("number", type=int, help="the refund's number")
        deciding.add_argument("--by", required=True, metavar="EMAIL", help="who says so")
        if name == "paid":
            deciding.add_argument("--reference", required=True, help="the bank's reference")
    command(money, "suspense", show_suspense)
    depositing = command(money, "deposit", deposit)
    depositing.add_argument("--phone", required=True, help="of the member")
    depositing.add_argument("--member", type=int, metavar="NUMBER", help="which, where several use one phone")
    depositing.add_argument("--amount", type=int, required=True, help="whole rupiah")
    depositing.add_argument("--reference", required=True, help="of the collector's slip")
    depositing.add_argument("--by", required=True, metavar="NAME", help="the collector")
    assigning = command(money, "assign", assign)
    assigning.add_argument("order")
    assigning.add_argument("--phone", required=True, help="of the member or sponsor")
    assigning.add_argument("--member", type=int, metavar="NUMBER", help="which, where several use one phone")
