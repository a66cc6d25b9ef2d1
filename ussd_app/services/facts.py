"""What a screen can show: one typed function for each fact of the vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy import Connection

from ussd_app.domain import calendar, contributions
from ussd_app.domain import nik as niks
from ussd_app.domain.coverage import coverage
from ussd_app.domain.ledger import Payer
from ussd_app.engine.turn import FactKey, FactValue
from ussd_app.runtime import Runtime
from ussd_app.services import (
    baskets,
    billing,
    channels,
    invitations,
    people,
    plans,
    price_lines,
    publishing,
    savings,
    sponsored,
    stops,
    verdicts,
)
from ussd_app.services.callers import Caller, caller_member, caller_months
from ussd_app.services.days import local
from ussd_app.services.words import shown_name
from ussd_app.storage import contributions as paid_months
from ussd_app.storage import ledger as books
from ussd_app.storage import members, orders, registrations
from ussd_app.storage.members import Member


def member(rt: Runtime, connection: Connection, caller: Caller) -> FactValue:
    """The member who uses this phone: how they stand today."""
    found = caller_member(connection, caller)
    if found is None:
        return FactValue({"found": False})
    months = caller_months(connection, caller)
    stands = coverage(months, caller.today, publishing.holidays(rt, caller.documents))
    return FactValue(
        {
            "found": True,
            "name": shown_name(found.person.name),
            "state": "refused" if found.standing == "refused" else stands.state,
            "active_until": stands.active_until.isoformat() if stands.active_until else None,
            "paid_until": stands.paid_until.isoformat() if stands.paid_until else None,
            "due": stands.due.isoformat(),
            "number": found.member_number,
            "reason": _reason(rt, connection, caller, found),
            "sector": found.person.sector,
            "package": found.person.package,
            "wage": found.person.wage,
        }
    )


def _reason(rt: Runtime, connection: Connection, caller: Caller, found: Member) -> str:
    """Why the institution refused this member, in words; nothing when it has not."""
    if found.standing != "refused":
        return ""
    written = registrations.reason_of(connection, found.id)
    return verdicts.in_words(rt, caller.documents, written, caller.dialogue.language)


def quote(
    rt: Runtime,
    _connection: Connection,
    caller: Caller,
    *,
    sector: str,
    package: str,
    wage: int,
    months: int,
) -> FactValue:
    """What some months cost somebody who enrols now, from this month on."""
    first = calendar.month_of(caller.today)
    plans = {first: contributions.Plan(sector, package, wage)}
    return _priced(rt, caller, plans, calendar.months_from(first, months))


def dues(rt: Runtime, connection: Connection, caller: Caller, *, months: int) -> FactValue:
    """What some months cost this phone's member, from the next unpaid one on, less what stands to their credit."""
    found = caller_member(connection, caller)
    if found is None:
        raise LookupError("only a member has dues")
    plans = members.plans_of(connection, [found.id])[found.id]
    credit = books.credit(connection, Payer(found.id))
    return _priced(rt, caller, plans, billing.run_of(rt, connection, caller, months), credit)


def _priced(rt: Runtime, caller: Caller, plans: contributions.Plans, run: Sequence[date], credit: int = 0) -> FactValue:
    rates = publishing.rates(rt, caller.documents)
    priced = contributions.price_of(rates, plans, run)
    return FactValue(
        {
            "total": priced.total - credit,
            "normal": sum(line.normal for line in priced.lines),
            "each": price_lines.in_short(priced, caller.dialogue.language),
            "months": [month.isoformat() for month in run],
            "version": billing.version_of(rates, run[0]),
        }
    )


def wages(rt: Runtime, _connection: Connection, caller: Caller, *, sector: str, package: str) -> FactValue:
    """The wage brackets, lowest first, each with what one month costs now."""
    rates, month = publishing.rates(rt, caller.documents), calendar.month_of(caller.today)
    return FactValue(
        rows=tuple(
            {
                "wage": bracket.wage,
                "up_to": bracket.up_to or bracket.wage,
                "monthly": contributions.price(
                    rates, sector=sector, package=package, wage=bracket.wage, months=[month]
                ).total,
            }
            for bracket in contributions.brackets(rates, month)
        )
    )


def places(_rt: Runtime, _connection: Connection, _caller: Caller, *, nik: str) -> FactValue:
    """Where somebody may work: a first guess is the province where their NIK was first registered."""
    return FactValue(rows=({"name": niks.PROVINCES[niks.parse(nik).province]},))


def pay_code(rt: Runtime, connection: Connection, caller: Caller) -> FactValue:
    """The code this phone's member can pay now, or is waiting for."""
    found = caller_member(connection, caller)
    newest = orders.newest(connection, Payer(found.id)) if found else None
    if newest is None:
        return FactValue({"found": False})
    return FactValue(
        {
            "found": True,
            "ready": newest.code is not None,
            "code": newest.code,
            "channel": publishing.channels(rt, caller.documents).name_of(newest.order.channel),
            "sum": newest.order.total - newest.order.fee,
            "fee": newest.order.fee,
            "total": newest.order.total,
            "months": [month.isoformat() for month in newest.order.months],
            "expires": local(newest.expires_at).isoformat() if newest.expires_at else None,
        }
    )


def paid(_rt: Runtime, connection: Connection, caller: Caller) -> FactValue:
    """Every month this phone's member has paid, the newest first."""
    found = caller_member(connection, caller)
    months = paid_months.amounts_of(connection, found.id) if found else {}
    return FactValue(
        rows=tuple({"month": [month.isoformat()], "amount": months[month]} for month in sorted(months, reverse=True))
    )


Fact = Callable[..., FactValue]
FACTS: dict[str, Fact] = {
    "member": member,
    "quote": quote,
    "dues": dues,
    "price_lines": price_lines.price_lines,
    "price_line": price_lines.price_line,
    "dues_lines": price_lines.dues_lines,
    "dues_line": price_lines.dues_line,
    "wages": wages,
    "places": places,
    "pay_code": pay_code,
    "channels": channels.offered,
    "paying": channels.for_sum,
    "savings": savings.savings,
    "paid": paid,
    "reminders": stops.reminders,
    "information": stops.information,
    "sponsor": sponsored.sponsor,
    "bill": baskets.bill,
    "sponsored": sponsored.sponsored,
    "markable": sponsored.markable,
    "somebody": sponsored.somebody,
    "sponsor_code": baskets.sponsor_code,
    "invitation": invitations.invitation,
    "my_sponsors": sponsored.my_sponsors,
    "people": people.people,
    "security": people.security,
    "new_plan": plans.new_plan,
}


def look_up(rt: Runtime, connection: Connection, caller: Caller, key: FactKey) -> FactValue:
    """Find out one fact with its arguments."""
    return FACTS[key.fact](rt, connection, caller, **dict(key.arguments))
