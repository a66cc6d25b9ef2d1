"""The first page: what waits for whoever is looking."""

from __future__ import annotations

from ussd_app.domain.permissions import May
from ussd_app.runtime import Runtime
from ussd_app.services import books
from ussd_app.storage import books as audits
from ussd_app.storage import follow_ups, refunds, rosters
from ussd_app.web.admin.desk import Desk, Page, me, show

ROSTERS = 5


def add_to(desk: Desk) -> None:
    """The first page."""
    desk.page("/", "home", May.LOOK, lambda: _home(desk.rt))


def _home(rt: Runtime) -> Page:
    with rt.db.connect() as connection:
        waiting = follow_ups.open_by_kind(connection)
        asked = refunds.waiting(connection)
        lists = [one for one in rosters.newest(connection, None, ROSTERS) if one.waiting]
        unplaced = audits.unplaced(connection)
    mine = [
        one for one in asked if one.state == "requested" and me().email not in (one.requested_by, one.first_approver)
    ]
    return show(
        "home",
        waiting=waiting,
        total=sum(waiting.values()),
        to_approve=len(mine),
        to_pay=sum(one.state == "approved" for one in asked),
        rosters=lists,
        unplaced=unplaced,
        books_wrong=books.FOLLOW_UP in waiting,
    )
