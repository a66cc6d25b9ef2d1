"""Real engines for every test process, and a clean house for every test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from sqlalchemy import text

from tests.fakes.clock import Clock
from ussd_app import logs, runtime
from ussd_app.engines import Engines
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.settings import Settings
from ussd_app.storage import database
from workers import runtime as worker_runtime

MENUS = Path(__file__).parent.parent / "menus"
# Keys for tests only; fixed, so that everything derived from them is the same in every run.
KEY = "b3BlbiBzZXNhbWUgb3BlbiBzZXNhbWUgb3BlbiBzZXM="
# A Sunday in November 2026, ten in the morning in Jakarta.
MORNING = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)

# What was found to hold must not fail a landing by the luck of that day; elsewhere every run tries something new.
hypothesis_settings.register_profile("the same every time", derandomize=True)
if os.environ.get("CI") == "true":
    hypothesis_settings.load_profile("the same every time")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` rewrites the conversations in tests/dialogues with what really comes back."""
    parser.addoption("--update", action="store_true", help="rewrite tests/dialogues with what comes back now")


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """PostgreSQL and Valkey, started once for each test process."""
    logs.configure("ERROR")
    with Engines(tmp_path_factory.mktemp("engines"), durable=False) as running:
        yield running


@pytest.fixture(scope="session")
def settings(engines: Engines) -> Settings:
    """Settings that point to these engines."""
    return Settings(
        database_url=engines.database_url,
        redis_url=engines.redis_url,
        secret_key="a secret that only the tests know",
        data_keys=KEY,
        callback_token="local",
        sertakan_local=True,
    )


@pytest.fixture(scope="session")
def house(settings: Settings) -> Iterator[Runtime]:
    """A runtime on a migrated database, its clock in the tests' hand."""
    rt = runtime.build(settings, clock=Clock(MORNING))
    database.migrate(rt.db)
    yield rt
    rt.db.dispose()


@pytest.fixture
def rt(house: Runtime) -> Runtime:
    """The house, empty but for the shipped menus, at ten in the morning."""
    return emptied(house)


def emptied(house: Runtime) -> Runtime:
    """The same house with nothing in it but the shipped menus, at ten in the morning.

    Tables that are empty, and documents that no test has changed, are left alone: that is most of the time.
    """
    kept = ("alembic_version", "documents", "document_versions")
    with house.db.begin() as connection:
        names = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars()
        asked = " UNION ALL ".join(
            f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})"  # noqa: S608
            for name in names
            if name not in kept
        )
        filled = list(connection.execute(text(asked)).scalars())
        versions = connection.execute(text("SELECT sum(version), count(*) FROM document_versions")).one()
        shipped_ones = len(publishing.files_of(MENUS))
        changed = tuple(versions) != (shipped_ones, shipped_ones)
        if changed:
            filled += kept[1:]
            house.compiled.clear()
        if filled:
            # The ledger refuses to be emptied: for this once, nobody asks it.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(f"TRUNCATE {', '.join(filled)} RESTART IDENTITY CASCADE"))
        # What was rolled back has left no row behind, and yet used up numbers.
        used = connection.execute(
            text("SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL AND sequencename !~ '^document'")
        ).scalars()
        for sequence in list(used):
            connection.execute(text(f"ALTER SEQUENCE {sequence} RESTART"))
    clock_of(house).set(MORNING)
    if changed:
        publishing.import_folder(house, MENUS)
    house.redis.flushall()
    worker_runtime.use(house)
    return house


def clock_of(rt: Runtime) -> Clock:
    """The tests' clock in a runtime."""
    assert isinstance(rt.clock, Clock)
    return rt.clock


@dataclass(frozen=True)
class Chromium:
    """Where the browser is."""

    path: str


@pytest.fixture(scope="session")
def chromium() -> Chromium:
    """The browser for page tests; without one they are skipped loudly, and with CI=true that is a failure."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return Chromium(path)
    sentence = "NO CHROMIUM: the browser tests were not run (Debian: apt-get install chromium)"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)
