"""Campaigns on their way: work out who gets what, and give the relay no more than it can send soon.

Nobody waits in the outbox who cannot be sent to within a minute or so: a campaign that is paused has little to take
back, and nobody's day ends while their text stands in a queue.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain.campaigns import USUAL_ZONE, ZONES
from ussd_app.domain.sending import Sending
from ussd_app.engine.campaign_file import Campaign
from ussd_app.runtime import Runtime
from ussd_app.services import campaigns as making
from ussd_app.services import publishing
from ussd_app.storage import campaigns, outbox
from ussd_app.storage.campaigns import Due, Kept, Person
from ussd_app.storage.outbox import CAMPAIGNS, Outgoing
from ussd_app.storage.segments import Recipient

# Seconds after which the rest is left to the next job, long before a job's time-out.
BUDGET = 20.0
# As many texts wait in the outbox as are sent in so many seconds.
AHEAD = 60
# A text that could not be sent so long before its person's day ends is kept for the next day.
MARGIN = timedelta(minutes=2)
log = structlog.get_logger()


def plan(rt: Runtime) -> int:
    """Work out who gets what in the campaigns that were started; how many people.

    Page by page, each with the number it came to in one transaction: a job that is killed, or a second one at the
    same time, leaves nobody out and puts nobody in twice.
    """
    found, started = 0, time.monotonic()
    with rt.db.connect() as connection:
        waiting = campaigns.under_way(connection)
    while waiting:
        if time.monotonic() - started > BUDGET:
            rt.queues.enqueue(queues.PLAN_CAMPAIGNS)
            break
        with rt.db.begin() as connection:
            kept = campaigns.take(connection, waiting[0])
            number = _plan_page(rt, connection, kept) if kept and kept.planned_at is None else None
        if number is None:
            waiting.pop(0)
        else:
            found += number
    if found:
        rt.queues.enqueue(queues.RELEASE_CAMPAIGNS)
    return found


def _plan_page(rt: Runtime, connection: Connection, kept: Kept) -> int | None:
    """Put the people of the next page of numbers into a campaign; how many, or None when there is no further page."""
    made, now = making.texts_of(rt, kept), rt.clock()
    page = next(making.pages(rt, connection, made, kept.planned_to), None)
    if page is None:
        campaigns.planned(connection, kept.id, kept.planned_to, now)
        return None
    end, people = page
    hours = publishing.sending(rt, publishing.newest(rt)).hours
    due = {zone: hours.next_start(max(kept.send_at, now), zone) for zone in ZONES}
    campaigns.add_people(connection, kept.id, [_person(rt, kept, made, one, due) for one in people])
    campaigns.planned(connection, kept.id, end, None)
    return len(people)


def _person(rt: Runtime, kept: Kept, made: Campaign, one: Recipient, due: dict[str, datetime]) -> Person:
    mark, variant = making.variant_for(rt, kept, made, one.phone)
    zone = one.zone if one.zone in due else USUAL_ZONE
    return Person(mark, one.phone, one.member_id, variant, one.language, zone, due[zone])


def release(rt: Runtime) -> int:
    """Write the texts of campaigns that can be sent soon into the outbox; how many. May run twice at once."""
    with rt.db.connect() as connection:
        waiting, taken = campaigns.under_way(connection), campaigns.room_taken(connection)
    room, written = max(0, AHEAD * rt.settings.sms_per_second - taken), 0
    for number, campaign_id in enumerate(waiting):
        # What one does not need is left to those after it.
        share = (room - written) // (len(waiting) - number)
        with rt.db.begin() as connection:
            kept = campaigns.take(connection, campaign_id)
            if kept:
                written += _release(rt, connection, kept, share)
    if written:
        rt.queues.enqueue(queues.RELAY, CAMPAIGNS)
    return written


def _release(rt: Runtime, connection: Connection, kept: Kept, room: int) -> int:
    """Let the next people of one campaign have their turn, where it is day; how many texts were written."""
    sending, now = publishing.sending(rt, publishing.newest(rt)), rt.clock()
    messages = making.messages_of(rt, kept)
    campaigns.take_back(connection, kept.id, messages, now + MARGIN)
    ends = {zone: _end_of_day(sending, now, zone) for zone in ZONES if sending.hours.holds(now + MARGIN, zone)}
    by_day = [zone for zone in ends if sending.hours.holds(now, zone)]
    people = campaigns.due(connection, kept.id, by_day, now, room) if room and by_day else []
    written = _write(rt, connection, kept, [one for one in people if one.willing], ends)
    for state, willing in (("released", True), ("dropped", False)):
        campaigns.settle(connection, kept.id, [one.mark for one in people if one.willing is willing], state, now)
    if kept.planned_at and not people and campaigns.is_done(connection, kept.id, messages):
        campaigns.change(connection, kept.id, ["started"], "done")
        campaigns.note(connection, kept.id, "done", "the service", now)
        log.info("a campaign is done", campaign=kept.name)
    return written


def _write(rt: Runtime, connection: Connection, kept: Kept, people: Sequence[Due], ends: dict[str, datetime]) -> int:
    """Write the texts of these people; equal ones stand together, so that they share calls."""
    made, now = making.texts_of(rt, kept), rt.clock()
    filler, outgoing = making.Filler(rt, made), []
    for one in people:
        if one.variant is None:
            continue
        words, size = filler.fill(one.variant, made.language_for(one.variant, one.language), one.name)
        key, message = f"campaign:{kept.id}:{one.mark}", making.message_of(kept.id, one.variant)
        outgoing.append(Outgoing(key, CAMPAIGNS, one.phone, words, size, message=message, send_by=ends[one.zone]))
    outgoing.sort(key=lambda text: text.text)
    outbox.add_many(connection, outgoing, [now] * len(outgoing), now)
    return len(outgoing)


def _end_of_day(sending: Sending, now: datetime, zone: str) -> datetime:
    """Until when somebody in a zone may be written to today, in UTC."""
    here = now.astimezone(ZoneInfo(zone))
    return datetime.combine(here.date(), sending.hours.end, here.tzinfo).astimezone(now.tzinfo)
