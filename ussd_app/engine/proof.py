"""Prove a compiled menu before anybody dials it: every target exists, every screen is reached and left, and
every screen fits at the longest it can ever be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from ussd_app.domain import gsm7
from ussd_app.engine import definition, graph
from ussd_app.engine.checks import CHECKS
from ussd_app.engine.compiler import Compilation, fields_of, reads_of, validate
from ussd_app.engine.expressions import Path, Template
from ussd_app.engine.kinds import FLAG, FORMATS, Kind, count, text
from ussd_app.engine.paging import Footer, TooNarrow, pages
from ussd_app.engine.source import Source
from ussd_app.engine.vocabulary import Vocabulary
from ussd_app.errors import Problem

MOST_CHOICES = 5
NOT_KNOWN = "is no answer of this menu and no known fact"


def compile_menu(
    sources: list[Source], version: int, vocabulary: Vocabulary
) -> tuple[graph.Menu | None, list[Problem]]:
    """Compile and prove a menu file and its translations (the menu first).

    Gives the graph, or None when there is an error, and every problem and remark found.
    """
    problems: list[Problem] = []
    menu = validate(definition.Menu, sources[0], problems)
    translations = []
    for source in sources[1:]:
        translation = validate(definition.Translation, source, problems)
        if translation:
            translations.append((translation, source))
    if menu is None or problems:
        return None, problems
    compilation = Compilation(menu, sources[0], translations, vocabulary)
    made = compilation.build(version)
    _stray_translations(compilation)
    _targets(compilation, made)
    _words_with_a_meaning(compilation, made)
    if not any(problem.error for problem in compilation.problems):
        _reachable(compilation, made)
        _circles(compilation, made)
        _names(compilation, made)
    if not any(problem.error for problem in compilation.problems):
        _fits(compilation, made)
    errors = any(problem.error for problem in compilation.problems)
    return (None if errors else made), compilation.problems


def roots_of(menu: graph.Menu) -> Iterator[tuple[Path, str]]:
    """The screens where a dialogue can begin, with the path of the word that says so."""
    yield ("start",), menu.start
    yield ("home",), menu.home
    if menu.resume and menu.resume.screen:
        yield ("resume", "screen"), menu.resume.screen


def targets_of(screen: graph.Screen) -> Iterator[tuple[Path, str]]:
    """Every screen a screen can lead to, with the path of the word that says so."""
    for choice in screen.choices:
        yield ("choices", choice.key, "go"), choice.go
    if screen.listing:
        yield ("list", "go"), screen.listing.go
    if screen.ask:
        yield ("go",), screen.ask.go
        if screen.ask.otherwise:
            yield ("ask", "otherwise"), screen.ask.otherwise
    for number, branch in enumerate(screen.branches):
        yield ("branch", str(number), "go"), branch.go
    for outcome, go in screen.effect.outcomes.items() if screen.effect else ():
        yield ("outcomes", outcome), go


def _targets(compilation: Compilation, menu: graph.Menu) -> None:
    for path, name in roots_of(menu):
        if name not in menu.screens:
            compilation.complain(path, f"there is no screen `{name}`")
    for screen in menu.screens.values():
        for path, go in targets_of(screen):
            if go not in menu.screens and not graph.is_elsewhere(go):
                compilation.complain(("screens", screen.name, *path), f"there is no screen `{go}`")
        if len(screen.choices) > MOST_CHOICES:
            sentence = f"{len(screen.choices)} choices: people read at most {MOST_CHOICES} on one screen"
            compilation.complain(("screens", screen.name, "choices"), sentence, error=False)


def _words_with_a_meaning(compilation: Compilation, menu: graph.Menu) -> None:
    for reserved in [name for name in menu.screens if graph.is_elsewhere(name)]:
        compilation.complain(("screens", reserved), f"`{reserved}` has a meaning of its own: choose another name")
    resume = compilation.menu.resume
    if resume and (resume.how == "ask") != (resume.screen is not None):
        compilation.complain(("resume",), "`how: ask` needs the `screen` that asks, `how: continue` has none")
    recover = menu.recover
    if recover and recover.message not in compilation.vocabulary.messages:
        known = ", ".join(sorted(compilation.vocabulary.messages))
        compilation.complain(("recover", "message"), f"there is no message `{recover.message}`: use one of {known}")
    asks = any(screen.choices or screen.listing for screen in menu.screens.values())
    if asks and "choose" not in menu.reasons:
        compilation.complain(("reasons",), "write a sentence for `choose`: a key that is no choice")


def _stray_translations(compilation: Compilation) -> None:
    for translation, source in compilation.translations:
        if translation.language not in compilation.menu.languages:
            sentence = f"the menu does not list `{translation.language}` under languages"
            compilation.problems.append(source.problem(("language",), sentence))
        if translation.language == compilation.menu.languages[0]:
            sentence = f"`{translation.language}` is the language of the menu itself: change its texts there"
            compilation.problems.append(source.problem(("language",), sentence))
        for name in [name for name in translation.reasons if name not in compilation.menu.reasons]:
            compilation.problems.append(source.problem(("reasons", name), f"the menu has no reason `{name}`"))
        for name, screen in translation.screens.items():
            original = compilation.menu.screens.get(name)
            if original is None:
                stray = source.problem(("screens", name), f"the menu has no screen `{name}`")
                compilation.problems.append(stray)
                continue
            for key in [key for key in screen.choices if key not in (original.choices or {})]:
                path = ("screens", name, "choices", key)
                compilation.problems.append(source.problem(path, f"the menu has no choice `{key}` here"))


def _reachable(compilation: Compilation, menu: graph.Menu) -> None:
    waiting = [name for _, name in roots_of(menu)]
    seen = set(waiting)
    leads: dict[str, set[str]] = {}
    while waiting:
        name = waiting.pop()
        leads[name] = {go for _, go in targets_of(menu.screens[name])}
        fresh = (leads[name] & menu.screens.keys()) - seen
        seen |= fresh
        waiting += fresh
    for name in [name for name in menu.screens if name not in seen]:
        compilation.complain(("screens", name), "no screen leads here: nobody would ever see it")
    finishing = {name for name in seen if menu.screens[name].ends or any(map(graph.is_elsewhere, leads[name]))}
    while True:
        more = {name for name in seen - finishing if leads[name] & finishing}
        if not more:
            break
        finishing |= more
    for name in [name for name in menu.screens if name in seen - finishing]:
        compilation.complain(("screens", name), "from here no choice ever leads to an end")


def _circles(compilation: Compilation, menu: graph.Menu) -> None:
    """No way from step to step runs in a circle without a screen on which somebody could stop."""
    steps = {name: targets_of(screen) for name, screen in menu.screens.items() if screen.branches or screen.effect}
    leads = {name: {go for _, go in targets} for name, targets in steps.items()}
    while free := [name for name, goes in leads.items() if not goes & leads.keys()]:
        for name in free:
            del leads[name]
    for name in leads:
        compilation.complain(("screens", name), "from here steps can follow each other in a circle, showing no screen")


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


def _names(compilation: Compilation, menu: graph.Menu) -> None:
    vocabulary = compilation.vocabulary
    answers = kinds_of(menu, vocabulary)
    for screen in menu.screens.values():
        here = ("screens", screen.name)
        in_texts: set[Path] = set()
        for at, texts in _texts_of(screen):
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
        given: dict[Path, Kind] = {(name,): kind for name, kind in _given(reason).items()}
        _shows(compilation, ("reasons", reason), texts, given.get)


def _texts_of(screen: graph.Screen) -> Iterator[tuple[Path, graph.Texts]]:
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


def _fits(compilation: Compilation, menu: graph.Menu) -> None:
    answers = kinds_of(menu, compilation.vocabulary)
    for screen in menu.screens.values():
        if screen.branches or screen.effect:
            continue
        at = ("screens", screen.name, "end" if screen.ends else "text")
        for language in menu.languages:
            head, options, footer = _longest_screen(compilation, menu, screen, language, answers)
            try:
                shown = pages(head, options, footer, menu.limit)
            except TooNarrow:
                sentence = f"in {language} one line alone is longer than a screen of {menu.limit}"
                compilation.complain_in(language, at, sentence)
                continue
            if len(shown) > 1 and not screen.listing:
                whole = gsm7.septets("\n".join([head, *options, *footer(True, False)])) or 0
                sentence = f"in {language} the longest fill takes {whole} of {menu.limit}"
                compilation.complain_in(language, at, f"{sentence}: shorten it by {whole - menu.limit}")


def _longest_screen(
    compilation: Compilation,
    menu: graph.Menu,
    screen: graph.Screen,
    language: str,
    answers: Mapping[str, Kind],
) -> tuple[str, list[str], Footer]:
    """A screen with every field at its longest and the longest reason above: its text, options and navigation."""

    def fill(texts: graph.Texts) -> str:
        return longest(texts.get(language) or next(iter(texts.values()), ()), language, screen, answers, compilation)

    notices = [fill_reason(menu, reason, language) for reason in _reasons(screen)]
    notice = max(notices, key=lambda sentence: gsm7.septets(sentence) or 0, default="")
    options = [f"{choice.key.replace('+', '10')}. {fill(choice.label)}" for choice in screen.choices]
    if screen.listing:
        options = [f"{number}. {fill(screen.listing.label)}" for number in range(1, 31)] + options
    words = menu.words.get(language) or menu.words[menu.language]
    returned_to = any(go == screen.name for other in menu.screens.values() for _, go in targets_of(other))
    first_screen = screen.name == menu.start and not returned_to

    def footer(_first: bool, more: bool) -> list[str]:
        lines = [f"{menu.more_key}. {words['more']}"] if more else []
        return lines if screen.ends or first_screen else [*lines, f"{menu.back_key}. {words['back']}"]

    head = "\n".join(filter(None, [notice, fill(screen.text)]))
    return head, options, footer


def _reasons(screen: graph.Screen) -> list[str]:
    if screen.ends:
        return []
    return list(screen.ask.check.reasons) if screen.ask else ["choose"]


def _given(reason: str) -> dict[str, Kind]:
    """The fields that a reason's sentence can show."""
    kinds: dict[str, Kind] = {}
    for spec in CHECKS.values():
        kinds.update(spec.reasons.get(reason, {}))
    return kinds


def fill_reason(menu: graph.Menu, reason: str, language: str) -> str:
    """A reason at its longest."""
    texts, kinds = menu.reasons.get(reason, {}), _given(reason)
    template = texts.get(language) or next(iter(texts.values()), ())
    return "".join(
        part if isinstance(part, str) else part.show(kinds.get(part.path[0], text(1)).longest, language)
        for part in template
    )


def longest(
    template: Template,
    language: str,
    screen: graph.Screen,
    answers: Mapping[str, Kind],
    compilation: Compilation,
) -> str:
    """A text with every field at its longest."""
    shown = []
    for part in template:
        if isinstance(part, str):
            shown.append(part)
        else:
            kind = kind_of(part.path, screen, answers, compilation.vocabulary) or text(1)
            shown.append(part.show(kind.longest, language))
    return "".join(shown)
