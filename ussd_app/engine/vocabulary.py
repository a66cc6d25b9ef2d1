"""The words a menu may use: facts it can show and effects it can ask for, each with its types.

The services fill one table of each; the compiler checks a menu against them, so that a menu cannot name what the
code lacks, nor feed it the wrong answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ussd_app.engine.kinds import Kind


@dataclass(frozen=True)
class FactSpec:
    """Something a screen can show: the answers it is computed from and the fields it gives.

    `rows` names the fields of each row when the fact is a list to choose from.
    """

    takes: tuple[str, ...]
    gives: Mapping[str, Kind]
    rows: Mapping[str, Kind] = field(default_factory=dict)


@dataclass(frozen=True)
class EffectSpec:
    """Something a menu can ask to be done: the answers it needs and, for each outcome, the fields it gives.

    `harmless` when doing it twice is the same as doing it once, so that nobody is asked to confirm it.
    """

    takes: tuple[str, ...]
    outcomes: Mapping[str, Mapping[str, Kind]]
    harmless: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """All facts, effects and messages, by name."""

    facts: Mapping[str, FactSpec]
    effects: Mapping[str, EffectSpec]
    messages: Mapping[str, Mapping[str, Kind]] = field(default_factory=dict)
