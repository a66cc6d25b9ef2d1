"""Everything that happened to a member or a sponsor, page by page, and their dialogues as phones show them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from flask import abort, request, url_for

from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import timeline
from ussd_app.services.timeline import Sight, Subject
from ussd_app.storage.members import Member
from ussd_app.storage.timeline import Event, Place
from ussd_app.web.admin.desk import Page, me, show

# A field of a screen as its author wrote it.
_FIELD = re.compile(r"(\{[^{}]+\})")


def of_member(rt: Runtime, member: Member) -> Subject:
    """A member's timeline."""
    with rt.db.connect() as connection:
        return timeline.of_member(rt, connection, member)


def first_page(rt: Runtime, subject: Subject, *, opened: bool = False) -> tuple[Sequence[Event], Place | None]:
    """What happened last, everything in it readable when it was `opened` for a reason."""
    return timeline.page(rt, subject, Sight(me().role, opened))


def listed(rt: Runtime, subject: Subject, **person: object) -> Page:
    """One page of a timeline, of the kind that the address names."""
    sight, only, here = Sight(me().role), request.args.get("kind", ""), _place(request.args.get("after", ""))
    kinds = timeline.kinds_for(subject, sight)
    events, more = timeline.page(rt, subject, sight, only=only, after=here)
    return show(
        "timeline",
        whose=subject.whose,
        number=subject.id,
        events=events,
        kinds=kinds,
        kind=only if only in kinds else "",
        began=bool(here),
        more=more and _said(more),
        **_ways(person),
    )


def _ways(person: dict[str, object]) -> dict[str, object]:
    return {"member": None, "sponsor": None, **person}


def replayed(rt: Runtime, subject: Subject, name: str, **person: object) -> Page:
    """One dialogue, each of its screens as a phone shows it; a page that is not there for one of somebody else."""
    try:
        seen = timeline.dialogue(rt, subject, name)
    except NotAllowedNow:
        abort(404)
    return show("dialogue", whose=subject.whose, number=subject.id, seen=seen, parts=_parts, **_ways(person))


def _parts(screen: str) -> list[tuple[str, bool]]:
    """A screen's words, and of each field what it is about, in their order: what stood in it is not kept."""
    return [(_about(part), True) if part.startswith("{") else (part, False) for part in _FIELD.split(screen) if part]


def _about(field: str) -> str:
    """`{quote.total|rupiah}` is a total."""
    return field.strip("{}").partition("|")[0].rpartition(".")[2].replace("_", " ")


def _said(place: Place) -> str:
    return f"{place.at.isoformat()}~{place.kind}~{place.id}"


def _place(said: str) -> Place | None:
    """Where a page begins; whoever wrote an address by hand begins at the top."""
    with suppress(ValueError):
        at, kind, number = said.split("~")
        moment = datetime.fromisoformat(at.replace(" ", "+"))
        return Place(moment, kind, int(number)) if moment.tzinfo else None
    return None


def of_event(whose: str, number: int, event: Event) -> str | None:
    """Where one reads more about something that happened."""
    if event.kind == "dialogue":
        return url_for(f"{whose}_dialogue", number=number, name=event.facts["dialogue"])
    if event.kind == "follow_up":
        return url_for("follow_up", number=event.id)
    if event.kind == "roster":
        return url_for("roster", number=event.id)
    return None
