"""Money that goes back: two people approve, then finance pays it out at the bank."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, redirect, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import refunds
from ussd_app.storage import refunds as requests
from ussd_app.web.admin.desk import Desk, Page, address, done, first_of, me, not_done, show

PAGE = 25


def add_to(desk: Desk) -> None:
    """The refunds, one of them, and what is decided about it."""
    rt, decides = desk.rt, May.DECIDE_REFUNDS
    desk.page("/refunds", "refunds", May.SEE_MONEY, lambda: _all(rt))
    desk.page("/refunds/<int:number>", "refund", May.SEE_MONEY, lambda number: _one(rt, number))
    desk.post("/refunds/<int:number>/approve", "refund_approve", decides, lambda number: _approve(rt, number))
    desk.page(
        "/refunds/<int:number>/reject", "refund_reject", decides, lambda number: _one(rt, number, "refund_reject")
    )
    desk.post("/refunds/<int:number>/reject", "refund_rejected", decides, lambda number: _reject(rt, number))
    desk.post("/refunds/<int:number>/paid", "refund_paid", decides, lambda number: _paid(rt, number))


def _all(rt: Runtime) -> Page:
    decided, beyond = request.args.get("decided") == "1", request.args.get("beyond", type=int)
    with rt.db.connect() as connection:
        found = requests.page(connection, decided=decided, beyond=beyond, most=PAGE + 1)
    shown, last = first_of(found, PAGE)
    return show("refunds", found=shown, more=last and last.id, beyond=beyond, decided=decided)


def _one(rt: Runtime, number: int, template: str = "refund") -> Page:
    with rt.db.connect() as connection:
        found = requests.find(connection, number)
    if found is None:
        abort(404)
    mine = me().email in (found.requested_by, found.first_approver)
    return show(template, refund=found, mine=mine)


def _decide(number: int, act: Callable[[], object], said: str) -> Page:
    try:
        act()
        done(said)
    except NotAllowedNow as error:
        if error.reason == "refund_none":
            abort(404)
        not_done(error)
    return redirect(url_for("refund", number=number))


def _approve(rt: Runtime, number: int) -> Page:
    shown = request.form.get("amount", -1, type=int)
    return _decide(
        number, lambda: refunds.approve(rt, number, me().email, shown=shown, address=address()), "refunds.approved"
    )


def _reject(rt: Runtime, number: int) -> Page:
    return _decide(number, lambda: refunds.reject(rt, number, me().email, address=address()), "refunds.rejected")


def _paid(rt: Runtime, number: int) -> Page:
    reference = request.form.get("reference", "")
    return _decide(
        number, lambda: refunds.paid_out(rt, number, me().email, reference, address=address()), "refunds.paid"
    )
