"""Operators ask whether everything is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta

from flask import Flask, Response, jsonify
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ussd_app.queues import QUEUES
from ussd_app.runtime import Runtime
from ussd_app.services import reminding
from ussd_app.storage import campaigns, database, gateways, inbox, lanes, numbers, repeats, reports
from ussd_app.storage import ledger as books
from ussd_app.storage.dialogues import COUNTERS
from ussd_app.storage.gateways import Standing
from ussd_app.storage.lanes import Waiting
from ussd_app.storage.outbox import LANES

# A worker writes its heartbeat at least every 15 seconds while it waits for work.
SILENCE = timedelta(seconds=60)


def routes(app: Flask, rt: Runtime) -> None:
    """`/healthz` alive, `/readyz` each part by name, `/metrics` for Prometheus."""
    registry = CollectorRegistry()
    registry.register(_Numbers(rt))

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok", content_type="text/plain; charset=utf-8")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        parts = {name: _state(check) for name, check in _checks(rt).items()}
        return jsonify(parts), 200 if all(state == "ok" for state in parts.values()) else 503

    @app.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type="text/plain; version=0.0.4; charset=utf-8")


def _checks(rt: Runtime) -> dict[str, Callable[[], bool]]:
    def database_answers() -> bool:
        with rt.db.connect() as connection:
            return bool(connection.execute(text("SELECT 1")).scalar_one())

    return {
        "database": database_answers,
        "redis": lambda: bool(rt.redis.ping()),
        "migrations": lambda: database.is_current(rt.db),
        "workers": lambda: set(QUEUES) <= rt.queues.attended(rt.clock() - SILENCE),
    }


def _state(check: Callable[[], bool]) -> str:
    try:
        return "ok" if check() else "down"
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a part, the page says so
        return f"down: {type(error).__name__}"


class _Numbers(Collector):
    """Numbers kept by the database and Redis, so they are the same whichever process is asked."""

    def __init__(self, rt: Runtime) -> None:
        self.rt = rt

    def collect(self) -> Iterator[Metric]:
        """All that can be read: the numbers of a part that is away are missing, the others are there."""
        for part in (self._turns, self._queues, self._database):
            with suppress(RedisError, SQLAlchemyError):
                yield from list(part())

    def _turns(self) -> Iterator[Metric]:
        turns = self.rt.redis.hget(COUNTERS, "turns")
        yield CounterMetricFamily("sertakan_turns", "Turns taken in all dialogues", value=int(turns or 0))

    def _queues(self) -> Iterator[Metric]:
        queue = GaugeMetricFamily("sertakan_queue_jobs", "Jobs waiting", labels=["queue"])
        for name in QUEUES:
            queue.add_metric([name], self.rt.queues.length(name))
        yield queue

    def _database(self) -> Iterator[Metric]:
        with self.rt.db.connect() as connection:
            held, sums = lanes.lanes(connection, self.rt.clock()), books.balances(connection)
            told, again, dead = reports.states(connection), repeats.count(connection), numbers.count_dead(connection)
        texts = GaugeMetricFamily("sertakan_outbox", "Outgoing SMS that are not settled", labels=["state"])
        for state in ("waiting", "handing_over", "unknown"):
            texts.add_metric([state], sum(getattr(lane, state) for lane in held.values()))
        yield texts
        yield from _sms(self.rt, held)
        said = GaugeMetricFamily("sertakan_delivery_reports", "Reports that have found no text yet", labels=["state"])
        for state in ("waiting", "parked"):
            said.add_metric([state], told.get(state, 0))
        yield said
        yield CounterMetricFamily("sertakan_repeats", "Texts sent a second time, marked as such", value=again)
        yield GaugeMetricFamily("sertakan_dead_numbers", "Numbers at which texts fail again and again", value=dead)
        yield from _inbox_and_campaigns(self.rt)
        late = reminding.lag(self.rt).total_seconds()
        yield GaugeMetricFamily("sertakan_reminders_late_seconds", "Since the oldest reminder fell due", value=late)
        yield GaugeMetricFamily("sertakan_books_balance", "Must be 0 rupiah", value=sum(sums.values()))


def _sms(rt: Runtime, held: Mapping[str, Waiting]) -> Iterator[Metric]:
    with rt.db.connect() as connection:
        standings = gateways.standings(connection)
    waiting = GaugeMetricFamily("sertakan_sms", "Outgoing SMS that are not settled", labels=["lane", "state"])
    oldest = GaugeMetricFamily("sertakan_sms_oldest_seconds", "Since the oldest one fell due", labels=["lane"])
    for lane in LANES:
        one = held.get(lane, Waiting())
        for state in ("waiting", "handing_over", "unknown"):
            waiting.add_metric([lane, state], getattr(one, state))
        oldest.add_metric([lane], one.oldest)
    closed = GaugeMetricFamily("sertakan_sms_gateway_closed", "1 while nobody asks it", labels=["gateway"])
    halted = GaugeMetricFamily("sertakan_sms_gateway_halted", "1 while it asks us to stop", labels=["gateway"])
    for name in sorted({*rt.messaging, *standings}):
        closed.add_metric([name], int(standings.get(name, Standing()).closed_until is not None))
        halted.add_metric([name], int(standings.get(name, Standing()).halted_at is not None))
    yield from (waiting, oldest, closed, halted)


def _inbox_and_campaigns(rt: Runtime) -> Iterator[Metric]:
    with rt.db.connect() as connection:
        came_in, (running, waiting) = inbox.oldest_waiting(connection), campaigns.running(connection)
    late = (rt.clock() - came_in).total_seconds() if came_in else 0.0
    yield GaugeMetricFamily("sertakan_sms_unanswered_seconds", "Since the oldest unanswered SMS came in", value=late)
    yield GaugeMetricFamily("sertakan_campaigns_running", "Campaigns that were started", value=running)
    yield GaugeMetricFamily("sertakan_campaign_texts_waiting", "Their texts not in the outbox yet", value=waiting)
