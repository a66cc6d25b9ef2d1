"""The office stops texts to a number for whoever asks, for some weeks or for good, and lets them go there again."""

from __future__ import annotations

from datetime import timedelta

from ussd_app.domain.ledger import Payer
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import audit, lookup, reminders, resending, stops
from ussd_app.storage import stops as store
from ussd_app.storage.stops import EDUCATION, EVERYTHING, REMINDERS

CHANNEL = "office"
TOPICS = (REMINDERS, EDUCATION, EVERYTHING)
LONGEST_PAUSE = 12


def stop(rt: Runtime, payer: Payer, topic: str, weeks: int, reason: str, by: str, address: str) -> None:
    """No texts of a topic go to a member's or sponsor's phone, for so many `weeks` or, with 0, until they want them.

    Raises Refused (reason, topic, weeks), NotAllowedNow when they were stopped already.
    """
    why = lookup.reason_of(reason)
    if topic not in TOPICS:
        raise Refused("topic")
    if not 0 <= weeks <= LONGEST_PAUSE:
        raise Refused("weeks", most=LONGEST_PAUSE)
    with rt.db.begin() as connection:
        to, now = resending.recipient(connection, payer), rt.clock()
        until = now + timedelta(weeks=weeks) if weeks else None
        if topic != EVERYTHING and store.stopped_by(connection, [to.phone], topic):
            raise NotAllowedNow("these texts are stopped already", "stopped_already")
        if not store.stop(connection, to.phone, topic, CHANNEL, by, now, reason=why, until=until):
            raise NotAllowedNow("these texts are stopped already", "stopped_already")
        reminders.renew_phone(rt, connection, to.phone)
        about = {"topic": topic, "until": until and until.date().isoformat(), "reason": why}
        audit.note(rt, connection, by, "texts.stopped", to.what, after=about, address=address)


def allow(rt: Runtime, payer: Payer, topic: str, reason: str, by: str, address: str) -> None:
    """Texts of a topic go to a member's or sponsor's phone again. Raises Refused (reason, topic), NotAllowedNow.

    What somebody stopped at the gateway only they can allow there again.
    """
    why = lookup.reason_of(reason)
    if topic not in TOPICS:
        raise Refused("topic")
    with rt.db.begin() as connection:
        to = resending.recipient(connection, payer)
        if any(one.channel == "gateway" for one in store.standing(connection, to.phone)):
            raise NotAllowedNow("their network stops our texts: only they can allow them there", "stopped_at_gateway")
        if not stops.start_by(rt, connection, to.phone, topic, by):
            raise NotAllowedNow("nothing had stopped these texts", "not_stopped")
        about = {"topic": topic, "reason": why}
        audit.note(rt, connection, by, "texts.allowed", to.what, after=about, address=address)


def sweep(rt: Runtime) -> int:
    """Texts go again to every number whose pause is over; how many. May run twice."""
    with rt.db.connect() as connection:
        over = store.over(connection, rt.clock())
    ended = 0
    for one in over:
        with rt.db.begin() as connection:
            if store.end_pause(connection, one.phone, one.topic, rt.clock()):
                reminders.renew_phone(rt, connection, one.phone)
                ended += 1
    return ended
