"""A compiled menu: frozen, its texts parsed, ready to be walked by any number of dialogues at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ussd_app.engine.checks import CheckSpec
from ussd_app.engine.expressions import Condition, Path, Template
from ussd_app.engine.kinds import Value

Texts = Mapping[str, Template]

# Where a `go` may lead besides a screen: where a cut-off dialogue stood, back to the menu this one was visited
# from, and `menu:NAME`, the start of another menu.
LEFT, RETURN, MENU = "left", "return", "menu:"


def is_elsewhere(target: str) -> bool:
    """Whether a target lies outside the menu that names it."""
    return target in (LEFT, RETURN) or target.startswith(MENU)


@dataclass(frozen=True)
class Use:
    """A fact as one screen uses it: which fact, and the arguments fixed by the menu."""

    fact: str
    takes: tuple[str, ...]
    fixed: Mapping[str, Value]


@dataclass(frozen=True)
class Choice:
    """A line of a screen. The key `+` stands for the number after the rows of the list above it."""

    key: str
    label: Texts
    go: str
    when: Condition | None
    sets: Mapping[str, Value]
    copies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """Lines made from the rows of a fact."""

    rows: str
    label: Texts
    keep: str
    value: str
    go: str


@dataclass(frozen=True)
class Ask:
    """A question and its check."""

    keep: str
    check: CheckSpec
    parameters: Mapping[str, str]
    private: bool
    tries: int | None
    counts: str | None
    otherwise: str | None
    go: str


@dataclass(frozen=True)
class Branch:
    """The first branch whose condition holds is taken; one without a condition always holds."""

    go: str
    when: Condition | None


@dataclass(frozen=True)
class Effect:
    """Something to be done before the next screen, and the screen for each outcome."""

    name: str
    takes: tuple[str, ...]
    fixed: Mapping[str, Value]
    outcomes: Mapping[str, str]


@dataclass(frozen=True)
class Screen:
    """One node of the graph; exactly one of `branches`, `effect`, `ends`, `ask` or choices is what it is."""

    name: str
    text: Texts
    choices: tuple[Choice, ...] = ()
    listing: Listing | None = None
    ask: Ask | None = None
    branches: tuple[Branch, ...] = ()
    effect: Effect | None = None
    ends: bool = False
    uses: Mapping[str, Use] | None = None
    remember: Mapping[str, Path] | None = None


@dataclass(frozen=True)
class Resume:
    """For how many minutes a dialogue that was cut off may go on, and the screen that asks first, if any does."""

    minutes: int
    screen: str | None


@dataclass(frozen=True)
class Recover:
    """Who was cut off after giving this answer gets this message, once."""

    after: str
    message: str


@dataclass(frozen=True)
class Menu:
    """A published version of a menu.

    `limits` is the room in septets of each code that reaches it, `limit` that of every other way to it.
    """

    name: str
    version: int
    limits: Mapping[str, int]
    languages: tuple[str, ...]
    start: str
    home: str
    limit: int
    back_key: str
    home_key: str
    more_key: str
    words: Mapping[str, Mapping[str, str]]
    reasons: Mapping[str, Texts]
    screens: Mapping[str, Screen]
    resume: Resume | None = None
    recover: Recover | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        """What is dialled to reach it."""
        return tuple(self.limits)

    @property
    def narrowest(self) -> int:
        """The least room its screens are given, however somebody came: what they are proved for. In septets."""
        return min([self.limit, *self.limits.values()])

    @cached_property
    def remembered(self) -> frozenset[str]:
        """The names under which screens keep what they showed: nobody answered those."""
        return frozenset(name for screen in self.screens.values() for name in screen.remember or {})

    @property
    def language(self) -> str:
        """The default language, in which the menu file itself is written."""
        return self.languages[0]


def roots_of(menu: Menu) -> Iterator[tuple[Path, str]]:
    """The screens where a dialogue can begin, with the path of the word that says so."""
    yield ("start",), menu.start
    yield ("home",), menu.home
    if menu.resume and menu.resume.screen:
        yield ("resume", "screen"), menu.resume.screen


def is_visited(menu: Menu) -> bool:
    """Whether a menu is made to be visited from another one: it leads back there, or has no code of its own."""
    return not menu.limits or any(go == RETURN for screen in menu.screens.values() for _, go in targets_of(screen))


def targets_of(screen: Screen) -> Iterator[tuple[Path, str]]:
    """Every screen a screen can lead to, with the path of the word that says so."""
    for choice in screen.choices:
        yield ("choices", choice.key, "go"), choice.go
    if screen.listing:
        yield ("list", "go"), screen.listing.go
    if screen.ask:
        yield ("go",), screen.ask.go
        if screen.ask.otherwise:
            yield ("ask", "otherwise"), screen.ask.otherwise
    for number, branch in enumerate(screen.branches):
        yield ("branch", str(number), "go"), branch.go
    for outcome, go in screen.effect.outcomes.items() if screen.effect else ():
        yield ("outcomes", outcome), go
