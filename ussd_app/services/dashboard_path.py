"""The way to a registration: the screens that everybody passes who registers, and those that only some pass."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from ussd_app.engine.sketch import Screen
from ussd_app.runtime import Runtime
from ussd_app.services import picture
from ussd_app.services.picture import Box
from ussd_app.storage import documents

# The effect that makes a member of a caller, and its outcome when it has.
REGISTERS, MADE = "register", "accepted"
_SHOWN = ("choices", "question", "end")


def of_live(rt: Runtime, _today: date) -> dict[str, Any]:
    """The menu in which people register now, its version, and the screens of its way in order; empty where there is
    none. Each screen is its name, its text, and whether everybody passes it."""
    with rt.db.connect() as connection:
        pointers = documents.pointers(connection)
        live = [documents.load(connection, name, one.version) for name, one in sorted(pointers.items())]
    for document in live:
        if document and document.kind == "menu":
            drawn = picture.draw(document.name, document.files)
            screens = {box.name: _screen(box) for box in drawn.boxes.values()}
            path = list(path_of(screens, drawn.tops[0] if drawn.tops else ""))
            if path:
                return {"menu": document.name, "version": document.version, "path": path}
    return {"menu": "", "version": 0, "path": []}


def path_of(screens: Mapping[str, Screen], start: str) -> Iterator[dict[str, Any]]:
    """The screens that callers see on their way from the first that all who register pass, to the one that says so."""
    target = next((one.name for one in screens.values() if one.kind == "step" and one.text == REGISTERS), "")
    if not target or start not in screens:
        return
    passed = {name for name in screens if target not in reached(screens, start, without=name)}
    shown = {name for name in passed if _seen(screens[name])}
    # Without passing the first of them nobody comes to another.
    first = next((name for name in shown if not shown & reached(screens, start, without=name)), "")
    if not first:
        return
    between = {
        name
        for name in reached(screens, first, without=target)
        if name == first or target in reached(screens, name, without=first)
    }
    for name in _in_order(screens, first, between):
        if _seen(screens[name]):
            yield _told(screens[name], name in passed)
    for way in screens[target].ways:
        if way.words == MADE and _seen(screens[way.go]):
            yield _told(screens[way.go], True)


def _screen(box: Box) -> Screen:
    """A box as its menu has it; of what callers see, only as much text as a picture has room for."""
    return Screen(box.name, box.kind, box.text if box.kind == "step" else " ".join(box.lines), box.ways)


def _seen(screen: Screen) -> bool:
    return screen.kind in _SHOWN


def _told(screen: Screen, everybody: bool) -> dict[str, Any]:
    return {"screen": screen.name, "text": screen.text, "all": everybody}


def _in_order(screens: Mapping[str, Screen], first: str, among: Collection[str]) -> list[str]:
    """These screens, each behind those that lead to it, as far as no way leads back."""
    met: set[str] = set()
    behind: list[str] = []

    def visit(name: str) -> None:
        met.add(name)
        for way in reversed(screens[name].ways):
            if way.go in among and way.go not in met:
                visit(way.go)
        behind.append(name)

    visit(first)
    return behind[::-1]


def reached(screens: Mapping[str, Screen], start: str, *, without: str) -> set[str]:
    """Every screen that can be reached from one without passing another."""
    if start == without:
        return set()
    found, waiting = {start}, [start]
    while waiting:
        fresh = {way.go for way in screens[waiting.pop()].ways} - found - {without}
        found |= fresh
        waiting.extend(fresh)
    return found
