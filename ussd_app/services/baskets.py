"""A sponsor pays: what it costs for whom, one pay code for everybody in it, and what the money buys."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import structlog
from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import calendar, contributions
from ussd_app.domain.coverage import MonthState, coverage
from ussd_app.domain.ledger import Payer
from ussd_app.engine.turn import FactValue, Outcome
from ussd_app.runtime import Runtime
from ussd_app.services import accounts, billing, channels, gifts, publishing, receipts, reminders
from ussd_app.services.callers import Caller
from ussd_app.services.channels import BelowMinimum
from ussd_app.services.days import local
from ussd_app.services.invitations import language_of
from ussd_app.services.jobs import Job, put
from ussd_app.services.receipts import Paid
from ussd_app.services.sponsored import MEMBER
from ussd_app.storage import contributions as months_paid
from ussd_app.storage import invitations, members, orders, sponsors
from ussd_app.storage import ledger as books
from ussd_app.storage.orders import Line, Order
from ussd_app.storage.outbox import URGENT
from ussd_app.storage.pointers import Pointers
from ussd_app.storage.sponsors import Sponsor, Sponsorship

# Whom a sponsor pays for: those who just said yes, everybody, those marked; else one person by key.
NEW, ALL, PICKED = "new", "all", "picked"
# Months offered to whoever has not paid for anybody yet.
USUAL_MONTHS = 3
log = structlog.get_logger()


@dataclass(frozen=True)
class Bill:
    """What paying for some people costs: a line for each of their months, less what the sponsor has stood with us.

    Sums are whole rupiah. `months` is for each of them; 0 where it differs.
    """

    lines: tuple[Line, ...]
    months: int
    credit: int
    fee: int
    rates: str

    @property
    def people(self) -> list[int]:
        """The members it is for."""
        return sorted({line.member_id for line in self.lines})

    @property
    def due(self) -> int:
        """What the lines cost beyond the sponsor's credit."""
        return max(0, sum(line.amount for line in self.lines) - self.credit)

    @property
    def total(self) -> int:
        """What is to be paid at the till."""
        return self.due + self.fee if self.due else 0

    @property
    def version(self) -> str:
        """Another one as soon as anybody, any month or any price in it is another."""
        return hashlib.sha256(repr((self.rates, self.lines)).encode()).hexdigest()[:16]


def bill_for(
    rt: Runtime, connection: Connection, sponsor: Sponsor, who: str, months: int, documents: Pointers, today: date
) -> Bill:
    """What it costs to pay for `who` now, for so many months; 0 months are as many as last time."""
    if who == NEW:
        lines, months = _new(rt, connection, sponsor, documents, today, fresh=False)
    else:
        chosen = payable(connection, sponsor.id, who)
        months = months or last_months(chosen)
        lines = _renewed(rt, connection, [one.member_id for one in chosen], months, documents, today)
    return _bill(rt, connection, sponsor, lines, months, documents, today)


def _bill(
    rt: Runtime,
    connection: Connection,
    sponsor: Sponsor,
    lines: tuple[Line, ...],
    months: int,
    documents: Pointers,
    today: date,
) -> Bill:
    credit = books.credit(connection, Payer(sponsor_id=sponsor.id))
    version = billing.version_of(publishing.rates(rt, documents), calendar.month_of(today))
    bill = Bill(lines, months, credit, 0, version)
    return replace(bill, fee=channels.wanted(rt, connection, sponsor.phone, bill.due).fee)


def _new(
    rt: Runtime, connection: Connection, sponsor: Sponsor, documents: Pointers, today: date, *, fresh: bool
) -> tuple[tuple[Line, ...], int]:
    """Those who said yes: what was asked for them, from this month on, whoever they are.

    Not what a member among them has paid already: that would tell the sponsor.
    """
    agreed = invitations.to_pay(connection, sponsor.id, fresh=fresh)
    first = calendar.month_of(today)
    asked = {one.member_id: one.invited for one in agreed if one.member_id is not None}
    lines = accounts.lines_for(
        publishing.rates(rt, documents),
        {member_id: {first: told.plan} for member_id, told in asked.items()},
        {member_id: calendar.months_from(first, told.months) for member_id, told in asked.items()},
    )
    numbers = {told.months for told in asked.values()}
    return lines, numbers.pop() if len(numbers) == 1 else 0


def payable(connection: Connection, sponsor_id: int, who: str) -> list[Sponsorship]:
    """The people of a sponsor who can be renewed: all of them, those marked, or one.

    Whoever has just said yes is paid for with the others who did.
    """
    new = invitations.unpaid_members(connection, sponsor_id)
    everybody = [one for one in sponsors.people_of(connection, sponsor_id) if one.payable and one.member_id not in new]
    if who == ALL:
        return everybody
    if who == PICKED:
        return [one for one in everybody if one.picked]
    return [one for one in everybody if f"{MEMBER}{one.member_id}" == who]


def last_months(chosen: Iterable[Sponsorship]) -> int:
    """For how many months these people were paid last; where that differs, for most of them."""
    common = Counter(one.months for one in chosen).most_common(1)
    return common[0][0] if common else USUAL_MONTHS


def _renewed(
    rt: Runtime, connection: Connection, people: Sequence[int], months: int, documents: Pointers, today: date
) -> tuple[Line, ...]:
    holidays = publishing.holidays(rt, documents)
    paid: dict[int, dict[date, MonthState]] = {member_id: {} for member_id in people}
    for member_id, month in months_paid.closed_among(connection, people):
        paid[member_id][month] = "received"
    run = {
        member_id: calendar.months_from(coverage(paid[member_id], today, holidays).next_month, months)
        for member_id in people
    }
    rates: contributions.Rates = publishing.rates(rt, documents)
    return accounts.lines_for(rates, members.plans_of(connection, people), run)


def issue(
    rt: Runtime, connection: Connection, sponsor: Sponsor, bill: Bill, order_id: str, *, renewal: bool
) -> tuple[Outcome, list[Job]]:
    """One pay code for everybody in the bill; where the sponsor's credit covers it all, no code is needed."""
    payer = Payer(sponsor_id=sponsor.id)
    place = channels.fitting(rt, connection, sponsor.phone, bill.due) if bill.due else None
    order = Order(
        order_id=order_id,
        phone=sponsor.phone,
        language=language_of(connection, sponsor.phone, sponsor.language),
        channel=place.key if place else "",
        payer=payer,
        rates_version=bill.rates,
        lines=bill.lines,
        credit=bill.credit,
        fee=place.fee if place else 0,
        provider_fee=place.provider_fee if place else 0,
    )
    orders.close_overlapping(connection, order)
    if renewal:
        sponsors.asked_for(connection, sponsor.id, bill.people, bill.months)
    if place is None:
        bought = buy(rt, connection, order, order_id)
        cost = sum(line.amount for line in bought)
        receipts.thank(rt, connection, Paid(order_id, payer, cost, sponsor.phone, order.language), bought)
        receipt = Job(queues.RELAY, URGENT, tells_caller=True)
        return Outcome("covered"), [*billing.jobs_for(connection, sponsor.phone, None), receipt]
    code = orders.add(connection, order, rt.clock())
    if code is None:
        return Outcome("waiting"), billing.jobs_for(connection, sponsor.phone, None)
    invitations.in_code(connection, sponsor.id, bill.people, code)
    return Outcome("requested"), billing.jobs_for(connection, sponsor.phone, code)


def buy(rt: Runtime, connection: Connection, order: Order, paid_by: str) -> list[Line]:
    """A sponsor's money becomes the months of the order; what somebody else has paid already stays that person's.

    Gives every line the money went to, as the sponsor asked for it.
    """
    sponsor_id = order.payer.sponsor_id
    assert sponsor_id is not None
    books.lock(connection, order.payer, order.people)
    given, straight = gifts.split(connection, order.lines)
    with reminders.together(rt, connection):
        bought = accounts.allocate(rt, connection, replace(order, lines=straight), paid_by)
        bought += gifts.give(rt, connection, replace(order, lines=given), paid_by)
        people = sorted({line.member_id for line in bought})
        # Only from here on do they count among those whom their sponsor is reminded of.
        invitations.paid(connection, sponsor_id, people, rt.clock())
        reminders.renew(rt, connection, people)
    return bought


def order_number(rt: Runtime, sponsor: Sponsor, bill: Bill) -> str:
    """The order of a bill that nobody asked for by dialling: the same for the same people, months and prices."""
    return f"SRT-{rt.vault.mark(f'basket {sponsor.id} {bill.version}')[:14].upper()}"


# ---- by dialling ----


def bill(rt: Runtime, connection: Connection, caller: Caller, *, who: str, months: int) -> FactValue:
    """What this phone's sponsor pays for some of their people (`new`, `all`, `picked`, or one), less their credit; 0
    months are as many as last time."""
    sponsor = sponsors.by_phone(connection, caller.phone)
    if sponsor is None:
        return FactValue({"found": False})
    made = bill_for(rt, connection, sponsor, who, months, caller.documents, caller.today)
    return FactValue(
        {
            "found": bool(made.lines),
            "people": len(made.people),
            "months": made.months,
            "total": made.total,
            "version": made.version,
        }
    )


def pay_for(
    rt: Runtime, connection: Connection, caller: Caller, *, who: str, months: int, total: int, rates: str
) -> tuple[Outcome, list[Job]]:
    """A sponsor asks for one code for these people, at the price on the screen."""
    sponsor = sponsors.by_phone(connection, caller.phone)
    if sponsor is None:
        return Outcome("nobody"), []
    books.lock(connection, Payer(sponsor_id=sponsor.id))
    made = bill_for(rt, connection, sponsor, who, months, caller.documents, caller.today)
    if not made.lines:
        return Outcome("nobody"), []
    if (made.total, made.version) != (total, rates):
        return Outcome("price_changed"), []
    try:
        return issue(rt, connection, sponsor, made, billing.order_id(rt, caller), renewal=who != NEW)
    except BelowMinimum as error:
        return error.outcome, []


def sponsor_code(rt: Runtime, connection: Connection, caller: Caller) -> FactValue:
    """The code this phone's sponsor can pay now, or is waiting for."""
    sponsor = sponsors.by_phone(connection, caller.phone)
    newest = orders.newest(connection, Payer(sponsor_id=sponsor.id)) if sponsor else None
    if newest is None:
        return FactValue({"found": False})
    return FactValue(
        {
            "found": True,
            "ready": newest.code is not None,
            "code": newest.code,
            "channel": publishing.channels(rt, caller.documents).name_of(newest.order.channel),
            "total": newest.order.total,
            "people": len(newest.order.people),
            "expires": local(newest.expires_at).isoformat() if newest.expires_at else None,
        }
    )


# ---- by itself ----


def issue_when_complete(rt: Runtime, sponsor_id: int) -> None:
    """Ask for the code of a basket in which everybody has answered. May run twice: the second finds nobody new."""
    now, documents = rt.clock(), publishing.newest(rt)
    with rt.db.begin() as connection:
        sponsor = sponsors.by_id(connection, sponsor_id)
        books.lock(connection, Payer(sponsor_id=sponsor_id))
        if sponsors.is_adding(connection, sponsor_id, now) or invitations.waiting_for(connection, sponsor_id):
            return
        lines, months = _new(rt, connection, sponsor, documents, local(now), fresh=True)
        if not lines:
            return
        made = _bill(rt, connection, sponsor, lines, months, documents, local(now))
        number = order_number(rt, sponsor, made)
        try:
            _outcome, jobs = issue(rt, connection, sponsor, made, number, renewal=False)
        except BelowMinimum as error:
            log.warning("a basket waits for more people", sponsor=sponsor_id, reason=str(error))
            return
    put(rt, jobs)


def sweep(rt: Runtime) -> None:
    """Find baskets in which everybody has answered and for which no job has asked for a code."""
    with rt.db.connect() as connection:
        complete = invitations.complete_baskets(connection, rt.clock())
    for sponsor_id in complete:
        rt.queues.enqueue(queues.ISSUE_BASKET, sponsor_id)
