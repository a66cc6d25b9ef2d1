"""What a price is made of, month by month and programme by programme: the same on a screen, in an SMS, for finance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby

from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import calendar, contributions, money
from ussd_app.domain.contributions import Plan, Plans, Quote, Rates, Stretch
from ussd_app.engine.turn import FactValue, Outcome
from ussd_app.runtime import Runtime
from ussd_app.services import billing, outbox, publishing
from ussd_app.services.callers import Caller, caller_member
from ussd_app.services.jobs import Job
from ussd_app.services.words import LONGEST_LINES, LONGEST_PARTS, LONGEST_SUM
from ussd_app.storage import members
from ussd_app.storage.orders import Line, Order
from ussd_app.storage.outbox import URGENT

TEXT = "price_lines"


# ---- in words: digits, months and keys of programmes take one septet a character ----


def in_short(quote: Quote, language: str) -> str:
    """A total as the sum it is, `2x 8.400 + 1x 16.800`, or the least and the most where that takes too much room."""
    prices = [(len(list(group)), price) for price, group in groupby(quote.by_month().values())]
    whole = " + ".join(f"{number}x {_bare(price, language)}" for number, price in prices)
    return whole if len(whole) <= LONGEST_SUM else _from_to(quote, language)


def in_full(quote: Quote, language: str) -> str:
    """Every price of a quote, with as much of what it is made of as one SMS has room for."""
    ways = (_with_programmes, _by_months, _by_price, _from_to)
    return next(words for way in ways if len(words := way(quote, language)) <= LONGEST_LINES)


def programmes(stretch: Stretch, language: str) -> str:
    """What each programme costs a month, less its discount: `JKK 10.000-5.000, JKM 6.800-3.400, JHT 20.000`."""
    each = [f"{line.programme.upper()} {_less(line.normal, line.discount, language)}" for line in stretch.lines]
    whole = ", ".join(each)
    return whole if len(whole) <= LONGEST_PARTS else _less(stretch.normal, stretch.normal - stretch.amount, language)


def _bare(amount: int, language: str) -> str:
    return money.rupiah(amount, language).removeprefix("Rp")


def _less(normal: int, discount: int, language: str) -> str:
    return _bare(normal, language) + (f"-{_bare(discount, language)}" if discount else "")


def _priced(number: int, price: int, language: str) -> str:
    return f"{number}x {money.rupiah(price, language)}"


def _with_programmes(quote: Quote, language: str) -> str:
    return "; ".join(f"{_one(one, language)} ({programmes(one, language)})" for one in quote.stretches())


def _by_months(quote: Quote, language: str) -> str:
    return "; ".join(_one(one, language) for one in quote.stretches())


def _one(one: Stretch, language: str) -> str:
    return f"{calendar.spell_months(one.months, language)}: {_priced(len(one.months), one.amount, language)}"


def _by_price(quote: Quote, language: str) -> str:
    return "; ".join(_priced(n, price, language) for price, n in Counter(quote.by_month().values()).items())


def _from_to(quote: Quote, language: str) -> str:
    prices = quote.by_month().values()
    return f"{len(prices)}x {_bare(min(prices), language)}-{_bare(max(prices), language)}"


# ---- on the phone: for whoever enrols, and for a member ----


def price_lines(
    rt: Runtime, _connection: Connection, caller: Caller, *, sector: str, package: str, wage: int, months: int
) -> FactValue:
    """The months that somebody who enrols now would pay, from this month on, those of the same price together."""
    return _listed(_quoted(rt, caller, sector, package, wage, months))


def price_line(
    rt: Runtime,
    _connection: Connection,
    caller: Caller,
    *,
    sector: str,
    package: str,
    wage: int,
    months: int,
    stretch: str,
) -> FactValue:
    """What one of these prices is made of: each programme, normal and less its discount, and what is to be paid."""
    return _made_up(_quoted(rt, caller, sector, package, wage, months), caller, stretch)


def text_price(
    rt: Runtime, connection: Connection, caller: Caller, *, sector: str, package: str, wage: int, months: int
) -> tuple[Outcome, list[Job]]:
    """The same as an SMS, once for each price that a dialogue asks about."""
    return _texted(rt, connection, caller, _quoted(rt, caller, sector, package, wage, months))


def dues_lines(rt: Runtime, connection: Connection, caller: Caller, *, months: int) -> FactValue:
    """The next months of this phone's member that are not paid, those of the same price together."""
    return _listed(_due(rt, connection, caller, months))


def dues_line(rt: Runtime, connection: Connection, caller: Caller, *, months: int, stretch: str) -> FactValue:
    """What one of these prices is made of, as in `price_line`."""
    return _made_up(_due(rt, connection, caller, months), caller, stretch)


def text_dues(rt: Runtime, connection: Connection, caller: Caller, *, months: int) -> tuple[Outcome, list[Job]]:
    """The same as an SMS, as in `text_price`."""
    return _texted(rt, connection, caller, _due(rt, connection, caller, months))


def _quoted(rt: Runtime, caller: Caller, sector: str, package: str, wage: int, months: int) -> Quote:
    run = calendar.months_from(calendar.month_of(caller.today), months)
    rates = publishing.rates(rt, caller.documents)
    return contributions.price(rates, sector=sector, package=package, wage=wage, months=run)


def _due(rt: Runtime, connection: Connection, caller: Caller, months: int) -> Quote:
    found = caller_member(connection, caller)
    if found is None:
        raise LookupError("only a member has dues")
    plans, run = members.plans_of(connection, [found.id])[found.id], billing.run_of(rt, connection, caller, months)
    return contributions.price_of(publishing.rates(rt, caller.documents), plans, run)


def _listed(quote: Quote) -> FactValue:
    return FactValue(
        rows=tuple(
            {"key": _key(one), "months": _months(one), "number": len(one.months), "each": one.amount}
            for one in quote.stretches()
        )
    )


def _made_up(quote: Quote, caller: Caller, stretch: str) -> FactValue:
    known = quote.stretches()
    # Where a new month has begun or one was paid meanwhile, the stretch that was chosen may be gone.
    one = next((one for one in known if _key(one) == stretch), known[0])
    words = programmes(one, caller.dialogue.language)
    return FactValue({"months": _months(one), "programmes": words, "normal": one.normal, "each": one.amount})


def _texted(rt: Runtime, connection: Connection, caller: Caller, quote: Quote) -> tuple[Outcome, list[Job]]:
    lines = in_full(quote, caller.dialogue.language)
    fresh = outbox.write(
        rt,
        connection,
        TEXT,
        key=f"{TEXT}:{caller.dialogue.id}:{rt.vault.mark(lines)[:16]}",
        phone=caller.phone,
        language=caller.dialogue.language,
        values={"lines": lines, "total": quote.total},
    )
    return Outcome("texted"), [Job(queues.RELAY, URGENT, tells_caller=fresh)]


def _key(one: Stretch) -> str:
    return one.months[0].isoformat()


def _months(one: Stretch) -> list[str]:
    return [month.isoformat() for month in one.months]


# ---- for finance ----

# What one person's months were bought as: month, plan, and the price in whole rupiah.
Bought = tuple[tuple[date, Plan, int], ...]


def of_order(rt: Runtime, connection: Connection, order: Order) -> list[tuple[str, ...]]:
    """What each price of an order is made of, people whose months cost alike taken together.

    Each row: how many people, the months, the programme, its normal price, discount and price a month in whole
    rupiah. A price that the rates it was asked under do not explain (any more) stands alone, without a programme.
    """
    rates = publishing.rates_called(rt, order.rates_version.split(":")[0])
    plans = members.plans_of(connection, order.people)
    mine: dict[int, list[Line]] = {}
    for line in order.lines:
        mine.setdefault(line.member_id, []).append(line)
    counted = Counter(_bought(lines, plans[member_id]) for member_id, lines in mine.items())
    return [row for bought, people in counted.items() for row in _rows(rates, bought, people)]


def _bought(lines: Sequence[Line], plans: Plans) -> Bought:
    return tuple(
        (line.month, Plan(contributions.plan_in(plans, line.month).sector, line.package, line.wage), line.amount)
        for line in lines
    )


def _rows(rates: Rates | None, bought: Bought, people: int) -> Iterator[tuple[str, ...]]:
    lines = [line for month, plan, amount in bought for line in _made_of(rates, month, plan, amount)]
    for stretch in Quote(tuple(lines), sum(line.amount for line in lines)).stretches():
        months = calendar.spell_months(stretch.months, "en")
        for line in stretch.lines:
            sums = (f"{line.normal:,}", f"{-line.discount:,}", f"{line.amount:,}")
            yield str(people), months, line.programme.upper() or "?", *sums


def _made_of(rates: Rates | None, month: date, plan: Plan, amount: int) -> Sequence[contributions.Line]:
    if rates:
        made = contributions.price(rates, sector=plan.sector, package=plan.package, wage=plan.wage, months=[month])
        if made.total == amount:
            return made.lines
    return [contributions.Line(month, "", amount, 0, amount)]
