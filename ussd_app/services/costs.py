"""What the texts of a day cost: added up as they go out, counted again each hour, compared with what was charged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import structlog

from ussd_app.domain.sending import Sending
from ussd_app.gateways.messaging import Handed
from ussd_app.runtime import Runtime
from ussd_app.services import days, publishing
from ussd_app.storage import costs
from ussd_app.storage.costs import Heap, Sums
from ussd_app.storage.outbox import Leased

# Seconds between two moments at which a relay writes down what it has added up.
FLUSHED = 1.0
RUPIAH = "IDR"
log = structlog.get_logger()


class Tally:
    """What one relay hands over, added up; it knows as well what all of them have spent today."""

    def __init__(self, rt: Runtime, rules: Sending, clock: Callable[[], float] = time.monotonic) -> None:
        self._rt = rt
        self._rules = rules
        self._clock = clock
        self._lock = threading.Lock()
        self._heaps: dict[Heap, Sums] = {}
        self._day = days.local(rt.clock())
        self._spent = 0
        self._flushed_at = 0.0
        self.flush()

    def add(self, lane: str, gateway: str, handed: Iterable[tuple[Leased, Handed]]) -> None:
        """These were or may have been sent."""
        day = days.local(self._rt.clock())
        with self._lock:
            for row, said in handed:
                heap = Heap(day, lane, gateway, said.charge.currency if said.charge else "")
                self._heaps[heap] = self._heaps.get(heap, Sums()) + self._sums(row, said)
                self._spent += self._rules.cost(row.segments)

    def _sums(self, row: Leased, said: Handed) -> Sums:
        return Sums(
            texts=int(not row.repeat),
            repeats=int(row.repeat),
            segments=row.segments,
            parts=row.segments if said.parts is None else said.parts,
            expected=self._rules.cost(row.segments),
            cost=said.charge.amount if said.charge else Decimal(0),
        )

    def stops(self, lane: str) -> bool:
        """Whether the budget of the day keeps a lane from sending; somebody is told once a day."""
        if self._clock() - self._flushed_at > FLUSHED or self._day != days.local(self._rt.clock()):
            self.flush()
        stopped = self._rules.budget.stops(lane, self._spent)
        if stopped:
            self._tell(lane)
        return stopped

    def flush(self) -> None:
        """Write down what was added up, and read what all relays together have spent today."""
        with self._lock:
            heaps, self._heaps = self._heaps, {}
            self._flushed_at, self._day = self._clock(), days.local(self._rt.clock())
            with self._rt.db.begin() as connection:
                costs.add(connection, heaps)
                self._spent = costs.expected(connection, self._day)

    def _tell(self, lane: str) -> None:
        key = f"sms-budget:{self._day}:{lane}"
        with self._rt.db.begin() as connection:
            first = costs.keep_once(connection, key, self._rt.clock())
        if first:
            log.error(
                "the budget of the day is spent: this lane stops until tomorrow",
                lane=lane,
                spent=self._spent,
                budget=self._rules.budget.daily,
            )


def recount(rt: Runtime) -> None:
    """Add up today and yesterday anew: what a killed relay had not written down is found, no text counts twice."""
    price = publishing.sending(rt, publishing.newest(rt)).price
    today = days.local(rt.clock())
    for day in (today - timedelta(days=1), today):
        with rt.db.begin() as connection:
            costs.recount(connection, day, days.start(day), days.start(day + timedelta(days=1)), price)


@dataclass(frozen=True)
class Line:
    """One line of the bill; `odd` says what does not agree with what we had reckoned, empty when nothing is odd."""

    heap: Heap
    sums: Sums

    @property
    def odd(self) -> str:
        """The differences, in words."""
        found = []
        if self.sums.parts != self.sums.segments:
            found.append(f"{self.sums.parts} parts charged, {self.sums.segments} reckoned")
        if self.heap.currency == RUPIAH and self.sums.cost != self.sums.expected:
            found.append(f"Rp{self.sums.cost:,.0f} charged, Rp{self.sums.expected:,} reckoned")
        return ", ".join(found)


def bill(rt: Runtime, number_of_days: int) -> list[Line]:
    """What went out in the last so many days, today included, newest first."""
    first = days.local(rt.clock()) - timedelta(days=number_of_days - 1)
    with rt.db.connect() as connection:
        return [Line(heap, sums) for heap, sums in costs.since(connection, first).items()]
