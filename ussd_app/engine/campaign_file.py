"""What an operator writes to make a campaign: one small YAML file, all mistakes told at once, each with its line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from ussd_app.domain.coverage import CoverageState
from ussd_app.domain.nik import PROVINCES
from ussd_app.engine import graph
from ussd_app.engine.compiler import fields_of, validate
from ussd_app.engine.kinds import Kind
from ussd_app.engine.messages import Message, compile_texts
from ussd_app.engine.source import Source
from ussd_app.errors import Problem

# What makes a text personal: it shares no call to the gateway with others.
PERSONAL = "name"
# A text that holds one of these words tells the way out itself.
WAYS_OUT = ("BERHENTI", "STOP")
# Who never paid is called so in a file, where `none` would read as "no state at all".
UNPAID = "unpaid"
STATES = (UNPAID, *(state for state in get_args(CoverageState) if state != "none"))

Plain = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Segment(_Strict):
    """Who it is for: whoever is in every list that is given. Provinces are codes of the NIK, or their names."""

    packages: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    provinces: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    sponsor: bool | None = None
    sponsored: bool | None = None


class Variant(_Strict):
    """One wording, by language, and how many in proportion to the others get it."""

    name: Plain
    weight: int = Field(1, ge=1, le=1000)
    texts: dict[str, str]


class CampaignFile(_Strict):
    """The whole file. `hold_out` is percent; `send_at` is Jakarta's time unless it says another.

    The shape; a segment may leave out any line, and then everybody is in it in that respect:

        name: hari-tua-oktober
        topic: education                 # or announcement; whoever stopped "education" gets neither
        segment:
          packages: [jkk_jkm]            # of the rates, as are the sectors
          sectors: [driver, seller]
          provinces: [31, Bali]
          states: [unpaid, due, arrears] # also upcoming, received, active, lapsed
          languages: [id, jv]
          sponsor: no                    # yes: those who pay for others, also who is no member
          sponsored: no
        variants:                        # `{name|cut:12}` and `{dial}` can be shown
          - {name: A, weight: 1, texts: {id: "Halo {name|cut:12}, ...", jv: "..."}}
          - {name: B, weight: 1, texts: {id: "Tahukah Anda? ... {dial}"}}
        hold_out: 10
        send_at: 2026-11-23 09:00
        segments: 1                      # of 160 characters, the way out included
    """

    name: Plain
    topic: Literal["education", "announcement"]
    segment: Segment = Segment()
    variants: list[Variant] = Field(min_length=1, max_length=8)
    hold_out: int = Field(0, ge=0, le=90)
    send_at: datetime
    segments: int = Field(1, ge=1, le=3)


@dataclass(frozen=True)
class Campaign:
    """A campaign that may be sent: the file, and each wording ready to be filled, by its name."""

    file: CampaignFile
    messages: Mapping[str, Message]

    @property
    def weights(self) -> dict[str, int]:
        """The weight of each wording."""
        return {variant.name: variant.weight for variant in self.file.variants}

    def language_for(self, variant: str, language: str) -> str:
        """In which language somebody who reads this one gets a wording: Indonesian where there is no text in theirs."""
        return language if language in self.messages[variant].texts else "id"

    def is_personal(self, variant: str, language: str) -> bool:
        """Whether the text in a language says the person's name."""
        template = self.messages[variant].texts[self.language_for(variant, language)]
        return any(path[0] == PERSONAL for path in fields_of(template))


@dataclass(frozen=True)
class Known:
    """The words that exist: packages and sectors of the rates; and languages, each with how it tells the way out."""

    packages: Collection[str]
    sectors: Collection[str]
    ways_out: Mapping[str, str]


def compile_campaign(source: Source, known: Known, fields: Mapping[str, Kind]) -> tuple[Campaign | None, list[Problem]]:
    """The campaign of a file, or None with everything that is wrong. Texts may show `fields` and no other."""
    problems: list[Problem] = []
    file = validate(CampaignFile, source, problems)
    if file is None:
        return None, problems
    problems += _unknown_words(source, file, known)
    messages: dict[str, Message] = {}
    for number, variant in enumerate(file.variants):
        at = ("variants", str(number))
        if variant.name in messages:
            problems.append(source.problem((*at, "name"), f"there are two variants called `{variant.name}`"))
        texts, found = _texts(source, (*at, "texts"), variant, file.segments, known, fields)
        messages[variant.name] = Message("campaigns", False, texts)
        problems += found
    return (None if any(problem.error for problem in problems) else Campaign(file, messages)), problems


def _texts(
    source: Source, at: tuple[str, ...], variant: Variant, most: int, known: Known, fields: Mapping[str, Kind]
) -> tuple[graph.Texts, list[Problem]]:
    unknown = [language for language in variant.texts if language not in known.ways_out]
    if unknown:
        sentence = f"nobody reads this language: write {', '.join(known.ways_out)}"
        return {}, [source.problem((*at, language), sentence) for language in unknown]
    endings = {
        language: "" if any(word in words.upper() for word in WAYS_OUT) else known.ways_out[language]
        for language, words in variant.texts.items()
    }
    return compile_texts(source, at, variant.texts, endings, fields, most)


def _unknown_words(source: Source, file: CampaignFile, known: Known) -> list[Problem]:
    segment, problems = file.segment, []
    for name, told, possible in (
        ("packages", segment.packages, known.packages),
        ("sectors", segment.sectors, known.sectors),
        ("provinces", segment.provinces, [*PROVINCES, *PROVINCES.values()]),
        ("states", segment.states, STATES),
        ("languages", segment.languages, known.ways_out),
    ):
        for number, word in enumerate(told):
            if word not in possible:
                sentence = f"`{word}` is none of {', '.join(possible)}"
                problems.append(source.problem(("segment", name, str(number)), sentence))
    return problems
