"""One text for some numbers is handed over: to the first gateway that takes it, and settled as that gateway says."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog
from sqlalchemy import Connection

from ussd_app.errors import GatewayError, GatewayPermanent, GatewayTemporary, GatewayUnknown
from ussd_app.gateways.messaging import Handed
from ussd_app.runtime import Runtime
from ussd_app.services import numbers
from ussd_app.services.costs import Tally
from ussd_app.services.numbers import Fate
from ussd_app.services.routes import Admission, Gates
from ussd_app.storage import outbox, stops
from ussd_app.storage.numbers import dead_among
from ussd_app.storage.outbox import CAMPAIGNS, CODES, REMINDERS, URGENT, Leased, Settled
from ussd_app.storage.pace import Pace

LEASE = timedelta(seconds=30)
RETRY, RETRY_AT_MOST = timedelta(seconds=30), timedelta(minutes=15)
# A text that could not be sent for so long is of no use any more, whatever its `send_by` says.
LONGEST_WAIT = {
    URGENT: timedelta(hours=24),
    CODES: timedelta(hours=24),
    REMINDERS: timedelta(hours=12),
    CAMPAIGNS: timedelta(hours=24),
}
# What no gateway can take just now, while others of its lane go by another one.
NO_GATEWAY = timedelta(seconds=60)
# Seconds after which the pace is asked again: another lane may have paid off its debt.
LONGEST_PAUSE = 0.25
log = structlog.get_logger()


def backoff(row_id: int, attempts: int) -> timedelta:
    """How long to wait after so many attempts: twice as long each time, a quarter of an hour at most.

    Between half of it and all of it, by the row: what failed together must not come back all at once.
    """
    longest: timedelta = min(RETRY * 2 ** min(attempts - 1, 10), RETRY_AT_MOST)
    digest = hashlib.sha256(f"{row_id}:{attempts}".encode()).digest()
    return longest * (0.5 + int.from_bytes(digest[:4], "big") / 2**33)


@dataclass(frozen=True)
class Call:
    """The same text for up to a hundred numbers, and the gateways in the order they are tried."""

    rows: tuple[Leased, ...]
    gateways: tuple[str, ...]


class Caller:
    """Makes the calls of one relay, several at once; `handed` counts the texts it has handed over."""

    def __init__(
        self, rt: Runtime, lane: str, gates: Gates, tally: Tally, pace: Pace, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._rt = rt
        self._lane = lane
        self._gates = gates
        self._tally = tally
        self._pace = pace
        self._wait = wait
        self._lock = threading.Lock()
        # One statement each: a transaction around it would only cost two more round trips, and so would taking a
        # connection from the pool for each.
        self._db = rt.db.execution_options(isolation_level="AUTOCOMMIT")
        self._mine = threading.local()
        self._opened: list[Connection] = []
        self.over = threading.Event()
        self.handed = 0

    def close(self) -> None:
        """Give every connection back, once no call is made any more."""
        while self._opened:
            self._opened.pop().close()

    def _connection(self) -> Connection:
        """This thread's own, on which every statement is a transaction by itself."""
        connection: Connection | None = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = self._db.connect()
            self._opened.append(connection)
        return connection

    def make(self, call: Call) -> None:
        """Hand the text over to everybody in the call; what no gateway took is tried again in its time."""
        rows, refused = list(call.rows), dict[int, Handed]()
        for gateway in call.gateways:
            rows = self._by(gateway, rows, refused)
            if not rows:
                return
        self._put_off(call, rows, refused)

    def _by(self, gateway: str, rows: list[Leased], refused: dict[int, Handed]) -> list[Leased]:
        """Hand over by one gateway; gives those that it has not taken, and notes in `refused` what it said of them."""
        left: list[Leased] = []
        while rows and not self.over.is_set():
            batch = rows[: self._gates.most(gateway)]
            if not batch or not self._paced(batch):
                break
            # Asked after the wait: the one try of a closed gateway is for whoever makes the call now.
            admission = self._gates.admits(gateway)
            batch = batch[: admission.most]
            if not batch:
                break
            rows = rows[len(batch) :]
            for row, said in self._hand_over(admission, batch):
                refused[row.id] = said
                left.append(row)
        return left + rows

    def _paced(self, rows: Sequence[Leased]) -> bool:
        """Wait until these may go; False when the relay gives way before that."""
        segments = sum(row.segments for row in rows)
        while not self.over.is_set():
            if self._tally.stops(self._lane):
                self.over.set()
                return False
            seconds = self._pace.draw(self._lane, segments)
            if not seconds:
                return True
            self._wait(min(seconds, LONGEST_PAUSE))
        return False

    def _hand_over(self, admission: Admission, batch: Sequence[Leased]) -> list[tuple[Leased, Handed]]:
        """One call; those that were certainly not sent and may be tried again, with what was said of each."""
        gateway = admission.gateway
        rows = self._begin(gateway, batch)
        if not rows:
            self._gates.give_back(admission)
            return []
        answers, error = self._send(gateway, rows[0].text, [row.phone for row in rows])
        absent = Handed("unknown", reason="not in the answer")
        said = [(row, answers.get(row.phone, absent)) for row in rows]
        now = self._rt.clock()
        # Before all that is learnt from it: a text that was taken must not stay in our hand because that fails.
        outbox.settle(self._connection(), [_settled(row, handed) for row, handed in said], now, now + LEASE)
        self._tally.add(self._lane, gateway, [one for one in said if one[1].state in ("sent", "unknown")])
        with self._lock:
            self.handed += len(rows)
        self._judge(admission, answers, error)
        self._learn(said)
        return [(row, handed) for row, handed in said if handed.state == "later"]

    def _judge(self, admission: Admission, answers: Mapping[str, Handed], error: GatewayError | None) -> None:
        """What the call tells about its gateway."""
        stop = next((said for said in answers.values() if said.halt), None)
        if isinstance(error, GatewayPermanent):
            # An answer, if an unkind one: it is about this text.
            self._gates.give_back(admission)
        elif error:
            self._gates.failed(admission, str(error))
        elif stop:
            self._gates.halted(admission.gateway, stop.reason)
        else:
            self._gates.worked(admission)

    def _learn(self, said: Sequence[tuple[Leased, Handed]]) -> None:
        """What a refusal for good tells about its number: that it is dead, or that its owner wants no texts."""
        refused = [
            Fate(row.phone, "refused", one.reason, f"outbox:{row.id}") for row, one in said if one.state == "dead"
        ]
        if refused:
            with self._rt.db.begin() as connection:
                numbers.learn(self._rt, connection, refused)

    def _begin(self, gateway: str, batch: Sequence[Leased]) -> list[Leased]:
        """The rows that are still ours and still wanted: from here on they may have been sent."""
        now, topic = self._rt.clock(), stops.TOPIC_OF_LANE.get(self._lane)
        connection, phones = self._connection(), [row.phone for row in batch]
        stopped = stops.stopped_by(connection, phones, topic) if topic else set()
        dead = dead_among(connection, phones) if topic else set()
        ids = [row.id for row in batch]
        ours = set(outbox.begin_handing_over(connection, ids, gateway, now, now + LEASE, stopped, dead))
        return [row for row in batch if row.id in ours]

    def _send(self, gateway: str, text: str, phones: list[str]) -> tuple[Mapping[str, Handed], GatewayError | None]:
        """What was said of each number, and why that is the same for all of them when the call failed."""
        try:
            return self._rt.messaging[gateway].send(text, phones), None
        except (GatewayPermanent, GatewayTemporary, GatewayUnknown) as error:
            said = Handed(_outcome(error), reason=str(error))
            log.warning(
                "a call to an SMS gateway failed",
                gateway=gateway,
                outcome=said.state,
                reason=said.reason,
                number=len(phones),
            )
            return dict.fromkeys(phones, said), error

    def _put_off(self, call: Call, rows: list[Leased], refused: Mapping[int, Handed]) -> None:
        """What a gateway refused waits ever longer, until it is too old; what none was asked about keeps its turn."""
        now = self._rt.clock()
        due = {row.id: self._next(row, now) for row in rows if row.id in refused and not refused[row.id].halt}
        kept = [row.id for row in rows if row.id not in due]
        if due:
            outbox.put_off(self._connection(), due)
        if kept and self._others_go_on(call):
            outbox.put_off(self._connection(), dict.fromkeys(kept, now + NO_GATEWAY))
        elif kept:
            outbox.release(self._connection(), kept)

    def _others_go_on(self, call: Call) -> bool:
        """Whether this relay would only take the same texts again, for which there is no gateway, before others."""
        hopeless = not any(self._gates.askable(gateway) for gateway in call.gateways)
        # Its own gateways are not asked a second time: one of them may open at this moment.
        others = set(self._rt.messaging) - set(call.gateways)
        return hopeless and not self.over.is_set() and any(self._gates.askable(gateway) for gateway in others)

    def _next(self, row: Leased, now: datetime) -> datetime | None:
        if now - row.created_at >= LONGEST_WAIT[self._lane]:
            return None
        return now + backoff(row.id, row.attempts + 1)


def _outcome(error: GatewayError) -> Literal["later", "dead", "unknown"]:
    """What a call that failed means for its texts."""
    if isinstance(error, GatewayPermanent):
        return "dead"
    return "later" if isinstance(error, GatewayTemporary) else "unknown"


def _settled(row: Leased, said: Handed) -> Settled:
    return Settled(
        row.id,
        "waiting" if said.state == "later" else said.state,
        message_id=said.message_id,
        reason=said.reason,
        cost=said.cost,
        charged=said.charge.amount if said.charge else None,
        currency=said.charge.currency if said.charge else "",
        parts=said.parts,
    )
