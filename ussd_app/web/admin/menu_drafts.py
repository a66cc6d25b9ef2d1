"""A draft of a menu: its screens in the order people meet them, who else is there, back and forth, and away with it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from flask import abort, jsonify, redirect, request, url_for

from ussd_app.domain.permissions import May, may
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import draft_saving, drafts, menu_outline
from ussd_app.services.draft_saving import Conflict, Saved
from ussd_app.services.drafts import Opened
from ussd_app.services.papers import Papers
from ussd_app.web.admin import menu_told
from ussd_app.web.admin.desk import Desk, Page, address, done, first_of, me, not_done, show
from ussd_app.web.admin.menu_places import names_of


def add_to(desk: Desk) -> None:
    """The outline of a draft, its problems, its revisions, and what is done with the whole of it."""
    rt, look, edit = desk.rt, May.LOOK, May.EDIT_DRAFTS
    desk.page("/menus/drafts/<int:draft>", "menu_draft", look, lambda draft: _outline(rt, draft))
    desk.page("/menus/drafts/<int:draft>/problems", "menu_problems", look, lambda draft: _problems(rt, draft))
    desk.poll("/menus/drafts/<int:draft>/here", "menu_draft_here", look, lambda draft: _here(rt, draft))
    desk.post("/menus/drafts/<int:draft>/gone", "menu_draft_gone", edit, lambda draft: _gone(rt, draft))
    desk.post("/menus/drafts/<int:draft>/undo", "menu_draft_undo", edit, lambda draft: _go(rt, draft, drafts.undo))
    desk.post("/menus/drafts/<int:draft>/redo", "menu_draft_redo", edit, lambda draft: _go(rt, draft, drafts.redo))
    desk.post("/menus/drafts/<int:draft>/title", "menu_draft_title", edit, lambda draft: _retitle(rt, draft))
    desk.post("/menus/drafts/<int:draft>/discard", "menu_draft_discard", edit, lambda draft: _discard(rt, draft))
    desk.post("/menus/drafts/<int:draft>/bring-up", "menu_draft_bring_up", edit, lambda draft: _bring_up(rt, draft))
    desk.page("/menus/drafts/<int:draft>/revisions", "menu_revisions", look, lambda draft: _revisions(rt, draft))
    desk.post("/menus/drafts/<int:draft>/revisions", "menu_restore", edit, lambda draft: _restore(rt, draft))


def found(rt: Runtime, draft: int, revision: int | None = None) -> Opened:
    """A draft, or the page that says it is not there."""
    try:
        return drafts.read(rt, draft, revision)
    except NotAllowedNow:
        abort(404)


def common(rt: Runtime, opened: Opened, place: str = "") -> dict[str, Any]:
    """What every page of a draft shows: whether it can be edited, and who else has it open."""
    draft = opened.draft
    edits = draft.state == "open" and may(me().role, May.EDIT_DRAFTS)
    others = drafts.here(rt, draft.id, who=me().email, place=place) if edits else []
    return {
        "opened": opened,
        "draft": draft,
        "edits": edits,
        "others": others,
        "place": place,
        "known_as": names_of(rt),
        "fresh": lambda: secrets.token_hex(12),
    }


def _outline(rt: Runtime, number: int) -> Page:
    opened = found(rt, number)
    name, files = opened.draft.name, opened.files
    said = request.args.get("q", "").strip().lower()
    inspection = menu_outline.inspected(rt, name, files)
    try:
        papers = Papers(name, files)
        lines = menu_outline.outline(papers)
    except NotAllowedNow:  # a file is no YAML: the text has to do
        papers, lines = None, []
    if papers is None or (not lines and "menu" not in papers.menu):
        return redirect(url_for("menu_yaml", draft=number))
    says = {found: _says(screen) for _, found, screen in papers.screens()}
    texts = {line.name: f"{line.name} {line.words} {says[line.name]}".lower() for line in lines}
    return show(
        "menu_draft",
        lines=[line for line in lines if said in texts[line.name]],
        said=said,
        texts=texts,
        whole=len(lines),
        counts=menu_told.counts(inspection.problems),
        problems=[menu_told.told(one) for one in inspection.problems if one.problem.error],
        remarks=sum(not one.problem.error for one in inspection.problems),
        targets=menu_outline.targets(papers),
        roots=menu_outline.roots(papers),
        **common(rt, opened),
    )


def _says(screen: Mapping[str, object]) -> str:
    """What a phone shows there, choices too, in the menu's own language: people look for what they have seen."""
    choices = screen.get("choices")
    lines = choices.values() if isinstance(choices, dict) else ()
    labels = [line.get("label") for line in lines if isinstance(line, dict)]
    return " ".join(str(words) for words in (screen.get("text"), screen.get("end"), *labels) if words)


def _problems(rt: Runtime, number: int) -> Page:
    opened = found(rt, number)
    inspection = menu_outline.inspected(rt, opened.draft.name, opened.files)
    told = [menu_told.told(one) for one in inspection.problems]
    return show(
        "menu_problems",
        errors=[one for one in told if one.error],
        remarks=[one for one in told if not one.error],
        **common(rt, opened, "problems"),
    )


# ---- who is there ----


def _here(rt: Runtime, number: int) -> Page:
    """Whoever asks is there, and learns who else is and what counts now."""
    opened = found(rt, number)
    shown = common(rt, opened, request.args.get("place", ""))
    known_as, by = shown["known_as"], opened.revision.by
    people = [{"who": known_as.get(one.who, one.who), "place": one.place} for one in shown["others"]]
    newest = {"revision": opened.revision.number, "by": known_as.get(by, by), "mine": by == me().email}
    return jsonify(people=people, **newest)


def _gone(rt: Runtime, number: int) -> Page:
    found(rt, number)
    drafts.gone(rt, number, who=me().email)
    return "", 204


# ---- the whole of it ----


def _back(number: int) -> Page:
    place = request.form.get("place", "")
    if place and place.replace("_", "").isalnum():
        return redirect(url_for("menu_screen", draft=number, name=place))
    return redirect(url_for("menu_draft", draft=number))


def _go(rt: Runtime, number: int, go: Callable[..., Opened]) -> Page:
    found(rt, number)
    try:
        go(rt, number, revision=request.form.get("revision", 0, type=int))
    except NotAllowedNow as error:
        not_done(error)
    return _back(number)


def _retitle(rt: Runtime, number: int) -> Page:
    found(rt, number)
    try:
        drafts.retitle(rt, number, request.form.get("title", ""), by=me().email, address=address())
    except NotAllowedNow as error:
        not_done(error)
    return redirect(url_for("menu_draft", draft=number))


def _discard(rt: Runtime, number: int) -> Page:
    opened = found(rt, number)
    try:
        drafts.discard(rt, number, by=me().email, address=address())
    except NotAllowedNow as error:
        not_done(error)
        return redirect(url_for("menu_draft", draft=number))
    done("menu_edit.discarded", title=opened.draft.title or opened.draft.name)
    return redirect(url_for("menus"))


def _bring_up(rt: Runtime, number: int) -> Page:
    found(rt, number)
    return kept(number, lambda key: draft_saving.bring_up(rt, number, by=me().email, key=key))


def kept(number: int, save: Callable[[str], Saved | Conflict]) -> Page:
    """Save with the key of the form; what came too late leads to the page where that is settled."""
    try:
        result = save(request.form.get("save_key", "")[:80] or secrets.token_hex(12))
    except NotAllowedNow as error:
        not_done(error)
        return _back(number)
    if isinstance(result, Conflict):
        return redirect(url_for("menu_conflict", draft=number, aside=result.yours))
    done("menu_edit.saved")
    return _back(number)


# ---- what was ----


def _revisions(rt: Runtime, number: int) -> Page:
    opened = found(rt, number)
    before = request.args.get("before", type=int)
    rows, last = first_of(drafts.revisions(rt, number, before), drafts.PAGE)
    more = last and last.number
    return show("menu_revisions", rows=rows, before=before, more=more, **common(rt, opened, "revisions"))


def _restore(rt: Runtime, number: int) -> Page:
    found(rt, number)
    wanted = request.form.get("number", 0, type=int)
    return kept(number, lambda key: draft_saving.restore(rt, number, wanted, by=me().email, key=key))
