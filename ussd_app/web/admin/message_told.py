"""What is wrong with an SMS, in the words of somebody who writes it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ussd_app.web.admin import menu_told
from ussd_app.web.admin.desk import t

# What the checks of SMS say, and the name under which the desk says it; the rest is said as for menus.
_SENTENCES: Mapping[str, str] = {
    "too_long": r"at its longest it takes (?P<units>\d+) septets, (?P<parts>\d+) SMS instead of (?P<most>\d+)",
    "not_given": r"`(?P<names>.+)` is not given to this message: use (?P<known>.*)",
    "format": r"`(?P<name>.+)` is \w+: it needs another format",
    "no_text": r"the Indonesian text \(`id`\) is missing",
    "reason_long": r"this reason takes (?P<units>\d+) septets instead of (?P<most>\d+) at most",
    "reason_fields": r"a reason has no fields: write a plain sentence",
    "unknown": r"no part of the service sends a message of this name",
    "missing": r"the message `(?P<name>.+)` is missing",
    "strangers": r"(?P<characters>.+) is not in the alphabet of plain phones: it would halve the room",
}
_KNOWN = [(f"message_problem.{name}", re.compile(pattern, re.DOTALL)) for name, pattern in _SENTENCES.items()]


def in_words(sentence: str) -> str:
    """A problem's sentence in the words of the desk."""
    for key, pattern in _KNOWN:
        fitting = pattern.fullmatch(sentence)
        if fitting:
            return t(key, **{name: value.replace("`", "") for name, value in fitting.groupdict().items()})
    return menu_told.in_words(sentence)
