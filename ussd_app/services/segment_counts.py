"""How many people a segment has, while somebody is putting it together: at once, and said to be a guess where it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from math import sqrt
from statistics import mean, stdev

from sqlalchemy import Connection

from ussd_app.engine.campaign_file import Segment
from ussd_app.runtime import Runtime
from ussd_app.services import segments
from ussd_app.storage import campaign_results, sending_pages
from ussd_app.storage import segments as people
from ussd_app.storage.segments import Wanted

# Where there are more numbers than this, a sample is looked at: so many places, so many numbers at each.
FEW, PLACES, AT_EACH = 10_000, 60, 100
PAGE = 2500
# Seconds: after the first no further place is looked at, the second ends any statement.
PATIENCE, LONGEST = 1.0, 3
# Nineteen of twenty guesses are no further off than so many standard errors.
_TWENTIETH = 1.96


@dataclass(frozen=True)
class Counted:
    """How many people; `exact`, or a guess that is off by `around` at most nineteen times of twenty."""

    people: int
    exact: bool
    around: int = 0


def count(rt: Runtime, segment: Segment) -> Counted:
    """How many people a segment has today who want such texts; a guess from a sample where there are many members."""
    wanted = segments.wanted(rt, segment)
    with rt.db.begin() as connection:
        campaign_results.allow_time(connection, LONGEST)
        whole = sending_pages.numbers_in_all(connection)
        return _all(connection, wanted) if whole <= FEW else _guess(connection, wanted, whole)


def _all(connection: Connection, wanted: Wanted) -> Counted:
    found, after = 0, ""
    while (end := people.page_end(connection, after, PAGE)) is not None:
        found += len(people.recipients(connection, wanted, after, end))
        after = end
    return Counted(found, exact=True)


def _guess(connection: Connection, wanted: Wanted, whole: int) -> Counted:
    """The share of a hundred neighbours at places all over, of everybody."""
    started, shares = time.monotonic(), []
    # Spread over everybody, and visited so that those seen before the time is up are spread as well.
    places = sending_pages.phones_at(connection, PLACES)
    for place in [place for turn in range(6) for place in places[turn::6]]:
        end = people.page_end(connection, place, AT_EACH)
        if end is None:
            continue
        there = sending_pages.people_between(connection, place, end)
        shares.append(len(people.recipients(connection, wanted, place, end)) / there)
        if time.monotonic() - started > PATIENCE and len(shares) > 1:
            break
    share = mean(shares)
    around = _TWENTIETH * stdev(shares) / sqrt(len(shares)) if len(shares) > 1 else 1.0
    return Counted(round(share * whole), exact=False, around=round(around * whole))
