"""Somebody wants to pay some months: one open pay code for each person and set of months."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import calendar, contributions
from ussd_app.domain.coverage import coverage
from ussd_app.domain.ledger import Payer
from ussd_app.engine.kinds import Value
from ussd_app.engine.turn import Outcome
from ussd_app.errors import GatewayPermanent, GatewayTemporary, GatewayUnknown
from ussd_app.gateways.payment import PayCode as Made
from ussd_app.runtime import Runtime
from ussd_app.services import accounts, channels, outbox, publishing
from ussd_app.services.callers import Caller, caller_member, caller_months
from ussd_app.services.channels import BelowMinimum, Place
from ussd_app.services.days import last_moment, local
from ussd_app.services.jobs import Job, backoff
from ussd_app.services.words import shown_name
from ussd_app.storage import ledger as books
from ussd_app.storage import members, orders, reconciliation, sponsors
from ussd_app.storage.orders import Line, Order, PayCode
from ussd_app.storage.outbox import CODES

LEASE = timedelta(seconds=30)
# A code that takes any sum has no price that could become wrong: savings take their time.
SAVINGS_LIVE = timedelta(days=180)
log = structlog.get_logger()


def version_of(rates: contributions.Rates, first: date) -> str:
    """What a price on a screen stands for: the rates, and the first of its months."""
    return f"{rates.version}:{first:%Y-%m}"


def still_costs(
    rt: Runtime, caller: Caller, plan: contributions.Plan, run: Sequence[date], shown: tuple[int, str]
) -> bool:
    """Whether these months cost under this plan what the screen said: its total and version. Nobody pays what they
    did not see."""
    rates = publishing.rates(rt, caller.documents)
    return (contributions.price_of(rates, {run[0]: plan}, run).total, version_of(rates, run[0])) == shown


def next_month(rt: Runtime, connection: Connection, caller: Caller) -> date:
    """The first contribution month that the caller has to pay next."""
    months = caller_months(connection, caller)
    return coverage(months, caller.today, publishing.holidays(rt, caller.documents)).next_month


def run_of(rt: Runtime, connection: Connection, caller: Caller, months: int) -> Sequence[date]:
    """The next unpaid contribution months of the caller."""
    return calendar.months_from(next_month(rt, connection, caller), months)


def order(
    rt: Runtime,
    connection: Connection,
    caller: Caller,
    payer: Payer,
    lines: Sequence[Line],
    rates_version: str,
    place: Place | None = None,
) -> int | None:
    """Ask for a pay code, less what the payer has stood with us; its row, or None when there is one for the same.

    Without a `place` it is to be paid where the phone chose last, or else where such a sum is taken. Raises
    BelowMinimum.
    """
    credit = books.credit(connection, payer)
    if place is None:
        place = channels.fitting(rt, connection, caller.phone, sum(line.amount for line in lines) - credit)
    wanted = Order(
        order_id=order_id(rt, caller),
        phone=caller.phone,
        language=caller.dialogue.language,
        channel=place.key,
        payer=payer,
        rates_version=rates_version,
        lines=tuple(lines),
        credit=credit,
        fee=place.fee,
        provider_fee=place.provider_fee,
    )
    if not place.channel.takes(wanted.total):
        raise BelowMinimum(place)
    orders.close_overlapping(connection, wanted)
    return orders.add(connection, wanted, rt.clock())


def jobs_for(connection: Connection, phone: str, code: int | None) -> list[Job]:
    """What is to be done at the company after an order: its code made, the phone's closed codes cancelled."""
    closed = [Job(queues.CANCEL_PAY_CODE, number) for number in reconciliation.to_cancel_of(connection, phone)]
    return [*closed, Job(queues.MAKE_PAY_CODE, code)] if code else closed


def order_id(rt: Runtime, caller: Caller) -> str:
    """The same for the same answer of the same dialogue, so that whatever is repeated speaks of the same order."""
    return f"SRT-{_mark(rt, caller)[:14].upper()}"


def short_order_id(rt: Runtime, caller: Caller) -> str:
    """The same with room for `.1` to `.999`, so that the receipt of each payment fits one SMS."""
    return f"SRT-{b32encode(bytes.fromhex(_mark(rt, caller))).decode()[:10]}"


def _mark(rt: Runtime, caller: Caller) -> str:
    return rt.vault.mark(f"order {caller.dialogue.id}:{caller.dialogue.transition}")


def ask(
    rt: Runtime,
    connection: Connection,
    caller: Caller,
    *,
    months: int,
    total: int,
    rates: str,
    channel: str | None = None,
) -> tuple[Outcome, list[Job]]:
    """A member asks for a code for the next unpaid months, at the price on the screen: nobody pays what they did
    not see."""
    member = caller_member(connection, caller)
    if member is None or member.standing == "refused":
        return Outcome("refused"), []
    payer = Payer(member.id)
    books.lock(connection, payer)
    run = run_of(rt, connection, caller, months)
    in_force, plans = publishing.rates(rt, caller.documents), members.plans_of(connection, [member.id])
    lines = accounts.lines_for(in_force, plans, {member.id: run})
    asked = sum(line.amount for line in lines) - books.credit(connection, payer)
    if (asked, version_of(in_force, run[0])) != (total, rates):
        return Outcome("price_changed"), []
    place = channels.wanted(rt, connection, caller.phone, total, channel)
    if not place.takes:
        return BelowMinimum(place).outcome, []
    code = order(rt, connection, caller, payer, lines, rates, place)
    return Outcome("requested" if code else "waiting"), jobs_for(connection, caller.phone, code)


def ask_at(
    rt: Runtime, connection: Connection, caller: Caller, *, months: int, total: int, rates: str, channel: str
) -> tuple[Outcome, list[Job]]:
    """The same, to be paid at a place they chose, which their phone keeps to."""
    outcome, jobs = ask(rt, connection, caller, months=months, total=total, rates=rates, channel=channel)
    if outcome.name in ("requested", "waiting"):
        members.keep_channel(connection, caller.phone, channel, rt.clock())
    return outcome, jobs


def make_code(rt: Runtime, pay_code_id: int) -> None:
    """Have the payment company make a code, and text it to the payer. May run twice, or too late."""
    now = rt.clock()
    with rt.db.begin() as connection:
        leased = orders.lease(connection, pay_code_id, now, LEASE)
    if leased is None:
        return
    wanted = leased.order
    try:
        made = rt.payment.charge(
            wanted.order_id, wanted.total, _until(rt, wanted), wanted.channel, open_amount=wanted.open_amount
        )
    except GatewayPermanent as error:
        _impossible(rt, leased, str(error))
    except (GatewayTemporary, GatewayUnknown) as error:
        # The same order again gives the same code, so asking twice is harmless even when it is unknown.
        log.warning("pay code not made, trying again", order=wanted.order_id, error=str(error))
        with rt.db.begin() as connection:
            orders.postpone(connection, pay_code_id, backoff(now, leased.attempts), str(error))
    else:
        _made(rt, leased, made)


def _until(rt: Runtime, wanted: Order) -> datetime:
    """Until when a code can be paid: the end of a day, in UTC."""
    known = publishing.channels(rt, publishing.newest(rt)).channels.get(wanted.channel)
    lives = timedelta(days=known.days if known else 1)
    return last_moment(local(rt.clock() + (SAVINGS_LIVE if wanted.open_amount else lives)))


def _impossible(rt: Runtime, leased: PayCode, reason: str) -> None:
    wanted = leased.order
    log.error("no pay code can be made", order=wanted.order_id, error=reason)
    with rt.db.begin() as connection:
        orders.fail(connection, leased.id, reason)
        members.add_follow_up(connection, "pay_code", wanted.phone, wanted.order_id, rt.clock())
        _write(rt, connection, leased, Text("pay_code_failed", {}))
    rt.queues.enqueue(queues.RELAY, CODES)


def _made(rt: Runtime, leased: PayCode, made: Made) -> None:
    with rt.db.begin() as connection:
        opened = orders.made(connection, leased.id, rt.payment.name, made.code, made.expires_at)
        if opened:
            pay = {"code": made.code, "amount": leased.order.total or None}
            _write(rt, connection, leased, _told(rt, leased.order, made), pay=pay)
        else:
            late = reconciliation.made_too_late(
                connection, leased.id, rt.payment.name, made.code, made.expires_at, rt.clock()
            )
    if opened:
        rt.queues.enqueue(queues.RELAY, CODES)
    elif late:
        rt.queues.enqueue(queues.CANCEL_PAY_CODE, leased.id)


@dataclass(frozen=True)
class Text:
    """An SMS of messages.yaml and what fills it."""

    message: str
    values: Mapping[str, Value]


def _told(rt: Runtime, wanted: Order, made: Made) -> Text:
    """What the payer is to know of a new code: the sum, where, until when, and the fee if there is one."""
    values: dict[str, Value] = {
        "code": made.code,
        "channel": publishing.channels(rt, publishing.newest(rt)).name_of(wanted.channel),
        "expires": local(made.expires_at).isoformat(),
    }
    if wanted.open_amount:
        return Text("savings_code_any", values)
    values["total"] = wanted.total
    if wanted.payer.sponsor_id is not None:
        return Text("pay_code_people", values | {"people": len(wanted.people), "fee": wanted.fee})
    if wanted.kind == "deposit":
        return Text("savings_code", values | {"fee": wanted.fee})
    values["months"] = [month.isoformat() for month in wanted.months]
    return Text("pay_code_with_fee", values | {"fee": wanted.fee}) if wanted.fee else Text("pay_code", values)


def _write(
    rt: Runtime,
    connection: Connection,
    leased: PayCode,
    told: Text,
    pay: Mapping[str, object] | None = None,
) -> None:
    wanted = leased.order
    outbox.write(
        rt,
        connection,
        told.message,
        key=f"{told.message}:{leased.id}",
        phone=wanted.phone,
        language=wanted.language,
        values={"name": payer_name(connection, wanted.payer), **told.values},
        pay=pay,
    )


def payer_name(connection: Connection, payer: Payer) -> str:
    """What a payer is called in an SMS."""
    if payer.member_id is not None:
        return shown_name(members.by_id(connection, payer.member_id).person.name)
    return shown_name(sponsors.by_id(connection, payer.sponsor_id or 0).name)


def sweep(rt: Runtime) -> None:
    """Find orders for which no job is making a code, closed codes the company does not know of, and let old codes
    expire."""
    with rt.db.begin() as connection:
        orders.expire(connection, rt.clock())
        waiting = orders.waiting(connection, rt.clock())
        closed = reconciliation.to_cancel(connection, rt.clock())
    for pay_code_id in waiting:
        rt.queues.enqueue(queues.MAKE_PAY_CODE, pay_code_id)
    for pay_code_id in closed:
        rt.queues.enqueue(queues.CANCEL_PAY_CODE, pay_code_id)
