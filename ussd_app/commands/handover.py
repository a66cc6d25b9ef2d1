"""The commands for the hand-over: make a numbered file, download it, write down its transfer, take its answers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path

from ussd_app.commands import Commands, command, connected
from ussd_app.domain import money
from ussd_app.errors import NotAllowedNow
from ussd_app.gateways import handover_file
from ussd_app.services import handover_answers, handover_files, refused_months
from ussd_app.services.days import local
from ussd_app.storage import handover
from ussd_app.storage.handover import File

Command = Callable[[argparse.Namespace], int]


def _in_a_sentence(function: Command) -> Command:
    """What cannot be done now, and a file that cannot be read or written, is one sentence for whoever typed it."""

    @wraps(function)
    def told(options: argparse.Namespace) -> int:
        try:
            return function(options)
        except (NotAllowedNow, OSError) as error:
            print(error, file=sys.stderr)
            return 1

    return told


def _line(file: File) -> str:
    total = f", {money.rupiah(file.total, 'id')}" if file.kind == "contributions" else ""
    if file.bank_reference:
        total += f" transferred as {file.bank_reference}"
    if file.refused:
        total += f", {money.rupiah(file.refused, 'id')} refused ({money.rupiah(file.back, 'id')} of it with us again)"
    taken = "downloaded" if file.downloaded_at else "not downloaded"
    answered = f"{file.answered} of {file.rows} answered"
    return f"{file.number:>5}  {local(file.made_at)}  {file.kind}: {file.rows} rows{total}, {taken}, {answered}"


def make(options: argparse.Namespace) -> int:
    """Make the next numbered file of all that waits."""
    made = handover_files.make(connected(), options.kind, options.by)
    print(_line(made) if made else f"no {options.kind} wait to be handed over")
    return 0


def show(_options: argparse.Namespace) -> int:
    """List every file, the newest first."""
    with connected().db.begin() as connection:
        found = handover.files(connection)
    print("\n".join(map(_line, found)) or "no file has been made yet")
    return 0


@_in_a_sentence
def download(options: argparse.Namespace) -> int:
    """Write a file out, for the institution; it holds NIKs, so only its owner may read it."""
    contents = handover_files.download(connected(), options.number)
    options.out.touch(mode=0o600)
    options.out.write_bytes(contents)
    print(f"file {options.number}: {len(contents)} bytes in {options.out}")
    return 0


@_in_a_sentence
def verify(options: argparse.Namespace) -> int:
    """Say whether a file is still as it was made here."""
    if handover_file.genuine(options.file.read_bytes(), connected().settings.secret_key):
        print(f"{options.file}: genuine")
        return 0
    print(f"{options.file}: changed, or not made by this service", file=sys.stderr)
    return 1


@_in_a_sentence
def remitted(options: argparse.Namespace) -> int:
    """Write down that the bank has transferred the total of a file of contributions."""
    print(_line(handover_files.remitted(connected(), options.number, options.reference)))
    return 0


@_in_a_sentence
def returned(options: argparse.Namespace) -> int:
    """Write down that the money of refused months is with us again, or (without a reference) was never sent."""
    back = refused_months.bring_back(connected(), options.number, options.reference, options.months)
    print(f"file {options.number}: the money of {back} refused months is with us again")
    return 0


@_in_a_sentence
def answer(options: argparse.Namespace) -> int:
    """Take the institution's answer file: everything is checked first, and nothing done while anything is wrong."""
    contents = options.file.read_bytes()
    taken = handover_answers.take(connected(), options.file.name, contents, options.by, dry_run=options.dry_run)
    for problem in taken.problems:
        print(problem)
    if taken.problems:
        print(f"{len(taken.problems)} problems: nothing was changed")
        return 1
    print(f"{taken.rows} answers, {taken.fresh} new" + (": a dry run, nothing was changed" if options.dry_run else ""))
    return 0


def add_to(commands: Commands[argparse.ArgumentParser]) -> None:
    """Put `handover …` among the commands of the command line."""
    files = commands.add_parser("handover", help="Hand over to the institution.")
    kinds = files.add_subparsers(required=True, metavar="COMMAND")
    making = command(kinds, "make", make)
    making.add_argument("kind", choices=["registrations", "contributions"])
    command(kinds, "list", show)
    downloading = command(kinds, "download", download)
    downloading.add_argument("--out", type=Path, required=True, metavar="FILE", help="write there")
    transferring = command(kinds, "remitted", remitted)
    transferring.add_argument("--reference", required=True, metavar="BANKREF", help="the bank's own reference")
    returning = command(kinds, "returned", returned)
    returning.add_argument("--reference", metavar="BANKREF", help="the bank's own, unless they were never transferred")
    for of_number in (downloading, transferring, returning):
        of_number.add_argument("number", type=int)
    returning.add_argument("months", nargs="*", metavar="REFERENCE", help="which months (C5-202611); all when none")
    answering = command(kinds, "answer", answer)
    answering.add_argument("--dry-run", action="store_true", help="only check")
    for of_file in (command(kinds, "verify", verify), answering):
        of_file.add_argument("file", type=Path)
    for signed in (making, answering):
        signed.add_argument("--by", required=True, metavar="EMAIL", help="who does it")
