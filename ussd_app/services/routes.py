"""By which gateway a text goes, and which of them nobody should ask just now."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain.sending import Route
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import audit
from ussd_app.storage import gateways, members
from ussd_app.storage.gateways import Standing

# So many calls in a row that failed close a gateway, for twice as long each time.
FAILURES = 5
CLOSED, CLOSED_AT_MOST = timedelta(seconds=30), timedelta(minutes=15)
# One that asks us to stop is asked gently whether somebody has paid meanwhile.
HALTED = timedelta(minutes=5)
# Whoever asks a closed gateway has so long for it, then somebody else may.
PROBE = timedelta(seconds=60)
# Seconds for which a relay believes what it has read about the gateways.
FRESH = 1.0
FOLLOW_UP = "sms_gateway"
log = structlog.get_logger()


def order(routes: Sequence[Route], phone: str, configured: Collection[str]) -> tuple[str, ...]:
    """The gateways to try for a number (E.164), first choice first; of those that are configured.

    Routes with a prefix of the number come first, the longest before shorter ones, then those for all numbers; among
    equals by weight, always the same for the same number. Where no route names a configured gateway, all are tried.
    """
    fitting: dict[str, tuple[int, float]] = {}
    for route in routes:
        matching = [len(prefix) for prefix in route.prefixes if phone.startswith(prefix)]
        if route.gateway in configured and (matching or not route.prefixes):
            rank = (-max(matching, default=0), _turn(phone, route))
            fitting[route.gateway] = min(rank, fitting.get(route.gateway, rank))
    named = {route.gateway for route in routes} & set(configured)
    return tuple(sorted(fitting, key=lambda gateway: fitting[gateway])) if named else tuple(sorted(configured))


def _turn(phone: str, route: Route) -> float:
    """Smaller is earlier: first in so many of all numbers as the weight says, whoever else is there."""
    if not route.weight:
        return math.inf
    digest = hashlib.sha256(f"{route.gateway}\n{phone}".encode()).digest()
    return -math.log((int.from_bytes(digest[:8], "big") + 1) / 2**64) / route.weight


def closed_for(failures: int) -> timedelta:
    """How long a gateway is left alone after so many failures in a row: nothing at first, then ever longer."""
    doubled: timedelta = CLOSED * 2 ** min(failures - FAILURES, 10) if failures >= FAILURES else timedelta()
    return min(doubled, CLOSED_AT_MOST)


@dataclass(frozen=True)
class Admission:
    """So many texts may go to a gateway in one call, none when `most` is 0.

    `seen` is until when it was closed as this was said: None when it was open, else the name of the one try we have.
    What the call shows counts as long as the gateway still stands so: of calls under way together when a gateway
    closes, only the one that closed it counts.
    """

    gateway: str
    most: int
    seen: datetime | None = None


class Gates:
    """Which gateways may be asked, as one relay sees it; every relay writes what it learns into the database."""

    def __init__(self, rt: Runtime, clock: Callable[[], float] = time.monotonic) -> None:
        self._rt = rt
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at = -math.inf
        self._standings: dict[str, Standing] = {}

    def any_open(self) -> bool:
        """Whether there is a gateway that may be asked now, if only for a try."""
        return any(self.askable(name) for name in self._rt.messaging)

    def most(self, gateway: str) -> int:
        """How many texts could go to it in one call now: 0 while it is closed, 1 to try whether it works again."""
        return self._most(gateway, self._standing(gateway).closed_until)

    def _most(self, gateway: str, closed_until: datetime | None) -> int:
        if closed_until is None:
            return self._rt.messaging[gateway].most_recipients
        return int(closed_until <= self._rt.clock())

    def admits(self, gateway: str) -> Admission:
        """How many texts may go to it in one call now; who is admitted to a closed one is the only one to try it."""
        closed_until, now = self._standing(gateway).closed_until, self._rt.clock()
        most = self._most(gateway, closed_until)
        if not most or closed_until is None:
            return Admission(gateway, most)
        with self._rt.db.begin() as connection:
            ours = gateways.claim_probe(connection, gateway, now, now + PROBE)
        self._forget()
        return Admission(gateway, int(ours), now + PROBE)

    def give_back(self, admission: Admission) -> None:
        """The call has shown nothing of the gateway, or was not made: somebody else may try it at once."""
        if admission.seen:
            with self._rt.db.begin() as connection:
                gateways.give_back_probe(connection, admission.gateway, admission.seen, self._rt.clock())
            self._forget()

    def worked(self, admission: Admission) -> None:
        """It has answered a call: whatever was wrong with it is over."""
        if not admission.seen and self._standing(admission.gateway) == Standing():
            return
        with self._rt.db.begin() as connection:
            if gateways.stands_as(connection, admission.gateway, admission.seen):
                _reopen(self._rt, connection, admission.gateway)
        self._forget()

    def failed(self, admission: Admission, reason: str) -> None:
        """A call brought no answer; after several in a row nobody asks it for a while."""
        gateway, now = admission.gateway, self._rt.clock()
        with self._rt.db.begin() as connection:
            failures = gateways.failed(connection, gateway, reason, admission.seen)
            if closed := closed_for(failures):
                gateways.close(connection, gateway, now + closed)
        if closed:
            log.error("an SMS gateway fails and is left alone", gateway=gateway, reason=reason, seconds=closed.seconds)
        self._forget()

    def halted(self, gateway: str, reason: str) -> None:
        """It asks us to stop: no lane uses it any more, and somebody is told once."""
        now = self._rt.clock()
        with self._rt.db.begin() as connection:
            first = gateways.halt(connection, gateway, reason, now, now + HALTED)
            if first:
                members.add_follow_up(connection, FOLLOW_UP, "", gateway, now)
        if first:
            log.error("the SMS gateway asks us to stop", gateway=gateway, reason=reason)
        self._forget()

    def askable(self, gateway: str) -> bool:
        """Whether it may be asked now, if only for a try."""
        return self.most(gateway) > 0

    def _standing(self, gateway: str) -> Standing:
        with self._lock:
            if self._clock() - self._read_at > FRESH:
                with self._rt.db.connect() as connection:
                    self._standings = gateways.standings(connection)
                self._read_at = self._clock()
            return self._standings.get(gateway, Standing())

    def _forget(self) -> None:
        with self._lock:
            self._read_at = -math.inf


def _reopen(rt: Runtime, connection: Connection, gateway: str) -> Standing | None:
    """Texts may go by a gateway again; how it stood before, None when there was nothing wrong with it."""
    before = gateways.reopen(connection, gateway)
    members.close_follow_ups(connection, FOLLOW_UP, gateway, rt.clock())
    if before and (before.closed_until or before.halted_at):
        log.warning("texts go by this SMS gateway again", gateway=gateway)
    return before


def resume(rt: Runtime, gateway: str, reason: str = "", by: str = "command line", address: str = "") -> None:
    """Somebody says that a gateway works again: its texts go out at once.

    Written down with the `reason`, from `address`; an empty one is the command line. Raises
    NotAllowedNow("gateway_none") for a gateway that the settings do not name.
    """
    if gateway not in rt.messaging:
        raise NotAllowedNow(f"{gateway}: no such gateway; there are {', '.join(sorted(rt.messaging))}", "gateway_none")
    with rt.db.begin() as connection:
        stood = _reopen(rt, connection, gateway)
        was = {"failures": stood.failures, "said": stood.reason} if stood else None
        about, what = {"reason": reason}, f"gateway {gateway}"
        audit.note(rt, connection, by, "texts.resumed", what, before=was, after=about, address=address)
    for lane in queues.SMS:
        rt.queues.enqueue(queues.RELAY, lane)
