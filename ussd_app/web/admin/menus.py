"""The menus that people dial: what is live, who is changing what, and a new draft of it."""

from __future__ import annotations

from pathlib import Path

from flask import redirect, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.errors import NotAllowedNow, NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import differences, drafts, menu_shelf
from ussd_app.web.admin.desk import Desk, Page, address, done, me, show, sorry, t
from ussd_app.web.admin.menu_places import names_of

# The files that came with this copy of the service.
FOLDER = Path(__file__).parents[3] / "menus"


def add_to(desk: Desk) -> None:
    """The list of menus and how a draft is begun."""
    rt = desk.rt
    # What is registered later, or by nobody, is not offered.
    desk.app.jinja_env.globals["registered"] = lambda name: name in desk.asks
    desk.page("/menus", "menus", May.LOOK, lambda: _list(rt))
    desk.post("/menus/drafts", "menu_draft_make", May.EDIT_DRAFTS, lambda: _make(rt))
    desk.page("/menus/new", "menu_new", May.EDIT_DRAFTS, lambda: show("menu_new", said={}, problem=""))
    desk.post("/menus/new", "menu_begin", May.EDIT_DRAFTS, lambda: _begin(rt))


def _list(rt: Runtime, problem: str = "", status: int = 200) -> Page:
    live, new = menu_shelf.shelf(rt)
    strayed = differences.from_folder(rt, FOLDER)
    return show("menus", status, live=live, new=new, strayed=strayed, problem=problem, names=names_of(rt))


def _make(rt: Runtime) -> Page:
    name, title = request.form.get("name", ""), request.form.get("title", "")
    try:
        draft = drafts.create(rt, name, by=me().email, title=title, address=address())
    except NotPublished:
        return _list(rt, t("menus.not_live"), 422)
    done("menus.made")
    return redirect(url_for("menu_draft", draft=draft.id))


def _begin(rt: Runtime) -> Page:
    said = {name: request.form.get(name, "").strip() for name in ("name", "code", "text", "title")}
    try:
        draft = menu_shelf.begin(
            rt, said["name"], said["code"], said["text"], by=me().email, title=said["title"], address=address()
        )
    except NotAllowedNow as error:
        return show("menu_new", 422, said=said, problem=sorry(error))
    done("menus.made")
    return redirect(url_for("menu_draft", draft=draft.id))
