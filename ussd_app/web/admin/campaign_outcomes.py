"""What came of a campaign: delivered, paid and opted out by wording, against those who got nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response, abort, request

from ussd_app.domain.permissions import May
from ussd_app.runtime import Runtime
from ussd_app.services import reckoning
from ussd_app.storage.campaigns import Kept
from ussd_app.web.admin.campaign_words import decimal
from ussd_app.web.admin.campaigns import found
from ussd_app.web.admin.desk import Desk, Page, show, t
from ussd_app.web.admin.formats import table

DAYS = (7, 14, 30)
USUAL = 14
# People pay by the hour, not by the second.
FRESH = timedelta(minutes=15)
ARRIVED, FAILED = ("delivered",), ("failed", "dead", "expired", "stopped")


def add_to(desk: Desk) -> None:
    """The results, and the same as a file."""
    rt = desk.rt
    desk.page("/campaigns/<int:number>/results", "campaign_results", May.LOOK, lambda number: _page(rt, number))
    desk.poll(
        "/campaigns/<int:number>/results/going",
        "campaign_results_going",
        May.LOOK,
        lambda number: _page(rt, number, "campaign_outcomes"),
    )
    desk.page("/campaigns/<int:number>/results.csv", "campaign_results_csv", May.LOOK, lambda number: _file(rt, number))


@dataclass(frozen=True)
class Line:
    """One wording, or the held out (no name): its texts and shares, its interval in percent of the axis."""

    name: str
    delivered: int
    failed: int
    texts: int
    paid: Mapping[str, Any]
    opted_out: Mapping[str, Any] | None
    more: Sequence[float] | None
    left: float
    middle: float
    right: float

    @property
    def sure(self) -> bool:
        """Whether the difference from the held out is more than chance brings, nineteen times of twenty."""
        return self.more is not None and not self.more[1] <= 0 <= self.more[2]


def _days() -> int:
    said = request.args.get("days", USUAL, type=int)
    return said if said in DAYS else USUAL


def _of(rt: Runtime, number: int) -> Kept:
    kept = found(rt, number)
    return abort(404) if kept.state == "draft" else kept


def _page(rt: Runtime, number: int, template: str = "campaign_results") -> Page:
    kept, days = _of(rt, number), _days()
    known = reckoning.fresh(rt, "campaign_results", f"{kept.name} {days}", FRESH)
    complete = known.found and known.found["complete_at"]
    return show(
        template,
        kept=kept,
        days=days,
        choices=DAYS,
        known=known,
        lines=lines(known.found) if known.found else [],
        axis=_axis(known.found) if known.found else 0,
        complete=datetime.fromisoformat(complete) if complete else None,
        decimal=decimal,
    )


def lines(results: Mapping[str, Any]) -> list[Line]:
    """The wordings in their order, then the held out."""
    most, found = _axis(results), []
    for one in results["variants"]:
        texts: Mapping[str, int] = one["texts"]
        counts = [sum(texts.get(state, 0) for state in states) for states in (ARRIVED, FAILED, tuple(texts))]
        found.append(_line(one["variant"], counts, one["paid"], one["opted_out"], one["more"], most))
    return [*found, _line("", [0, 0, 0], results["held_out"], None, None, most)]


def _axis(results: Mapping[str, Any]) -> float:
    """How far the axis goes: to the highest end of an interval of people who are there."""
    shares = [one["paid"] for one in results["variants"]] + [results["held_out"]]
    return max([share["high"] for share in shares if share["of"]], default=1.0) or 1.0


def _line(
    name: str,
    counts: Sequence[int],
    paid: Mapping[str, Any],
    opted_out: Mapping[str, Any] | None,
    more: Sequence[float] | None,
    most: float,
) -> Line:
    left, middle, right = (round(100 * paid[end] / most, 2) for end in ("low", "part", "high"))
    return Line(name, counts[0], counts[1], counts[2], paid, opted_out, more, left, middle, min(right, 100.0))


def _file(rt: Runtime, number: int) -> Page:
    kept, days = _of(rt, number), _days()
    known = reckoning.known(rt, "campaign_results", f"{kept.name} {days}")
    heads = [
        t(f"campaigns.{name}")
        for name in ("arm", "people", "delivered", "failed", "paid", "paid_low", "paid_high", "opted_out")
    ]
    body = [
        (
            one.name or t("campaigns.held_out"),
            one.paid["of"],
            one.delivered,
            one.failed,
            one.paid["did"],
            f"{one.paid['low']:.4f}",
            f"{one.paid['high']:.4f}",
            one.opted_out["did"] if one.opted_out else "",
        )
        for one in (lines(known.found) if known and known.found else [])
    ]
    response = Response(table(heads, body), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="sertakan-{kept.name}.csv"'
    return response
