"""The commands for campaigns: write to a segment of the members, try it, watch it, stop it, see what came of it."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ussd_app.commands import Commands, command, connected
from ussd_app.domain import phone as numbers
from ussd_app.domain.campaigns import Share, difference
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.services import campaign_results, campaigns, reckoning
from ussd_app.services.days import JAKARTA
from ussd_app.storage import campaigns as kept

BAR = 20
DAYS = 14
STATES = (
    "delivered",
    "sent",
    "failed",
    "dead",
    "no_report",
    "unknown",
    "stopped",
    "expired",
    "waiting",
    "handing_over",
)


def new(options: argparse.Namespace) -> int:
    """Keep a campaign written in YAML; nothing is sent before it is started."""
    path: Path = options.file
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise NotAllowedNow(f"{path} cannot be read: {error}") from None
    number = campaigns.create(connected(), str(path), source, options.by)
    print(f"campaign {number} is kept: look at it with dry-run, then start it")
    return 0


def show(_options: argparse.Namespace) -> int:
    """The campaigns, newest first."""
    with connected().db.connect() as connection:
        for one in kept.newest(connection):
            print(f"{one.name}: {one.state}, from {_local(one.send_at)}")
    return 0


def dry_run(options: argparse.Namespace) -> int:
    """Who would get what, in how many segments, for how many rupiah; nothing is sent."""
    found = reckoning.at_once(connected(), "campaign_dry_run", options.name)
    line = "{variant} {language}: {people:,} people, {segments:,} segments, {calls:,} calls"
    for group in found["groups"]:
        how = "with the name, a call each" if group["personal"] else "the same for all, calls are shared"
        print(f"{line.format_map(group)} ({how})")
    print(f"held out: {found['held_out']:,} people")
    minutes = f"{found['seconds'] / 60:,.0f} minutes at full pace"
    print(f"in all: {found['people']:,} texts, Rp{found['cost']:,}, {minutes}")
    return 0


def test(options: argparse.Namespace) -> int:
    """Send every wording in every language to some numbers, to see it on a phone."""
    try:
        phones = [numbers.parse(phone) for phone in options.to]
    except Refused:
        raise NotAllowedNow(f"{', '.join(options.to)}: not all of these are phone numbers") from None
    print(f"{campaigns.try_out(connected(), options.name, phones, options.by)} texts are on their way")
    return 0


def start(options: argparse.Namespace) -> int:
    """Let a campaign begin at its time."""
    campaigns.start(connected(), options.name, options.by)
    print(f"{options.name} is started")
    return 0


def pause(options: argparse.Namespace) -> int:
    """Send nothing more of a campaign for now."""
    back = campaigns.pause(connected(), options.name, options.by)
    print(f"{options.name} is paused; {back:,} texts that waited to be sent were taken back")
    return 0


def resume(options: argparse.Namespace) -> int:
    """Let a paused campaign go on."""
    campaigns.resume(connected(), options.name, options.by)
    print(f"{options.name} goes on")
    return 0


def cancel(options: argparse.Namespace) -> int:
    """End a campaign for good."""
    stopped = campaigns.cancel(connected(), options.name, options.by)
    print(f"{options.name} is cancelled; {stopped:,} texts that waited to be sent were stopped")
    return 0


def status(options: argparse.Namespace) -> int:
    """How far a campaign is, how fast it goes, how long it takes yet, and who did what with it."""
    found = campaign_results.progress(connected(), options.name)
    print(bar(found))
    print(
        "texts: " + (", ".join(f"{found.texts[state]:,} {state}" for state in STATES if state in found.texts) or "none")
    )
    for at, what, by in found.events:
        print(f"{_local(at)}  {what} by {by}")
    return 0


def bar(found: campaign_results.Progress) -> str:
    """One line: state, how much is done, people a second, and the time left."""
    people = found.waiting + found.had_turn
    done = found.had_turn / people if people else 0.0
    blocks = "#" * round(done * BAR)
    told = [f"[{blocks:.<{BAR}}] {done:.0%}", f"{found.had_turn:,} of {people:,} people", f"{found.rate:.1f}/s"]
    if found.kept.state == "started" and found.kept.planned_at is None:
        told.append("still finding out who gets it")
    if found.waiting and found.kept.state == "started":
        left = found.seconds_left
        told.append("waiting for its time or for the morning" if left is None else f"{left / 60:,.0f} minutes left")
    return f"{found.kept.name} {found.kept.state} {', '.join(told)}"


def results(options: argparse.Namespace) -> int:
    """What was delivered, who opted out, and who paid afterwards against those who were held out."""
    found = campaign_results.results(connected(), options.name, options.days)
    for came in found.variants:
        states = ", ".join(f"{came.texts[state]:,} {state}" for state in STATES if state in came.texts) or "no texts"
        print(f"{came.variant}: {states}")
        print(f"  opted out within {options.days} days: {_share(came.opted_out)}")
        print(f"  paid within {options.days} days: {_share(came.paid)}")
        if found.held_out.of and came.paid.of:
            more, low, high = difference(came.paid, found.held_out)
            sure = "" if low <= 0 <= high else ", more than chance"
            print(f"  against the held out: {more:+.1%} ({low:+.1%} to {high:+.1%}){sure}")
    print(f"held out, paid within {options.days} days: {_share(found.held_out)}")
    print(f"planned and not written to: {found.stopped:,}")
    if found.complete_at:
        print(f"the {options.days} days of the last one are over at {_local(found.complete_at)}")
    return 0


def _share(share: Share) -> str:
    low, high = share.between
    return f"{share.did:,} of {share.of:,}" + (f" = {share.part:.1%} ({low:.1%} to {high:.1%})" if share.of else "")


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo(JAKARTA)):%Y-%m-%d %H:%M} WIB"


def add_to(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add `campaigns` and its commands."""
    parser = commands.add_parser("campaigns", help=__doc__)
    chosen = parser.add_subparsers(required=True, metavar="COMMAND")
    making = command(chosen, "new", new)
    making.add_argument("file", type=Path, metavar="FILE.yaml")
    making.add_argument("--by", required=True, metavar="EMAIL", help="who makes it")
    command(chosen, "list", show)
    for name, function in (("dry-run", dry_run), ("status", status), ("results", results)):
        looking = command(chosen, name, function)
        looking.add_argument("name", help="the campaign's name")
        if name == "results":
            looking.add_argument("--days", type=int, default=DAYS, help=f"after each text; {DAYS} without it")
    for name, function in (("test", test), ("start", start), ("pause", pause), ("resume", resume), ("cancel", cancel)):
        doing = command(chosen, name, function)
        doing.add_argument("name", help="the campaign's name")
        doing.add_argument("--by", required=True, metavar="EMAIL", help="who says so")
        if name == "test":
            doing.add_argument("--to", required=True, nargs="+", metavar="PHONE", help="numbers to send it to")
