"""Which reminders go out on each day to come if nobody pays: everybody's, page by page, or those of one member."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ussd_app.domain import calendar, gsm7
from ussd_app.domain import reminders as domain
from ussd_app.domain.reminders import Planned, Rules
from ussd_app.errors import NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.services.days import JAKARTA, local
from ussd_app.services.outbox import Letter
from ussd_app.services.reckoning_steps import Step
from ussd_app.services.reminder_texts import Reminder, letters
from ussd_app.services.reminders import Known, read, rules_of
from ussd_app.storage import reminders as store
from ussd_app.storage import sending_pages
from ussd_app.storage.pointers import Pointers
from ussd_app.storage.reminders import MEMBER, SPONSOR, Kind

DAYS = 60
YEAR = timedelta(days=365)
PAGE, PAGES = 1000, 5
Days = dict[str, dict[str, Any]]


@dataclass
class _Reckoned:
    """What has been counted until now, and by what."""

    rt: Runtime
    documents: Pointers
    rules: Rules
    now: datetime
    until: datetime
    days: Days

    def add(self, kind: Kind, known: Sequence[Known]) -> None:
        """Add what these people get to the days."""
        by_day: dict[date, list[Reminder]] = defaultdict(list)
        for one in known:
            for planned in domain.year_of(self.rules, one.stands, self.now, self.until) if one.stands else ():
                by_day[calendar.local_date(planned.at, one.person.zone)].append(Reminder(one, planned))
        with self.rt.db.connect() as connection:
            for day, chosen in by_day.items():
                counted = self.days.setdefault(day.isoformat(), {"steps": {}, "segments": 0})
                steps = Counter(one.planned.step.name for one in chosen)
                counted["steps"] = dict(Counter(counted["steps"]) + steps)
                written = letters(self.rt, connection, kind, chosen, self.documents, self.now)
                counted["segments"] += self._segments(written)

    def _segments(self, written: Mapping[str, Sequence[Letter]]) -> int:
        messages, dial = publishing.messages(self.rt, self.documents), {"dial": self.rt.settings.service_code}
        same = Counter(
            messages[name].fill(letter.language, {**dial, **letter.values})
            for name in written
            for letter in written[name]
        )
        return sum(gsm7.size(text).segments * number for text, number in same.items())


def step(rt: Runtime, about: str, work: Mapping[str, Any]) -> Step:
    """Count what the next thousands of people get. In the end: by day the reminders of each step, and their segments.

    `about` says for how many days, when it is not for 60. `from` is the first day, `price` rupiah a segment, `room` how
    many segments an evening has room for. Raises NotPublished before there is a plan.
    """
    documents, rules = _rules(rt)
    now = datetime.fromisoformat(work["now"]) if work else rt.clock()
    until = now + timedelta(days=int(about or DAYS))
    so_far = _Reckoned(rt, documents, rules, now, until, dict(work.get("days", {})))
    kind, reached, part = work.get("kind", MEMBER), work.get("reached", 0), work.get("part", 0)
    with rt.db.connect() as connection:
        whole = work.get("whole") or sending_pages.numbers_in_all(connection)
    # People who are alike are worked out once: the more of them by the same rules, the better.
    for _ in range(PAGES):
        with rt.db.connect() as connection:
            people = store.following(connection, kind, reached, PAGE)
            known = read(connection, kind, people, rules, now) if people else {}
        if not people and kind == SPONSOR:
            return Step(found=_found(rt, documents, so_far.days, now))
        so_far.add(kind, list(known.values()))
        kind, reached = (kind, people[-1]) if people else (SPONSOR, 0)
        part = min(whole, part + len(people))
    left = {"kind": kind, "reached": reached, "now": now.isoformat(), "part": part, "whole": whole}
    return Step(part, whole, {**left, "days": so_far.days})


def _rules(rt: Runtime) -> tuple[Pointers, Rules]:
    documents = publishing.newest(rt)
    rules = rules_of(rt, documents)
    if rules is None:
        raise NotPublished("no plan of reminders has been published")
    return documents, rules


def _found(rt: Runtime, documents: Pointers, days: Days, now: datetime) -> dict[str, Any]:
    sending = publishing.sending(rt, documents)
    first = local(now)
    evening = datetime.combine(first, sending.evening.end) - datetime.combine(first, sending.evening.start)
    with rt.db.connect() as connection:
        told = sending_pages.pay_days(connection)
    return {
        "from": first.isoformat(),
        "days": dict(sorted(days.items())),
        "price": sending.price,
        "room": int(evening.total_seconds()) * rt.settings.sms_per_second,
        "pay_days": told,
    }


def year_of_member(rt: Runtime, member_id: int) -> tuple[str, list[Planned]]:
    """The zone of a member, and what they get in the year to come if they pay nothing. Raises NotPublished."""
    rules, now = _rules(rt)[1], rt.clock()
    with rt.db.connect() as connection:
        known = read(connection, MEMBER, [member_id], rules, now).get(member_id)
    if known is None or known.stands is None:
        return JAKARTA, []
    return known.person.zone, list(domain.year_of(rules, known.stands, now, now + YEAR))
