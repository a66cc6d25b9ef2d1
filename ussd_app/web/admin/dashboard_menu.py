"""Where dialogues stop, drawn on the picture of the menu they were held in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flask import redirect, request, url_for
from sqlalchemy import Connection

from ussd_app.domain.permissions import May
from ussd_app.runtime import Runtime
from ussd_app.services import dashboard, picture
from ussd_app.services.dashboard import Found
from ussd_app.services.dashboard_counts import FUNNEL
from ussd_app.services.picture import Box, Count, Picture
from ussd_app.storage import documents
from ussd_app.web.admin.dashboard import asked_days
from ussd_app.web.admin.desk import Desk, Page, show

WORST = 5
# A dialogue stands only on what callers see.
_SHOWN = ("choices", "question", "end")


def add_to(desk: Desk) -> None:
    """The picture."""
    desk.page("/dashboard/menu", "dashboard_menu", May.LOOK, lambda: _menu(desk.rt))


def _menu(rt: Runtime) -> Page:
    days, found = asked_days(), dashboard.found(dashboard.known(rt)[FUNNEL.kind])
    with rt.db.connect() as connection:
        live = {name: one.version for name, one in documents.pointers(connection).items() if one.kind == "menu"}
        name = _name(live, found)
        versions = dashboard.versions(found, days, name) if found else []
        version = next((one for one in versions if one == request.args.get("version")), "")
        files = _files(connection, name, int(version or live.get(name, 0)))
    counts = dashboard.screens(found, days, name, version) if found else {}
    drawn = _counted(picture.draw(name, files, counts)) if files else Picture()
    at = request.args.get("at", "")
    if at in drawn.boxes:
        return redirect(
            url_for("dashboard_menu", days=days, menu=name, version=version, _anchor=f"box-{drawn.boxes[at].number}")
        )
    return show(
        "dashboard_menu",
        days=days,
        periods=dashboard.PERIODS,
        found=found,
        name=name,
        menus=sorted(live),
        version=version,
        versions=versions,
        picture=drawn,
        links={box.name: f"#row-{box.number}" for box in drawn.boxes.values()},
        worst=_worst(drawn),
    )


def _name(live: Mapping[str, int], found: Found | None) -> str:
    """The menu that was asked for; else the one in which people register, or any."""
    wanted = (request.args.get("menu", ""), found.beside["menu"] if found else "", *sorted(live))
    return next((name for name in wanted if name in live), "")


def _files(connection: Connection, name: str, version: int) -> Mapping[str, str]:
    document = documents.load(connection, name, version) if name else None
    return document.files if document else {}


def _counted(drawn: Picture) -> Picture:
    """The picture with counts only where somebody was: on a step nobody stands."""
    boxes = {
        name: box if box.kind in _SHOWN and box.count and box.count.came else replace(box, count=None)
        for name, box in drawn.boxes.items()
    }
    return replace(drawn, boxes=boxes)


def _worst(drawn: Picture) -> list[tuple[Box, Count]]:
    """The screens on which most people give up; where a dialogue ends by itself, nobody does."""
    left = [(box, box.count) for box in drawn.boxes.values() if box.count and box.count.ended and box.kind != "end"]
    return sorted(left, key=lambda one: -one[1].ended)[:WORST]
