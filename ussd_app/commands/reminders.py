"""The commands for reminders: who gets what when, and who wants none."""

from __future__ import annotations

import argparse
from datetime import date
from zoneinfo import ZoneInfo

from ussd_app.commands import Commands, command, connected
from ussd_app.domain import phone as numbers
from ussd_app.services import reckoning, reminder_calendar, stops
from ussd_app.storage.stops import EDUCATION, EVERYTHING
from ussd_app.storage.stops import REMINDERS as PAYING


def calendar(options: argparse.Namespace) -> int:
    """Show what goes out each day if nobody pays, with what it is reckoned to cost; or one member's coming year."""
    if options.member is not None:
        return _year(options.member)
    found = reckoning.at_once(connected(), "reminder_calendar", str(options.days))
    price, total = found["price"], 0
    for day, planned in found["days"].items():
        segments = planned["segments"]
        total += segments
        steps = ", ".join(f"{name} {number:,}" for name, number in sorted(planned["steps"].items()))
        crowded = "  MORE THAN AN EVENING HAS ROOM FOR" if segments > found["room"] else ""
        when = f"{date.fromisoformat(day):%Y-%m-%d %a}"
        print(f"{when}  {segments:>10,} segments  Rp{segments * price:>13,}  {steps}{crowded}")
    print(f"{options.days} days: {total:,} segments, Rp{total * price:,}")
    return 0


def _year(member_id: int) -> int:
    zone, planned = reminder_calendar.year_of_member(connected(), member_id)
    for one in planned:
        when = one.at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %a %H:%M")
        print(f"{when}  {one.step.name:<16}  {one.message:<20}  for {one.month:%Y-%m}")
    print(f"member {member_id}: {len(planned)} reminders in a year if nothing is paid ({zone})")
    return 0


def stop(options: argparse.Namespace) -> int:
    """Send a number no more texts of a topic; receipts and answers are sent all the same."""
    return _change(options, wanted=False)


def start(options: argparse.Namespace) -> int:
    """Send a number texts of a topic again."""
    return _change(options, wanted=True)


def _change(options: argparse.Namespace, *, wanted: bool) -> int:
    rt, phone = connected(), numbers.parse(options.phone)
    with rt.db.begin() as connection:
        if wanted:
            changed = stops.start_by(rt, connection, phone, options.topic, f"office:{options.by}")
        else:
            changed = stops.stop_by(rt, connection, phone, options.topic, "office", options.by, options.reason)
    said = "gets texts again" if wanted else "gets no more texts"
    print(f"{phone}: {said} ({options.topic}){'' if changed else ': that was so already'}")
    return 0


def add_to(commands: Commands[argparse.ArgumentParser]) -> None:
    """Put `reminders …` among the commands of the command line."""
    parser = commands.add_parser("reminders", help=__doc__)
    chosen = parser.add_subparsers(required=True, metavar="COMMAND")
    looking = command(chosen, "calendar", calendar)
    looking.add_argument("--days", type=int, default=30, help="how many days ahead")
    looking.add_argument("--member", type=int, metavar="NUMBER", help="one member's coming year instead")


def add_stops_to(sms: Commands[argparse.ArgumentParser]) -> None:
    """Put `stop` and `start` among the commands for texts."""
    for name, function in (("stop", stop), ("start", start)):
        changing = command(sms, name, function)
        changing.add_argument("phone")
        changing.add_argument("topic", nargs="?", choices=(PAYING, EDUCATION, EVERYTHING), default=EVERYTHING)
        changing.add_argument("--by", required=True, metavar="NAME", help="who decided it")
        if name == "stop":
            changing.add_argument("--reason", default="", help="in their own words")
