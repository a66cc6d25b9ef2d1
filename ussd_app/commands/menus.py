"""The commands for menus: check, publish and look back; draw, describe, and see what a caller saw."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from ussd_app.commands import MENUS, Commands, command, connected
from ussd_app.domain import phone as numbers
from ussd_app.engine import picture
from ussd_app.engine.parts import included_in
from ussd_app.engine.prove import Proof, prove_files
from ussd_app.errors import NotPublished, Problem
from ussd_app.services import authoring, publishing, reference, schema
from ussd_app.services.days import JAKARTA
from ussd_app.services.words import VOCABULARY
from ussd_app.storage import documents


def check(options: argparse.Namespace) -> int:
    """Lint and prove menu files; all problems at once."""
    wanted = {path.name.split(".")[0] for path in options.files}
    folders = {path.parent for path in options.files} or {MENUS}
    problems: list[Problem] = []
    proofs: list[Proof] = []
    checked = 0
    for folder in sorted(folders):
        beside = publishing.files_of(folder)
        chosen = {name: files for name, files in beside.items() if not wanted or name in wanted}
        rates = publishing.rates_beside(beside)
        checked += len(chosen)
        for name, files in chosen.items():
            screens = publishing.screens_beside(beside) if name == "keywords" else None
            found = publishing.check(name, files, rates, screens)
            problems += found
            if not any(problem.error for problem in found):
                proofs += _proofs_of(name, files)
        problems += _parts_left_out(publishing.parts_of(folder), wanted, chosen)
    for missing in [path for path in options.files if not path.is_file()]:
        problems.append(Problem(str(missing), 1, "(file)", "there is no such file"))
    for problem in problems:
        print(problem)
    for proof in proofs:
        print(proof, *(f"{proof.menu}: not proved: {fault}" for fault in proof.faults), sep="\n")
    remarks = sum(not problem.error for problem in problems)
    errors = len(problems) - remarks + sum(len(proof.faults) for proof in proofs)
    print(f"{checked} documents: {errors} errors, {remarks} remarks")
    return 1 if errors else 0


def _parts_left_out(
    parts: Mapping[str, Mapping[str, str]], wanted: set[str], documents: Mapping[str, Mapping[str, str]]
) -> list[Problem]:
    """A part is checked in the menus that include it: without one of them, nothing is known of it."""
    included = {part for name, files in documents.items() for part in included_in(files.get(f"{name}.yaml", ""))}
    sentence = "no menu that is checked here includes this part, so it was not checked: name one that does as well"
    return [
        Problem(f"{name}.yaml" if f"{name}.yaml" in files else next(iter(files)), 1, "part", sentence)
        for name, files in parts.items()
        if name not in included and (not wanted or name in wanted)
    ]


def _proofs_of(name: str, files: Mapping[str, str]) -> list[Proof]:
    """The proof of a document without errors, when it is a menu."""
    sources = publishing.sources_of(name, files)
    proof = prove_files(sources, VOCABULARY) if publishing.kind_of(name, sources) == "menu" else None
    return [proof] if proof else []


def publish(options: argparse.Namespace) -> int:
    """Publish a file, with the translations beside it and the parts it includes."""
    name, folder = options.file.name.split(".")[0], options.file.parent
    if name in publishing.parts_of(folder):
        menus = [menu for menu, files in publishing.files_of(folder).items() if f"{name}.yaml" in files]
        whose = f"publish {', '.join(f'{menu}.yaml' for menu in menus)}" if menus else "none includes it yet"
        print(f"{options.file}: a part is published with the menus that include it: {whose}", file=sys.stderr)
        return 1
    files = publishing.files_of(folder).get(name)
    if files is None:
        print(f"{options.file}: there is no such file", file=sys.stderr)
        return 1
    version = publishing.publish(connected(), name, files, by="command line", comment=options.comment)
    print(f"{name}: version {version} is live")
    return 0


def export(options: argparse.Namespace) -> int:
    """Print the newest version of a document, file by file."""
    for file, content in sorted(_published(options.name).items()):
        print(f"# --- {file}\n{content}", end="" if content.endswith("\n") else "\n")
    return 0


def _published(name: str) -> dict[str, str]:
    with connected().db.connect() as connection:
        newest = documents.pointers(connection)
        if name not in newest:
            raise NotPublished(f"there is no document called `{name}`: {', '.join(sorted(newest))}")
        document = documents.load(connection, name, newest[name].version)
    return dict(document.files) if document else {}


def history(options: argparse.Namespace) -> int:
    """List every version of a document, the newest first."""
    with connected().db.connect() as connection:
        versions = documents.history(connection, options.name)
    if not versions:
        raise NotPublished(f"there is no document called `{options.name}`")
    for document in versions:
        when = document.published_at.strftime("%Y-%m-%d %H:%M")
        print(f"{document.version:>4}  {when}  {document.published_by}  {document.comment}")
    return 0


def roll_back(options: argparse.Namespace) -> int:
    """Publish an old version again."""
    version = publishing.roll_back(connected(), options.name, options.version, by="command line")
    print(f"{options.name}: version {version} is live, with the contents of version {options.version}")
    return 0


def withdraw(options: argparse.Namespace) -> int:
    """Let nobody go on with an urgently wrong version; dialogues on it start over."""
    publishing.withdraw(connected(), options.name, options.version)
    print(f"{options.name}: nobody goes on with version {options.version}")
    return 0


def graph(options: argparse.Namespace) -> int:
    """Draw a menu of menus/, or the published one where there is no such file."""
    files = publishing.files_of(MENUS).get(options.name) or _published(options.name)
    drawn = (picture.mermaid if options.mermaid else picture.svg)(*authoring.compiled(options.name, files))
    if options.out:
        options.out.write_text(drawn, encoding="utf-8")
    else:
        print(drawn, end="")
    return 0


def describe_shape(_options: argparse.Namespace) -> int:
    """Print the JSON Schema of a menu file, for editors (menus/menu.schema.json)."""
    print(schema.schema_text(), end="")
    return 0


def describe(_options: argparse.Namespace) -> int:
    """Print everything a menu may say, as Markdown (menus/REFERENCE.md)."""
    print(reference.reference(), end="")
    return 0


def audit(options: argparse.Namespace) -> int:
    """Show what a caller saw and chose in a session, turn by turn."""
    turns = authoring.audit(connected(), options.session, options.phone and numbers.parse(options.phone))
    if not turns:
        why = "of this phone" if options.phone else "by this id: a session is found only together with its --phone"
        print(f"{options.session}: no turn is known {why}", file=sys.stderr)
        return 1
    for turn in turns:
        when = turn.at.astimezone(ZoneInfo(JAKARTA)).strftime("%Y-%m-%d %H:%M:%S")
        where = f"{turn.menu} {turn.version}, {turn.language}, network {turn.network or '?'}, {turn.milliseconds} ms"
        print(f"{when}  {turn.transition:>2}  {turn.screen or '(no screen)'}: {turn.chose}")
        print(f"    {turn.outcome}, to {turn.shown}  ({where})")
        print("".join(f"    | {line}\n" for line in turn.text.splitlines()))
    return 0


def add_to(commands: Commands[argparse.ArgumentParser]) -> None:
    """Put `menus …` among the commands of the command line."""
    menus = commands.add_parser("menus", help="Look after menus.").add_subparsers(required=True, metavar="COMMAND")
    checking = command(menus, "check", check)
    checking.add_argument("files", nargs="*", type=Path, help="files to check; without them, all of menus/")
    publishing_one = command(menus, "publish", publish)
    publishing_one.add_argument("file", type=Path)
    publishing_one.add_argument("--comment", default="")
    command(menus, "export", export).add_argument("name")
    command(menus, "history", history).add_argument("name")
    for name, function in (("rollback", roll_back), ("withdraw", withdraw)):
        of_version = command(menus, name, function)
        of_version.add_argument("name")
        of_version.add_argument("version", type=int)
    drawing = command(menus, "graph", graph)
    drawing.add_argument("name")
    drawing.add_argument("--mermaid", action="store_true", help="Mermaid text instead of SVG")
    drawing.add_argument("--out", type=Path, metavar="FILE", help="write there instead of printing")
    command(menus, "schema", describe_shape)
    command(menus, "reference", describe)
    auditing = command(menus, "audit", audit)
    auditing.add_argument("session", help="the gateway's session, or the id of a dialogue")
    auditing.add_argument("--phone", help="the caller's number: a session is found only together with it")
