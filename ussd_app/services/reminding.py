"""Whoever is due is reminded; after new rules everybody is planned anew.

Set by set, never a query for one person: a million people are due on the same evening. Two schedulers, repeats and
restarts do no harm: a page is taken with its rows locked, what was sent is written in the same transaction, and the
SMS has the key `{person}:{month}:{step}`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import calendar
from ussd_app.domain import reminders as domain
from ussd_app.domain.reminders import Planned, Rules
from ussd_app.runtime import Runtime
from ussd_app.services import outbox, publishing, reminder_texts
from ussd_app.services.reminder_texts import Reminder
from ussd_app.services.reminders import Known, mark_of, read, rules_of, times
from ussd_app.storage import reminders as store
from ussd_app.storage.outbox import REMINDERS
from ussd_app.storage.pointers import Pointers
from ussd_app.storage.reminders import MEMBER, SPONSOR, Due, Kind, Went

PAGE = 1000
# Seconds after which a scan hands the rest to the next one: well before a job's time-out.
BUDGET = 60.0
LATE = timedelta(minutes=30)
KINDS = (MEMBER, SPONSOR)
log = structlog.get_logger()


@dataclass(frozen=True)
class _Now:
    """The rules of a page, and its moment."""

    rules: Rules
    documents: Pointers
    mark: str
    moment: datetime


def _rules(rt: Runtime) -> _Now | None:
    documents, now = publishing.newest(rt), rt.clock()
    rules = rules_of(rt, documents)
    return _Now(rules, documents, mark_of(documents, now), now) if rules else None


def scan(rt: Runtime) -> int:
    """Remind everybody who is due, page by page; how many SMS were written. May run twice, or several at a time."""
    complain_when_late(rt)
    written, after, started = 0, None, time.monotonic()
    while (now := _rules(rt)) is not None:
        with rt.db.begin() as connection:
            due = store.take_due(connection, now.moment, after, PAGE)
            written += sum(_remind(rt, connection, kind, due, now) for kind in KINDS)
        if written:
            rt.queues.enqueue_scan(queues.RELAY, REMINDERS, most=1)
        if not due:
            break
        after = due[-1]
        if time.monotonic() - started > BUDGET:
            rt.queues.enqueue(queues.REMIND)
            break
    return written


def _remind(rt: Runtime, connection: Connection, kind: Kind, due: Sequence[Due], now: _Now) -> int:
    people = [one.person for one in due if one.kind == kind]
    if not people:
        return 0
    known = read(connection, kind, people, now.rules, now.moment)
    chosen, after = [], dict(known)
    for number, one in known.items():
        planned = domain.next_reminder(now.rules, one.stands, now.moment) if one.stands else None
        if planned is not None and planned.at <= now.moment and one.stands is not None:
            chosen.append(Reminder(one, planned))
            after[number] = replace(one, stands=domain.reminded(one.stands, planned))
    letters = reminder_texts.letters(rt, connection, kind, chosen, now.documents, now.moment)
    store.add_sent(connection, kind, [_went(one.known, one.planned) for one in chosen])
    for message, texts in letters.items():
        outbox.write_many(rt, connection, message, texts, at_once=True)
    store.keep(connection, kind, times(after, now.rules, now.mark, now.moment))
    return sum(map(len, letters.values()))


def _went(known: Known, planned: Planned) -> Went:
    day = calendar.local_date(planned.at, known.person.zone)
    return Went(known.person.id, planned.month, planned.step.name, day)


def lag(rt: Runtime) -> timedelta:
    """For how long the person who waits longest has been due; nothing when nobody is."""
    now = rt.clock()
    with rt.db.connect() as connection:
        since = store.oldest_due(connection, now)
    return now - since if since else timedelta()


def complain_when_late(rt: Runtime) -> None:
    """Say so in the log when somebody has been due for longer than a scan may take to come."""
    late = lag(rt)
    if late > LATE:
        log.warning("reminders are late", minutes=int(late.total_seconds() // 60))


def replan(rt: Runtime) -> int:
    """Plan everybody anew after the plan, the holidays or the hours have changed, page by page; how many people.

    Goes on where another one stopped; nothing is done where everybody has been planned by the rules that count.
    """
    planned, started = 0, time.monotonic()
    for kind in KINDS:
        while (now := _rules(rt)) is not None:
            if time.monotonic() - started > BUDGET:
                rt.queues.enqueue(queues.REPLAN_REMINDERS)
                return planned
            people = _replan_page(rt, kind, now)
            planned += people
            if not people:
                break
    return planned


def _replan_page(rt: Runtime, kind: Kind, now: _Now) -> int:
    """Plan the next people anew; how many, 0 when everybody has been."""
    with rt.db.begin() as connection:
        reached = store.reached(connection, kind, now.mark)
        if reached is None:
            return 0
        people = store.following(connection, kind, reached, PAGE)
        if people:
            store.lock(connection, kind, people)
            known = read(connection, kind, people, now.rules, now.moment)
            store.keep(connection, kind, times(known, now.rules, now.mark, now.moment))
        last = people[-1] if people else reached
        store.reach(connection, kind, now.mark, last, now.moment, done=not people)
    return len(people)
