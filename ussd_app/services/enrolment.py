"""Somebody enrols, or corrects what the institution refused: one transaction writes the member, the registration, the
consent and the wish for a pay code; then a job files it with the institution."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import structlog
from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import calendar
from ussd_app.domain import nik as niks
from ussd_app.domain.contributions import Plan
from ussd_app.domain.ledger import Payer
from ussd_app.engine.turn import Outcome
from ussd_app.errors import GatewayPermanent, GatewayTemporary, GatewayUnknown
from ussd_app.gateways.institution import Application, Filing
from ussd_app.runtime import Runtime
from ussd_app.services import accounts, billing, publishing, reminders, verdicts
from ussd_app.services.callers import Caller, caller_member, on_screen
from ussd_app.services.jobs import Job, backoff
from ussd_app.storage import ledger as books
from ussd_app.storage import members, registrations
from ussd_app.storage.members import Member, Person

LEASE = timedelta(seconds=30)
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
        zone=niks.zone_of(nik),
        sector=sector,
        workplace=workplace,
        package=package,
        wage=wage,
    )
    known = members.by_nik(connection, rt.vault, nik)
    if known and known.person.phone != caller.phone:
        return Outcome("elsewhere"), []
    if known and not _may_start_over(known):
        return Outcome("already"), []
    first = calendar.month_of(caller.today)
    run = calendar.months_from(first, months)
    plan = Plan(sector, package, wage)
    if not billing.still_costs(rt, caller, plan, run, (total, rates)):
        return Outcome("price_changed"), []
    if known:
        member_id: int | None = _start_over(rt, connection, known, nik, person, first)
    else:
        member_id = members.add(connection, rt.vault, nik, person, first, rt.clock())
    if member_id is None:  # another phone was quicker with the same NIK
        return Outcome("elsewhere"), []
    members.add_consent(connection, member_id, on_screen(caller, PURPOSE), rt.clock())
    jobs = [] if known and _stands(known) else _file_anew(rt, connection, caller, member_id)
    reminders.renew(rt, connection, [member_id])
    lines = accounts.lines_for(publishing.rates(rt, caller.documents), {member_id: {first: plan}}, {member_id: run})
    if sum(line.amount for line in lines) <= books.credit(connection, Payer(member_id)):
        verdicts.spend_held(rt, connection, member_id)
        return Outcome("accepted"), jobs
    code = billing.order(rt, connection, caller, Payer(member_id), lines, rates)
    return Outcome("accepted"), [*jobs, Job(queues.MAKE_PAY_CODE, code)] if code else jobs


def _may_start_over(known: Member) -> bool:
    """Somebody the institution refused, or who had left, may enrol again with the same NIK and phone."""
    return known.state == "left" or (known.state == "here" and known.standing == "refused")


def _stands(known: Member) -> bool:
    """Whether a registration of this member is accepted or under way, so that no other is opened."""
    return known.standing not in (None, "refused")


def _start_over(rt: Runtime, connection: Connection, known: Member, nik: str, person: Person, first: date) -> int:
    """What somebody tells anew counts, but for what the institution knows them by: that stays as it was filed."""
    if not _stands(known):
        registrations.correct(connection, rt.vault, known.id, nik, person)
    members.keep_plan(connection, known.id, first, Plan(person.sector, person.package, person.wage))
    if known.state == "left":
        registrations.come_back(connection, known.id, rt.clock())
    return known.id


def _file_anew(rt: Runtime, connection: Connection, caller: Caller, member_id: int) -> list[Job]:
    """A registration is opened; the job hands it to the institution."""
    registration = members.add_registration(connection, member_id, caller.dialogue.id, rt.clock())
    return [Job(queues.FILE_REGISTRATION, registration)]


def correct(
    rt: Runtime, connection: Connection, caller: Caller, *, nik: str, birth_date: str, name: str
) -> tuple[Outcome, list[Job]]:
    """Somebody the institution refused says who they are once more, and agrees that it is sent again."""
    member = caller_member(connection, caller)
    if member is None or not _may_start_over(member) or _stands(member):
        return Outcome("not_refused"), []
    person = replace(member.person, name=name, born=date.fromisoformat(birth_date), zone=niks.zone_of(nik))
    if not registrations.correct(connection, rt.vault, member.id, nik, person):
        return Outcome("elsewhere"), []
    members.add_consent(connection, member.id, on_screen(caller, PURPOSE), rt.clock())
    jobs = _file_anew(rt, connection, caller, member.id)
    # Like any newcomer's, their money is given to months before the institution has answered.
    verdicts.spend_held(rt, connection, member.id)
    return Outcome("corrected"), jobs


def file(rt: Runtime, registration_id: int) -> None:
    """Hand one registration to the institution and write down what it answered. May run twice, or too late."""
    now = rt.clock()
    with rt.db.begin() as connection:
        registration = members.lease_registration(connection, registration_id, now, LEASE)
        if registration is None:
            return
        member = members.by_id(connection, registration.member_id)
        if member.state != "here":  # nothing of them is processed; it is due again when they come back
            members.postpone_registration(connection, registration_id, None, member.state)
            return
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
        verdicts.settle(rt, connection, registration_id, member, filing)
    if filing.state == "accepted":
        rt.queues.enqueue(queues.HAND_OVER)


def sweep(rt: Runtime) -> None:
    """Find registrations that no job is filing."""
    with rt.db.connect() as connection:
        waiting = members.waiting_registrations(connection, rt.clock())
    for registration_id in waiting:
        rt.queues.enqueue(queues.FILE_REGISTRATION, registration_id)
