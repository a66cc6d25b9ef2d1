"""Somebody paid: keep what the company says, ask it whether it is true, post it once, thank the payer."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import structlog
from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import ledger
from ussd_app.engine.kinds import Value
from ussd_app.errors import GatewayError
from ussd_app.gateways.payment import PaymentStatus
from ussd_app.runtime import Runtime
from ussd_app.services import outbox
from ussd_app.services.jobs import backoff
from ussd_app.services.words import shown_name
from ussd_app.storage import ledger as books
from ussd_app.storage import members, payments
from ussd_app.storage.outbox import URGENT
from ussd_app.storage.payments import Order

LEASE = timedelta(seconds=30)
PATIENCE = timedelta(days=1)
# The company has not decided, or has not caught up with its own notification.
UNDECIDED = ("pending", "missing")
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
            payments.settle_notification(connection, notification_id, "done" if known else "unmatched", now)
        elif now - notified.received_at < PATIENCE:
            payments.postpone_notification(connection, notification_id, backoff(now, notified.attempts))
        else:
            members.add_follow_up(connection, "unmatched_payment", "", notified.order_id, now)
            payments.settle_notification(connection, notification_id, "unmatched", now)
    if status.state == "settled":
        rt.queues.enqueue(queues.RELAY, URGENT)
        rt.queues.enqueue(queues.HAND_OVER)


def _decided(rt: Runtime, connection: Connection, status: PaymentStatus) -> bool:
    """What the company has decided about an order is written down; False when it is not one of ours."""
    if status.state == "settled" and status.amount > 0:
        return post(rt, connection, status)
    if status.state in ("settled", "refunded", "charged_back"):
        # Money that came back, or none at all: finance looks into it, nobody's months are taken away by a machine.
        members.add_follow_up(connection, status.state, "", status.order_id, rt.clock())
    return True


def post(rt: Runtime, connection: Connection, status: PaymentStatus) -> bool:
    """Post a settled order: books, contribution months, receipt; False when the order is not ours.

    The key of the ledger transaction makes a second posting do nothing, whatever order notifications come in.
    """
    now = rt.clock()
    code = payments.by_order(connection, status.order_id)
    if code is None:
        members.add_follow_up(connection, "unmatched_payment", "", status.order_id, now)
        return False
    if code.state == "paid":
        return True
    order = code.order
    months = _allocate(connection, order, status.amount, rt)
    transaction = ledger.payment(order.order_id, order.member_id, status.amount, months)
    if not books.post(connection, transaction, now):
        return True
    payments.mark_paid(connection, code.id, now)
    _thank(rt, connection, order, status.amount, months)
    return True


def _allocate(connection: Connection, order: Order, amount: int, rt: Runtime) -> dict[date, int]:
    """The months of the order that the money covers, earliest first; the rest stays the member's credit."""
    covered: dict[date, int] = {}
    for month in order.months:
        price = order.prices[month]
        if price > amount:
            break
        if payments.add_month(connection, order, month, price, rt.clock()):
            covered[month] = price
            amount -= price
    return covered


def _thank(rt: Runtime, connection: Connection, order: Order, amount: int, months: dict[date, int]) -> None:
    """The receipt says what is true: what the months took, and what is kept because no month needed it."""
    member = members.by_id(connection, order.member_id)
    used = sum(months.values()) if member.standing != "refused" else 0
    if used < amount:
        members.add_follow_up(connection, "credit", order.phone, f"{order.order_id}: Rp{amount - used}", rt.clock())
    values: dict[str, Value] = {
        "name": shown_name(member.person.name),
        "total": used or amount,
        "order": order.order_id,
    }
    if used:
        values["months"] = [month.isoformat() for month in months]
    outbox.write(
        rt,
        connection,
        "receipt" if used else "received_more",
        key=f"receipt:{order.order_id}",
        phone=order.phone,
        language=order.language,
        values=values,
    )


def sweep(rt: Runtime) -> None:
    """Find notifications that no job looks into."""
    with rt.db.connect() as connection:
        waiting = payments.waiting_notifications(connection, rt.clock())
    for notification_id in waiting:
        rt.queues.enqueue(queues.POST_PAYMENT, notification_id)
