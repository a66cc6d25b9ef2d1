"""Rows that two relays want at once go to one of them, and neither waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import PHONE, an_sms, execute, rows
from tests.conftest import clock_of
from ussd_app.runtime import Runtime
from ussd_app.storage import outbox
from ussd_app.storage.outbox import Settled


def lease(rt: Runtime, most: int = 1) -> list[int]:
    with rt.db.begin() as connection:
        return [
            row.id for row in outbox.lease(connection, "urgent", rt.clock(), rt.clock() + timedelta(seconds=60), most)
        ]


def test_a_row_in_an_open_transaction_is_passed_over_and_not_waited_for(rt: Runtime) -> None:
    first, second = an_sms(rt), an_sms(rt)
    with rt.db.begin() as connection:
        until = rt.clock() + timedelta(seconds=60)
        held = outbox.lease(connection, "urgent", rt.clock(), until, 1)
        assert ([row.id for row in held], lease(rt)) == ([first], [second])


def test_a_leased_row_is_not_leased_again(rt: Runtime) -> None:
    an_sms(rt)
    assert (len(lease(rt)), len(lease(rt))) == (1, 0)


def test_a_released_row_may_be_leased_at_once(rt: Runtime) -> None:
    number = an_sms(rt)
    lease(rt)
    with rt.db.begin() as connection:
        outbox.release(connection, [number])
    assert lease(rt) == [number]


def test_the_oldest_is_leased_first(rt: Runtime) -> None:
    late, early = an_sms(rt, due_in=-10), an_sms(rt, due_in=-60)
    assert (lease(rt), lease(rt)) == ([early], [late])


def settle(rt: Runtime, *settled: Settled) -> None:
    with rt.db.begin() as connection:
        outbox.settle(connection, settled, rt.clock(), rt.clock() + timedelta(seconds=30))


def begin(rt: Runtime, *ids: int) -> list[int]:
    with rt.db.begin() as connection:
        now = rt.clock()
        return outbox.begin_handing_over(connection, ids, "post", now, now + timedelta(seconds=30))


def test_a_row_whose_lease_has_run_out_is_not_handed_over_any_more(rt: Runtime) -> None:
    number = an_sms(rt)
    lease(rt)
    clock_of(rt).forward(seconds=61)
    assert begin(rt, number) == []


def test_the_moment_of_handing_over_is_kept(rt: Runtime) -> None:
    number = an_sms(rt)
    lease(rt)
    begin(rt, number)
    assert rows(rt, "SELECT handed_at, attempts, gateway FROM outbox") == [
        {"handed_at": rt.clock(), "attempts": 1, "gateway": "post"}
    ]


def test_a_text_that_was_emptied_while_it_was_leased_is_not_handed_over(rt: Runtime) -> None:
    number = an_sms(rt)
    lease(rt)
    execute(rt, "UPDATE outbox SET text = ''")
    assert begin(rt, number) == []
    assert rows(rt, "SELECT state, reason, attempts, handed_at, lease_until FROM outbox") == [
        {"state": "stopped", "reason": "emptied", "attempts": 0, "handed_at": None, "lease_until": None}
    ]


@pytest.mark.parametrize(
    ("first_state", "state", "reason"),
    [
        ("delivered", "stopped", "the first one has arrived"),
        ("unknown", "handing_over", ""),
        ("failed", "handing_over", ""),
    ],
)
def test_a_repeat_goes_unless_its_first_has_arrived_meanwhile(
    rt: Runtime, first_state: str, state: str, reason: str
) -> None:
    first, again = an_sms(rt), an_sms(rt, words="Ulang: Halo")
    execute(rt, "UPDATE outbox SET state = :state WHERE id = :id", state=first_state, id=first)
    execute(rt, "UPDATE outbox SET repeat_of = :first WHERE id = :id", first=first, id=again)
    lease(rt)
    begin(rt, again)
    assert rows(rt, "SELECT state, reason FROM outbox WHERE id = :id", id=again) == [{"state": state, "reason": reason}]


def test_a_whole_call_is_settled_at_once_each_row_in_its_own_way(rt: Runtime) -> None:
    first, second, third = (an_sms(rt) for _ in range(3))
    lease(rt, 3)
    begin(rt, first, second, third)
    settle(rt, Settled(third, "dead", reason="no"), Settled(first, "sent", "a"), Settled(second, "unknown", reason="?"))
    found = rows(rt, "SELECT state, message_id, reason FROM outbox ORDER BY id")
    assert [tuple(row.values()) for row in found] == [("sent", "a", ""), ("unknown", None, "?"), ("dead", None, "no")]


def test_a_row_that_was_settled_is_settled_once(rt: Runtime) -> None:
    number = an_sms(rt)
    lease(rt)
    begin(rt, number)
    settle(rt, Settled(number, "sent", "a"))
    settle(rt, Settled(number, "dead", "b"))
    with rt.db.begin() as connection:
        assert len(outbox.sent_to(connection, PHONE)) == 1


@pytest.mark.parametrize(("late", "believed"), [("sent", "sent"), ("dead", "dead"), ("waiting", "unknown")])
def test_an_answer_that_comes_late_is_believed_but_brings_nothing_back_to_be_sent(
    rt: Runtime, late: str, believed: str
) -> None:
    number = an_sms(rt)
    lease(rt)
    begin(rt, number)
    clock_of(rt).forward(seconds=31)
    with rt.db.begin() as connection:
        outbox.give_up_handing_over(connection, rt.clock())
    settle(rt, Settled(number, late, "a"))
    assert rows(rt, "SELECT state FROM outbox") == [{"state": believed}]


def test_among_a_great_many_the_first_are_leased_by_their_index_without_sorting(rt: Runtime) -> None:
    execute(
        rt,
        "INSERT INTO outbox (key, lane, phone, text, segments, state, due_at, created_at) SELECT n, 'campaigns', "
        "'+62812' || n, 'Halo ' || n, 1, 'waiting', :now, :now FROM generate_series(1, 20000) n",
        now=rt.clock(),
    )
    execute(rt, "ANALYZE outbox")
    plan = rows(
        rt,
        "EXPLAIN SELECT id FROM outbox WHERE lane = 'campaigns' AND state = 'waiting' AND due_at <= :now "
        "AND (lease_until IS NULL OR lease_until < :now) ORDER BY due_at, id LIMIT 100 FOR UPDATE SKIP LOCKED",
        now=rt.clock(),
    )
    lines = [str(row["QUERY PLAN"]) for row in plan]
    assert any("Index Scan using outbox_waiting" in line for line in lines), lines
    assert not any("Sort" in line for line in lines), lines
