"""The figures of the service as the desk shows them: what is known of each, of which period, and since when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ussd_app.runtime import Runtime
from ussd_app.services import days, reckoning
from ussd_app.services.dashboard_counts import ALL
from ussd_app.services.picture import Count
from ussd_app.storage import costs
from ussd_app.storage.reckonings import Reckoning

# What was found is worked out anew when somebody looks at it after so long.
FRESH = timedelta(hours=1)
PERIODS = (7, 30, 90)
MEASURES = ("new", "renewed", "lapsed")
_TARGET = Path(__file__).parent / "national_target.yaml"


def known(rt: Runtime) -> dict[str, Reckoning]:
    """What is known of every figure, by the reckoning's name; what is too old is asked for."""
    return {series.kind: reckoning.fresh(rt, series.kind, "", FRESH) for series in ALL}


def as_it_stands(rt: Runtime) -> dict[str, Reckoning]:
    """The same, and nothing is asked for."""
    found = {series.kind: reckoning.known(rt, series.kind) for series in ALL}
    return {kind: one for kind, one in found.items() if one is not None}


def ask(rt: Runtime) -> None:
    """Have every figure worked out anew."""
    for series in ALL:
        reckoning.ask(rt, series.kind)


@dataclass(frozen=True)
class Found:
    """One of the figures as it was found at `at` (UTC), by the first day of each stretch; `beside` is of that day."""

    at: datetime
    today: date
    each: dict[date, Mapping[str, Any]]
    beside: Mapping[str, Any]

    def last(self, number: int) -> list[tuple[date, Mapping[str, Any]]]:
        """The last so many stretches, the newest last."""
        return list(self.each.items())[-number:]

    def total(self, measure: str, number: int) -> int:
        """So many members in the last so many days: new, renewed or lapsed."""
        return sum(int(one[measure]["all"]) for _, one in self.last(number))


def found(one: Reckoning | None) -> Found | None:
    """What was found; None before anything was."""
    if one is None or one.found is None or one.found_at is None:
        return None
    beside = {name: value for name, value in one.found.items() if name not in ("today", "each")}
    each = {date.fromisoformat(start): told for start, told in one.found["each"].items()}
    return Found(one.found_at, date.fromisoformat(one.found["today"]), each, beside)


@dataclass(frozen=True)
class Group:
    """Members of a province or of a sector: active now; new, renewed and lapsed in a period."""

    name: str
    active: int
    new: int
    renewed: int
    lapsed: int


def groups(members: Found, by: str, number: int) -> list[Group]:
    """By `province` or `sector`, of the last so many days; most active members first."""
    sums: dict[str, Counter[str]] = {measure: Counter() for measure in MEASURES}
    for _, one in members.last(number):
        for measure in MEASURES:
            sums[measure].update(one[measure][by])
    active: Mapping[str, int] = members.beside["active"][by]
    names = {*active, *(name for one in sums.values() for name in one)}
    found = [Group(name, active.get(name, 0), *(sums[measure][name] for measure in MEASURES)) for name in names]
    return sorted(found, key=lambda one: (-one.active, -one.new, one.name))


@dataclass(frozen=True)
class Passed:
    """A screen on the way to a registration: dialogues that came there, and those that saw nothing after it.

    `share` is how many of a hundred that began came so far; `everybody` is False where only some pass.
    """

    screen: str
    text: str
    everybody: bool
    came: int
    ended: int
    share: float


def funnel(turns: Found, number: int) -> list[Passed]:
    """The way to a registration in the last so many days, over all versions of the menu."""
    seen = screens(turns, number, turns.beside["menu"])
    path = turns.beside["path"]
    began = seen.get(path[0]["screen"], Count(0, 0)).came if path else 0
    return [
        Passed(one["screen"], one["text"], one["all"], count.came, count.ended, 100 * count.came / began)
        for one in path
        if began
        for count in (seen.get(one["screen"], Count(0, 0)),)
    ]


def screens(turns: Found, number: int, menu: str, version: str = "") -> dict[str, Count]:
    """How many dialogues came to each screen of a menu in the last so many days; of one version, or of all."""
    came: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    for name, screen, counted in _seen(turns, number, menu):
        if version in ("", name):
            came[screen] += counted[0]
            ended[screen] += counted[1]
    return {screen: Count(came[screen], ended[screen]) for screen in came}


def versions(turns: Found, number: int, menu: str) -> list[str]:
    """The versions of a menu that were walked in the last so many days, newest first."""
    return sorted({name for name, _, _ in _seen(turns, number, menu)}, key=int, reverse=True)


def _seen(turns: Found, number: int, menu: str) -> Iterator[tuple[str, str, list[int]]]:
    for _, one in turns.last(number):
        for version, counted in one.get(menu, {}).items():
            for screen, numbers in counted.items():
                yield version, screen, numbers


@dataclass(frozen=True)
class Cost:
    """Of one day: texts handed over, their segments, whole rupiah they are reckoned to cost."""

    texts: int
    segments: int
    expected: int


def daily_costs(rt: Runtime, number: int) -> dict[date, Cost]:
    """What went out on each of the last so many days, today last: a sum that is kept, not a count."""
    today = days.local(rt.clock())
    wanted = [today - timedelta(days=one) for one in reversed(range(number))]
    sums = {day: costs.Sums() for day in wanted}
    with rt.db.connect() as connection:
        for heap, one in costs.since(connection, wanted[0]).items():
            sums[heap.day] = sums.get(heap.day, costs.Sums()) + one
    return {day: Cost(sums[day].texts + sums[day].repeats, sums[day].segments, sums[day].expected) for day in wanted}


def _month(said: object) -> object:
    return f"{said}-01" if isinstance(said, str) and len(said) == len("2024-12") else said


class Target(BaseModel):
    """How many active members the country is to have by the end of a month, whence it began, who said so and when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    members: Annotated[int, Field(gt=0)]
    by: Annotated[date, BeforeValidator(_month)]
    began_with: Annotated[int, Field(ge=0)]
    began: Annotated[date, BeforeValidator(_month)]
    said: date
    source: Annotated[str, Field(min_length=1)]

    @property
    def missing(self) -> int:
        """How many were missing when it was said."""
        return self.members - self.began_with


@cache
def target() -> Target:
    """The national target. Raises pydantic.ValidationError for a file that is not written as it should be."""
    return Target.model_validate(yaml.load(_TARGET.read_text(encoding="utf-8"), Loader=yaml.BaseLoader))  # noqa: S506
