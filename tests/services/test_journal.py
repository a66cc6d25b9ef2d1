"""Turns move from the stream into the table, each once, whatever is typed."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from tests.builders import NIK, a_keypress, count, rows, typed
from ussd_app.runtime import Runtime
from ussd_app.services import dialing, journal
from ussd_app.storage import journal as stored
from workers import journal as job


def test_every_turn_is_written_down(rt: Runtime) -> None:
    typed(rt, "1", NIK)
    assert journal.write(rt) == 3
    assert [
        (row["screen"], row["shown"], row["outcome"])
        for row in rows(rt, "SELECT screen, shown, outcome FROM turns ORDER BY transition")
    ] == [
        ("", "home_guest", "accepted"),
        ("home_guest", "register_nik", "accepted"),
        ("register_nik", "register_birth_date", "accepted"),
    ]


def test_the_stream_is_empty_once_it_is_written_down(rt: Runtime) -> None:
    typed(rt, "1")
    journal.write(rt)
    assert rt.redis.xlen("srt:journal") == 0


def test_a_batch_written_twice_is_in_the_table_once(rt: Runtime) -> None:
    typed(rt, "1")
    kept = rt.redis.dump("srt:journal")
    journal.write(rt)
    rt.redis.restore("srt:journal", 0, cast("bytes", kept), replace=True)  # a crash between commit and removal
    journal.write(rt)
    assert (count(rt, "turns"), rt.redis.xlen("srt:journal")) == (2, 0)


def test_more_turns_than_a_batch_are_all_written_down(rt: Runtime) -> None:
    typed(rt)
    ((_, turn),) = stored.waiting(rt.redis, 1)
    for _ in range(journal.BATCH):
        rt.redis.xadd("srt:journal", {"turn": turn})
    assert journal.write(rt) == journal.BATCH + 1


def test_a_private_answer_is_not_written_down(rt: Runtime) -> None:
    typed(rt, "1", NIK)
    journal.write(rt)
    assert [row["said"] for row in rows(rt, "SELECT said FROM turns ORDER BY transition")] == ["(dial)", "1", "***"]


@pytest.mark.parametrize("said", ["\0", "1\0", "😀", "'"])
def test_nothing_that_can_be_typed_stops_the_journal(rt: Runtime, said: str) -> None:
    typed(rt, said)
    assert journal.write(rt) == 2


def test_nothing_a_network_calls_itself_stops_the_journal(rt: Runtime) -> None:
    dialing.press(rt, replace(a_keypress(), network="5\x001"))
    assert journal.write(rt) == 1


def test_the_worker_writes_the_journal(rt: Runtime) -> None:
    typed(rt)
    job.write()
    assert count(rt, "turns") == 1


def test_an_empty_stream_is_no_work(rt: Runtime) -> None:
    assert (journal.write(rt), stored.waiting(rt.redis, 10)) == (0, [])
