"""Somebody wants figures about everybody: a job works them out step by step, and the page shows how far it is.

What was found is kept and shown with its time, so that opening a page never reads whole tables. A job that runs out of
time, or is killed, leaves what it had for the next one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ussd_app import queues
from ussd_app.errors import NotAllowedNow, NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import book_days, campaign_counts, dashboard_counts, reminder_calendar, text_days
from ussd_app.services.reckoning_steps import Step
from ussd_app.storage import reckonings
from ussd_app.storage.reckonings import MOST_TRIES, Reckoning

# Seconds after which the rest is left to the next job, and between two words of how far it is.
BUDGET, EVERY = 15.0, 0.5
# One that has said nothing for so long was killed with its job.
SILENT = timedelta(seconds=130)
Stepping = Callable[[Runtime, str, Mapping[str, Any]], Step]

KINDS: Mapping[str, Stepping] = {
    "books": book_days.step,
    "campaign_dry_run": campaign_counts.dry_run,
    "campaign_progress": campaign_counts.progress,
    "campaign_results": campaign_counts.results,
    "reminder_calendar": reminder_calendar.step,
    **{series.kind: series.step for series in dashboard_counts.ALL},
    "text_days": text_days.step,
}


def ask(rt: Runtime, kind: str, about: str = "") -> None:
    """Have something worked out anew, unless that is under way."""
    with rt.db.begin() as connection:
        number = reckonings.ask(connection, kind, about, rt.clock())
    if number is not None:
        rt.queues.enqueue(queues.RECKON, number)


def known(rt: Runtime, kind: str, about: str = "") -> Reckoning | None:
    """What is known of it, and whether something newer is under way; None when nobody has asked yet."""
    with rt.db.connect() as connection:
        return reckonings.about(connection, kind, [about]).get(about)


def fresh(rt: Runtime, kind: str, about: str, at_most: timedelta) -> Reckoning:
    """What is known of it; asked for anew when nobody has, or what was found is older than that."""
    found = known(rt, kind, about)
    old = found is None or rt.clock() - (found.found_at or found.asked_at) > at_most
    if found is None or (old and not found.under_way):
        ask(rt, kind, about)
        found = known(rt, kind, about)
    assert found is not None
    return found


def at_once(rt: Runtime, kind: str, about: str = "") -> Mapping[str, Any]:
    """What is found when all steps are taken here and now, for somebody at the command line who waits for it.

    Nothing is kept. Raises NotAllowedNow, NotPublished when it cannot be worked out.
    """
    step = Step()
    while step.found is None:
        step = KINDS[kind](rt, about, step.work)
    return step.found


@dataclass
class _Run:
    """One job's work on one reckoning."""

    rt: Runtime
    taken: Reckoning
    started: float = field(default_factory=time.monotonic)
    told: float = 0.0

    def work(self) -> None:
        """Take steps until it is found or the time is up."""
        work = self.taken.work or {}
        while True:
            step = KINDS[self.taken.kind](self.rt, self.taken.about, work)
            if step.found is not None:
                with self.rt.db.begin() as connection:
                    reckonings.finish(connection, self.taken.id, step.found, self.rt.clock())
                return
            work, over = step.work, time.monotonic() - self.started > BUDGET
            if over or time.monotonic() - self.told > EVERY:
                self._tell(step, over=over)
            if over:
                self.rt.queues.enqueue(queues.RECKON, self.taken.id)
                return

    def _tell(self, step: Step, *, over: bool) -> None:
        self.told = time.monotonic()
        state = "waiting" if over else "running"
        with self.rt.db.begin() as connection:
            reckonings.beat(connection, self.taken.id, step.part, step.whole, step.work, self.rt.clock(), state)


def run(rt: Runtime, number: int) -> None:
    """Work on something that was asked for. May run twice: whoever comes second finds it taken."""
    now = rt.clock()
    with rt.db.begin() as connection:
        taken = reckonings.take(connection, number, now, now - SILENT)
        if taken is not None and taken.tries > MOST_TRIES:
            reckonings.fail(connection, number, "")
            return
    if taken is None:
        return
    try:
        _Run(rt, taken).work()
    except (NotAllowedNow, NotPublished) as error:
        with rt.db.begin() as connection:
            reckonings.fail(connection, number, str(error))


def sweep(rt: Runtime) -> None:
    """Find what was asked for and no job works on."""
    with rt.db.connect() as connection:
        waiting = reckonings.left_over(connection, rt.clock() - SILENT)
    for number in waiting:
        rt.queues.enqueue(queues.RECKON, number)
