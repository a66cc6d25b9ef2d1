"""How many segments a second all relays together hand over, and who goes first when that is not enough."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from redis import Redis, RedisError

from ussd_app.storage.outbox import CAMPAIGNS, LANES, REMINDERS, URGENT
from ussd_app.storage.redis import Connections

# Of each second's segments, what only the urgent lane may draw; what it leaves flows over to the others.
RESERVE = 0.2
# Seconds' worth that may gather while nobody sends.
GATHERED = 0.5
# A lane may draw when the bucket holds more than this part of it: so a higher lane always comes first.
FLOORS = {REMINDERS: 1 / 3, CAMPAIGNS: 2 / 3}
# Seconds without Redis before it is asked again: each question that fails costs a time-out.
REDIS_AWAY = 5.0
KEY = "sms:pace"

# A call may draw more than there is: the debt is paid off before anybody draws again.
_DRAW = """
local rate, need, floor, urgent = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1'
local reserve_share, gathered = tonumber(ARGV[5]), tonumber(ARGV[6])
local most_shared, most_kept = rate * (1 - reserve_share) * gathered, rate * reserve_share
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local held = redis.call('HMGET', KEYS[1], 'at', 'shared', 'kept')
local at, shared, kept = tonumber(held[1]) or now, tonumber(held[2]) or most_shared, tonumber(held[3]) or most_kept
local fresh = math.max(0, now - at) * rate
local to_kept = math.min(fresh * reserve_share, most_kept - kept)
kept = kept + to_kept
shared = math.min(most_shared, shared + fresh - to_kept)
local wait = 0
if shared > floor * most_shared then
  shared = shared - need
elseif urgent and kept > 0 then
  kept = kept - need
else
  wait = (floor * most_shared - shared + 1) / rate
end
local function exact(number) return string.format('%.17g', number) end
redis.call('HSET', KEYS[1], 'at', exact(now), 'shared', exact(shared), 'kept', exact(kept))
redis.call('EXPIRE', KEYS[1], 3600)
return exact(wait)
"""
log = structlog.get_logger()


@dataclass
class Alone:
    """The pace of one process that cannot ask the others: its own share, nothing gathered beforehand."""

    rate: float
    clock: Callable[[], float] = time.monotonic
    held: float = 0.0
    at: float = field(default=-1.0)

    def draw(self, segments: int) -> float:
        """Seconds to wait before asking again; 0 when the segments may go."""
        now = self.clock()
        fresh = (now - self.at) * self.rate if self.at >= 0 else 1.0
        self.held, self.at = min(max(1.0, self.rate * GATHERED), self.held + fresh), now
        if self.held <= 0:
            return (1 - self.held) / self.rate
        self.held -= segments
        return 0.0


class Pace:
    """One bucket in Redis for every relay of the service; `rate` is segments a second."""

    def __init__(self, connections: Connections, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._connections = connections
        self._rate = rate
        self._clock = clock
        # Each lane has a process of its own.
        self._alone = Alone(rate / len(LANES), clock)
        self._ask_redis_at = 0.0
        self._script = Redis().register_script(_DRAW)

    def draw(self, lane: str, segments: int) -> float:
        """Seconds to wait before asking again; 0 when the segments may go."""
        if self._clock() >= self._ask_redis_at:
            try:
                return self._ask(lane, segments)
            except RedisError as error:
                log.warning("no Redis: every relay keeps to its share of the pace", error=type(error).__name__)
                self._ask_redis_at = self._clock() + REDIS_AWAY
        return self._alone.draw(segments)

    def _ask(self, lane: str, segments: int) -> float:
        said = self._script(
            keys=[KEY],
            args=[self._rate, segments, FLOORS.get(lane, 0), int(lane == URGENT), RESERVE, GATHERED],
            client=self._connections.get(),
        )
        return float(said)
