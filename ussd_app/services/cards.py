"""A card on paper for a member: who they are to the institution, what to do at an accident, twelve months to tick.

Whoever ticks each month on the door of the cupboard saves twice as often as whoever has only promised to. Printing is
written down: the card shows a name and a number in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from ussd_app.domain import calendar
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import audit
from ussd_app.services.days import local
from ussd_app.storage import contributions, members, sponsored_people
from ussd_app.storage.members import Member

MONTHS = 12
# As many blank boxes as a card has at least when it is printed.
_BLANK = 6
# Ten sheets of four: what a printer at an office has paper for, and a page that a browser lays out at once.
MOST_CARDS = 40


@dataclass(frozen=True)
class Box:
    """A contribution month on a card, and whether it is paid."""

    month: date
    paid: bool


@dataclass(frozen=True)
class Card:
    """What stands on the card of a member; `number` is None until the institution has given one."""

    member_id: int
    name: str
    number: str | None
    language: str
    programmes: tuple[str, ...]
    boxes: tuple[Box, ...]


def one(rt: Runtime, member_id: int, first: date | None = None) -> Card:
    """The card of a member, from the month `first` on, or from where it serves best. Raises NotAllowedNow."""
    with rt.db.connect() as connection:
        found = members.with_ids(connection, [member_id])
        if not found or found[0].state != "here":
            raise NotAllowedNow(f"member {member_id} is no member any more", "left_already")
        return _cards(rt, connection, found, first)[0]


def printed(rt: Runtime, member_id: int, first: date | None, by: str, address: str) -> Card:
    """The same, and that somebody printed it. Raises NotAllowedNow."""
    card = one(rt, member_id, first)
    with rt.db.begin() as connection:
        audit.note(rt, connection, by, "card.printed", f"member {member_id}", address=address)
    return card


def of_sponsor(
    rt: Runtime, sponsor_id: int, after: int | None, first: date | None, by: str, address: str
) -> tuple[list[Card], int | None]:
    """The cards of the next people a sponsor pays for, numbered beyond `after`, and the last where there are more.

    That they were printed is written down once for all of them.
    """
    with rt.db.begin() as connection:
        page = sponsored_people.page(connection, sponsor_id, after, MOST_CARDS + 1)
        chosen = page[:MOST_CARDS]
        here = members.with_ids(connection, [one.member_id for one in chosen if one.state == "here"])
        about = {"people": [member.id for member in here]}
        audit.note(rt, connection, by, "card.printed", f"sponsor {sponsor_id}", after=about, address=address)
        more = chosen[-1].member_id if len(page) > MOST_CARDS else None
        return _cards(rt, connection, here, first), more


def first_months(rt: Runtime) -> list[date]:
    """The months with which a card may begin: this year's first to the next month."""
    today = calendar.month_of(local(rt.clock()))
    return [calendar.add_months(today, back) for back in range(1 - MONTHS, 2)]


def _cards(rt: Runtime, connection: Connection, people: Sequence[Member], first: date | None) -> list[Card]:
    paid = contributions.paid_among(connection, [member.id for member in people])
    today = calendar.month_of(local(rt.clock()))
    return [
        Card(
            member_id=member.id,
            name=member.person.name,
            number=member.member_number,
            language=member.person.language,
            programmes=tuple(member.person.package.split("_")),
            boxes=_boxes({month for whose, month in paid if whose == member.id}, first, today),
        )
        for member in people
    ]


def _boxes(paid: set[date], first: date | None, today: date) -> tuple[Box, ...]:
    """Twelve months; without a `first` those that are paid without a gap up to now, and blank ones for at least six."""
    begin = first or today
    if first is None:
        while calendar.add_months(begin, -1) in paid and begin > calendar.add_months(today, _BLANK - MONTHS):
            begin = calendar.add_months(begin, -1)
    return tuple(Box(month, month in paid) for month in calendar.months_from(begin, MONTHS))
