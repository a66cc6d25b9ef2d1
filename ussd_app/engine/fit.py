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
from ussd_app.engine.view import navigation
from ussd_app.engine.vocabulary import Vocabulary

# The room of a screen on the network that gives least.
NARROWEST = 60


def check_fit(compilation: Compilation, menu: graph.Menu) -> None:
    """Every screen fits the limit in every language at its longest, the longest reason above it."""
    answers, room = kinds_of(menu, compilation.vocabulary), _room(menu)
    for screen in menu.screens.values():
        if screen.branches or screen.effect:
            continue
        at = ("screens", screen.name, "end" if screen.ends else "text")
        for language in menu.languages:
            head, options, footer = longest_screen(compilation.vocabulary, menu, screen, language, answers)
            shown = _pages_at(menu.narrowest, head, options, footer)
            if not shown:
                sentence = f"in {language} one line alone is longer than a screen of {room}"
                compilation.complain_in(language, at, sentence)
            elif shown > 1 and not screen.listing:
                whole = gsm7.septets("\n".join([head, *options, *footer(True, False, True)])) or 0
                sentence = f"in {language} the longest fill takes {whole} of {room}"
                compilation.complain_in(language, at, f"{sentence}: shorten it by {whole - menu.narrowest}")
            elif not _pages_at(NARROWEST, head, options, footer):
                sentence = f"in {language} one line alone is longer than the smallest screen, of {NARROWEST}"
                compilation.complain_in(language, at, f"{sentence}: some networks could not show it", error=False)


def _room(menu: graph.Menu) -> str:
    """The least room of a screen, and the code on which it is so little."""
    codes = [code for code, limit in menu.limits.items() if limit == menu.narrowest < menu.limit]
    return f"{menu.narrowest} (on {' and '.join(codes)})" if codes else str(menu.narrowest)


def _pages_at(limit: int, head: str, options: list[str], footer: Footer) -> int:
    """How many pages it takes, or 0 when a line fits no page."""
    try:
        return len(pages(head, options, footer, limit))
    except TooNarrow:
        return 0


def longest_screen(
    vocabulary: Vocabulary,
    menu: graph.Menu,
    screen: graph.Screen,
    language: str,
    answers: Mapping[str, Kind],
) -> tuple[str, list[str], Footer]:
    """A screen with every field at its longest and the longest reason above: its text, options and navigation."""

    def fill(texts: graph.Texts) -> str:
        return longest(texts.get(language) or next(iter(texts.values()), ()), language, screen, answers, vocabulary)

    notices = [fill_reason(menu, reason, language) for reason in _reasons(screen)]
    notice = max(notices, key=lambda sentence: gsm7.septets(sentence) or 0, default="")
    options = [f"{choice.key.replace('+', '10')}. {fill(choice.label)}" for choice in screen.choices]
    if screen.listing:
        options = [f"{number}. {fill(screen.listing.label)}" for number in range(1, 31)] + options
    returned_to = any(go == screen.name for other in menu.screens.values() for _, go in targets_of(other))
    first_screen = screen.name == menu.start and not returned_to and not graph.is_visited(menu)

    def footer(_first: bool, more: bool, words: bool) -> list[str]:
        back = not screen.ends and not first_screen
        return navigation(menu, language, more=more, back=back, words=words)

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
    vocabulary: Vocabulary,
) -> str:
    """A text with every field at its longest."""
    shown = []
    for part in template:
        if isinstance(part, str):
            shown.append(part)
        else:
            kind = kind_of(part.path, screen, answers, vocabulary) or text(1)
            shown.append(part.show(kind.longest, language))
    return "".join(shown)
