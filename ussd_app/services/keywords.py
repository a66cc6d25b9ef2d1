"""Somebody texts us a word: do what it asks for, and answer once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import phone as phones
from ussd_app.engine.kinds import Value
from ussd_app.errors import Refused
from ussd_app.runtime import Runtime
from ussd_app.services import invitations as asking
from ussd_app.services import outbox, phone_numbers, rights
from ussd_app.services.jobs import Job, put
from ussd_app.services.words import LONGEST_LIST, shown_name
from ussd_app.storage import inbox, invitations, members, sponsors
from ussd_app.storage.invitations import Invitation
from ussd_app.storage.outbox import URGENT

LEASE = timedelta(seconds=60)
# The institution's own SMS service writes `KEYWORD#field#field`, so people do.
_APART = re.compile(r"[\s#.,!;:]+")


@dataclass(frozen=True)
class Texted:
    """An SMS from `phone`: the words after the keyword, and its id at the gateway."""

    phone: str
    message_id: str
    rest: tuple[str, ...]


@dataclass(frozen=True)
class Answered:
    """What a keyword did: the SMS that answers it, if any, in which language by default, and jobs."""

    message: str | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    language: str = "id"
    jobs: tuple[Job, ...] = ()


Keyword = Callable[[Runtime, Connection, Texted], Answered]


def yes(rt: Runtime, connection: Connection, texted: Texted) -> Answered:
    """YA: a sponsor may pay for me. The words of the invitation and this SMS are the proof."""
    chosen = _chosen(connection, texted)
    if isinstance(chosen, Answered):
        return chosen
    proof = asking.by_sms(rt, connection, chosen, texted.message_id)
    return _answered(connection, "invitation_agreed", chosen, asking.agree(rt, connection, chosen, proof))


def no(rt: Runtime, connection: Connection, texted: Texted) -> Answered:
    """TIDAK: my number is not to be replaced; or nobody is to pay for me, and what they told about me is deleted."""
    name = None if texted.rest else phone_numbers.refuse(rt, connection, texted.phone)
    if name is not None:
        return Answered("phone_change_refused", {"name": name})
    chosen = _chosen(connection, texted)
    if isinstance(chosen, Answered):
        return chosen
    return _answered(connection, "invitation_refused", chosen, asking.refuse(rt, connection, chosen))


def _answered(connection: Connection, message: str, chosen: Invitation, jobs: list[Job]) -> Answered:
    told = chosen.invited
    sponsor = shown_name(sponsors.by_id(connection, told.sponsor_id).name)
    return Answered(message, {"name": shown_name(told.name), "sponsor": sponsor}, told.language, tuple(jobs))


def _chosen(connection: Connection, texted: Texted) -> Invitation | Answered:
    """The invitation that a YA or TIDAK is about: the only one, or the one whose number follows it."""
    waiting = invitations.open_for(connection, texted.phone)
    if not waiting:
        return Answered("invitation_none")
    if texted.rest:
        fitting = [one for one in waiting if str(one.number) == texted.rest[0] and len(texted.rest) == 1]
    else:
        fitting = waiting if len(waiting) == 1 else []
    locked = invitations.lock(connection, fitting[0].id) if fitting else None
    return locked or _which(connection, waiting)


def _which(connection: Connection, waiting: list[Invitation]) -> Answered:
    """The open invitations with their numbers, as many as one SMS holds."""
    lines: list[str] = []
    for one in waiting:
        sponsor = sponsors.by_id(connection, one.invited.sponsor_id).name
        line = f"{one.number} {one.invited.name[:10]} oleh {sponsor[:10]}"
        if len(", ".join([*lines, line])) > LONGEST_LIST:
            break
        lines.append(line)
    values: dict[str, Value] = {"list": ", ".join(lines), "first": waiting[0].number}
    return Answered("invitation_which", values, waiting[0].invited.language)


def stop(rt: Runtime, connection: Connection, texted: Texted) -> Answered:
    """HAPUS: I want to stop and have my data erased. It takes a second SMS, HAPUS YA, to do it."""
    here = [member for member in members.by_phone(connection, texted.phone) if member.state == "here"]
    if len(here) != 1:
        return Answered("stop_which" if here else "stop_nobody")
    (member,) = here
    if texted.rest == ("YA",):
        rights.leave(rt, connection, member.id, "sms", texted.message_id)
        return Answered(jobs=(Job(queues.RELAY, URGENT),))
    return Answered("stop_sure", {"name": shown_name(member.person.name)}, member.person.language)


# What a first word asks for, by how people write it. A word that is not here is nobody's keyword.
KEYWORDS: dict[str, Keyword] = {
    "YA": yes,
    "IYA": yes,
    "YES": yes,
    "SETUJU": yes,
    "INGGIH": yes,
    "MUHUN": yes,
    "TIDAK": no,
    "TDK": no,
    "NO": no,
    "MBOTEN": no,
    "HENTEU": no,
    "HAPUS": stop,
}


def normalized(text: str) -> tuple[str, tuple[str, ...]]:
    """The first word of an SMS in capitals, and the words after it; `ya#2` and `YA 2.` are the same."""
    first, *rest = [word for word in _APART.split(text.strip().upper()) if word] or [""]
    return first, tuple(rest)


def handle(rt: Runtime, sms_id: int) -> None:
    """Do what one SMS asks for and answer it, once, in one transaction. May run twice, or too late."""
    now = rt.clock()
    with rt.db.begin() as connection:
        leased = inbox.lease_inbound(connection, sms_id, now, now + LEASE)
    if leased is None:
        return
    word, rest = normalized(rt.vault.open(leased.text))
    keyword = KEYWORDS.get(word)
    jobs: tuple[Job, ...] = ()
    with rt.db.begin() as connection:
        if not inbox.settle_inbound(connection, sms_id, now):
            return
        if keyword:
            jobs = _do(rt, connection, keyword, sms_id, Texted(_number(leased.phone), leased.message_id, rest))
    put(rt, jobs)


def _do(rt: Runtime, connection: Connection, keyword: Keyword, sms_id: int, texted: Texted) -> tuple[Job, ...]:
    answered = keyword(rt, connection, texted)
    if answered.message is None:
        return answered.jobs
    outbox.write(
        rt,
        connection,
        answered.message,
        key=f"sms:{sms_id}",
        phone=texted.phone,
        language=members.language_of(connection, texted.phone) or answered.language,
        values=answered.values,
    )
    return (*answered.jobs, Job(queues.RELAY, URGENT))


def _number(sender: str) -> str:
    """The sender in E.164; a short code or a name stays as it is, and nobody has invited it."""
    try:
        return phones.parse(sender)
    except Refused:
        return sender


def sweep(rt: Runtime) -> None:
    """Find SMS that no job has answered."""
    with rt.db.connect() as connection:
        waiting = inbox.waiting_inbound(connection, rt.clock())
    for sms_id in waiting:
        rt.queues.enqueue(queues.HANDLE_SMS, sms_id)
