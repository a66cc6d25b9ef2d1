"""Numbered files that go to the institution, the bank's transfers, and the answers that come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from flask import Response, abort, redirect, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.gateways.handover_file import Kind
from ussd_app.runtime import Runtime
from ussd_app.services import handover_files, handover_uploads, refused_months
from ussd_app.storage import handover
from ussd_app.storage import handover_uploads as uploads
from ussd_app.storage import refused_months as refusals
from ussd_app.storage.answers import month_reference
from ussd_app.web.admin.desk import Desk, Page, address, done, first_of, me, not_done, show, sorry

PAGE = 10
KINDS = ("registrations", "contributions")


def add_to(desk: Desk) -> None:
    """The files, one of them, what is done with it, and the answers."""
    rt, acts = desk.rt, May.HAND_OVER
    desk.page("/handover", "handover", May.SEE_MONEY, lambda: _list(rt))
    desk.post("/handover/make", "handover_make", acts, lambda: _make(rt))
    desk.page("/handover/<int:number>", "handover_one", May.SEE_MONEY, lambda number: _one(rt, number))
    desk.post("/handover/<int:number>/download", "handover_download", acts, lambda number: _download(rt, number))
    desk.post("/handover/<int:number>/transferred", "handover_transferred", acts, lambda number: _sent(rt, number))
    desk.post("/handover/<int:number>/returned", "handover_returned", acts, lambda number: _back(rt, number))
    desk.page("/handover/answers", "handover_answers", acts, lambda: _answers(rt))
    desk.post("/handover/answers", "handover_upload", acts, lambda: _upload(rt))
    desk.page(
        "/handover/answers/<int:number>", "handover_answer", acts, lambda number: _answer(rt, number, "handover_answer")
    )
    desk.poll(
        "/handover/answers/<int:number>/going",
        "handover_going",
        acts,
        lambda number: _answer(rt, number, "handover_going"),
    )


def _list(rt: Runtime) -> Page:
    before = request.args.get("before", type=int)
    most = handover_files.MOST_ROWS
    with rt.db.connect() as connection:
        found, last = first_of(handover.page(connection, before, PAGE + 1), PAGE)
        waiting = dict(zip(KINDS, handover.waiting(connection, most + 1), strict=True))
    by_file = rt.institution.by_file
    return show(
        "handover", found=found, more=last and last.number, before=before, waiting=waiting, most=most, by_file=by_file
    )


def _one(rt: Runtime, number: int, problem: str = "", status: int = 200) -> Page:
    with rt.db.begin() as connection:
        file = handover.by_number(connection, number)
        waiting = refusals.waiting(connection, number) if file else []
        erased = handover.sealed(connection, number) == ""
    if file is None:
        abort(404)
    refused = [(month_reference(one.held.paid.member_id, one.held.paid.month), one) for one in waiting]
    return show("handover_one", status, file=file, refused=refused, erased=erased, problem=problem)


def _make(rt: Runtime) -> Page:
    kind = request.form.get("kind", "")
    if kind not in KINDS:
        abort(404)
    made = handover_files.make(rt, cast(Kind, kind), me().email, address())
    if made is None:
        not_done(NotAllowedNow("nothing waits to be handed over", "nothing_to_hand_over"))
        return redirect(url_for("handover"))
    done("handover.made", number=made.number)
    return redirect(url_for("handover_one", number=made.number))


def _try(rt: Runtime, number: int, act: Callable[[], object], said: str) -> Page:
    try:
        act()
    except NotAllowedNow as error:
        if error.reason == "file_none":
            abort(404)
        return _one(rt, number, sorry(error), 409)
    done(said)
    return redirect(url_for("handover_one", number=number))


def _download(rt: Runtime, number: int) -> Page:
    """By form: it holds NIKs, and each download is written down."""
    try:
        contents = handover_files.download(rt, number, me().email, address())
    except NotAllowedNow as error:
        if error.reason == "file_none":
            abort(404)
        return _one(rt, number, sorry(error), 409)
    response = Response(contents, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="sertakan-{number}.csv"'
    return response


def _sent(rt: Runtime, number: int) -> Page:
    reference = request.form.get("reference", "").strip()[:100]
    return _try(
        rt, number, lambda: handover_files.remitted(rt, number, reference, me().email, address()), "handover.was_sent"
    )


def _back(rt: Runtime, number: int) -> Page:
    reference = request.form.get("reference", "").strip()[:100] or None
    months = request.form.getlist("month")
    if not months:
        return _one(rt, number, sorry(Refused("no_months_chosen")), 422)
    return _try(
        rt,
        number,
        lambda: refused_months.bring_back(rt, number, reference, months, me().email, address()),
        "handover.came_back",
    )


def _answers(rt: Runtime, problem: str = "", status: int = 200) -> Page:
    with rt.db.connect() as connection:
        found = uploads.newest(connection, PAGE)
    return show("handover_answers", status, found=found, problem=problem)


def _upload(rt: Runtime) -> Page:
    file = request.files.get("file")
    try:
        number = handover_uploads.keep(
            rt, (file and file.filename) or "", file.read() if file else b"", me().email, address()
        )
    except Refused as refused:
        return _answers(rt, sorry(refused), 422)
    return redirect(url_for("handover_answer", number=number))


def _answer(rt: Runtime, number: int, template: str) -> Page:
    with rt.db.connect() as connection:
        found = uploads.find(connection, number)
    if found is None:
        abort(404)
    return show(template, one=found)
