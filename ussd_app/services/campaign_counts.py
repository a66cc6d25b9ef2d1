"""Figures of one campaign that are too many to be counted while somebody waits: see `reckoning`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ussd_app.domain.campaigns import Share, difference
from ussd_app.gateways.messaging import MOST_RECIPIENTS
from ussd_app.runtime import Runtime
from ussd_app.services import campaign_results, campaigns, publishing
from ussd_app.services.campaigns import Filler
from ussd_app.services.reckoning_steps import Step
from ussd_app.storage import campaign_results as found
from ussd_app.storage import sending_pages


@dataclass
class Group:
    """The people who get one wording in one language: how many, their segments, and the calls to the gateway."""

    people: int = 0
    segments: int = 0
    personal: bool = False

    @property
    def calls(self) -> int:
        """A text without a name goes to a hundred people with one call, one with a name to one."""
        return self.people if self.personal else -(-self.people // MOST_RECIPIENTS)


Groups = dict[tuple[str, str], Group]


def dry_run(rt: Runtime, name: str, work: Mapping[str, Any]) -> Step:
    """Look at the next page of numbers: who would get what. In the end people, segments and rupiah, by wording.

    Nothing is written. Raises NotAllowedNow when there is no campaign of this name.
    """
    kept = campaigns.find(rt, name)
    made = campaigns.texts_of(rt, kept)
    filler, held_out = Filler(rt, made), int(work.get("held_out", 0))
    groups: Groups = {(variant, language): Group(*rest) for variant, language, *rest in work.get("groups", [])}
    with rt.db.connect() as connection:
        page = next(campaigns.pages(rt, connection, made, work.get("after", "")), None)
        whole = work.get("whole") or sending_pages.numbers_in_all(connection)
    if page is None:
        return Step(found=_would(rt, groups, held_out))
    for one in page[1]:
        variant = campaigns.variant_for(rt, kept, made, one.phone)[1]
        if variant is None:
            held_out += 1
            continue
        language = made.language_for(variant, one.language)
        group = groups.setdefault((variant, language), Group(personal=made.is_personal(variant, language)))
        group.people += 1
        group.segments += filler.fill(variant, language, one.name)[1]
    part = min(whole, int(work.get("part", 0)) + campaigns.PAGE)
    so_far = [[*key, group.people, group.segments, group.personal] for key, group in groups.items()]
    return Step(part, whole, {"after": page[0], "part": part, "whole": whole, "held_out": held_out, "groups": so_far})


def _would(rt: Runtime, groups: Groups, held_out: int) -> dict[str, Any]:
    sending, segments = publishing.sending(rt, publishing.newest(rt)), sum(one.segments for one in groups.values())
    lines = [
        {
            "variant": variant,
            "language": language,
            "calls": group.calls,
            "cost": sending.cost(group.segments),
            **asdict(group),
        }
        for (variant, language), group in sorted(groups.items())
    ]
    return {
        "groups": lines,
        "held_out": held_out,
        "people": sum(group.people for group in groups.values()),
        "segments": segments,
        "cost": sending.cost(segments),
        "seconds": segments / rt.settings.sms_per_second,
    }


def progress(rt: Runtime, name: str, _work: Mapping[str, Any]) -> Step:
    """How far a campaign is, and what it has cost until now in whole rupiah."""
    so_far = campaign_results.progress(rt, name)
    with rt.db.begin() as connection:
        found.allow_time(connection, campaign_results.PATIENCE)
        segments = sending_pages.segments_sent(connection, campaigns.messages_of(rt, so_far.kept))
    cost = publishing.sending(rt, publishing.newest(rt)).cost(segments)
    return Step(
        found={
            "state": so_far.kept.state,
            "planned": so_far.kept.planned_at is not None,
            "waiting": so_far.waiting,
            "had_turn": so_far.had_turn,
            "texts": dict(so_far.texts),
            "rate": so_far.rate,
            "seconds_left": so_far.seconds_left,
            "segments": segments,
            "cost": cost,
        }
    )


def results(rt: Runtime, about: str, _work: Mapping[str, Any]) -> Step:
    """What came of a campaign; `about` is its name, a space, and the days after each text that count."""
    name, days = about.split(" ")
    came = campaign_results.results(rt, name, int(days))
    return Step(
        found={
            "variants": [
                {
                    "variant": one.variant,
                    "texts": dict(one.texts),
                    "opted_out": _share(one.opted_out),
                    "paid": _share(one.paid),
                    "more": list(difference(one.paid, came.held_out)) if one.paid.of and came.held_out.of else None,
                }
                for one in came.variants
            ],
            "held_out": _share(came.held_out),
            "stopped": came.stopped,
            "complete_at": came.complete_at.isoformat() if came.complete_at else None,
        }
    )


def _share(share: Share) -> dict[str, Any]:
    low, high = share.between
    return {"did": share.did, "of": share.of, "part": share.part, "low": low, "high": high}
