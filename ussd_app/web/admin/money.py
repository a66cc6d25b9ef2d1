"""Payments nobody could place, and whether the books balance."""

from __future__ import annotations

from datetime import date, timedelta

from flask import abort, redirect, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import lookup, payments, reckoning, reconciliation
from ussd_app.storage import books as audits
from ussd_app.storage import money_pages
from ussd_app.storage.books import Unplaced
from ussd_app.web.admin.desk import Desk, Page, address, done, me, not_done, show, sorry
from ussd_app.web.admin.formats import name_hidden

# The books are looked at anew when they were not for so long; the office is told of faults in any case.
CHECKED = timedelta(hours=1)
# Codes that wait to be asked about are counted up to here.
MOST_COUNTED = 1_000


def add_to(desk: Desk) -> None:
    """Unmatched money, and the books."""
    rt = desk.rt
    desk.page("/unmatched", "unmatched", May.SEE_MONEY, lambda: _all(rt))
    desk.page("/unmatched/<order>", "unmatched_one", May.ASSIGN_MONEY, lambda order: _one(_found(rt, order)))
    desk.post("/unmatched/<order>", "unmatched_search", May.ASSIGN_MONEY, lambda order: _search(rt, order))
    desk.post("/unmatched/<order>/assign", "unmatched_assign", May.ASSIGN_MONEY, lambda order: _assign(rt, order))
    desk.page("/books", "books", May.SEE_MONEY, lambda: _books(rt))
    desk.poll("/books/going", "books_going", May.SEE_MONEY, lambda: _books(rt, "books_going"))
    desk.post("/books", "books_check", May.SEE_MONEY, lambda: _check_now(rt))


def _all(rt: Runtime) -> Page:
    with rt.db.connect() as connection:
        return show("unmatched", found=audits.unplaced(connection))


def _found(rt: Runtime, order: str) -> Unplaced:
    with rt.db.connect() as connection:
        found = [one for one in audits.unplaced(connection) if one.order_id == order]
    if not found:
        abort(404)
    return found[0]


def _one(payment: Unplaced, problem: str = "", status: int = 200, **values: object) -> Page:
    return show("unmatched_one", status, payment=payment, problem=problem, **values)


def _search(rt: Runtime, order: str) -> Page:
    payment = _found(rt, order)
    try:
        people, sponsor = lookup.payers(rt, request.form.get("phone", ""))
    except Refused as refused:
        return _one(payment, sorry(refused), 422)
    choices = [("member", one.id, name_hidden(one.person.name)) for one in people]
    choices += [("sponsor", sponsor.id, sponsor.name)] if sponsor else []
    return _one(payment, choices=choices, searched=True)


def _assign(rt: Runtime, order: str) -> Page:
    payment = _found(rt, order)
    try:
        payer = lookup.payer(rt, request.form.get("phone", ""), request.form.get("payer", ""))
        months = payments.assign(rt, order, payer, me().email, address())
    except Refused as refused:
        return _one(payment, sorry(refused), 422)
    except NotAllowedNow as error:
        not_done(error)
    else:
        done("unmatched.assigned", months=len(months))
    return redirect(url_for("unmatched"))


def _books(rt: Runtime, template: str = "books") -> Page:
    """What a job found last; it reads everything, so that no page has to."""
    known = reckoning.fresh(rt, "books", "", CHECKED)
    found = known.found or {}
    balances = found.get("balances", {})
    return show(
        template,
        known=known,
        faults=found.get("faults", []),
        balances=sorted(balances.items()),
        sum=sum(balances.values()),
        days=[{**one, "day": date.fromisoformat(one["day"])} for one in found.get("days", [])],
        to_be_asked=_to_be_asked(rt),
        most=MOST_COUNTED,
    )


def _to_be_asked(rt: Runtime) -> int:
    since = rt.clock() - reconciliation.EVERY
    with rt.db.connect() as connection:
        return money_pages.to_be_asked(connection, rt.payment.name, since, MOST_COUNTED)


def _check_now(rt: Runtime) -> Page:
    reckoning.ask(rt, "books")
    return redirect(url_for("books"))
