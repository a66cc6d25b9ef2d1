"""A member keeps a PIN, and gives it where it is in doubt who uses the phone."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import Connection

from ussd_app.engine.turn import Outcome
from ussd_app.runtime import Runtime
from ussd_app.services.callers import Caller, caller_member
from ussd_app.services.jobs import Job
from ussd_app.storage import members, proofs
from ussd_app.storage.members import Member

MOST_WRONG = 5
# As long as a dialogue may take: whoever gave the old PIN so long ago may choose a new one.
JUST_NOW = timedelta(minutes=15)
# Where nobody has a PIN, as long is spent on this one: how long an answer takes tells nothing.
NOBODYS = f"{'0' * 32}${'0' * 64}"


def hashed(pin: str, salt: str | None = None) -> str:
    """What is kept of a PIN: the check's hash of it, stretched once more under a salt of its own."""
    salt = salt or secrets.token_hex(16)
    stretched = hashlib.scrypt(pin.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=32)
    return f"{salt}${stretched.hex()}"


def is_pin_of(member: Member | None, pin: str) -> bool:
    """Whether this is the member's PIN; takes the same time when there is no such member or no PIN."""
    kept = (member.pin if member else None) or NOBODYS
    return secrets.compare_digest(hashed(pin, kept.partition("$")[0]), kept)


def try_pin(rt: Runtime, connection: Connection, member: Member, pin: str) -> str:
    """`right`, `wrong`, or `locked` for a day after five wrong ones, which the office hears of."""
    subject, now = f"pin:{member.id}", rt.clock()
    if proofs.wrong_proofs(connection, subject, now) >= MOST_WRONG:
        return "locked"
    if is_pin_of(member, pin):
        proofs.forget_wrong_proofs(connection, subject)
        proofs.keep_proof(connection, member.id, now)
        return "right"
    if proofs.add_wrong_proof(connection, subject, now) < MOST_WRONG:
        return "wrong"
    members.add_follow_up(connection, "pin_locked", member.person.phone, f"member {member.id}", now)
    return "locked"


def check_pin(rt: Runtime, connection: Connection, caller: Caller, *, pin: str) -> tuple[Outcome, list[Job]]:
    """The member gives the PIN because it is in doubt who uses the phone."""
    member = caller_member(connection, caller)
    return Outcome(try_pin(rt, connection, member, pin) if member else "wrong"), []


def set_pin(rt: Runtime, connection: Connection, caller: Caller, *, new_pin: str) -> tuple[Outcome, list[Job]]:
    """The member's new PIN; whoever has one already gives it first."""
    member = caller_member(connection, caller)
    if member is None or (member.pin and not _proved_just_now(rt, member)):
        return Outcome("refused"), []
    proofs.keep_pin(connection, member.id, hashed(new_pin), rt.clock())
    return Outcome("kept"), []


def _proved_just_now(rt: Runtime, member: Member) -> bool:
    return member.proved_at is not None and rt.clock() - member.proved_at < JUST_NOW
