"""A member stops, asks for everything that is kept about them, or has it erased; the books stay as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

import redis
import structlog
from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import money
from ussd_app.domain.ledger import Payer
from ussd_app.engine.turn import Outcome
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import audit, journal, outbox, refunds, reminders
from ussd_app.services.callers import Caller, caller_member
from ussd_app.services.days import local
from ussd_app.services.jobs import Job
from ussd_app.services.words import shown_name
from ussd_app.storage import journal as journal_rows
from ussd_app.storage import ledger as books
from ussd_app.storage import members, orders, phone_changes, rights
from ussd_app.storage.members import Member
from ussd_app.storage.outbox import URGENT

LEFT = "left"
ERASURE = "erasure"
# The law gives three days from the withdrawal of consent.
ERASED_WITHIN = timedelta(hours=72)
# Of no use to the person: keys of ours, hashes, what is encrypted and told opened.
_OURS = {"id", "member_id", "sponsor_id", "nik_index", "pin", "lease_until", "dialogue", "purpose", "pay_code_id"}
# A name in an SMS may be cut to so many letters.
_SHORTEST = 10
log = structlog.get_logger()


def leave(rt: Runtime, connection: Connection, member_id: int, channel: str, reference: str) -> bool:
    """A member withdraws consent, by `channel` (ussd, sms, office) with its `reference`; False when they had left.

    From here on nothing of theirs is processed. Money that has not gone to the institution is to be paid back; a
    last SMS confirms, and the office erases what is kept within three days.
    """
    payer, now = Payer(member_id), rt.clock()
    books.lock(connection, payer)
    if not rights.stop(connection, member_id, f"{channel}:{reference}", now):
        return False
    orders.close_all(connection, payer)
    phone_changes.refuse(connection, now, member_id=member_id)
    refunds.after_refusal(rt, connection, member_id, LEFT)
    member = members.by_id(connection, member_id)
    if _alone(connection, member):
        rights.drop_reminders(connection, member.person.phone, now)
    reminders.renew(rt, connection, [member_id])
    due = local(now + ERASED_WITHIN).isoformat()
    members.add_follow_up(connection, ERASURE, member.person.phone, f"member {member_id}, by {due}", now)
    outbox.write(
        rt,
        connection,
        LEFT,
        key=f"left:{member_id}:{now.isoformat()}",
        phone=member.person.phone,
        language=member.person.language,
        values={"name": shown_name(member.person.name), "due": due},
    )
    return True


def leave_here(rt: Runtime, connection: Connection, caller: Caller) -> tuple[Outcome, list[Job]]:
    """The member at this phone withdraws consent: nothing of theirs is processed any more."""
    member = caller_member(connection, caller)
    if member is None:
        return Outcome("gone"), []
    left = leave(rt, connection, member.id, caller.channel, caller.session)
    return Outcome("left"), [Job(queues.RELAY, URGENT, tells_caller=left)]


def _alone(connection: Connection, member: Member) -> bool:
    """Whether no other member uses the same number."""
    others = members.by_phone(connection, member.person.phone)
    return all(other.id == member.id or other.state != "here" for other in others)


def export(rt: Runtime, member_id: int) -> dict[str, Any]:
    """Everything that is kept about a member, ready for JSON; the NIK and what they wrote to us in plain text.

    What only the phone number tells whose it is, is left out where others use it. Raises NotAllowedNow for somebody
    who was erased.
    """
    with rt.db.connect() as connection:
        member = members.by_id(connection, member_id)
        if member.state == "erased":
            raise NotAllowedNow(f"member {member_id} was erased: only the books know the number", "erased_already")
        found = rights.gather(connection, rights.OF_MEMBER, member=member_id)
        alone = _alone(connection, member)
        if alone:
            found |= rights.gather(connection, rights.OF_PHONE, phone=member.person.phone)
            found["turns"] = rights.turns(connection, _dialogues(rt, connection, member))
    told: dict[str, Any] = {name: [_told(rt, name, row) for row in rows] for name, rows in found.items()}
    told["member"] = {**told["member"][0], "member": member_id, "has_pin": member.pin is not None}
    return {**told, "exported_at": rt.clock().isoformat(), "phone_shared_with_others": not alone}


def _told(rt: Runtime, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """One row as the person may read it."""
    told = {name: _plain(value) for name, value in row.items() if name not in _OURS}
    for sealed in {"nik", *(["text"] if table == "incoming_sms" else [])} & told.keys():
        told[sealed] = rt.vault.open(str(told[sealed])) if told[sealed] else ""
    return told


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else value


def _dialogues(rt: Runtime, connection: Connection, member: Member) -> list[str]:
    """The dialogues of a member that can be known: the journal holds no number, and a hash only where one begins."""
    found = rights.gather(
        connection, {**rights.OF_MEMBER, **rights.OF_PHONE}, member=member.id, phone=member.person.phone
    )
    sessions = {str(row["session_id"]) for row in (*found["consents"], *found["sessions"])}
    sessions |= {f"sms:{row['message_id']}" for row in found["incoming_sms"]}
    named = {rt.vault.mark(f"{_whole(session)} {member.person.phone}") for session in sessions}
    mentioned = {str(row["detail"]).removeprefix("dialogue ") for row in found["follow_ups"]}
    begun = journal_rows.dialogues_of(connection, [rt.vault.mark(member.person.phone)])
    return sorted({*named, *mentioned, *begun, *(str(row["dialogue"]) for row in found["registrations"])})


def _whole(session: str) -> str:
    """A session as dialogues are named after it; the gateway's own events leave out whose gateway it is."""
    return session if ":" in session else f"at:{session}"


def erase(rt: Runtime, member_id: int, by: str, *, address: str = "") -> None:
    """Forget everything about a member who has left, but for what the books need; `by` is who decided it.

    Raises NotAllowedNow while they are still a member, while money of theirs is still with us, and when they are
    erased already.
    """
    with suppress(redis.RedisError):  # what waits there is written within seconds, and holds nothing private
        journal.write(rt)
    with rt.db.begin() as connection:
        books.lock(connection, Payer(member_id))
        member = members.by_id(connection, member_id)
        alone = _alone(connection, member)
        _check_erasable(rt, connection, member, alone=alone)
        _forget_consents(rt, connection, member)
        rights.empty_turns(connection, _dialogues(rt, connection, member))
        rights.empty_texts(connection, member_id, member.person.name[:_SHORTEST])
        gone, now = f"erased:{member_id}", rt.clock()
        if alone:
            rights.empty(connection, rights.EMPTY_PHONE, phone=member.person.phone, gone=gone, now=now)
            journal_rows.forget_caller(connection, rt.vault.mark(member.person.phone))
        rights.empty(
            connection, rights.EMPTY_MEMBER, member=member_id, gone=gone, now=now, pin_tries=f"pin:{member_id}"
        )
        members.add_follow_up(connection, "erased", gone, f"member {member_id}, by {by}", now)
        members.close_follow_ups(connection, "erased", f"member {member_id}, by {by}", now)
        audit.note(rt, connection, by, "member.erased", f"member {member_id}", address=address)
    log.info("a member was erased", member=member_id, by=by)


def _forget_consents(rt: Runtime, connection: Connection, member: Member) -> None:
    name = re.compile(re.escape(member.person.name), re.IGNORECASE)
    for row in rights.gather(connection, rights.OF_MEMBER, member=member.id)["consents"]:
        phone, session = (rt.vault.mark(str(row[field])) for field in ("phone", "session_id"))
        rights.keep_proof_only(connection, row["id"], phone, session, name.sub("***", row["text"]))


def _check_erasable(rt: Runtime, connection: Connection, member: Member, *, alone: bool) -> None:
    if member.state == "erased":
        raise NotAllowedNow(f"member {member.id} is erased already", "erased_already")
    if member.state != "left":
        sentence = f"member {member.id} is still a member: they have to withdraw their consent first"
        raise NotAllowedNow(sentence, "still_here")
    credit, open_still = books.credit(connection, Payer(member.id)), rights.unsettled(connection, member.id, rt.clock())
    with_us = credit + open_still.refund
    if with_us > 0:
        sentence = f"{money.rupiah(with_us, 'en')} of member {member.id} is still to be paid back"
        raise NotAllowedNow(sentence, "owed_money", rupiah=with_us)
    if open_still.months:
        sentence = f"{open_still.months} paid months of member {member.id} have not gone on yet"
        raise NotAllowedNow(sentence, "owed_months", months=open_still.months)
    if open_still.payable_until:
        until = local(open_still.payable_until)
        sentence = f"a pay code of member {member.id} can still be paid, until {until}"
        raise NotAllowedNow(sentence, "code_open", until=until)
    for sponsor_id, busy in rights.sponsors_of_phone(connection, member.person.phone) if alone else ():
        if busy or books.credit(connection, Payer(sponsor_id=sponsor_id)) > 0:
            sentence = f"member {member.id} also pays for others: that has to end first"
            raise NotAllowedNow(sentence, "pays_for_others")
