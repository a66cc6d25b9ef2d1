"""The named checks a question may carry: what was typed goes in, a value or a reason comes out."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from ussd_app.domain import calendar, gsm7, money, nik, phone
from ussd_app.engine.kinds import DATE, MONEY, Kind, Value, count, text
from ussd_app.errors import Refused

NAME_LONGEST = 60
MOST_DAYS = 36_500


@dataclass(frozen=True)
class Asked:
    """What a check may look at besides the answer itself; `pepper` is the service's secret for hashes."""

    parameters: Mapping[str, str]
    answers: Mapping[str, Value]
    today: date
    pepper: bytes = field(default=b"", repr=False)

    def number(self, name: str, otherwise: int) -> int:
        """A whole-number parameter, as the menu gives it."""
        return int(self.parameters.get(name, otherwise))


Check = Callable[[str, Asked], Value]


@dataclass(frozen=True)
class CheckSpec:
    """A check, the kind of value it gives, every reason it may refuse with, and its parameters.

    `refers` are parameters that name another answer, `words` free text that must be given, `zero` says that "0"
    may be a real answer here, so the key for Back must not take it.
    """

    check: Check
    kind: Kind
    reasons: Mapping[str, Mapping[str, Kind]]
    numbers: frozenset[str] = field(default_factory=frozenset)
    refers: frozenset[str] = field(default_factory=frozenset)
    words: frozenset[str] = field(default_factory=frozenset)
    zero: bool = False


def _nik(said: str, _asked: Asked) -> Value:
    return nik.parse(said).value


def _birth_date(said: str, asked: Asked) -> Value:
    born = calendar.parse_birth_date(said)
    if born > asked.today:
        raise Refused("date")
    known = asked.answers.get(asked.parameters.get("agrees_with", ""))
    if known and not nik.agrees(nik.parse(str(known)), born):
        raise Refused("birth_disagrees")
    years = calendar.age(born, asked.today)
    youngest, oldest = asked.number("min_age", 0), asked.number("max_age", 150)
    if years < youngest:
        raise Refused("too_young", least=youngest)
    if years > oldest:
        raise Refused("too_old", limit=oldest + 1)
    return born.isoformat()


def _name(said: str, _asked: Asked) -> Value:
    name = " ".join(gsm7.plain(said).split())
    if not re.fullmatch(r"[A-Za-z][A-Za-z .,'/-]*", name) or sum(map(str.isalpha, name)) < 2:
        raise Refused("name")
    if len(name) > NAME_LONGEST:
        raise Refused("name_long", most=NAME_LONGEST)
    return name


def _words(said: str, asked: Asked) -> Value:
    words = " ".join(gsm7.plain(said).split())
    least, most = asked.number("min", 2), asked.number("max", 40)
    room = gsm7.septets(words) or 0
    if room < least:
        raise Refused("words_short")
    if room > most:
        raise Refused("words_long", most=most)
    return words


def _number(said: str, asked: Asked) -> Value:
    typed = said.strip()
    if not re.fullmatch(r"[0-9]{1,9}", typed):
        raise Refused("number")
    least, most = asked.number("min", 0), asked.number("max", 999_999_999)
    if not least <= int(typed) <= most:
        raise Refused("number_range", least=least, most=most)
    return int(typed)


def _money(said: str, asked: Asked) -> Value:
    amount = money.parse_amount(said)
    least, most = asked.number("min", 0), asked.number("max", 99_888_888)
    if not least <= amount <= most:
        raise Refused("amount_range", least=least, most=most)
    return amount


def _date(said: str, asked: Asked) -> Value:
    day = calendar.parse_birth_date(said)
    earliest = asked.today - timedelta(days=min(asked.number("days_back", 0), MOST_DAYS))
    latest = asked.today + timedelta(days=min(asked.number("days_ahead", 0), MOST_DAYS))
    if not earliest <= day <= latest:
        raise Refused("date_range", earliest=earliest.isoformat(), latest=latest.isoformat())
    return day.isoformat()


def _pattern(said: str, asked: Asked) -> Value:
    """A mask: 9 stands for a digit, A for a letter, everything else for itself."""
    typed, mask = said.strip().upper(), asked.parameters.get("mask", "").upper()
    fits = len(typed) == len(mask) and all(
        (expected == "9" and found.isdigit() and found.isascii())
        or (expected == "A" and found.isalpha() and found.isascii())
        or expected == found
        for expected, found in zip(mask, typed, strict=True)
    )
    if not fits:
        raise Refused("pattern", mask=mask)
    return typed


def _pin(said: str, asked: Asked) -> Value:
    """Six digits that are not easily guessed; only their hash goes further.

    The hash depends on nothing but the PIN and the service's pepper: a PIN kept in one dialogue can be compared with
    one typed in another. Whoever keeps it salts and stretches it once more, should the pepper ever become known.
    """
    typed = said.strip()
    if not re.fullmatch(r"[0-9]{6}", typed):
        raise Refused("pin")
    if len(set(typed)) == 1 or typed in "01234567890" or typed in "09876543210":
        raise Refused("pin_easy")
    hashed = hmac.digest(asked.pepper, typed.encode(), "sha256").hex()[:32]
    first = asked.parameters.get("same_as")
    if first and asked.answers.get(first) != hashed:
        raise Refused("pin_differs")
    return hashed


def _phone(said: str, _asked: Asked) -> Value:
    return phone.parse(said)


_AGES = {"too_young": {"least": count(99)}, "too_old": {"limit": count(151)}}
_RANGE = {"least": count(999_999_999), "most": count(999_999_999)}

CHECKS: dict[str, CheckSpec] = {
    "nik": CheckSpec(
        _nik,
        text(16),
        {
            "nik_length": {"count": count(99)},
            "nik_letters": {},
            "nik_date": {},
            "nik_province": {},
            "nik_serial": {},
        },
    ),
    "birth_date": CheckSpec(
        _birth_date,
        DATE,
        {"date": {}, "date_year": {}, "birth_disagrees": {}, **_AGES},
        numbers=frozenset({"min_age", "max_age"}),
        refers=frozenset({"agrees_with"}),
    ),
    "name": CheckSpec(_name, text(NAME_LONGEST), {"name": {}, "name_long": {"most": count(NAME_LONGEST)}}),
    "words": CheckSpec(
        _words,
        text(40),
        {"words_short": {}, "words_long": {"most": count(99)}},
        numbers=frozenset({"min", "max"}),
    ),
    "number": CheckSpec(
        _number,
        count(999_999_999),
        {"number": {}, "number_range": _RANGE},
        numbers=frozenset({"min", "max"}),
        zero=True,
    ),
    "money": CheckSpec(
        _money,
        MONEY,
        {"amount": {}, "amount_range": {"least": MONEY, "most": MONEY}},
        numbers=frozenset({"min", "max"}),
        zero=True,
    ),
    "date": CheckSpec(
        _date,
        DATE,
        {"date": {}, "date_year": {}, "date_range": {"earliest": DATE, "latest": DATE}},
        numbers=frozenset({"days_back", "days_ahead"}),
    ),
    "pattern": CheckSpec(_pattern, text(20), {"pattern": {"mask": text(20)}}, words=frozenset({"mask"})),
    "pin": CheckSpec(_pin, text(32), {"pin": {}, "pin_easy": {}, "pin_differs": {}}, refers=frozenset({"same_as"})),
    "phone": CheckSpec(_phone, text(16), {"phone": {}}),
}
