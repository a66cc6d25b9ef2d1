"""An SMS while somebody words it: what may stand in it, what it takes at its longest, and how it reads for people."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ussd_app.domain import calendar, gsm7
from ussd_app.domain.coverage import coverage
from ussd_app.domain.reminder_plan import MONTHS_TO_LAPSE
from ussd_app.engine.expressions import NotAllowed, parse_template
from ussd_app.engine.kinds import FORMATS, Kind, Value
from ussd_app.engine.messages import REPEATED
from ussd_app.runtime import Runtime
from ussd_app.services import example_people, publishing
from ussd_app.services.days import local
from ussd_app.services.words import MESSAGES
from ussd_app.storage import contributions
from ussd_app.storage.members import Member

# Nobody who exists: a usual name, a long one, and everything at its longest.
PEOPLE = ("usual", "long", "longest")
_LONG_NAME = "Raden Ajeng Sri Wahyuningsih K"
# How a value is usually written; a name is cut where the text has not room for thirty letters.
_WRITTEN = {"money": "{%s|rupiah}", "date": "{%s|date}", "months": "{%s|months}"}
_CUT = 16
_EXAMPLES: Mapping[str, Value] = {
    "order": "SRT-20261122-A7K2",
    "list": "1 Siti Aminah, 2 Budi Santoso",
    "lines": "3x 8.400 = Rp25.200",
    "programmes": "JKK+JKM",
    "which": " 1",
    "reason": "nama tidak sama dengan KTP",
    "number": "21234567890",
    "people": 12,
    "minutes": 30,
}


@dataclass(frozen=True)
class Variable:
    """A value that a message is given: how it is written into the text, and what stands there then."""

    name: str
    written: str
    example: str
    longest: str


@dataclass(frozen=True)
class Measured:
    """What a text takes: `units` of the `room` in as many SMS as it may be, and what its parts cost in whole rupiah.

    `strangers` are the characters that make it UCS-2, each with its name.
    """

    encoding: str
    units: int
    room: int
    segments: int
    cost: int
    strangers: tuple[tuple[str, str], ...]


def variables(rt: Runtime, message: str, language: str) -> list[Variable]:
    """Everything that may stand in a message, as it reads in a language."""
    usual = values(rt, message, "usual")
    return [_variable(name, kind, usual[name], language) for name, kind in MESSAGES.get(message, {}).items()]


def _variable(name: str, kind: Kind, example: Value, language: str) -> Variable:
    long_name = kind.name == "text" and len(str(kind.longest)) > _CUT and name in ("name", "sponsor")
    written = f"{{{name}|cut:{_CUT}}}" if long_name else _WRITTEN.get(kind.name, "{%s}") % name
    how = {"money": "rupiah", "date": "date", "months": "months"}.get(kind.name, "")
    show = FORMATS[how][0]
    return Variable(name, written, show(example, language, None), show(kind.longest, language, None))


def values(rt: Runtime, message: str, who: str) -> dict[str, Value]:
    """What a message is given for one of PEOPLE."""
    given = MESSAGES.get(message, {})
    if who == "longest":
        return {name: kind.longest for name, kind in given.items()}
    today = local(rt.clock())
    made = {name: _example(rt, name, kind, today) for name, kind in given.items()}
    return {**made, **({"name": _LONG_NAME} if who == "long" and "name" in made else {})}


def _example(rt: Runtime, name: str, kind: Kind, today: date) -> Value:
    if name in ("dial", "pay"):
        return rt.settings.service_code if name == "dial" else f"{rt.settings.service_code.removesuffix('#')}*2#"
    if name in _EXAMPLES:
        known = _EXAMPLES[name]
        return known if isinstance(known, int) else str(known)[: len(str(kind.longest))]
    return example_people.of_kind(kind, name, today)


def values_of(rt: Runtime, member: Member, message: str) -> dict[str, Value]:
    """What of a message is true of a member today, besides who they are: months and days, no sums."""
    holidays = publishing.holidays(rt, publishing.newest(rt))
    with rt.db.connect() as connection:
        months = contributions.months_of(connection, member.id)
    stands = coverage(months, local(rt.clock()), holidays)
    lapse = calendar.due_date(calendar.add_months(stands.next_month, MONTHS_TO_LAPSE), holidays)
    paid = [calendar.month_of(stands.paid_until).isoformat()] if stands.paid_until else []
    known: dict[str, Value] = {
        "month": [stands.next_month.isoformat()],
        "due": stands.due.isoformat(),
        "lapse": lapse.isoformat(),
        "months": paid,
        "until": paid,
    }
    return {name: value for name, value in known.items() if name in MESSAGES.get(message, {}) and value}


def filled(words: str, language: str, given: Mapping[str, Value], *, repeat: bool = False) -> str | None:
    """A text with these values in it, as it is sent; None when it cannot be filled."""
    try:
        template = parse_template(gsm7.plain(words.strip()))
        parts = (part if isinstance(part, str) else part.show(given[part.path[0]], language) for part in template)
        return gsm7.plain(f"{REPEATED if repeat else ''}{''.join(parts)}")
    except (NotAllowed, KeyError, ValueError):
        return None


def measured(rt: Runtime, text: str, most: int = 1) -> Measured:
    """What sending a text takes and costs, by the price that is published; it may take `most` parts."""
    size = gsm7.size(text)
    cost = publishing.sending(rt, publishing.newest(rt)).cost(size.segments)
    single, joined = (160, 153) if size.encoding == "GSM-7" else (70, 67)
    strange = tuple((one, unicodedata.name(one, f"U+{ord(one):04X}")) for one in gsm7.strangers(text))
    room = single if most == 1 else joined * most
    return Measured(size.encoding, size.units, room, size.segments, cost, strange)
