"""Somebody new asks what the programme gives: they learn it in a few texts over some days, until they register."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import calendar, contributions
from ussd_app.domain.sending import Sending
from ussd_app.engine.kinds import Value
from ussd_app.engine.turn import Outcome
from ussd_app.runtime import Runtime
from ussd_app.services import outbox, publishing, stops
from ussd_app.services.callers import Caller, on_screen
from ussd_app.services.days import JAKARTA, local
from ussd_app.services.jobs import Job
from ussd_app.services.outbox import Letter
from ussd_app.storage import contacts
from ussd_app.storage import stops as stopped
from ussd_app.storage.contacts import After, Asked, Contact
from ussd_app.storage.outbox import CAMPAIGNS

PAGE = 500
# Seconds after which the rest is left to the next scan.
BUDGET = 20.0
# The price that the texts name is that of most people: no driver, both programmes, the lowest wage.
SECTOR, PACKAGE = "other", "jkk_jkm"
# What somebody who asks by SMS has written.
WORDS = Asked("sms", "INFO", "sms", "")


def begin(rt: Runtime, connection: Connection, phone: str, language: str, channel: str, reference: str) -> bool:
    """Somebody asks by SMS to learn about the programme; False for a member, and while they are still getting texts.

    `reference` is the message that asked. Whoever had stopped such texts wants them again.
    """
    return _begin(rt, connection, phone, language, Asked(WORDS.text_version, WORDS.text, channel, reference))


def begin_here(rt: Runtime, connection: Connection, caller: Caller) -> tuple[Outcome, list[Job]]:
    """Whoever dials agrees to get texts about the programme; the words on the screen are kept."""
    said = on_screen(caller, "education")
    asked = Asked(said.text_version, said.text, said.channel, said.session_id)
    begun = _begin(rt, connection, caller.phone, said.language, asked)
    return Outcome("begun" if begun else "already"), []


def _begin(rt: Runtime, connection: Connection, phone: str, language: str, asked: Asked) -> bool:
    if contacts.registered_among(connection, [phone]):
        return False
    stops.start_by(rt, connection, phone, stopped.EDUCATION, f"{asked.channel}:{asked.reference}")
    now, sending = rt.clock(), publishing.sending(rt, publishing.newest(rt))
    return contacts.begin(connection, phone, language, asked, now, _moment(sending, now, 0, now))


def _moment(sending: Sending, begun_at: datetime, step: int, earliest: datetime) -> datetime:
    """When the text after `step` others is due: on its day in the evening, and not before `earliest` (both UTC).

    Nobody knows where somebody new lives, so that it is the evening of Jakarta.
    """
    day = local(begun_at) + timedelta(days=sending.education_days[step])
    evening = datetime.combine(day, sending.evening.start, ZoneInfo(JAKARTA)).astimezone(begun_at.tzinfo)
    return sending.evening.next_start(max(evening, earliest), JAKARTA)


def teach(rt: Runtime) -> int:
    """Write the texts that are due; how many. Two at once, or one that is killed, do no harm.

    Nothing is written outside the evening, however late a scan comes: it waits for the next one.
    """
    written, started = 0, time.monotonic()
    while time.monotonic() - started < BUDGET:
        with rt.db.begin() as connection:
            due = contacts.due(connection, rt.clock(), PAGE)
            written += _teach(rt, connection, due)
        if not due:
            break
    if written:
        rt.queues.enqueue(queues.RELAY, CAMPAIGNS)
    return written


def _teach(rt: Runtime, connection: Connection, due: Sequence[Contact]) -> int:
    now, phones = rt.clock(), [contact.phone for contact in due]
    registered = contacts.registered_among(connection, phones)
    unwilling = stopped.stopped_by(connection, phones, stopped.EDUCATION)
    sending = publishing.sending(rt, publishing.newest(rt))
    after = [_after(contact, sending, now, registered, unwilling) for contact in due]
    taught = [contact for contact, then in zip(due, after, strict=True) if then.step > contact.step]
    _write(rt, connection, taught, _night(sending, now))
    contacts.keep(connection, after, now)
    return len(taught)


def _after(contact: Contact, sending: Sending, now: datetime, registered: set[str], unwilling: set[str]) -> After:
    """How somebody stands after this scan; with one step more, they are to get their next text now.

    The text after it comes on another evening: there is at most one an evening.
    """
    phone, step = contact.phone, contact.step
    if phone in registered or phone in unwilling:
        return After(phone, step, ended="registered" if phone in registered else "stopped")
    if step >= len(sending.education_days):  # fewer texts were published meanwhile
        return After(phone, step, ended="done")
    if not sending.evening.holds(now, JAKARTA):
        return After(phone, step, next_at=sending.evening.next_start(now, JAKARTA))
    if step + 1 == len(sending.education_days):
        return After(phone, step + 1, ended="done")
    return After(phone, step + 1, next_at=_moment(sending, contact.begun_at, step + 1, _night(sending, now)))


def _write(rt: Runtime, connection: Connection, taught: Sequence[Contact], night: datetime) -> None:
    """The next text of each of these people, of no use any more once it is `night` (UTC)."""
    letters = defaultdict[str, list[Letter]](list)
    values = _values(rt) if taught else {}
    for contact in taught:
        step = contact.step + 1
        key = f"education:{rt.vault.mark(contact.phone)}:{contact.round}:{step}"
        letters[f"education_{step}"].append(Letter(key, contact.phone, contact.language, values, night))
    for message, some in letters.items():
        outbox.write_many(rt, connection, message, some, at_once=True)


def _night(sending: Sending, now: datetime) -> datetime:
    """When this evening ends, in UTC."""
    here = now.astimezone(ZoneInfo(JAKARTA))
    return datetime.combine(here.date(), sending.evening.end, here.tzinfo).astimezone(now.tzinfo)


def _values(rt: Runtime) -> dict[str, Value]:
    """What the texts show: the price of a month before any discount, in whole rupiah."""
    month, rates = calendar.month_of(local(rt.clock())), publishing.rates(rt, publishing.newest(rt))
    lowest = contributions.brackets(rates, month)[0].wage
    quote = contributions.price(rates, sector=SECTOR, package=PACKAGE, wage=lowest, months=[month])
    return {"price": sum(line.normal for line in quote.lines)}
