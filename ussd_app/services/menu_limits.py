"""A menu offers what the rates allow: so many months in one go, to people of such an age.

A menu may say less than the rates, which is a remark, but never more. So nobody who changes both is ever stuck: what
is to be allowed goes into the rates first, what is no longer to be allowed is taken out of the menus first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ussd_app.domain.contributions import Rates
from ussd_app.engine.source import Path, Source
from ussd_app.errors import Problem

# The answers that enrolling and paying are asked with. 0 months are as many as last time.
BORN, MONTHS, AS_LAST_TIME = "birth_date", "months", "0"


def disagreements(sources: Sequence[Source], rates: Rates) -> list[Problem]:
    """Every place where a menu without errors and its parts say something else than these rates."""
    written_here = [source for source in sources if "language" not in source.data]
    return [
        problem
        for source in written_here
        for name, screen in source.data.get("screens", {}).items()
        for problem in (
            *_months_wrong(source, ("screens", name), screen, rates),
            *_ages_wrong(source, ("screens", name, "ask"), screen.get("ask", {}), rates),
        )
    ]


def _months_wrong(source: Source, here: Path, screen: Mapping[str, Any], rates: Rates) -> Iterator[Problem]:
    allowed = [str(number) for number in rates.allowed_months]
    for at, months in _months_in(screen):
        if months.isdigit() and months not in (*allowed, AS_LAST_TIME):
            sentence = f"the rates do not allow to pay {months} months in one go: use one of {', '.join(allowed)}"
            yield source.problem((*here, *at, MONTHS), sentence)
    if screen.get("ask", {}).get("keep") == MONTHS:
        yield source.problem((*here, "ask"), f"the rates allow only {', '.join(allowed)} months: offer them as choices")


def _months_in(screen: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    places: dict[Path, Mapping[str, str]] = {("with",): screen.get("with", {})}
    places |= {("choices", key, "set"): choice.get("set", {}) for key, choice in screen.get("choices", {}).items()}
    places |= {("show", alias): fixed for alias, fixed in screen.get("show", {}).items()}
    yield from ((at, said[MONTHS]) for at, said in places.items() if MONTHS in said)


def _ages_wrong(source: Source, here: Path, ask: Mapping[str, Any], rates: Rates) -> Iterator[Problem]:
    """Of whoever enrols; a birth date that is asked for as a proof needs no age."""
    if ask.get("check") != BORN:
        return
    for name, limit, lax in (("min_age", rates.min_age, int.__lt__), ("max_age", rates.max_age, int.__gt__)):
        if name not in ask and ask["keep"] == BORN:
            yield source.problem(here, f"write `{name}: {limit}`, as the rates have it, for people who enrol")
        elif name in ask and int(ask[name]) != limit:
            too_lax = lax(int(ask[name]), limit)
            what = "this takes people who cannot enrol" if too_lax else "this turns people away who could enrol"
            yield source.problem((*here, name), f"the rates say {limit}: {what}", error=too_lax)
