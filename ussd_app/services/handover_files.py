"""Somebody in the office carries registrations and paid months to the institution, in numbered files."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from ussd_app.domain import ledger
from ussd_app.domain.ledger import PaidFor
from ussd_app.errors import NotAllowedNow
from ussd_app.gateways import handover_file
from ussd_app.gateways.handover_file import Kind, Sheet
from ussd_app.runtime import Runtime
from ussd_app.services import audit
from ussd_app.services.days import local
from ussd_app.storage import contributions, handover
from ussd_app.storage import ledger as books
from ussd_app.storage.handover import File

# Rows in one file; what is more goes into the next one.
MOST_ROWS = 20_000
COMMAND_LINE = "command line"
Rows = Sequence[Sequence[str | int]]


def make(rt: Runtime, kind: Kind, by: str, address: str = "") -> File | None:
    """The next numbered file of all that waits; None when nothing does. Numbers have no gaps."""
    now = rt.clock()
    with rt.db.connect() as connection, connection.begin() as transaction:
        number = handover.next_number(connection)
        handover.add(connection, number, kind, by, now)
        gather = _registrations if kind == "registrations" else _months
        rows, total = gather(rt, connection, number)
        if not rows:
            transaction.rollback()
            return None
        sheet = Sheet(number, kind, local(now), total, rows)
        contents = handover_file.written(sheet, rt.settings.secret_key)
        handover.seal(connection, number, len(rows), total, rt.vault.seal(contents.decode()))
        after = {"kind": kind, "rows": len(rows), "total": total}
        audit.note(rt, connection, by, "handover.made", f"file {number}", after=after, address=address)
        return handover.by_number(connection, number)


def _registrations(rt: Runtime, connection: Connection, number: int) -> tuple[Rows, int]:
    filed = handover.gather_registrations(connection, number, MOST_ROWS)
    rows = [
        (
            f"R{one.registration_id}",
            rt.vault.open(one.nik),
            one.name,
            one.born.isoformat(),
            one.phone.removeprefix("+"),
            one.sector,
            one.workplace,
            one.package,
            one.wage,
        )
        for one in filed
    ]
    return rows, 0


def _months(rt: Runtime, connection: Connection, number: int) -> tuple[Rows, int]:
    filed = handover.gather_months(connection, number, MOST_ROWS, rt.clock())
    rows = [
        (
            f"C{one.member_id}-{one.month:%Y%m}",
            rt.vault.open(one.nik),
            one.member_number,
            one.name,
            f"{one.month:%Y-%m}",
            one.package,
            one.wage,
            one.amount,
        )
        for one in filed
    ]
    return rows, sum(one.amount for one in filed)


def download(rt: Runtime, number: int, by: str = COMMAND_LINE, address: str = "") -> bytes:
    """What a file holds: the very same bytes each time. Raises NotAllowedNow."""
    with rt.db.begin() as connection:
        sealed = handover.sealed(connection, number)
        if sealed is None:
            raise NotAllowedNow(f"there is no file {number}", "file_none")
        if not sealed:
            raise NotAllowedNow(f"what file {number} held was erased at the wish of somebody in it", "file_erased")
        handover.mark_downloaded(connection, number, rt.clock())
        audit.note(rt, connection, by, "handover.downloaded", f"file {number}", address=address)
    return rt.vault.open(sealed).encode()


def remitted(rt: Runtime, number: int, bank_reference: str, by: str = COMMAND_LINE, address: str = "") -> File:
    """The bank has transferred the total of a file of contributions. Raises NotAllowedNow; twice is once."""
    with rt.db.begin() as connection:
        file = handover.by_number(connection, number)
        if file is None or file.kind != "contributions":
            raise NotAllowedNow(f"there is no file {number} of contributions", "file_none")
        if not bank_reference:
            raise NotAllowedNow("the bank's reference is missing", "no_reference")
        if file.bank_reference == bank_reference:
            return file
        if file.bank_reference is not None:
            raise NotAllowedNow(
                f"file {number} was transferred already, as {file.bank_reference}",
                "file_transferred",
                reference=file.bank_reference,
            )
        batch = handover.batch_of(connection, number)
        paid = [PaidFor(one.member_id, one.month, one.amount) for one in contributions.months_in(connection, batch)]
        if not paid:
            raise NotAllowedNow(
                f"every month of file {number} was refused: there is nothing to transfer", "nothing_to_transfer"
            )
        books.post(connection, ledger.remittance(f"B{batch}", paid), rt.clock())
        contributions.advance_remittance(connection, batch, confirmed=False, now=rt.clock())
        handover.mark_remitted(connection, number, bank_reference)
        after = {"reference": bank_reference, "total": sum(one.amount for one in paid)}
        audit.note(rt, connection, by, "handover.transferred", f"file {number}", after=after, address=address)
        done = handover.by_number(connection, number)
        assert done is not None
        return done
