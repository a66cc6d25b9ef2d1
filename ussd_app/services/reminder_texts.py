"""The words of reminders: what each person is told, and nothing their text does not show.

Where a text shows no name, thousands of them are the same words and share one call to the gateway.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import Connection

from ussd_app.domain import calendar, contributions
from ussd_app.domain import reminders as domain
from ussd_app.domain.contributions import Plan, Rates
from ussd_app.domain.reminder_plan import MONTHS_TO_LAPSE
from ussd_app.domain.reminders import Planned
from ussd_app.engine.kinds import Value
from ussd_app.errors import NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.services.days import local
from ussd_app.services.outbox import Letter
from ussd_app.services.reminders import Known
from ussd_app.services.words import shown_name
from ussd_app.storage import members, reminded
from ussd_app.storage.pointers import Pointers
from ussd_app.storage.reminders import MEMBER, Kind, key_of

# What leads from the home screen of a member to paying, and from a sponsor's to renewing everybody.
TO_PAY, TO_RENEW = "2", "1"
SPONSOR_MENU = "sponsor"
# Longer than any evening, and shorter than the time from one to the next.
EVENING = timedelta(hours=12)
log = structlog.get_logger()


@dataclass(frozen=True)
class Reminder:
    """Somebody who is to be reminded now."""

    known: Known
    planned: Planned


def chain(code: str, *answers: str) -> str:
    """What is dialled to give these answers at once: `*777*2#`."""
    return "*".join((code.removesuffix("#"), *answers)) + "#"


def letters(
    rt: Runtime, connection: Connection, kind: Kind, chosen: Sequence[Reminder], documents: Pointers, now: datetime
) -> dict[str, list[Letter]]:
    """The SMS of these reminders by message. The members of one phone who would read the same words get them once an
    evening, under the name of the first of them.

    Held against each other are those who are chosen here, and what was written to their phone this evening before.
    Where the first one's SMS is stopped, because theirs is paid, the others are due again (services/reminders): their
    words are nowhere then, so that one of them is told.
    """
    messages, holidays = publishing.messages(rt, documents), publishing.holidays(rt, documents)
    shows = {name: messages[name].fields for name in {one.planned.message for one in chosen}}
    priced = [one for one in chosen if "total" in shows[one.planned.message]] if kind == MEMBER else []
    totals = _totals(rt, connection, priced, documents, now)
    code, dial = _code(rt, kind, documents), rt.settings.service_code
    said = reminded.said_lately(connection, {one.known.person.phone for one in chosen}, now - EVENING)
    made: dict[str, list[Letter]] = defaultdict(list)
    read: set[tuple[object, ...]] = set()
    for one in chosen:
        person, name = one.known.person, one.planned.message
        if "total" in shows[name] and person.id not in totals:
            continue
        values = {field: value for field, value in _values(one, holidays, now) if field in shows[name]}
        values |= {"pay": code, **({"total": totals[person.id]} if "total" in shows[name] else {})}
        words = (person.phone, name, *(str(value) for value in values.values()))
        if words in read:
            continue
        read.add(words)
        before = said.get(person.phone)
        if before is None or messages[name].fill(person.language, {"dial": dial, **values}) not in before:
            key = key_of(kind, person.id, one.planned.month, one.planned.step.name)
            made[name].append(Letter(key, person.phone, person.language, values, one.planned.until))
    return made


def _code(rt: Runtime, kind: Kind, documents: Pointers) -> str:
    """What is dialled to pay, or to renew everybody: by the sponsors' own code, where they have one."""
    if kind == MEMBER:
        return chain(rt.settings.service_code, TO_PAY)
    try:
        codes = publishing.newest_menu(rt, documents, SPONSOR_MENU).codes
    except NotPublished:
        codes = ()
    return chain(next(iter(codes)), TO_RENEW) if codes else rt.settings.service_code


def _values(one: Reminder, holidays: frozenset[date], now: datetime) -> Iterator[tuple[str, Value]]:
    """What a reminder may show, besides the sum and the code; whole months and days as ISO text."""
    month, stands = _month(one, now), one.known.stands
    yield "name", shown_name(one.known.person.name)
    yield "month", [month.isoformat()]
    yield "due", calendar.due_date(month, holidays).isoformat()
    yield "lapse", calendar.due_date(calendar.add_months(month, MONTHS_TO_LAPSE), holidays).isoformat()
    if isinstance(stands, domain.Sponsor):
        yield "people", domain.people_unpaid(stands.unpaid, month)


def _month(one: Reminder, now: datetime) -> date:
    """The contribution month a payment goes to: that of who never paid is the one that runs."""
    if one.planned.step.anchor == "joined":
        return calendar.month_of(local(now))
    return one.planned.month


def _totals(
    rt: Runtime, connection: Connection, chosen: Sequence[Reminder], documents: Pointers, now: datetime
) -> Mapping[int, int]:
    """What these members have to pay for that month, in whole rupiah, less what stands to their credit."""
    people = [one.known.person.id for one in chosen]
    plans, credit = members.plans_of(connection, people), reminded.credits_of(connection, people)
    prices = _Prices(publishing.rates(rt, documents))
    found = {}
    for one in chosen:
        number, month = one.known.person.id, _month(one, now)
        price = prices.of(contributions.plan_in(plans[number], month), month)
        if price is not None:
            found[number] = max(0, price - credit.get(number, 0))
    return found


class _Prices:
    """What a month costs by these rates, each asked for once."""

    def __init__(self, rates: Rates) -> None:
        self.rates = rates
        self.known: dict[tuple[Plan, date], int | None] = {}

    def of(self, plan: Plan, month: date) -> int | None:
        """Whole rupiah; None where the rates know no such plan or month."""
        if (plan, month) not in self.known:
            try:
                self.known[plan, month] = contributions.price_of(self.rates, {month: plan}, [month]).total
            except (KeyError, ValueError) as error:
                log.error("somebody cannot be reminded: their month has no price", plan=str(plan), error=str(error))
                self.known[plan, month] = None
        return self.known[plan, month]
