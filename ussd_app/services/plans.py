"""A member changes what they are insured for, from the next month that is not paid."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from ussd_app.domain import contributions
from ussd_app.domain.contributions import Plan
from ussd_app.domain.ledger import Payer
from ussd_app.engine.turn import FactValue, Outcome
from ussd_app.runtime import Runtime
from ussd_app.services import billing, publishing
from ussd_app.services.callers import Caller, caller_member
from ussd_app.services.jobs import Job
from ussd_app.storage import ledger as books
from ussd_app.storage import members, orders
from ussd_app.storage.members import Member


def new_plan(rt: Runtime, connection: Connection, caller: Caller, *, package: str, wage: int) -> FactValue:
    """What another package and wage would cost a month, and from which month on they would count."""
    member = caller_member(connection, caller)
    if member is None:
        return FactValue({"found": False})
    first = billing.next_month(rt, connection, caller)
    priced = _priced(rt, caller, member, package, wage, first)
    return FactValue(
        {
            "found": True,
            "total": priced.total,
            "normal": sum(line.normal for line in priced.lines),
            "months": [first.isoformat()],
            "version": billing.version_of(publishing.rates(rt, caller.documents), first),
        }
    )


def _priced(rt: Runtime, caller: Caller, member: Member, package: str, wage: int, first: date) -> contributions.Quote:
    plan = Plan(member.person.sector, package, wage)
    return contributions.price_of(publishing.rates(rt, caller.documents), {first: plan}, [first])


def change_plan(
    rt: Runtime, connection: Connection, caller: Caller, *, package: str, wage: int, total: int, rates: str
) -> tuple[Outcome, list[Job]]:
    """The member agrees to another package and wage at the price on the screen; months already paid keep theirs.

    Codes at the old price are closed.
    """
    member = caller_member(connection, caller)
    if member is None or member.standing == "refused":
        return Outcome("refused"), []
    books.lock(connection, Payer(member.id))
    first = billing.next_month(rt, connection, caller)
    plan = Plan(member.person.sector, package, wage)
    if not billing.still_costs(rt, caller, plan, [first], (total, rates)):
        return Outcome("price_changed"), []
    members.keep_plan(connection, member.id, first, plan)
    orders.close_all(connection, Payer(member.id), "contributions")
    return Outcome("changed"), []
