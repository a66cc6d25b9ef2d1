"""Payments: every pay code, what became of one, a member's money rupiah by rupiah, and files for the accountant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby

from flask import Response, abort, redirect, request, url_for
from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain.ledger import Payer
from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import audit, days, lookup, price_lines
from ussd_app.storage import books, ledger, money_pages, orders
from ussd_app.storage.books import Step
from ussd_app.web.admin.desk import Desk, Page, address, done, first_of, me, show, t
from ussd_app.web.admin.formats import lines

PAGE = 50
STATES = ("requested", "open", "paid", "expired", "failed")
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


def add_to(desk: Desk) -> None:
    """The list, one order, a member's money, and the files."""
    rt, sees = desk.rt, May.SEE_MONEY
    desk.page("/payments", "payments", sees, lambda: _list(rt))
    desk.post("/payments", "payment_find", sees, lambda: _find(rt))
    desk.page("/payments/file", "payment_file", sees, lambda: _file(rt))
    desk.page("/payments/<order>", "payment", sees, lambda order: _one(rt, order))
    desk.post("/payments/<order>/ask", "payment_ask", May.ASSIGN_MONEY, lambda order: _ask(rt, order))
    desk.page("/members/<int:number>/money", "payment_member", sees, lambda number: _member(rt, number))


def _list(rt: Runtime, problem: str = "", status: int = 200) -> Page:
    asked = request.args.get("state", "")
    state = asked if asked in STATES else ""
    before = request.args.get("before", type=int)
    with rt.db.connect() as connection:
        found, last = first_of(money_pages.page(connection, state, before, PAGE + 1), PAGE)
    today = days.local(rt.clock())
    return show(
        "payments",
        status,
        found=found,
        more=last and last.id,
        before=before,
        state=state,
        states=STATES,
        month=f"{today:%Y-%m}",
        problem=problem,
    )


def _find(rt: Runtime) -> Page:
    """By form: what is typed in may be anything."""
    words = request.form.get("said", "").strip()
    with rt.db.connect() as connection:
        found = money_pages.said(connection, words)
        known = found or ([words] if words and books.news_of(connection, words) else [])
    if len(known) == 1:
        return redirect(url_for("payment", order=known[0]))
    return _list(rt, t("payments.not_found") if not known else t("payments.several", orders=", ".join(known)), 404)


def _one(rt: Runtime, order: str) -> Page:
    with rt.db.connect() as connection:
        code = orders.by_order(connection, order)
        listed = money_pages.one(connection, order)
        news, steps = books.news_of(connection, order), books.steps_of_order(connection, order)
        if not (code or news or steps):
            abort(404)
        prices = price_lines.of_order(rt, connection, code.order) if code else []
        months = books.months_now(connection, order_id=order)
    return show(
        "payment", order=order, code=code, listed=listed, news=news, moves=_moves(steps), prices=prices, months=months
    )


def _member(rt: Runtime, number: int) -> Page:
    try:
        lookup.one(rt, number)
    except NotAllowedNow:
        abort(404)
    with rt.db.connect() as connection:
        steps = books.steps_of_member(connection, number)
        credit = ledger.credit(connection, Payer(number))
        months = books.months_now(connection, member_id=number)
    return show("payment_member", number=number, credit=credit, moves=_moves(steps), months=months)


def _moves(steps: Sequence[Step]) -> list[tuple[Step, list[Step]]]:
    """Entries by the transaction they belong to, each with its first."""
    groups = (list(group) for _, group in groupby(steps, key=lambda step: step.key))
    return [(group[0], group) for group in groups]


def _ask(rt: Runtime, order: str) -> Page:
    with rt.db.begin() as connection:
        if not money_pages.ask_soon(connection, order, rt.clock()):
            abort(404)
        audit.note(rt, connection, me().email, "money.asked", order, address=address())
    rt.queues.enqueue(queues.RECONCILE)
    done("payments.asked")
    return redirect(url_for("payment", order=order))


def _file(rt: Runtime) -> Page:
    """A month of payments, or of the books, as a table for a spreadsheet."""
    wanted, of = request.args.get("month", ""), request.args.get("of", "payments")
    if not _MONTH.fullmatch(wanted) or of not in ("payments", "books"):
        abort(404)
    first = date.fromisoformat(f"{wanted}-01")
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    with rt.db.begin() as connection:
        audit.note(rt, connection, me().email, "money.exported", f"{of} {wanted}", address=address())
    kind = _payments if of == "payments" else _entries
    heads = [t(f"payments.head_{name}") for name in HEADS[of]]
    content = lines(heads, _read(rt, kind, first, after))
    response = Response(content, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="sertakan-{of}-{wanted}.csv"'
    return response


Reads = Callable[[Connection, date, date], Iterable[Sequence[object]]]
HEADS = {
    "payments": ("order", "code", "paid", "payer", "total", "fee", "kept", "credit", "kind", "channel"),
    "books": ("transaction", "at", "key", "move", "account", "payer", "month", "amount"),
}


def _read(rt: Runtime, kind: Reads, first: date, after: date) -> Iterator[Sequence[object]]:
    """Row by row, for as long as the file is being sent."""
    with rt.db.connect() as connection:
        yield from kind(connection, first, after)


def _payments(connection: Connection, first: date, after: date) -> Iterable[Sequence[object]]:
    for one in money_pages.paid_between(connection, days.start(first), days.start(after)):
        assert one.paid_at is not None
        sums = (one.total, one.fee, one.provider_fee, one.credit)
        yield (
            one.order_id,
            one.code or "",
            f"{one.paid_at:%Y-%m-%dT%H:%M:%SZ}",
            _whose(one.payer),
            *sums,
            one.kind,
            one.channel,
        )


def _entries(connection: Connection, first: date, after: date) -> Iterable[Sequence[object]]:
    for one in money_pages.posted_between(connection, days.start(first), days.start(after)):
        whose = _whose(Payer(one.member_id, one.sponsor_id)) if one.member_id or one.sponsor_id else ""
        month = f"{one.month:%Y-%m}" if one.month else ""
        at = f"{one.at:%Y-%m-%dT%H:%M:%SZ}"
        yield (one.transaction_id, at, one.key, one.kind, one.account, whose, month, one.amount)


def _whose(payer: Payer) -> str:
    return f"member {payer.member_id}" if payer.member_id else f"sponsor {payer.sponsor_id}"
