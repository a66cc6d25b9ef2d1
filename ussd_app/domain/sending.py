"""When a text may go out, what it is reckoned to cost, and by which gateway it goes.

All of it is data (menus/sending.yaml): contracts with gateways change, and so does what people find a decent hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, TypeAdapter

_EXACT = ConfigDict(extra="forbid")  # a misspelt key is an error, not a remark nobody reads

# How many texts there are that tell somebody new about the programme: education_1 and so on.
LESSONS = 5

Percent = Annotated[int, Field(strict=True, ge=1, le=100)]
Clock = Annotated[time, BeforeValidator(lambda value: _clock(value))]


def _clock(value: object) -> object:
    """`18:00` without quotes is 1080 to YAML, which counts in sixties."""
    return time(*divmod(value, 60)) if isinstance(value, int) and 0 <= value < 24 * 60 else value


@dataclass(frozen=True)
class Window:
    """From when until when, on the clock of the person who is written to."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    start: Annotated[Clock, Field(alias="from")]
    end: Annotated[Clock, Field(alias="until")]

    def holds(self, moment: datetime, zone: str) -> bool:
        """Whether a UTC moment lies in it, in an IANA zone."""
        return self.start <= moment.astimezone(ZoneInfo(zone)).time() < self.end

    def next_start(self, moment: datetime, zone: str) -> datetime:
        """The first moment not before `moment` (UTC) that lies in it."""
        if self.holds(moment, zone):
            return moment
        here = moment.astimezone(ZoneInfo(zone))
        day = here.date() + timedelta(days=here.time() >= self.end)
        return datetime.combine(day, self.start, ZoneInfo(zone)).astimezone(moment.tzinfo)


@dataclass(frozen=True)
class Budget:
    """Whole rupiah a day, and the percents of it at which lanes stop."""

    __pydantic_config__ = _EXACT

    daily: Annotated[int, Field(strict=True, ge=0)]
    campaigns_stop_at: Percent
    reminders_stop_at: Percent

    def stops(self, lane: str, spent: int) -> bool:
        """Whether nothing more goes out on a lane once so many rupiah are spent today."""
        percent = {"campaigns": self.campaigns_stop_at, "reminders": self.reminders_stop_at}.get(lane)
        return percent is not None and spent * 100 >= self.daily * percent


@dataclass(frozen=True)
class Route:
    """A gateway, for numbers with one of these prefixes (E.164) or, without any, for all; among equals by weight."""

    __pydantic_config__ = _EXACT

    gateway: str
    weight: Annotated[int, Field(strict=True, ge=0)] = 1
    prefixes: tuple[Annotated[str, Field(pattern=r"^\+[1-9][0-9]{0,12}$")], ...] = ()


@dataclass(frozen=True)
class Sending:
    """Everything menus/sending.yaml says; made by `sending_from`, which checks it. `price` is rupiah a segment."""

    __pydantic_config__ = _EXACT

    hours: Window
    evening: Window
    price: Annotated[int, Field(strict=True, ge=0)]
    budget: Budget
    repeat_after_minutes: Annotated[int, Field(strict=True, ge=1)]
    no_report_after_hours: Annotated[int, Field(strict=True, ge=1)]
    dead_after_failures: Annotated[int, Field(strict=True, ge=1)]
    routes: Annotated[tuple[Route, ...], Field(min_length=1)]
    # How many days after somebody asks to learn about the programme each text comes; 0 is the same evening.
    education_days: Annotated[tuple[Annotated[int, Field(strict=True, ge=0, le=90)], ...], Field(min_length=1)]

    def cost(self, segments: int) -> int:
        """What so many segments are reckoned to cost, in whole rupiah."""
        return segments * self.price


def sending_from(data: object) -> Sending:
    """What a parsed sending.yaml says; raises pydantic's ValidationError for anything wrong in it."""
    return TypeAdapter(Annotated[Sending, AfterValidator(_consistent)]).validate_python(data)


def _consistent(sending: Sending) -> Sending:
    for name, window in (("hours", sending.hours), ("evening", sending.evening)):
        if window.start >= window.end:
            raise ValueError(f"{name}: `from` must be earlier than `until`")
    if sending.evening.start < sending.hours.start or sending.evening.end > sending.hours.end:
        raise ValueError("evening: must lie within `hours`")
    if list(sending.education_days) != sorted(set(sending.education_days)) or len(sending.education_days) > LESSONS:
        raise ValueError(f"education_days: at most {LESSONS} numbers, each higher than the one before")
    if sending.budget.campaigns_stop_at > sending.budget.reminders_stop_at:
        raise ValueError("budget: campaigns must stop before reminders do")
    return sending
