"""Somebody wants no more texts of a kind, or wants them again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from ussd_app.engine.turn import FactValue, Outcome
from ussd_app.runtime import Runtime
from ussd_app.services import reminders as planning
from ussd_app.services.callers import Caller
from ussd_app.services.jobs import Job
from ussd_app.storage import stops
from ussd_app.storage.stops import EDUCATION, EVERYTHING, REMINDERS

TOPICS = (REMINDERS, EDUCATION)


def reminders(_rt: Runtime, connection: Connection, caller: Caller) -> FactValue:
    """Whether this phone gets payment reminders."""
    return FactValue({"wanted": not stops.stopped_by(connection, [caller.phone], REMINDERS)})


def information(_rt: Runtime, connection: Connection, caller: Caller) -> FactValue:
    """Whether this phone gets news and lessons about the programme."""
    return FactValue({"wanted": not stops.stopped_by(connection, [caller.phone], EDUCATION)})


def keep_reminders(rt: Runtime, connection: Connection, caller: Caller, *, reminders: str) -> tuple[Outcome, list[Job]]:
    """Turn payment reminders to this phone on or off."""
    return _keep(rt, connection, caller, REMINDERS, wanted=reminders == "wanted")


def keep_information(
    rt: Runtime, connection: Connection, caller: Caller, *, information: str
) -> tuple[Outcome, list[Job]]:
    """Turn news and lessons about the programme to this phone on or off."""
    return _keep(rt, connection, caller, EDUCATION, wanted=information == "wanted")


def _keep(
    rt: Runtime, connection: Connection, caller: Caller, topic: str, *, wanted: bool
) -> tuple[Outcome, list[Job]]:
    if wanted:
        start_by(rt, connection, caller.phone, topic, f"{caller.channel}:{caller.session}")
    else:
        stop_by(rt, connection, caller.phone, topic, caller.channel, caller.session)
    return Outcome("kept"), []


def stop_by(
    rt: Runtime,
    connection: Connection,
    phone: str,
    topic: str,
    channel: str,
    reference: str,
    reason: str = "",
    *,
    until: datetime | None = None,
) -> bool:
    """No texts of a topic (reminders, education or all) go to a number any more; False when that was so already.

    `channel` is ussd, sms, office or gateway; `reference` the session, message or person there, `reason` their words.
    Without `until` (UTC) it is for good.
    """
    if topic != EVERYTHING and stops.stopped_by(connection, [phone], topic):
        return False
    stopped = stops.stop(connection, phone, topic, channel, reference, rt.clock(), reason=reason, until=until)
    if stopped and topic != EDUCATION:
        planning.renew_phone(rt, connection, phone)
    return stopped


def start_by(rt: Runtime, connection: Connection, phone: str, topic: str, by: str) -> bool:
    """Texts of a topic (reminders, education or all) go to a number again; False when nothing had stopped them.

    Who had stopped everything and wants one topic again has then stopped the other one.
    """
    others = [other for other in TOPICS if other != topic]
    narrowed = topic != EVERYTHING and stops.narrow(connection, phone, others, rt.clock(), by=by)
    wanted = [EVERYTHING, *TOPICS] if topic == EVERYTHING else [topic]
    started = stops.start(connection, phone, wanted, rt.clock(), by=by) > 0
    if (narrowed or started) and topic != EDUCATION:
        planning.renew_phone(rt, connection, phone)
    return narrowed or started
