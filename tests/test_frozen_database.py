"""PostgreSQL stands still with all its connections open: nobody who calls us waits until they give up."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import sqlalchemy
from flask.testing import FlaskClient

from tests.conftest import KEY, MENUS, MORNING
from tests.fakes.clock import Clock
from tests.web.test_callbacks import AT, FORMS, KEYPRESS
from ussd_app import logs, runtime
from ussd_app.app import create_app
from ussd_app.engines import Engines
from ussd_app.process import running_in
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.settings import Settings
from ussd_app.storage import database

# Seconds. Twice what it takes on an idle machine; the gateway gives up after 15.
BOUND = 8.0
Soon = Callable[[Callable[[], str]], str]
OTHERS = [address for address in FORMS if address != "ussd"]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """Engines that may be stopped without harm to any other test."""
    logs.configure("ERROR")
    with Engines(tmp_path_factory.mktemp("frozen"), durable=False) as running:
        yield running


@pytest.fixture(scope="module")
def house(own: Engines) -> Iterator[Runtime]:
    """A service on them."""
    settings = Settings(
        database_url=own.database_url,
        redis_url=own.redis_url,
        secret_key="a secret that only the tests know",
        data_keys=KEY,
        callback_token="local",
        sertakan_local=True,
    )
    rt = runtime.build(settings, clock=Clock(MORNING))
    database.migrate(rt.db)
    publishing.import_folder(rt, MENUS)
    yield rt
    rt.db.dispose()


@pytest.fixture
def client(house: Runtime) -> FlaskClient:
    """Whoever posts; the service has open connections."""
    client = create_app(house).test_client()
    assert dialled(client).startswith("CON ")
    return client


def dialled(client: FlaskClient) -> str:
    """Somebody dials; a session of its own, or Redis alone would have the answer."""
    return client.post(f"{AT}/ussd", data={**KEYPRESS, "sessionId": uuid.uuid4().hex}).text


@pytest.fixture
def soon() -> Iterator[Soon]:
    """Does something in the time that a caller has; raises TimeoutError when it takes longer."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda ask: pool.submit(ask).result(timeout=BOUND)


@contextmanager
def frozen(engines: Engines) -> Iterator[None]:
    """Every process of PostgreSQL stands still."""
    stopped: set[int] = set()
    try:
        # The postmaster goes first or it may start another child meanwhile.
        assert engines.postgres
        for pid in (engines.postgres.pid, *running_in(engines.data_dir / "postgres", "postgres")):
            os.kill(pid, signal.SIGSTOP)
            stopped.add(pid)
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


def test_a_dial_ends_politely_and_soon(own: Engines, client: FlaskClient, soon: Soon) -> None:
    with frozen(own):
        assert soon(lambda: dialled(client)).startswith("END Layanan sedang sibuk.")


def test_once_the_database_goes_on_the_next_dial_does_as_well(own: Engines, client: FlaskClient, soon: Soon) -> None:
    with frozen(own):
        soon(lambda: dialled(client))
    assert dialled(client).startswith("CON ")


@pytest.mark.parametrize("address", OTHERS)
def test_what_cannot_be_kept_is_soon_said_to_have_failed_so_that_it_comes_again(
    own: Engines, client: FlaskClient, soon: Soon, address: str
) -> None:
    with frozen(own):
        assert soon(lambda: client.post(f"{AT}/{address}", data=FORMS[address]).status).startswith("500")


def test_a_transaction_that_meets_a_database_that_stands_still_is_given_up(own: Engines, soon: Soon) -> None:
    engine = database.connect(own.database_url, statement_seconds=1)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        with frozen(own), pytest.raises(sqlalchemy.exc.OperationalError):
            soon(lambda: str(connection.exec_driver_sql("SELECT 1").scalar()))
    engine.dispose()


def test_a_statement_that_takes_its_time_is_waited_for(own: Engines) -> None:
    engine = database.connect(own.database_url, statement_seconds=4)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT pg_sleep(1.5), 7 AS n").one().n == 7
    engine.dispose()
