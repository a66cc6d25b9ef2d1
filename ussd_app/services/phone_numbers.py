"""A member moves to another phone number: three days in which the old one may refuse, or by an operator at once.

Numbers are passed on, shared and stolen, and a NIK holds its owner's birth date: the two together are one leaked
thing. So the member also gives the PIN or the number of the institution, and nobody learns which part was wrong.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.engine.kinds import Value
from ussd_app.engine.turn import Outcome
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import audit, outbox, pins, reminders
from ussd_app.services.callers import Caller
from ussd_app.services.days import local
from ussd_app.services.jobs import Job
from ussd_app.services.words import shown_name
from ussd_app.storage import members, phone_changes, proofs
from ussd_app.storage.members import Member
from ussd_app.storage.outbox import URGENT
from ussd_app.storage.phone_changes import PhoneChange, Wish

WAIT = timedelta(hours=72)
MOST_WRONG = 3
TOLD = Job(queues.RELAY, URGENT)


def ask_phone_change(
    rt: Runtime,
    connection: Connection,
    caller: Caller,
    *,
    moving_nik: str,
    moving_born: str,
    proof: str,
    proof_by: str,
) -> tuple[Outcome, list[Job]]:
    """Somebody at a new number says that they are a member: `proof` is the PIN or the member number, by `proof_by`.

    Wrong proofs count against the phone and the NIK alike, whether anybody has that NIK or not.
    """
    now, subjects = rt.clock(), (f"move:{rt.vault.index(moving_nik)}", f"move:{rt.vault.index(caller.phone)}")
    if max([proofs.wrong_proofs(connection, subject, now) for subject in sorted(subjects)]) >= MOST_WRONG:
        return Outcome("locked"), []
    member = members.by_nik(connection, rt.vault, moving_nik)
    if member is None or not _is_proved(member, moving_born, proof, proof_by):
        if member is None or proof_by != "pin":
            pins.is_pin_of(None, proof)  # as slow as for a member
        number = max([proofs.add_wrong_proof(connection, subject, now) for subject in subjects])
        if number < MOST_WRONG:
            return Outcome("wrong"), []
        members.add_follow_up(connection, "phone_change_locked", caller.phone, f"dialogue {caller.dialogue.id}", now)
        return Outcome("locked"), []
    for subject in subjects:
        proofs.forget_wrong_proofs(connection, subject)
    if member.person.phone == caller.phone:
        return Outcome("same"), []
    begun = _begin(rt, connection, member, caller.phone, proof_by)
    return Outcome("asked"), [replace(TOLD, tells_caller=begun)]


def _is_proved(member: Member, born: str, proof: str, proof_by: str) -> bool:
    if member.state != "here" or member.person.born != date.fromisoformat(born):
        return False
    if proof_by == "pin":
        return pins.is_pin_of(member, proof)
    return member.member_number is not None and member.member_number == proof


def _begin(rt: Runtime, connection: Connection, member: Member, new_phone: str, proof: str) -> bool:
    """Ask the old number; False where it has been asked already, and nobody is told again."""
    now, old = rt.clock(), member.person.phone
    wish = Wish(member.id, old, new_phone, proof, "member")
    change = phone_changes.add(connection, wish, now + WAIT, now)
    if change:
        due: dict[str, Value] = {"due": local(change.due_at).isoformat()}
        _tell(rt, connection, change, "phone_change_old", old, member, **due)
        _tell(rt, connection, change, "phone_change_new", new_phone, member, **due)
    return change is not None


def _tell(
    rt: Runtime, connection: Connection, change: PhoneChange, message: str, phone: str, member: Member, **more: Value
) -> None:
    outbox.write(
        rt,
        connection,
        message,
        key=f"{message}:{change.id}:{'new' if phone == change.new_phone else 'old'}",
        phone=phone,
        language=member.person.language,
        values={"name": shown_name(member.person.name), **more},
    )


def refuse(rt: Runtime, connection: Connection, old_phone: str) -> str | None:
    """The old number refuses to be left, by SMS or by dialling: whose changes that ends, None where none wait.

    The new number is told, and so is the office: somebody may have tried to take a membership over.
    """
    names = []
    refused = phone_changes.refuse(connection, rt.clock(), old_phone=old_phone)
    for change in refused:
        member = members.by_id(connection, change.member_id)
        _tell(rt, connection, change, "phone_change_refused", change.new_phone, member)
        members.add_follow_up(connection, "phone_change_refused", old_phone, f"change {change.id}", rt.clock())
        names.append(member.person.name)
    return shown_name(", ".join(names)) if names else None


def refuse_phone_change(rt: Runtime, connection: Connection, caller: Caller) -> tuple[Outcome, list[Job]]:
    """This phone's members stay at this number."""
    return Outcome("too_late" if refuse(rt, connection, caller.phone) is None else "refused"), [TOLD]


def sweep(rt: Runtime) -> None:
    """Move everybody whose three days are over. May run twice."""
    with rt.db.connect() as connection:
        waiting = phone_changes.due(connection, rt.clock())
    for change_id in waiting:
        with rt.db.begin() as connection:
            change = phone_changes.settle(connection, change_id, "done", rt.clock())
            if change:
                _move(rt, connection, change)
    if waiting:
        rt.queues.enqueue(queues.RELAY, URGENT)


def _move(rt: Runtime, connection: Connection, change: PhoneChange) -> None:
    member, now = members.by_id(connection, change.member_id), rt.clock()
    phone_changes.move_member(connection, change, now)
    others = [each for each in members.by_phone(connection, change.old_phone) if each.state == "here"]
    if not others and not phone_changes.move_phone(connection, change, now):
        members.add_follow_up(connection, "two_sponsors", change.new_phone, f"change {change.id}", now)
    reminders.renew_phone(rt, connection, change.new_phone)
    for phone in (change.old_phone, change.new_phone):
        _tell(rt, connection, change, "phone_changed", phone, member)


def change_by_operator(
    rt: Runtime, member_id: int, new_phone: str, by: str, *, reason: str = "", address: str = ""
) -> None:
    """An operator who has seen the member's papers moves them to a new number (E.164) at once; `by` is the operator.

    Written down with the `reason`, from `address`; an empty one is the command line.

    Raises NotAllowedNow for somebody who left, and for a number that is theirs already.
    """
    with rt.db.begin() as connection:
        member, now = members.by_id(connection, member_id), rt.clock()
        if member.state != "here":
            sentence = f"member {member_id} is {'erased' if member.state == 'erased' else 'no member any more'}"
            raise NotAllowedNow(sentence, "left_already")
        if member.person.phone == new_phone:
            raise NotAllowedNow(f"member {member_id} uses this number already", "same_phone")
        phone_changes.refuse(connection, now, member_id=member_id)
        wish = Wish(member_id, member.person.phone, new_phone, "operator", by)
        change = phone_changes.add(connection, wish, now, now)
        assert change is not None
        phone_changes.settle(connection, change.id, "done", now)
        _move(rt, connection, change)
        before, after = {"phone": change.old_phone}, {"phone": new_phone, "reason": reason}
        what = f"member {member_id}"
        audit.note(rt, connection, by, "member.phone", what, before=before, after=after, address=address)
    rt.queues.enqueue(queues.RELAY, URGENT)
