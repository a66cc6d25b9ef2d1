"""Somebody paid: keep what the company says, ask it whether it is true, post it once, thank the payer."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import structlog
from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import ledger
from ussd_app.domain.ledger import Payer
from ussd_app.errors import GatewayError, NotAllowedNow
from ussd_app.gateways.payment import PaymentStatus, State, TakenBack
from ussd_app.runtime import Runtime
from ussd_app.services import accounts, audit, baskets, receipts, refunds
from ussd_app.services.jobs import backoff
from ussd_app.services.receipts import Paid
from ussd_app.storage import contributions, members, orders, payments, sponsors
from ussd_app.storage import ledger as books
from ussd_app.storage import refunds as requests
from ussd_app.storage.orders import Line, Order
from ussd_app.storage.outbox import URGENT

LEASE = timedelta(seconds=30)
PATIENCE = timedelta(days=1)
# The company has not decided, or has not caught up with its own notification.
UNDECIDED = ("pending", "missing")
PAID = ("settled", "refunded", "charged_back")
log = structlog.get_logger()


def receive(rt: Runtime, notification: bytes) -> None:
    """Keep a notification as it came and have it looked into; the same one again changes nothing.

    Raises BadSignature or BadRequest. When Redis is away the sweep looks into it.
    """
    order_id = rt.payment.order_of(notification)
    digest = hashlib.sha256(notification).hexdigest()
    with rt.db.begin() as connection:
        kept = payments.add_notification(
            connection, rt.payment.name, digest, order_id, notification.decode("utf-8", "replace"), rt.clock()
        )
    if kept is not None:
        rt.queues.enqueue(queues.POST_PAYMENT, kept)


def look_into(rt: Runtime, notification_id: int) -> None:
    """Ask the company about the order of a notification and post what is true. May run twice, or too late.

    A company may be behind its own notification, and its repeat is not kept again: while the order is not paid
    there, it is asked again and again, for a day.
    """
    now = rt.clock()
    with rt.db.begin() as connection:
        notified = payments.lease_notification(connection, notification_id, now, now + LEASE)
    if notified is None:
        return
    try:
        status = rt.payment.status(notified.order_id)
    except GatewayError as error:
        log.warning("payment status not known yet", order=notified.order_id, error=str(error))
        status = PaymentStatus(notified.order_id, "pending", 0)
    with rt.db.begin() as connection:
        if status.state not in UNDECIDED:
            known = _decided(rt, connection, status)
            if status.state == "settled" and status.amount <= 0:
                members.add_follow_up(connection, "paid_nothing", "", notified.order_id, now)
            payments.settle_notification(connection, notification_id, "done" if known else "unmatched", now)
        elif now - notified.received_at < PATIENCE:
            payments.postpone_notification(connection, notification_id, backoff(now, notified.attempts))
        else:
            members.add_follow_up(connection, "unmatched_payment", "", notified.order_id, now)
            payments.settle_notification(connection, notification_id, "unmatched", now)
    if status.state in PAID:
        _go_on(rt)


def _go_on(rt: Runtime) -> None:
    """What a payment sets going."""
    rt.queues.enqueue(queues.RELAY, URGENT)
    rt.queues.enqueue(queues.HAND_OVER)


def reconcile_order(rt: Runtime, order_id: str) -> State:
    """Ask the company about an order that nobody has told us of and post what is true; what it said.

    Raises GatewayError.
    """
    status = rt.payment.status(order_id)
    if status.state in PAID:
        with rt.db.begin() as connection:
            _decided(rt, connection, status)
        _go_on(rt)
    return status.state


def _decided(rt: Runtime, connection: Connection, status: PaymentStatus) -> bool:
    """What the company has decided about an order is written down; False when it is not one of ours."""
    if status.state not in PAID or status.amount <= 0:
        return True
    # A refund may be heard of before the payment itself: the payment is posted first, whatever came first.
    known = post(rt, connection, status)
    for taken in status.taken_back:
        _take_back(rt, connection, status.order_id, taken)
    return known


def post(rt: Runtime, connection: Connection, status: PaymentStatus) -> bool:
    """Post a paid order: books, contribution months, receipt; False when the order is not ours.

    The key of the ledger transaction makes a second posting do nothing, whatever order notifications come in.
    """
    now = rt.clock()
    code = orders.by_order(connection, status.order_id)
    if code is None:
        if books.post(connection, ledger.unplaced(status.order_id, status.amount), now):
            members.add_follow_up(connection, "unmatched_payment", "", status.order_id, now)
        return False
    order = code.order
    books.lock(connection, order.payer, order.people)
    if not books.post(connection, ledger.settlement(status.order_id, order.payer, status.amount, order.fee), now):
        return True
    if order.provider_fee:
        kept = min(order.provider_fee, status.amount)
        books.post(connection, ledger.provider_fee(status.order_id, kept), now)
    orders.mark_paid(connection, code.id, now)
    paid = Paid(status.order_id, order.payer, status.amount, order.phone, order.language)
    receipts.thank(rt, connection, paid, _buy(rt, connection, paid, order))
    return True


def _buy(rt: Runtime, connection: Connection, paid: Paid, order: Order | None) -> list[Line]:
    """The months of the order, then whatever else a member's money reaches for; whom nothing can be bought for gets
    the money back."""
    member_id, bought = paid.payer.member_id, []
    if member_id is not None and contributions.barred_among(connection, [member_id]):
        reason = requests.REFUSED if members.by_id(connection, member_id).state == "here" else requests.LEFT
        refunds.request(rt, connection, paid.payer, reason)
        return []
    if order is not None and member_id is None:
        bought = baskets.buy(rt, connection, order, paid.order_id)
    elif order is not None:
        bought = accounts.allocate(rt, connection, order, paid.order_id)
    if member_id is not None:
        bought += accounts.spend(rt, connection, member_id, paid.order_id)
    return bought


def _take_back(rt: Runtime, connection: Connection, order_id: str, taken: TakenBack) -> None:
    """The company paid somebody back: from credit, then from months still with us; the rest is a loss."""
    code, now = orders.by_order(connection, order_id), rt.clock()
    payer = code.order.payer if code else books.payer_of(connection, order_id)
    if payer:
        books.lock(connection, payer, code.order.people if code else ())
    if books.knows(connection, ledger.taken_back(order_id, taken.key, payer, taken.amount, 0).key):
        return
    if payer:
        there = accounts.free(rt, connection, payer, order_id, taken.amount)
    else:
        there = books.in_suspense(connection, order_id)
    lost = max(0, taken.amount - there)
    if not books.post(connection, ledger.taken_back(order_id, taken.key, payer, taken.amount, lost), now):
        return
    phone = code.order.phone if code else ""
    detail = f"{order_id}: Rp{taken.amount} went back, of which Rp{lost} is lost"
    members.add_follow_up(connection, "taken_back", phone, detail, now)
    if code and payer and payer.sponsor_id is not None:
        accounts.allocate(rt, connection, code.order, order_id)
    elif payer and payer.member_id is not None:
        accounts.spend(rt, connection, payer.member_id, order_id)


def assign(rt: Runtime, order_id: str, payer: Payer, by: str = "command line", address: str = "") -> list[Line]:
    """Somebody found out whose money an unmatched payment is: what it buys. Raises NotAllowedNow."""
    with rt.db.begin() as connection:
        books.lock(connection, payer)
        amount = books.in_suspense(connection, order_id)
        if amount <= 0 or not books.post(connection, ledger.assigned(order_id, payer, amount), rt.clock()):
            raise NotAllowedNow(f"no money of {order_id} is waiting to be assigned", "money_gone")
        members.close_follow_ups(connection, "unmatched_payment", order_id, rt.clock())
        paid = Paid(order_id, payer, amount, *_address(connection, payer))
        bought = _buy(rt, connection, paid, None)
        receipts.thank(rt, connection, paid, bought)
        told = {"rupiah": amount, "member": payer.member_id, "sponsor": payer.sponsor_id, "months": len(bought)}
        audit.note(rt, connection, by, "money.assigned", order_id, after=told, address=address)
    rt.queues.enqueue(queues.RELAY, URGENT)
    return bought


def _address(connection: Connection, payer: Payer) -> tuple[str, str]:
    """A payer's phone and language."""
    if payer.member_id is not None:
        person = members.by_id(connection, payer.member_id).person
        return person.phone, person.language
    sponsor = sponsors.by_id(connection, payer.sponsor_id or 0)
    return sponsor.phone, sponsor.language


def sweep(rt: Runtime) -> None:
    """Find notifications that no job looks into."""
    with rt.db.connect() as connection:
        waiting = payments.waiting_notifications(connection, rt.clock())
    for notification_id in waiting:
        rt.queues.enqueue(queues.POST_PAYMENT, notification_id)
