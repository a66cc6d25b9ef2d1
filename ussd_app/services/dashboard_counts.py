"""What the desk's figures count of each day, week and month; `words/dashboard.yaml` says the same under each chart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from ussd_app.domain import calendar
from ussd_app.runtime import Runtime
from ussd_app.services import dashboard_path, days, publishing
from ussd_app.services.dashboard_series import (
    Counted,
    Series,
    day_after,
    last_days,
    last_months,
    last_weeks,
    month_after,
    week_after,
)
from ussd_app.storage import dashboard, sending_pages
from ussd_app.storage.dashboard import Group

# A first contribution counts when it comes at most so many days after the registration.
SOON = 7
# Membership ends when more than three months in a row are overdue: with the fourth due date that passes.
ENDS_AFTER = 4
# A session lasts minutes, and whoever was cut off may go on for less than an hour: see `resume` of the menus.
DIALOGUE_HOURS = 2.0
# What is paid may be paid back while it is still here; later that is a day's own matter.
_BOOKED, _REPORTED, _WRITTEN = timedelta(days=7), timedelta(days=4), timedelta(hours=6)
# Arrears are paid for three months back, and a sponsor's order may take its time.
_PAID_LATE = timedelta(days=124)


def by_group(groups: Iterable[Group]) -> Counted:
    """How many in all, and by province and sector."""
    province: Counter[str] = Counter()
    sector: Counter[str] = Counter()
    for group in groups:
        province[group.province] += group.number
        sector[group.sector] += group.number
    return {"all": province.total(), "province": dict(province), "sector": dict(sector)}


def _members(rt: Runtime, day: date) -> Counted:
    """Who paid for the first time on that day, who paid again, whose membership ended with it."""
    start, end = days.start(day), days.start(day_after(day))
    ended = _ends_on(rt, day)
    with rt.db.connect() as connection:
        first, again = dashboard.payers(connection, start, end)
        lapsed = dashboard.ended_with(connection, ended, start) if ended else []
    return {"new": by_group(first), "renewed": by_group(again), "lapsed": by_group(lapsed)}


def _ends_on(rt: Runtime, day: date) -> date | None:
    """The last paid month of those whose membership ends on that day; None on a day on which nobody's can."""
    yesterday = day - timedelta(days=1)
    month = calendar.month_of(yesterday)
    holidays = publishing.holidays(rt, publishing.newest(rt))
    return calendar.add_months(month, -ENDS_AFTER) if calendar.due_date(month, holidays) == yesterday else None


def _active(rt: Runtime, today: date) -> Counted:
    with rt.db.connect() as connection:
        return {"active": by_group(dashboard.active(connection, calendar.month_of(today)))}


def _first(rt: Runtime, monday: date) -> Counted:
    with rt.db.connect() as connection:
        registered, paid = dashboard.first_payments(
            connection, days.start(monday), days.start(week_after(monday)), SOON
        )
    return {"registered": registered, "paid": paid}


def _sponsors(rt: Runtime, month: date) -> Counted:
    with rt.db.connect() as connection:
        sponsors, members = dashboard.sponsors(connection, month)
    return {"sponsors": sponsors, "members": members}


def _funnel(rt: Runtime, day: date) -> Counted:
    """By menu, version and screen the dialogues that came there, and those that saw nothing after it."""
    counted: Counted = {}
    with rt.db.connect() as connection:
        seen = dashboard.screens(connection, days.start(day), days.start(day_after(day)), DIALOGUE_HOURS)
    for one in seen:
        counted.setdefault(one.menu, {}).setdefault(str(one.version), {})[one.screen] = [one.came, one.ended]
    return counted


def _texts(rt: Runtime, day: date) -> Counted:
    with rt.db.connect() as connection:
        return dict(sending_pages.fates(connection, days.start(day), days.start(day_after(day))))


def _nothing(_rt: Runtime, _today: date) -> Counted:
    return {}


MEMBERS = Series("dashboard_members", last_days, day_after, _BOOKED, _members, _active)
FIRST = Series("dashboard_first", last_weeks, week_after, timedelta(days=SOON) + _BOOKED, _first, _nothing)
SPONSORS = Series("dashboard_sponsors", last_months, month_after, _PAID_LATE, _sponsors, _nothing)
FUNNEL = Series("dashboard_funnel", last_days, day_after, _WRITTEN, _funnel, dashboard_path.of_live)
TEXTS = Series("dashboard_texts", last_days, day_after, _REPORTED, _texts, _nothing)
ALL = (MEMBERS, FIRST, FUNNEL, SPONSORS, TEXTS)
