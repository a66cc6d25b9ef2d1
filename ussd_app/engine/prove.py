"""Walk every state of a compiled menu with the real engine, whatever is true of the caller, before anybody dials it.

Facts are found and not found, flags true and false, lists empty, short and long, effects end every way they can,
answers are good and bad; texts are as long as they can get. Two states are one when nothing that decides the next
turn differs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from itertools import islice, product
from typing import Any

from ussd_app.domain import gsm7
from ussd_app.engine import graph
from ussd_app.engine.answers import telling_values
from ussd_app.engine.checks import CHECKS
from ussd_app.engine.dialogue import Dialogue, Parent, Seen
from ussd_app.engine.effort import ways_of
from ussd_app.engine.expressions import Condition
from ussd_app.engine.graph import roots_of, targets_of
from ussd_app.engine.kinds import Kind, Value
from ussd_app.engine.proof import compile_menu
from ussd_app.engine.source import Source
from ussd_app.engine.step import begin, step
from ussd_app.engine.turn import FactKey, FactValue, Known, Needs, Outcome, Turn
from ussd_app.engine.view import View
from ussd_app.engine.vocabulary import FactSpec, Vocabulary

TODAY = date(2026, 1, 15)
# None, one, and more than stand on two pages or are numbered with one digit.
ROWS = (0, 1, 12)
MOST_STATES = 20_000
# More variants of a fact than this, and its fields vary one at a time; more together, and one fact at a time.
MOST_VARIANTS = 64
NOBODY_TYPES = "777"
# Where those come from who visit the menu from another one: no menu has such a name, so going there is leaving.
ELSEWHERE = Parent("another menu", 1, Seen("door", 0), ())
BAD_ANSWERS = ("", NOBODY_TYPES, "x", "99999999", "9999999999999999")

State = tuple[object, ...]
Take = Callable[[Known], Turn | Needs]


@dataclass(frozen=True)
class Proof:
    """What a walk over every state of a menu found; the menu is proved when there is no fault.

    `paths` counts the ways from the start to an end without a circle (`at_least` so many, when there are too many
    to count); `longest` are the screens of the longest; `fullest` is the room that `fullest_screen` takes at most.
    """

    menu: str
    states: int
    paths: int
    longest: tuple[str, ...]
    fullest_screen: str
    fullest: int
    limit: int
    language: str
    faults: tuple[str, ...] = ()
    at_least: bool = False

    def __str__(self) -> str:
        paths = f"{'over ' if self.at_least else ''}{self.paths:,} paths"
        fullest = f"fullest {self.fullest_screen} {self.fullest}/{self.limit} ({self.language})"
        return f"{self.menu}: {self.states:,} states, {paths}, longest {len(self.longest)} screens, {fullest}"


def prove(menu: graph.Menu, vocabulary: Vocabulary, tell: Callable[[int, int], None] | None = None) -> Proof:
    """Walk the whole menu. Every fault is a sentence; none means that no caller can meet a wrong screen.

    `tell` is called again and again with the states walked so far and those that wait.
    """
    prover = _Prover(menu, vocabulary, tell)
    prover.walk()
    ways = ways_of(menu)
    size, screen, language = prover.fullest
    return Proof(
        menu=menu.name,
        states=len(prover.leads),
        paths=ways.count,
        longest=ways.longest,
        fullest_screen=screen,
        fullest=size,
        limit=menu.narrowest,
        language=language,
        faults=(*prover.faults, *prover.unseen(), *prover.endless()),
        at_least=not ways.whole,
    )


def prove_files(sources: list[Source], vocabulary: Vocabulary) -> Proof | None:
    """The proof of a menu file and its translations (the menu first), or None when the menu has errors."""
    menu, _ = compile_menu(sources, 0, vocabulary)
    return prove(menu, vocabulary) if menu else None


@dataclass
class _Prover:
    menu: graph.Menu
    vocabulary: Vocabulary
    tell: Callable[[int, int], None] | None = None
    leads: dict[State, set[State]] = field(default_factory=dict)
    waiting: deque[tuple[State, Dialogue]] = field(default_factory=deque)
    finished: set[State] = field(default_factory=set)
    faults: dict[str, None] = field(default_factory=dict)
    fullest: tuple[int, str, str] = (0, "", "")

    def __post_init__(self) -> None:
        conditions = [when for screen in self.menu.screens.values() for when in _conditions_of(screen)]
        self.decisive = sorted({".".join(path) for when in conditions for path in when.reads})
        self.born = _birth_date(self.menu)
        self.variants: dict[tuple[str, frozenset[str]], list[FactValue]] = {}
        self.looked_at: dict[str, frozenset[str]] = {}
        # The turns that came of pressing Home, by all that they depend on: the same from wherever it is pressed.
        self.homes: set[State] = set()
        # Ways through branches and effects that were walked in every world, by all that they depend on.
        self.passed: set[State] = set()

    # ---- walking ----

    def walk(self) -> None:
        """Every state that can be reached from every way to begin."""
        self._look_out_to(*(name for _, name in roots_of(self.menu)))
        for language in self.menu.languages:
            fresh = Dialogue("proof", self.menu.name, self.menu.version, language, limit=self.menu.narrowest)
            firsts = self._turns(f"dialling in {language}", partial(begin, self.menu, fresh))
            if graph.is_visited(self.menu):
                visiting = replace(fresh, parents=(ELSEWHERE,))
                firsts += self._turns(f"a visit in {language}", partial(begin, self.menu, visiting))
            for notice in self._notices():
                firsts += self._turns(f"the notice {notice}", partial(begin, self.menu, fresh, notice=notice))
            if firsts and self.menu.resume:
                again = replace(fresh, left=firsts[0][0].dialogue)
                firsts += self._turns("dialling again", partial(begin, self.menu, again))
            for turn, known in firsts:
                self._arrive(turn, known)
        while self.waiting and len(self.leads) < MOST_STATES:
            state, dialogue = self.waiting.popleft()
            self._leave(state, dialogue)
            if self.tell:
                self.tell(len(self.leads) - len(self.waiting), len(self.waiting))
        if self.waiting:
            self._fault(f"more than {MOST_STATES:,} states: too many to walk them all")

    def _leave(self, state: State, dialogue: Dialogue) -> None:
        screen = self.menu.screens[dialogue.screen]
        for said, onward in self._said(screen):
            back = (self.menu.home, *(seen.screen for seen in dialogue.history[-1:]))
            self._look_out_to(screen.name, *([go for _, go in targets_of(screen)] if onward else back))
            if said == self.menu.home_key and not (screen.ask and screen.ask.check.zero):
                home = (dialogue.language, bool(dialogue.parents), *map(dialogue.answer, self.decisive))
                if home in self.homes:
                    continue
                self.homes.add(home)
            take = partial(step, self.menu, dialogue, said)
            thoroughly = not onward or self._is_new_way(dialogue, screen, said)
            for turn, known in self._turns(f"`{said}` on {dialogue.screen}", take, thoroughly=thoroughly):
                reached = self._arrive(turn, known)
                if onward:
                    self.leads[state].add(reached)
            if onward and self._left_the_menu:
                self.finished.add(state)

    def _is_new_way(self, dialogue: Dialogue, screen: graph.Screen, said: str) -> bool:
        """Whether this answer leads through branches or effects by a way not walked yet.

        What lies behind them depends on the world, the language and the answers, not on the screen one comes from
        (that is only the way back): so it is walked in every world once, and in one world from everywhere else.
        """
        choice = next((choice for choice in screen.choices if choice.key == said), None)
        listing = screen.listing if said.isdigit() and said != self.menu.more_key else None
        if choice is None and (listing is None or listing.keep in self.decisive):
            return True
        go = choice.go if choice else listing.go if listing else ""
        behind = self.menu.screens.get(go)
        if behind is None or not (behind.branches or behind.effect):
            return True
        sets = (*sorted(choice.sets.items()), *sorted(choice.copies.items())) if choice else ()
        where = (dialogue.language, bool(dialogue.parents), bool(dialogue.notice), go, sets)
        way = (*where, *map(dialogue.answer, self.decisive))
        if way in self.passed:
            return False
        self.passed.add(way)
        return True

    def _arrive(self, turn: Turn, known: Known) -> State:
        state = self._state(turn)
        self._look_at(turn, known)
        if state not in self.leads:
            self.leads[state] = set()
            if turn.ends:
                self.finished.add(state)
            else:
                self.waiting.append((state, turn.dialogue))
        return state

    def _state(self, turn: Turn) -> State:
        dialogue = turn.dialogue
        ask = self.menu.screens[dialogue.screen].ask
        decisive = tuple(dialogue.answer(name) for name in self.decisive)
        tries = dialogue.tries if ask and ask.tries else 0
        # Not which screens lie behind: Back shows one of those that were walked already.
        where = (dialogue.screen, bool(dialogue.parents), bool(dialogue.history), dialogue.page, dialogue.language)
        return (*where, bool(dialogue.notice), tries, dialogue.left is not None, decisive)

    def _turns(self, doing: str, take: Take, *, thoroughly: bool = True) -> list[tuple[Turn, Known]]:
        """Every turn that may come of it, whatever is true of the caller and however the effects end.

        Not `thoroughly`: only one of them.
        """
        turns: list[tuple[Turn, Known]] = []
        self._left_the_menu = False
        waiting, met = [Known(TODAY)], set()
        while waiting:
            known = waiting.pop()
            try:
                result = take(known)
            except Exception as error:  # noqa: BLE001 - whatever goes wrong here would go wrong for a caller
                self._fault(f"{doing}: {type(error).__name__}: {error}")
                continue
            if isinstance(result, Turn):
                turns.append((result, known))
            elif result.menu:
                self._left_the_menu = True
            elif (standing := self._standing(known, result)) not in met:
                met.add(standing)
                waiting += islice(self._worlds(known, result), None if thoroughly else 1)
        return turns

    def _standing(self, known: Known, needs: Needs) -> tuple[object, ...]:
        """All that the rest of a turn depends on: worlds that differ only in what is not looked at any more are one."""
        looked_at = self._looked_at_from(needs.screen)
        facts = frozenset((key, id(value)) for key, value in known.facts.items() if key.fact in looked_at)
        answers = tuple((needs.answers or {}).get(name) for name in self.decisive)
        return needs.screen, needs.facts, needs.effect, repr(known.outcomes), answers, facts

    def _looked_at_from(self, name: str) -> frozenset[str]:
        """The facts that the rest of a turn may look at, which has come as far as this screen."""
        if name not in self.looked_at:
            here = self.menu.screens[name]
            ahead = list(self.menu.screens.values())
            if all(go in self.menu.screens for _, go in targets_of(here)):
                ahead = [self.menu.screens[each] for each in self._passed_from(name)]
            self.looked_at[name] = frozenset(use.fact for screen in ahead for use in (screen.uses or {}).values())
        return self.looked_at[name]

    def _look_out_to(self, *names: str) -> None:
        """Note the screens that the next turn may pass: facts are varied only where one of these looks at them."""
        self.ahead = self._passed_from(*names)

    def _passed_from(self, *names: str) -> frozenset[str]:
        """These screens, and those that follow them within the same turn."""
        waiting = [name for name in names if name in self.menu.screens]
        seen = set(waiting)
        for name in waiting:
            screen = self.menu.screens[name]
            if screen.branches or screen.effect:
                fresh = {go for _, go in targets_of(screen) if go in self.menu.screens} - seen
                seen |= fresh
                waiting += fresh
        return frozenset(seen)

    def _variants(self, fact: str) -> list[FactValue]:
        if (fact, self.ahead) not in self.variants:
            screens = [self.menu.screens[name] for name in sorted(self.ahead)]
            self.variants[fact, self.ahead] = _variants(screens, self.vocabulary.facts[fact], fact)
        return self.variants[fact, self.ahead]

    def _worlds(self, known: Known, needs: Needs) -> Iterator[Known]:
        if needs.effect:
            for name, kinds in self.vocabulary.effects[needs.effect.name].outcomes.items():
                outcome = Outcome(name, {field: kind.longest for field, kind in kinds.items()})
                yield replace(known, outcomes=(*known.outcomes, outcome))
            return
        keys = sorted(needs.facts, key=repr)
        for values in _together([self._variants(key.fact) for key in keys]):
            facts: dict[FactKey, FactValue] = dict(zip(keys, values, strict=True))
            yield replace(known, facts={**known.facts, **facts})

    # ---- what is said ----

    def _said(self, screen: graph.Screen) -> Iterator[tuple[str, bool]]:
        """What people type on a screen, and whether it is a way on (Back and Home are always there, and lead back)."""
        menu = self.menu
        if screen.ask:
            yield self._good(screen.ask), True
        keys = {choice.key for choice in screen.choices} - {"+"}
        if screen.listing:
            keys |= {str(key) for rows in ROWS for key in (rows, rows + 1) if key}
        yield from ((key, True) for key in sorted(keys))
        yield menu.more_key, True
        # Too many wrong answers lead on as well.
        for bad in self._bad(screen.ask) if screen.ask else [NOBODY_TYPES]:
            yield bad, bool(screen.ask and screen.ask.tries)
        yield from ((key, False) for key in (menu.back_key, menu.home_key))

    def _good(self, ask: graph.Ask) -> str:
        """An answer that the check takes, the longest where length matters."""
        most = ask.parameters.get("max", "")
        name = next(name for name, spec in CHECKS.items() if spec is ask.check)
        born = f"{self.born:%d%m%y}"
        return {
            "nik": f"317405{born}0003",
            "birth_date": f"{self.born:%d%m%Y}",
            "date": f"{TODAY:%d%m%Y}",
            "name": "W" * 60,
            "words": "W" * int(most or 40),
            "number": most or "999999999",
            "money": most or "99888888",
            "pattern": ask.parameters.get("mask", "").replace("A", "W"),
            "pin": "204861",
            "phone": "081234567890",
        }.get(name, "1")

    def _bad(self, ask: graph.Ask) -> list[str]:
        """Answers that a check refuses: whatever is wrong with every kind, and a date that is real but another."""
        other = f"{self.born + timedelta(days=1):%d%m%Y}"
        return [*BAD_ANSWERS, other] if ask.check.refers else list(BAD_ANSWERS)

    def _notices(self) -> list[str]:
        given = {reason for spec in CHECKS.values() for reason in spec.reasons}
        return [reason for reason in self.menu.reasons if reason not in {*given, "choose"}]

    # ---- what must be true ----

    def _look_at(self, turn: Turn, known: Known) -> None:
        dialogue, screen = turn.dialogue, self.menu.screens[turn.dialogue.screen]
        if not gsm7.fits_screen(turn.text, self.menu.narrowest):
            self._fault(f"{screen.name} does not fit {self.menu.narrowest} in {dialogue.language}")
        size = gsm7.septets(turn.text) or 0
        # A page that is followed by others is always full: how much the whole takes says more.
        if not dialogue.page and f"\n{self.menu.more_key}. " not in turn.text:
            self.fullest = max(self.fullest, (size, screen.name, dialogue.language), key=lambda found: found[0])
        if screen.choices and not screen.listing:
            view = View(self.menu, screen, dialogue, known, len(known.outcomes))
            if not view.options():
                self._fault(f"{screen.name} may show no choice at all: give one of them no `when`")

    def unseen(self) -> Iterator[str]:
        """Screens that the walk never came to."""
        seen = {state[0] for state in self.leads}
        for name, screen in self.menu.screens.items():
            if name not in seen and not screen.branches and not screen.effect:
                yield f"{name} is shown to nobody: what leads there never holds"

    def endless(self) -> Iterator[str]:
        """Screens with a state from which no way leads on to an end."""
        before: dict[State, set[State]] = {state: set() for state in self.leads}
        for state, reached in self.leads.items():
            for after in reached:
                before[after].add(state)
        ending, waiting = set(self.finished), list(self.finished)
        while waiting:
            fresh = before[waiting.pop()] - ending
            ending |= fresh
            waiting += fresh
        # A menu without a code is only ever visited: whoever is there can go back.
        stuck = {(str(state[0]), state[1]) for state in self.leads.keys() - ending}
        for name in sorted({name for name, visited in stuck if visited or self.menu.codes}):
            yield f"{name} may lead to no end"

    def _fault(self, sentence: str) -> None:
        self.faults[sentence] = None


def _conditions_of(screen: graph.Screen) -> list[Condition]:
    conditions = [*(choice.when for choice in screen.choices), *(branch.when for branch in screen.branches)]
    return [when for when in conditions if when]


def _variants(screens: list[graph.Screen], spec: FactSpec, fact: str) -> list[FactValue]:
    """The values of a fact that make a difference: the longest, not found, other flags and texts, fewer rows."""
    row = {name: kind.longest for name, kind in spec.rows.items()}
    listed = any(_lists(screen, fact) for screen in screens)
    rows = [(row,) * number for number in ROWS] if listed else [(row,)] if spec.rows else [()]
    longest = {name: kind.longest for name, kind in spec.gives.items()}
    read = {name: _values(screens, fact, name, kind) for name, kind in spec.gives.items() if name != "found"}
    varied = [{**longest, **fields} for fields in _mixed(read)]
    if "found" in spec.gives:
        varied.append({**dict.fromkeys(longest), "found": False})
    return [FactValue(fields, number) for fields in varied for number in rows]


def _lists(screen: graph.Screen, fact: str) -> bool:
    use = (screen.uses or {}).get(screen.listing.rows) if screen.listing else None
    return use is not None and use.fact == fact


def _mixed(values: Mapping[str, list[Value]]) -> Iterator[dict[str, Value]]:
    """Every mixture of the fields' values."""
    for chosen in _together(list(values.values())):
        yield dict(zip(values, chosen, strict=True))


def _together(choices: list[list[Any]]) -> list[tuple[Any, ...]]:
    """Every combination, or where there are too many, each choice in turn with the first of all others."""
    total = 1
    for each in choices:
        total *= len(each)
    if total <= MOST_VARIANTS:
        return list(product(*choices))
    first = tuple(each[0] for each in choices)
    return [first] + [
        (*first[:number], other, *first[number + 1 :]) for number, each in enumerate(choices) for other in each[1:]
    ]


def _values(screens: list[graph.Screen], fact: str, name: str, kind: Kind) -> list[Value]:
    """The values of one field: only the longest, unless some condition looks at it."""
    conditions = [
        when
        for screen in screens
        for alias in [alias for alias, use in (screen.uses or {}).items() if use.fact == fact]
        for when in _conditions_of(screen)
        if (alias, name) in when.reads
    ]
    if not conditions:
        return [kind.longest]
    if kind.name == "flag":
        return [True, False]
    telling = telling_values(conditions)
    wanted = str if kind.name in ("text", "date") else int
    return [value for value in telling if isinstance(value, wanted)] or [kind.longest, None]


def _birth_date(menu: graph.Menu) -> date:
    """A birth date that every question for one takes."""
    asks = [screen.ask for screen in menu.screens.values() if screen.ask]
    youngest = [int(ask.parameters["min_age"]) for ask in asks if "min_age" in ask.parameters]
    return TODAY.replace(year=TODAY.year - max([*youngest, 20]) - 1)
