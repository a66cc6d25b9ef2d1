"""All relays together send no faster than they may, and the higher lane always comes first."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ussd_app.runtime import Runtime
from ussd_app.storage.outbox import CAMPAIGNS, CODES, LANES, REMINDERS, URGENT
from ussd_app.storage.pace import KEY, REDIS_AWAY, Pace
from ussd_app.storage.redis import Connections

SLOW = 1
# A debt that no machine is slow enough to see paid off.
MUCH = 10_000
NOWHERE = Connections("unix:///nowhere.sock")


@dataclass
class Watch:
    """Seconds that pass when a test says so."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def holding(rt: Runtime, rate: int, shared: float, kept: float) -> Pace:
    """A bucket into which nothing flows before the next draw: segments for everybody, and those for the urgent lane."""
    seconds, _micro = rt.redis.time()
    rt.redis.hset(KEY, mapping={"at": seconds + 1000, "shared": shared, "kept": kept})
    return Pace(rt.connections, rate)


def test_what_has_gathered_may_go_at_once_and_then_everybody_waits(rt: Runtime) -> None:
    pace = Pace(rt.connections, 50)
    assert pace.draw(CODES, MUCH) == 0
    assert 0 < pace.draw(CODES, 1) < MUCH / 50


def test_every_relay_draws_from_the_same_bucket(rt: Runtime) -> None:
    assert Pace(rt.connections, 50).draw(CODES, MUCH) == 0
    assert Pace(rt.connections, 50).draw(CODES, 1) > 0


def test_a_text_of_three_segments_draws_three(rt: Runtime) -> None:
    holding(rt, 1000, 300, 0).draw(CODES, 3)
    assert float(rt.redis.hget(KEY, "shared") or 0) == 297


def test_a_call_larger_than_the_bucket_goes_and_is_paid_off_before_the_next(rt: Runtime) -> None:
    pace = holding(rt, 10, 4, 0)
    assert pace.draw(CODES, MUCH) == 0
    assert MUCH / 11 < pace.draw(CODES, 1) <= MUCH / 10


def test_the_reserve_is_drawn_by_the_urgent_lane_alone(rt: Runtime) -> None:
    pace = holding(rt, SLOW, -MUCH, 0.2)
    waits = {lane: pace.draw(lane, 1) for lane in (CODES, REMINDERS, CAMPAIGNS)}
    assert all(waits.values())
    assert pace.draw(URGENT, 1) == 0


def test_the_urgent_lane_leaves_its_reserve_alone_while_there_is_something_for_everybody(rt: Runtime) -> None:
    pace = holding(rt, 1000, 300, 200)
    pace.draw(URGENT, 100)
    assert float(rt.redis.hget(KEY, "kept") or 0) == 200


@pytest.mark.parametrize(("held", "going"), [(0.9, LANES), (0.5, LANES[:3]), (0.2, LANES[:2])])
def test_the_emptier_the_bucket_the_fewer_lanes_may_draw(rt: Runtime, held: float, going: tuple[str, ...]) -> None:
    most = SLOW * 0.8 * 0.5
    found = [lane for lane in LANES if holding(rt, SLOW, held * most, 0).draw(lane, 1) == 0]
    assert found == list(going)


def test_time_fills_the_bucket_at_the_rate(rt: Runtime) -> None:
    pace = holding(rt, 1000, 0, 200)
    seconds, micro = rt.redis.time()
    rt.redis.hset(KEY, "at", seconds + micro / 1e6 - 0.1)
    pace.draw(CODES, 0)
    assert float(rt.redis.hget(KEY, "shared") or 0) >= 100


def test_without_redis_each_relay_keeps_to_its_share() -> None:
    watch = Watch()
    pace = Pace(NOWHERE, 40, watch)
    sent = 0
    for _ in range(100):
        watch.now += 0.1
        while not pace.draw(URGENT, 1):
            sent += 1
    assert 95 <= sent <= 105


def test_while_redis_is_away_it_is_not_asked_again_for_each_text(rt: Runtime) -> None:
    watch = Watch()
    pace = Pace(NOWHERE, 1000, watch)
    pace.draw(URGENT, 1)
    pace._connections = rt.connections
    pace.draw(URGENT, 1)
    before = rt.redis.exists(KEY)
    watch.now += REDIS_AWAY
    pace.draw(URGENT, 1)
    assert (before, rt.redis.exists(KEY)) == (0, 1)
