"""Rows that two relays want at once go to one of them, and neither waits."""

from __future__ import annotations

from datetime import timedelta

from tests.builders import PHONE, an_sms
from ussd_app.runtime import Runtime
from ussd_app.storage import outbox


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


def test_a_row_that_was_settled_is_settled_once(rt: Runtime) -> None:
    number = an_sms(rt)
    lease(rt)
    with rt.db.begin() as connection:
        outbox.begin_handing_over(connection, [number], "post", rt.clock(), rt.clock() + timedelta(seconds=60))
        outbox.settle(connection, number, "sent", rt.clock(), message_id="a")
        outbox.settle(connection, number, "dead", rt.clock(), message_id="b")
        assert len(outbox.sent_to(connection, PHONE)) == 1
