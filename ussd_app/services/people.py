"""Several people may use one phone: who they are, and whether it is still they who use it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from ussd_app.engine.turn import FactValue
from ussd_app.runtime import Runtime
from ussd_app.services.callers import Caller, caller_member, caller_members, caller_people
from ussd_app.services.days import local
from ussd_app.services.words import shown_name
from ussd_app.storage import members
from ussd_app.storage.members import Member

# Numbers that nobody uses are given to somebody else; the networks do not say when.
SILENCE = timedelta(days=182)


def dialled(rt: Runtime, connection: Connection, phone: str) -> str | None:
    """Somebody dials: the language this phone has chosen, if it ever did."""
    return members.dialled(connection, phone, rt.clock(), SILENCE)


def people(_rt: Runtime, connection: Connection, caller: Caller) -> FactValue:
    """The members who use this phone: whether one has to be chosen, whether somebody left, and their names."""
    here = caller_members(connection, caller)
    known = caller_people(connection, caller)
    return FactValue(
        {
            "choose": len(here) > 1 and all(member.id != caller.about for member in here),
            "left": not here and any(member.state == "left" for member in known),
        },
        tuple({"id": member.id, "name": _label(member)} for member in here),
    )


def _label(member: Member) -> str:
    """The name beside a key; whoever has a PIN to be asked for shows only initials to a stranger."""
    name = shown_name(member.person.name)
    return ". ".join(part[:1] for part in name.split()) + "." if asks_pin(member) else name


def asks_pin(member: Member) -> bool:
    """Whether the PIN must be given before anything personal is shown."""
    return member.pin is not None and member.in_doubt


def security(_rt: Runtime, connection: Connection, caller: Caller) -> FactValue:
    """What guards this phone's member: a PIN, whether it must be given now, and a change of number on its way."""
    member = caller_member(connection, caller)
    if member is None:
        return FactValue({"found": False})
    return FactValue(
        {
            "found": True,
            "pin": member.pin is not None,
            "asks_pin": asks_pin(member),
            "moving": member.moves_at is not None,
            "moves_on": local(member.moves_at).isoformat() if member.moves_at else None,
        }
    )
