"""Who is at the phone in this turn: what facts and effects may look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import Connection

from ussd_app.domain.coverage import MonthState
from ussd_app.engine.dialogue import Dialogue
from ussd_app.engine.kinds import Value
from ussd_app.storage import contributions, members
from ussd_app.storage.members import Consent, Member
from ussd_app.storage.pointers import Pointers


@dataclass
class Found:
    """What one turn has already read about its caller, so that six facts of a screen read it once."""

    people: Sequence[Member] | None = None
    months: dict[date, MonthState] | None = None


@dataclass(frozen=True)
class Caller:
    """One person in one turn. `phone` is E.164, `shown` the screen they answered, `today` the date in Jakarta.

    `about` is the member chosen among those who share the phone, as the dialogue holds it: not yet verified.
    `found` is forgotten after an effect, which may have changed what it holds.
    """

    phone: str
    session: str
    channel: str
    dialogue: Dialogue
    shown: str
    today: date
    documents: Pointers
    about: Value = None
    found: Found = field(default_factory=Found)

    def asking(self, about: Value) -> Caller:
        """The same caller, with somebody chosen; nothing is forgotten while it stays the same person."""
        return self if about == self.about else replace(self, about=about, found=Found())


def caller_people(connection: Connection, caller: Caller) -> Sequence[Member]:
    """Everybody who uses the caller's phone, and those who used it and left, read once a turn."""
    if caller.found.people is None:
        caller.found.people = members.by_phone(connection, caller.phone)
    return caller.found.people


def caller_members(connection: Connection, caller: Caller) -> list[Member]:
    """The members who use the caller's phone today."""
    return [member for member in caller_people(connection, caller) if member.state == "here"]


def caller_member(connection: Connection, caller: Caller) -> Member | None:
    """The member whom this turn is about: the one chosen, if they use this phone; else who enrolled last with it."""
    here = caller_members(connection, caller)
    if caller.about is None:
        return here[-1] if here else None
    return next((member for member in here if member.id == caller.about), None)


def caller_months(connection: Connection, caller: Caller) -> dict[date, MonthState]:
    """The contribution months the caller has paid, read once a turn; empty for somebody who is no member."""
    member, found = caller_member(connection, caller), caller.found
    if found.months is None:
        found.months = contributions.months_of(connection, member.id) if member else {}
    return found.months


def on_screen(caller: Caller, purpose: str) -> Consent:
    """Proof of a consent given by dialling: the words of the screen that was answered."""
    dialogue = caller.dialogue
    return Consent(
        purpose=purpose,
        text_version=f"{dialogue.menu}:{dialogue.version}:{dialogue.screen}",
        text=caller.shown,
        language=dialogue.language,
        channel=caller.channel,
        phone=caller.phone,
        session_id=caller.session,
    )
