"""A compiled menu: frozen, its texts parsed, ready to be walked by any number of dialogues at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ussd_app.engine.checks import CheckSpec
from ussd_app.engine.expressions import Condition, Path, Template
from ussd_app.engine.kinds import Value

Texts = Mapping[str, Template]


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

    @property
    def waits(self) -> bool:
        """Whether a person sees this screen and answers it."""
        return not (self.branches or self.effect or self.ends)


@dataclass(frozen=True)
class Menu:
    """A published version of a menu."""

    name: str
    version: int
    codes: tuple[str, ...]
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

    @property
    def language(self) -> str:
        """The default language, in which the menu file itself is written."""
        return self.languages[0]
