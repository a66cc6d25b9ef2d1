"""The commands for what a member may ask of the office: their data, to stop, to be forgotten, another number."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from ussd_app.commands import Commands, command, connected
from ussd_app.domain import phone as numbers
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import phone_numbers, rights
from ussd_app.storage import members


def export(options: argparse.Namespace) -> int:
    """Print everything that is kept about a member, as JSON."""
    return _for_one(options, lambda rt, member: json.dumps(rights.export(rt, member), indent=2, ensure_ascii=False))


def leave(options: argparse.Namespace) -> int:
    """A member withdraws consent in writing: nothing of theirs is processed any more."""

    def withdraw(rt: Runtime, member: int) -> str:
        with rt.db.begin() as connection:
            done = rights.leave(rt, connection, member, "office", options.by)
        return f"member {member} has left" if done else f"member {member} had left before"

    return _for_one(options, withdraw)


def erase(options: argparse.Namespace) -> int:
    """Forget a member who has left, but for what the books need."""

    def forget(rt: Runtime, member: int) -> str:
        rights.erase(rt, member, options.by)
        return f"member {member} is erased"

    return _for_one(options, forget)


def change_phone(options: argparse.Namespace) -> int:
    """Move a member, whose papers the operator has seen, to another number at once."""

    def move(rt: Runtime, member: int) -> str:
        phone_numbers.change_by_operator(rt, member, numbers.parse(options.to), options.by)
        return f"member {member} has another number"

    return _for_one(options, move)


def _for_one(options: argparse.Namespace, do: Callable[[Runtime, int], str]) -> int:
    """Do something for the one member whom the options name; say why it cannot be done."""
    rt = connected()
    try:
        print(do(rt, _named(rt, options)))
    except NotAllowedNow as error:
        print(error, file=sys.stderr)
        return 1
    except Refused:
        print("this is not a phone number", file=sys.stderr)
        return 1
    return 0


def _named(rt: Runtime, options: argparse.Namespace) -> int:
    with rt.db.connect() as connection:
        if options.number:
            found = members.with_ids(connection, [options.number])
        else:
            found = members.by_phone(connection, numbers.parse(options.phone))
    if len(found) == 1:
        return found[0].id
    if not found:
        raise NotAllowedNow("there is no such member")
    who = ", ".join(f"{member.id} ({member.person.name}, {member.state})" for member in found)
    raise NotAllowedNow(f"several members use this number, name one with --number: {who}")


def add_to(commands: Commands[argparse.ArgumentParser]) -> None:
    """Put `member …` among the commands of the command line."""
    of_member = commands.add_parser("member", help="What a member asks of us.")
    chosen = of_member.add_subparsers(required=True, metavar="COMMAND")
    for name, function in (("export", export), ("leave", leave), ("erase", erase), ("phone", change_phone)):
        one = command(chosen, name, function)
        which = one.add_mutually_exclusive_group(required=True)
        which.add_argument("--phone", help="the member's phone number")
        which.add_argument("--number", type=int, help="the member's number here (not the KPJ)")
        if name == "phone":
            one.add_argument("--to", required=True, help="the new phone number")
        if name != "export":
            one.add_argument("--by", required=True, help="who decided it")
