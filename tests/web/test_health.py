"""Operators ask what is there, part by part, and how much of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from rq import SimpleWorker

from tests.builders import PHONE, a_paid_member, an_sms, execute, rows, typed
from tests.campaigns import a_campaign, a_started_campaign, many_members
from tests.conftest import clock_of
from tests.texts import a_handed_text, reported
from ussd_app import runtime
from ussd_app.app import create_app
from ussd_app.queues import QUEUES
from ussd_app.runtime import Runtime
from ussd_app.services import reports
from ussd_app.services.inbox import take_sms
from ussd_app.settings import Settings
from ussd_app.storage import gateways


def ask(rt: Runtime, page: str = "/readyz") -> tuple[int, dict[str, str]]:
    response = create_app(rt).test_client().get(page)
    return response.status_code, response.json or {}


@contextmanager
def attended(rt: Runtime, queues: tuple[str, ...] = QUEUES) -> Iterator[None]:
    """Workers that have just given a sign of life; theirs is the real clock."""
    clock_of(rt).set(datetime.now(UTC))
    workers = [SimpleWorker([queue], connection=rt.queues.connection, serializer="json") for queue in queues]
    for worker in workers:
        worker.register_birth()  # type: ignore[no-untyped-call]
        worker.heartbeat()
    yield
    for worker in workers:
        worker.register_death()  # type: ignore[no-untyped-call]


def test_a_living_service_says_so(rt: Runtime) -> None:
    response = create_app(rt).test_client().get("/healthz")
    assert (response.status_code, response.text) == (200, "ok")


def test_a_service_without_database_or_redis_is_alive_all_the_same(settings: Settings) -> None:
    lonely = runtime.build(
        settings.model_copy(
            update={"database_url": "postgresql+psycopg://s@/s?host=/nowhere", "redis_url": "unix:///nowhere.sock"}
        )
    )
    assert create_app(lonely).test_client().get("/healthz").status_code == 200


def test_a_service_with_everything_is_ready(rt: Runtime) -> None:
    with attended(rt):
        assert ask(rt) == (200, {"database": "ok", "migrations": "ok", "redis": "ok", "workers": "ok"})


def test_without_workers_it_is_not_ready_and_says_so(rt: Runtime) -> None:
    status, parts = ask(rt)
    assert (status, parts["workers"], parts["database"], parts["redis"]) == (503, "down", "ok", "ok")


def test_a_queue_that_nobody_works_on_makes_it_not_ready(rt: Runtime) -> None:
    with attended(rt, QUEUES[1:]):
        assert ask(rt)[1]["workers"] == "down"


def test_workers_that_have_been_silent_for_a_minute_are_down(rt: Runtime) -> None:
    with attended(rt):
        clock_of(rt).forward(seconds=90)
        assert ask(rt)[1]["workers"] == "down"


def test_without_a_database_it_says_so(rt: Runtime, settings: Settings) -> None:
    away = settings.model_copy(update={"database_url": "postgresql+psycopg://s@/s?host=/nowhere"})
    status, parts = ask(replace(rt, db=runtime.build(away).db))
    assert (status, parts["database"].startswith("down"), parts["redis"]) == (503, True, "ok")


def test_without_redis_it_says_so(rt: Runtime, settings: Settings) -> None:
    away = runtime.build(settings.model_copy(update={"redis_url": "unix:///nowhere.sock"}))
    status, parts = ask(replace(rt, connections=away.connections))
    assert (status, parts["redis"].startswith("down"), parts["database"]) == (503, True, "ok")


def test_without_the_newest_migration_it_says_so(rt: Runtime) -> None:
    (newest,) = rows(rt, "SELECT version_num FROM alembic_version")
    execute(rt, "UPDATE alembic_version SET version_num = 'older'")
    try:
        assert ask(rt)[1]["migrations"] == "down"
    finally:
        execute(rt, f"UPDATE alembic_version SET version_num = '{newest['version_num']}'")  # noqa: S608


@pytest.fixture
def client(rt: Runtime) -> FlaskClient:
    """Prometheus."""
    return create_app(rt).test_client()


def test_numbers_are_in_prometheus_own_format(client: FlaskClient) -> None:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")


@pytest.mark.parametrize(
    "line",
    [
        "sertakan_turns_total 2.0",
        'sertakan_outbox{state="waiting"} 1.0',
        'sertakan_queue_jobs{queue="housekeeping"} 1.0',
        "sertakan_books_balance 0.0",
        "sertakan_reminders_late_seconds 60.0",
        'sertakan_delivery_reports{state="waiting"} 1.0',
        'sertakan_delivery_reports{state="parked"} 1.0',
        "sertakan_repeats_total 1.0",
        "sertakan_dead_numbers 1.0",
    ],
)
def test_the_numbers_are_those_of_the_house(client: FlaskClient, rt: Runtime, line: str) -> None:
    a_paid_member(rt)
    typed(rt, "3")
    an_sms(rt)
    rt.queues.enqueue("workers.journal.write")
    reported(rt, "x")
    reports.match(rt)
    reported(rt, "y")
    number = a_handed_text(rt)
    execute(rt, "UPDATE outbox SET repeat_of = :id WHERE id = :id", id=number)
    execute(rt, "INSERT INTO numbers (phone, failures, dead_at) VALUES ('+628', 3, now())")
    execute(rt, "UPDATE reminder_times SET next_at = :at", at=rt.clock() - timedelta(minutes=1))
    assert line in client.get("/metrics").text.splitlines()


def test_an_sms_that_nobody_answers_and_a_campaign_on_its_way_are_seen(rt: Runtime, client: FlaskClient) -> None:
    page = client.get("/metrics").text.splitlines()
    assert {"sertakan_sms_unanswered_seconds 0.0", "sertakan_campaigns_running 0.0"} <= set(page)
    many_members(rt, 3)
    a_started_campaign(rt)
    a_campaign(rt, name="later")
    for number in (1, 2):
        take_sms(rt, {"from": PHONE, "to": "777", "text": "CEK", "date": "2026-11-22 03:00:00", "id": f"in-{number}"})
        clock_of(rt).forward(seconds=45)
    page = client.get("/metrics").text.splitlines()
    assert {
        "sertakan_sms_unanswered_seconds 90.0",
        "sertakan_campaigns_running 1.0",
        "sertakan_campaign_texts_waiting 3.0",
    } <= set(page)


def test_without_redis_the_numbers_of_the_database_are_still_there(rt: Runtime, settings: Settings) -> None:
    away = runtime.build(settings.model_copy(update={"redis_url": "unix:///nowhere.sock"}))
    lonely = replace(rt, connections=away.connections, queues=away.queues)
    response = create_app(lonely).test_client().get("/metrics")
    assert (response.status_code, "sertakan_books_balance 0.0" in response.text) == (200, True)


def test_the_metrics_tell_what_each_lane_holds_and_how_the_gateways_stand(rt: Runtime) -> None:
    an_sms(rt, lane="reminders", due_in=-90)
    with rt.db.begin() as connection:
        gateways.halt(connection, "console", "no balance", rt.clock(), rt.clock())
    page = create_app(rt).test_client().get("/metrics").text
    for line in (
        'sertakan_sms{lane="reminders",state="waiting"} 1.0',
        'sertakan_sms{lane="urgent",state="waiting"} 0.0',
        'sertakan_sms_oldest_seconds{lane="reminders"} 90.0',
        'sertakan_sms_gateway_closed{gateway="console"} 1.0',
        'sertakan_sms_gateway_halted{gateway="console"} 1.0',
    ):
        assert line in page


def test_a_gateway_without_balance_does_not_make_the_service_unready(rt: Runtime) -> None:
    with rt.db.begin() as connection:
        gateways.halt(connection, "console", "no balance", rt.clock(), rt.clock())
    with attended(rt):
        assert ask(rt)[0] == 200
