"""Money goes back to whoever paid it: two people approve, then finance pays it out at the bank."""

from __future__ import annotations

from sqlalchemy import Connection

from ussd_app.domain import ledger
from ussd_app.domain.ledger import Payer
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import accounts, audit, receipts
from ussd_app.services.receipts import Paid
from ussd_app.storage import contributions, members, refunds
from ussd_app.storage import ledger as books
from ussd_app.storage.orders import Line
from ussd_app.storage.refunds import Refund

SYSTEM = "system"


def request(rt: Runtime, connection: Connection, payer: Payer, reason: str, by: str = SYSTEM) -> int:
    """Ask for all of a payer's credit to be paid back; how much that is, in whole rupiah."""
    books.lock(connection, payer)
    credit = books.credit(connection, payer)
    if credit > 0:
        refunds.request(connection, payer, credit, reason, by, rt.clock())
    return credit


def after_refusal(rt: Runtime, connection: Connection, member_id: int, reason: str = refunds.REFUSED) -> None:
    """The institution does not want somebody, or they left: what was paid and has not gone on is theirs again.

    A member is to get it back; a sponsor's goes into the sponsor's next code.
    """
    books.lock(connection, Payer(member_id))
    accounts.give_back(rt, connection, contributions.held(connection, member_id=member_id))
    request(rt, connection, Payer(member_id), reason)


def after_acceptance(rt: Runtime, connection: Connection, member_id: int) -> list[Line]:
    """Somebody who was refused, or had left, is accepted after all: what has not been paid out to them yet buys months
    again, and they get a receipt."""
    payer, person = Payer(member_id), members.by_id(connection, member_id).person
    books.lock(connection, payer)
    refunds.withdraw(connection, payer)
    credit, order_id = books.credit(connection, payer), books.paid_last(connection, payer)
    if order_id is None:
        return []
    bought = accounts.spend(rt, connection, member_id, order_id)
    if bought:
        # A receipt of its own: the one of the payment said that the office would call.
        again = f":accepted:{books.fresh_number(connection)}"
        receipts.thank(rt, connection, Paid(order_id, payer, credit, person.phone, person.language, again), bought)
    return bought


def approve(rt: Runtime, refund_id: int, by: str, *, shown: int | None = None, address: str = "") -> Refund:
    """One person approves a refund; with the second, the money is set aside to be paid out.

    `shown` is the sum in whole rupiah that this person was shown. Raises NotAllowedNow when it is decided already,
    when it has become another sum, when the same person approves twice or asked for it, or when the credit has been
    spent since.
    """
    with rt.db.begin() as connection:
        found = _waiting(connection, refund_id, "requested")
        by = by.strip().lower()
        if shown not in (None, found.amount):
            raise NotAllowedNow("this refund has become another sum: look at it again", "refund_changed")
        if by in (found.requested_by, found.first_approver):
            raise NotAllowedNow("two other people have to approve a refund", "refund_two_people")
        if found.first_approver is None:
            refunds.settle(connection, refund_id, first_approver=by)
        else:
            if books.credit(connection, found.payer) < found.amount:
                raise NotAllowedNow("this money has been spent since: reject the refund", "refund_spent")
            books.post_anew(connection, ledger.refund_approved(refund_id, found.payer, found.amount), rt.clock())
            refunds.settle(connection, refund_id, state="approved", second_approver=by, approved_at=rt.clock())
        return _noted(rt, connection, "refund.approved", by, found, address)


def reject(rt: Runtime, refund_id: int, by: str, *, address: str = "") -> Refund:
    """A refund that is not to be: the money stays to the payer's credit. Raises NotAllowedNow."""
    with rt.db.begin() as connection:
        found = _waiting(connection, refund_id, "requested")
        refunds.settle(connection, refund_id, state="rejected", rejected_by=by)
        return _noted(rt, connection, "refund.rejected", by, found, address)


def paid_out(rt: Runtime, refund_id: int, by: str, bank_reference: str, *, address: str = "") -> Refund:
    """The bank has paid a refund out, as its reference proves. Raises NotAllowedNow."""
    if not bank_reference.strip():
        raise NotAllowedNow("a refund is paid out with the bank's reference", "refund_reference")
    with rt.db.begin() as connection:
        found = _waiting(connection, refund_id, "approved")
        books.post_anew(connection, ledger.refund_paid(refund_id, found.payer, found.amount), rt.clock())
        changes = {"bank_reference": bank_reference.strip(), "paid_by": by, "paid_at": rt.clock()}
        refunds.settle(connection, refund_id, state="paid", **changes)
        return _noted(rt, connection, "refund.paid", by, found, address)


def _noted(rt: Runtime, connection: Connection, kind: str, by: str, before: Refund, address: str) -> Refund:
    """The refund as it is now, written into the audit log beside how it was."""
    after = _again(connection, before.id)
    was, now = ({"state": one.state, "amount": one.amount, "first": one.first_approver} for one in (before, after))
    audit.note(rt, connection, by, kind, f"refund {before.id}", before=was, after=now, address=address)
    return after


def _waiting(connection: Connection, refund_id: int, state: str) -> Refund:
    payer = refunds.payer_of(connection, refund_id)
    if payer is None:
        raise NotAllowedNow(f"there is no refund {refund_id}", "refund_none")
    books.lock(connection, payer)
    found = _again(connection, refund_id)
    if found.state != state:
        raise NotAllowedNow(f"refund {refund_id} is {found.state}, not {state}", f"refund_{found.state}")
    return found


def _again(connection: Connection, refund_id: int) -> Refund:
    found = refunds.by_id(connection, refund_id)
    assert found is not None
    return found
