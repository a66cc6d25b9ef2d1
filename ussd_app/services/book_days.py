"""Whether the books agree, what stands on each account, and each day's sums: worked out by a job for the desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from ussd_app.runtime import Runtime
from ussd_app.services import books, days
from ussd_app.services.reckoning_steps import Step
from ussd_app.storage import ledger, money_pages

DAYS = 31


def step(rt: Runtime, _about: str, work: Mapping[str, Any]) -> Step:
    """The faults and balances first, then a day of the last month with each step, today first."""
    if not work:
        with rt.db.connect() as connection:
            balances = ledger.balances(connection)
        return Step(1, DAYS + 1, {"faults": books.check(rt), "balances": balances, "days": []})
    done: list[dict[str, Any]] = work["days"]
    if len(done) == DAYS:
        return Step(found=work)
    day = days.local(rt.clock()) - timedelta(days=len(done))
    with rt.db.connect() as connection:
        sums = money_pages.day_sums(connection, day, days.start(day), days.start(day + timedelta(days=1)))
    told = asdict(sums) | {"day": day.isoformat()}
    return Step(len(done) + 2, DAYS + 1, {**work, "days": [*done, told]})
