"""What the office does for a member who asks: correct, another number, a text once more, a pay code, texts or none."""

from __future__ import annotations

from collections.abc import Callable

from flask import redirect, request, url_for

from ussd_app.domain import phone as phones
from ussd_app.domain.ledger import Payer
from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import corrections, lookup, office_codes, phone_numbers, publishing
from ussd_app.services.corrections import Wanted
from ussd_app.storage import stops
from ussd_app.web.admin import text_acts
from ussd_app.web.admin.desk import Desk, Page, address, done, me, not_done, show, sorry
from ussd_app.web.admin.members import member_of
from ussd_app.web.admin.people_shown import hidden_member

_FIELDS = ("name", "born", "workplace", "sector", "language", "nik", "reference")


def add_to(desk: Desk) -> None:
    """The forms, and what each of them does."""
    rt, asks = desk.rt, May.CORRECT
    desk.page("/members/<int:number>/help", "member_help", asks, lambda number: _forms(rt, number))
    desk.post("/members/<int:number>/correct", "member_correct", asks, lambda number: _correct(rt, number))
    desk.post("/members/<int:number>/phone", "member_phone", asks, lambda number: _phone(rt, number))
    desk.post("/members/<int:number>/code", "member_code", asks, lambda number: _price(rt, number))
    desk.post("/members/<int:number>/code/make", "member_code_make", asks, lambda number: _code(rt, number))
    for name, act in text_acts.ACTS.items():
        desk.post(f"/members/<int:number>/{name}", f"member_{name}", asks, _about_texts(rt, act))


def _about_texts(rt: Runtime, act: text_acts.Act) -> Callable[[int], Page]:
    def view(number: int) -> Page:
        member_of(rt, number)
        return text_acts.done_for(rt, Payer(number), act, lambda problem: _forms(rt, number, problem), number)

    return view


def _forms(rt: Runtime, number: int, problem: str = "", status: int = 0) -> Page:
    member, documents = member_of(rt, number), publishing.newest(rt)
    rates = publishing.rates(rt, documents)
    with rt.db.connect() as connection:
        stopped = stops.standing(connection, member.person.phone)
    return show(
        "member_help",
        status or (422 if problem else 200),
        member=hidden_member(rt, member),
        problem=problem,
        person=member.person,
        said=request.form,
        sectors=list(rates.sectors),
        months=rates.allowed_months,
        stopped=stopped,
    )


def _reason() -> str:
    return request.form.get("reason", "")


def _correct(rt: Runtime, number: int) -> Page:
    member_of(rt, number)
    wanted = Wanted(**{name: request.form.get(name, "") for name in _FIELDS})
    try:
        corrections.correct(rt, number, wanted, _reason(), me().email, address())
    except (Refused, NotAllowedNow) as error:
        return _forms(rt, number, sorry(error))
    done("help.corrected")
    return redirect(url_for("member", number=number))


def _phone(rt: Runtime, number: int) -> Page:
    member_of(rt, number)
    try:
        why = lookup.reason_of(_reason())
        fresh = phones.parse(request.form.get("phone", ""))
        phone_numbers.change_by_operator(rt, number, fresh, me().email, reason=why, address=address())
    except (Refused, NotAllowedNow) as error:
        return _forms(rt, number, sorry(error))
    done("help.moved")
    return redirect(url_for("member", number=number))


def _price(rt: Runtime, number: int) -> Page:
    """What a code would cost, before it is made: nobody pays what was not said."""
    member = member_of(rt, number)
    try:
        lookup.reason_of(_reason())
        bill = office_codes.bill(rt, number, request.form.get("months", 0, type=int))
    except (Refused, NotAllowedNow) as error:
        return _forms(rt, number, sorry(error))
    return show("member_code", member=hidden_member(rt, member), bill=bill, reason=_reason())


def _code(rt: Runtime, number: int) -> Page:
    member_of(rt, number)
    form = request.form
    try:
        office_codes.make(
            rt,
            number,
            form.get("months", 0, type=int),
            form.get("total", -1, type=int),
            _reason(),
            me().email,
            address(),
        )
    except (Refused, NotAllowedNow) as error:
        not_done(error)
        return redirect(url_for("member_help", number=number))
    done("help.code_asked")
    return redirect(url_for("member_timeline", number=number))
