"""What the files of a menu say of its screens and the ways between them, mistakes and all.

A compiled menu has no mistakes, so it cannot show where they are. This reads as much as can be read: what is not
written as it should be is left out, a target that does not exist is kept as it is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ussd_app.engine.graph import is_elsewhere


@dataclass(frozen=True)
class Way:
    """One way out of a screen.

    `how` is `choice`, `row` (of a list), `answer`, `tries` (too many wrong ones), `when`, `else` or `outcome`; `key`
    is what is pressed, `words` the label, the answer, the condition or the outcome as it is written.
    """

    how: str
    key: str
    words: str
    go: str


@dataclass(frozen=True)
class Screen:
    """One screen: `kind` is `choices`, `question`, `step` (nobody sees it), `end`, `elsewhere` or `missing`.

    `text` is as its author wrote it; of a step what it does.
    """

    name: str
    kind: str
    text: str
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class Sketch:
    """Every screen by name, and those where a dialogue may begin. Targets that are no screens stand after them."""

    screens: Mapping[str, Screen]
    roots: tuple[str, ...]


def sketch(written: Sequence[Any]) -> Sketch:
    """Read the data of a menu's file and of its parts, the menu first; translations are passed over."""
    files = [data for data in written if isinstance(data, Mapping) and "language" not in data]
    screens: dict[str, Screen] = {}
    for data in files:
        for name, told in _mapping(data, "screens").items():
            if isinstance(told, Mapping):
                screens.setdefault(str(name), _screen(str(name), told))
    for way in [way for screen in list(screens.values()) for way in screen.ways]:
        if way.go not in screens:
            kind = "elsewhere" if is_elsewhere(way.go) else "missing"
            screens[way.go] = Screen(way.go, kind, "", ())
    return Sketch(screens, tuple(_roots(files[0], screens)) if files else ())


def _roots(menu: Mapping[str, Any], screens: Mapping[str, Screen]) -> Iterator[str]:
    wanted = (menu.get("start"), menu.get("home"), _mapping(menu, "resume").get("screen"))
    yield from dict.fromkeys(name for name in wanted if isinstance(name, str) and name in screens)


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(data: Mapping[str, Any], key: str) -> str:
    found = data.get(key)
    return found if isinstance(found, str) else ""


def _screen(name: str, told: Mapping[str, Any]) -> Screen:
    ways = tuple(way for way in _ways(told) if way.go)
    if "branch" in told or "do" in told:
        return Screen(name, "step", _text(told, "do"), ways)
    if "end" in told:
        return Screen(name, "end", _text(told, "end"), ways)
    return Screen(name, "question" if "ask" in told else "choices", _text(told, "text"), ways)


def _ways(told: Mapping[str, Any]) -> Iterator[Way]:
    """In the order in which they are shown or tried."""
    listing, ask = _mapping(told, "list"), _mapping(told, "ask")
    if listing:
        yield Way("row", "1…", _text(listing, "label"), _text(listing, "go"))
    for key, choice in _mapping(told, "choices").items():
        if isinstance(choice, Mapping):
            yield Way("choice", str(key), _text(choice, "label"), _text(choice, "go"))
    if ask:
        yield Way("answer", "", _text(ask, "keep"), _text(told, "go"))
        yield Way("tries", "", _text(ask, "tries"), _text(ask, "otherwise"))
    branches = told.get("branch")
    for branch in branches if isinstance(branches, list) else ():
        if isinstance(branch, Mapping):
            yield Way("when" if "when" in branch else "else", "", _text(branch, "when"), _text(branch, "go"))
    for outcome, go in _mapping(told, "outcomes").items():
        yield Way("outcome", "", str(outcome), go if isinstance(go, str) else "")
