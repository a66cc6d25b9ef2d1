"""Somebody enrols: one transaction writes the member, the registration, the consent and the wish for a pay code;
then a job files it with the institution."""

from __future__ import annotations

from datetime import date, timedelta

import structlog
from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import calendar
from ussd_app.domain import nik as niks
from ussd_app.engine.step import Outcome
from ussd_app.errors import GatewayPermanent, GatewayTemporary, GatewayUnknown
from ussd_app.gateways.institution import Application, Filing
from ussd_app.runtime import Runtime
from ussd_app.services import billing, outbox
from ussd_app.services.callers import Caller
from ussd_app.services.jobs import Job, backoff
from ussd_app.storage import members
from ussd_app.storage.members import Consent, Person

LEASE = timedelta(seconds=60)
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
        nik=nik,
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
    member_id = members.add(connection, rt.vault, person, rt.clock())
    if member_id is None:  # another phone was quicker with the same NIK
        return Outcome("elsewhere"), []
    registration = members.add_registration(connection, member_id, caller.dialogue.id, rt.clock())
    members.add_consent(connection, member_id, _consent(caller), rt.clock())
    code = billing.order(rt, connection, caller, member_id, person, prices, rates)
    return Outcome("accepted"), [Job(queues.FILE_REGISTRATION, registration), Job(queues.MAKE_PAY_CODE, code)]


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
        member = members.by_id(connection, rt.vault, registration.member_id)
    person = member.person
    application = Application(
        reference=f"R{registration_id}",
        **{name: getattr(person, name) for name in Application.__annotations__ if name != "reference"},
    )
    try:
        filing = rt.institution.file(application)
    except GatewayPermanent as error:
        filing = Filing("refused", reason=str(error))
    except (GatewayTemporary, GatewayUnknown) as error:
        log.warning("registration not filed, trying again", registration=registration_id, error=str(error))
        with rt.db.begin() as connection:
            members.postpone_registration(connection, registration_id, backoff(now), str(error))
        return
    with rt.db.begin() as connection:
        _settle(rt, connection, registration_id, member, filing)
    if filing.state == "accepted":
        rt.queues.enqueue(queues.HAND_OVER)


def _settle(rt: Runtime, connection: Connection, registration_id: int, member: members.Member, filing: Filing) -> None:
    states = {"accepted": "confirmed", "refused": "refused", "waiting": "filed"}
    members.settle_registration(connection, registration_id, states[filing.state], filing.reason, rt.clock())
    if filing.member_number:
        members.set_member_number(connection, member.id, filing.member_number)
    if filing.state == "refused":
        person = member.person
        members.add_follow_up(connection, "refused", person.phone, filing.reason, rt.clock())
        outbox.write(
            rt,
            connection,
            "registration_refused",
            key=f"registration_refused:{registration_id}",
            phone=person.phone,
            language=person.language,
            values={"name": person.name[:30]},
        )


def sweep(rt: Runtime) -> None:
    """Find registrations that no job is filing."""
    with rt.db.connect() as connection:
        waiting = members.waiting_registrations(connection, rt.clock())
    for registration_id in waiting:
        file(rt, registration_id)
