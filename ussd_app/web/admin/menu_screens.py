"""One screen of a draft as a form: what it says in every language, what can be chosen, what is asked or done."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from flask import abort, jsonify, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from ussd_app.domain.permissions import May
from ussd_app.engine.checks import CHECKS
from ussd_app.errors import MenuProblems, NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import draft_saving, edits, menu_outline, offered, preview, reference, screen_forms
from ussd_app.services.draft_saving import Conflict
from ussd_app.services.drafts import Opened
from ussd_app.services.inspecting import Inspection
from ussd_app.services.papers import Papers
from ussd_app.services.words import VOCABULARY
from ussd_app.web.admin import menu_told
from ussd_app.web.admin.desk import Desk, Page, me, not_done, show, sorry
from ussd_app.web.admin.menu_drafts import common, found
from ussd_app.web.admin.menu_forms import RESHAPING, edits_of

MOST_UNSAVED = 40


def add_to(desk: Desk) -> None:
    """A screen, the words that all screens share, and the one address to which every form of them is sent."""
    rt, look, edit = desk.rt, May.LOOK, May.EDIT_DRAFTS
    desk.page(
        "/menus/drafts/<int:draft>/screens/<name>", "menu_screen", look, lambda draft, name: _one(rt, draft, name)
    )
    desk.page("/menus/drafts/<int:draft>/words", "menu_words", look, lambda draft: _words(rt, draft))
    desk.post("/menus/drafts/<int:draft>/edit", "menu_edit", edit, lambda draft: _edit(rt, draft))
    desk.post("/menus/drafts/<int:draft>/check", "menu_check", edit, lambda draft: _check(rt, draft))


def _papers(opened: Opened) -> Papers:
    return Papers(opened.draft.name, opened.files)


def _one(rt: Runtime, number: int, name: str) -> Page:
    opened = found(rt, number)
    try:
        papers = _papers(opened)
    except NotAllowedNow as error:  # no form can show what is no YAML
        not_done(error)
        return redirect(url_for("menu_yaml", draft=number))
    try:
        screen = screen_forms.of(papers, name)
    except NotAllowedNow:
        abort(404)
    inspection = menu_outline.inspected(rt, opened.draft.name, opened.files)
    reasons = menu_outline.reasons(papers)
    asked = CHECKS.get(screen.question.check) if screen.question else None
    own = list(asked.reasons) if asked else ["choose"] if screen.kind == "choices" else []
    return show(
        "menu_screen",
        screen=screen,
        fields=offered.fields(inspection.drawn, name),
        conditions=offered.in_conditions(inspection.drawn),
        targets=menu_outline.targets(papers),
        reasons={reason: reasons.get(reason, {}) for reason in own},
        checks=CHECKS,
        parameters={check: reference.parameters_of(spec) for check, spec in CHECKS.items()},
        asked=asked,
        facts=VOCABULARY.facts,
        effects=VOCABULARY.effects,
        kinds=menu_outline.KINDS,
        **_beside(rt, opened.draft.name, opened.files, inspection, name),
        **common(rt, opened, name),
    )


def _beside(rt: Runtime, menu: str, files: Mapping[str, str], inspection: Inspection, name: str) -> dict[str, Any]:
    """What stands beside the form: the phone, the problems of this screen, and how much room its texts take."""
    language, example = request.values.get("language", ""), request.values.get("show") == "example"
    fills = {one.language: one for one in inspection.fills if one.screen == name}
    languages = list(fills) or ["id"]
    chosen = language if language in fills else languages[0]
    shown: tuple[str, ...] = fills[chosen].shown if chosen in fills else ()
    if example:
        shown = _example(rt, menu, files, name, chosen) or shown
    return {
        "spoken": languages,
        "chosen": chosen,
        "example": example,
        "shown": shown,
        "problems": menu_told.of_screen(inspection.problems, name),
        "elsewhere": sum(one.problem.error and one.screen != name for one in inspection.problems),
        "room": menu_told.room(inspection.fills, name),
    }


def _example(rt: Runtime, menu: str, files: Mapping[str, str], name: str, language: str) -> tuple[str, ...]:
    """The screen as a member who does not exist would see it; nothing for a draft that cannot be walked yet."""
    try:
        found = preview.screens(rt, menu, files, [name], language=language)
    except (MenuProblems, NotAllowedNow):
        return ()
    return (found[name],) if name in found else ()


def _words(rt: Runtime, number: int) -> Page:
    opened = found(rt, number)
    try:
        papers = _papers(opened)
    except NotAllowedNow as error:
        not_done(error)
        return redirect(url_for("menu_yaml", draft=number))
    known = menu_outline.reasons(papers)
    return show(
        "menu_words",
        reasons={reason: known.get(reason, {}) for reason in sorted({*known, *reference.reasons_known()})},
        written=known,
        meanings=reference.reasons_known(),
        languages=menu_outline.languages(papers),
        words={word: menu_outline.navigation_words(papers, word) for word in ("back", "more")},
        keys=menu_outline.navigation_keys(papers),
        **common(rt, opened, "words"),
    )


# ---- saving ----


def _edit(rt: Runtime, number: int) -> Page:
    """Save what one form changes: as JSON for the page that saves by itself, else with the next page."""
    opened = found(rt, number)
    told = request.form
    revision = told.get("revision", opened.revision.number, type=int)
    try:
        made = edits_of(told, _papers(found(rt, number, revision)))
        key = told.get("save_key", "")[:80] or secrets.token_hex(12)
        what = f"{told.get('what', '')} {told.get('screen', '') or told.get('reason', '')}".strip()
        result = draft_saving.edit(rt, number, revision=revision, made=made, by=me().email, key=key, what=what)
    except NotAllowedNow as error:
        return _refused(number, error)
    if isinstance(result, Conflict):
        return _too_late(number, result.yours)
    return _saved(rt, number, revision, result.revision, made)


def _by_itself() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _refused(number: int, error: NotAllowedNow) -> Page:
    if _by_itself():
        return jsonify(sorry=sorry(error)), 422  # type: ignore[return-value]
    not_done(error)
    return redirect(_place(number, request.form.get("screen", "")))


def _too_late(number: int, aside: int) -> Page:
    address = url_for("menu_conflict", draft=number, aside=aside, place=request.form.get("screen", "") or None)
    return (jsonify(conflict=address), 409) if _by_itself() else redirect(address)  # type: ignore[return-value]


def _saved(rt: Runtime, number: int, before: int, after: int, made: list[edits.Edit]) -> Page:
    told = request.form
    place = told.get("screen", "")
    if told.get("what") == "screen_rename":
        place = told.get("to", "").strip()
    elif told.get("what") == "screen_delete":
        place = ""
    elif told.get("what") == "screen_add" and made:
        place = made[-1].screen  # type: ignore[union-attr]
    if not _by_itself():
        return redirect(_place(number, place))
    again = told.get("what") in RESHAPING or any(one.edit == "add_screen" for one in made)
    moved = _place(number, place) if place != told.get("screen", "") else ""
    return jsonify(revision=after, again=again, to=moved, others=_others(rt, number, before, after, place))


def _others(rt: Runtime, number: int, before: int, after: int, place: str) -> bool:
    """Whether somebody else has changed what this page shows, between what it began with and what was saved now."""
    parent = found(rt, number, after).revision.parent
    if after == before or parent == before or parent is None:
        return False
    try:
        shown = [screen_forms.of(_papers(found(rt, number, one)), place) for one in (before, parent)]
    except NotAllowedNow:
        return True
    return shown[0] != shown[1]


def _place(number: int, screen: str) -> str:
    back = request.form.get("back", "")
    if back == "words":
        return url_for("menu_words", draft=number)
    return url_for("menu_screen", draft=number, name=screen) if screen else url_for("menu_draft", draft=number)


# ---- while somebody types ----


def _check(rt: Runtime, number: int) -> Page:
    """What stands beside the form, for texts that are not saved yet. `unsaved` are the forms as they are now."""
    opened = found(rt, number)
    menu, name = opened.draft.name, request.form.get("screen", "")
    files = dict(opened.files)
    for told in _unsaved():
        try:
            files = edits.apply(menu, files, *edits_of(told, Papers(menu, files)))
        except NotAllowedNow:
            continue  # half a form: what is wrong with it is said when it is saved
    inspection = menu_outline.inspected(rt, menu, files)
    beside = _beside(rt, menu, files, inspection, name)
    html = render_template("admin/menu_beside.html", **common(rt, opened, name), name=name, **beside)
    return jsonify(html=html, room=beside["room"])


def _unsaved() -> list[MultiDict[str, str]]:
    try:
        found = json.loads(request.form.get("unsaved", "[]"))
        forms = [[(str(name), str(value)) for name, value in form] for form in found[:MOST_UNSAVED]]
    except (ValueError, TypeError):
        return []
    return [MultiDict(form) for form in forms]
