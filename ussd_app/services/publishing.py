"""Somebody publishes a menu, messages, rates, holidays or channels; every process serves the newest within a second."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import redis
import yaml
from pydantic import ValidationError
from sqlalchemy import Connection

from ussd_app.domain import calendar, contributions, reminder_plan
from ussd_app.domain import channels as places
from ussd_app.domain import keywords as texted
from ussd_app.domain import sending as rules
from ussd_app.engine import graph
from ussd_app.engine.messages import Messages, compile_messages
from ussd_app.engine.parts import included_in, is_part
from ussd_app.engine.source import Source
from ussd_app.errors import MenuProblems, NotPublished, Problem
from ussd_app.runtime import Runtime
from ussd_app.services import menu_limits, reading
from ussd_app.services.words import MESSAGES, REMINDERS
from ussd_app.storage import documents
from ussd_app.storage.pointers import Pointers

Made = TypeVar("Made")


def newest(rt: Runtime) -> Pointers:
    """The kind and newest version of every document, from Redis when it is there, else from the database."""
    try:
        found = documents.announced(rt.redis)
    except redis.RedisError:
        found = None
    return found or refresh(rt)


def refresh(rt: Runtime, *, published: bool = False) -> Pointers:
    """The newest versions as the database has them, announced to every process."""
    with rt.db.connect() as connection:
        found = documents.pointers(connection)
    with suppress(redis.RedisError):  # then the next turn asks the database again
        documents.announce(rt.redis, found, published=published)
    return found


def menu(rt: Runtime, name: str, version: int) -> graph.Menu:
    """One version of a menu, compiled once per process."""
    return _compiled(rt, name, version, partial(_menu, name, version))


def newest_menu(rt: Runtime, pointers: Pointers, name: str) -> graph.Menu:
    """The newest version of a menu. Raises NotPublished."""
    if name not in pointers or pointers[name].kind != "menu":
        raise NotPublished(f"no menu `{name}` has been published")
    return menu(rt, name, pointers[name].version)


class Dialled(NamedTuple):
    """What a code reaches: the menu, the room on a screen there in septets, the answers dialled with the code."""

    menu: graph.Menu
    limit: int
    chain: str


def menu_for(rt: Runtime, pointers: Pointers, dialled: str) -> Dialled | None:
    """The newest menu that answers what was dialled, and the answers dialled with it: `1*2` of `*777*1*2#`.

    SERVICE_CODE always reaches the menu called `main`, at main's `limit` unless main gives that code its own. The
    longest code that fits wins.
    """
    menus = [menu(rt, name, pointer.version) for name, pointer in pointers.items() if pointer.kind == "menu"]
    codes = {code: candidate for candidate in menus for code in candidate.codes}
    main = next((candidate for candidate in menus if candidate.name == "main"), None)
    if main:
        codes[rt.settings.service_code] = main
    for code in sorted(codes, key=len, reverse=True):
        found, stem = codes[code], f"{code.removesuffix('#')}*"
        limit = found.limits.get(code, found.limit)
        if dialled == code:
            return Dialled(found, limit, "")
        if dialled.startswith(stem) and dialled.endswith("#"):
            return Dialled(found, limit, dialled.removeprefix(stem).removesuffix("#"))
    return None


def messages(rt: Runtime, pointers: Pointers) -> Messages:
    """The newest SMS texts."""
    return _newest(rt, pointers, "messages", _messages)


def rates(rt: Runtime, pointers: Pointers) -> contributions.Rates:
    """The newest contribution rates."""
    return _newest(rt, pointers, "rates", _rates)


def rates_called(rt: Runtime, version: str) -> contributions.Rates | None:
    """The newest rates that were published under this `version`, whichever count now; None when none were."""
    with rt.db.connect() as connection:
        published = [document.version for document in documents.history(connection, "rates")]
    made = (_compiled(rt, "rates", number, lambda files: _rates(sources_of("rates", files))) for number in published)
    return next((rates for rates in made if rates.version == version), None)


def holidays(rt: Runtime, pointers: Pointers) -> frozenset[date]:
    """Days on which no contribution falls due."""
    return _newest(rt, pointers, "holidays", _holidays)


def channels(rt: Runtime, pointers: Pointers) -> places.Channels:
    """Where people can pay, as last published."""
    return _newest(rt, pointers, "channels", _channels)


def sending(rt: Runtime, pointers: Pointers) -> rules.Sending:
    """When texts may go out, by which gateway, and what they are reckoned to cost."""
    return _newest(rt, pointers, "sending", _sending)


def keywords(rt: Runtime, pointers: Pointers) -> texted.Keywords:
    """What people may text us, as last published."""
    return _newest(rt, pointers, "keywords", _keywords)


def reminders(rt: Runtime, pointers: Pointers) -> reminder_plan.Plan:
    """Who is reminded of what, and when."""
    return _newest(rt, pointers, "reminders", _reminders)


def _newest(rt: Runtime, pointers: Pointers, name: str, make: Callable[[list[Source]], Made]) -> Made:
    if name not in pointers:
        raise NotPublished(f"no version of `{name}` has been published")
    return _compiled(rt, name, pointers[name].version, lambda files: make(sources_of(name, files)))


def _compiled(rt: Runtime, name: str, version: int, make: Callable[[Mapping[str, str]], Made]) -> Made:
    key = (name, version)
    if key not in rt.compiled:
        with rt.db.connect() as connection:
            document = documents.load(connection, name, version)
        if document is None:
            raise NotPublished(f"there is no version {version} of `{name}`")
        rt.compiled[key] = make(document.files)
    return rt.compiled[key]  # type: ignore[return-value]


def sources_of(name: str, files: Mapping[str, str]) -> list[Source]:
    """The files of a document as they were written, the main one first. Raises MenuProblems."""
    return [
        reading.source_of(file, files[file]) for file in sorted(files, key=lambda file: (file != f"{name}.yaml", file))
    ]


def _menu(name: str, version: int, files: Mapping[str, str]) -> graph.Menu:
    made, problems = reading.compiled(name, tuple(sorted(files.items())))
    if made is None:
        raise MenuProblems(list(problems))
    return replace(made, version=version)


def _messages(sources: list[Source]) -> Messages:
    made, problems = compile_messages(sources[0], MESSAGES)
    if made is None:
        raise MenuProblems(problems)
    return made


def _rates(sources: list[Source]) -> contributions.Rates:
    return _validated(sources[0], contributions.rates_from)


def _holidays(sources: list[Source]) -> frozenset[date]:
    return _validated(sources[0], calendar.holidays_from)


def _channels(sources: list[Source]) -> places.Channels:
    return _validated(sources[0], places.channels_from)


def _sending(sources: list[Source]) -> rules.Sending:
    return _validated(sources[0], rules.sending_from)


def _keywords(sources: list[Source]) -> texted.Keywords:
    return _validated(sources[0], texted.keywords_from)


def _reminders(sources: list[Source]) -> reminder_plan.Plan:
    plan = _validated(sources[0], reminder_plan.plan_from)
    sentence = f"no reminder is called `%s`: {', '.join(sorted(REMINDERS))}"
    unknown = [(number, name) for number, name in plan.messages() if name not in REMINDERS]
    if unknown:
        raise MenuProblems(
            [sources[0].problem(("steps", str(number), "message"), sentence % name) for number, name in unknown]
        )
    return plan


_DATA: dict[str, Callable[[list[Source]], object]] = {
    "rates": _rates,
    "holidays": _holidays,
    "channels": _channels,
    "sending": _sending,
    "reminders": _reminders,
    "keywords": _keywords,
}


def _validated(source: Source, make: Callable[[object], Made]) -> Made:
    try:
        return make(yaml.safe_load(source.text))
    except ValidationError as error:
        raise MenuProblems(
            [
                source.problem(tuple(map(str, mistake["loc"])), mistake["msg"].removeprefix("Value error, "))
                for mistake in error.errors()
            ]
        ) from None
    except (ValueError, yaml.YAMLError) as error:
        raise MenuProblems([source.problem((), str(error))]) from None


def kind_of(name: str, sources: list[Source]) -> str:
    """Whether a document is a menu, the messages, or data under the name that says which."""
    if name == "messages" or name in _DATA:
        return name
    if isinstance(sources[0].data, dict) and "menu" in sources[0].data:
        return "menu"
    if is_part(sources[0].text):
        raise MenuProblems([sources[0].problem((), "a part is published with each menu that includes it, not alone")])
    sentence = f"a menu begins with `menu: name`; the other files are messages, {', '.join(_DATA)}"
    raise MenuProblems([sources[0].problem((), sentence)])


def check(
    name: str,
    files: Mapping[str, str],
    rates: contributions.Rates | None = None,
    screens: Collection[str] | None = None,
) -> list[Problem]:
    """Every problem and remark about a document, without publishing it; a menu's also against the rates in force, and
    the keywords' against the `screens` of the menu `main`, where these are given."""
    try:
        sources = sources_of(name, files)
        kind = kind_of(name, sources)
        if kind == "menu":
            problems = list(reading.compiled(name, tuple(sorted(files.items())))[1])
            named = sources[0].data.get("menu")
            if named != name:
                problems.append(sources[0].problem(("menu",), f"the file is called {name}, the menu {named}"))
            if rates and not any(problem.error for problem in problems):
                problems += menu_limits.disagreements(sources, rates)
            return problems
        if kind == "messages":
            return compile_messages(sources[0], MESSAGES)[1]
        made = _DATA[kind](sources)
        if isinstance(made, texted.Keywords) and screens is not None:
            return _nowhere(sources[0], made, screens)
    except MenuProblems as found:
        return found.problems
    return []


def _nowhere(source: Source, made: texted.Keywords, screens: Collection[str]) -> list[Problem]:
    """Keywords that lead to a screen there is none of."""
    return [
        source.problem(("keywords", command, "screen"), f"the menu `main` has no screen `{keyword.screen}`")
        for command, keyword in made.keywords.items()
        if keyword.screen and keyword.screen not in screens
    ]


def publish(rt: Runtime, name: str, files: Mapping[str, str], *, by: str, comment: str = "") -> int:
    """Make a new version of a document the newest one; its number.

    Raises MenuProblems with every error; nothing is published then. The same contents again change nothing. A menu
    that offers more than the rates in force allow is an error, and so are rates that allow less than a menu offers.
    """
    kind = publishable(rt, name, files)
    with rt.db.begin() as connection:
        version = documents.add_version(connection, name, kind, dict(files), by=by, comment=comment, now=rt.clock())
    refresh(rt, published=True)
    return version


def publishable(rt: Runtime, name: str, files: Mapping[str, str]) -> str:
    """The kind of a document that may be published as it is. Raises MenuProblems as `publish` does."""
    with rt.db.connect() as connection:
        known = documents.pointers(connection)
    in_force = rates(rt, known) if "rates" in known else None
    screens = newest_menu(rt, known, "main").screens if name == "keywords" and "main" in known else None
    found = check(name, files, in_force, screens)
    if name == "rates" and not found:
        found = _menus_beyond(rt, known, _rates(sources_of(name, files)))
    errors = [problem for problem in found if problem.error]
    if errors:
        raise MenuProblems(errors)
    return kind_of(name, sources_of(name, files))


def _menus_beyond(rt: Runtime, known: Pointers, rates: contributions.Rates) -> list[Problem]:
    """Where the menus that are served offer what these rates do not allow."""
    with rt.db.connect() as connection:
        served = [
            documents.load(connection, name, pointer.version)
            for name, pointer in known.items()
            if pointer.kind == "menu"
        ]
    found = []
    for document in filter(None, served):
        # Translations have texts only: not to read them takes a third of the time.
        files = {file: text for file, text in document.files.items() if file.count(".") == 1}
        found += menu_limits.disagreements(sources_of(document.name, files), rates)
    return found


def rates_beside(files: Mapping[str, Mapping[str, str]]) -> contributions.Rates | None:
    """The rates among the documents of a folder, for checking its menus; None without any that can be used."""
    with suppress(MenuProblems):
        return _rates(sources_of("rates", files["rates"])) if "rates" in files else None
    return None


def screens_beside(files: Mapping[str, Mapping[str, str]]) -> Collection[str] | None:
    """The screens of the menu `main` among the documents of a folder, for checking its keywords; None without one that
    can be used."""
    with suppress(MenuProblems):
        return _menu("main", 0, files["main"]).screens if "main" in files else None
    return None


def roll_back(rt: Runtime, name: str, version: int, *, by: str) -> int:
    """Publish an old version again, as a new one; its number."""
    with rt.db.connect() as connection:
        old = documents.load(connection, name, version)
    if old is None:
        raise NotPublished(f"there is no version {version} of `{name}`")
    return publish(rt, name, old.files, by=by, comment=f"back to version {version}")


def withdraw(rt: Runtime, name: str, version: int) -> None:
    """Let nobody go on with an urgently wrong version: its dialogues start over on the newest.

    Raises NotPublished when there is no such version, or it is the newest: publish or roll back first.
    """
    with rt.db.begin() as connection:
        withdraw_in(rt, connection, name, version)
    refresh(rt, published=True)


def withdraw_in(rt: Runtime, connection: Connection, name: str, version: int) -> None:
    """The same in an open transaction, after which `refresh` tells every process. Raises NotPublished."""
    newest_version = documents.pointers(connection).get(name)
    if newest_version is None or newest_version.version == version:
        raise NotPublished(f"version {version} of `{name}` is the newest, or not there: publish another one first")
    if not documents.withdraw(connection, name, version, rt.clock()):
        raise NotPublished(f"there is no version {version} of `{name}` to withdraw")


def files_of(folder: Path) -> dict[str, dict[str, str]]:
    """The documents in a folder, each with all its files.

    `main.yaml` and `main.en.yaml` belong to `main`, and so do the parts that main.yaml includes, with their
    translations: a published menu is whole. A part is no document of its own.
    """
    parts = parts_of(folder)
    documents = {name: files for name, files in _by_name(folder).items() if name not in parts}
    for name, files in documents.items():
        for part in included_in(files.get(f"{name}.yaml", "")):
            files |= parts.get(part, {})
    return documents


def parts_of(folder: Path) -> dict[str, dict[str, str]]:
    """The parts in a folder that menus may include, each with its translations."""
    return {name: files for name, files in _by_name(folder).items() if any(map(is_part, files.values()))}


def _by_name(folder: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.yaml")):
        found.setdefault(path.name.split(".")[0], {})[path.name] = path.read_text(encoding="utf-8")
    return found


def import_folder(rt: Runtime, folder: Path) -> list[str]:
    """Publish the documents of a folder that nobody has published yet; what was published is an admin's to change."""
    with rt.db.connect() as connection:
        known = documents.pointers(connection)
    missing = {name: files for name, files in files_of(folder).items() if name not in known}
    for name, files in missing.items():
        publish(rt, name, files, by="import", comment="shipped with the service")
    return sorted(missing)
