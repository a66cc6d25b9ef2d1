"""The command line: run the service, look after menus, dial from a terminal."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from argon2 import PasswordHasher

from ussd_app import embedded, logs, phone, runtime, settings
from ussd_app.domain import phone as numbers
from ussd_app.errors import MenuProblems, NotPublished, Problem, Refused, SettingsError
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.storage import admins, database, documents

MENUS = Path(__file__).parent.parent / "menus"


def run(_options: argparse.Namespace) -> int:
    """The whole service on this machine."""
    return embedded.run(os.environ)


def prepare(_options: argparse.Namespace) -> int:
    """Bring the database up to date, import menus/ for the first time, create the first admin."""
    logs.configure("WARNING")
    rt = _runtime()
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


def menus_check(options: argparse.Namespace) -> int:
    """Lint and prove menu files; all problems at once."""
    wanted = {path.name.split(".")[0] for path in options.files}
    folders = {path.parent for path in options.files} or {MENUS}
    problems: list[Problem] = []
    checked = 0
    for folder in sorted(folders):
        for name, files in publishing.files_of(folder).items():
            if not wanted or name in wanted:
                checked += 1
                problems += publishing.check(name, files)
    for missing in [path for path in options.files if not path.is_file()]:
        problems.append(Problem(str(missing), 1, "(file)", "there is no such file"))
    for problem in problems:
        print(problem)
    errors = sum(problem.error for problem in problems)
    print(f"{checked} documents: {errors} errors, {len(problems) - errors} remarks")
    return 1 if errors else 0


def menus_publish(options: argparse.Namespace) -> int:
    """Publish a file, with the translations beside it."""
    name = options.file.name.split(".")[0]
    files = publishing.files_of(options.file.parent).get(name)
    if files is None:
        print(f"{options.file}: there is no such file", file=sys.stderr)
        return 1
    version = publishing.publish(_runtime(), name, files, by="command line", comment=options.comment)
    print(f"{name}: version {version} is live")
    return 0


def menus_export(options: argparse.Namespace) -> int:
    """Print the newest version of a document, file by file."""
    rt = _runtime()
    with rt.db.connect() as connection:
        newest = documents.pointers(connection)
        if options.name not in newest:
            raise NotPublished(f"there is no document called `{options.name}`: {', '.join(sorted(newest))}")
        document = documents.load(connection, options.name, newest[options.name].version)
    for file, content in sorted(document.files.items()) if document else ():
        print(f"# --- {file}\n{content}", end="" if content.endswith("\n") else "\n")
    return 0


def menus_history(options: argparse.Namespace) -> int:
    """List every version of a document, the newest first."""
    with _runtime().db.connect() as connection:
        versions = documents.history(connection, options.name)
    if not versions:
        raise NotPublished(f"there is no document called `{options.name}`")
    for document in versions:
        when = document.published_at.strftime("%Y-%m-%d %H:%M")
        print(f"{document.version:>4}  {when}  {document.published_by}  {document.comment}")
    return 0


def menus_rollback(options: argparse.Namespace) -> int:
    """Publish an old version again."""
    version = publishing.roll_back(_runtime(), options.name, options.version, by="command line")
    print(f"{options.name}: version {version} is live, with the contents of version {options.version}")
    return 0


def menus_withdraw(options: argparse.Namespace) -> int:
    """Let nobody go on with an urgently wrong version; dialogues on it start over."""
    publishing.withdraw(_runtime(), options.name, options.version)
    print(f"{options.name}: nobody goes on with version {options.version}")
    return 0


def dial(options: argparse.Namespace) -> int:
    """A phone in the terminal, over the real callback."""
    port, token = os.environ.get("PORT") or "8000", os.environ.get("CALLBACK_TOKEN") or "local"
    url = options.url or f"http://127.0.0.1:{port}/callbacks/africastalking/{token}/ussd"
    service_code = os.environ.get("SERVICE_CODE") or "*777#"
    handset = phone.Phone(url, numbers.parse(options.phone), service_code=service_code)
    return phone.talk(handset, input, print, options.code)


def _runtime() -> Runtime:
    return runtime.build(settings.read())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ussd_app", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _command(commands, "run", run)
    _command(commands, "prepare", prepare)
    dialing = _command(commands, "dial", dial)
    dialing.add_argument("--phone", default="+6281234567890", help="the caller's number")
    dialing.add_argument("--url", help="the callback to dial, when it is not on this machine")
    dialing.add_argument("code", nargs="?", help="the code to dial, for example *777# or *777*1*2#")
    menus = commands.add_parser("menus", help="Look after menus.")
    menu_commands = menus.add_subparsers(required=True, metavar="COMMAND")
    checking = _command(menu_commands, "check", menus_check)
    checking.add_argument("files", nargs="*", type=Path, help="files to check; without them, all of menus/")
    publish = _command(menu_commands, "publish", menus_publish)
    publish.add_argument("file", type=Path)
    publish.add_argument("--comment", default="")
    _command(menu_commands, "export", menus_export).add_argument("name")
    _command(menu_commands, "history", menus_history).add_argument("name")
    for name, function in (("rollback", menus_rollback), ("withdraw", menus_withdraw)):
        command = _command(menu_commands, name, function)
        command.add_argument("name")
        command.add_argument("version", type=int)
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    function: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=function.__doc__)
    parser.set_defaults(function=function)
    return parser


def main(arguments: list[str]) -> int:
    """Run one command; its exit code. Our own errors are one sentence, never a traceback."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.function(options))
    except (SettingsError, MenuProblems, NotPublished) as error:
        print(error, file=sys.stderr)
    except Refused:
        print(f"{options.phone}: this is not a phone number", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
