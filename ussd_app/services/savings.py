"""Small sums ("celengan iuran"): a member saves towards a month, a collector takes cash, savings go back on demand.

Only where the operator has turned SAVINGS on: keeping other people's money needs clearance.
"""

from __future__ import annotations

import re

from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import ledger
from ussd_app.domain.ledger import Payer
from ussd_app.engine.kinds import Value
from ussd_app.engine.turn import FactValue, Outcome
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import accounts, billing, channels, publishing, receipts, refunds
from ussd_app.services.callers import Caller, caller_member
from ussd_app.services.channels import BelowMinimum
from ussd_app.services.days import local
from ussd_app.services.jobs import Job
from ussd_app.services.progress import towards
from ussd_app.services.receipts import Paid
from ussd_app.storage import collections, contributions, members, orders
from ussd_app.storage import ledger as books
from ussd_app.storage.members import Member
from ussd_app.storage.orders import Order
from ussd_app.storage.outbox import URGENT

REASON = "savings"


def savings(rt: Runtime, connection: Connection, caller: Caller) -> FactValue:
    """Whether the caller may save, how far they are, and the number they save under; nothing where it is off."""
    member = _saver(rt, connection, caller)
    if member is None:
        return FactValue({"on": False})
    return FactValue(
        {
            "on": True,
            "any_amount": rt.payment.takes_any_amount,
            **towards(rt, connection, member.id).fields,
            **_open_code(rt, connection, caller, member),
        }
    )


def _saver(rt: Runtime, connection: Connection, caller: Caller) -> Member | None:
    """The caller, if they may save: nobody saves for a membership that the institution does not want."""
    member = caller_member(connection, caller) if rt.settings.savings else None
    return None if member is None or contributions.barred_among(connection, [member.id]) else member


def _open_code(rt: Runtime, connection: Connection, caller: Caller, member: Member) -> dict[str, Value]:
    newest = orders.newest(connection, Payer(member.id), "deposit")
    if newest is None or newest.code is None or newest.expires_at is None:
        return {"ready": False}
    return {
        "ready": True,
        "code": newest.code,
        "channel": publishing.channels(rt, caller.documents).name_of(newest.order.channel),
        "total": newest.order.total,
        "open": newest.order.open_amount,
        "expires": local(newest.expires_at).isoformat(),
    }


def save(
    rt: Runtime, connection: Connection, caller: Caller, *, total: int, channel: str | None = None
) -> tuple[Outcome, list[Job]]:
    """A member asks for a number under which to pay in `total` rupiah, the fee apart; it takes the place of an older
    one that nobody has used."""
    member = _saver(rt, connection, caller)
    if member is None:
        return Outcome("refused"), []
    place = channels.wanted(rt, connection, caller.phone, total, channel)
    if not place.takes:
        return BelowMinimum(place).outcome, []
    wanted = _deposit(rt, caller, member, place.key, deposit=total, fee=place.fee, provider_fee=place.provider_fee)
    books.lock(connection, wanted.payer)
    _close(connection, wanted.payer)
    return Outcome("requested"), billing.jobs_for(connection, caller.phone, orders.add(connection, wanted, rt.clock()))


def save_at(
    rt: Runtime, connection: Connection, caller: Caller, *, total: int, channel: str
) -> tuple[Outcome, list[Job]]:
    """The same, at a place they chose, which their phone keeps to."""
    outcome, jobs = save(rt, connection, caller, total=total, channel=channel)
    if outcome.name == "requested":
        members.keep_channel(connection, caller.phone, channel, rt.clock())
    return outcome, jobs


def save_any(rt: Runtime, connection: Connection, caller: Caller) -> tuple[Outcome, list[Job]]:
    """A member asks for a number that takes any sum, as often as they like, for half a year."""
    member = _saver(rt, connection, caller)
    if member is None or not rt.payment.takes_any_amount:
        return Outcome("refused"), []
    place = channels.wanted(rt, connection, caller.phone, 0)
    wanted = _deposit(rt, caller, member, place.key, open_amount=True)
    books.lock(connection, wanted.payer)
    code = orders.add(connection, wanted, rt.clock())
    return Outcome("requested" if code else "waiting"), billing.jobs_for(connection, caller.phone, code)


def _deposit(
    rt: Runtime,
    caller: Caller,
    member: Member,
    channel: str,
    *,
    deposit: int = 0,
    fee: int = 0,
    provider_fee: int = 0,
    open_amount: bool = False,
) -> Order:
    return Order(
        order_id=(billing.short_order_id if open_amount else billing.order_id)(rt, caller),
        phone=caller.phone,
        language=caller.dialogue.language,
        channel=channel,
        payer=Payer(member.id),
        rates_version="",
        deposit=deposit,
        fee=fee,
        provider_fee=provider_fee,
        open_amount=open_amount,
    )


def _close(connection: Connection, payer: Payer) -> None:
    old = orders.newest(connection, payer, "deposit")
    if old is not None:
        orders.close(connection, old.id)


def give_back(rt: Runtime, connection: Connection, caller: Caller) -> tuple[Outcome, list[Job]]:
    """A member wants their savings back: finance pays them out, the office calls to ask where to."""
    member = _saver(rt, connection, caller)
    if member is None:
        return Outcome("nothing"), []
    payer = Payer(member.id)
    amount = refunds.request(rt, connection, payer, REASON, by=f"member {member.id}")
    if amount <= 0:
        return Outcome("nothing"), []
    _close(connection, payer)
    members.add_follow_up(connection, "savings_back", caller.phone, f"member {member.id}: Rp{amount}", rt.clock())
    return Outcome("asked", {"amount": amount}), billing.jobs_for(connection, caller.phone, None)


def deposit_cash(rt: Runtime, member_id: int, amount: int, reference: str, by: str) -> bool:
    """A collector took cash from a member; False when the slip of this reference was entered before.

    Raises NotAllowedNow when savings are off, the amount is none, the member may not save, or the same reference was
    entered with something else.
    """
    if not rt.settings.savings:
        raise NotAllowedNow("savings are off (SAVINGS): no cash may be taken")
    if amount <= 0 or not re.fullmatch("[A-Za-z0-9-]{1,13}", reference):
        raise NotAllowedNow("a deposit needs an amount and its slip's reference, at most 13 letters and digits")
    with rt.db.begin() as connection:
        if contributions.barred_among(connection, [member_id]):
            raise NotAllowedNow("nothing can be paid for this member: refused by the institution, or gone")
        entered = collections.add(connection, reference, member_id, amount, by, rt.clock())
        if entered == "differs":
            raise NotAllowedNow(f"the slip {reference} was entered with another member or amount")
        if entered == "known":
            return False
        _post(rt, connection, members.by_id(connection, member_id), amount, f"CASH-{reference}")
    rt.queues.enqueue(queues.RELAY, URGENT)
    rt.queues.enqueue(queues.HAND_OVER)
    return True


def _post(rt: Runtime, connection: Connection, member: Member, amount: int, order_id: str) -> None:
    payer, person = Payer(member.id), member.person
    books.lock(connection, payer)
    books.post(connection, ledger.settlement(order_id, payer, amount), rt.clock())
    bought = accounts.spend(rt, connection, member.id, order_id)
    receipts.thank(rt, connection, Paid(order_id, payer, amount, person.phone, person.language), bought)
