"""The files of a draft as text, each line with its number, for those who would rather write than fill in forms."""

from __future__ import annotations

import secrets

from flask import Response, abort, jsonify, redirect, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import draft_saving, menu_outline
from ussd_app.services.draft_saving import Conflict
from ussd_app.services.reading import main_file
from ussd_app.web.admin import menu_told
from ussd_app.web.admin.desk import Desk, Page, done, me, not_done, show, sorry
from ussd_app.web.admin.menu_drafts import common, found


def add_to(desk: Desk) -> None:
    """One file at a time, and all of them to take home."""
    rt = desk.rt
    desk.page("/menus/drafts/<int:draft>/yaml", "menu_yaml", May.LOOK, lambda draft: _file(rt, draft))
    desk.post("/menus/drafts/<int:draft>/yaml", "menu_yaml_save", May.EDIT_DRAFTS, lambda draft: _save(rt, draft))
    desk.page(
        "/menus/drafts/<int:draft>/yaml/<file>", "menu_yaml_raw", May.LOOK, lambda draft, file: _raw(rt, draft, file)
    )


def _file(rt: Runtime, number: int) -> Page:
    opened = found(rt, number)
    name, files = opened.draft.name, opened.files
    main = main_file(name)
    wanted = request.args.get("file", main)
    file = wanted if wanted in files else next(iter(sorted(files, key=lambda one: one != main)))
    told = [menu_told.told(one) for one in menu_outline.inspected(rt, name, files).problems]
    counts = {one.file: sum(other.file == one.file and other.error for other in told) for one in told}
    return show(
        "menu_yaml",
        file=file,
        text=files[file],
        names=sorted(files, key=lambda one: (one != main, one)),
        problems=sorted((one for one in told if one.file == file), key=lambda one: (not one.error, one.line)),
        counts=counts,
        **common(rt, opened, "yaml"),
    )


def _save(rt: Runtime, number: int) -> Page:
    told, opened = request.form, found(rt, number)
    by_itself = request.accept_mimetypes.best == "application/json"
    revision, file = told.get("revision", opened.revision.number, type=int), told.get("file", "")
    before = found(rt, number, revision).files
    text = told.get("text", "").replace("\r\n", "\n")
    back = url_for("menu_yaml", draft=number, file=file or None)
    if file not in before:
        return redirect(back)
    key = told.get("save_key", "")[:80] or secrets.token_hex(12)
    files = {**before, file: text}
    try:
        result = draft_saving.save(
            rt, number, revision=revision, files=files, by=me().email, key=key, what=f"yaml {file}"
        )
    except NotAllowedNow as error:
        if by_itself:
            return jsonify(sorry=sorry(error)), 422  # type: ignore[return-value]
        not_done(error)
        return redirect(back)
    if isinstance(result, Conflict):
        there = url_for("menu_conflict", draft=number, aside=result.yours)
        return (jsonify(conflict=there), 409) if by_itself else redirect(there)  # type: ignore[return-value]
    if by_itself:
        return jsonify(revision=result.revision, again=True, to="", others=False)
    done("menu_edit.saved")
    return redirect(back)


def _raw(rt: Runtime, number: int, file: str) -> Page:
    opened = found(rt, number)
    if file not in opened.files:
        abort(404)
    response = Response(opened.files[file], content_type="text/yaml; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return response
