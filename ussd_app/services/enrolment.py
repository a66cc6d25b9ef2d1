"""Somebody enrols: one transaction writes the member, the registration, the consent and the wish for a pay code;
then a job files it with the institution."""

from __future__ import annotations

from datetime import date, timedelta

import structlog
from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import calendar
from ussd_app.domain import nik as niks
from ussd_app.engine.turn import Outcome
from ussd_app.errors import GatewayPermanent, GatewayTemporary, GatewayUnknown
from ussd_app.gateways.institution import Application, Filing
from ussd_app.runtime import Runtime
from ussd_app.services import billing, outbox
from ussd_app.services.callers import Caller
from ussd_app.services.jobs import Job, backoff
from ussd_app.services.words import shown_name
from ussd_app.storage import members, payments
from ussd_app.storage.members import Consent, Person

LEASE = timedelta(seconds=30)
ASK_AGAIN = timedelta(hours=1)
PURPOSE = "registration"
log = structlog.get_logger()


def register(
    rt: Runtime,
    connection: Connection,
    caller: Caller,
    *,
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
    """Enrol the caller for the price on the screen they agreed to."""
    person = Person(
        name=name,
        born=date.fromisoformat(birth_date),
        phone=caller.phone,
        language=caller.dialogue.language,
        zone=_zone(nik),
        sector=sector,
        workplace=workplace,
        package=package,
        wage=wage,
    )
    known = members.by_nik(connection, rt.vault, nik)
    if known:
        return Outcome("already" if known.person.phone == caller.phone else "elsewhere"), []
    run = calendar.months_from(calendar.month_of(caller.today), months)
    prices = billing.agreed(rt, caller, person, run, (total, rates))
    if prices is None:
        return Outcome("price_changed"), []
    member_id = members.add(connection, rt.vault, nik, person, rt.clock())
    if member_id is None:  # another phone was quicker with the same NIK
        return Outcome("elsewhere"), []
    registration = members.add_registration(connection, member_id, caller.dialogue.id, rt.clock())
    members.add_consent(connection, member_id, _consent(caller), rt.clock())
    code = billing.order(rt, connection, caller, member_id, person, prices, rates)
    jobs = [Job(queues.FILE_REGISTRATION, registration)]
    return Outcome("accepted"), [*jobs, Job(queues.MAKE_PAY_CODE, code)] if code else jobs


def _zone(number: str) -> str:
    return niks.zone(niks.parse(number).province)


def _consent(caller: Caller) -> Consent:
    dialogue = caller.dialogue
    return Consent(
        purpose=PURPOSE,
        text_version=f"{dialogue.menu}:{dialogue.version}:{dialogue.screen}",
        text=caller.shown,
        language=dialogue.language,
        channel=caller.channel,
        phone=caller.phone,
        session_id=caller.session,
    )


def file(rt: Runtime, registration_id: int) -> None:
    """Hand one registration to the institution and write down what it answered. May run twice, or too late."""
    now = rt.clock()
    with rt.db.begin() as connection:
        registration = members.lease_registration(connection, registration_id, now, LEASE)
        if registration is None:
            return
        member = members.by_id(connection, registration.member_id)
    person = member.person
    application = Application(
        reference=f"R{registration_id}",
        nik=rt.vault.open(member.sealed_nik),
        name=person.name,
        born=person.born,
        phone=person.phone,
        sector=person.sector,
        workplace=person.workplace,
        package=person.package,
        wage=person.wage,
    )
    try:
        filing = rt.institution.file(application)
    except GatewayPermanent as error:
        filing = Filing("refused", reason=str(error))
    except (GatewayTemporary, GatewayUnknown) as error:
        log.warning("registration not filed, trying again", registration=registration_id, error=str(error))
        with rt.db.begin() as connection:
            again = backoff(now, registration.attempts)
            members.postpone_registration(connection, registration_id, again, str(error))
        return
    with rt.db.begin() as connection:
        _settle(rt, connection, registration_id, member, filing)
    if filing.state == "accepted":
        rt.queues.enqueue(queues.HAND_OVER)


def _settle(rt: Runtime, connection: Connection, registration_id: int, member: members.Member, filing: Filing) -> None:
    states = {"accepted": "confirmed", "refused": "refused", "waiting": "filed"}
    now = rt.clock()
    members.settle_registration(connection, registration_id, states[filing.state], filing.reason, now, now + ASK_AGAIN)
    if filing.member_number:
        members.set_member_number(connection, member.id, filing.member_number)
    if filing.state == "refused":
        person = member.person
        payments.close_codes(connection, member.id)
        members.add_follow_up(connection, "refused", person.phone, filing.reason, now)
        outbox.write(
            rt,
            connection,
            "registration_refused",
            key=f"registration_refused:{registration_id}",
            phone=person.phone,
            language=person.language,
            values={"name": shown_name(person.name)},
        )


def sweep(rt: Runtime) -> None:
    """Find registrations that no job is filing."""
    with rt.db.connect() as connection:
        waiting = members.waiting_registrations(connection, rt.clock())
    for registration_id in waiting:
        rt.queues.enqueue(queues.FILE_REGISTRATION, registration_id)
