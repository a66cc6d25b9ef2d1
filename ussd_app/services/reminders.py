"""When everybody is to be reminded next: worked out anew whenever something about them changes.

The moment is kept with the person (storage/reminders), the scan in `reminding` does the rest. Whoever changes what is
paid for somebody, by whom, or where they are written to, calls `renew` in the same transaction; for many people, one
after another, `together`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from ussd_app.domain import calendar
from ussd_app.domain import reminders as domain
from ussd_app.domain.reminders import Rules, Sent
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.services.days import local
from ussd_app.storage import reminded
from ussd_app.storage import reminders as store
from ussd_app.storage.pointers import Pointers
from ussd_app.storage.reminded import Addressed
from ussd_app.storage.reminders import MEMBER, SPONSOR, Kind, Time, Went

# More people than one transaction works out anew by itself: the next scan does.
AT_ONCE = 500
# An SMS that was written longer ago than that does not wait any more.
MAY_WAIT = timedelta(days=2)
DOCUMENTS = ("reminders", "holidays", "sending")
# Under this name a transaction holds those who are renewed `together`.
WAITING = "members to renew"


@dataclass(frozen=True)
class Known:
    """Somebody, and what counts for their reminders; `stands` is None for who is not to be reminded."""

    person: Addressed
    stands: domain.Member | domain.Sponsor | None
    went: tuple[Went, ...]


def rules_of(rt: Runtime, documents: Pointers) -> Rules | None:
    """What counts for everybody's reminders, as last published; None before there is a plan."""
    if not all(name in documents for name in DOCUMENTS):
        return None
    plan, sending = publishing.reminders(rt, documents), publishing.sending(rt, documents)
    return Rules(plan, sending.evening, publishing.holidays(rt, documents))


def mark_of(documents: Pointers, now: datetime) -> str:
    """The name of the rules that count: with another one everybody is planned anew, and so they are each month, so that
    nothing that was forgotten stays so."""
    versions = ".".join(str(documents[name].version) for name in DOCUMENTS)
    return f"{versions}:{local(now):%Y-%m}"


# ---- reading many people at once ----


def read(connection: Connection, kind: Kind, people: Sequence[int], rules: Rules, now: datetime) -> dict[int, Known]:
    """What counts for the reminders of these people, in a few queries whatever their number."""
    went: dict[int, list[Went]] = defaultdict(list)
    for one in store.sent_to(connection, kind, people, now):
        went[one.person].append(one)
    make = _members if kind == MEMBER else _sponsors
    return make(connection, people, went, rules, now)


def _members(
    connection: Connection, people: Sequence[int], went: Mapping[int, Sequence[Went]], _rules: Rules, now: datetime
) -> dict[int, Known]:
    paid = reminded.paid_by(connection, people, now)
    pay_days = store.pay_days_of(connection, people)
    found = {}
    for person in reminded.members_of(connection, people):
        known = paid.get(person.id)
        stands = domain.Member(
            zone=person.zone,
            joined=calendar.local_date(person.since, person.zone),
            months=known.months if known else {},
            paid_on=calendar.local_date(known.last, person.zone) if known and known.last else None,
            sponsored=person.sponsored,
            pay_days=pay_days.get(person.id),
            sent=_sent(went.get(person.id, ())),
        )
        found[person.id] = Known(person, stands if person.wanted else None, tuple(went.get(person.id, ())))
    return found


def _sent(went: Iterable[Went]) -> tuple[Sent, ...]:
    return tuple(Sent(one.month, one.step, one.day) for one in went)


def _sponsors(
    connection: Connection, sponsors: Sequence[int], went: Mapping[int, Sequence[Went]], rules: Rules, now: datetime
) -> dict[int, Known]:
    unpaid: dict[int, Counter[date]] = defaultdict(Counter)
    for alike in reminded.people_alike(connection, sponsors, now):
        month = domain.earliest_unpaid(alike.months, local(now), rules.holidays)
        if month is not None:
            unpaid[alike.sponsor][month] += alike.people
    found = {}
    for person in reminded.sponsors_of(connection, sponsors):
        stands = domain.Sponsor(person.zone, dict(unpaid[person.id]), _sent(went.get(person.id, ())))
        found[person.id] = Known(person, stands if person.wanted else None, tuple(went.get(person.id, ())))
    return found


def times(known: Mapping[int, Known], rules: Rules, mark: str, now: datetime) -> list[Time]:
    """When each of these people is to be looked at next."""
    found = []
    for number, one in known.items():
        planned = domain.next_reminder(rules, one.stands, now) if one.stands else None
        found.append(Time(number, planned.at if planned else None, planned.step.name if planned else "", mark))
    return found


# ---- something about somebody has changed ----


@contextmanager
def together(rt: Runtime, connection: Connection) -> Iterator[None]:
    """Whoever is renewed in here is renewed once, at the end: members before sponsors, each in the order of their
    numbers.

    For a sponsor everybody they pay for is read: that is done once, and not again for each of thousands. And two
    transactions that are about the same people never wait for each other.
    """
    if WAITING in connection.info:
        yield
        return
    waiting: set[int] = connection.info.setdefault(WAITING, set())
    try:
        yield
    finally:
        del connection.info[WAITING]
    renew(rt, connection, waiting)


def renew(rt: Runtime, connection: Connection, members: Collection[int], *, sponsors: bool = True) -> None:
    """Something about these members has changed: what is paid, who pays, where they are written to, or their wishes.

    What waits to be sent and is not true any more is not sent; the next reminder, theirs and their sponsors', is
    worked out in this transaction, or at the end of what is done `together`. Of very many people the next scan works
    it out. Without `sponsors` only theirs, where nothing has changed for whoever pays for them.
    """
    if WAITING in connection.info:
        connection.info[WAITING].update(members)
        return
    documents, now = publishing.newest(rt), rt.clock()
    rules, people = rules_of(rt, documents), sorted(set(members))
    if rules is None or not people:
        return
    mark = mark_of(documents, now)
    _renew(connection, MEMBER, people, rules, mark, now, beside=reminded.beside(connection, people))
    if sponsors:
        _renew(connection, SPONSOR, reminded.sponsors_paying(connection, people), rules, mark, now)


def renew_phone(rt: Runtime, connection: Connection, phone: str) -> None:
    """Whoever uses a number wants reminders no more, or again: theirs, and those of the people they pay for."""
    documents, now = publishing.newest(rt), rt.clock()
    rules = rules_of(rt, documents)
    if rules is None:
        return
    members, sponsors = reminded.with_phone(connection, phone)
    people = sorted({*members, *(member for _sponsor, member in reminded.people_of(connection, sponsors))})
    mark = mark_of(documents, now)
    _renew(connection, MEMBER, people, rules, mark, now)
    _renew(connection, SPONSOR, sponsors, rules, mark, now)


def _renew(
    connection: Connection,
    kind: Kind,
    people: Sequence[int],
    rules: Rules,
    mark: str,
    now: datetime,
    beside: Collection[int] = (),
) -> None:
    """Work these people out anew, and those `beside` them, who use the same phones and may read each other's texts."""
    everybody = sorted({*people, *beside})
    if len(people) > AT_ONCE:
        store.look_again(connection, kind, everybody, now)
        _drop(
            connection, kind, [one for one in store.sent_to(connection, kind, people, now) if _may_wait(one, now)], now
        )
    elif people:
        store.lock(connection, kind, everybody)
        known = read(connection, kind, everybody, rules, now)
        if _drop(connection, kind, [went for one in known.values() for went in _untrue(one, rules, now)], now):
            known = read(connection, kind, everybody, rules, now)
        store.keep(connection, kind, times(known, rules, mark, now))


def _drop(connection: Connection, kind: Kind, untrue: Sequence[Went], now: datetime) -> bool:
    """Do not send what is not true any more; whether others were to read it for themselves, and are to be told now."""
    by_key = {one.key(kind): one for one in untrue}
    stopped = store.drop_waiting(connection, list(by_key), "settled", now) if by_key else []
    return bool(stopped) and kind == MEMBER and store.unsay(connection, [by_key[key] for key in stopped]) > 0


def _may_wait(went: Went, now: datetime) -> bool:
    return went.day >= (now - MAY_WAIT).date()


def _untrue(known: Known, rules: Rules, now: datetime) -> list[Went]:
    """What may still wait to be sent to somebody and is not true any more."""
    steps = {step.name: step for step in rules.plan.steps}
    return [
        one
        for one in known.went
        if _may_wait(one, now)
        and (
            known.stands is None
            or not domain.still_true(one.month, steps.get(one.step), known.stands, now, rules.holidays)
        )
    ]
