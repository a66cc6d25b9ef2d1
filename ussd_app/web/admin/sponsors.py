"""Sponsors as the office needs them: whom each pays for, what they owe and have, their texts and all that happened."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, request

from ussd_app.domain.ledger import Payer
from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import lookup, timeline
from ussd_app.storage import ledger as books
from ussd_app.storage import sponsored_people as store
from ussd_app.storage import sponsors, stops
from ussd_app.storage.sponsors import Sponsor
from ussd_app.web.admin import text_acts, timelines
from ussd_app.web.admin.desk import Desk, Page, address, first_of, me, show, sorry
from ussd_app.web.admin.people_shown import hidden_sponsor, open_sponsor

PAGE, NEWEST = 25, 5
KINDS = ("person", "company", "community")


def add_to(desk: Desk) -> None:
    """The list, one sponsor, their people, what happened, and what can be done for them."""
    rt, look, correct = desk.rt, May.LOOK, May.CORRECT
    desk.page("/sponsors", "sponsors", look, lambda: _all(rt))
    desk.page("/sponsors/<int:number>", "sponsor", look, lambda number: _one(rt, number))
    desk.post("/sponsors/<int:number>/unmask", "sponsor_unmask", May.UNMASK, lambda number: _unmask(rt, number))
    desk.page("/sponsors/<int:number>/people", "sponsor_people", look, lambda number: _people(rt, number))
    desk.page("/sponsors/<int:number>/timeline", "sponsor_timeline", look, lambda number: _timeline(rt, number))
    desk.page(
        "/sponsors/<int:number>/dialogues/<name>",
        "sponsor_dialogue",
        look,
        lambda number, name: _dialogue(rt, number, name),
    )
    desk.page("/sponsors/<int:number>/help", "sponsor_help", correct, lambda number: _forms(rt, number))
    for name, act in text_acts.ACTS.items():
        desk.post(f"/sponsors/<int:number>/{name}", f"sponsor_{name}", correct, _about_texts(rt, act))


def sponsor_of(rt: Runtime, number: int) -> Sponsor:
    """The sponsor of this number; a page that is not there for any other."""
    with rt.db.connect() as connection:
        found = sponsors.with_ids(connection, [number])
    if not found:
        abort(404)
    return found[0]


def _all(rt: Runtime) -> Page:
    before, kind = request.args.get("before", type=int), request.args.get("kind", "")
    with rt.db.connect() as connection:
        found, last = first_of(sponsors.newest(connection, before, kind, PAGE + 1), PAGE)
    shown = [hidden_sponsor(one) for one in found]
    return show("sponsors", found=shown, more=last and last.id, before=before, kind=kind, kinds=KINDS)


def _one(rt: Runtime, number: int, *, opened: bool = False, problem: str = "", status: int = 200) -> Page:
    sponsor = sponsor_of(rt, number)
    with rt.db.connect() as connection:
        totals = store.totals(connection, number)
        codes = store.codes(connection, number, NEWEST)
        lists = store.lists(connection, number, NEWEST)
        stopped = stops.standing(connection, sponsor.phone)
        credit = books.credit(connection, Payer(sponsor_id=number))
    return show(
        "sponsor",
        status,
        sponsor=(open_sponsor if opened else hidden_sponsor)(sponsor),
        opened=opened,
        problem=problem,
        totals=totals,
        codes=codes,
        lists=lists,
        stopped=stopped,
        credit=credit,
        events=timelines.first_page(rt, timeline.of_sponsor(rt, sponsor), opened=True)[0] if opened else [],
    )


def _unmask(rt: Runtime, number: int) -> Page:
    sponsor_of(rt, number)
    try:
        lookup.unmask_sponsor(rt, number, request.form.get("reason", ""), me().email, address())
    except Refused as refused:
        return _one(rt, number, problem=sorry(refused), status=422)
    except NotAllowedNow:
        abort(404)
    return _one(rt, number, opened=True)


def _people(rt: Runtime, number: int) -> Page:
    sponsor, after = sponsor_of(rt, number), request.args.get("after", type=int)
    with rt.db.connect() as connection:
        found, last = first_of(store.page(connection, number, after, PAGE + 1), PAGE)
    more = last and last.member_id
    return show("sponsor_people", sponsor=hidden_sponsor(sponsor), found=found, more=more, after=after)


def _timeline(rt: Runtime, number: int) -> Page:
    sponsor = sponsor_of(rt, number)
    return timelines.listed(rt, timeline.of_sponsor(rt, sponsor), sponsor=hidden_sponsor(sponsor))


def _dialogue(rt: Runtime, number: int, name: str) -> Page:
    sponsor = sponsor_of(rt, number)
    return timelines.replayed(rt, timeline.of_sponsor(rt, sponsor), name, sponsor=hidden_sponsor(sponsor))


def _forms(rt: Runtime, number: int, problem: str = "") -> Page:
    sponsor = sponsor_of(rt, number)
    with rt.db.connect() as connection:
        stopped = stops.standing(connection, sponsor.phone)
    shown = hidden_sponsor(sponsor)
    return show("sponsor_help", 422 if problem else 200, sponsor=shown, stopped=stopped, problem=problem)


def _about_texts(rt: Runtime, act: text_acts.Act) -> Callable[[int], Page]:
    def view(number: int) -> Page:
        sponsor_of(rt, number)
        payer = Payer(sponsor_id=number)
        return text_acts.done_for(rt, payer, act, lambda problem: _forms(rt, number, problem), number)

    return view
