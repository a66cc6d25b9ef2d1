"""SMS that were given up, and numbers that get none: looked through page by page, and decided on with a reason."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import redirect, request, url_for

from ussd_app.domain import phone as phones
from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import dead_letters, office_stops
from ussd_app.storage import dead_letters as store
from ussd_app.storage import sending_pages
from ussd_app.storage.dead_letters import DeadLetter
from ussd_app.web.admin.desk import Desk, Page, address, done, first_of, me, not_done, show, sorry, t
from ussd_app.web.admin.words import knows

PAGE = 50


def add_to(desk: Desk) -> None:
    """Both lists, and what is decided there."""
    rt = desk.rt
    desk.page("/texts/dead", "text_dead", May.LOOK, lambda: _dead(rt))
    desk.post("/texts/dead", "text_dead_decide", May.RUN_JOBS, lambda: _decide(rt))
    desk.page("/texts/stops", "text_stops", May.LOOK, lambda: _stops(rt))
    # By form: a phone number in an address would stay in histories and logs.
    desk.post("/texts/stops", "text_stops_search", May.LOOK, lambda: _search(rt))
    desk.post("/texts/stops/new", "text_stop", May.CORRECT, lambda: _stop(rt))
    desk.post("/texts/stops/<int:number>/end", "text_allow", May.CORRECT, lambda number: _allow(rt, number))


def cause(reason: str) -> str:
    """Why a text was given up, in words; what a gateway says in its own where nobody has written any."""
    key = f"texts.cause_{reason.strip().lower()}"
    if knows(key):
        return t(key)
    return t("texts.cause_own", words=reason) if reason else t("texts.cause_unsaid")


# ---- given up ----


def _mark(last: DeadLetter) -> str:
    """Where the next page begins."""
    return f"{last.at.astimezone(UTC):%Y%m%dT%H%M%S.%f}-{last.id}"


def _after(mark: str) -> tuple[datetime, int] | None:
    moment, _, number = mark.partition("-")
    try:
        return datetime.strptime(moment, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC), int(number)
    except ValueError:
        return None


def _dead(rt: Runtime, problem: str = "", status: int = 200) -> Page:
    before = request.args.get("before", "")
    with rt.db.connect() as connection:
        shown, last = first_of(store.page(connection, _after(before), PAGE + 1), PAGE)
    chosen = {int(one) for one in request.form.getlist("text") if one.isdecimal()}
    return show(
        "text_dead",
        status,
        found=shown,
        cause=cause,
        before=before,
        more=_mark(last) if last else None,
        problem=problem,
        chosen=chosen,
    )


def _decide(rt: Runtime) -> Page:
    ids = [int(one) for one in request.form.getlist("text") if one.isdecimal()][:PAGE]
    what, reason = request.form.get("what", ""), request.form.get("reason", "")
    does = dead_letters.discard if what == "discard" else dead_letters.retry
    try:
        number = does(rt, ids, reason, me().email, address())
    except Refused as refused:
        return _dead(rt, sorry(refused), 422)
    done("texts.discarded" if what == "discard" else "texts.retried", number=number, asked=len(ids))
    return redirect(url_for("text_dead"))


# ---- who wants none ----


def _stops(rt: Runtime, phone: str = "", problem: str = "", status: int = 200, where: str = "") -> Page:
    before = None if phone else request.args.get("before", type=int)
    with rt.db.connect() as connection:
        shown, last = first_of(sending_pages.stops(connection, phone, before, PAGE + 1), PAGE)
    return show(
        "text_stops",
        status,
        found=shown,
        searched=phones.masked(phone) if phone else "",
        before=before,
        more=last.id if last and not phone else None,
        topics=office_stops.TOPICS,
        said=request.form,
        problem=problem,
        where=where,
    )


def _search(rt: Runtime) -> Page:
    try:
        return _stops(rt, phones.parse(request.form.get("said", "")))
    except Refused as refused:
        return _stops(rt, "", sorry(refused), 422, "search")


def _stop(rt: Runtime) -> Page:
    form = request.form
    try:
        office_stops.stop(
            rt, form.get("phone", ""), form.get("topic", ""), 0, form.get("reason", ""), me().email, address()
        )
    except Refused as refused:
        return _stops(rt, "", sorry(refused), 422, "stop")
    except NotAllowedNow as error:
        not_done(error)
    else:
        done("texts.was_stopped")
    return redirect(url_for("text_stops"))


def _allow(rt: Runtime, number: int) -> Page:
    with rt.db.connect() as connection:
        stopped = sending_pages.stop(connection, number)
    try:
        if stopped is None:
            raise NotAllowedNow("this stop has ended already", "not_stopped")
        reason = request.form.get("reason", "")
        office_stops.allow(rt, stopped.phone, stopped.topic, reason, me().email, address())
    except Refused as refused:
        return _stops(rt, "", sorry(refused), 422, f"allow-{number}")
    except NotAllowedNow as error:
        not_done(error)
    else:
        done("texts.was_allowed")
    return redirect(url_for("text_stops"))
