"""What became of the texts of each day: counted by a job, for the outbox is too large to be counted by a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from ussd_app.runtime import Runtime
from ussd_app.services import days, publishing
from ussd_app.services.reckoning_steps import Step
from ussd_app.storage import reckonings, sending_pages

DAYS = 14


def step(rt: Runtime, about: str, work: Mapping[str, Any]) -> Step:
    """Count one more of the last fourteen days, today first; what is found is the number of texts by day and state.

    Days on which nothing can change any more are taken from what was found before.
    """
    counted: dict[str, dict[str, int]] = dict(work.get("days", {}))
    today = days.local(rt.clock())
    wanted = [today - timedelta(days=number) for number in range(DAYS)]
    left = [day for day in wanted if day.isoformat() not in counted]
    if not left:
        return Step(found={"days": {day.isoformat(): counted[day.isoformat()] for day in wanted}})
    day = left[0]
    with rt.db.connect() as connection:
        before = reckonings.about(connection, "text_days", [about]).get(about)
        settled = _settled(rt, day, before.found if before else None, before.found_at if before else None)
        one = settled or sending_pages.fates(connection, days.start(day), days.start(day + timedelta(days=1)))
    return Step(len(counted) + 1, DAYS, {"days": {**counted, day.isoformat(): one}})


def _settled(
    rt: Runtime, day: date, found: Mapping[str, Any] | None, found_at: datetime | None
) -> dict[str, int] | None:
    """What was counted of a day after the last report on it could have come; None when it has to be counted."""
    hours = publishing.sending(rt, publishing.newest(rt)).no_report_after_hours
    final = days.start(day + timedelta(days=1)) + timedelta(hours=hours + 1)
    kept = (found or {}).get("days", {}).get(day.isoformat())
    return kept if kept is not None and found_at is not None and found_at > final else None
