"""What is wrong with a draft, while somebody types: each problem with its place, and how much room every text takes.

`inspect` is quick and walks no states; the whole proof is a job of its own (see proving).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ussd_app.domain import gsm7
from ussd_app.domain.contributions import Rates
from ussd_app.engine import graph
from ussd_app.engine.compiler import Compilation, validate
from ussd_app.engine.definition import Messages
from ussd_app.engine.expressions import NotAllowed, parse_template
from ussd_app.engine.fit import longest, longest_screen
from ussd_app.engine.kinds import Kind
from ussd_app.engine.messages import REPEATED
from ussd_app.engine.names import kinds_of, texts_of
from ussd_app.engine.paging import TooNarrow, pages
from ussd_app.engine.parts import put_together
from ussd_app.engine.source import Path, Source
from ussd_app.errors import MenuProblems, Problem
from ussd_app.runtime import Runtime
from ussd_app.services import menu_limits, publishing, reading
from ussd_app.services.words import MESSAGES, VOCABULARY


@dataclass(frozen=True)
class Found:
    """A problem (or a remark, `error` False) and its place on a page: the screen and the field there, or none.

    `field` is as in the file without the screen: `text`, `choices.1.label`, `ask.min`, `branch.0.when`. `language` is
    that of the file it stands in. For SMS `screen` is the name of the message, for reasons it is empty.
    """

    problem: Problem
    section: str
    screen: str
    field: str
    language: str


@dataclass(frozen=True)
class Fill:
    """One screen in one language with every field at its longest and the longest reason above it.

    `septets` of `limit` for everything with the navigation; `texts` the septets of each text alone, by its field.
    `shown` are its pages as a phone would show them: more than one is a fault where there is no list.
    """

    screen: str
    language: str
    septets: int
    limit: int
    listed: bool
    texts: Mapping[str, int]
    shown: tuple[str, ...]

    @property
    def over(self) -> int:
        """So many septets too many; 0 when it fits."""
        return 0 if self.listed and self.shown else max(0, self.septets - self.limit)


@dataclass(frozen=True)
class SmsFill:
    """One SMS in one language at its longest: `septets`, the `segments` that are paid for, and how many it may take."""

    message: str
    language: str
    septets: int
    segments: int
    most: int
    shown: str


@dataclass(frozen=True)
class Inspection:
    """All that is known of a draft without its proof.

    `menu` is there when it compiles and can be walked, `drawn` as soon as its files have the right shape.
    """

    kind: str
    problems: tuple[Found, ...]
    fills: tuple[Fill, ...] = ()
    messages: tuple[SmsFill, ...] = ()
    menu: graph.Menu | None = field(default=None, repr=False)
    drawn: graph.Menu | None = field(default=None, repr=False)

    @property
    def publishable(self) -> bool:
        """Whether nothing but the proof stands in the way."""
        return not any(found.problem.error for found in self.problems)


def inspect(name: str, files: Mapping[str, str], rates: Rates | None = None, default: str = "id") -> Inspection:
    """Look at a draft: everything the checks find, and the room that every text takes. Never raises.

    `rates` are those in force: a menu must not offer more than they allow.
    """
    try:
        sources = reading.sources_of(name, files)
        kind = publishing.kind_of(name, sources)
    except MenuProblems as found:
        return Inspection("", tuple(_placed(found.problems, default)))
    if kind == "menu":
        return _of_menu(name, files, sources, rates)
    problems = publishing.check(name, files)
    fills = tuple(_sms_fills(sources[0])) if kind == "messages" else ()
    return Inspection(kind, tuple(_placed(problems, default)), messages=fills)


def inspect_live(rt: Runtime, name: str, files: Mapping[str, str]) -> Inspection:
    """The same, against the rates that are published."""
    known = publishing.newest(rt)
    return inspect(name, files, publishing.rates(rt, known) if "rates" in known else None)


# ---- menus ----


def _of_menu(name: str, files: Mapping[str, str], sources: list[Source], rates: Rates | None) -> Inspection:
    made, found = reading.compiled(name, tuple(sorted(files.items())))
    problems = list(found)
    named = sources[0].data.get("menu")
    if named != name:
        problems.append(sources[0].problem(("menu",), f"the file is called {name}, the menu {named}"))
    if rates and not any(problem.error for problem in problems):
        problems += menu_limits.disagreements(sources, rates)
    drawn = made or _as_far_as_it_goes(sources)
    fills = tuple(_fills(drawn)) if drawn else ()
    language = drawn.language if drawn else "id"
    return Inspection("menu", tuple(_placed(problems, language)), fills, menu=made, drawn=drawn)


def _as_far_as_it_goes(sources: list[Source]) -> graph.Menu | None:
    """The graph of a menu with mistakes, for measuring its texts; None when its files have not the right shape."""
    written = put_together(sources, [])
    if written is None:
        return None
    return Compilation(written.menu, written.source, written.translations, VOCABULARY).build(0)


def _fills(menu: graph.Menu) -> Iterator[Fill]:
    try:
        answers = kinds_of(menu, VOCABULARY)
    except ValueError:  # a question with a limit that is no number, which is a problem of its own
        return
    for screen in menu.screens.values():
        if screen.branches or screen.effect or not screen.text:
            continue
        for language in menu.languages:
            try:
                yield _fill(menu, screen, language, answers)
            except ValueError:  # a format that cannot show this kind of value: a problem of its own
                continue


def _fill(menu: graph.Menu, screen: graph.Screen, language: str, answers: Mapping[str, Kind]) -> Fill:
    head, options, footer = longest_screen(VOCABULARY, menu, screen, language, answers)
    if screen.listing:
        options = [options[0], *options[30:]]
    whole = gsm7.septets("\n".join([head, *options, *footer(True, False, True)])) or 0
    try:
        shown = tuple(pages(head, options, footer, menu.narrowest))
    except TooNarrow:
        shown = ()
    texts = {}
    for at, spoken in texts_of(screen):
        template = spoken.get(language)
        if template is not None:
            texts[".".join(at)] = gsm7.septets(longest(template, language, screen, answers, VOCABULARY)) or 0
    return Fill(screen.name, language, whole, menu.narrowest, screen.listing is not None, texts, shown)


# ---- SMS ----


def _sms_fills(source: Source) -> Iterator[SmsFill]:
    written = validate(Messages, source, [])
    for name, message in written.messages.items() if written else ():
        for language, words in message.texts.items():
            filled = longest_sms(name, words, language)
            if filled is not None:
                shown = f"{REPEATED if message.repeat else ''}{filled}"
                size = gsm7.size(shown)
                yield SmsFill(name, language, size.units, size.segments, message.segments, shown)


def longest_sms(message: str, words: str, language: str) -> str | None:
    """The text of an SMS with every field at its longest; None when it names a field that the message is not given."""
    given = MESSAGES.get(message, {})
    try:
        template = parse_template(gsm7.plain(words.strip()))
        parts = (
            part if isinstance(part, str) else part.show(given[part.path[0]].longest, language) for part in template
        )
        return "".join(parts)
    except (NotAllowed, KeyError, ValueError):
        return None


# ---- places ----


def _placed(problems: list[Problem], default: str) -> Iterator[Found]:
    for problem in problems:
        at: Path = tuple(problem.path.split("."))
        stem = problem.file.removesuffix(".yaml").split(".")
        language = stem[1] if len(stem) > 1 else default
        if at[0] in ("screens", "messages") and len(at) > 1:
            yield Found(
                problem, at[0], at[1], ".".join(at[2:]), at[3] if at[2:3] == ("texts",) and at[3:] else language
            )
        else:
            yield Found(problem, at[0] if at[0] != "(file)" else "", "", ".".join(at[1:]), language)
