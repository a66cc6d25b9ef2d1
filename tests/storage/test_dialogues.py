"""A dialogue in Redis: one round trip in, one out, one turn at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest
import redis

from tests.builders import PHONE
from ussd_app import runtime
from ussd_app.engine.dialogue import Dialogue
from ussd_app.runtime import Runtime
from ussd_app.settings import Settings
from ussd_app.storage.dialogues import KEEP, LEASE, Dialogues, Heard, Held, Opened, Stored

OTHER = "+6285600000001"


def stored(transition: int = 0, screen: str = "Halo", mark: str = "m0", length: int = 0) -> Stored:
    return Stored(Dialogue("d1", "main", 1, "id", transition=transition, answers={"a": 1}), screen, length, mark)


def opened(rt: Runtime, owner: str = "t1", mark: str = "new", length: int = 9, phone: str = PHONE) -> Opened:
    return rt.dialogues.open("s1", phone, owner, mark, length)


def closed(rt: Runtime, before: Stored | None, after: Stored, owner: str = "t1") -> bool:
    return rt.dialogues.close("s1", PHONE, owner, before, after, {"said": "1"})


@pytest.fixture
def begun(rt: Runtime) -> Runtime:
    """A dialogue that stands at its first screen, the phone free."""
    opened(rt)
    assert closed(rt, None, stored())
    return rt


def test_a_session_that_was_never_seen_has_no_dialogue_and_is_locked(rt: Runtime) -> None:
    assert opened(rt) == Opened(True, None, None)


def test_a_dialogue_comes_back_as_it_was_left(begun: Runtime) -> None:
    assert opened(begun).stored == stored()


def test_the_newest_versions_come_in_the_same_round_trip(rt: Runtime) -> None:
    rt.redis.set("srt:documents", '{"main": ["menu", 3, [1]]}')
    assert opened(rt).documents == {"main": ("menu", 3, (1,))}


def test_a_phone_is_locked_for_one_turn_at_a_time(rt: Runtime) -> None:
    assert (opened(rt, "t1").locked, opened(rt, "t2").locked) == (True, False)


def test_whoever_holds_the_lock_gets_it_again(rt: Runtime) -> None:
    assert (opened(rt, "t1").locked, opened(rt, "t1").locked) == (True, True)


def test_another_phone_is_not_locked(rt: Runtime) -> None:
    opened(rt, "t1")
    assert opened(rt, "t2", phone=OTHER).locked


def test_a_text_that_was_consumed_takes_no_lock(begun: Runtime) -> None:
    assert not opened(begun, mark="m0", length=0).locked


def test_an_empty_mark_always_needs_the_lock(begun: Runtime) -> None:
    assert opened(begun, mark="", length=0).locked


def test_what_was_heard_of_its_requests_comes_back_with_a_dialogue(begun: Runtime) -> None:
    heard = Heard(("r1", "r2"), 1795000000.5, ("47", "62"), "47", Held("1", "Setuju?", "62"))
    after = replace(stored(1), heard=heard)
    opened(begun)
    assert closed(begun, stored(), after)
    assert opened(begun).stored == after


def test_a_lock_ends_by_itself(rt: Runtime) -> None:
    opened(rt)
    (key,) = rt.redis.keys("srt:lock:*")
    assert 0 < int(rt.redis.pttl(key)) <= LEASE


def test_closing_lets_go_of_the_phone(begun: Runtime) -> None:
    assert opened(begun, "t2").locked


def test_releasing_lets_go_of_the_phone(rt: Runtime) -> None:
    opened(rt, "t1")
    rt.dialogues.release(PHONE, "t1")
    assert opened(rt, "t2").locked


def test_nobody_releases_the_lock_of_another(rt: Runtime) -> None:
    opened(rt, "t1")
    rt.dialogues.release(PHONE, "t2")
    assert not opened(rt, "t2").locked


def test_without_the_lock_nothing_is_written(begun: Runtime) -> None:
    opened(begun, "t1")
    assert not closed(begun, stored(), stored(1, "later"), owner="t2")
    assert opened(begun).stored == stored()


def test_a_dialogue_that_has_moved_on_is_not_overwritten(begun: Runtime) -> None:
    opened(begun)
    closed(begun, stored(), stored(1, "second", "m1", 1))
    opened(begun)
    assert not closed(begun, stored(), stored(1, "another", "m2", 1))
    assert opened(begun, "t2").stored == stored(1, "second", "m1", 1)


def test_a_write_whose_answer_was_lost_may_be_repeated(begun: Runtime) -> None:
    opened(begun)
    after = stored(1, "second", "m1", 1)
    assert [closed(begun, stored(), after) for _ in range(2)] == [True, True]
    assert begun.redis.xlen("srt:journal") == 2


def test_a_turn_that_was_not_written_is_not_in_the_journal(begun: Runtime) -> None:
    closed(begun, stored(), stored(1), owner="nobody")
    assert begun.redis.xlen("srt:journal") == 1


def test_turns_are_counted(begun: Runtime) -> None:
    assert begun.redis.hget("srt:counters", "turns") == b"1"


def test_a_dialogue_is_forgotten_an_hour_after_its_last_turn(begun: Runtime) -> None:
    assert KEEP - 5_000 < int(begun.redis.pttl("srt:dialogue:s1")) <= KEEP


def test_building_them_connects_to_nothing(settings: Settings) -> None:
    lonely = runtime.build(settings.model_copy(update={"redis_url": "unix:///nowhere.sock"}))
    with pytest.raises(redis.ConnectionError):
        Dialogues(lonely.connections, lonely.vault).open("s1", PHONE, "t1", "m", 0)
