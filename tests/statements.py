"""What the database was asked while something was done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from ussd_app.runtime import Runtime


@contextmanager
def statements(rt: Runtime) -> Iterator[list[str]]:
    """Every statement from here on, by whichever connection."""
    found: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        found.append(statement)

    event.listen(rt.db, "before_cursor_execute", hear)
    try:
        yield found
    finally:
        event.remove(rt.db, "before_cursor_execute", hear)
