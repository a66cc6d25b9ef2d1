"""A draft of a menu as somebody reads it who thinks in screens: which there are, in the order of walking.

Everything here reads the files as far as they can be read, so that a draft with mistakes is shown as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ussd_app.domain.contributions import Rates
from ussd_app.engine import graph
from ussd_app.engine.definition import Navigation
from ussd_app.runtime import Runtime
from ussd_app.services import inspecting, publishing
from ussd_app.services.inspecting import Inspection
from ussd_app.services.papers import Papers, Screen, section
from ussd_app.services.screen_edits import leads

KINDS = ("choices", "ask", "end", "branch", "do")


@dataclass(frozen=True)
class Line:
    """One screen in the outline: how deep it stands below the start, what kind it is and how its text begins.

    `words` are its first line, the effect that a step has done, or where its branches lead. `met` is False where
    nothing leads to it.
    """

    name: str
    file: str
    depth: int
    kind: str
    words: str
    met: bool


def kind_of(screen: Screen) -> str:
    """What a screen is: one of KINDS, or nothing yet."""
    if "list" in screen:
        return "choices"
    return next((kind for kind in KINDS if kind in screen), "")


def outline(papers: Papers) -> list[Line]:
    """Every screen below the one from which people come first, those that nobody comes to last."""
    known = {name: (file, screen) for file, name, screen in papers.screens()}
    ways: dict[str, list[str]] = {}
    for on, _, go in leads(papers):
        ways.setdefault(on, []).append(go)
    below = _below(ways, known.keys())
    met = [
        _line(name, *known[name], depth=depth) for root in below.get("", ()) for name, depth in _under(root, 0, below)
    ]
    seen = {line.name for line in met}
    lost = [_line(name, *found, depth=0, met=False) for name, found in known.items() if name not in seen]
    return met + lost


def _below(ways: Mapping[str, list[str]], known: object) -> dict[str, list[str]]:
    """For each screen those that are met first by way of it; `""` are those where a dialogue begins."""
    below: dict[str, list[str]] = {}
    seen: set[str] = set()
    waiting = [""]
    while waiting:
        on = waiting.pop(0)
        for go in ways.get(on, ()):
            if go not in seen and go in known:  # type: ignore[operator]
                seen.add(go)
                below.setdefault(on, []).append(go)
                waiting.append(go)
    return below


def _under(name: str, depth: int, below: Mapping[str, list[str]]) -> Iterator[tuple[str, int]]:
    # By hand: a menu may be deeper than Python likes its calls.
    waiting = [(name, depth)]
    while waiting:
        here, deep = waiting.pop()
        yield here, deep
        waiting += [(go, deep + 1) for go in reversed(below.get(here, ()))]


def _line(name: str, file: str, screen: Screen, *, depth: int, met: bool = True) -> Line:
    return Line(name, file, depth, kind_of(screen), _words(screen), met)


def _words(screen: Screen) -> str:
    branches = screen.get("branch")
    if isinstance(branches, list):
        return ", ".join(dict.fromkeys(str(way.get("go", "")) for way in branches if isinstance(way, dict)))
    text = str(screen.get("text") or screen.get("end") or screen.get("do") or "")
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def targets(papers: Papers) -> list[tuple[str, str]]:
    """Every place a choice may lead to: the screen and how its text begins, then what lies outside the menu."""
    inside = [(line.name, line.words) for line in outline(papers)]
    used = {go for _, _, go in leads(papers) if graph.is_elsewhere(go)}
    return [*inside, *((name, "") for name in sorted(used | {graph.LEFT}))]


def roots(papers: Papers) -> dict[str, str]:
    """Where a dialogue begins, by the word of the menu that says so: `start`, `home`, `resume.screen`."""
    return {".".join(at): go for on, at, go in leads(papers) if not on}


def languages(papers: Papers) -> list[str]:
    """The languages a menu is offered in, its own first."""
    listed = papers.menu.get("languages")
    return [str(one) for one in listed] if isinstance(listed, list) and listed else ["id"]


def led_from(papers: Papers, screen: str) -> list[tuple[str, str]]:
    """Every place that leads to a screen: the screen it stands on (empty: the menu itself), and where on it."""
    return [(on, ".".join(at)) for on, at, go in leads(papers) if go == screen]


def reasons(papers: Papers) -> dict[str, dict[str, str]]:
    """What is said above a screen after an answer that is not taken: each reason in every language that has it."""
    found: dict[str, dict[str, str]] = {}
    for file in papers.originals():
        for reason, text in section(papers.data[file], "reasons").items():
            found.setdefault(reason, {})[papers.language] = str(text)
        for data in papers.translations(file):
            for reason, text in section(data, "reasons").items():
                found.setdefault(reason, {})[str(data.get("language", ""))] = str(text)
    return found


def navigation_words(papers: Papers, word: str) -> dict[str, str]:
    """The word beside the key for `back` or `more`, in every language that has one."""
    main = papers.originals()[0]
    found = {papers.language: papers.menu, **{str(one.get("language", "")): one for one in papers.translations(main)}}
    return {
        language: str(section(data, "navigation")[word])
        for language, data in found.items()
        if word in section(data, "navigation")
    }


def navigation_keys(papers: Papers) -> dict[str, str]:
    """The keys for back, home and more."""
    usual = {word: getattr(Navigation(), word) for word in ("back_key", "home_key", "more_key")}
    return usual | {word: str(key) for word, key in section(papers.menu, "navigation").items() if word in usual}


# ---- what is wrong, looked up once for the same files ----


@dataclass(frozen=True)
class _Published:
    version: int
    rates: Rates | None = field(compare=False)


def inspected(rt: Runtime, name: str, files: Mapping[str, str]) -> Inspection:
    """The inspection of a draft against the published rates; what was inspected a moment ago takes no time."""
    known = publishing.newest(rt)
    rates = _Published(known["rates"].version, publishing.rates(rt, known)) if "rates" in known else _Published(0, None)
    return _inspected(name, tuple(sorted(files.items())), rates)


@lru_cache(maxsize=8)
def _inspected(name: str, files: tuple[tuple[str, str], ...], published: _Published) -> Inspection:
    return inspecting.inspect(name, dict(files), published.rates)
