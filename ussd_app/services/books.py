"""Do the books agree with everything else that is written down, and where did each rupiah go?"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import Connection

from ussd_app.domain import money
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import price_lines
from ussd_app.storage import books, members, orders
from ussd_app.storage.books import MonthNow, News, Step
from ussd_app.storage.orders import PayCode

FOLLOW_UP = "books"
# The columns of tables that are whole rupiah.
SUMS = ("rupiah", "normal", "discount", "a month")
log = structlog.get_logger()


def check(rt: Runtime) -> list[str]:
    """A sentence for each fault of the books, as they were at one moment; none when they balance."""
    with rt.db.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        return list(books.faults(connection))


def watch(rt: Runtime) -> None:
    """Check the books; faults are logged each time, and the office is asked once until somebody has looked."""
    found = check(rt)
    if not found:
        return
    log.error("the books do not balance", faults=len(found), first=found[0])
    with rt.db.begin() as connection:
        members.add_follow_up_once(connection, FOLLOW_UP, "; ".join(found)[:2000], rt.clock())


def explain(rt: Runtime, what: str) -> list[str]:
    """Every rupiah of an order, or of a member by number, from the notification to the contribution month and back:
    the lines of a table. Raises NotAllowedNow when nothing is known of it."""
    with rt.db.connect() as connection:
        if what.isdigit():
            return _of_member(connection, int(what))
        return _of_order(rt, connection, what)


def _of_order(rt: Runtime, connection: Connection, order_id: str) -> list[str]:
    code = orders.by_order(connection, order_id)
    news, steps = books.news_of(connection, order_id), books.steps_of_order(connection, order_id)
    if not (code or news or steps):
        raise NotAllowedNow(f"nothing is known of {order_id}")
    heading = _heading(code) if code else f"{order_id}: not an order of ours"
    months = books.months_now(connection, order_id=order_id)
    return [heading, *_prices(rt, connection, code), *_news(news), *_steps(steps), *_months(months)]


def _of_member(connection: Connection, member_id: int) -> list[str]:
    steps = books.steps_of_member(connection, member_id)
    if not steps:
        raise NotAllowedNow(f"no money of member {member_id} is in the books")
    return [f"Member {member_id}", *_steps(steps), *_months(books.months_now(connection, member_id=member_id))]


def _heading(code: PayCode) -> str:
    order = code.order
    whose = f"member {order.payer.member_id}" if order.payer.member_id else f"sponsor {order.payer.sponsor_id}"
    return (
        f"{order.order_id}: {code.state}, {money.rupiah(order.total, 'en')} of {whose} for {len(order.people)} people, "
        f"{len(order.lines)} contribution months"
    )


def _prices(rt: Runtime, connection: Connection, code: PayCode | None) -> list[str]:
    """What each month costs, programme by programme; nothing for savings, which buy no months yet."""
    rows = price_lines.of_order(rt, connection, code.order) if code else []
    heads = ("people", "months", "programme", "normal", "discount", "a month")
    return ["", *_table(heads, rows)] if rows else []


def _news(news: Sequence[News]) -> list[str]:
    return [
        "",
        *_table(
            ("notified", "by", "looked into"),
            [(f"{one.received_at:%Y-%m-%d %H:%M:%S}", one.gateway, one.state) for one in news],
        ),
    ]


def _steps(steps: Sequence[Step]) -> list[str]:
    rows = [
        (
            f"{step.at:%Y-%m-%d %H:%M:%S}",
            step.key,
            step.account,
            _whose(step),
            f"{step.month:%Y-%m}" if step.month else "",
            f"{step.amount:+,}",
        )
        for step in steps
    ]
    return ["", *_table(("at (UTC)", "transaction", "account", "whose", "month", "rupiah"), rows)]


def _whose(step: Step) -> str:
    if step.member_id:
        return f"member {step.member_id}"
    return f"sponsor {step.sponsor_id}" if step.sponsor_id else ""


def _months(months: Sequence[MonthNow]) -> list[str]:
    rows = [
        (
            f"member {one.member_id}",
            f"{one.month:%Y-%m}",
            f"{one.amount:,}",
            one.state,
            one.order_id,
            f"B{one.batch}" if one.batch else "",
        )
        for one in months
    ]
    return ["", *_table(("whose", "month", "rupiah", "state now", "paid by", "batch"), rows)]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell; sums stand to the right."""
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    right = {column for column, head in enumerate(heads) if head in SUMS}

    def line(row: Sequence[str]) -> str:
        cells = (
            cell.rjust(w) if n in right else cell.ljust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join(cells).rstrip()

    return [line(heads), *map(line, rows)]
