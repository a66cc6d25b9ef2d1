"""The commands for texts: how the lanes and gateways stand, what was given up, what it costs."""

from __future__ import annotations

import argparse
from datetime import timedelta

from ussd_app.commands import Commands, command, connected, reminders
from ussd_app.domain import phone as phones
from ussd_app.services import costs, days, routes
from ussd_app.storage import gateways
from ussd_app.storage import lanes as texts
from ussd_app.storage.gateways import Standing
from ussd_app.storage.lanes import Waiting
from ussd_app.storage.outbox import LANES

MOST_DEAD = 200


def status(_options: argparse.Namespace) -> int:
    """What waits on each lane and for how long, what nobody knows of, what was given up today; each gateway."""
    rt = connected()
    now = rt.clock()
    with rt.db.connect() as connection:
        lanes = texts.lanes(connection, now)
        dead = texts.dead_since(connection, days.start(days.local(now)))
        standings = gateways.standings(connection)
    print(f"{'lane':<12}{'waiting':>10}{'oldest s':>10}{'handing over':>14}{'unknown':>10}{'dead today':>12}")
    for lane in LANES:
        one = lanes.get(lane, Waiting())
        print(
            f"{lane:<12}{one.waiting:>10}{one.oldest:>10.0f}{one.handing_over:>14}{one.unknown:>10}"
            f"{dead.get(lane, 0):>12}"
        )
    for name in sorted({*rt.messaging, *standings}):
        print(f"{name}: {_standing(standings.get(name, Standing()))}")
    return 0


def _standing(one: Standing) -> str:
    until = f"{one.closed_until:%H:%M:%S} UTC" if one.closed_until else ""
    if one.halted_at:
        return f"halted since {one.halted_at:%Y-%m-%d %H:%M} UTC ({one.reason}), asked again at {until}"
    if one.closed_until:
        return f"closed until {until} after {one.failures} failures ({one.reason})"
    return f"open, {one.failures} failures ({one.reason})" if one.failures else "open"


def resume(options: argparse.Namespace) -> int:
    """Say that a gateway works again, for example after its balance was topped up: its texts go out at once."""
    routes.resume(connected(), options.gateway)
    print(f"{options.gateway}: open")
    return 0


def bill(options: argparse.Namespace) -> int:
    """What went out on each day and lane, what it is reckoned to cost and what was charged; `!` where they differ."""
    rt = connected()
    costs.recount(rt)
    columns = f"{'texts':>9}{'repeats':>9}{'segments':>10}{'parts':>9}{'Rp':>13}  charged"
    print(f"{'day':<12}{'lane':<11}{'gateway':<15}{columns}")
    for line in costs.bill(rt, options.days):
        heap, sums = line.heap, line.sums
        print(
            f"{heap.day!s:<12}{heap.lane:<11}{heap.gateway:<15}{sums.texts:>9,}{sums.repeats:>9,}{sums.segments:>10,}"
            f"{sums.parts:>9,}{sums.expected:>13,}  {heap.currency} {sums.cost:,}".rstrip()
            + (f"  ! {line.odd}" if line.odd else "")
        )
    return 0


def dead(options: argparse.Namespace) -> int:
    """Texts that were given up in the last days, newest first: when, to whom (masked), what for, and why."""
    rt = connected()
    since = rt.clock() - timedelta(days=options.days)
    with rt.db.connect() as connection:
        found = texts.dead(connection, since, MOST_DEAD)
    for one in found:
        print(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.lane:<10} {phones.masked(one.phone)}  {one.message}  {one.reason}")
    if len(found) == MOST_DEAD:
        print(f"… only the newest {MOST_DEAD}")
    return 0


def add_to(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add `sms` and its commands."""
    parser = commands.add_parser("sms", help=__doc__)
    sms = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    command(sms, "status", status)
    command(sms, "resume", resume).add_argument("gateway")
    reminders.add_stops_to(sms)
    for name, function in (("costs", bill), ("dead", dead)):
        looking = command(sms, name, function)
        looking.add_argument("days", nargs="?", type=int, default=7, help="how many, today included")
