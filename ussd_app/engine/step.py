"""Someone pressed a key: find out what they see next.

`begin` and `step` are pure. Where a screen shows something that the dialogue does not hold, or an effect has to
be done before the next screen is known, they return `Needs`; the caller finds it out and calls again with more in
`Known`. Calling again with the same arguments gives the same turn, which is what makes a retry harmless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from ussd_app.domain import gsm7
from ussd_app.engine.checks import Asked
from ussd_app.engine.dialogue import Dialogue
from ussd_app.engine.expressions import Field, Path, Template
from ussd_app.engine.graph import Choice, Menu, Screen, Texts, Use
from ussd_app.engine.kinds import Value
from ussd_app.engine.paging import pages
from ussd_app.errors import Refused

LONGEST_ANSWER = 182
MOST_STEPS = 50

Row = Mapping[str, Value]
Arguments = tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class FactKey:
    """A fact wanted with these arguments, as it stands after `epoch` effects of this turn."""

    fact: str
    arguments: Arguments
    epoch: int = 0


@dataclass(frozen=True)
class EffectCall:
    """An effect to be done, with its arguments; `number` counts the effects of one turn."""

    name: str
    arguments: Arguments
    number: int


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
    """All that is known in this turn: the date where the caller is, facts, and effects already done."""

    today: date
    facts: Mapping[FactKey, FactValue] = field(default_factory=dict)
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True)
class Turn:
    """A finished turn: the new dialogue and the text on the screen; `accepted` tells whether an answer moved it on."""

    dialogue: Dialogue
    text: str
    ends: bool
    accepted: bool = True


@dataclass(frozen=True)
class Needs:
    """Not finished: find out these facts, or do this effect, and call again."""

    facts: frozenset[FactKey] = frozenset()
    effect: EffectCall | None = None


class _Missing(Exception):
    def __init__(self, needs: Needs) -> None:
        self.needs = needs


def begin(menu: Menu, dialogue: Dialogue, known: Known) -> Turn | Needs:
    """Somebody dialled: the first screen of the menu."""
    try:
        return _Walk(menu, known).enter(dialogue, menu.start)
    except _Missing as missing:
        return missing.needs


def step(menu: Menu, dialogue: Dialogue, said: str, known: Known) -> Turn | Needs:
    """Somebody answered `said` on the screen where the dialogue waits: what they see next.

    A wrong answer gives the same screen with a reason above it; it counts as an answer consumed all the same.
    """
    counted = replace(dialogue, transition=dialogue.transition + 1)
    try:
        return _Walk(menu, known).answer(counted, said[:LONGEST_ANSWER])
    except _Missing as missing:
        return missing.needs


class _Walk:
    """One turn through one menu with what is known so far."""

    def __init__(self, menu: Menu, known: Known) -> None:
        self.menu = menu
        self.known = known
        self.epoch = 0

    def answer(self, dialogue: Dialogue, said: str) -> Turn:
        screen = self.menu.screens[dialogue.screen]
        typed = said.strip()
        moved = self._navigate(dialogue, screen, typed)
        if moved:
            return moved
        if screen.ask:
            return self._asked(dialogue, screen, said)
        return self._chosen(dialogue, screen, typed)

    def _navigate(self, dialogue: Dialogue, screen: Screen, typed: str) -> Turn | None:
        menu = self.menu
        if (screen.ask and screen.ask.check.zero) or any(choice.key == typed for choice in screen.choices):
            return None
        if typed == menu.home_key:
            return self.enter(replace(dialogue, history=()), menu.home)
        if typed == menu.back_key and dialogue.page > 0:
            return self.show(replace(dialogue, page=dialogue.page - 1), screen)
        if typed == menu.back_key and dialogue.history:
            *history, previous = dialogue.history
            back = replace(dialogue, history=tuple(history), notice="", tries=0, page=0)
            return self.show(replace(back, screen=previous), menu.screens[previous])
        if typed == menu.more_key and dialogue.page + 1 < len(self._pages(dialogue, screen)):
            return self.show(replace(dialogue, page=dialogue.page + 1), screen)
        return None

    def _asked(self, dialogue: Dialogue, screen: Screen, said: str) -> Turn:
        ask = screen.ask
        assert ask is not None
        try:
            value = ask.check.check(said, Asked(ask.parameters, dialogue.answers or {}, self.known.today))
        except Refused as refused:
            return self._refused(dialogue, screen, refused)
        return self.enter(_onward(dialogue.keeping(**{ask.keep: value})), ask.go)

    def _refused(self, dialogue: Dialogue, screen: Screen, refused: Refused) -> Turn:
        ask = screen.ask
        counted = ask is None or ask.counts in (None, refused.reason)
        tries = dialogue.tries + counted
        if ask and ask.tries and ask.otherwise and tries >= ask.tries:
            return self.enter(_onward(dialogue), ask.otherwise)
        template = _in(self.menu.reasons[refused.reason], dialogue.language)
        values = {(name,): _as_value(value) for name, value in refused.values.items()}
        notice = _fill(template, dialogue.language, lambda path: values.get(path))
        again = replace(dialogue, notice=notice, tries=tries, page=0)
        return replace(self.show(again, screen), accepted=False)

    def _chosen(self, dialogue: Dialogue, screen: Screen, typed: str) -> Turn:
        for key, choice, row in self._options(dialogue, screen):
            if key != typed:
                continue
            if choice is not None:
                return self.enter(_onward(dialogue.keeping(**choice.sets)), choice.go)
            listing = screen.listing
            assert listing is not None
            assert row is not None
            return self.enter(_onward(dialogue.keeping(**{listing.keep: row[listing.value]})), listing.go)
        return self._refused(dialogue, screen, Refused("choose"))

    def enter(self, dialogue: Dialogue, name: str) -> Turn:
        """Walk through branches and effects until a screen that a person sees."""
        dialogue = replace(dialogue, notice="", tries=0, page=0)
        for _ in range(MOST_STEPS):
            screen = self.menu.screens[name]
            if screen.branches:
                name = self._branch(dialogue, screen)
            elif screen.effect:
                outcome = self._effect(dialogue, screen)
                results = {f"{screen.effect.name}.{key}": value for key, value in outcome.fields.items()}
                dialogue = dialogue.keeping(**results)
                name = screen.effect.outcomes[outcome.name]
            else:
                return self.show(replace(dialogue, screen=name), screen)
        raise RecursionError(f"{self.menu.name}: no screen after {MOST_STEPS} steps from {name}")

    def show(self, dialogue: Dialogue, screen: Screen) -> Turn:
        """The screen as it stands for this dialogue, with what it asks to be remembered."""
        if screen.remember:
            seen = {name: self._look(dialogue, screen, path) for name, path in screen.remember.items()}
            dialogue = dialogue.keeping(**seen)
        made = self._pages(dialogue, screen)
        page = min(dialogue.page, len(made) - 1)
        return Turn(replace(dialogue, page=page, ended=screen.ends), made[page], screen.ends)

    def _pages(self, dialogue: Dialogue, screen: Screen) -> list[str]:
        language, menu = dialogue.language, self.menu

        def look(path: Path) -> Value:
            return self._look(dialogue, screen, path)

        text = _fill(_in(screen.text, language), language, look)
        options = [self._line(dialogue, screen, option) for option in self._options(dialogue, screen)]
        words = menu.words.get(language) or menu.words[menu.language]

        def footer(first: bool, more: bool) -> list[str]:
            lines = [f"{menu.more_key}. {words['more']}"] if more else []
            back = not screen.ends and (not first or bool(dialogue.history)) and not _zero(screen)
            return [*lines, f"{menu.back_key}. {words['back']}"] if back else lines

        head = f"{dialogue.notice}\n{text}" if dialogue.notice else text
        return pages(gsm7.plain(head), options, footer, menu.limit)

    def _options(self, dialogue: Dialogue, screen: Screen) -> list[tuple[str, Choice | None, Row | None]]:
        """Every line that can be chosen, with its number, whichever page it stands on."""
        rows: tuple[Row, ...] = ()
        if screen.listing:
            rows = self._fact(dialogue, screen, screen.listing.rows).rows
        options: list[tuple[str, Choice | None, Row | None]] = []
        options += [(str(number), None, row) for number, row in enumerate(rows, start=1)]
        following = len(rows) + 1
        for choice in screen.choices:
            if choice.when and not choice.when.holds(lambda path: self._look(dialogue, screen, path)):
                continue
            key = choice.key
            if key == "+":
                key, following = str(following), following + 1
            options.append((key, choice, None))
        return options

    def _line(self, dialogue: Dialogue, screen: Screen, option: tuple[str, Choice | None, Row | None]) -> str:
        key, choice, row = option
        label = choice.label if choice else screen.listing.label if screen.listing else {}

        def look(path: Path) -> Value:
            if row is not None and path[0] == "row":
                return row.get(path[1])
            return self._look(dialogue, screen, path)

        return gsm7.plain(f"{key}. {_fill(_in(label, dialogue.language), dialogue.language, look)}")

    def _branch(self, dialogue: Dialogue, screen: Screen) -> str:
        for branch in screen.branches:
            if branch.when is None or branch.when.holds(lambda path: self._look(dialogue, screen, path)):
                return branch.go
        raise LookupError(f"{self.menu.name}.{screen.name}: no branch holds")

    def _effect(self, dialogue: Dialogue, screen: Screen) -> Outcome:
        effect = screen.effect
        assert effect is not None
        number, self.epoch = self.epoch, self.epoch + 1
        if number < len(self.known.outcomes):
            return self.known.outcomes[number]
        arguments = tuple((name, effect.fixed.get(name, dialogue.answer(name))) for name in effect.takes)
        raise _Missing(Needs(effect=EffectCall(effect.name, arguments, number)))

    def _look(self, dialogue: Dialogue, screen: Screen, path: Path) -> Value:
        """A name on this screen: an answer, a field of a fact, or what an effect of this dialogue gave."""
        if len(path) == 1:
            name = path[0]
            if name == "language":
                return dialogue.language
            if name in (screen.uses or {}):
                return True if self._fact(dialogue, screen, name).fields.get("found") else None
            return dialogue.answer(name)
        if path[0] in (screen.uses or {}):
            return self._fact(dialogue, screen, path[0]).fields.get(path[1])
        return dialogue.answer(".".join(path))

    def _fact(self, dialogue: Dialogue, screen: Screen, alias: str) -> FactValue:
        use = (screen.uses or {})[alias]
        key = _fact_key(dialogue, use, self.epoch)
        if key in self.known.facts:
            return self.known.facts[key]
        # All facts of the screen are asked for together: one round trip to the database, not one a fact.
        wanted = {_fact_key(dialogue, other, self.epoch) for other in (screen.uses or {}).values()}
        raise _Missing(Needs(facts=frozenset(wanted - self.known.facts.keys())))


def _fact_key(dialogue: Dialogue, use: Use, epoch: int) -> FactKey:
    arguments = tuple((name, use.fixed.get(name, dialogue.answer(name))) for name in use.takes)
    return FactKey(use.fact, arguments, epoch)


def _onward(dialogue: Dialogue) -> Dialogue:
    """The dialogue with the screen it leaves put on the way back."""
    return replace(dialogue, history=(*dialogue.history, dialogue.screen)[-20:])


def _zero(screen: Screen) -> bool:
    return bool(screen.ask and screen.ask.check.zero)


def _in(texts: Texts, language: str) -> Template:
    return texts.get(language) or next(iter(texts.values()), ())


def _fill(template: Template, language: str, look: object) -> str:
    assert callable(look)
    return "".join(part.show(look(part.path), language) if isinstance(part, Field) else part for part in template)


def _as_value(value: object) -> Value:
    return value if isinstance(value, str | int) else str(value)
