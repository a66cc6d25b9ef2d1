"""Prove a compiled menu before anybody dials it: every target exists, every screen is reached and left, and
every screen fits at the longest it can ever be."""

from __future__ import annotations

from ussd_app.engine import graph
from ussd_app.engine.answers import check_answers
from ussd_app.engine.compiler import Compilation
from ussd_app.engine.effort import check_effort
from ussd_app.engine.fit import check_fit
from ussd_app.engine.graph import roots_of, targets_of
from ussd_app.engine.names import check_findable, check_names
from ussd_app.engine.parts import put_together
from ussd_app.engine.source import Source
from ussd_app.engine.vocabulary import Vocabulary
from ussd_app.errors import Problem

MOST_CHOICES = 5
NOT_KNOWN = "is no answer of this menu and no known fact"


def compile_menu(
    sources: list[Source], version: int, vocabulary: Vocabulary
) -> tuple[graph.Menu | None, list[Problem]]:
    """Compile and prove a menu file, its translations, and the parts it includes with theirs (the menu first).

    Gives the graph, or None when there is an error, and every problem and remark found.
    """
    problems: list[Problem] = []
    written = put_together(sources, problems)
    if written is None:
        return None, problems
    compilation = Compilation(written.menu, written.source, written.translations, vocabulary)
    made = compilation.build(version)
    _stray_translations(compilation)
    _targets(compilation, made)
    _words_with_a_meaning(compilation, made)
    _keys(compilation, made)
    if not any(problem.error for problem in compilation.problems):
        _reachable(compilation, made)
        _circles(compilation, made)
        check_names(compilation, made)
        check_findable(compilation, made)
    if not any(problem.error for problem in compilation.problems):
        check_answers(compilation, made)
        _lists_without_rows(compilation, made)
        check_fit(compilation, made)
        check_effort(compilation, made)
    errors = any(problem.error for problem in compilation.problems)
    return (None if errors else made), compilation.problems


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
    if recover and not resume:
        sentence = "its SMS invites people to go on where they were, and without `resume` nobody can: write `resume`"
        compilation.complain(("recover",), sentence)
    if recover and recover.message not in compilation.vocabulary.messages:
        known = ", ".join(sorted(compilation.vocabulary.messages))
        compilation.complain(("recover", "message"), f"there is no message `{recover.message}`: use one of {known}")
    asks = any(screen.choices or screen.listing for screen in menu.screens.values())
    if asks and "choose" not in menu.reasons:
        compilation.complain(("reasons",), "write a sentence for `choose`: a key that is no choice")


def _keys(compilation: Compilation, menu: graph.Menu) -> None:
    """No key means two things on one screen."""
    navigation = {"back_key": menu.back_key, "home_key": menu.home_key, "more_key": menu.more_key}
    for number, (word, key) in enumerate(navigation.items()):
        if key == "+":
            compilation.complain(("navigation", word), "`+` stands for a number after a list: use digits")
        for other in [name for name in list(navigation)[:number] if navigation[name] == key]:
            compilation.complain(("navigation", word), f"`{key}` is the `{other}` too: each needs its own key")
    for screen in menu.screens.values():
        for choice in screen.choices:
            _key(compilation, menu, screen, choice.key)


def _key(compilation: Compilation, menu: graph.Menu, screen: graph.Screen, key: str) -> None:
    path = ("screens", screen.name, "choices", key)
    taken = {menu.home_key: "home", menu.more_key: "more"}.get(key)
    if taken:
        compilation.complain(path, f"`{key}` is the key for {taken}: choose another one")
    elif key == "+" and screen.listing is None:
        compilation.complain(path, "`+` is the number after a `list`, and there is none here: write a number")
    elif key != "+" and screen.listing and key[0] != "0":
        compilation.complain(path, f"row {key} of the list would take the key `{key}`: write `+`")
    elif key == menu.back_key:
        sentence = f"`{key}` goes back elsewhere: here it is this choice, and nobody can go back"
        compilation.complain(path, sentence, error=False)


def _stray_translations(compilation: Compilation) -> None:
    for translation, source in compilation.translations:
        if translation.menu != compilation.menu.menu:
            sentence = f"this is a translation of `{translation.menu}`, the menu is called `{compilation.menu.menu}`"
            compilation.problems.append(source.problem(("menu",), sentence))
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


def _lists_without_rows(compilation: Compilation, menu: graph.Menu) -> None:
    """Remark on a list that may leave a person nothing but Back, when its fact has no row."""
    for screen in menu.screens.values():
        listing = screen.listing
        if listing is None or any(choice.when is None for choice in screen.choices) or _asks_for_rows(menu, screen):
            continue
        sentence = f"without any row of `{listing.rows}` there is nothing to choose: add a `+` that is always there"
        compilation.complain(("screens", screen.name, "list"), sentence, error=False)


def _asks_for_rows(menu: graph.Menu, screen: graph.Screen) -> bool:
    """Whether a condition on the list, or on the way to it, looks at the fact that the rows come from."""
    assert screen.listing is not None
    fact = (screen.uses or {})[screen.listing.rows].fact
    for other in menu.screens.values():
        ways: list[graph.Choice | graph.Branch] = [*other.choices, *other.branches]
        asking = [way.when for way in ways if way.when and (way.go == screen.name or other is screen)]
        uses = [(other.uses or {}).get(path[0]) for when in asking for path in when.reads]
        if any(use and use.fact == fact for use in uses):
            return True
    return False


def _circles(compilation: Compilation, menu: graph.Menu) -> None:
    """No way from step to step runs in a circle without a screen on which somebody could stop."""
    steps = {name: targets_of(screen) for name, screen in menu.screens.items() if screen.branches or screen.effect}
    leads = {name: {go for _, go in targets} for name, targets in steps.items()}
    while free := [name for name, goes in leads.items() if not goes & leads.keys()]:
        for name in free:
            del leads[name]
    for name in leads:
        compilation.complain(("screens", name), "from here steps can follow each other in a circle, showing no screen")
