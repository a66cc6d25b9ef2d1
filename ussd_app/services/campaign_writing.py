"""A campaign is put together at the desk: conditions and wordings become the file that is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import yaml

from ussd_app.domain import gsm7
from ussd_app.domain.campaigns import ZONES
from ussd_app.domain.nik import PROVINCES
from ussd_app.engine.campaign_file import STATES, Known, Segment
from ussd_app.engine.expressions import Template
from ussd_app.engine.messages import compile_texts
from ussd_app.engine.source import read
from ussd_app.errors import Refused
from ussd_app.runtime import Runtime
from ussd_app.services import campaigns, publishing
from ussd_app.services.campaigns import FIELDS, SAMPLE
from ussd_app.services.days import JAKARTA

LISTS = ("packages", "sectors", "provinces", "states", "languages")
FLAGS = ("sponsor", "sponsored")
# The wordings that a form has room for.
ARMS = ("A", "B", "C", "D")
LONGEST_WORDS = 1000


def possible(known: Known) -> Mapping[str, Sequence[str]]:
    """For each list of a segment its possible values, where campaigns know these words."""
    values = (known.packages, known.sectors, tuple(PROVINCES), STATES, tuple(known.ways_out))
    return {name: tuple(one) for name, one in zip(LISTS, values, strict=True)}


@dataclass(frozen=True)
class Condition:
    """One condition: a field of a segment, how it is compared (`in`, `not_in`, `yes`, `no`), and with which values."""

    field: str
    comparison: str
    values: tuple[str, ...] = ()


def segment_of(conditions: Sequence[Condition], possible: Mapping[str, Sequence[str]]) -> Segment:
    """The people whom all these conditions fit. Raises Refused("condition", field=…) for one without a known value."""
    told: dict[str, object] = {}
    for one in conditions:
        if one.field in FLAGS and one.comparison in ("yes", "no"):
            told[one.field] = one.comparison == "yes"
        elif one.field in possible and one.comparison in ("in", "not_in"):
            chosen = [value for value in possible[one.field] if (value in one.values) is (one.comparison == "in")]
            if not chosen or len(chosen) == len(possible[one.field]) > len(one.values):
                raise Refused("condition", field=one.field)
            told[one.field] = tuple(chosen)
        else:
            raise Refused("condition", field=one.field)
    return Segment.model_validate(told)


@dataclass(frozen=True)
class Arm:
    """One wording: its weight among the others, and its words by language."""

    name: str
    weight: int
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Written:
    """Everything a form says of a campaign; `hold_out` percent, `segments` at most for one text; Jakarta time."""

    name: str
    topic: str
    segment: Segment
    arms: Sequence[Arm]
    hold_out: int
    day: date
    clock: time
    segments: int = 1

    @property
    def source(self) -> str:
        """The file of it."""
        segment = {name: value for name, value in self.segment.model_dump().items() if value not in ((), None)}
        told = {
            "name": self.name,
            "topic": self.topic,
            "segment": {name: list(one) if isinstance(one, tuple) else one for name, one in segment.items()},
            "variants": [{"name": arm.name, "weight": arm.weight, "texts": dict(arm.texts)} for arm in self.arms],
            "hold_out": self.hold_out,
            "send_at": f"{self.day.isoformat()} {self.clock:%H:%M}",
            "segments": self.segments,
        }
        return str(yaml.safe_dump(told, allow_unicode=True, sort_keys=False, width=1000))


@dataclass(frozen=True)
class Measured:
    """A text at its longest fill: septets (or UTF-16 units), segments, whole rupiah for one, and what is wrong in it.

    `shown` is how it looks filled, with what is added to tell the way out; `strangers` are characters that make it
    take twice the room.
    """

    units: int
    segments: int
    price: int
    shown: str = ""
    strangers: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())


def measured(rt: Runtime, language: str, words: str, most: int) -> Measured:
    """How long a wording gets in a language at its longest, what one text of it costs, and what is wrong with it."""
    known = campaigns.known(rt)
    ending = "" if any(way in words.upper() for way in ("BERHENTI", "STOP")) else known.ways_out[language]
    source = read("campaign", yaml.safe_dump({"texts": {language: words}}, allow_unicode=True))
    texts, problems = compile_texts(source, ("texts",), {"id": words}, {"id": ending}, FIELDS, most)
    sentences = tuple(problem.sentence for problem in problems if problem.error)
    unknown = any(not isinstance(part, str) and part.path[0] not in FIELDS for part in texts["id"])
    longest = "" if unknown else _filled(texts["id"], language, {name: kind.longest for name, kind in FIELDS.items()})
    size, price = gsm7.size(longest), publishing.sending(rt, publishing.newest(rt)).price
    values = {"dial": rt.settings.service_code, "name": SAMPLE}
    shown = "" if unknown else _filled(texts["id"], language, values)
    strangers = tuple(gsm7.strangers(longest))
    return Measured(size.units, size.segments, size.segments * price, shown, strangers, sentences)


def _filled(template: Template, language: str, values: Mapping[str, object]) -> str:
    shown = (part if isinstance(part, str) else part.show(values[part.path[0]], language) for part in template)  # type: ignore[arg-type]
    return gsm7.plain("".join(shown))


def begins(rt: Runtime, day: date, clock: time) -> dict[str, datetime]:
    """When the first texts can go out in each zone (UTC), for a campaign that begins then in Jakarta."""
    hours = publishing.sending(rt, publishing.newest(rt)).hours
    at = datetime.combine(day, clock, ZoneInfo(JAKARTA)).astimezone(UTC)
    return {zone: hours.next_start(max(at, rt.clock()), zone) for zone in ZONES}
