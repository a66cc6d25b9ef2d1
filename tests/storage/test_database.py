"""What was done once, and a schema that two processes may bring up to date at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy
from sqlalchemy import Engine

from tests.builders import a_member, a_nik, a_registration, an_order, execute, rows
from ussd_app.runtime import Runtime
from ussd_app.settings import Settings
from ussd_app.storage import admins, database


@pytest.fixture
def empty(rt: Runtime, settings: Settings) -> Iterator[Engine]:
    """Another database on the same server, with nothing in it."""
    with rt.db.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE DATABASE empty")
    engine = database.connect(settings.database_url.replace("/sertakan?", "/empty?"))
    yield engine
    engine.dispose()
    with rt.db.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("DROP DATABASE empty")


def test_two_processes_may_migrate_an_empty_database_at_once(empty: Engine) -> None:
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: database.migrate(empty), range(2)))
    assert database.is_current(empty)


def test_an_empty_database_is_not_current(empty: Engine) -> None:
    assert not database.is_current(empty)


def test_an_outcome_is_found_under_its_key(rt: Runtime) -> None:
    with rt.db.begin() as connection:
        database.keep_outcome(connection, "d1:3:register:0", "answer", {"name": "accepted"}, rt.clock())
        assert database.once_outcome(connection, "d1:3:register:0") == {"name": "accepted"}


def test_what_was_never_done_has_no_outcome(rt: Runtime) -> None:
    with rt.db.connect() as connection:
        assert database.once_outcome(connection, "d1:3:register:0") is None


def test_an_outcome_is_kept_once(rt: Runtime) -> None:
    with rt.db.begin() as connection:
        database.keep_outcome(connection, "k", "answer", {}, rt.clock())
    with pytest.raises(sqlalchemy.exc.IntegrityError), rt.db.begin() as connection:
        database.keep_outcome(connection, "k", "answer", {}, rt.clock())


@pytest.mark.parametrize(("dialogue", "did"), [("d1", True), ("d", False), ("d11", False), ("d2", False)])
def test_a_dialogue_that_did_something_is_told_from_all_others(rt: Runtime, dialogue: str, did: bool) -> None:
    with rt.db.begin() as connection:
        database.keep_outcome(connection, "d1:3:register:0", "answer", {}, rt.clock())
        assert database.did_anything(connection, dialogue) is did


def test_a_nik_is_in_the_table_once(rt: Runtime) -> None:
    a_member(rt)
    with pytest.raises(AssertionError, match="taken"):
        a_member(rt, phone="+6285600000001")


def test_a_member_has_one_open_registration(rt: Runtime) -> None:
    member = a_member(rt)
    a_registration(rt, member)
    with pytest.raises(sqlalchemy.exc.IntegrityError):
        a_registration(rt, member)


def test_a_refused_member_may_have_another_registration(rt: Runtime) -> None:
    member = a_member(rt)
    a_registration(rt, member)
    execute(rt, "UPDATE registrations SET state = 'refused'")
    a_registration(rt, member)


def test_a_member_has_one_open_code_for_the_same_months(rt: Runtime) -> None:
    member = a_member(rt)
    an_order(rt, member)
    with pytest.raises(AssertionError, match="such an order"):
        an_order(rt, member, order_id="SRT-2")


def test_two_members_may_have_codes_for_the_same_months(rt: Runtime) -> None:
    an_order(rt, a_member(rt))
    an_order(rt, a_member(rt, nik=a_nik(4)), order_id="SRT-2")
    assert len(rows(rt, "SELECT id FROM pay_codes")) == 2


def test_a_statement_that_takes_too_long_is_cut_off(settings: Settings) -> None:
    impatient = database.connect(settings.database_url, statement_seconds=1)
    with pytest.raises(sqlalchemy.exc.OperationalError, match="timeout"), impatient.connect() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(10)")
    impatient.dispose()


def test_the_first_admin_is_made_once(rt: Runtime) -> None:
    with rt.db.begin() as connection:
        made = [admins.add_first(connection, f"{name}@x.id", "hash", rt.clock()) for name in ("a", "b")]
    assert (made, rows(rt, "SELECT email, role FROM admins")) == (
        [True, False],
        [{"email": "a@x.id", "role": "owner"}],
    )
