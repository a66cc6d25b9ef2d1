"""Somebody pays for the people around them: whom they ask, and when it ends.

Whoever is a member already is asked and priced exactly as anybody else: a sponsor cannot find out who is registered.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import calendar
from ussd_app.domain import nik as niks
from ussd_app.domain.contributions import Plan
from ussd_app.engine.turn import Outcome
from ussd_app.runtime import Runtime
from ussd_app.services import billing, outbox, reminders
from ussd_app.services import invitations as asking
from ussd_app.services.callers import Caller, caller_member
from ussd_app.services.jobs import Job
from ussd_app.services.sponsored import INVITATION, MEMBER
from ussd_app.services.words import shown_name
from ussd_app.storage import invitations, members, sponsors
from ussd_app.storage.invitations import Invited
from ussd_app.storage.outbox import URGENT
from ussd_app.storage.sponsors import Sponsor

# A session lasts three minutes: after so long nobody is adding people to a basket any more.
ADDING = timedelta(minutes=5)
# More open questions than one person puts to people they know.
MOST_WAITING = 50


def become_sponsor(
    rt: Runtime, connection: Connection, caller: Caller, *, sponsor_name: str
) -> tuple[Outcome, list[Job]]:
    """The caller wants to pay for others, under this name; a member who types none, under the name we know."""
    member = caller_member(connection, caller)
    name = sponsor_name or (member.person.name if member else "")
    if not name:
        return Outcome("unnamed"), []
    sponsors.add(connection, caller.phone, shown_name(name), "person", caller.dialogue.language, rt.clock())
    return Outcome("welcome"), []


def invite(
    rt: Runtime,
    connection: Connection,
    caller: Caller,
    *,
    their_phone: str,
    nik: str,
    birth_date: str,
    name: str,
    sector: str,
    workplace: str,
    package: str,
    wage: int,
    months: int,
    total: int,
    rates: str,
) -> tuple[Outcome, list[Job]]:
    """Ask somebody whether the caller may pay for them, at the price on the screen; nothing is registered yet."""
    sponsor = sponsors.by_phone(connection, caller.phone)
    if sponsor is None:
        return Outcome("no_sponsor"), []
    run = calendar.months_from(calendar.month_of(caller.today), months)
    if not billing.still_costs(rt, caller, Plan(sector, package, wage), run, (total, rates)):
        return Outcome("price_changed"), []
    index, now = rt.vault.index(nik), rt.clock()
    if invitations.refused_since(connection, sponsor.id, index, now - asking.PATIENCE):
        return Outcome("said_no"), []
    if invitations.waiting_for(connection, sponsor.id) >= MOST_WAITING:
        return Outcome("too_many"), []
    phone, language = _asked_at(rt, connection, caller, nik, their_phone)
    told = Invited(
        sponsor_id=sponsor.id,
        phone=phone,
        nik_index=index,
        nik=rt.vault.seal(nik),
        name=name,
        born=date.fromisoformat(birth_date),
        zone=niks.zone_of(nik),
        language=language,
        sector=sector,
        workplace=workplace,
        package=package,
        wage=wage,
        months=months,
        # Whoever holds the sponsor's own phone may be the sponsor: there only a signature is a yes.
        consent_by="paper" if phone == caller.phone else "phone",
    )
    sponsors.adding(connection, sponsor.id, now + ADDING)
    return _ask(rt, connection, caller, sponsor, told, their_phone)


def _asked_at(rt: Runtime, connection: Connection, caller: Caller, nik: str, their_phone: str) -> tuple[str, str]:
    """Where and in which language somebody is asked: a member at the number we know, whatever number was typed."""
    known = members.by_nik(connection, rt.vault, nik)
    if known and known.state == "here":
        return known.person.phone, known.person.language
    return their_phone, asking.language_of(connection, their_phone, caller.dialogue.language)


def _ask(
    rt: Runtime, connection: Connection, caller: Caller, sponsor: Sponsor, told: Invited, their_phone: str
) -> tuple[Outcome, list[Job]]:
    invitation = invitations.add(connection, told, rt.clock())
    if invitation is None:
        return Outcome("waiting"), []
    if told.consent_by == "phone":
        asking.send(rt, connection, invitation, sponsor)
    else:
        members.add_follow_up(connection, "paper_consent", caller.phone, f"invitation {invitation.id}", rt.clock())
    return Outcome("paper" if their_phone == caller.phone else "asked"), [Job(queues.RELAY, URGENT)]


def finish_basket(_rt: Runtime, connection: Connection, caller: Caller) -> tuple[Outcome, list[Job]]:
    """The sponsor adds nobody any more: the code comes as soon as everybody has answered."""
    sponsor = sponsors.by_phone(connection, caller.phone)
    if sponsor is None:
        return Outcome("done"), []
    sponsors.adding(connection, sponsor.id, None)
    return Outcome("done"), [Job(queues.ISSUE_BASKET, sponsor.id)]


def mark(_rt: Runtime, connection: Connection, caller: Caller, *, who: str) -> tuple[Outcome, list[Job]]:
    """Choose somebody for the next code, or not after all."""
    sponsor, number = sponsors.by_phone(connection, caller.phone), _number(who, MEMBER)
    if sponsor and number is not None:
        sponsors.turn_mark(connection, sponsor.id, number)
    return Outcome("marked"), []


def _number(key: str, kind: str) -> int | None:
    digits = key.removeprefix(kind)
    return int(digits) if key.startswith(kind) and digits.isdecimal() else None


# ---- how it ends ----


def stop(rt: Runtime, connection: Connection, caller: Caller, *, who: str) -> tuple[Outcome, list[Job]]:
    """The sponsor pays for somebody no more, and that person is told; or takes a question back that nobody answered."""
    sponsor = sponsors.by_phone(connection, caller.phone)
    member_id, invitation_id = _number(who, MEMBER), _number(who, INVITATION)
    if sponsor and member_id is not None and sponsors.end(connection, sponsor.id, member_id, "sponsor", rt.clock()):
        person = members.by_id(connection, member_id).person
        values = {"name": shown_name(person.name), "sponsor": shown_name(sponsor.name)}
        outbox.write(
            rt,
            connection,
            "sponsor_stopped",
            key=f"sponsor_stopped:{caller.dialogue.id}:{caller.dialogue.transition}",
            phone=person.phone,
            language=person.language,
            values=values,
        )
        reminders.renew(rt, connection, [member_id])
        return Outcome("stopped"), [Job(queues.RELAY, URGENT, tells_caller=person.phone == caller.phone)]
    if sponsor and invitation_id is not None:
        asked = invitations.lock(connection, invitation_id)
        if asked and asked.invited.sponsor_id == sponsor.id:
            invitations.withdraw(connection, invitation_id, rt.clock())
            return Outcome("stopped"), [Job(queues.ISSUE_BASKET, sponsor.id)]
    return Outcome("gone"), []


def end_sponsorship(rt: Runtime, connection: Connection, caller: Caller, *, payer: int) -> tuple[Outcome, list[Job]]:
    """A member wants to be paid for by this sponsor no more; the sponsor is told."""
    member = caller_member(connection, caller)
    if member is None or not sponsors.end(connection, payer, member.id, "member", rt.clock()):
        return Outcome("gone"), []
    paying = sponsors.by_id(connection, payer)
    key = f"sponsorship_ended:{caller.dialogue.id}:{caller.dialogue.transition}"
    known_as = {"name": sponsors.name_given(connection, payer, member.id)}
    asking.tell_sponsor(rt, connection, paying, "sponsorship_ended", key, known_as)
    reminders.renew(rt, connection, [member.id])
    return Outcome("ended"), [Job(queues.RELAY, URGENT, tells_caller=paying.phone == caller.phone)]
