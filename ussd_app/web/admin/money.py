"""Payments nobody could place, and whether the books balance."""

from __future__ import annotations

from flask import abort, redirect, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import books, lookup, payments
from ussd_app.storage import books as audits
from ussd_app.storage import ledger
from ussd_app.storage.books import Unplaced
from ussd_app.web.admin.desk import Desk, Page, address, done, me, not_done, show, sorry
from ussd_app.web.admin.formats import name_hidden


def add_to(desk: Desk) -> None:
    """Unmatched money, and the books."""
    rt = desk.rt
    desk.page("/unmatched", "unmatched", May.SEE_MONEY, lambda: _all(rt))
    desk.page("/unmatched/<order>", "unmatched_one", May.ASSIGN_MONEY, lambda order: _one(rt, order))
    desk.post("/unmatched/<order>", "unmatched_search", May.ASSIGN_MONEY, lambda order: _search(rt, order))
    desk.post("/unmatched/<order>/assign", "unmatched_assign", May.ASSIGN_MONEY, lambda order: _assign(rt, order))
    desk.page("/books", "books", May.SEE_MONEY, lambda: _books(rt))


def _all(rt: Runtime) -> Page:
    with rt.db.connect() as connection:
        return show("unmatched", found=audits.unplaced(connection))


def _found(rt: Runtime, order: str) -> Unplaced:
    with rt.db.connect() as connection:
        found = [one for one in audits.unplaced(connection) if one.order_id == order]
    if not found:
        abort(404)
    return found[0]


def _one(rt: Runtime, order: str, problem: str = "", status: int = 200, **values: object) -> Page:
    return show("unmatched_one", status, payment=_found(rt, order), problem=problem, **values)


def _search(rt: Runtime, order: str) -> Page:
    _found(rt, order)
    try:
        people, sponsor = lookup.payers(rt, request.form.get("phone", ""))
    except Refused as refused:
        return _one(rt, order, sorry(refused), 422)
    choices = [("member", one.id, name_hidden(one.person.name)) for one in people]
    choices += [("sponsor", sponsor.id, sponsor.name)] if sponsor else []
    return _one(rt, order, choices=choices, searched=True)


def _assign(rt: Runtime, order: str) -> Page:
    _found(rt, order)
    try:
        payer = lookup.payer(rt, request.form.get("phone", ""), request.form.get("payer", ""))
        months = payments.assign(rt, order, payer, me().email, address())
    except Refused as refused:
        return _one(rt, order, sorry(refused), 422)
    except NotAllowedNow as error:
        not_done(error)
    else:
        done("unmatched.assigned", months=len(months))
    return redirect(url_for("unmatched"))


def _books(rt: Runtime) -> Page:
    faults = books.check(rt)
    with rt.db.connect() as connection:
        balances = ledger.balances(connection)
    return show("books", faults=faults, balances=sorted(balances.items()), sum=sum(balances.values()))
