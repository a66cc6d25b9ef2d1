"""How the desk says the plan of reminders: when each goes out, to whom, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import g

from ussd_app.domain import calendar
from ussd_app.domain.reminder_days import PayDays
from ussd_app.domain.reminder_plan import Step
from ussd_app.domain.sending import Window
from ussd_app.engine.messages import Message, Messages
from ussd_app.errors import NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.web.admin.desk import t
from ussd_app.web.admin.words import knows

_MONDAY = date(2024, 1, 1)
_THOUSAND = 1000


@dataclass(frozen=True)
class Told:
    """One step in words: its name, to whom, when, what else counts, and the words of its texts."""

    name: str
    to: str
    when: str
    more: Sequence[str]
    texts: Sequence[str]


def step_name(name: str) -> str:
    """What a step is called; its own name where nobody has written a word for it."""
    key = f"reminders.step_{name}"
    return t(key) if knows(key) else name.replace("_", " ")


def place(rt: Runtime) -> Callable[[str], tuple[int, str]]:
    """The order of the plan, to sort steps by their names; those that are in it no more come last."""
    try:
        plan = publishing.reminders(rt, publishing.newest(rt))
    except NotPublished:
        return lambda name: (0, name)
    places = {step.name: number for number, step in enumerate(plan.steps)}
    return lambda name: (places.get(name, len(places)), name)


def told(step: Step, evening: Window, messages: Messages) -> Told:
    """A step of the plan in words."""
    more = [t("reminders.valid", days=step.valid)] if step.valid else []
    if step.pay_day:
        more.append(t("reminders.on_pay_day"))
    if step.harvest:
        more.append(t("reminders.at_harvest"))
    texts = [words(messages[name]) for name in (step.message, step.harvest) if name]
    to = ", ".join(t(f"reminders.to_{one}") for one in step.to)
    return Told(step_name(step.name), to, f"{_day(step)}, {clock(evening)}", more, texts)


def _day(step: Step) -> str:
    """The day of a step: `7 days before the due date`."""
    when = "on" if step.days == 0 else "before" if step.days < 0 else "after"
    anchor = t(f"reminders.anchor_{step.anchor}")
    if step.months:
        anchor = t("reminders.months_later", anchor=anchor, months=step.months)
    return t(f"reminders.when_{when}", days=abs(step.days), anchor=anchor)


def clock(evening: Window) -> str:
    """The hours in the evening."""
    return t("reminders.clock", start=f"{evening.start:%H.%M}", end=f"{evening.end:%H.%M}")


def words(message: Message) -> str:
    """The words of a text in the language of whoever is looking, its variables in braces."""
    template = message.texts.get(g.language) or message.texts["id"]
    return "".join(part if isinstance(part, str) else f"{{{'.'.join(part.path)}}}" for part in template)


def weekdays() -> Sequence[str]:
    """The days of the week, from Monday, as heads of a calendar have them."""
    return [weekday(_MONDAY + timedelta(days=number)) for number in range(7)]


def weekday(day: date) -> str:
    """The short name of a day of the week."""
    return t(f"reminders.weekday_{day.isoweekday()}")


def pay_days(pay: PayDays) -> str:
    """When somebody is paid."""
    if pay.kind == "weekly":
        names = [t(f"reminders.weekday_{number}") for number in pay.days]
    elif pay.kind == "monthly":
        names = [str(number) for number in pay.days]
    else:
        names = [calendar.spell_month(date(2024, number, 1), g.language, short=False)[:-5] for number in pay.days]
    return t(f"reminders.paid_{pay.kind}", days=", ".join(names))


def at_home(at: datetime, zone: str) -> str:
    """A moment as the clock shows it where somebody lives."""
    here = at.astimezone(ZoneInfo(zone))
    return f"{weekday(here.date())}, {calendar.spell_date(here.date(), g.language)}, {here:%H.%M}"


def compact(number: int) -> str:
    """A number that fits a small square: 940, 1,2 rb, 38 rb."""
    if number < _THOUSAND:
        return str(number)
    tenths = f"{number / _THOUSAND:.1f}" if number < 10 * _THOUSAND else f"{number / _THOUSAND:.0f}"
    return t("reminders.thousands", number=tenths.replace(".", "," if g.language == "id" else "."))
