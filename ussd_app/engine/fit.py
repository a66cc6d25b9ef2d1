"""Every screen fits its limit at the longest it can ever be, in every language, with the longest reason above."""

from __future__ import annotations

from collections.abc import Mapping

from ussd_app.domain import gsm7
from ussd_app.engine import graph
from ussd_app.engine.compiler import Compilation
from ussd_app.engine.expressions import Template
from ussd_app.engine.graph import targets_of
from ussd_app.engine.kinds import Kind, text
from ussd_app.engine.names import given_to, kind_of, kinds_of
from ussd_app.engine.paging import Footer, TooNarrow, pages


def check_fit(compilation: Compilation, menu: graph.Menu) -> None:
    """Every screen fits the limit in every language at its longest, the longest reason above it."""
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


def fill_reason(menu: graph.Menu, reason: str, language: str) -> str:
    """A reason at its longest."""
    texts, kinds = menu.reasons.get(reason, {}), given_to(reason)
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
