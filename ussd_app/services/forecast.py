"""Who is going to get which reminder when, if nobody pays and nothing changes; what it is reckoned to cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from ussd_app.domain import calendar, gsm7
from ussd_app.domain import reminders as domain
from ussd_app.domain.reminders import Planned, Rules
from ussd_app.errors import NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.services.days import JAKARTA, local
from ussd_app.services.outbox import Letter
from ussd_app.services.reminder_texts import Reminder, letters
from ussd_app.services.reminders import Known, read, rules_of
from ussd_app.storage import reminders as store
from ussd_app.storage.pointers import Pointers
from ussd_app.storage.reminders import MEMBER, SPONSOR, Kind

PAGE = 1000
YEAR = timedelta(days=365)


@dataclass
class Day:
    """What is to go out on a day: how many of each step, and all their segments."""

    steps: Counter[str] = field(default_factory=Counter)
    segments: int = 0


@dataclass(frozen=True)
class Forecast:
    """The days to come, what a segment is reckoned to cost in rupiah, and how many segments an evening has room for."""

    days: Mapping[date, Day]
    price: int
    room: int


def forecast(rt: Runtime, days: int) -> Forecast:
    """What goes out in the next days. Reads everybody, page by page."""
    documents, rules, now = _rules(rt)
    sending = publishing.sending(rt, documents)
    found: dict[date, Day] = {}
    for kind in (MEMBER, SPONSOR):
        for known in _everybody(rt, kind, rules, now):
            _count(rt, kind, known, found, rules, documents, (now, now + timedelta(days=days)))
    evening = datetime.combine(local(now), sending.evening.end) - datetime.combine(local(now), sending.evening.start)
    room = int(evening.total_seconds()) * rt.settings.sms_per_second
    return Forecast(dict(sorted(found.items())), sending.price, room)


def _rules(rt: Runtime) -> tuple[Pointers, Rules, datetime]:
    documents = publishing.newest(rt)
    rules = rules_of(rt, documents)
    if rules is None:
        raise NotPublished("no plan of reminders has been published")
    return documents, rules, rt.clock()


def _everybody(rt: Runtime, kind: Kind, rules: Rules, now: datetime) -> Iterator[Sequence[Known]]:
    reached = 0
    while True:
        with rt.db.connect() as connection:
            people = store.following(connection, kind, reached, PAGE)
            if not people:
                return
            known = read(connection, kind, people, rules, now)
        reached = people[-1]
        yield list(known.values())


def _count(
    rt: Runtime,
    kind: Kind,
    known: Sequence[Known],
    found: dict[date, Day],
    rules: Rules,
    documents: Pointers,
    span: tuple[datetime, datetime],
) -> None:
    """Add what these people get to the days."""
    by_day: dict[date, list[Reminder]] = defaultdict(list)
    for one in known:
        for planned in domain.year_of(rules, one.stands, *span) if one.stands else ():
            by_day[calendar.local_date(planned.at, one.person.zone)].append(Reminder(one, planned))
    with rt.db.connect() as connection:
        for day, chosen in by_day.items():
            counted = found.setdefault(day, Day())
            counted.steps.update(one.planned.step.name for one in chosen)
            counted.segments += _segments(rt, letters(rt, connection, kind, chosen, documents, span[0]), documents)


def _segments(rt: Runtime, written: Mapping[str, Sequence[Letter]], documents: Pointers) -> int:
    messages, dial = publishing.messages(rt, documents), {"dial": rt.settings.service_code}
    same = Counter(
        messages[name].fill(letter.language, {**dial, **letter.values}) for name in written for letter in written[name]
    )
    return sum(gsm7.size(text).segments * number for text, number in same.items())


def year_of_member(rt: Runtime, member_id: int) -> tuple[str, list[Planned]]:
    """The zone of a member, and what they get in the year to come if they pay nothing."""
    _documents, rules, now = _rules(rt)
    with rt.db.connect() as connection:
        known = read(connection, MEMBER, [member_id], rules, now).get(member_id)
    if known is None or known.stands is None:
        return JAKARTA, []
    return known.person.zone, list(domain.year_of(rules, known.stands, now, now + YEAR))
