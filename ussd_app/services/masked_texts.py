"""The words of an SMS for whoever may not read everything: ours as we wrote them, what was filled in made unreadable.

A text is held against what our messages look like. One that fits none, because its wording has changed too often since
or somebody wrote it for one campaign, is not shown at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from ussd_app.domain import gsm7
from ussd_app.engine.expressions import Field, Template
from ussd_app.engine.messages import REPEATED
from ussd_app.errors import MenuProblems, NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.storage.pointers import Pointer

# How many wordings back somebody's SMS may still be recognised.
MOST_VERSIONS = 5
HIDDEN = "…"
_OPEN = frozenset({"dial", "channel", "people", "months", "programmes", "which", "first", "reason"})
_NAMES = frozenset({"name", "sponsor", "list"})
_OPEN_FORMATS = frozenset({"date", "months"})
_LETTERS_SHOWN = 4


def name_hidden(name: str) -> str:
    """A name as it is shown to whoever has no reason to know it: the first letter of each part."""
    return " ".join(f"{part[:1]}***" for part in name.split())


def masked(rt: Runtime, message: str, text: str, *, money: bool) -> str | None:
    """An SMS of this message of messages.yaml as everybody may read it; None when its wording is not known any more.

    Sums stay only where `money` may be seen.
    """
    repeated = text.startswith(REPEATED)
    said = text.removeprefix(REPEATED)
    for template in _wordings(rt, message):
        shown = _fitted(template, said, money=money)
        if shown is not None:
            return (REPEATED if repeated else "") + shown
    return None


def _wordings(rt: Runtime, message: str) -> Iterator[Template]:
    newest = publishing.newest(rt).get("messages")
    if newest is None:
        return
    for version in range(newest.version, max(0, newest.version - MOST_VERSIONS), -1):
        with suppress(MenuProblems, NotPublished):  # one that the service of today does not know any more
            known = publishing.messages(rt, {"messages": Pointer("messages", version)})
            if message in known:
                yield from known[message].texts.values()


def _fitted(template: Template, said: str, *, money: bool) -> str | None:
    pattern = "".join(re.escape(gsm7.plain(part)) if isinstance(part, str) else "(.*?)" for part in template)
    found = re.fullmatch(pattern, said, re.DOTALL)
    if found is None:
        return None
    values = iter(found.groups())
    return "".join(
        gsm7.plain(part) if isinstance(part, str) else _shown(part, next(values), money=money) for part in template
    )


def _shown(field: Field, value: str, *, money: bool) -> str:
    name = field.path[0]
    if field.format in _OPEN_FORMATS or name in _OPEN:
        return value
    if field.format == "rupiah":
        return value if money else f"Rp{HIDDEN}"
    if name in _NAMES:
        return name_hidden(value)
    return f"{value[:_LETTERS_SHOWN]}{HIDDEN}" if len(value) > _LETTERS_SHOWN * 2 else HIDDEN
