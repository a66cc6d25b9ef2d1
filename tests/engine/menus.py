"""A small vocabulary, small menus, and a person who walks through them: what every engine test begins with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from textwrap import dedent

from ussd_app.engine import graph, source
from ussd_app.engine.dialogue import Dialogue
from ussd_app.engine.kinds import DATE, FLAG, MONEY, RUN, Value, text
from ussd_app.engine.proof import compile_menu
from ussd_app.engine.step import begin, step
from ussd_app.engine.turn import EffectCall, FactKey, FactValue, Known, Needs, Outcome, Turn
from ussd_app.engine.vocabulary import EffectSpec, FactSpec, Vocabulary
from ussd_app.errors import Problem

TODAY = date(2026, 11, 22)

VOCABULARY = Vocabulary(
    facts={
        "account": FactSpec((), {"found": FLAG, "name": text(20), "balance": MONEY, "until": DATE, "months": RUN}),
        "price": FactSpec(("item", "pieces"), {"total": MONEY}),
        "shops": FactSpec((), {}, {"name": text(20), "code": text(8), "rent": MONEY}),
    },
    effects={
        "order": EffectSpec(("item", "total"), {"placed": {"number": text(8)}, "changed": {}}),
        "keep_language": EffectSpec(("language",), {"kept": {}}),
    },
    messages={"go_on": {}},
)


def problems_of(menu: str, *translations: str) -> list[Problem]:
    """Everything the compiler finds in a menu (`menu.yaml`) and its translations (`en.yaml`)."""
    return _compile(menu, translations)[1]


def compiled(menu: str, *translations: str) -> graph.Menu:
    """The graph of a menu that has no errors."""
    made, problems = _compile(menu, translations)
    assert made is not None, "\n".join(map(str, problems))
    return made


def _compile(menu: str, translations: tuple[str, ...]) -> tuple[graph.Menu | None, list[Problem]]:
    sources = [source.read("menu.yaml", dedent(menu))]
    sources += [source.read("en.yaml", dedent(text)) for text in translations]
    return compile_menu(sources, 1, VOCABULARY)


def everything(wanted: Needs, facts: Mapping[str, FactValue]) -> dict[FactKey, FactValue]:
    """Every wanted fact, found by its name alone."""
    return {key: facts[key.fact] for key in wanted.facts}


@dataclass
class Person:
    """Somebody with a phone, and a world that knows `facts` by name and ends effects as `outcomes` says.

    `asked` and `done` remember what each turn needed.
    """

    menu: graph.Menu
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    language: str = "id"
    asked: list[frozenset[FactKey]] = field(default_factory=list)
    done: list[EffectCall] = field(default_factory=list)
    known: Known = field(default_factory=lambda: Known(TODAY))

    def __post_init__(self) -> None:
        self.dialogue = Dialogue("one", self.menu.name, self.menu.version, self.language)
        self.turn = self._finish(lambda known: begin(self.menu, self.dialogue, known))

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return self.turn.text

    @property
    def screen(self) -> str:
        """The name of the screen."""
        return self.turn.dialogue.screen

    def answer(self, name: str) -> Value:
        """What the dialogue holds under that name."""
        return self.turn.dialogue.answer(name)

    def says(self, *answers: str) -> Person:
        """The person after these answers, one after another."""
        for said in answers:
            self._say(said)
        return self

    def _say(self, said: str) -> None:
        before = self.turn.dialogue
        self.turn = self._finish(lambda known: step(self.menu, before, said, known))

    def _finish(self, take: Callable[[Known], Turn | Needs]) -> Turn:
        self.known = Known(TODAY)
        while True:
            result = take(self.known)
            if isinstance(result, Turn):
                return result
            known = dict(self.known.facts)
            outcomes = self.known.outcomes
            if result.facts:
                self.asked.append(result.facts)
                known |= everything(result, self.facts)
            if result.effect:
                self.done.append(result.effect)
                outcomes = (*outcomes, self.outcomes[result.effect.name])
            self.known = Known(TODAY, known, outcomes)
