"""Cut what does not fit one screen into pages: options never split, text between words, nothing dropped."""

from __future__ import annotations

from collections.abc import Callable

from ussd_app.domain import gsm7

# Called with (is this the first page, is there more after it); gives the navigation lines of that page.
Footer = Callable[[bool, bool], list[str]]


class TooNarrow(ValueError):
    """A single word or option does not fit a screen together with its navigation."""


def pages(text: str, options: list[str], footer: Footer, limit: int) -> list[str]:
    """The screens that show `text`, then `options`, at most `limit` septets each.

    Raises TooNarrow when a page could not take even one word or option: the compiler's check finds that before
    anybody dials.
    """
    made: list[str] = []
    while True:
        first = not made
        whole = _join(text, options, footer(first, False))
        if gsm7.fits_screen(whole, limit):
            return [*made, whole]
        navigation = footer(first, True)
        shown, text = _fill(text, navigation, limit)
        taken = 0
        if not text:
            while taken < len(options) and _fits(shown, options[: taken + 1], navigation, limit):
                taken += 1
        if not shown and not taken:
            raise TooNarrow(options[0] if options else text)
        made.append(_join(shown, options[:taken], navigation))
        options = options[taken:]


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
