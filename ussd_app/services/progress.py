"""How far somebody's savings reach towards the next contribution month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from ussd_app.domain.coverage import coverage
from ussd_app.domain.ledger import Payer
from ussd_app.engine.kinds import Value
from ussd_app.runtime import Runtime
from ussd_app.services import accounts, days, publishing
from ussd_app.storage import contributions, members
from ussd_app.storage import ledger as books


@dataclass(frozen=True)
class Progress:
    """`have` of the `goal` rupiah that the next unpaid `month` costs."""

    have: int
    goal: int
    month: date

    @property
    def fields(self) -> dict[str, Value]:
        """As screens and SMS show it."""
        return {"have": self.have, "goal": self.goal, "month": [self.month.isoformat()]}


def towards(rt: Runtime, connection: Connection, member_id: int) -> Progress:
    """What stands to a member's credit, and what the next unpaid month costs at the rates of today."""
    documents = publishing.newest(rt)
    holidays, today = publishing.holidays(rt, documents), days.local(rt.clock())
    following = coverage(contributions.months_of(connection, member_id), today, holidays).next_month
    plans = members.plans_of(connection, [member_id])
    (line,) = accounts.lines_for(publishing.rates(rt, documents), plans, {member_id: [following]})
    return Progress(max(0, books.credit(connection, Payer(member_id))), line.amount, following)
