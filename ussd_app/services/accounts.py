"""A payer's money becomes contribution months, and sometimes money again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby

from sqlalchemy import Connection

from ussd_app.domain import contributions, ledger
from ussd_app.domain.coverage import coverage
from ussd_app.domain.ledger import PaidFor, Payer
from ussd_app.runtime import Runtime
from ussd_app.services import days, publishing, reminders
from ussd_app.storage import contributions as months
from ussd_app.storage import ledger as books
from ussd_app.storage import members
from ussd_app.storage.contributions import Held
from ussd_app.storage.orders import Line, Order

# More months than anybody can be said to have overpaid for.
MOST_AHEAD = 24


def lines_for(
    rates: contributions.Rates,
    plans: Mapping[int, contributions.Plans],
    run: Mapping[int, Sequence[date]],
    payer: str = "self",
) -> tuple[Line, ...]:
    """A line for each contribution month of each member in `run`, at the price of that month."""
    found = []
    for member_id, wanted in run.items():
        prices = contributions.price_of(rates, plans[member_id], wanted, payer).by_month()
        for month in wanted:
            plan = contributions.plan_in(plans[member_id], month)
            found.append(Line(member_id, month, plan.package, plan.wage, prices[month]))
    return tuple(found)


def allocate(rt: Runtime, connection: Connection, order: Order, paid_by: str) -> list[Line]:
    """The months of an order that its payer's credit covers, earliest first; a month that is paid, or was
    refused by the institution, is passed over, and so is somebody the institution refused, or who left.

    `paid_by` is the payment that made it possible, which is the order itself unless its code takes any amount.
    """
    books.lock(connection, order.payer, order.people)
    left = books.credit(connection, order.payer)
    known, barred = months.closed_among(connection, order.people), months.barred_among(connection, order.people)
    chosen = []
    for line in sorted(order.lines, key=lambda line: (line.month, line.member_id)):
        if (line.member_id, line.month) in known or line.member_id in barred:
            continue
        if line.amount > left:
            break
        chosen.append(line)
        left -= line.amount
    return _buy(rt, connection, order.payer, chosen, paid_by)


def spend(rt: Runtime, connection: Connection, member_id: int, paid_by: str) -> list[Line]:
    """A member's credit buys the next unpaid months, one by one, as far as it goes; `paid_by` as for `allocate`.

    Nothing is bought for somebody the institution refused, or who left.
    """
    payer = Payer(member_id)
    books.lock(connection, payer)
    left = books.credit(connection, payer)
    if left <= 0 or months.barred_among(connection, [member_id]):
        return []
    return _buy(rt, connection, payer, _following(rt, connection, member_id, left), paid_by)


def _following(rt: Runtime, connection: Connection, member_id: int, left: int) -> list[Line]:
    documents = publishing.newest(rt)
    rates, holidays = publishing.rates(rt, documents), publishing.holidays(rt, documents)
    plans, today = members.plans_of(connection, [member_id]), days.local(rt.clock())
    paid = months.months_of(connection, member_id)
    chosen: list[Line] = []
    while len(chosen) < MOST_AHEAD:
        following = coverage(paid, today, holidays).next_month
        (line,) = lines_for(rates, plans, {member_id: [following]})
        if line.amount > left:
            break
        chosen.append(line)
        left -= line.amount
        paid[following] = "received"
    return chosen


def _buy(rt: Runtime, connection: Connection, payer: Payer, chosen: Sequence[Line], paid_by: str) -> list[Line]:
    if not chosen:
        return []
    bought = months.add_months(connection, chosen, paid_by, payer.sponsor_id, rt.clock())
    if bought:
        paid = [PaidFor(line.member_id, line.month, line.amount) for line in bought]
        # The months themselves are unique; the number is there because a payment may have several allocations.
        key = f"{paid_by}:{books.fresh_number(connection)}"
        books.post_anew(connection, ledger.allocation(key, payer, paid, paid_by), rt.clock())
        reminders.renew(rt, connection, {line.member_id for line in bought})
    return bought


def give_back(rt: Runtime, connection: Connection, held: Sequence[Held]) -> None:
    """Months that have not gone on are paid no more; what they cost is their payers' credit again."""
    months.remove_months(connection, held)

    def whose(one: Held) -> tuple[str, int, int]:
        return one.order_id, one.payer.sponsor_id or 0, one.payer.member_id or 0

    for (order_id, *_), group in groupby(sorted(held, key=whose), key=whose):
        returned = list(group)
        key = f"{order_id}:{books.fresh_number(connection)}"
        paid = [one.paid for one in returned]
        books.post_anew(connection, ledger.given_back(key, returned[0].payer, paid, order_id), rt.clock())
    reminders.renew(rt, connection, {one.paid.member_id for one in held})


def free(rt: Runtime, connection: Connection, payer: Payer, order_id: str, needed: int) -> int:
    """A payer's months become credit again, the latest first, until `needed` rupiah are there; the credit then.

    A sponsor's order is for people of its own: its months go first. What has gone to the institution stays.
    """
    books.lock(connection, payer)
    credit = books.credit(connection, payer)
    chosen: list[Held] = []
    if credit < needed:
        candidates = months.held(connection, payer=payer)
        if payer.sponsor_id is not None:
            candidates.sort(key=lambda one: one.order_id != order_id)
        for one in candidates:
            if credit >= needed:
                break
            chosen.append(one)
            credit += one.paid.amount
        give_back(rt, connection, chosen)
    return credit
