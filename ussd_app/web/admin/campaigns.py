"""Campaigns: what there is, one of them with what can be done with it, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import abort, redirect, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.engine.campaign_file import Campaign
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import campaign_desk, campaign_writing, campaigns, publishing, reckoning
from ussd_app.storage import campaigns as store
from ussd_app.storage import reckonings, sending_pages
from ussd_app.storage.campaigns import Kept
from ussd_app.web.admin import campaign_words
from ussd_app.web.admin.desk import Desk, Page, address, done, first_of, me, not_done, show, sorry

PAGE = 20
# A campaign under way is counted anew after so long, one that is over when the last reports may have come.
WHILE_GOING, AFTERWARDS = timedelta(seconds=5), timedelta(minutes=15)
CHANGES = ("pause", "resume", "cancel")


def add_to(desk: Desk) -> None:
    """The list, and everything about one campaign but its results."""
    rt, runs = desk.rt, May.RUN_CAMPAIGNS
    desk.page("/campaigns", "campaigns", May.LOOK, lambda: _all(rt))
    desk.page("/campaigns/<int:number>", "campaign", May.LOOK, lambda number: _one(rt, number))
    desk.poll("/campaigns/<int:number>/progress", "campaign_progress", May.LOOK, lambda number: _progress(rt, number))
    desk.poll("/campaigns/<int:number>/counting", "campaign_counting", May.LOOK, lambda number: _counting(rt, number))
    desk.post("/campaigns/<int:number>/dry-run", "campaign_dry_run", runs, lambda number: _count(rt, number))
    desk.post("/campaigns/<int:number>/test", "campaign_test", runs, lambda number: _test(rt, number))
    desk.post("/campaigns/<int:number>/start", "campaign_start", runs, lambda number: _start(rt, number))
    desk.post("/campaigns/<int:number>/change", "campaign_change", runs, lambda number: _change(rt, number))


def found(rt: Runtime, number: int) -> Kept:
    """The campaign of this number, or the page that says there is none."""
    with rt.db.connect() as connection:
        kept = sending_pages.campaign(connection, number)
    return kept or abort(404)


def _all(rt: Runtime) -> Page:
    before = request.args.get("before", type=int)
    with rt.db.connect() as connection:
        shown, last = first_of(sending_pages.campaigns(connection, before, PAGE + 1), PAGE)
        names = [one.name for one in shown]
        known = reckonings.about(connection, "campaign_progress", names)
        counted = reckonings.about(connection, "campaign_dry_run", names)
    for one in shown:
        if one.state != "draft" and _is_old(rt, one, known.get(one.name)):
            reckoning.ask(rt, "campaign_progress", one.name)
    lines = [
        (one, _found(known, one), _found(counted, one) if one.state == "draft" else None, topic_of(rt, one))
        for one in shown
    ]
    return show("campaigns", lines=lines, before=before, more=last.id if last else None)


def _found(known: Mapping[str, reckonings.Reckoning], one: Kept) -> Mapping[str, Any] | None:
    return known[one.name].found if one.name in known else None


def topic_of(rt: Runtime, kept: Kept) -> str:
    """What a campaign is about: education or announcement."""
    return campaigns.texts_of(rt, kept).file.topic


def _is_old(rt: Runtime, kept: Kept, known: reckonings.Reckoning | None) -> bool:
    """Whether what is known of how far a campaign is has to be counted anew."""
    if known is None or known.found is None or known.found_at is None:
        return known is None or not known.under_way
    age = rt.clock() - known.found_at
    return bool(known.found["state"] != kept.state or age > (WHILE_GOING if kept.state == "started" else AFTERWARDS))


def _one(rt: Runtime, number: int, problem: str = "", status: int = 200, where: str = "") -> Page:
    kept = found(rt, number)
    made = campaigns.texts_of(rt, kept)
    with rt.db.connect() as connection:
        events = store.events(connection, kept.id)
    counted = reckoning.known(rt, "campaign_dry_run", kept.name) if kept.state == "draft" else None
    sending = publishing.sending(rt, publishing.newest(rt))
    return show(
        "campaign",
        status,
        kept=kept,
        file=made.file,
        arms=texts(rt, made),
        conditions=campaign_words.conditions(made.file.segment),
        events=events,
        counted=counted,
        holds=counted and campaign_desk.counted(rt, kept),
        progress=None if kept.state == "draft" else _known_progress(rt, kept),
        sending=sending,
        most_a_day=sending.budget.daily * sending.budget.campaigns_stop_at // 100,
        numbers=campaign_desk.test_numbers(rt),
        any_number=rt.settings.sertakan_local,
        problem=problem,
        where=where,
        decimal=campaign_words.decimal,
    )


def texts(rt: Runtime, made: Campaign) -> Sequence[tuple[str, int, Sequence[tuple[str, campaign_writing.Measured]]]]:
    """The wordings of a campaign: name, weight, and by language what a member is shown and what it costs."""
    return [
        (
            arm.name,
            arm.weight,
            [
                (language, campaign_writing.measured(rt, language, words, made.file.segments))
                for language, words in arm.texts.items()
            ],
        )
        for arm in made.file.variants
    ]


def _known_progress(rt: Runtime, kept: Kept) -> reckonings.Reckoning:
    known = reckoning.known(rt, "campaign_progress", kept.name)
    if _is_old(rt, kept, known):
        reckoning.ask(rt, "campaign_progress", kept.name)
        known = reckoning.known(rt, "campaign_progress", kept.name)
    assert known is not None
    return known


def _progress(rt: Runtime, number: int) -> Page:
    kept = found(rt, number)
    if kept.state == "draft":
        abort(404)
    moved = request.args.get("was", kept.state) != kept.state
    progress = _known_progress(rt, kept)
    return show("campaign_progress", kept=kept, progress=progress, moved=moved, decimal=campaign_words.decimal)


def _counting(rt: Runtime, number: int) -> Page:
    kept = found(rt, number)
    counted = reckoning.known(rt, "campaign_dry_run", kept.name)
    return show("campaign_counting", kept=kept, counted=counted)


def _count(rt: Runtime, number: int) -> Page:
    kept = found(rt, number)
    if kept.state == "draft":
        reckoning.ask(rt, "campaign_dry_run", kept.name)
    return _back(kept, "dry-run")


def _back(kept: Kept, place: str = "") -> Page:
    return redirect(url_for("campaign", number=kept.id, _anchor=place or None))


def _test(rt: Runtime, number: int) -> Page:
    kept = found(rt, number)
    try:
        sent = campaign_desk.try_out(rt, kept, request.form.get("phone", ""), me().email, address())
    except Refused as refused:
        return _one(rt, number, sorry(refused), 422, "test")
    done("campaigns.test_sent", texts=sent)
    return _back(kept)


def _start(rt: Runtime, number: int) -> Page:
    kept = found(rt, number)
    try:
        campaign_desk.start(rt, kept, request.form.get("typed", ""), me().email, address())
    except (Refused, NotAllowedNow) as refused:
        return _one(rt, number, sorry(refused), 422, "start")
    done("campaigns.was_started")
    return _back(kept)


def _change(rt: Runtime, number: int) -> Page:
    kept, what = found(rt, number), request.form.get("what", "")
    if what not in CHANGES:
        abort(404)
    try:
        campaign_desk.change(rt, kept, what, me().email, address())
    except NotAllowedNow as error:
        not_done(error)
    else:
        done(f"campaigns.did_{what}")
    return _back(kept)
