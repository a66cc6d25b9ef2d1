"""What goes into a turn and what comes out of it, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from ussd_app.engine.dialogue import Dialogue
from ussd_app.engine.graph import Menu
from ussd_app.engine.kinds import Value

Row = Mapping[str, Value]
Arguments = tuple[tuple[str, Value], ...]
# The answer that says whom facts and effects are about, where one phone serves several people.
SUBJECT = "person"
# A menu that a dialogue goes to: its name, and its version or None for the newest.
MenuKey = tuple[str, int | None]


@dataclass(frozen=True)
class FactKey:
    """A fact wanted with these arguments, as it stands after `epoch` effects of this turn.

    `about` is the answer called SUBJECT at that moment: a turn may ask for the same fact about two people.
    """

    fact: str
    arguments: Arguments
    epoch: int = 0
    about: Value = None


@dataclass(frozen=True)
class EffectCall:
    """An effect to be done, with its arguments; `number` counts the effects of one turn, `about` as in a FactKey."""

    name: str
    arguments: Arguments
    number: int
    about: Value = None


@dataclass(frozen=True)
class FactValue:
    """What was found out: single fields, and rows when the fact is a list."""

    fields: Mapping[str, Value] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How an effect ended, and what it tells the screens that follow."""

    name: str
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """All that is known in this turn: the date where the caller is, facts, and effects already done.

    `pepper` is the service's secret that makes the hash of a PIN worth nothing to whoever lacks it.
    """

    today: date
    facts: Mapping[FactKey, FactValue] = field(default_factory=dict)
    outcomes: tuple[Outcome, ...] = ()
    menus: Mapping[MenuKey, Menu] = field(default_factory=dict)
    pepper: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Turn:
    """A finished turn: the new dialogue and the text on the screen; `accepted` tells whether an answer moved it on."""

    dialogue: Dialogue
    text: str
    ends: bool
    accepted: bool = True


@dataclass(frozen=True)
class Needs:
    """Not finished: find out these facts, do this effect, or fetch this menu, and call again.

    `screen` is the one that wants it, `answers` what the dialogue holds there.
    """

    facts: frozenset[FactKey] = frozenset()
    effect: EffectCall | None = None
    menu: MenuKey | None = None
    screen: str = field(default="", compare=False)
    answers: Mapping[str, Value] | None = field(default=None, compare=False, repr=False)


class Missing(Exception):
    """Raised inside a turn where something is not known yet; it carries what to find out."""

    def __init__(self, needs: Needs) -> None:
        self.needs = needs
