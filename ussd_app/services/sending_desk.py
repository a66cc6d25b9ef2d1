"""The office lets a gateway send again, and keeps the list of numbers that get no texts: each act with its reason."""

from __future__ import annotations

from ussd_app.domain import phone as phones
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import audit, lookup, routes, stops
from ussd_app.storage import gateways, sending_pages
from ussd_app.storage.stops import EDUCATION, EVERYTHING, REMINDERS

TOPICS = (EVERYTHING, REMINDERS, EDUCATION)


def resume(rt: Runtime, gateway: str, reason: str, by: str, address: str) -> None:
    """Somebody says that a gateway works again: its texts go out at once.

    Raises Refused("reason"), NotAllowedNow("gateway_none") for one that the settings do not name.
    """
    why = lookup.reason_of(reason)
    if gateway not in rt.messaging:
        raise NotAllowedNow(f"there is no gateway {gateway}", "gateway_none")
    with rt.db.begin() as connection:
        stood = gateways.standings(connection).get(gateway)
        before = {"failures": stood.failures, "said": stood.reason} if stood else None
        about = {"reason": why}
        audit.note(
            rt, connection, by, "texts.resumed", f"gateway {gateway}", before=before, after=about, address=address
        )
    routes.resume(rt, gateway)


def stop(rt: Runtime, said: str, topic: str, reason: str, by: str, address: str) -> bool:
    """Send a number no more texts of a topic; False when that was so already. Raises Refused: `phone`, `topic`,
    `reason`."""
    phone, why = phones.parse(said), lookup.reason_of(reason)
    if topic not in TOPICS:
        raise Refused("topic")
    with rt.db.begin() as connection:
        stopped = stops.stop_by(rt, connection, phone, topic, "office", by, why)
        if stopped:
            about = {"phone": phone, "topic": topic, "reason": why}
            audit.note(rt, connection, by, "texts.stopped", f"number {phone}", after=about, address=address)
    return stopped


def allow(rt: Runtime, number: int, reason: str, by: str, address: str) -> None:
    """Let the texts go out again that this stop has ended. Raises Refused("reason"), NotAllowedNow: `stop_gone`,
    `stopped_at_gateway` for one that only the owner of the number can end."""
    why = lookup.reason_of(reason)
    with rt.db.begin() as connection:
        found = sending_pages.stop(connection, number)
        if found is None:
            raise NotAllowedNow("this stop has ended already", "stop_gone")
        if found.channel == "gateway":
            raise NotAllowedNow("their network stops our texts: only they can allow them there", "stopped_at_gateway")
        stops.start_by(rt, connection, found.phone, found.topic, f"office:{by}")
        before = {"phone": found.phone, "topic": found.topic, "since": found.at.isoformat()}
        about = {"reason": why}
        audit.note(
            rt, connection, by, "texts.allowed", f"number {found.phone}", before=before, after=about, address=address
        )
