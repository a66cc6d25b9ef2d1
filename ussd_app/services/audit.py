"""Everything that people of the office change is written down: who, when, what, before and after."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from ussd_app import logs
from ussd_app.runtime import Runtime
from ussd_app.storage import audit
from ussd_app.storage.audit import Entry

PAGE = 50


def note(
    rt: Runtime,
    connection: Connection,
    by: str,
    kind: str,
    what: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    address: str = "",
) -> None:
    """Write down what `by` does, in the transaction that does it; an empty address is the command line.

    Phone numbers and NIKs that got into it are made unreadable.
    """
    audit.add(
        connection,
        now=rt.clock(),
        by=by.strip().lower(),
        kind=kind,
        what=logs.masked(what),
        before=_masked(before),
        after=_masked(after),
        address=address,
    )


def _masked(told: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if told is None:
        return None
    return dict(json.loads(logs.masked(json.dumps(told, default=str, ensure_ascii=False))))


def page(rt: Runtime, *, by: str = "", kind: str = "", before_id: int | None = None) -> list[Entry]:
    """A page of the log, the newest first, and one entry more where there is a next page."""
    with rt.db.connect() as connection:
        return audit.page(connection, by=by, kind=kind, before_id=before_id, most=PAGE + 1)
