"""Somebody wants to pay some months: one open pay code for each person and set of months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import calendar, contributions
from ussd_app.domain.coverage import coverage
from ussd_app.engine.kinds import Value
from ussd_app.engine.turn import Outcome
from ussd_app.errors import GatewayPermanent, GatewayTemporary, GatewayUnknown
from ussd_app.runtime import Runtime
from ussd_app.services import outbox, publishing
from ussd_app.services.callers import Caller, caller_member, caller_months
from ussd_app.services.jobs import Job, backoff
from ussd_app.services.words import shown_name
from ussd_app.storage import members, payments
from ussd_app.storage.members import Person
from ussd_app.storage.outbox import URGENT

# Where a code can be paid in cash, and the name people know it by. Alfamart takes no less than Rp10,000, so one
# discounted month (Rp8,400) could not be paid there.
CHANNELS = {"indomaret": "Indomaret"}
DEFAULT_CHANNEL = "indomaret"
JAKARTA = "Asia/Jakarta"
LEASE = timedelta(seconds=30)
# Long enough for a weekend without a wage, short enough that the price on the code still holds.
CODE_LIVES = timedelta(days=3)
LAST_MINUTE = time(23, 59)
log = structlog.get_logger()


def local(moment: datetime) -> date:
    """The calendar day of a UTC moment in Jakarta."""
    return calendar.local_date(moment, JAKARTA)


def last_moment(day: date) -> datetime:
    """The end of a day in Jakarta, in UTC: a code that is good until a day is good all of that day."""
    return datetime.combine(day, LAST_MINUTE, ZoneInfo(JAKARTA)).astimezone(UTC)


def version_of(rates: contributions.Rates, first: date) -> str:
    """What a price on a screen stands for: the rates, and the first of its months."""
    return f"{rates.version}:{first:%Y-%m}"


def next_month(rt: Runtime, connection: Connection, caller: Caller) -> date:
    """The first contribution month that the caller has to pay next."""
    months = caller_months(connection, caller)
    return coverage(months, caller.today, publishing.holidays(rt, caller.documents)).next_month


def agreed(
    rt: Runtime, caller: Caller, person: Person, months: Sequence[date], shown: tuple[int, str]
) -> dict[date, int] | None:
    """Whole rupiah by month, when it is still what the person was shown; else None.

    `shown` is the total and the version (rates and first month) on the screen that was agreed to: nobody pays
    what they did not see.
    """
    rates = publishing.rates(rt, caller.documents)
    priced = contributions.price(rates, sector=person.sector, package=person.package, wage=person.wage, months=months)
    return priced.by_month() if (priced.total, version_of(rates, months[0])) == shown else None


def order(
    rt: Runtime,
    connection: Connection,
    caller: Caller,
    member_id: int,
    person: Person,
    prices: Mapping[date, int],
    rates_version: str,
) -> int | None:
    """Ask for a pay code; its row, or None when one for the same months is on its way or open."""
    payments.close_codes(connection, member_id, list(prices))
    wanted = payments.Order(
        order_id=_order_id(rt, caller),
        member_id=member_id,
        phone=caller.phone,
        language=caller.dialogue.language,
        package=person.package,
        sector=person.sector,
        wage=person.wage,
        prices=prices,
        rates_version=rates_version,
        channel=DEFAULT_CHANNEL,
    )
    return payments.add_order(connection, wanted, rt.clock())


def _order_id(rt: Runtime, caller: Caller) -> str:
    """The same for the same answer of the same dialogue, so that whatever is repeated speaks of the same order."""
    mark = rt.vault.mark(f"order {caller.dialogue.id}:{caller.dialogue.transition}")
    return f"SRT-{mark[:14].upper()}"


def ask(
    rt: Runtime, connection: Connection, caller: Caller, *, months: int, total: int, rates: str
) -> tuple[Outcome, list[Job]]:
    """A member asks for a code for the next unpaid months, at the price on the screen."""
    member = caller_member(connection, caller)
    if member is None or member.standing == "refused":
        return Outcome("refused"), []
    run = calendar.months_from(next_month(rt, connection, caller), months)
    prices = agreed(rt, caller, member.person, run, (total, rates))
    if prices is None:
        return Outcome("price_changed"), []
    code = order(rt, connection, caller, member.id, member.person, prices, rates)
    return (Outcome("requested"), [Job(queues.MAKE_PAY_CODE, code)]) if code else (Outcome("waiting"), [])


def make_code(rt: Runtime, pay_code_id: int) -> None:
    """Have the payment company make a code, and text it to the payer. May run twice, or too late."""
    now = rt.clock()
    with rt.db.begin() as connection:
        leased = payments.lease_order(connection, pay_code_id, now, LEASE)
    if leased is None:
        return
    wanted = leased.order
    try:
        made = rt.payment.charge(wanted.order_id, wanted.total, last_moment(local(now + CODE_LIVES)), wanted.channel)
    except GatewayPermanent as error:
        log.error("no pay code can be made", order=wanted.order_id, error=str(error))
        with rt.db.begin() as connection:
            payments.fail_order(connection, pay_code_id, str(error))
            members.add_follow_up(connection, "pay_code", wanted.phone, wanted.order_id, now)
            _write(rt, connection, leased, "pay_code_failed", {})
        rt.queues.enqueue(queues.RELAY, URGENT)
        return
    except (GatewayTemporary, GatewayUnknown) as error:
        # The same order again gives the same code, so asking twice is harmless even when it is unknown.
        log.warning("pay code not made, trying again", order=wanted.order_id, error=str(error))
        with rt.db.begin() as connection:
            payments.postpone_order(connection, pay_code_id, backoff(now, leased.attempts), str(error))
        return
    with rt.db.begin() as connection:
        if payments.open_code(connection, pay_code_id, rt.payment.name, made.code, made.expires_at):
            values: dict[str, Value] = {
                "code": made.code,
                "total": wanted.total,
                "months": [month.isoformat() for month in wanted.months],
                "channel": CHANNELS[wanted.channel],
                "expires": local(made.expires_at).isoformat(),
            }
            _write(rt, connection, leased, "pay_code", values, pay={"code": made.code, "amount": wanted.total})
    rt.queues.enqueue(queues.RELAY, URGENT)


def _write(
    rt: Runtime,
    connection: Connection,
    leased: payments.PayCode,
    message: str,
    values: Mapping[str, Value],
    pay: Mapping[str, object] | None = None,
) -> None:
    wanted = leased.order
    person = members.by_id(connection, wanted.member_id).person
    outbox.write(
        rt,
        connection,
        message,
        key=f"{message}:{leased.id}",
        phone=wanted.phone,
        language=wanted.language,
        values={"name": shown_name(person.name), **values},
        pay=pay,
    )


def sweep(rt: Runtime) -> None:
    """Find orders for which no job is making a code, and let old codes expire."""
    with rt.db.begin() as connection:
        payments.expire_codes(connection, rt.clock())
        waiting = payments.waiting_orders(connection, rt.clock())
    for pay_code_id in waiting:
        rt.queues.enqueue(queues.MAKE_PAY_CODE, pay_code_id)
