"""A sponsor pays for months that somebody has paid already, or has another plan for: it stays that person's money.

It does not come back to the sponsor, who would learn from it what somebody else has paid.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from sqlalchemy import Connection

from ussd_app.domain import contributions as rules
from ussd_app.domain import ledger
from ussd_app.domain.ledger import Payer
from ussd_app.runtime import Runtime
from ussd_app.services import accounts, billing, outbox
from ussd_app.services.words import shown_name
from ussd_app.storage import contributions, members
from ussd_app.storage import ledger as books
from ussd_app.storage.orders import Line, Order


def split(connection: Connection, lines: Iterable[Line]) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """Lines whose money only becomes the member's credit, and those that buy the month they name.

    The first are months paid already, and months of a member who is insured for something else than the sponsor
    knows: a month is bought under the member's own plan, or not at all.
    """
    lines = tuple(lines)
    people = sorted({line.member_id for line in lines})
    paid, plans = contributions.closed_among(connection, people), members.plans_of(connection, people)
    barred = contributions.barred_among(connection, people)

    def to_credit(line: Line) -> bool:
        plan = rules.plan_in(plans[line.member_id], line.month)
        fits = (plan.package, plan.wage) == (line.package, line.wage)
        return line.member_id not in barred and ((line.member_id, line.month) in paid or not fits)

    return tuple(filter(to_credit, lines)), tuple(line for line in lines if not to_credit(line))


def give(rt: Runtime, connection: Connection, order: Order, paid_by: str) -> list[Line]:
    """The order's lines as far as the sponsor's credit goes become their members' credit, which buys what it can.

    Each of these members is told. Gives the lines the money was for.
    """
    given: list[Line] = []
    for member_id, group in groupby(sorted(order.lines, key=lambda line: line.member_id), lambda line: line.member_id):
        lines = list(group)
        amount = sum(line.amount for line in lines)
        if amount > books.credit(connection, order.payer):
            continue
        key = f"{paid_by}:{books.fresh_number(connection)}"
        books.post_anew(connection, ledger.passed_on(key, order.payer, member_id, amount, paid_by), rt.clock())
        accounts.spend(rt, connection, member_id, paid_by)
        _tell(rt, connection, order.payer, member_id, amount, paid_by)
        given += lines
    return given


def _tell(rt: Runtime, connection: Connection, payer: Payer, member_id: int, amount: int, paid_by: str) -> None:
    """Under the key of the text for whom a sponsor has paid: nobody gets two."""
    (person,) = members.addressed(connection, [member_id])
    outbox.write(
        rt,
        connection,
        "given_for",
        key=f"paid_for:{paid_by}:{member_id}",
        phone=person.phone,
        language=person.language,
        values={
            "name": shown_name(person.name),
            "sponsor": billing.payer_name(connection, payer),
            "total": amount,
        },
    )
