"""How much room a text takes on a phone, and how to make it take less.

Two alphabets exist. GSM-7 (3GPP TS 23.038, default alphabet with its extension table) counts in septets: an
extension character or a form feed is an escape pair and counts two. Whatever GSM-7 lacks turns the *whole*
text into UCS-2, counted in UTF-16 units. Limits (3GPP TS 23.038, 23.040):

             one SMS   each part when joined   one USSD screen
    GSM-7    160       153 septets             160 septets by default, 182 at most
    UCS-2    70        67 units                70 units by default, 80 at most
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

# 3GPP TS 23.038, 6.2.1, in the order of the table. 0x1B (escape) is no character and is left out.
ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)

# 3GPP TS 23.038, 6.2.1.1: each of these is sent as escape and one more septet.
EXTENSION = "\f^{}\\[~]|€"

_SINGLE = 160
_JOINED = 153
_SINGLE_UCS2 = 70
_JOINED_UCS2 = 67

# A network that gives 182 septets to a screen gives 80 units to a UCS-2 one; lower caps shrink in proportion.
_HARD_CAP = 182
_HARD_CAP_UCS2 = 80

# A character class is matched in C: a screen costs under a microsecond, a loop over its characters four.
_PLAIN_ONLY = re.compile(f"[{re.escape(ALPHABET)}]*")
_GSM7_ONLY = re.compile(f"[{re.escape(ALPHABET + EXTENSION)}]*")
_PAIRS = re.compile(f"[{re.escape(EXTENSION)}]")
_KNOWN = frozenset(ALPHABET + EXTENSION)
_PAIRED = frozenset(EXTENSION)

_EQUIVALENTS = {
    "'": "‘’‚‛‹›′`´ʹʻʼˈ",
    '"': "“”„‟«»″",
    "-": "‐‑‒–—―−⁃•·‣◦▪●∙",
    "...": "…",
    "..": "‥",
    " ": "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "\n": "\u0085\u2028\u2029",
    "/": "⁄∕",
    "*": "∗",
    ":": "∶",
    "~": "∼",
    "x": "×",
    "->": "→",
    "<-": "←",
    "<=": "≤",
    ">=": "≥",
    "fi": "ﬁ",
    "fl": "ﬂ",
    # Invisible: soft hyphen, zero-width space, joiner of words, byte order mark, and the direction marks that
    # come along when a number is copied from a contact list.
    "": "\u00ad\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff",
}
_TO_PLAIN = str.maketrans({odd: plain for plain, odds in _EQUIVALENTS.items() for odd in odds})


@dataclass(frozen=True)
class Size:
    """What an SMS costs: `units` are septets or UTF-16 units, `segments` is what the network bills."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    segments: int


def septets(text: str) -> int | None:
    """The length in septets, or None when a character needs UCS-2."""
    if _PLAIN_ONLY.fullmatch(text):
        return len(text)
    if _GSM7_ONLY.fullmatch(text):
        return len(text) + len(_PAIRS.findall(text))
    return None


def utf16_units(text: str) -> int:
    """The length in UTF-16 units: an emoji and whatever else lies beyond U+FFFF counts two."""
    return len(text) + sum(character > "\uffff" for character in text)


def plain(text: str) -> str:
    """The text with typographic characters replaced by the ones a plain phone has.

    Letters are composed (NFC) but never stripped of an accent, and what has no equivalent stays: `strangers`
    names it. Composing runs again at the end, because an invisible character may have stood inside a letter.
    """
    composed = unicodedata.normalize("NFC", text)
    return unicodedata.normalize("NFC", composed.translate(_TO_PLAIN))


def size(text: str) -> Size:
    """What sending the text as SMS takes. An empty text is still one message.

    Neither an escape pair nor a surrogate pair is cut across two parts, so a part may stay one unit short. For escape
    pairs the standard says so; of surrogates it knows nothing, but half an emoji is no character, and a gateway that
    does cut them bills no more parts than are counted here. What joins several characters into one picture (a skin
    tone, a family) may be cut: each of them can be shown.
    """
    count = septets(text)
    if count is not None:
        return Size("GSM-7", count, _segments(count, _gsm7_costs(text), _SINGLE, _JOINED))
    count = utf16_units(text)
    return Size("UCS-2", count, _segments(count, _ucs2_costs(text), _SINGLE_UCS2, _JOINED_UCS2))


def fits_screen(text: str, cap: int) -> bool:
    """Whether one USSD screen of `cap` septets holds the text (UCS-2: 70 units at 160, 80 at 182)."""
    count = septets(text)
    if count is not None:
        return count <= cap
    return utf16_units(text) <= cap * _HARD_CAP_UCS2 // _HARD_CAP


def strangers(text: str) -> list[str]:
    """The characters that make the text UCS-2 even after `plain`, each once, in the order they appear."""
    return [character for character in dict.fromkeys(plain(text)) if character not in _KNOWN]


def cut(text: str, septets: int) -> str:
    """The text cut to at most `septets` septets, or as many UTF-16 units when what remains is UCS-2.

    A text that had to be cut ends with ".." if that leaves room for something before it.
    """
    if _length(text) <= septets:
        return text
    ending = ".." if septets > len("..") else ""
    # From the longest beginning downwards: a cut may drop the only UCS-2 character, and then the rest is
    # counted in septets, which may be more than its units were.
    for end in range(min(len(text), max(septets, 0)), 0, -1):
        shorter = text[:end].rstrip() + ending
        if _length(shorter) <= septets:
            return shorter
    return ""


def _length(text: str) -> int:
    count = septets(text)
    return utf16_units(text) if count is None else count


def _gsm7_costs(text: str) -> Iterable[int]:
    return (2 if character in _PAIRED else 1 for character in text)


def _ucs2_costs(text: str) -> Iterable[int]:
    return (2 if character > "\uffff" else 1 for character in text)


def _segments(total: int, costs: Iterable[int], single: int, joined: int) -> int:
    if total <= single:
        return 1
    parts, used = 1, 0
    for cost in costs:
        if used + cost > joined:
            parts, used = parts + 1, 0
        used += cost
    return parts
