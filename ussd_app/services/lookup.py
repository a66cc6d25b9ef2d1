"""People of the office look somebody up: hidden at first, shown for a reason that is written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from ussd_app.domain import phone as phones
from ussd_app.domain.ledger import Payer
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import audit, rights
from ussd_app.storage import members, sponsors
from ussd_app.storage.members import Member
from ussd_app.storage.sponsors import Sponsor

_SHORTEST_REASON, _LONGEST_REASON = 5, 500


def one(rt: Runtime, member_id: int) -> Member:
    """The member of this number here. Raises NotAllowedNow when there is none."""
    with rt.db.connect() as connection:
        return _one(connection, member_id)


def _one(connection: Connection, member_id: int) -> Member:
    found = members.with_ids(connection, [member_id])
    if not found:
        raise NotAllowedNow(f"there is no member {member_id}", "member_none")
    return found[0]


def nik_of(rt: Runtime, member: Member) -> str:
    """A member's NIK in the clear, to be hidden where it is shown; empty for somebody who was erased."""
    return rt.vault.open(member.sealed_nik) if member.state != "erased" else ""


def unmask(rt: Runtime, member_id: int, reason: str, by: str, address: str) -> None:
    """Write down that somebody wants to see everything about a member, and why. Refused("reason"), NotAllowedNow."""
    about = {"reason": reason_of(reason)}
    with rt.db.begin() as connection:
        found = _one(connection, member_id)
        audit.note(rt, connection, by, "member.unmasked", f"member {found.id}", after=about, address=address)


def unmask_sponsor(rt: Runtime, sponsor_id: int, reason: str, by: str, address: str) -> None:
    """Write down that somebody wants to see everything about a sponsor, and why. Refused("reason"), NotAllowedNow."""
    about = {"reason": reason_of(reason)}
    with rt.db.begin() as connection:
        if not sponsors.with_ids(connection, [sponsor_id]):
            raise NotAllowedNow(f"there is no sponsor {sponsor_id}", "sponsor_none")
        audit.note(rt, connection, by, "sponsor.unmasked", f"sponsor {sponsor_id}", after=about, address=address)


def export(rt: Runtime, member_id: int, by: str, address: str) -> Mapping[str, Any]:
    """Everything that is kept about a member, and that somebody took it out. Raises NotAllowedNow."""
    one(rt, member_id)
    told = rights.export(rt, member_id)
    with rt.db.begin() as connection:
        audit.note(rt, connection, by, "member.exported", f"member {member_id}", address=address)
    return told


def leave(rt: Runtime, member_id: int, reference: str, by: str, address: str) -> bool:
    """A member has withdrawn consent in writing; `reference` says where the paper is. False when they had left before.

    Raises Refused("reference"), NotAllowedNow.
    """
    reference = " ".join(reference.split())
    if not reference:
        raise Refused("reference")
    with rt.db.begin() as connection:
        found = _one(connection, member_id)
        gone = rights.leave(rt, connection, member_id, "office", reference)
        if gone:
            was = {"state": found.state}
            about = {"state": "left", "paper": reference}
            audit.note(
                rt, connection, by, "member.left", f"member {member_id}", before=was, after=about, address=address
            )
    return gone


def payers(rt: Runtime, said: str) -> tuple[list[Member], Sponsor | None]:
    """Whose money it may be who uses this phone: members, and a sponsor. Refused("phone")."""
    number = phones.parse(said)
    with rt.db.connect() as connection:
        here = [one for one in members.by_phone(connection, number) if one.state != "erased"]
        return here, sponsors.by_phone(connection, number)


def payer(rt: Runtime, said: str, chosen: str) -> Payer:
    """The one that was chosen (`member:7`, `sponsor:2`) among those who use this phone. Refused: phone, payer."""
    people, sponsor = payers(rt, said)
    known = {f"member:{one.id}": Payer(one.id) for one in people}
    if sponsor:
        known[f"sponsor:{sponsor.id}"] = Payer(sponsor_id=sponsor.id)
    if chosen not in known:
        raise Refused("payer")
    return known[chosen]


def reason_of(said: str) -> str:
    """A reason that says something. Refused("reason")."""
    reason = " ".join(said.split())
    if len(reason) < _SHORTEST_REASON:
        raise Refused("reason")
    return reason[:_LONGEST_REASON]
