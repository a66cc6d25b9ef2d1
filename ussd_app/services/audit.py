"""Everything that people of the office change is written down: who, when, what, before and after."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from ussd_app import logs
from ussd_app.domain import phone as phones
from ussd_app.runtime import Runtime
from ussd_app.storage import audit
from ussd_app.storage.audit import Entry

PAGE = 50
# A number this long is no sum of money.
_NIK_DIGITS = 16
# A word in the name of a value that is a secret whatever it looks like, and one in the name of a phone number.
_SECRET = frozenset({"nik", "pin", "password", "secret", "token", "totp"})
_PHONE = frozenset({"phone", "msisdn"})
# As people write them in a sentence: 3174 0545 0888 0003, 0812-3456-7890, (0812) 3456 7890, +44 20 7946 0958.
_SPACED_NIK = re.compile(r"(?<!\d)\d(?:[ .\-]?\d){15}(?!\d)")
_SPACED_PHONE = re.compile(r"(?:(?<!\d)(?:62|0)[ .()\-]{0,3}8\d{1,3}|\+\d)(?:[ .()\-]{0,2}\d){5,13}")


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

    Phone numbers, NIKs and PINs that got into it are made unreadable.
    """
    audit.add(
        connection,
        now=rt.clock(),
        by=hidden(by.strip().lower()),
        kind=kind,
        what=hidden(what),
        before=None if before is None else _harmless(before),
        after=None if after is None else _harmless(after),
        address=address,
    )


def hidden(said: str) -> str:
    """A text in which no NIK and no phone number can be read, however they were typed."""
    said = _SPACED_NIK.sub("[nik]", said)
    said = _SPACED_PHONE.sub(lambda found: phones.masked(_digits(found.group())), said)
    return logs.masked(said)


def page(rt: Runtime, *, by: str = "", kind: str = "", before_id: int | None = None) -> list[Entry]:
    """A page of the log, the newest first, and one entry more where there is a next page."""
    with rt.db.connect() as connection:
        return audit.page(connection, by=hidden(by), kind=kind, before_id=before_id, most=PAGE + 1)


def _harmless(told: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): _shown(str(name), value) for name, value in told.items()}


def _shown(name: str, value: object) -> object:
    """A value as it may be written down: by what it is called first, then by what it is."""
    words = set(name.lower().split("_"))
    if value is not None and words & _SECRET:
        return "[hidden]"
    if value is not None and words & _PHONE:
        return phones.masked(_digits(str(value)))
    if value is None or (isinstance(value, bool | int | float) and len(str(value)) < _NIK_DIGITS):
        return value
    if isinstance(value, Mapping):
        return _harmless(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(name, one) for one in value]
    return hidden(str(value))


def _digits(written: str) -> str:
    """A phone number without what stands between its digits."""
    return re.sub(r"[^+\d]", "", written)
