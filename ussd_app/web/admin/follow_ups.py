"""What was left for the office, the oldest first, and who has looked into it."""

from __future__ import annotations

from flask import redirect, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.runtime import Runtime
from ussd_app.services import audit
from ussd_app.storage import follow_ups
from ussd_app.web.admin.desk import Desk, Page, address, done, inside, me, show

PAGE = 25


def add_to(desk: Desk) -> None:
    """The list, and saying that one is done."""
    rt = desk.rt
    desk.page("/follow-ups", "follow_ups", May.LOOK, lambda: _list(rt))
    desk.post("/follow-ups/<int:number>/done", "follow_up_done", May.CLOSE_FOLLOW_UPS, lambda number: _close(rt, number))


def _list(rt: Runtime) -> Page:
    old, kind = request.args.get("done") == "1", request.args.get("kind", "")
    beyond = request.args.get("beyond", type=int)
    with rt.db.connect() as connection:
        found = follow_ups.page(connection, done=old, kind=kind, beyond=beyond, most=PAGE + 1)
        kinds = follow_ups.open_by_kind(connection)
    more = found[PAGE - 1].id if len(found) > PAGE else None
    return show("follow_ups", found=found[:PAGE], more=more, beyond=beyond, old=old, kind=kind, kinds=kinds)


def _close(rt: Runtime, number: int) -> Page:
    with rt.db.begin() as connection:
        closed = follow_ups.close(connection, number, me().email, rt.clock())
        if closed:
            about = {"kind": closed.kind}
            audit.note(
                rt, connection, me().email, "follow_up.done", f"follow-up {number}", after=about, address=address()
            )
    if closed:
        done("follow_ups.closed")
    return redirect(inside(request.form.get("back", "")) if request.form.get("back") else url_for("follow_ups"))
