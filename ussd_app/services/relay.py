"""The relay, the only sender of SMS: it takes what is due on a lane and hands it over, several calls at once."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing

import structlog

from ussd_app import queues
from ussd_app.gateways.messaging import MOST_RECIPIENTS
from ussd_app.runtime import Runtime
from ussd_app.services import publishing, routes
from ussd_app.services.calls import LEASE, Call, Caller
from ussd_app.services.costs import Tally
from ussd_app.services.routes import Gates
from ussd_app.storage import outbox
from ussd_app.storage.outbox import Leased
from ussd_app.storage.pace import Pace

# Calls at once; each waits for a company far away most of the time.
CALLS = 4
# Rows taken at a time: some seconds' worth, so that equal texts find each other and no lease runs out.
SECONDS_WORTH, LEAST_ROWS, MOST_ROWS = 10, 100, 2000
# Seconds after which a relay hands the rest to the next one.
BUDGET = 20.0
log = structlog.get_logger()


def relay(
    rt: Runtime, lane: str, pause: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic
) -> int:
    """Send what is due on a lane, batch by batch; how many texts were handed over.

    Equal texts share one call. `handing_over` is committed just before each call and every row settled after it:
    what a dead relay leaves in that state may have been sent, so it is never resent blindly. The relay gives way
    after a while (seconds on `clock`), well before a job's time-out or a patient supervisor would cut it off in the
    middle of a call.
    """
    with rt.db.begin() as connection:
        lost = outbox.give_up_handing_over(connection, rt.clock())
    if lost:
        log.warning("texts whose sending was interrupted are now unknown", number=lost)
    return Relay(rt, lane, pause, clock).run()


class Relay:
    """One run of the relay on one lane."""

    def __init__(self, rt: Runtime, lane: str, pause: Callable[[float], None], clock: Callable[[], float]) -> None:
        self._rt = rt
        self._lane = lane
        self._rules = publishing.sending(rt, publishing.newest(rt))
        self._gates = Gates(rt)
        self._tally = Tally(rt, self._rules)
        pace = Pace(rt.connections, rt.settings.sms_per_second)
        self.caller = Caller(rt, lane, self._gates, self._tally, pace, pause)
        self._clock = clock
        self._until = clock() + BUDGET

    def run(self) -> int:
        """Send until nothing is due, the time is up, or no gateway may be asked; how many texts were handed over."""
        with closing(self.caller), ThreadPoolExecutor(CALLS) as pool:
            try:
                goes_on = self._send_all(pool)
            finally:
                # Also when a call has failed as nobody expected: the others end as they would.
                self.caller.over.set()
        self._tally.flush()
        if goes_on:
            self._rt.queues.enqueue(queues.RELAY, self._lane)
        return self.caller.handed

    def _send_all(self, pool: ThreadPoolExecutor) -> bool:
        """Whether there is more to send by the next relay."""
        waiting: list[Call] = []
        running: set[Future[None]] = set()
        while True:
            if not waiting:
                waiting = list(reversed(self._lease()))
            if not waiting and not running:
                return False
            while waiting and len(running) < CALLS:
                running.add(pool.submit(self.caller.make, waiting.pop()))
            done, running = wait(running, timeout=max(0.0, self._until - self._clock()), return_when=FIRST_COMPLETED)
            for one in done:
                one.result()
            if self._ends():
                return self._give_way(waiting, running)

    def _ends(self) -> bool:
        if self._clock() >= self._until:
            self.caller.over.set()
        return self.caller.over.is_set() or not self._gates.any_open()

    def _give_way(self, waiting: Iterable[Call], running: set[Future[None]]) -> bool:
        """Leave the rest to the next relay; whether it may begin at once."""
        # First, so that a call that has many numbers or waits for its pace ends with the part that is under way.
        self.caller.over.set()
        for one in running:
            one.result()
        with self._rt.db.begin() as connection:
            outbox.release(connection, [row.id for call in waiting for row in call.rows])
        return self._may_send()

    def _lease(self) -> list[Call]:
        if not self._may_send():
            return []
        now = self._rt.clock()
        most = min(max(self._rt.settings.sms_per_second * SECONDS_WORTH, LEAST_ROWS), MOST_ROWS)
        with self._rt.db.begin() as connection:
            leased = outbox.lease(connection, self._lane, now, now + LEASE, most)
        return list(self._calls(leased))

    def _may_send(self) -> bool:
        return self._gates.any_open() and not self._tally.stops(self._lane)

    def _calls(self, leased: Iterable[Leased]) -> Iterator[Call]:
        """Rows that can share one call: the same text and the same gateways, each number once, at most a hundred."""
        alike: dict[tuple[str, tuple[str, ...]], list[list[Leased]]] = defaultdict(list)
        for row in leased:
            way = routes.order(self._rules.routes, row.phone, self._rt.messaging)
            _put(alike[row.text, way], row)
        for (_, way), calls in alike.items():
            yield from (Call(tuple(rows), way) for rows in calls)


def _put(calls: list[list[Leased]], row: Leased) -> None:
    """Into the first call that has room and not this number."""
    for call in calls:
        if len(call) < MOST_RECIPIENTS and all(other.phone != row.phone for other in call):
            call.append(row)
            return
    calls.append([row])
