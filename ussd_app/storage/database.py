"""The PostgreSQL connection, its migrations, and the table of what was done once."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, event, text

POOL = 16
SECONDS_TO_CONNECT = 2
# A statement that runs longer than this would outlive a caller's patience; jobs are given more.
STATEMENT_SECONDS = 4
# So long does a server that lives take at most to say that it is there, and to cut off a statement that is too long.
SECONDS_TO_ANSWER = 1.0


class Impatient(psycopg.Connection[Any]):
    """A connection that is dropped when the server does not answer in `patience` seconds; None waits for ever.

    A server that stands still (stopped, out of memory, its disk gone) keeps its sockets open: no other time-out ends
    the wait, as the statement's own is kept by the server, and TCP's does not hold on a Unix socket.
    """

    patience: float | None = SECONDS_TO_ANSWER

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for the server, but not for ever. Raises OperationalError."""
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.OperationalError:
            if timeout is None and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                # Closed, or rolling back would wait as long again.
                self.pgconn.finish()
            raise


def connect(url: str, statement_seconds: int = STATEMENT_SECONDS) -> Engine:
    """An engine whose connections are checked before use, so that a restarted server goes unnoticed.

    A server that stands still costs whoever asks `SECONDS_TO_ANSWER` and `SECONDS_TO_CONNECT`, or the rest of a
    statement's time where it stops in the middle of one; an OperationalError then.
    """
    engine = create_engine(
        url,
        pool_size=POOL,
        max_overflow=4,
        pool_timeout=SECONDS_TO_CONNECT,
        pool_pre_ping=True,
        # An error must not quote the names and phone numbers of a statement.
        hide_parameters=True,
        connect_args={
            "connect_timeout": SECONDS_TO_CONNECT,
            "options": f"-c statement_timeout={statement_seconds}s -c timezone=UTC",
        },
    )
    _lend_patience(engine, statement_seconds + SECONDS_TO_ANSWER)
    return engine


def _lend_patience(engine: Engine, seconds: float) -> None:
    """Connections of an engine wait so long for a statement, and only shortly for the check before use."""

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, parameters: Any) -> Impatient:
        return Impatient.connect(*arguments, **parameters)

    @event.listens_for(engine, "checkout")
    def lend(connection: Impatient, _record: Any, _proxy: Any) -> None:
        connection.patience = seconds

    @event.listens_for(engine, "checkin")
    def take_back(connection: Impatient | None, _record: Any) -> None:
        if connection is not None:
            connection.patience = SECONDS_TO_ANSWER


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def migrate(engine: Engine) -> None:
    """Bring the schema up to date. Safe when two processes do it at once: they take turns."""
    with engine.connect() as connection:
        # Another process may be at it for long.
        connection.connection.dbapi_connection.patience = None  # type: ignore[union-attr]
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_lock(777)"))
        connection.commit()
        try:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(777)"))
            connection.commit()


def is_current(engine: Engine) -> bool:
    """Whether every migration of this code has been applied."""
    with engine.connect() as connection:
        applied = MigrationContext.configure(connection).get_current_revision()
    return applied == ScriptDirectory.from_config(_config()).get_current_head()


def once_outcome(connection: Connection, key: str) -> dict[str, Any] | None:
    """The outcome kept under `key`, or None when it has not been done."""
    row = connection.execute(text("SELECT outcome FROM once WHERE key = :key"), {"key": key}).one_or_none()
    return row.outcome if row else None


def did_anything(connection: Connection, dialogue: str) -> bool:
    """Whether a dialogue has ever had an effect: its keys all begin with its id and a colon."""
    statement = text("SELECT EXISTS (SELECT 1 FROM once WHERE key >= :first AND key < :last)")
    return bool(connection.execute(statement, {"first": f"{dialogue}:", "last": f"{dialogue};"}).scalar_one())


def keep_outcome(connection: Connection, key: str, answer: str, outcome: dict[str, Any], at: datetime) -> None:
    """Keep the outcome of what was just done, under its key."""
    statement = text("INSERT INTO once (key, answer, outcome, at) VALUES (:key, :answer, :outcome, :at)")
    connection.execute(statement, {"key": key, "answer": answer, "outcome": json.dumps(outcome), "at": at})
