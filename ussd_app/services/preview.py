"""Walk a draft as a caller would, before anybody can dial it: any language, any person, effects that lead nowhere.

Nothing is kept between two steps: the answers given so far come with each request and are walked again, so the phone
beside a form shows the draft as it is now. No dialogue, no member and no counter is touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from ussd_app.domain import gsm7
from ussd_app.engine import graph
from ussd_app.engine.dialogue import Dialogue
from ussd_app.engine.kinds import Value
from ussd_app.engine.names import kinds_of
from ussd_app.engine.step import begin, step
from ussd_app.engine.turn import EffectCall, FactKey, FactValue, Known, MenuKey, Needs, Outcome, Turn
from ussd_app.errors import MenuProblems, NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import example_people, publishing, reading
from ussd_app.services.callers import Caller
from ussd_app.services.days import local
from ussd_app.services.words import VOCABULARY

MOST_ANSWERS = 60
MOST_LOOKUPS = 40
LONGEST_ANSWER = 200
# Answers that somebody must have given who stands on a screen in the middle of a menu.
_EXAMPLES: Mapping[str, Value] = {
    "nik": "3174054508880003",
    "birth_date": "1988-08-05",
    "name": example_people.NAME,
    "sector": "household",
    "package": "jkk_jkm",
    "workplace": "DKI JAKARTA",
    "wage": 1_000_000,
    "months": 3,
    "topic": "help",
}


@dataclass(frozen=True)
class Step:
    """One screen on the way: what was said to get there, its name and its text."""

    said: str
    screen: str
    text: str


@dataclass(frozen=True)
class Done:
    """An effect that would have been done, with what, and how it is taken to have ended; `ends` are all the ways."""

    effect: str
    arguments: Mapping[str, Value]
    outcome: str
    ends: tuple[str, ...]


@dataclass(frozen=True)
class Phone:
    """What a caller sees now.

    `answers` lead here again; `septets` of `limit` is the room on this page; `keys` are the lines that can be chosen,
    `trail` every screen so far, `done` the effects on the way. `taken` is False when the last answer was refused.
    """

    menu: str
    screen: str
    text: str
    ends: bool
    taken: bool
    language: str
    septets: int
    limit: int
    answers: tuple[str, ...]
    trail: tuple[Step, ...]
    done: tuple[Done, ...]
    facts: Mapping[str, FactValue] = field(default_factory=dict)


def walk(
    rt: Runtime,
    name: str,
    files: Mapping[str, str],
    *,
    person: str = "guest",
    language: str = "",
    answers: Sequence[str] = (),
    outcomes: Mapping[str, str] | None = None,
    at: str = "",
    code: str = "",
) -> Phone:
    """Dial a draft as one of `example_people.PEOPLE` and give these answers; with one answer less it is a step back.

    `outcomes` says how effects end, by name (the first way by itself). `at` begins on a screen, as somebody who has
    answered everything before it. `code` is dialled instead of the menu's own. Raises MenuProblems for a draft that
    does not compile, NotAllowedNow for what cannot be walked.
    """
    menu = compiled(name, tuple(sorted(files.items())))
    _possible(menu, person, language, answers, at)
    return _Caller(rt, menu, person, dict(outcomes or {}), local(rt.clock())).walk(
        language or menu.language, answers, at, menu.limits.get(code, menu.limit)
    )


def screens(
    rt: Runtime,
    name: str,
    files: Mapping[str, str],
    wanted: Sequence[str],
    *,
    person: str = "active",
    language: str = "",
) -> dict[str, str]:
    """The text of each of these screens as a phone shows it; those that nobody sees, and those gone, are left out."""
    menu = compiled(name, tuple(sorted(files.items())))
    found: dict[str, str] = {}
    for screen in wanted:
        there = menu.screens.get(screen)
        if there and not (there.branches or there.effect):
            shown = walk(rt, name, files, person=person, language=language, at=screen)
            found |= {screen: shown.text} if shown.screen == screen else {}
    return found


def compiled(name: str, files: tuple[tuple[str, str], ...]) -> graph.Menu:
    """The graph of a draft's files. Raises MenuProblems."""
    sources = reading.sources_of(name, dict(files))
    if publishing.kind_of(name, sources) != "menu":
        raise MenuProblems([sources[0].problem((), "this is no menu")])
    made, problems = reading.compiled(name, files)
    if made is None:
        raise MenuProblems([problem for problem in problems if problem.error])
    return made


def _possible(menu: graph.Menu, person: str, language: str, answers: Sequence[str], at: str) -> None:
    if person not in example_people.PEOPLE:
        raise NotAllowedNow(f"there is no example called {person}", "no_example")
    if language and language not in menu.languages:
        raise NotAllowedNow(f"the menu does not list the language `{language}`", "no_language", language=language)
    if len(answers) > MOST_ANSWERS or any(len(said) > LONGEST_ANSWER for said in answers):
        raise NotAllowedNow("that is more than anybody answers: start again", "too_many_answers")
    if at and at not in menu.screens:
        raise NotAllowedNow(f"there is no screen `{at}`", "no_screen", screen=at)


@dataclass
class _Caller:
    rt: Runtime
    menu: graph.Menu
    person: str
    outcomes: Mapping[str, str]
    today: date
    done: list[Done] = field(default_factory=list)
    seen: dict[str, FactValue] = field(default_factory=dict)

    def walk(self, language: str, answers: Sequence[str], at: str, limit: int) -> Phone:
        dialogue = Dialogue("preview", self.menu.name, self.menu.version, language, limit=limit)
        menu = self.menu
        if at:
            menu = replace(menu, start=at)
            dialogue = replace(dialogue, answers=self._answered())
        turn = self._finish(partial(begin, menu, dialogue), dialogue)
        trail = [Step("", turn.dialogue.screen, turn.text)]
        given = []
        for said in answers:
            if turn.ends:
                break
            turn = self._finish(partial(step, self._menu_of(turn.dialogue), turn.dialogue, said), turn.dialogue)
            given.append(said)
            trail.append(Step(said, turn.dialogue.screen, turn.text))
        now = turn.dialogue
        return Phone(
            menu=now.menu,
            screen=now.screen,
            text=turn.text,
            ends=turn.ends,
            taken=turn.accepted,
            language=now.language,
            septets=gsm7.septets(turn.text) or 0,
            limit=limit,
            answers=tuple(given),
            trail=tuple(trail),
            done=tuple(self.done),
            facts=dict(self.seen),
        )

    def _answered(self) -> dict[str, Value]:
        """Something for every answer that the menu keeps."""
        kinds = kinds_of(self.menu, VOCABULARY)
        made = {name: example_people.of_kind(kind, name, self.today) for name, kind in kinds.items()}
        del made["language"]
        return made | {name: value for name, value in _EXAMPLES.items() if name in made}

    def _menu_of(self, dialogue: Dialogue) -> graph.Menu:
        if (dialogue.menu, dialogue.version) == (self.menu.name, self.menu.version):
            return self.menu
        return publishing.menu(self.rt, dialogue.menu, dialogue.version)

    def _finish(self, take: partial[Turn | Needs], dialogue: Dialogue) -> Turn:
        facts: dict[FactKey, FactValue] = {}
        menus: dict[MenuKey, graph.Menu] = {}
        outcomes: tuple[Outcome, ...] = ()
        documents = publishing.newest(self.rt)
        caller = Caller(example_people.PHONE, "preview", "preview", dialogue, "", self.today, documents)
        for _ in range(MOST_LOOKUPS):
            result = take(Known(self.today, facts, outcomes, menus, b"preview"))
            if isinstance(result, Turn):
                return result
            for key in result.facts:
                facts[key] = example_people.look_up(self.rt, self.person, caller, key)
                self.seen[key.fact] = facts[key]
            if result.menu:
                wanted, version = result.menu
                own = wanted == self.menu.name and version in (None, self.menu.version)
                menus[result.menu] = self.menu if own else publishing.newest_menu(self.rt, documents, wanted)
            if result.effect:
                outcomes = (*outcomes, self._ended(result.effect))
        raise NotAllowedNow("this draft leads from step to step without an end", "endless")

    def _ended(self, call: EffectCall) -> Outcome:
        """How an effect is taken to end; nothing is done."""
        ends = VOCABULARY.effects[call.name].outcomes
        chosen = self.outcomes.get(call.name, next(iter(ends)))
        if chosen not in ends:
            raise NotAllowedNow(f"`{call.name}` never ends as `{chosen}`", "no_outcome", outcome=chosen)
        self.done.append(Done(call.name, dict(call.arguments), chosen, tuple(ends)))
        given = {name: example_people.of_kind(kind, name, self.today) for name, kind in ends[chosen].items()}
        return Outcome(chosen, given)
