"""How the people of a sponsor stand: who has answered, who said no, who is paid for this month, and nothing else."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from ussd_app.domain import calendar
from ussd_app.engine.kinds import Value
from ussd_app.engine.turn import FactValue
from ussd_app.runtime import Runtime
from ussd_app.services.callers import Caller, caller_member
from ussd_app.services.words import shown_name
from ussd_app.storage import contributions as months_paid
from ussd_app.storage import invitations, sponsors
from ussd_app.storage.sponsors import Sponsor, Sponsorship

# What the key of somebody in a list begins with: a member who is paid for, or an invitation.
MEMBER, INVITATION = "m", "i"
# How somebody stands, beside their name in a list.
STANDS = {
    "id": {"asked": "menunggu", "refused": "menolak", "agreed": "setuju", "paid": "lunas", "unpaid": "belum"},
    "en": {"asked": "waiting", "refused": "said no", "agreed": "said yes", "paid": "paid", "unpaid": "unpaid"},
    "jv": {"asked": "nengga", "refused": "mboten", "agreed": "setuju", "paid": "lunas", "unpaid": "dèrèng"},
    "su": {"asked": "ngantosan", "refused": "nampik", "agreed": "satuju", "paid": "lunas", "unpaid": "teu acan"},
}


def sponsor(_rt: Runtime, connection: Connection, caller: Caller) -> FactValue:
    """The sponsor who uses this phone: how many people they pay for, and how those stand."""
    found = sponsors.by_phone(connection, caller.phone)
    if found is None:
        return FactValue({"found": False})
    states = [state for _one, state in _stands(connection, found, caller.today)]
    return FactValue(
        {
            "found": True,
            "name": shown_name(found.name),
            "people": len(states),
            "waiting": invitations.waiting_for(connection, found.id),
            "agreed": states.count("agreed"),
            "unpaid": states.count("unpaid"),
            "renewable": states.count("paid") + states.count("unpaid"),
        }
    )


def _stands(connection: Connection, sponsor: Sponsor, today: date) -> list[tuple[Sponsorship, str]]:
    """Everybody a sponsor pays for, with `agreed` until the first payment, then `paid` or `unpaid` for this month."""
    people = sponsors.people_of(connection, sponsor.id)
    new = invitations.unpaid_members(connection, sponsor.id)
    paid = months_paid.paid_among(connection, [one.member_id for one in people])
    month = calendar.month_of(today)

    def state(one: Sponsorship) -> str:
        if one.member_id in new:
            return "agreed"
        return "paid" if (one.member_id, month) in paid else "unpaid"

    return [(one, state(one)) for one in people]


def sponsored(_rt: Runtime, connection: Connection, caller: Caller) -> FactValue:
    """Everybody this phone's sponsor pays for or has asked: a name, and how they stand in one word."""
    sponsor = sponsors.by_phone(connection, caller.phone)
    if sponsor is None:
        return FactValue()
    words = STANDS.get(caller.dialogue.language, STANDS["id"])
    people: list[dict[str, Value]] = [
        {"key": f"{MEMBER}{one.member_id}", "name": one.name, "state": words[state]}
        for one, state in _stands(connection, sponsor, caller.today)
    ]
    asked: list[dict[str, Value]] = [
        {"key": f"{INVITATION}{one.id}", "name": shown_name(one.invited.name), "state": words[one.state]}
        for one in invitations.of_sponsor(connection, sponsor.id)
    ]
    return FactValue(rows=(*people, *asked))


def markable(_rt: Runtime, connection: Connection, caller: Caller) -> FactValue:
    """Those of this phone's sponsor who can be renewed, each with a mark where it has been chosen."""
    sponsor = sponsors.by_phone(connection, caller.phone)
    known = _stands(connection, sponsor, caller.today) if sponsor else []
    words = STANDS.get(caller.dialogue.language, STANDS["id"])
    rows: list[dict[str, Value]] = [
        {
            "key": f"{MEMBER}{one.member_id}",
            "name": ("* " if one.picked else "") + one.name[:28],
            "state": words[state],
        }
        for one, state in known
        if one.payable and state != "agreed"
    ]
    return FactValue({"picked": sum(one.picked for one, _state in known)}, tuple(rows))


def somebody(_rt: Runtime, connection: Connection, caller: Caller, *, who: str) -> FactValue:
    """One of the people of this phone's sponsor: the name, and how they stand."""
    sponsor = sponsors.by_phone(connection, caller.phone)
    if sponsor is None:
        return FactValue({"found": False})
    for one, state in _stands(connection, sponsor, caller.today):
        if who == f"{MEMBER}{one.member_id}":
            return FactValue({"found": True, "name": one.name, "state": state, "payable": one.payable})
    for asked in invitations.of_sponsor(connection, sponsor.id):
        if who == f"{INVITATION}{asked.id}":
            name = shown_name(asked.invited.name)
            return FactValue({"found": True, "name": name, "state": asked.state, "payable": False})
    return FactValue({"found": False})


def my_sponsors(_rt: Runtime, connection: Connection, caller: Caller) -> FactValue:
    """Who pays for this phone's member."""
    member = caller_member(connection, caller)
    payers = sponsors.payers_of(connection, member.id) if member else []
    rows: tuple[dict[str, Value], ...] = tuple({"id": payer.id, "name": shown_name(payer.name)} for payer in payers)
    return FactValue({"found": bool(rows)}, rows)
