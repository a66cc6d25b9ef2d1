"""The commands for sponsors with a list of people: check a file, set it going, see how far it is, pay."""

from __future__ import annotations

import argparse
from pathlib import Path

from ussd_app.commands import Commands, command, connected
from ussd_app.domain import money
from ussd_app.domain import phone as numbers
from ussd_app.services import invitations, rosters
from ussd_app.services.rosters import Brings


def check(options: argparse.Namespace) -> int:
    """Read a roster without doing anything: every mistake with its line, how many people, the price."""
    checked = rosters.check(connected(), options.file.read_bytes())
    for mistake in checked.mistakes:
        where = ":".join(filter(None, (str(options.file), str(mistake.line), mistake.column)))
        print(f"{where}: {mistake.sentence()}")
    if checked.mistakes:
        print(f"{len(checked.mistakes)} mistakes; {len(checked.people)} people without any. Nothing was done.")
        return 1
    asked = len(checked.people) - checked.signed
    total = money.rupiah(checked.total, "en")
    print(f"{len(checked.people)} people, {checked.signed} signed on paper, {asked} to be asked by SMS: {total}")
    return 0


def start(options: argparse.Namespace) -> int:
    """Set a roster going: whoever signed is taken in, everybody else is asked by SMS."""
    brings = Brings(numbers.parse(options.phone), options.name, options.kind, options.language)
    number = rosters.start(connected(), options.file.read_bytes(), brings, options.by)
    print(f"roster {number} is under way")
    return 0


def status(options: argparse.Namespace) -> int:
    """How far a roster has come."""
    at = rosters.progress(connected(), options.number)
    print(f"roster {at.id}: {at.people} people, {at.agreed} agreed, {at.waiting} waiting, {at.declined} declined")
    return 0


def pay(options: argparse.Namespace) -> int:
    """One pay code for everybody who has said yes, without waiting for the others."""
    print(rosters.pay(connected(), numbers.parse(options.phone), by=options.by).name)
    return 0


def consent(options: argparse.Namespace) -> int:
    """Record that somebody has signed: where the paper is kept, and who read it."""
    invitations.record_paper_consent(connected(), options.invitation, options.reference, options.by)
    print(f"invitation {options.invitation} is agreed to")
    return 0


def add_to(commands: Commands[argparse.ArgumentParser]) -> None:
    """Put `sponsors …` among the commands of the command line."""
    sponsors = commands.add_parser("sponsors", help="Look after sponsors and their lists of people.")
    verbs = sponsors.add_subparsers(required=True, metavar="COMMAND")
    command(verbs, "check", check).add_argument("file", type=Path)
    starting = command(verbs, "start", start)
    starting.add_argument("file", type=Path)
    starting.add_argument("--phone", required=True, help="the sponsor's number, where code and receipt are sent")
    starting.add_argument("--name", required=True, help="what people and receipts call the sponsor")
    starting.add_argument("--kind", choices=("company", "community"), default="company")
    starting.add_argument("--language", choices=("id", "en", "jv", "su"), default="id")
    starting.add_argument("--by", required=True, help="who does this, for the record")
    command(verbs, "status", status).add_argument("number", type=int)
    paying = command(verbs, "pay", pay)
    paying.add_argument("--phone", required=True, help="the sponsor's number")
    paying.add_argument("--by", required=True, help="who does this, for the record")
    signed = command(verbs, "consent", consent)
    signed.add_argument("invitation", type=int)
    signed.add_argument("--reference", required=True, help="where the signed paper is kept")
    signed.add_argument("--by", required=True, help="who read it")
