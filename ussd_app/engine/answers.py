"""No text, fact or effect is fed from an answer that somebody need not have given on the way there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import product

from ussd_app.engine import graph
from ussd_app.engine.compiler import Compilation, fields_of
from ussd_app.engine.expressions import Condition, Path
from ussd_app.engine.graph import roots_of
from ussd_app.engine.kinds import Value
from ussd_app.engine.names import texts_of
from ussd_app.engine.vocabulary import Vocabulary

MOST_COMBINATIONS = 20_000


def constants_of(condition: Condition) -> set[Value]:
    """The numbers and texts that a condition compares with."""

    def inside(part: object) -> Iterator[Value]:
        if isinstance(part, partial):
            for argument in part.args:
                yield from inside(argument)
        elif isinstance(part, list):
            for item in part:
                yield from inside(item)
        elif isinstance(part, str | int):
            yield part

    return set(inside(condition.holds))


def telling_values(conditions: Sequence[Condition | None]) -> list[Value]:
    """Values enough to make each of these conditions true and false: those compared with, their neighbours, others."""
    values: set[Value] = {None, 0, 1, "something else"}
    for constant in [constant for condition in conditions if condition for constant in constants_of(condition)]:
        values |= {constant - 1, constant, constant + 1} if isinstance(constant, int) else {constant}
    return sorted(values, key=repr)


def _assured(screen: graph.Screen, conditions: Sequence[Condition | None]) -> set[str]:
    """The answers that must have been given where the last of these conditions holds and none before it does."""
    reads = sorted({path for condition in conditions if condition for path in condition.reads})
    names = {path: ".".join(path) for path in reads if path[0] not in (screen.uses or {})}
    values = telling_values(conditions)
    if not names or len(values) ** len(reads) > MOST_COMBINATIONS:
        return set()
    taken = []
    for combination in product(values, repeat=len(reads)):
        look = dict(zip(reads, combination, strict=True))
        held = [condition is None or condition.holds(look.get) for condition in conditions]
        if held[-1] and not any(held[:-1]):
            taken.append(look)
    return {name for path, name in names.items() if taken and all(look[path] is not None for look in taken)}


def _edges_of(screen: graph.Screen, vocabulary: Vocabulary) -> Iterator[tuple[str, set[str]]]:
    """Every way on from a screen, with the answers that are certainly given by going it."""
    remembered = set(screen.remember or {})
    for choice in screen.choices:
        yield choice.go, remembered | choice.sets.keys() | choice.copies.keys() | _assured(screen, [choice.when])
    if screen.listing:
        yield screen.listing.go, remembered | {screen.listing.keep}
    if screen.ask:
        yield screen.ask.go, remembered | {screen.ask.keep}
        if screen.ask.otherwise:
            yield screen.ask.otherwise, remembered
    for number, branch in enumerate(screen.branches):
        yield branch.go, _assured(screen, [each.when for each in screen.branches[: number + 1]])
    if screen.effect:
        outcomes = vocabulary.effects[screen.effect.name].outcomes
        for outcome, go in screen.effect.outcomes.items():
            yield go, {f"{screen.effect.name}.{name}" for name in outcomes.get(outcome, {})}


def _fed(screen: graph.Screen) -> Iterator[tuple[Path, str, str]]:
    """Every answer that must be there on a screen: where it is used, its name, and in which language's text if any.

    A condition may look at an answer that is missing; a text, an argument and a copy may not.
    """
    uses, remembered = screen.uses or {}, screen.remember or {}
    sure = {choice.key: remembered.keys() | _assured(screen, [choice.when]) for choice in screen.choices}
    for at, texts in texts_of(screen):
        there = sure[at[1]] if at[0] == "choices" else remembered.keys()
        yield from ((at, answer, language) for answer, language in _shown(screen, texts).items() if answer not in there)
    for alias, use in uses.items():
        yield from ((("show", alias), answer, "") for answer in use.takes if answer not in use.fixed)
    for choice in screen.choices:
        copies = [(name, answer) for name, answer in choice.copies.items() if answer not in sure[choice.key]]
        yield from ((("choices", choice.key, "set", name), answer, "") for name, answer in copies)
    for name, path in remembered.items():
        if path[0] not in uses and path != ("language",):
            yield ("remember", name), ".".join(path), ""
    if screen.ask:
        refers = [(name, answer) for name, answer in screen.ask.parameters.items() if name in screen.ask.check.refers]
        yield from ((("ask", name), answer, "") for name, answer in refers)
    if screen.effect:
        yield from ((("do",), answer, "") for answer in screen.effect.takes if answer not in screen.effect.fixed)


def _shown(screen: graph.Screen, texts: graph.Texts) -> dict[str, str]:
    """The answers that a text shows, each with the first language in which it does."""
    shown: dict[str, str] = {}
    for language, template in texts.items():
        for path in fields_of(template):
            if path[0] not in {*(screen.uses or {}), "row"} and path != ("language",):
                shown.setdefault(".".join(path), language)
    return shown


def check_answers(compilation: Compilation, menu: graph.Menu) -> None:
    """No text, fact, effect or copy is fed from an answer that need not have been given on some way there."""
    edges = {name: list(_edges_of(screen, compilation.vocabulary)) for name, screen in menu.screens.items()}

    @cache
    def without(answer: str) -> Mapping[str, Path]:
        """The screens that can be reached without giving an answer, each with a way there."""
        ways: dict[str, Path] = {root: (root,) for _, root in roots_of(menu)}
        waiting = list(ways)
        for name in waiting:
            fresh = [go for go, gives in edges[name] if answer not in gives and go in edges and go not in ways]
            ways.update((go, (*ways[name], go)) for go in fresh)
            waiting += dict.fromkeys(fresh)
        return ways

    for screen in menu.screens.values():
        for at, answer, language in _fed(screen):
            way = without(answer).get(screen.name)
            if way is not None:
                sentence = f"`{answer}` need not have been answered here: the way {' > '.join(way)} does not ask it"
                compilation.complain_in(language, ("screens", screen.name, *at), sentence)
