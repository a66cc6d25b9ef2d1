"""Every test finds the same house, whatever was done in it before."""

from __future__ import annotations

from sqlalchemy import text

from tests.builders import a_member, rows
from tests.conftest import emptied
from ussd_app.runtime import Runtime


def test_numbers_that_were_rolled_back_are_given_again(rt: Runtime) -> None:
    with rt.db.connect() as connection:
        connection.execute(text("SELECT nextval(pg_get_serial_sequence('members', 'id'))"))
        connection.rollback()
    a_member(emptied(rt))
    assert rows(rt, "SELECT id FROM members") == [{"id": 1}]
