"""The office stops texts to a number for whoever asks, for some weeks or for good, and lets them go there again."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from ussd_app.domain import phone as phones
from ussd_app.domain.ledger import Payer
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import audit, lookup, reminders, resending, stops
from ussd_app.storage import stops as store
from ussd_app.storage.stops import EDUCATION, EVERYTHING, REMINDERS

CHANNEL = "office"
TOPICS = (REMINDERS, EDUCATION, EVERYTHING)
LONGEST_PAUSE = 12
# The phone that a member or a sponsor uses, or a number as somebody says it.
Whose = Payer | str


def stop(rt: Runtime, whose: Whose, topic: str, weeks: int, reason: str, by: str, address: str) -> None:
    """No texts of a topic go to a phone, for so many `weeks` or, with 0, until they want them.

    Raises Refused (phone, reason, topic, weeks), NotAllowedNow when they were stopped already.
    """
    why = lookup.reason_of(reason)
    if topic not in TOPICS:
        raise Refused("topic")
    if not 0 <= weeks <= LONGEST_PAUSE:
        raise Refused("weeks", most=LONGEST_PAUSE)
    until = rt.clock() + timedelta(weeks=weeks) if weeks else None
    with rt.db.begin() as connection:
        phone, what = _phone_of(connection, whose)
        if not stops.stop_by(rt, connection, phone, topic, CHANNEL, by, why, until=until):
            raise NotAllowedNow("these texts are stopped already", "stopped_already")
        about = {"topic": topic, "until": until and until.date().isoformat(), "reason": why}
        audit.note(rt, connection, by, "texts.stopped", what, after=about, address=address)


def allow(rt: Runtime, whose: Whose, topic: str, reason: str, by: str, address: str) -> None:
    """Texts of a topic go to a phone again. Raises Refused (phone, reason, topic), NotAllowedNow.

    What somebody stopped at the gateway only they can allow there again.
    """
    why = lookup.reason_of(reason)
    if topic not in TOPICS:
        raise Refused("topic")
    with rt.db.begin() as connection:
        phone, what = _phone_of(connection, whose)
        if any(one.channel == "gateway" for one in store.standing(connection, phone)):
            raise NotAllowedNow("their network stops our texts: only they can allow them there", "stopped_at_gateway")
        if not stops.start_by(rt, connection, phone, topic, f"{CHANNEL}:{by}"):
            raise NotAllowedNow("nothing had stopped these texts", "not_stopped")
        about = {"topic": topic, "reason": why}
        audit.note(rt, connection, by, "texts.allowed", what, after=about, address=address)


def _phone_of(connection: Connection, whose: Whose) -> tuple[str, str]:
    """The number (E.164), and what the audit log calls whoever it belongs to."""
    if isinstance(whose, Payer):
        to = resending.recipient(connection, whose)
        return to.phone, to.what
    phone = phones.parse(whose)
    return phone, f"number {phone}"


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
