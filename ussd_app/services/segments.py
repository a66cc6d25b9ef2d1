"""Who a campaign is for: the people of its segment, a page of numbers after the other."""

from __future__ import annotations

import structlog

from ussd_app.domain import calendar
from ussd_app.domain.nik import PROVINCES, province_of
from ussd_app.engine.campaign_file import UNPAID, Segment
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.services.days import local
from ussd_app.storage import segments
from ussd_app.storage.segments import Wanted
from ussd_app.vault import Unreadable

PAGE = 1000
_CODES = {name: code for code, name in PROVINCES.items()}
log = structlog.get_logger()


def wanted(rt: Runtime, segment: Segment) -> Wanted:
    """The segment as the database is asked for it today; the day is Jakarta's, as for everything that falls due."""
    today = local(rt.clock())
    month = calendar.month_of(today)
    due = calendar.due_date(month, publishing.holidays(rt, publishing.newest(rt)))
    return Wanted(
        month=month,
        on_time=today <= due,
        packages=segment.packages,
        sectors=segment.sectors,
        provinces=tuple(_CODES.get(province, province) for province in segment.provinces),
        states=tuple("none" if state == UNPAID else state for state in segment.states),
        languages=segment.languages,
        sponsor=segment.sponsor,
        sponsored=segment.sponsored,
    )


def find_provinces(rt: Runtime) -> int:
    """Note in which province members were registered who are here since before that was noted; how many.

    Only the NIK says it, so that each is opened once, in pages: whatever a killed job has noted stays.
    """
    found, after = 0, 0
    while True:
        with rt.db.begin() as connection:
            page = segments.without_province(connection, after, PAGE)
            segments.keep_provinces(connection, [(member, _province(rt, member, sealed)) for member, sealed in page])
        if not page:
            return found
        found, after = found + len(page), page[-1][0]


def _province(rt: Runtime, member_id: int, sealed: str) -> str:
    """The code of the province; empty where the NIK cannot be read, so that nobody tries again every hour."""
    try:
        return province_of(rt.vault.open(sealed))
    except Unreadable:
        log.error("the NIK of a member cannot be opened", member=member_id)
        return ""
