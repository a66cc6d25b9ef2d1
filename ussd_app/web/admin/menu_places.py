"""What the pages of drafts and versions have in common: where each is, and what people and things are called."""

from __future__ import annotations

import re

from flask import abort, url_for

from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import admins, drafts, releases
from ussd_app.services.drafts import Opened
from ussd_app.storage import documents
from ussd_app.web.admin import menu_changes, menu_told, message_told
from ussd_app.web.admin.desk import Desk, t

_BACK, _SHIPPED = re.compile(r"back to version (\d+)"), "shipped with the service"


def told_everywhere(desk: Desk) -> dict[str, object]:
    """What templates of several pages ask."""
    return {
        "not_published": lambda: releases.refused(desk.rt),
        "stem_of": stem_of,
        "history": history_of,
        "place": menu_changes.where,
        "section_called": menu_changes.section,
        "called": menu_changes.called,
        "in_words": message_told.in_words,
        "remark": remark,
        "pages_there": desk.asks,
    }


def stem_of(name: str) -> str:
    """How the pages of a document begin: those of SMS stand in a section of their own."""
    return "message" if name == "messages" else "menu"


def opened(rt: Runtime, draft: int) -> Opened:
    """A draft; 404 where there is none."""
    try:
        return drafts.read(rt, draft)
    except NotAllowedNow:
        abort(404)


def names_of(rt: Runtime) -> dict[str, str]:
    """What people are called, by their e-mail."""
    machines = {"import": t("history.shipped_by"), "command line": t("history.command_line")}
    return machines | {one.email: one.name or one.email for one in admins.everybody(rt)}


def remark(comment: str) -> str:
    """Why a version was published; what the service itself wrote, in the language of whoever is looking."""
    back = _BACK.fullmatch(comment)
    if back:
        return t("history.back_comment", version=back[1])
    return t("history.shipped") if comment == _SHIPPED else comment


def live_files(rt: Runtime, name: str, version: int | None) -> dict[str, str]:
    """The files of a published version; none of what was never published."""
    with rt.db.connect() as connection:
        found = documents.load(connection, name, version) if version else None
    return dict(found.files) if found else {}


def edits_of(desk: Desk, draft: int, section: str, name: str, field: str = "", language: str = "") -> str:
    """Where something of a draft is edited; empty where there is no such page, or it is not for this person."""
    pages = {"screens": "menu_screen", "messages": "message_text", "refusals": "message_reason"}
    page = pages.get(section, "")
    if not name or page not in desk.asks or not desk.allows(page):
        return ""
    at = menu_told.place(field, language) if section == "screens" else field.replace(".", "-")
    return url_for(page, draft=draft, name=name, _anchor=at if field else None)


def history_of(name: str) -> str:
    """The page of a document's versions."""
    return url_for("message_history") if name == "messages" else url_for("menu_history", name=name)
