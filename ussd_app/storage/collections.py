"""Cash that collectors took from members in the field, each slip once."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, text


def add(
    connection: Connection, reference: str, member_id: int, amount: int, by: str, now: datetime
) -> Literal["added", "known", "differs"]:
    """Enter a slip: `known` when this very one is there already, `differs` when it is there with something else."""
    values = {"reference": reference, "member": member_id, "amount": amount, "by": by, "now": now}
    done = connection.execute(
        text(
            "INSERT INTO cash_deposits (reference, member_id, amount, taken_by, at) "
            "VALUES (:reference, :member, :amount, :by, :now) ON CONFLICT (reference) DO NOTHING"
        ),
        values,
    )
    if done.rowcount:
        return "added"
    known = connection.execute(
        text("SELECT 1 FROM cash_deposits WHERE reference = :reference AND member_id = :member AND amount = :amount"),
        values,
    ).scalar_one_or_none()
    return "known" if known else "differs"
