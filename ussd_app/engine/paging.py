"""Cut what does not fit one screen into pages: options never split, text between words, nothing dropped."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ussd_app.domain import gsm7

# Called with (is this the first page, is there more after it, is there room for words beside the keys); gives the
# navigation lines of that page.
Footer = Callable[[bool, bool, bool], list[str]]


class TooNarrow(ValueError):
    """A single word or option does not fit a screen together with the keys of its navigation."""


def pages(text: str, options: list[str], footer: Footer, limit: int) -> list[str]:
    """The screens that show `text`, then `options`, at most `limit` septets each.

    A page that could not take even one word or option beside the words of its navigation has its keys alone. Raises
    TooNarrow when that is not enough: the compiler's check finds it before anybody dials.
    """
    made: list[str] = []
    # Spaces at the end would be a rest of their own: a key for more, and nothing behind it.
    text = text.strip()
    while text or options or not made:
        page, text, options = _page(text, options, partial(footer, not made), limit)
        made.append(page)
    return made


def _page(
    text: str, options: list[str], footer: Callable[[bool, bool], list[str]], limit: int
) -> tuple[str, str, list[str]]:
    """One page, and the text and options that are left for those after it."""
    for words in (True, False):
        if _fits(text, options, footer(False, words), limit):
            return _join(text, options, footer(False, words)), "", []
        navigation = footer(True, words)
        shown, rest = _fill(text, navigation, limit)
        taken = 0
        while not rest and taken < len(options) and _fits(shown, options[: taken + 1], navigation, limit):
            taken += 1
        if shown or taken:
            return _join(shown, options[:taken], navigation), rest, options[taken:]
    raise TooNarrow(text or options[0])


def _join(text: str, options: list[str], navigation: list[str]) -> str:
    return "\n".join([part for part in (text, *options, *navigation) if part])


def _fits(text: str, options: list[str], navigation: list[str], limit: int) -> bool:
    return gsm7.fits_screen(_join(text, options, navigation), limit)


def _fill(text: str, navigation: list[str], limit: int) -> tuple[str, str]:
    """As many whole words of `text` as fit beside the navigation, and the rest."""
    if not text or _fits(text, [], navigation, limit):
        return text, ""
    cut = 0
    for position in _breaks(text):
        if not _fits(text[:position], [], navigation, limit):
            break
        cut = position
    return text[:cut].rstrip(), text[cut:].lstrip()


def _breaks(text: str) -> list[int]:
    return [index for index, character in enumerate(text) if character in " \n"]
