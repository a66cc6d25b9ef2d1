"""What day it is for the service, whose office, prices and codes keep the time of Jakarta."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from ussd_app.domain import calendar

JAKARTA = "Asia/Jakarta"
LAST_MINUTE = time(23, 59)


def local(moment: datetime) -> date:
    """The calendar day of a UTC moment in Jakarta."""
    return calendar.local_date(moment, JAKARTA)


def start(day: date) -> datetime:
    """The first moment of a day in Jakarta, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(JAKARTA)).astimezone(UTC)


def last_moment(day: date) -> datetime:
    """The end of a day in Jakarta, in UTC: a code that is good until a day is good all of that day."""
    return datetime.combine(day, LAST_MINUTE, ZoneInfo(JAKARTA)).astimezone(UTC)
