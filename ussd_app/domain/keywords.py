"""What a text asks for: its first word, as people really write it, and what stands after it.

Keywords are data (menus/keywords.yaml). A slip of the thumb is forgiven where a mistake costs nobody anything; what
agrees, refuses, stops or erases has to be written as it stands there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter

_EXACT = ConfigDict(extra="forbid")  # a misspelt key is an error, not a remark nobody reads

Command = Literal["register", "pay", "status", "help", "yes", "no", "language", "stop", "start", "erase", "info"]
COMMANDS: tuple[Command, ...] = get_args(Command)
# A slip must never become one of these: they are a consent, a refusal, and the end of something.
UNFORGIVING = frozenset({"yes", "no", "stop", "erase"})


def _quoted(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("to YAML this is no word but true or false: put it in quotes")
    return value


Word = Annotated[str, BeforeValidator(_quoted), Field(pattern=r"^[A-Z]{1,20}$")]
Words = Annotated[tuple[Word, ...], Field(min_length=1)]

# How many letters a word must have for one slip to be forgiven, and for two.
ONE_SLIP, TWO_SLIPS = 4, 8
LONGEST_WORD = 24

_FIRST = re.compile(r"[\W_]*([^\W\d_]+)(.*)", re.DOTALL)
# The institution's own SMS service writes `KEYWORD#field#field`, so people do.
_APART = re.compile(r"[\s#*.,!?;:|_]+")
_FIELDS = re.compile(r"[#*,;|\n]+")
_NAMED = re.compile(r"(?:NIK|NAMA|NAME|TGL|TANGGAL|LAHIR|TTL)\b[\s.:=]*", re.IGNORECASE)
_DIGITS_FIRST = re.compile(r"[0-9][0-9 ./-]*")
_NIK_DIGITS, _NIK_LIKE = 16, 10


@dataclass(frozen=True)
class Keyword:
    """The words of a command by language, and the screen of the menu `main` that it leads to, where it does."""

    __pydantic_config__ = _EXACT

    words: Annotated[Mapping[Literal["id", "en", "jv", "su"], Words], Field(min_length=1)]
    screen: str = ""


class Match(NamedTuple):
    """The command that a word means, and the language of the word it was taken for."""

    command: Command
    language: str


@dataclass(frozen=True)
class Keywords:
    """Everything menus/keywords.yaml says; made by `keywords_from`, which checks it."""

    __pydantic_config__ = _EXACT

    keywords: Mapping[Command, Keyword]
    topics: Mapping[Literal["reminders", "education", "all"], Words]
    languages: Mapping[Literal["id", "en", "jv", "su"], Words]

    @cached_property
    def _known(self) -> dict[str, Match]:
        return dict(_all_words(self))

    def match(self, word: str, *, forgiving: bool = True) -> Match | None:
        """What a word in capitals asks for; None where it is nobody's keyword, or as near to two commands."""
        if word in self._known or not forgiving:
            return self._known.get(word)
        slips = {known: slips_between(word, known) for known in self._known if _is_near(word, known)}
        slips = {known: number for known, number in slips.items() if number <= _forgiven(known)}
        nearest = {self._known[known].command for known in slips if slips[known] == min(slips.values())}
        if len(nearest) != 1 or nearest & UNFORGIVING:
            return None
        return self._known[min(slips, key=lambda known: (slips[known], known))]

    def topic(self, words: tuple[str, ...]) -> str | None:
        """What somebody wants no texts of, or wants them of again: the first of these words that names it."""
        return _named(self.topics.items(), words)

    def language(self, words: tuple[str, ...]) -> str | None:
        """The language that the first of these words names."""
        return _named(self.languages.items(), words)


def _all_words(keywords: Keywords) -> Iterator[tuple[str, Match]]:
    for command, keyword in keywords.keywords.items():
        for language, words in keyword.words.items():
            yield from ((word, Match(command, language)) for word in words)


def _named(table: Collection[tuple[str, tuple[str, ...]]], words: tuple[str, ...]) -> str | None:
    for typed in words:
        for name, known in table:
            if any(slips_between(typed, word) <= _forgiven(word) for word in known if _is_near(typed, word)):
                return name
    return None


def _is_near(typed: str, known: str) -> bool:
    return typed == known or (len(typed) >= ONE_SLIP and abs(len(typed) - len(known)) <= _forgiven(known))


def _forgiven(word: str) -> int:
    """How many slips are forgiven in a word: a short one is too near to others."""
    return 2 if len(word) >= TWO_SLIPS else 1 if len(word) >= ONE_SLIP else 0


def slips_between(one: str, other: str) -> int:
    """How many letters are wrong, missing, too many, or changed places with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        following = [at]
        for there, wanted in enumerate(other, start=1):
            least = min(row[there] + 1, following[-1] + 1, row[there - 1] + (letter != wanted))
            swapped = at > 1 and there > 1 and letter == other[there - 2] and one[at - 2] == wanted
            following.append(min(least, before[there - 2] + 1) if swapped else least)
        before, row = row, following
    return row[-1]


class Said(NamedTuple):
    """A text taken apart: its first word in capitals, the words after it, and all that stands after it as typed."""

    word: str
    rest: tuple[str, ...]
    tail: str


def taken_apart(text: str) -> Said:
    """`ya#2` and `YA 2.` are the same, and so is a word glued to its field: `DAFTAR3174…`."""
    found = _FIRST.fullmatch(unicodedata.normalize("NFKC", text))
    if found is None:
        return Said("", (), "")
    tail = found[2]
    rest = tuple(word for word in _APART.split(tail.upper()) if word)
    return Said(found[1].upper()[:LONGEST_WORD], rest, tail)


def fields_in(tail: str) -> dict[str, str]:
    """What stands after DAFTAR, by the name of the question it answers: nik, name, birth_date.

    Fields are parted by #, commas or lines, else by what they look like. They are known by their shape: the first that
    begins with a digit is the NIK, the next one the birth date, what begins with a letter the name. Without any number
    there are no fields: those are other words.
    """
    parts = [_NAMED.sub("", part.strip(" .:=-\t\r")) for part in _FIELDS.split(tail)]
    parts = [part for part in parts if part]
    pieces = [piece for part in parts for piece in (_by_shape(part) if len(parts) == 1 or _is_mixed(part) else [part])]
    found: dict[str, str] = {}
    for piece in filter(None, map(str.strip, pieces)):
        names = ("nik", "birth_date") if piece[0].isdigit() else ("name",)
        name = next((name for name in names if name not in found), None)
        if name:
            found[name] = piece
    return found if "nik" in found else {}


def _is_mixed(part: str) -> bool:
    """Whether a part begins with words or with a long number: a short one is a date, which may hold a month's name."""
    lead = _DIGITS_FIRST.match(part)
    return lead is None or sum(map(str.isdigit, lead[0])) >= _NIK_LIKE


def _by_shape(text: str) -> Iterator[str]:
    """Pieces of a text that nothing parts but spaces: a number, a name, and what begins with a digit after it."""
    lead = _DIGITS_FIRST.match(text)
    if lead:
        end = _end_of_nik(text, lead[0])
        yield text[:end]
        text = text[end:].strip(" .-/")
    digit = re.search(r"[0-9]", text)
    yield from (text[: digit.start()], text[digit.start() :]) if digit else (text,)


def _end_of_nik(text: str, digits: str) -> int:
    """Where the first number ends: after sixteen digits, however grouped; a letter among them belongs to it."""
    places = [at for at, character in enumerate(digits) if character.isdigit()]
    if len(places) > _NIK_DIGITS:
        end = places[_NIK_DIGITS - 1] + 1
        return end + len(digits[end:]) - len(digits[end:].lstrip("0123456789"))
    if digits[-1].isdigit():
        space = text.find(" ", len(digits))
        return space if space >= 0 else len(text)
    return len(digits)


def keywords_from(data: object) -> Keywords:
    """The keywords in a parsed keywords.yaml; raises pydantic's ValidationError for anything wrong in it."""
    return TypeAdapter(Annotated[Keywords, AfterValidator(_consistent)]).validate_python(data)


def _consistent(keywords: Keywords) -> Keywords:
    missing = [command for command in COMMANDS if command not in keywords.keywords]
    if missing:
        raise ValueError(f"keywords: `{'`, `'.join(missing)}` is missing")
    for table in (
        [word for word, _ in _all_words(keywords)],
        [word for words in keywords.topics.values() for word in words],
        [word for words in keywords.languages.values() for word in words],
    ):
        twice = sorted({word for word in table if table.count(word) > 1})
        if twice:
            raise ValueError(f"keywords: {', '.join(twice)} stands there twice")
    return keywords
