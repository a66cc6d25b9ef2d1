"""Somebody who writes menus looks at one: as a picture, or as a caller saw it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import redis

from ussd_app.engine import graph
from ussd_app.engine.picture import Conditions, written
from ussd_app.engine.proof import compile_menu
from ussd_app.engine.view import in_language
from ussd_app.errors import MenuProblems, NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import dialing, journal, publishing
from ussd_app.services.words import VOCABULARY
from ussd_app.storage import journal as journal_rows


def compiled(name: str, files: Mapping[str, str]) -> tuple[graph.Menu, Conditions]:
    """The menu in these files, and its conditions as they were written. Raises MenuProblems."""
    sources = publishing.sources_of(name, files)
    if publishing.kind_of(name, sources) != "menu":
        raise MenuProblems([sources[0].problem((), "this is no menu")])
    made, problems = compile_menu(sources, 0, VOCABULARY)
    if made is None:
        raise MenuProblems([problem for problem in problems if problem.error])
    written_here = [source.data for source in sources if "language" not in source.data]
    return made, {place: when for data in written_here for place, when in _conditions(data)}


def _conditions(menu_or_part: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for name, screen in menu_or_part.get("screens", {}).items():
        written_lines = [*(screen.get("choices") or {}).items(), *enumerate(screen.get("branch") or ())]
        for at, line in written_lines:
            if line.get("when"):
                yield (name, str(at)), line["when"]


@dataclass(frozen=True)
class Seen:
    """One turn as the journal has it: where the caller was, what they chose, in words, and what they saw then.

    `text` is the screen as its author wrote it, fields in braces: the journal holds nobody's data.
    """

    at: datetime
    dialogue: str
    transition: int
    menu: str
    version: int
    screen: str
    shown: str
    chose: str
    outcome: str
    language: str
    network: str
    milliseconds: int
    text: str


def audit(rt: Runtime, session: str, phone: str | None) -> list[Seen]:
    """Every turn of a session's dialogue, first to last, in whichever session it went on.

    `session` is the gateway's, together with the phone, or the id of a dialogue. Empty when nothing is known of it.
    """
    with suppress(redis.RedisError):  # then what is in the database has to do
        journal.write(rt)
    turns = _turns(rt, _names_of(rt, session, phone))
    return [_seen(rt, before, turn) for before, turn in pairwise([None, *turns]) if turn]


def _names_of(rt: Runtime, session: str, phone: str | None) -> list[str]:
    if phone is None:
        return [session]
    name = dialing.name_of(rt, f"at:{session.removeprefix('at:')[:100]}", phone)
    names = [name, session]
    with suppress(redis.RedisError):
        now = rt.dialogues.peek(name)
        if now:
            names.append(now.id)  # a session may go on with the dialogue of one before it
    return names


def _turns(rt: Runtime, names: list[str]) -> list[dict[str, Any]]:
    """In the order of the stream they came by; a dialogue that is taken up again repeats a transition."""
    with rt.db.connect() as connection:
        return journal_rows.turns_of(connection, names)


def _seen(rt: Runtime, before: Mapping[str, Any] | None, turn: Mapping[str, Any]) -> Seen:
    menu = _menu(rt, turn)
    shown = menu.screens.get(turn["shown"]) if menu else None
    # What was answered is a screen as it stood before: maybe in another language, maybe of another menu.
    asked_in = before if before and before["shown"] == turn["screen"] else turn
    return Seen(
        **{name: turn[name] for name in Seen.__annotations__ if name in turn},
        chose=_chosen(_menu(rt, asked_in), asked_in["language"], turn),
        text="\n".join(_lines(shown, turn["language"])) if shown else "",
    )


def _menu(rt: Runtime, turn: Mapping[str, Any]) -> graph.Menu | None:
    with suppress(NotPublished, MenuProblems):  # the journal outlives what it tells of
        return publishing.menu(rt, turn["menu"], turn["version"])
    return None


def _chosen(menu: graph.Menu | None, language: str, turn: Mapping[str, Any]) -> str:
    """What was said, in words: the labels of the choices where it was keys."""
    screen, said, labels = menu.screens.get(turn["screen"]) if menu else None, str(turn["said"]), []
    for key in said.split("*") if menu and screen and not screen.ask and said.strip("*") else ():
        label, screen = _label(menu, screen, key, language, turn["shown"]) if menu and screen else (key, None)
        labels.append(label)
    return ", ".join(labels) or said


def _label(
    menu: graph.Menu, screen: graph.Screen, key: str, language: str, shown: str
) -> tuple[str, graph.Screen | None]:
    """The words beside a key, and the screen it leads to where that is certain."""
    words = menu.words.get(language) or menu.words[menu.language]
    moves = {menu.back_key: words["back"], menu.more_key: words["more"], menu.home_key: "(home)"}
    by_key, listing = {choice.key: choice for choice in screen.choices}, screen.listing
    choice = by_key.get(key)
    if choice is None and key in moves:
        return f"{key}. {moves[key]}", None
    if choice is None and listing and key.isdigit():
        # How many rows there were is not known any more, but a choice below them is known by where it led.
        below = [last for last in screen.choices if last.key == "+" and last.go == shown != listing.go]
        choice = below[0] if len(below) == 1 else None
        if choice is None:
            return f"{key}. {written(in_language(listing.label, language))}", menu.screens.get(listing.go)
    if choice is None:
        return key, None
    return f"{key}. {written(in_language(choice.label, language))}", menu.screens.get(choice.go)


def _lines(screen: graph.Screen, language: str) -> Iterator[str]:
    yield written(in_language(screen.text, language))
    if screen.listing:
        yield f"1, 2 ... {written(in_language(screen.listing.label, language))}"
    for choice in screen.choices:
        sometimes = " (not always)" if choice.when else ""
        yield f"{choice.key}. {written(in_language(choice.label, language))}{sometimes}"
