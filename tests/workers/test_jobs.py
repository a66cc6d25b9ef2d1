"""Jobs on their queues and in the workers: names that lead somewhere, queues that may be away, jobs that run twice."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rq import SimpleWorker

from tests.builders import (
    a_member,
    a_paid_member,
    a_pay_code,
    a_registered_member,
    a_registration,
    an_order,
    an_sms,
    count,
    rows,
    typed,
)
from tests.conftest import clock_of
from tests.work import work
from ussd_app import queues
from ussd_app.errors import Refused
from ussd_app.gateways.console import ConsoleTill
from ussd_app.queues import QUEUE_OF, QUEUES, RELAY, SMS, Queues, queue_of
from ussd_app.runtime import Runtime
from ussd_app.services import payments
from ussd_app.storage.redis import connect
from workers import registration, schedule
from workers import runtime as worker_runtime
from workers.__main__ import QuickWorker

JOBS = {*QUEUE_OF, RELAY}


@pytest.mark.parametrize("job", sorted(JOBS))
def test_every_job_is_a_function_of_the_workers(job: str) -> None:
    module, _, name = job.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name))


def test_every_job_name_in_the_code_has_a_queue() -> None:
    names = {value for value in vars(queues).values() if isinstance(value, str) and value.startswith("workers.")}
    assert names == JOBS


def test_every_job_goes_to_a_queue_that_has_a_worker() -> None:
    assert {*QUEUE_OF.values(), *SMS.values()} == set(QUEUES)


def test_every_function_of_the_workers_that_is_a_job_is_named_in_the_queues() -> None:
    folder = Path(schedule.__file__).parent
    jobs = set()
    for file in folder.glob("*.py"):
        if file.stem in ("__init__", "__main__", "runtime", "schedule"):
            continue
        module = importlib.import_module(f"workers.{file.stem}")
        jobs |= {
            f"{module.__name__}.{name}"
            for name, value in vars(module).items()
            if callable(value) and getattr(value, "__module__", "") == module.__name__
        }
    assert jobs == JOBS


@pytest.mark.parametrize("scan", schedule.SCANS, ids=lambda scan: " ".join((scan[0], *scan[1])))
def test_every_scan_can_be_queued_and_done_on_an_empty_house(
    rt: Runtime, scan: tuple[str, tuple[str, ...], int]
) -> None:
    job, arguments, _ = scan
    rt.queues.enqueue_scan(job, *arguments, most=1)
    work(rt)
    assert rt.queues.length(queue_of(job, *arguments)) == 0


def test_every_sweep_is_among_the_scans() -> None:
    assert {job for job in QUEUE_OF if job.endswith(".sweep")} <= {job for job, _, _ in schedule.SCANS}


# ---- queues ----


def test_a_job_waits_on_its_queue(rt: Runtime) -> None:
    assert rt.queues.enqueue(queues.POST_PAYMENT, 1)
    assert {name for name in QUEUES if rt.queues.length(name)} == {queues.PAYMENTS}


@pytest.mark.parametrize("lane", SMS)
def test_each_lane_has_a_queue_of_its_own_for_its_relay(rt: Runtime, lane: str) -> None:
    assert rt.queues.enqueue(RELAY, lane)
    assert {name for name in QUEUES if rt.queues.length(name)} == {SMS[lane]}


def test_when_redis_is_away_a_job_is_forgotten_and_nothing_raised() -> None:
    away = Queues(connect("unix:///nowhere.sock"))
    assert away.enqueue(queues.POST_PAYMENT, 1) is False


def test_when_redis_is_away_a_scan_is_forgotten_and_nothing_raised() -> None:
    Queues(connect("unix:///nowhere.sock")).enqueue_scan(queues.SWEEP_PAYMENTS, most=1)


def test_a_queue_that_nobody_works_on_does_not_fill_up_with_scans(rt: Runtime) -> None:
    for _ in range(5):
        rt.queues.enqueue_scan(queues.SWEEP_PAYMENTS, most=2)
    assert rt.queues.length(queues.PAYMENTS) == 2


def test_a_queue_is_attended_while_its_worker_gives_signs_of_life(rt: Runtime) -> None:
    worker = SimpleWorker([queues.PAYMENTS], connection=rt.queues.connection, serializer="json")
    worker.register_birth()  # type: ignore[no-untyped-call]
    now = datetime.now(UTC)
    assert rt.queues.attended(now - timedelta(seconds=60)) == {queues.PAYMENTS}
    assert rt.queues.attended(now + timedelta(seconds=60)) == set()


def test_a_job_is_its_name_and_an_id_and_nothing_else(rt: Runtime) -> None:
    rt.queues.enqueue(queues.FILE_REGISTRATION, 12)
    (key,) = rt.queues.connection.keys("rq:job:*")
    stored = rt.queues.connection.hgetall(key)
    assert rt.queues.connection.hget(key, "description") == b"workers.registration.file_registration(12)"
    assert b"pickle" not in repr(stored).encode()


# ---- jobs ----


def test_our_own_worker_does_the_jobs(rt: Runtime) -> None:
    a_registration(rt, a_member(rt))
    rt.queues.enqueue(queues.FILE_REGISTRATION, 1)
    QuickWorker([queues.REGISTRATION], connection=rt.queues.connection, serializer="json").work(
        burst=True, logging_level="ERROR"
    )
    assert rows(rt, "SELECT state FROM registrations") == [{"state": "confirmed"}]


def test_jobs_about_rows_that_are_not_there_do_nothing(rt: Runtime) -> None:
    for job in (queues.FILE_REGISTRATION, queues.MAKE_PAY_CODE, queues.POST_PAYMENT):
        rt.queues.enqueue(job, 4711)
    work(rt)
    assert count(rt, "outbox") == 0


def test_every_job_may_run_twice(rt: Runtime) -> None:
    member = a_member(rt)
    a_registration(rt, member)
    an_order(rt, member)
    for _ in range(2):
        for job in (queues.FILE_REGISTRATION, queues.MAKE_PAY_CODE):
            rt.queues.enqueue(job, 1)
        work(rt)
    assert [(row["state"], row["key"]) for row in rows(rt, "SELECT state, key FROM outbox ORDER BY key")] == [
        ("sent", "pay_code:1"),
        ("waiting", "registered:1"),
    ]


def test_the_scans_alone_carry_somebody_from_the_dial_to_active(rt: Runtime) -> None:
    typed(rt, "1", "3174054508880003", "05081988", "Siti Aminah", "1", "1", "2", "1")
    for _ in range(2):
        rt.queues.connection.delete(*(f"rq:queue:{name}" for name in QUEUES))  # every job is lost
        for job, arguments, _ in schedule.SCANS:
            rt.queues.enqueue_scan(job, *arguments, most=10)
        work(rt)
        for row in rows(rt, "SELECT pay FROM outbox WHERE pay IS NOT NULL AND key LIKE 'pay_code%'"):
            pay(rt, row["pay"]["code"], row["pay"]["amount"])
    for job, arguments, _ in schedule.SCANS:
        rt.queues.enqueue_scan(job, *arguments, most=10)
    work(rt)
    assert "AKTIF" in typed(rt, session="at:s2").text


def pay(rt: Runtime, code: str, amount: int) -> None:
    """Somebody pays at the till, once."""
    assert isinstance(rt.payment, ConsoleTill)
    try:
        payments.receive(rt, rt.payment.pay(code, amount))
    except Refused:
        return


def test_the_sweep_of_registrations_lets_old_codes_expire(rt: Runtime) -> None:
    a_pay_code(rt, a_registered_member(rt))
    clock_of(rt).forward(days=4)
    registration.sweep()
    assert rows(rt, "SELECT state FROM pay_codes") == [{"state": "expired"}]


def test_paid_months_are_handed_over_by_a_job(rt: Runtime) -> None:
    a_paid_member(rt)
    rt.queues.enqueue(queues.HAND_OVER)
    work(rt)
    assert rows(rt, "SELECT state FROM contribution_months") == [{"state": "confirmed"}]


def test_the_relay_is_a_job(rt: Runtime) -> None:
    an_sms(rt)
    rt.queues.enqueue(queues.RELAY, "urgent")
    work(rt)
    assert rows(rt, "SELECT state FROM outbox") == [{"state": "sent"}]


def test_a_worker_uses_the_runtime_it_was_given(rt: Runtime) -> None:
    assert worker_runtime.rt() is rt
