"""Somebody wants to pay their code at another place: a new code there, and nobody pays the old one any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from ussd_app.domain.ledger import Payer
from ussd_app.engine.turn import Outcome
from ussd_app.errors import GatewayPermanent, GatewayTemporary, GatewayUnknown
from ussd_app.runtime import Runtime
from ussd_app.services import accounts, billing, channels, publishing
from ussd_app.services.callers import Caller, caller_member
from ussd_app.services.channels import BelowMinimum
from ussd_app.services.jobs import Job, backoff
from ussd_app.storage import ledger as books
from ussd_app.storage import members, orders, reconciliation
from ussd_app.storage.orders import Order

LEASE = timedelta(seconds=30)
log = structlog.get_logger()


def pay_elsewhere(rt: Runtime, connection: Connection, caller: Caller, *, channel: str) -> tuple[Outcome, list[Job]]:
    """The member's open code becomes one for the same months at another place, which their phone keeps to."""
    member = caller_member(connection, caller)
    if member is None:
        return Outcome("gone"), []
    return move(rt, connection, caller, Payer(member.id), channel)


def move(rt: Runtime, connection: Connection, caller: Caller, payer: Payer, channel: str) -> tuple[Outcome, list[Job]]:
    """A payer's open code becomes one at another place: `requested`, `gone` when there is none any more, `too_little`
    when that place does not take the sum, `price_changed` when the months do not cost what they did."""
    books.lock(connection, payer)
    old = orders.newest(connection, payer)
    if old is None:
        return Outcome("gone"), []
    order = old.order
    if _priced_now(rt, connection, order) != [line.amount for line in order.lines]:
        return Outcome("price_changed"), []
    place = channels.wanted(rt, connection, caller.phone, order.total - order.fee, channel)
    if not place.takes:
        return BelowMinimum(place).outcome, []
    orders.close(connection, old.id)
    members.keep_channel(connection, caller.phone, place.key, rt.clock())
    code = billing.order(rt, connection, caller, payer, order.lines, order.rates_version, place)
    return Outcome("requested" if code else "gone"), billing.jobs_for(connection, order.phone, code)


def _priced_now(rt: Runtime, connection: Connection, order: Order) -> Sequence[int]:
    """What the months of an order cost at the rates of today, in the order of its lines."""
    run = {person: [line.month for line in order.lines if line.member_id == person] for person in order.people}
    rates = publishing.rates(rt, publishing.newest(rt))
    now = accounts.lines_for(rates, members.plans_of(connection, order.people), run)
    prices = {(line.member_id, line.month): line.amount for line in now}
    return [prices[line.member_id, line.month] for line in order.lines]


def cancel(rt: Runtime, pay_code_id: int) -> None:
    """Tell the company that nobody shall pay a closed code any more. May run twice, or too late.

    Repeated until the company has done it or it cannot be paid any more by itself; a payment that was quicker is found
    by asking (see services/reconciliation).
    """
    now = rt.clock()
    with rt.db.begin() as connection:
        closed = reconciliation.lease_cancel(connection, pay_code_id, now, now + LEASE)
    if closed is None:
        return
    again = None
    try:
        if closed.expires_at is None or closed.expires_at > now:
            rt.payment.cancel(closed.order_id)
    except GatewayPermanent as error:
        log.error("a pay code cannot be cancelled", order=closed.order_id, error=str(error))
    except (GatewayTemporary, GatewayUnknown) as error:
        log.warning("pay code not cancelled, trying again", order=closed.order_id, error=str(error))
        again = backoff(now, closed.attempts)
    with rt.db.begin() as connection:
        reconciliation.settle_cancel(connection, pay_code_id, again)
