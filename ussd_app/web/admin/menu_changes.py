"""What is another than before, as a page shows it: words that came and went, and screens side by side as phones."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from markupsafe import Markup

from ussd_app.errors import MenuProblems, NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import differences, preview, wording
from ussd_app.services.differences import Change, Changed
from ussd_app.web.admin.desk import t
from ussd_app.web.admin.words import knows

Files = Mapping[str, str]
# A piece of a text, and whether it stays, went or came.
Piece = tuple[str, str]
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
# Things on one page: each may be drawn as eight phones.
PAGE = 25
# Words of both sides that are compared one by one, which takes their square; no screen and no SMS has as many.
MOST_WORDS = 2_000


@dataclass(frozen=True)
class Row:
    """One thing said otherwise: where, in which language, and the pieces before and after (None: it is not there)."""

    where: str
    language: str
    before: tuple[Piece, ...] | None
    after: tuple[Piece, ...] | None


@dataclass(frozen=True)
class Pair:
    """A screen in one language as a phone shows it, before and after; None where nobody sees it."""

    language: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Card:
    """A screen, a reason, an SMS or a word of the file that differs."""

    changed: Changed
    rows: tuple[Row, ...]
    phones: tuple[Pair, ...] = ()
    bubbles: tuple[Pair, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """A page of what differs; `whole` is all of it, `more` where the next page begins."""

    cards: tuple[Card, ...]
    whole: differences.Differences
    first: int
    more: int | None

    def counted(self) -> dict[str, int]:
        """How many things were added, removed, changed and renamed."""
        hows = [one.how for one in self.whole.changed]
        return {how: hows.count(how) for how in ("added", "changed", "renamed", "removed") if how in hows}


def compare(rt: Runtime, name: str, before: Files, after: Files, first: int = 0) -> Comparison:
    """A page of the differences between two states of a document's files, from the number `first` on."""
    whole = differences.between(name, before, after)
    chosen = whole.changed[first : first + PAGE]
    old, new = _Phones(rt, name, before), _Phones(rt, name, after)
    cards = tuple(_sms(rt, one) if one.section == "messages" else _card(one, old, new) for one in chosen)
    return Comparison(cards, whole, first, first + PAGE if first + PAGE < len(whole.changed) else None)


def _card(one: Changed, old: _Phones, new: _Phones) -> Card:
    rows = _rows(one)
    if one.section != "screens":
        return Card(one, rows)
    languages = {change.language for change in one.changes} - {""} or {new.first or old.first}
    pairs = [
        Pair(language, old.text(one.was or one.name, language), new.text(one.name, language))
        for language in dict.fromkeys([*new.languages, *old.languages])
        if language in languages
    ]
    return Card(one, rows, tuple(pair for pair in pairs if pair.before != pair.after))


def _rows(one: Changed) -> tuple[Row, ...]:
    return tuple(Row(where(change.at), change.language, *pieces(change)) for change in one.changes)


def _sms(rt: Runtime, one: Changed) -> Card:
    """An SMS as somebody reads it, before and after."""
    given = wording.values(rt, one.name, wording.PEOPLE[0])
    bubbles = [
        Pair(
            change.language,
            None if change.before is None else wording.filled(change.before, change.language, given),
            None if change.after is None else wording.filled(change.after, change.language, given),
        )
        for change in one.changes
        if change.at == "text"
    ]
    return Card(one, _rows(one), bubbles=tuple(bubbles))


class _Phones:
    """The screens of one state of a menu, drawn when they are asked for; none of what cannot be dialled."""

    def __init__(self, rt: Runtime, name: str, files: Files) -> None:
        self.rt, self.name, self.files = rt, name, files
        self.languages: Sequence[str] = ()
        with suppress(MenuProblems):  # a draft may be broken: then its words are compared, and nothing is drawn
            self.languages = preview.compiled(name, tuple(sorted(files.items()))).languages

    @property
    def first(self) -> str:
        """The menu's own language."""
        return next(iter(self.languages), "")

    def text(self, screen: str, language: str) -> str | None:
        """What a phone shows there."""
        if language not in self.languages:
            return None
        try:
            return preview.screens(self.rt, self.name, self.files, [screen], language=language).get(screen)
        except NotAllowedNow:
            return None


# ---- words ----


def pieces(change: Change) -> tuple[tuple[Piece, ...] | None, tuple[Piece, ...] | None]:
    """The words of a change: `same`, `gone` on the side before, `new` on the side after."""
    if change.before is None or change.after is None:
        before = None if change.before is None else (("gone", change.before),)
        return before, None if change.after is None else (("new", change.after),)
    old, new = _WORDS.findall(change.before), _WORDS.findall(change.after)
    if len(old) + len(new) > MOST_WORDS:
        return (("gone", change.before),), (("new", change.after),)
    gone: list[Piece] = []
    came: list[Piece] = []
    for how, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone += [("same" if how == "equal" else "gone", "".join(old[a:b]))] if b > a else []
        came += [("same" if how == "equal" else "new", "".join(new[c:d]))] if d > c else []
    return tuple(gone), tuple(came)


def section(name: str) -> str:
    """What holds a thing that differs, in words; a word of the file stays itself."""
    return t(f"review.section_{name}") if knows(f"review.section_{name}") else name


def called(part: str, name: str) -> Markup:
    """What a thing is called: an SMS by its title, a screen by its name."""
    words = {"messages": "message", "refusals": "refusal"}.get(part, "")
    if words and knows(f"{words}.{name}"):
        return Markup("{}").format(t(f"{words}.{name}"))  # the name is escaped
    return Markup("<code>{}</code>").format(name)  # the name is escaped


def where(at: str) -> str:
    """A place on a screen in words: `choices.1.label` is choice 1."""
    told = []
    parts = at.split(".")
    if parts[-1] == "label" and len(parts) > 1:
        parts = parts[:-1]
    while parts:
        part = parts.pop(0)
        if part == "choices" and parts:
            told.append(t("review.at_choice", key=parts.pop(0)))
        else:
            told.append(t(f"review.at_{part}") if knows(f"review.at_{part}") else part)
    return ", ".join(told)


@dataclass(frozen=True)
class Line:
    """A line of a file's differences: `gone`, `new`, `same`, or `place` where one is told where it stands."""

    how: str
    text: str


def lines_of(unified: str) -> list[Line]:
    """The lines of a unified difference, without the names of the files."""
    marks = {"-": "gone", "+": "new", "@": "place"}
    return [
        Line(marks.get(line[:1], "same"), line[1:] if line[:1] in "-+ " else line) for line in unified.split("\n")[2:]
    ]
