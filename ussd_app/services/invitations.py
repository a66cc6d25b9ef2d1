"""Somebody wants to pay for somebody else: who is asked answers, and nothing goes anywhere before they say yes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import calendar
from ussd_app.engine.kinds import Value
from ussd_app.engine.turn import FactValue, Outcome
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import outbox, publishing, reminders
from ussd_app.services.callers import Caller, on_screen
from ussd_app.services.days import local
from ussd_app.services.jobs import Job, put
from ussd_app.services.words import shown_name
from ussd_app.storage import invitations, members, registrations, sponsors
from ussd_app.storage.invitations import Invitation, Invited
from ussd_app.storage.members import Consent, Person
from ussd_app.storage.outbox import URGENT, text_of
from ussd_app.storage.sponsors import Sponsor

PURPOSE = "sponsored registration"
# After so long the silent are forgotten, and whoever said no may be asked again by the same sponsor.
PATIENCE = timedelta(days=30)
FORGOTTEN_AT_ONCE = 500
# What an invitation calls the programmes of a package.
PROGRAMMES = {"jkk_jkm": "JKK+JKM", "jkk_jkm_jht": "JKK+JKM+JHT"}


def language_of(connection: Connection, phone: str, otherwise: str) -> str:
    """The language a phone has chosen, else `otherwise`."""
    return members.language_of(connection, phone) or otherwise


def tell_sponsor(
    rt: Runtime, connection: Connection, sponsor: Sponsor, message: str, key: str, values: Mapping[str, Value]
) -> None:
    """An SMS to a sponsor in their language."""
    language = language_of(connection, sponsor.phone, sponsor.language)
    outbox.write(rt, connection, message, key=key, phone=sponsor.phone, language=language, values=values)


def send(rt: Runtime, connection: Connection, invitation: Invitation, sponsor: Sponsor) -> None:
    """Ask somebody by SMS; with a number to answer with where their phone has more than one invitation."""
    send_many(rt, connection, [invitation], sponsor)


def send_many(rt: Runtime, connection: Connection, asked: Sequence[Invitation], sponsor: Sponsor) -> None:
    """Ask many people of one sponsor by SMS; those who can only sign are not asked."""
    outbox.write_many(rt, connection, "invited", [_letter(one, sponsor) for one in asked if _by_phone(one)])


def _by_phone(invitation: Invitation) -> bool:
    return invitation.invited.consent_by == "phone"


def _letter(invitation: Invitation, sponsor: Sponsor) -> outbox.Letter:
    told = invitation.invited
    values: dict[str, Value] = {
        "sponsor": shown_name(sponsor.name),
        "name": shown_name(told.name),
        "months": told.months,
        "programmes": PROGRAMMES.get(told.package, told.package),
        "which": f" {invitation.number}" if invitation.number > 1 else "",
    }
    return outbox.Letter(key_of(invitation), told.phone, told.language, values)


def key_of(invitation: Invitation) -> str:
    """The key of the SMS that asked somebody: its words are what a YA agrees to."""
    return f"invited:{invitation.id}"


def by_sms(rt: Runtime, connection: Connection, invitation: Invitation, message_id: str) -> Consent:
    """Proof of a YA: the words that were sent, and the message that answered them."""
    told = invitation.invited
    return Consent(
        purpose=PURPOSE,
        text_version=f"messages:{publishing.newest(rt)['messages'].version}:invited",
        text=text_of(connection, key_of(invitation)),
        language=told.language,
        channel="sms",
        phone=told.phone,
        session_id=message_id,
    )


def agree(rt: Runtime, connection: Connection, invitation: Invitation, consent: Consent) -> list[Job]:
    """They said yes: a new member is registered, one who is a member already is only linked to the sponsor."""
    told, now = invitation.invited, rt.clock()
    nik = rt.vault.open(told.nik)
    first = calendar.month_of(local(now))
    fresh = members.add(connection, rt.vault, nik, _person(told), first, now)
    member = members.by_nik(connection, rt.vault, nik) if fresh is None else members.by_id(connection, fresh)
    assert member is not None
    if member.state == "left":
        registrations.come_back(connection, member.id, now)
    jobs: list[Job] = []
    if not member.standing:
        registration = members.add_registration(connection, member.id, f"invitation {invitation.id}", now)
        jobs.append(Job(queues.FILE_REGISTRATION, registration))
    members.add_consent(connection, member.id, consent, now)
    sponsors.link(connection, told.sponsor_id, member.id, shown_name(told.name), told.months, now)
    invitations.agree(connection, invitation.id, member.id, now)
    reminders.renew(rt, connection, [member.id])
    return [*jobs, Job(queues.ISSUE_BASKET, told.sponsor_id), Job(queues.RELAY, URGENT)]


def _person(told: Invited) -> Person:
    assert told.born is not None  # only the forgotten have none
    return Person(
        name=told.name,
        born=told.born,
        phone=told.phone,
        language=told.language,
        zone=told.zone,
        sector=told.sector,
        workplace=told.workplace,
        package=told.package,
        wage=told.wage,
    )


def refuse(rt: Runtime, connection: Connection, invitation: Invitation) -> list[Job]:
    """They said no: what was told about them is deleted, and the sponsor hears that nothing is to be paid."""
    told = invitation.invited
    invitations.refuse(connection, invitation.id, rt.clock())
    sponsor = sponsors.by_id(connection, told.sponsor_id)
    key = f"invitation_declined:{invitation.id}"
    tell_sponsor(rt, connection, sponsor, "invitation_declined", key, {"name": shown_name(told.name)})
    return [Job(queues.ISSUE_BASKET, told.sponsor_id), Job(queues.RELAY, URGENT)]


# ---- by dialling ----


def invitation(_rt: Runtime, connection: Connection, caller: Caller) -> FactValue:
    """The oldest invitation that waits for this phone's answer: who wants to pay for whom, and for what."""
    waiting = invitations.open_for(connection, caller.phone)
    if not waiting:
        return FactValue({"found": False})
    told = waiting[0].invited
    return FactValue(
        {
            "found": True,
            "id": waiting[0].id,
            "sponsor": shown_name(sponsors.by_id(connection, told.sponsor_id).name),
            "name": shown_name(told.name),
            "package": told.package,
            "months": told.months,
        }
    )


def answer_invitation(
    rt: Runtime, connection: Connection, caller: Caller, *, asked: int, agreed: str
) -> tuple[Outcome, list[Job]]:
    """Somebody says by dialling whether a sponsor may pay for them; a yes keeps the screen as proof."""
    locked = invitations.lock(connection, asked)
    if locked is None or locked.invited.phone != caller.phone or locked.invited.consent_by != "phone":
        return Outcome("gone"), []
    if agreed != "yes":
        return Outcome("refused"), refuse(rt, connection, locked)
    return Outcome("agreed"), agree(rt, connection, locked, on_screen(caller, PURPOSE))


# ---- on paper ----


def record_paper_consent(rt: Runtime, invitation_id: int, reference: str, by: str) -> None:
    """An operator holds somebody's signed consent: `reference` says where it is kept, `by` who read it.

    Raises NotAllowedNow when nobody waits for an answer to that invitation any more.
    """
    with rt.db.begin() as connection:
        locked = invitations.lock(connection, invitation_id)
        if locked is None:
            raise NotAllowedNow(f"invitation {invitation_id} waits for no answer")
        consent = on_paper(locked, reference, by)
        jobs = agree(rt, connection, locked, consent)
    put(rt, jobs)


def on_paper(invitation: Invitation, reference: str, by: str) -> Consent:
    """Proof of a signature: where it is kept, and who read it."""
    return Consent(
        purpose=PURPOSE,
        text_version="paper",
        text=f"Signed on paper: {reference}. Recorded by {by}.",
        language=invitation.invited.language,
        channel="paper",
        phone=invitation.invited.phone,
        session_id=reference,
    )


# ---- no answer at all ----


def forget(rt: Runtime) -> None:
    """Delete what sponsors told about people who were silent for thirty days, and tell each sponsor once.

    What is kept of those who said no goes after the same time. May run twice: the second finds nobody.
    """
    while True:
        now = rt.clock()
        with rt.db.begin() as connection:
            invitations.forget_refused(connection, now - PATIENCE)
            silent = invitations.forget_silent(connection, now - PATIENCE, now, FORGOTTEN_AT_ONCE)
            for forgotten in silent:
                sponsor = sponsors.by_id(connection, forgotten.sponsor_id)
                key = f"invitations_silent:{sponsor.id}:{local(now)}"
                tell_sponsor(rt, connection, sponsor, "invitations_silent", key, {"people": forgotten.people})
        for forgotten in silent:
            rt.queues.enqueue(queues.ISSUE_BASKET, forgotten.sponsor_id)
        if not silent:
            return
