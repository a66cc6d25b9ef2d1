"""Who is at the phone in this turn: what facts and effects may look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection

from ussd_app.domain.coverage import MonthState
from ussd_app.engine.dialogue import Dialogue
from ussd_app.storage import members, payments
from ussd_app.storage.members import Member
from ussd_app.storage.pointers import Pointers


@dataclass
class Found:
    """What one turn has already read about its caller, so that six facts of a screen read it once."""

    member: Member | None = None
    looked: bool = False
    months: dict[date, MonthState] | None = None


@dataclass(frozen=True)
class Caller:
    """One person in one turn. `phone` is E.164, `shown` the screen they answered, `today` the date in Jakarta.

    `found` is forgotten after an effect, which may have changed what it holds.
    """

    phone: str
    session: str
    channel: str
    dialogue: Dialogue
    shown: str
    today: date
    documents: Pointers
    found: Found = field(default_factory=Found)


def caller_member(connection: Connection, caller: Caller) -> Member | None:
    """The member who uses the caller's phone, read once a turn."""
    found = caller.found
    if not found.looked:
        found.member, found.looked = members.by_phone(connection, caller.phone), True
    return found.member


def caller_months(connection: Connection, caller: Caller) -> dict[date, MonthState]:
    """The contribution months the caller has paid, read once a turn; empty for somebody who is no member."""
    member, found = caller_member(connection, caller), caller.found
    if found.months is None:
        found.months = payments.months_of(connection, member.id) if member else {}
    return found.months
