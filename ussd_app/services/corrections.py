"""People of the office correct what is kept about a member: who they are, where they work, how they are spoken to.

What the institution does not know yet is simply made right. What was filed has to be made right there as well, which
only a person can do: a follow-up asks for it. Whom the institution refused is sent again once they have signed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import nik as niks
from ussd_app.domain.contributions import Plan
from ussd_app.domain.coverage import coverage
from ussd_app.domain.ledger import Payer
from ussd_app.engine.checks import CHECKS, Asked
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import audit, enrolment, lookup, publishing, reminders, verdicts
from ussd_app.services.days import local
from ussd_app.services.jobs import Job, put
from ussd_app.services.masked_texts import name_hidden
from ussd_app.storage import contributions, members, orders, registrations
from ussd_app.storage import ledger as books
from ussd_app.storage.members import Consent, Member, Person
from ussd_app.storage.timeline import CORRECTED

FOLLOW_UP = "correction"
LANGUAGES = ("id", "en", "jv", "su")
# What the institution knows somebody by.
_FILED = ("name", "born", "workplace")


@dataclass(frozen=True)
class Wanted:
    """What a form says about a member; what is empty stays as it is.

    `nik` counts only for somebody who was refused, and with a `reference`, where the signed form is kept, they are
    sent to the institution again.
    """

    name: str = ""
    born: str = ""
    workplace: str = ""
    sector: str = ""
    language: str = ""
    nik: str = ""
    reference: str = ""


def correct(rt: Runtime, member_id: int, wanted: Wanted, reason: str, by: str, address: str) -> list[str]:
    """Make right what a form says; the names of what has changed.

    Raises Refused (reason, nothing_changed, or what is wrong with an answer) and NotAllowedNow.
    """
    why = lookup.reason_of(reason)
    with rt.db.begin() as connection:
        books.lock(connection, Payer(member_id))
        member = _here(connection, member_id)
        if registrations.being_filed(connection, member_id, rt.clock()):
            raise NotAllowedNow("this registration is being sent at this moment", "being_filed")
        after, nik = _corrected(rt, member, wanted)
        changed = _changed(member.person, after, nik != rt.vault.open(member.sealed_nik))
        again = member.standing == "refused" and bool(wanted.reference.strip())
        if not changed and not again:
            raise Refused("nothing_changed")
        _keep(rt, connection, member, after, nik)
        jobs = _send_again(rt, connection, member, wanted.reference, by) if again else []
        _note(rt, connection, member, after, [*changed, *(["sent_again"] if again else [])], why, by, address)
    put(rt, jobs)
    return changed


def _here(connection: Connection, member_id: int) -> Member:
    member = members.by_id(connection, member_id)
    if member.state != "here":
        raise NotAllowedNow(f"member {member_id} is no member any more", "left_already")
    return member


def _corrected(rt: Runtime, member: Member, wanted: Wanted) -> tuple[Person, str]:
    """The person as they are to be kept, and their NIK. Refused where an answer is wrong."""
    person, asked = member.person, Asked({}, {}, local(rt.clock()))
    known = rt.vault.open(member.sealed_nik)
    sectors = publishing.rates(rt, publishing.newest(rt)).sectors
    if wanted.sector and wanted.sector not in sectors:
        raise Refused("sector")
    if wanted.language and wanted.language not in LANGUAGES:
        raise Refused("language")
    if wanted.nik.strip() and member.standing != "refused":
        raise Refused("nik_filed")
    nik = niks.parse(wanted.nik).value if wanted.nik.strip() else known
    after = replace(
        person,
        name=str(CHECKS["name"].check(wanted.name, asked)) if wanted.name.strip() else person.name,
        born=date.fromisoformat(str(CHECKS["birth_date"].check(wanted.born, asked)))
        if wanted.born.strip()
        else person.born,
        workplace=str(CHECKS["words"].check(wanted.workplace, asked)) if wanted.workplace.strip() else person.workplace,
        sector=wanted.sector or person.sector,
        language=wanted.language or person.language,
        zone=person.zone if nik == known else niks.zone_of(nik),
    )
    return after, nik


def _changed(before: Person, after: Person, other_nik: bool) -> list[str]:
    names = ("name", "born", "workplace", "sector", "language")
    changed = [name for name in names if getattr(before, name) != getattr(after, name)]
    return [*changed, "nik"] if other_nik else changed


def _keep(rt: Runtime, connection: Connection, member: Member, after: Person, nik: str) -> None:
    if not registrations.correct(connection, rt.vault, member.id, nik, after):
        raise NotAllowedNow("this NIK is another member's", "nik_taken")
    now, before = rt.clock(), member.person
    if after.language != before.language:
        members.keep_language(connection, before.phone, after.language, now)
    if after.sector != before.sector:
        _keep_sector(rt, connection, member, after.sector)
    told = [name for name in _FILED if getattr(before, name) != getattr(after, name)]
    if told and member.standing in ("filed", "confirmed"):
        detail = f"member {member.id}: {', '.join(told)}"
        members.add_follow_up(connection, FOLLOW_UP, before.phone, detail, now)
    reminders.renew(rt, connection, [member.id], sponsors=False)


def _keep_sector(rt: Runtime, connection: Connection, member: Member, sector: str) -> None:
    """Another kind of work counts from the next month that is not paid; codes at the old price are closed."""
    paid = contributions.months_of(connection, member.id)
    holidays = publishing.holidays(rt, publishing.newest(rt))
    first = coverage(paid, local(rt.clock()), holidays).next_month
    members.keep_plan(connection, member.id, first, Plan(sector, member.person.package, member.person.wage))
    orders.close_all(connection, Payer(member.id), "contributions")


def _send_again(rt: Runtime, connection: Connection, member: Member, reference: str, by: str) -> list[Job]:
    """Somebody who was refused has signed that what was corrected is sent to the institution."""
    where, person = " ".join(reference.split()), member.person
    consent = Consent(
        purpose=enrolment.PURPOSE,
        text_version="paper",
        text=f"Signed on paper: {where}. Recorded by {by}.",
        language=person.language,
        channel="paper",
        phone=person.phone,
        session_id=where,
    )
    members.add_consent(connection, member.id, consent, rt.clock())
    registration = members.add_registration(connection, member.id, f"office:{member.id}", rt.clock())
    verdicts.spend_held(rt, connection, member.id)
    return [Job(queues.FILE_REGISTRATION, registration)]


def _note(
    rt: Runtime,
    connection: Connection,
    member: Member,
    after: Person,
    changed: list[str],
    why: str,
    by: str,
    address: str,
) -> None:
    """Write down what was corrected. Nobody can take anything out of the log: it holds no name and no birth date."""
    audit.note(
        rt,
        connection,
        by,
        CORRECTED,
        f"member {member.id}",
        before={name: _shown(member.person, name) for name in changed},
        after={**{name: _shown(after, name) for name in changed}, "reason": why},
        address=address,
    )


def _shown(person: Person, name: str) -> str:
    if name == "name":
        return name_hidden(person.name)
    if name == "born":
        return f"**-**-{person.born.year}"
    return str(getattr(person, name, "…"))
