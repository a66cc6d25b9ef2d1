"""The plan of reminders: which text goes to whom, how many days from which day. It is data (menus/reminders.yaml)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter

from ussd_app.domain import calendar

_EXACT = ConfigDict(extra="forbid")  # a misspelt key is an error, not a remark nobody reads

Recipient = Literal["member", "sponsored", "sponsor"]
# What the days of a step are counted from, all of it for the earliest unpaid contribution month: its due date; its last
# day; the last day on which a payment keeps the membership. For who never paid: the day they enrolled.
Anchor = Literal["due", "month_end", "lapse", "joined"]
# With the due date of the fourth unpaid month membership ends: three may be in arrears (handbook of BPJS
# Ketenagakerjaan, Perdir 22/072022).
MONTHS_TO_LAPSE = 3
SUNDAY = 6


@dataclass(frozen=True)
class Step:
    """One reminder: `days` from its anchor, `months` later where that is a due date; good for `valid` more days.

    `pay_day`: it comes on the last pay day before the due date, to those who told us theirs; at harvest, with the
    text `harvest`, to those who are paid then.
    """

    __pydantic_config__ = _EXACT

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,23}$")]
    to: Annotated[tuple[Recipient, ...], Field(min_length=1)]
    anchor: Anchor
    days: Annotated[int, Field(strict=True, ge=-31, le=62)]
    message: str
    months: Annotated[int, Field(strict=True, ge=0, le=MONTHS_TO_LAPSE)] = 0
    valid: Annotated[int, Field(strict=True, ge=0, le=14)] = 0
    pay_day: bool = False
    harvest: str = ""

    @property
    def warns(self) -> bool:
        """Whether it comes while its day can still be met."""
        return self.anchor != "joined" and self.days <= 0


@dataclass(frozen=True)
class Plan:
    """Everything menus/reminders.yaml says; made by `plan_from`, which checks it."""

    __pydantic_config__ = _EXACT

    most_a_month: Annotated[int, Field(strict=True, ge=1, le=3)]
    never_on: tuple[Literal["sundays", "holidays"], ...]
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]

    def allows(self, day: date, holidays: Collection[date]) -> bool:
        """Whether anybody is reminded on a day."""
        if "sundays" in self.never_on and day.weekday() == SUNDAY:
            return False
        return "holidays" not in self.never_on or day not in holidays

    def messages(self) -> list[tuple[int, str]]:
        """The texts it asks for, each with the number of its step."""
        named = [(number, text) for number, step in enumerate(self.steps) for text in (step.message, step.harvest)]
        return [(number, text) for number, text in named if text]


def plan_from(data: object) -> Plan:
    """What a parsed reminders.yaml says; raises pydantic's ValidationError for anything wrong in it."""
    return TypeAdapter(Annotated[Plan, AfterValidator(_consistent)]).validate_python(data)


def anchor_day(step: Step, month: date, holidays: frozenset[date]) -> date:
    """The day a step is counted from, for an earliest unpaid contribution month; not for those who never paid."""
    if step.anchor == "lapse":
        return calendar.due_date(calendar.add_months(month, MONTHS_TO_LAPSE), holidays)
    later = calendar.add_months(month, step.months)
    return calendar.last_day(later) if step.anchor == "month_end" else calendar.due_date(later, holidays)


def day_of(step: Step, month: date, holidays: frozenset[date]) -> date:
    """The day a step is planned for, where no pay day moves it."""
    return anchor_day(step, month, holidays) + timedelta(days=step.days)


def _consistent(plan: Plan) -> Plan:
    for name, number in Counter(step.name for step in plan.steps).items():
        if number > 1:
            raise ValueError(f"steps: `{name}` stands there {number} times; every step needs a name of its own")
    for step in plan.steps:
        complaint = _complaint(step)
        if complaint:
            raise ValueError(f"steps: `{step.name}`: {complaint}")
    if sum(step.anchor == "lapse" and step.days > 0 for step in plan.steps) > 1:
        raise ValueError("steps: after membership has ended one text is enough; then there is silence")
    return plan


def _complaint(step: Step) -> str:
    """What is wrong with a step, if anything is."""
    if "sponsor" in step.to and (len(step.to) > 1 or step.anchor != "due" or step.months):
        return "a sponsor's step is for sponsors alone, and counted from the due date"
    if "sponsored" in step.to and (step.anchor == "joined" or (step.warns and not step.months)) and not _ends(step):
        return "who has a sponsor is reminded only once in arrears"
    if step.months and step.anchor == "joined":
        return "`months` are counted from a due date or the end of a month"
    if step.anchor == "joined" and step.days < 1:
        return "nobody is reminded before the day after they enrolled"
    if step.warns and step.days + step.valid > 0:
        return f"it would still go out after the day it speaks of: `valid` must be {-step.days} at most"
    if step.pay_day and (step.anchor != "due" or step.days >= 0 or step.months):
        return "only a reminder before the due date can come on a pay day"
    return "`harvest` needs `pay_day: true`" if step.harvest and not step.pay_day else ""


def _ends(step: Step) -> bool:
    return step.anchor == "lapse"
