"""Every name a menu reads is known where it reads it, and shown in a format that fits its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from ussd_app.domain import gsm7
from ussd_app.engine import graph
from ussd_app.engine.checks import CHECKS
from ussd_app.engine.compiler import Compilation, fields_of, reads_of
from ussd_app.engine.expressions import Condition, Path
from ussd_app.engine.kinds import FLAG, FORMATS, Kind, count, text
from ussd_app.engine.vocabulary import Vocabulary

NOT_KNOWN = "is no answer of this menu and no known fact"


def kinds_of(menu: graph.Menu, vocabulary: Vocabulary) -> dict[str, Kind]:
    """Every answer that some screen of the menu keeps, with its kind."""
    kinds: dict[str, Kind] = {"language": text(2)}
    for screen in menu.screens.values():
        for name, kind in _kept(screen, vocabulary):
            _keep(kinds, name, kind)
    for screen in menu.screens.values():
        for answer, path in (screen.remember or {}).items():
            _keep(kinds, answer, kind_of(path, screen, kinds, vocabulary) or text(1))
    for screen in menu.screens.values():
        for choice in screen.choices:
            for answer, source in choice.copies.items():
                _keep(kinds, answer, kinds.get(source, text(1)))
    return kinds


def _kept(screen: graph.Screen, vocabulary: Vocabulary) -> Iterator[tuple[str, Kind]]:
    """The answers that one screen keeps."""
    if screen.ask:
        yield screen.ask.keep, _asked(screen.ask)
    for choice in screen.choices:
        for name, value in choice.sets.items():
            yield name, count(999_999_999) if isinstance(value, int) else text(gsm7.septets(str(value)) or 0)
    if screen.listing:
        use = (screen.uses or {}).get(screen.listing.rows)
        rows = vocabulary.facts[use.fact].rows if use else {}
        yield screen.listing.keep, rows.get(screen.listing.value, text(1))
    if screen.effect:
        for fields in vocabulary.effects[screen.effect.name].outcomes.values():
            yield from ((f"{screen.effect.name}.{name}", kind) for name, kind in fields.items())


def _keep(kinds: dict[str, Kind], name: str, kind: Kind) -> None:
    """An answer given on several screens takes as much room as the longest of them."""
    known = kinds.get(name, kind)
    longer = max(known, kind, key=lambda either: len(str(either.longest)))
    names = {known.name, kind.name}
    kinds[name] = Kind(
        kind.name if len(names) == 1 else "money" if names == {"money", "count"} else "text", longer.longest
    )


def _asked(ask: graph.Ask) -> Kind:
    """The kind of an answer; a question may allow more than its check does by itself."""
    kind, most = ask.check.kind, ask.parameters.get("max")
    if most is None or "max" not in ask.check.numbers:
        return kind
    if isinstance(kind.longest, int):
        return Kind(kind.name, max(kind.longest, int(most)))
    return text(int(most))


def kind_of(path: Path, screen: graph.Screen, answers: Mapping[str, Kind], vocabulary: Vocabulary) -> Kind | None:
    """The kind of a name as one screen reads it, or None when the screen cannot know it."""
    uses = screen.uses or {}
    if path[0] in uses:
        spec = vocabulary.facts[uses[path[0]].fact]
        return FLAG if len(path) == 1 else spec.gives.get(path[1])
    if path[0] == "row" and len(path) == 2 and screen.listing and screen.listing.rows in uses:
        return vocabulary.facts[uses[screen.listing.rows].fact].rows.get(path[1])
    return answers.get(".".join(path))


def check_names(compilation: Compilation, menu: graph.Menu) -> None:
    """Every name is known on the screen that reads it, and shown in a format that fits its kind."""
    vocabulary = compilation.vocabulary
    answers = kinds_of(menu, vocabulary)
    for screen in menu.screens.values():
        here = ("screens", screen.name)
        in_texts: set[Path] = set()
        for at, texts in texts_of(screen):
            in_texts.update(path for template in texts.values() for path in fields_of(template))
            _shows(
                compilation,
                (*here, *at),
                texts,
                partial(kind_of, screen=screen, answers=answers, vocabulary=vocabulary),
            )
        for path in sorted(reads_of(screen) - in_texts):
            if kind_of(path, screen, answers, vocabulary) is None:
                compilation.complain(here, f"`{'.'.join(path)}` {NOT_KNOWN}")
        _refers(compilation, here, screen, answers)
        for use in (screen.uses or {}).values():
            _taken(compilation, here, use.fact, set(use.takes) - set(use.fixed), answers)
        if screen.effect:
            needed = set(screen.effect.takes) - set(screen.effect.fixed)
            _taken(compilation, here, screen.effect.name, needed, answers)
    for reason, texts in menu.reasons.items():
        given: dict[Path, Kind] = {(name,): kind for name, kind in given_to(reason).items()}
        _shows(compilation, ("reasons", reason), texts, given.get)


def texts_of(screen: graph.Screen) -> Iterator[tuple[Path, graph.Texts]]:
    """Every text of a screen, with its place in it."""
    yield ("end",) if screen.ends else ("text",), screen.text
    for choice in screen.choices:
        yield ("choices", choice.key, "label"), choice.label
    if screen.listing:
        yield ("list", "label"), screen.listing.label


def _shows(compilation: Compilation, here: Path, texts: graph.Texts, kind_of: Callable[[Path], Kind | None]) -> None:
    """Every field of a text is known and has a format that can show it."""
    for language, template in texts.items():
        for part in template:
            if isinstance(part, str):
                continue
            name, kind = ".".join(part.path), kind_of(part.path)
            if kind is None:
                compilation.complain_in(language, here, f"`{name}` {NOT_KNOWN}")
            elif kind.name not in FORMATS[part.format][1]:
                wanted = [f"|{format_}" for format_, (_, shows) in FORMATS.items() if format_ and kind.name in shows]
                advice = f"show it with {' or '.join(wanted)}" if wanted else "use it in a `when`, it cannot be shown"
                compilation.complain_in(language, here, f"`{name}` is {kind.name}: {advice}")


def _refers(compilation: Compilation, here: Path, screen: graph.Screen, answers: Mapping[str, Kind]) -> None:
    """What a question or a list names outside its texts exists."""
    for name, value in screen.ask.parameters.items() if screen.ask else ():
        if screen.ask and name in screen.ask.check.refers and value not in answers:
            compilation.complain((*here, "ask", name), f"no screen keeps an answer `{value}`")
    use = (screen.uses or {}).get(screen.listing.rows) if screen.listing else None
    rows = compilation.vocabulary.facts[use.fact].rows if use else {}
    if screen.listing and use and screen.listing.value not in rows:
        known = f"its rows have {', '.join(rows)}" if rows else "it has no rows"
        sentence = f"the fact `{use.fact}` gives no `{screen.listing.value}` to choose: {known}"
        compilation.complain((*here, "list", "value"), sentence)


def _taken(compilation: Compilation, here: Path, name: str, takes: set[str], answers: Mapping[str, Kind]) -> None:
    for missing in sorted(takes - answers.keys()):
        compilation.complain(here, f"`{name}` needs the answer `{missing}`, which no screen keeps")


def conditions_of(screen: graph.Screen) -> Iterator[tuple[Path, Condition]]:
    """Every condition of a screen, with the path of the words that say it."""
    for choice in screen.choices:
        if choice.when:
            yield ("choices", choice.key, "when"), choice.when
    for number, branch in enumerate(screen.branches):
        if branch.when:
            yield ("branch", str(number), "when"), branch.when


def check_findable(compilation: Compilation, menu: graph.Menu) -> None:
    """A fact alone in a condition asks whether it was found, a list whether it has a row: not every fact can tell."""
    for screen in menu.screens.values():
        uses = screen.uses or {}
        for at, condition in conditions_of(screen):
            for (name,) in sorted({path for path in condition.reads if len(path) == 1 and path[0] in uses}):
                spec = compilation.vocabulary.facts[uses[name].fact]
                if "found" not in spec.gives and not spec.rows:
                    advice = f"name one of its fields: {', '.join(spec.gives)}"
                    sentence = f"the fact `{uses[name].fact}` does not tell whether it was found: {advice}"
                    compilation.complain(("screens", screen.name, *at), sentence)


def given_to(reason: str) -> dict[str, Kind]:
    """The fields that a reason's sentence can show."""
    kinds: dict[str, Kind] = {}
    for spec in CHECKS.values():
        kinds.update(spec.reasons.get(reason, {}))
    return kinds
