"""The menu as a picture: of a draft, whatever is wrong with it, and of what callers see now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import abort, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.runtime import Runtime
from ussd_app.services import picture
from ussd_app.services.picture import Box, Picture
from ussd_app.storage import documents
from ussd_app.web.admin.desk import Desk, Page, show
from ussd_app.web.admin.menu_drafts import common, found

_ANOTHER = "menu:"


def add_to(desk: Desk) -> None:
    """The two pictures."""
    desk.page("/menus/drafts/<int:draft>/picture", "menu_picture", May.LOOK, lambda draft: _draft(desk, draft))
    desk.page("/menus/<name>/picture", "menu_live_picture", May.LOOK, lambda name: _live(desk.rt, name))


def _draft(desk: Desk, number: int) -> Page:
    opened = found(desk.rt, number)
    draft = opened.draft
    opens = "menu_screen" in desk.asks and desk.allows("menu_screen")
    drawn = picture.draw_checked(desk.rt, draft.name, opened.files)
    links = _links(drawn, draft.id if opens else None)
    told = _told(drawn, links, draft.name) | common(desk.rt, opened, "picture")
    return show("menu_picture", opens=opens, **told)


def _live(rt: Runtime, name: str) -> Page:
    with rt.db.connect() as connection:
        pointer = documents.pointers(connection).get(name)
        live = documents.load(connection, name, pointer.version) if pointer and pointer.kind == "menu" else None
    if live is None:
        abort(404)
    drawn = picture.draw(name, live.files)
    return show("menu_picture", version=live.version, **_told(drawn, _links(drawn, None), name))


def _told(drawn: Picture, links: Mapping[str, str], name: str) -> dict[str, Any]:
    wanted = request.args.get("find", "").strip()[:100]
    return {"name": name, "picture": drawn, "links": links, "wanted": wanted, "matching": drawn.found(wanted)}


def _links(drawn: Picture, draft: int | None) -> dict[str, str]:
    """Where each box leads: to the screen's form in a draft, to another menu, or to its line in the list below."""
    return {name: _link(box, draft) for name, box in drawn.boxes.items()}


def _link(box: Box, draft: int | None) -> str:
    if box.kind == "elsewhere" and box.name.startswith(_ANOTHER):
        return url_for("menu_live_picture", name=box.name.removeprefix(_ANOTHER))
    if draft is None or box.kind in ("elsewhere", "missing"):
        return f"#row-{box.number}"
    return url_for("menu_screen", draft=draft, name=box.name)
