"""The office has a pay code made for a member who cannot dial just now; the code comes to the member's phone by SMS."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from ussd_app.domain import calendar
from ussd_app.domain.coverage import coverage
from ussd_app.domain.ledger import Payer
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import accounts, audit, billing, channels, lookup, publishing
from ussd_app.services.channels import BelowMinimum
from ussd_app.services.days import local
from ussd_app.services.jobs import put
from ussd_app.storage import contributions, members, orders
from ussd_app.storage import ledger as books
from ussd_app.storage.members import Member
from ussd_app.storage.orders import Line, Order


@dataclass(frozen=True)
class Bill:
    """What the next unpaid months of a member cost: a line for each, less the credit they have with us, and the fee."""

    lines: tuple[Line, ...]
    credit: int
    fee: int
    total: int
    channel: str
    rates: str

    @property
    def months(self) -> list[date]:
        """The contribution months it is for, earliest first."""
        return [line.month for line in self.lines]


def bill(rt: Runtime, member_id: int, months: int) -> Bill:
    """What so many of a member's next unpaid months cost, as a code would say. Raises NotAllowedNow."""
    with rt.db.connect() as connection:
        return _bill(rt, connection, members.by_id(connection, member_id), months)[0]


def _bill(rt: Runtime, connection: Connection, member: Member, months: int) -> tuple[Bill, Order]:
    documents = publishing.newest(rt)
    rates = publishing.rates(rt, documents)
    if contributions.barred_among(connection, [member.id]):
        raise NotAllowedNow("nothing can be paid for this member: refused, or gone", "barred")
    if months not in rates.allowed_months:
        raise NotAllowedNow(f"a code is for {rates.allowed_months} months", "months_not_offered")
    paid, holidays = contributions.months_of(connection, member.id), publishing.holidays(rt, documents)
    run = calendar.months_from(coverage(paid, local(rt.clock()), holidays).next_month, months)
    payer = Payer(member.id)
    lines = accounts.lines_for(rates, members.plans_of(connection, [member.id]), {member.id: run})
    credit = books.credit(connection, payer)
    person = member.person
    try:
        place = channels.fitting(rt, connection, person.phone, sum(line.amount for line in lines) - credit)
    except BelowMinimum as error:
        least = error.place.channel.minimum
        raise NotAllowedNow(f"no place takes less than Rp{least}", "below_minimum", rupiah=least) from None
    wanted = Order(
        order_id="",
        phone=person.phone,
        language=members.language_of(connection, person.phone) or person.language,
        channel=place.key,
        payer=payer,
        rates_version=billing.version_of(rates, run[0]),
        lines=lines,
        credit=credit,
        fee=place.fee,
        provider_fee=place.provider_fee,
    )
    return Bill(lines, credit, place.fee, wanted.total, place.channel.name, wanted.rates_version), wanted


def make(rt: Runtime, member_id: int, months: int, shown: int, reason: str, by: str, address: str) -> Bill:
    """Have a code made for the next unpaid months, at the total that was `shown` in whole rupiah; the SMS follows.

    Open codes for some of these months are closed: one that was lost is not paid beside the new one. Raises
    Refused("reason"), NotAllowedNow when the price has changed, or a code for just these months is open already.
    """
    why = lookup.reason_of(reason)
    with rt.db.begin() as connection:
        books.lock(connection, Payer(member_id))
        asked, order = _bill(rt, connection, members.by_id(connection, member_id), months)
        if asked.total != shown:
            raise NotAllowedNow("the price has changed", "price_changed")
        named = replace(order, order_id=_order_id(rt, connection, member_id))
        orders.close_overlapping(connection, named)
        number = orders.add(connection, named, rt.clock())
        if number is None:
            raise NotAllowedNow("a code for these months is open already", "code_waiting")
        about = {"months": [f"{month:%Y-%m}" for month in asked.months], "rupiah": asked.total, "reason": why}
        audit.note(rt, connection, by, "code.made", f"member {member_id}", after=about, address=address)
        jobs = billing.jobs_for(connection, order.phone, number)
    put(rt, jobs)
    return asked


def _order_id(rt: Runtime, connection: Connection, member_id: int) -> str:
    return f"SRT-{rt.vault.mark(f'office {member_id}:{books.fresh_number(connection)}')[:14].upper()}"
