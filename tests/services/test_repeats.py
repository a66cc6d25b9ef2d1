"""A receipt or pay code of which nobody can tell whether it came is sent once more, and never twice more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import PHONE, TO_CONSENT, a_member, a_pay_code, execute, rows, typed
from tests.conftest import clock_of
from tests.texts import a_handed_text, reported, state_of
from tests.work import work
from ussd_app import queues
from ussd_app.runtime import Runtime
from ussd_app.services import repeats, reports
from ussd_app.storage import repeats as store


def an_unknown(rt: Runtime, key: str = "receipt:SRT-1", *, repeatable: bool = True, **details: Any) -> int:
    """A text that allows a repeat and has been unknown for half an hour."""
    number = a_handed_text(rt, "unknown", **{"key": key, "minutes_ago": 30, **details})
    execute(
        rt, "UPDATE outbox SET repeats = :repeats, message = 'receipt' WHERE id = :id", id=number, repeats=repeatable
    )
    return number


def repeated(rt: Runtime) -> list[str]:
    """The keys of all repeats."""
    return [row["key"] for row in rows(rt, "SELECT key FROM outbox WHERE repeat_of IS NOT NULL ORDER BY id")]


def test_a_repeat_is_a_text_of_its_own_marked_and_due_at_once(rt: Runtime) -> None:
    number = an_unknown(rt, words="Terima kasih!")
    execute(rt, 'UPDATE outbox SET pay = \'{"code": "1"}\'')
    assert repeats.scan(rt) == 1
    (row,) = rows(rt, "SELECT * FROM outbox WHERE repeat_of = :number", number=number)
    expected = {
        "key": "receipt:SRT-1:ulang",
        "lane": "urgent",
        "phone": PHONE,
        "text": "Ulang: Terima kasih!",
        "segments": 1,
        "state": "waiting",
        "message": "receipt",
        "repeats": False,
        "pay": {"code": "1"},
        "due_at": rt.clock(),
    }
    assert {name: row[name] for name in expected} == expected


def test_the_first_text_stays_unknown(rt: Runtime) -> None:
    number = an_unknown(rt)
    repeats.scan(rt)
    assert state_of(rt, number) == "unknown"


@pytest.mark.parametrize("state", ["waiting", "handing_over", "sent", "delivered", "failed", "no_report", "dead"])
def test_only_what_is_unknown_is_repeated(rt: Runtime, state: str) -> None:
    number = an_unknown(rt)
    execute(rt, "UPDATE outbox SET state = :state WHERE id = :id", id=number, state=state)
    assert repeats.scan(rt) == 0


def test_a_text_that_allows_no_repeat_gets_none(rt: Runtime) -> None:
    an_unknown(rt, repeatable=False)
    assert repeats.scan(rt) == 0


@pytest.mark.parametrize(("minutes_ago", "expected"), [(29.9, 0), (30, 1), (23 * 60, 1), (25 * 60, 0)])
def test_a_repeat_comes_after_half_an_hour_and_not_a_day_late(rt: Runtime, minutes_ago: float, expected: int) -> None:
    an_unknown(rt, minutes_ago=minutes_ago)
    assert repeats.scan(rt) == expected


def test_a_second_scan_repeats_nothing_again(rt: Runtime) -> None:
    an_unknown(rt)
    assert [repeats.scan(rt) for _ in range(3)] == [1, 0, 0]


def test_a_repeat_that_is_unknown_itself_is_not_repeated(rt: Runtime) -> None:
    an_unknown(rt)
    repeats.scan(rt)
    handed = rt.clock()
    execute(rt, "UPDATE outbox SET state = 'unknown', handed_at = :handed WHERE repeat_of IS NOT NULL", handed=handed)
    clock_of(rt).forward(minutes=31)
    assert repeats.scan(rt) == 0


def test_two_scans_at_once_write_one_repeat_of_each(rt: Runtime) -> None:
    for number in range(50):
        an_unknown(rt, f"receipt:SRT-{number}")
    with ThreadPoolExecutor(4) as threads:
        written = list(threads.map(lambda _: repeats.scan(rt), range(4)))
    assert (sum(written), len(set(repeated(rt))), len(repeated(rt))) == (50, 50, 50)


def test_a_report_that_settled_the_first_makes_a_repeat_needless(rt: Runtime) -> None:
    an_unknown(rt)
    reported(rt, "x")
    reports.match(rt)
    assert repeats.scan(rt) == 0


def test_what_is_of_no_use_any_more_is_not_repeated(rt: Runtime) -> None:
    number = an_unknown(rt)
    execute(rt, "UPDATE outbox SET send_by = :now WHERE id = :id", now=rt.clock(), id=number)
    assert repeats.scan(rt) == 0


def test_a_text_that_was_erased_meanwhile_is_not_repeated(rt: Runtime) -> None:
    number = an_unknown(rt)
    execute(rt, "UPDATE outbox SET text = '' WHERE id = :id", id=number)
    assert repeats.scan(rt) == 0


def test_the_scan_each_minute_writes_what_is_due(rt: Runtime) -> None:
    an_unknown(rt)
    rt.queues.enqueue(queues.REPEAT)
    work(rt)
    assert repeated(rt) == ["receipt:SRT-1:ulang"]


@pytest.mark.parametrize(
    ("state", "number"), [("stopped", 0), ("waiting", 0), ("sent", 1), ("delivered", 1), ("unknown", 1)]
)
def test_only_repeats_that_went_are_counted(rt: Runtime, state: str, number: int) -> None:
    an_unknown(rt)
    repeats.scan(rt)
    execute(rt, "UPDATE outbox SET state = :state WHERE repeat_of IS NOT NULL", state=state)
    with rt.db.connect() as connection:
        assert store.count(connection) == number


# ---- pay codes ----


@pytest.mark.parametrize("message", ["pay_code", "pay_code_with_fee", "savings_code", "pay_code_people"])
def test_a_pay_code_that_can_be_paid_is_repeated(rt: Runtime, message: str) -> None:
    code = a_pay_code(rt, a_member(rt))
    an_unknown(rt, f"{message}:{code.id}", lane="codes")
    assert repeats.scan(rt) == 1


@pytest.mark.parametrize("state", ["paid", "expired", "failed"])
def test_a_pay_code_that_is_not_to_be_paid_any_more_is_not_repeated(rt: Runtime, state: str) -> None:
    code = a_pay_code(rt, a_member(rt))
    an_unknown(rt, f"pay_code:{code.id}", lane="codes")
    execute(rt, "UPDATE pay_codes SET state = :state", state=state)
    assert repeats.scan(rt) == 0


def test_a_pay_code_past_its_time_is_not_repeated(rt: Runtime) -> None:
    code = a_pay_code(rt, a_member(rt))
    an_unknown(rt, f"pay_code:{code.id}", lane="codes")
    execute(rt, "UPDATE pay_codes SET expires_at = :now", now=rt.clock() - timedelta(seconds=1))
    assert repeats.scan(rt) == 0


def test_a_pay_code_that_somebody_asked_for_is_repeated_as_it_was(rt: Runtime) -> None:
    typed(rt, *TO_CONSENT, "1")
    work(rt)
    execute(
        rt,
        "UPDATE outbox SET state = 'unknown', message_id = NULL, handed_at = :handed WHERE lane = 'codes'",
        handed=rt.clock() - timedelta(minutes=31),
    )
    repeats.scan(rt)
    (first,) = rows(rt, "SELECT id, text, pay FROM outbox WHERE lane = 'codes' AND repeat_of IS NULL")
    (again,) = rows(rt, "SELECT repeat_of, text, pay FROM outbox WHERE repeat_of IS NOT NULL")
    assert again == {"repeat_of": first["id"], "text": f"Ulang: {first['text']}", "pay": first["pay"]}
