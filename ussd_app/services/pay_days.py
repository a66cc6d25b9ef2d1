"""A member tells when they are paid, so that they are reminded while the money is there."""

from __future__ import annotations

from sqlalchemy import Connection

from ussd_app.domain.reminder_days import PayDays
from ussd_app.engine.turn import Outcome
from ussd_app.runtime import Runtime
from ussd_app.services import reminders
from ussd_app.services.callers import Caller, caller_member
from ussd_app.services.jobs import Job
from ussd_app.storage import reminders as store

# What a menu calls them; `another_harvest` is one more month of harvest, anything else is none that can be told.
ANOTHER = "another_harvest"
HIGHEST = {"weekly": 7, "monthly": 31, "harvest": 12}


def keep_pay_day(
    rt: Runtime, connection: Connection, caller: Caller, *, pay_kind: str, pay_number: int
) -> tuple[Outcome, list[Job]]:
    """This phone's member is paid on weekday `pay_number` (1 is Monday), that day of the month, or in that month."""
    member = caller_member(connection, caller)
    if member is None:
        return Outcome("gone"), []
    told = _told(pay_kind, pay_number)
    if told and pay_kind == ANOTHER:
        before = store.pay_days_of(connection, [member.id]).get(member.id)
        months = before.days if before and before.kind == "harvest" else ()
        told = PayDays("harvest", (*months, pay_number))
    store.keep_pay_days(connection, member.id, told, rt.clock())
    reminders.renew(rt, connection, [member.id], sponsors=False)
    return Outcome("harvest" if told and told.kind == "harvest" else "kept"), []


def _told(kind: str, number: int) -> PayDays | None:
    """What was told; None for somebody whose pay has no day."""
    if kind == "weekly" and 1 <= number <= HIGHEST[kind]:
        return PayDays("weekly", (number,))
    if kind == "monthly" and 1 <= number <= HIGHEST[kind]:
        return PayDays("monthly", (number,))
    if kind in ("harvest", ANOTHER) and 1 <= number <= HIGHEST["harvest"]:
        return PayDays("harvest", (number,))
    return None
