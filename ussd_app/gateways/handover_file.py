"""The institution as an office without an interface: numbered, signed CSV files go out, answer files come back."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ussd_app.gateways.institution import Application, Filing, PaidMonth

Kind = Literal["registrations", "contributions"]
FORMAT = "sertakan-handover"
VERSION = "1"
COLUMNS: dict[Kind, tuple[str, ...]] = {
    "registrations": ("reference", "nik", "name", "born", "phone", "sector", "workplace", "package", "wage"),
    "contributions": ("reference", "nik", "member_number", "name", "month", "package", "wage", "amount"),
}
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class FileInstitution:
    """Nothing leaves by itself: what is to be handed over waits until somebody makes a numbered file of it."""

    name = "file"
    by_file = True

    def file(self, application: Application) -> Filing:
        """It waits for the next file of registrations."""
        return Filing("gathered")

    def remit(self, reference: str, months: Sequence[PaidMonth]) -> Literal["confirmed", "waiting"]:
        """Contributions wait for the next file as well."""
        return "waiting"


@dataclass(frozen=True)
class Sheet:
    """What a file tells: its number, its rows in the order of COLUMNS, and their sum in whole rupiah."""

    number: int
    kind: Kind
    made_on: date
    total: int
    rows: Sequence[Sequence[str | int]]


def written(sheet: Sheet, secret: str) -> bytes:
    """The file: header lines, a line of column names, a line for each row, and the signature of all that."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow((FORMAT, VERSION))
    lines.writerow(("number", sheet.number))
    lines.writerow(("kind", sheet.kind))
    lines.writerow(("date", sheet.made_on.isoformat()))
    lines.writerow(("rows", len(sheet.rows)))
    lines.writerow(("total", sheet.total))
    lines.writerow(COLUMNS[sheet.kind])
    lines.writerows([_safe(cell) for cell in row] for row in sheet.rows)
    contents = out.getvalue().encode()
    return contents + f"signature,{_signature(contents, secret)}\n".encode()


def genuine(contents: bytes, secret: str) -> bool:
    """Whether a file is still as `written` made it with this secret."""
    said, _, signature = contents.rstrip(b"\r\n").rpartition(b"\nsignature,")
    return hmac.compare_digest(signature, _signature(said + b"\n", secret).encode())


def _signature(contents: bytes, secret: str) -> str:
    key = hashlib.sha256(f"sertakan handover {secret}".encode()).digest()
    return hmac.digest(key, contents, "sha256").hex()


def _safe(cell: str | int) -> str | int:
    """A cell that stays on its line and that no spreadsheet runs."""
    if isinstance(cell, int):
        return cell
    plain = _CONTROL.sub(" ", cell).strip()
    return f"'{plain}" if plain.startswith(_FORMULA) else plain
