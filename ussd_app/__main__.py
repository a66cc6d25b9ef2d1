"""The command line: run the service, look after menus, dial from a terminal."""

from __future__ import annotations

import argparse
import os
import secrets
import sys

from argon2 import PasswordHasher
from sqlalchemy.exc import OperationalError

from ussd_app import embedded, logs, phone
from ussd_app.commands import (
    MENUS,
    campaigns,
    command,
    connected,
    handover,
    members,
    menus,
    money,
    reminders,
    sms,
    sponsors,
)
from ussd_app.domain import phone as numbers
from ussd_app.errors import MenuProblems, NotAllowedNow, NotPublished, Refused, SettingsError
from ussd_app.services import publishing
from ussd_app.storage import admins, database


def run(_options: argparse.Namespace) -> int:
    """The whole service on this machine."""
    return embedded.run(os.environ)


def prepare(_options: argparse.Namespace) -> int:
    """Bring the database up to date, import menus/ for the first time, create the first admin."""
    logs.configure("WARNING")
    rt = connected()
    database.migrate(rt.db)
    publishing.import_folder(rt, MENUS)
    publishing.refresh(rt, published=True)
    password = rt.settings.admin_password or secrets.token_urlsafe(12)
    with rt.db.begin() as connection:
        hashed = PasswordHasher().hash(password)
        created = admins.add_first(connection, rt.settings.admin_email, hashed, rt.clock())
    if created:
        shown = "as set in ADMIN_PASSWORD" if rt.settings.admin_password else password
        print(f"First admin: {rt.settings.admin_email}, password {shown} (shown only now)", flush=True)
    return 0


def dial(options: argparse.Namespace) -> int:
    """A phone in the terminal, over the real callback."""
    port, token = os.environ.get("PORT") or "8000", os.environ.get("CALLBACK_TOKEN") or "local"
    url = options.url or f"http://127.0.0.1:{port}/callbacks/africastalking/{token}/ussd"
    service_code = os.environ.get("SERVICE_CODE") or "*777#"
    handset = phone.Phone(url, numbers.parse(options.phone), service_code=service_code)
    return phone.talk(handset, input, print, options.code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ussd_app", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command(commands, "run", run)
    command(commands, "prepare", prepare)
    dialing = command(commands, "dial", dial)
    dialing.add_argument("--phone", default="+6281234567890", help="the caller's number")
    dialing.add_argument("--url", help="the callback to dial, when it is not on this machine")
    dialing.add_argument("code", nargs="?", help="the code to dial, for example *777# or *777*1*2#")
    menus.add_to(commands)
    campaigns.add_to(commands)
    handover.add_to(commands)
    money.add_to(commands)
    sms.add_to(commands)
    members.add_to(commands)
    reminders.add_to(commands)
    sponsors.add_to(commands)
    return parser


def main(arguments: list[str]) -> int:
    """Run one command; its exit code. Our own errors are one sentence, never a traceback."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.function(options))
    except (SettingsError, MenuProblems, NotPublished, NotAllowedNow) as error:
        print(error, file=sys.stderr)
    except OperationalError:
        print("The database cannot be reached: is the service running?", file=sys.stderr)
    except Refused:
        print(f"{options.phone}: this is not a phone number", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
