"""People of the office look for somebody: what was typed says itself whether it is a phone, a NIK, a KPJ or a name."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from ussd_app.domain import nik as niks
from ussd_app.domain import phone as phones
from ussd_app.errors import Refused
from ussd_app.runtime import Runtime
from ussd_app.storage import finding, members, sponsors
from ussd_app.storage.members import Member
from ussd_app.storage.sponsors import Sponsor

PAGE = 20
_KPJ = range(10, 12)
# A number here is shorter than any telephone number; `#` may stand before it.
_OURS = re.compile(r"#?([1-9]\d{0,8})")
_SHORTEST_WORD, _SHORTEST_NAME, _MOST_WORDS = 2, 3, 6


@dataclass(frozen=True)
class Beyond:
    """Where a page of people of a name ended: the last member and the last sponsor that were shown, 0 for no more."""

    member: int | None = None
    sponsor: int | None = None


@dataclass(frozen=True)
class Found:
    """Who was found, and as what the words were taken: phone, nik, kpj, number, name, or nothing that can be found.

    `next` is where the following page begins, None on the last.
    """

    taken_as: str
    members: tuple[Member, ...] = ()
    sponsors: tuple[Sponsor, ...] = ()
    next: Beyond | None = None


def find(rt: Runtime, said: str, beyond: Beyond = Beyond()) -> Found:
    """Members and sponsors by what somebody typed."""
    said = " ".join(said.split()).lstrip("'")
    with rt.db.connect() as connection:
        if not any(map(str.isalpha, said)):
            return _by_number(rt, connection, said)
        words = _words(said)
        return _by_name(connection, words, beyond) if words else Found("nothing")


def _words(said: str) -> list[str]:
    """The words of a name as they are looked for; none where too little was typed to tell people apart."""
    words = [word for word in re.findall(r"\w+", said.replace("_", " ").lower()) if len(word) >= _SHORTEST_WORD]
    return words[:_MOST_WORDS] if any(len(word) >= _SHORTEST_NAME for word in words) else []


def _by_name(connection: Connection, words: list[str], beyond: Beyond) -> Found:
    people = [] if beyond.member == 0 else finding.members_called(connection, words, beyond.member, PAGE + 1)
    payers = [] if beyond.sponsor == 0 else finding.sponsors_called(connection, words, beyond.sponsor, PAGE + 1)
    last = Beyond(
        people[PAGE - 1].id if len(people) > PAGE else 0,
        payers[PAGE - 1].id if len(payers) > PAGE else 0,
    )
    following = last if last.member or last.sponsor else None
    return Found("name", tuple(people[:PAGE]), tuple(payers[:PAGE]), following)


def _by_number(rt: Runtime, connection: Connection, said: str) -> Found:
    digits = re.sub(r"[ .\-]", "", said)
    found: dict[int, Member] = {}
    payers: list[Sponsor] = []
    taken_as = "nothing"
    if ours := _OURS.fullmatch(digits):
        taken_as = "number"
        found |= {one.id: one for one in members.with_ids(connection, [int(ours[1])])}
    if digits.isdigit() and len(digits) in _KPJ:
        taken_as = "kpj"
        found |= {one.id: one for one in members.by_member_number(connection, digits)}
    with suppress(Refused):
        number = phones.parse(said)
        found |= {one.id: one for one in members.by_phone(connection, number)}
        payers = [one for one in [sponsors.by_phone(connection, number)] if one]
        taken_as = taken_as if taken_as == "kpj" and found else "phone"
    with suppress(Refused):
        one = members.by_nik(connection, rt.vault, niks.parse(digits).value)
        found |= {one.id: one} if one else {}
        taken_as = "nik"
    return Found(taken_as, tuple(found.values()), tuple(payers))
