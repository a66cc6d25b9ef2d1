"""Whole rupiah, written and read the way people here do."""

from __future__ import annotations

import re

from ussd_app.domain import gsm7
from ussd_app.errors import Refused

# Thousands are grouped by dots or by commas, never by both; a fraction can only be nothing: ",00", ".00" or
# ",-".
_AMOUNT = re.compile(
    r"(?:(?:rp|idr)\.?\s*)?"
    r"(?:(?P<whole>[0-9]+)(?:[.,]00|[.,]-)?"
    r"|(?P<dots>[0-9]{1,3}(?:\.[0-9]{3})+)(?:,00|[.,]-)?"
    r"|(?P<commas>[0-9]{1,3}(?:,[0-9]{3})+)(?:\.00|[.,]-)?)",
    re.IGNORECASE,
)
_MOST_DIGITS = 15  # a quadrillion rupiah: more is a NIK in the wrong field, and fits no database column


def rupiah(amount: int, language: str) -> str:
    """Whole rupiah as text: `Rp16.800`, in English `Rp16,800`, below zero `-Rp16.800`."""
    written = f"{abs(amount):,}"
    if language != "en":
        written = written.replace(",", ".")
    return f"{'-' if amount < 0 else ''}Rp{written}"


def parse_amount(text: str) -> int:
    """The whole rupiah somebody typed ("16.800", "Rp 16800", "16,800"), or Refused("amount")."""
    match = _AMOUNT.fullmatch(gsm7.plain(text).strip())
    if match is None:
        raise Refused("amount")
    digits = re.sub(r"[.,]", "", match["whole"] or match["dots"] or match["commas"])
    if len(digits) > _MOST_DIGITS:
        raise Refused("amount")
    return int(digits)
