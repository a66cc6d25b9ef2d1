"""How much a menu asks of the people who dial it: answers and seconds of typing on its longest ways."""

from __future__ import annotations

from dataclasses import dataclass

from ussd_app.engine import graph
from ussd_app.engine.checks import CHECKS
from ussd_app.engine.compiler import Compilation
from ussd_app.engine.expressions import Path
from ussd_app.engine.graph import targets_of

MOST_ANSWERS = 12
MOST_SECONDS = 120
# On a plain phone: a digit is one key, a letter two or three.
DIGIT, LETTER = 2, 3
# What people type for each check: digits and letters. A name has some 12 letters, the name of a place some 6.
TYPED = {
    "nik": (16, 0),
    "birth_date": (8, 0),
    "date": (8, 0),
    "name": (0, 12),
    "words": (0, 6),
    "number": (3, 0),
    "money": (6, 0),
    "pin": (6, 0),
    "phone": (12, 0),
}
# So many steps over a menu are taken to measure its ways; so many combinations of values to weigh a condition.
MOST_WAYS = 50_000


@dataclass(frozen=True)
class Ways:
    """The ways through a menu from its start to an end, no screen twice: how many, the longest, the slowest to type.

    `whole` is False when there are too many to walk them all.
    """

    count: int
    longest: Path
    slowest: Path
    seconds: int
    whole: bool


def ways_of(menu: graph.Menu) -> Ways:
    """Walk every way through the menu, up to a limit."""
    leads = {name: _seconds_to(screen) for name, screen in menu.screens.items()}
    walking: list[tuple[Path, int]] = [((menu.start,), 0)]
    longest: Path = (menu.start,)
    slowest, found, seconds = longest, 0, 0
    for _ in range(MOST_WAYS):
        if not walking:
            break
        way, spent = walking.pop()
        if menu.screens[way[-1]].ends or any(map(graph.is_elsewhere, leads[way[-1]])):
            found += 1
            longest = max(longest, way, key=lambda either: len(_screens_on(menu, either)))
            slowest, seconds = max((slowest, seconds), (way, spent), key=lambda either: either[1])
        on = leads[way[-1]].items()
        walking += [((*way, go), spent + more) for go, more in on if go in menu.screens and go not in way]
    return Ways(found, _screens_on(menu, longest), _screens_on(menu, slowest), seconds, not walking)


def _screens_on(menu: graph.Menu, way: Path) -> Path:
    """The screens that people see on a way."""
    return tuple(name for name in way if not menu.screens[name].branches and not menu.screens[name].effect)


def _seconds_to(screen: graph.Screen) -> dict[str, int]:
    """The screens that a screen leads to, and the seconds it takes to type what leads there."""
    seconds = {go: 0 for _, go in targets_of(screen)}
    for choice in screen.choices:
        seconds[choice.go] = max(seconds[choice.go], DIGIT * len(choice.key))
    if screen.listing:
        seconds[screen.listing.go] = max(seconds[screen.listing.go], DIGIT)
    return {go: _typing(screen.ask) for go in seconds} if screen.ask else seconds


def _typing(ask: graph.Ask) -> int:
    name = next(name for name, spec in CHECKS.items() if spec is ask.check)
    letters = sum(map(str.isalpha, ask.parameters.get("mask", "")))
    digits = len(ask.parameters.get("max" if name in ("number", "money") else "mask", "")) - letters
    typed = TYPED.get(name, (0, 0))
    return DIGIT * (digits or typed[0]) + LETTER * (letters or typed[1])


def check_effort(compilation: Compilation, menu: graph.Menu) -> None:
    """Remark where the longest way through the menu asks for too many answers or too much typing."""
    ways = ways_of(menu)
    answers = len(ways.longest) - 1
    if answers > MOST_ANSWERS:
        sentence = f"the longest way takes {answers} answers, more than {MOST_ANSWERS}: {' > '.join(ways.longest)}"
        compilation.complain(("start",), sentence, error=False)
    if ways.seconds > MOST_SECONDS:
        sentence = f"the slowest way takes {ways.seconds} seconds of typing, more than {MOST_SECONDS}"
        compilation.complain(("start",), f"{sentence}: {' > '.join(ways.slowest)}", error=False)
