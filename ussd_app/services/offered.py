"""What may be written into a text or a condition of a screen: every answer and fact that is known there, by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ussd_app.engine import graph
from ussd_app.engine.kinds import Kind
from ussd_app.engine.names import kinds_of
from ussd_app.services.words import VOCABULARY

# A text that may be longer than this is offered cut, so that one name does not fill a screen.
LONG, CUT = 20, 16
_FORMATS = {"money": "|rupiah", "date": "|date", "months": "|months", "text": "", "count": ""}


@dataclass(frozen=True)
class Name:
    """Something that can be shown: what is written for it, the name alone, and the kind of its value."""

    written: str
    name: str
    kind: str


@dataclass(frozen=True)
class Group:
    """Names that come from one place: the fact `of`, or `answers`, `rows`."""

    of: str
    names: tuple[Name, ...]


def fields(menu: graph.Menu | None, screen: str) -> list[Group]:
    """The fields that a text of this screen may show, the answers first; nothing for a menu that cannot be read."""
    if menu is None:
        return []
    try:
        answers = kinds_of(menu, VOCABULARY)
    except (ValueError, KeyError):
        return []
    here = menu.screens.get(screen)
    groups = [Group("answers", tuple(_shown("", answers))), *_of_facts(answers), *_of_the_screen(here)]
    return [group for group in groups if group.names]


def _shown(prefix: str, known: Mapping[str, Kind]) -> Iterator[Name]:
    for name, kind in known.items():
        if kind.name in _FORMATS:
            path = f"{prefix}{name}"
            cut = f"|cut:{CUT}" if kind.name == "text" and len(str(kind.longest)) > LONG else _FORMATS[kind.name]
            yield Name(f"{{{path}{cut}}}", path, kind.name)


def _of_facts(answers: Mapping[str, Kind]) -> Iterator[Group]:
    for fact, spec in VOCABULARY.facts.items():
        if set(spec.takes) <= answers.keys():
            yield Group(fact, tuple(_shown(f"{fact}.", spec.gives)))


def _of_the_screen(screen: graph.Screen | None) -> Iterator[Group]:
    uses = (screen.uses or {}) if screen else {}
    for alias, use in uses.items():
        if alias != use.fact:
            yield Group(use.fact, tuple(_shown(f"{alias}.", VOCABULARY.facts[use.fact].gives)))
    if screen and screen.listing and screen.listing.rows in uses:
        rows = VOCABULARY.facts[uses[screen.listing.rows].fact].rows
        yield Group("rows", tuple(_shown("row.", rows)))


def in_conditions(menu: graph.Menu | None) -> list[str]:
    """Every name that a condition may ask for, facts that can be found or not among them."""
    if menu is None:
        return []
    try:
        answers = list(kinds_of(menu, VOCABULARY))
    except (ValueError, KeyError):
        return []
    alone = [fact for fact, spec in VOCABULARY.facts.items() if "found" in spec.gives or spec.rows]
    inside = [f"{fact}.{name}" for fact, spec in VOCABULARY.facts.items() for name in spec.gives if name != "found"]
    return sorted({*answers, *alone, *inside})
