"""A number fails again and again, or its owner wants no texts: learn from what became of each text.

A dead number may be somebody else's soon. So its members are asked for the PIN before anything personal is shown,
the office is asked to find them, and of our own accord nobody writes there any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import structlog
from sqlalchemy import Connection

from ussd_app.gateways.refusals import cause_of
from ussd_app.runtime import Runtime
from ussd_app.services import publishing, stops
from ussd_app.storage import members, numbers
from ussd_app.storage.stops import EVERYTHING

log = structlog.get_logger()


@dataclass(frozen=True)
class Fate:
    """What became of one text: it arrived, or it failed for good, in transit or before it left (`refused`).

    `reference` is what the gateway calls the text, `reason` its own word for what went wrong.
    """

    phone: str
    fate: Literal["delivered", "failed", "refused"]
    reason: str = ""
    reference: str = ""


def learn(rt: Runtime, connection: Connection, fates: Sequence[Fate]) -> None:
    """Count what these texts say about their numbers, in the order in which they were told of.

    A refusal counts only when its reason is the number; a failure in transit unless its reason is something else.
    """
    failures = Counter[str]()
    reached: set[str] = set()
    for fate in fates:
        if fate.fate == "delivered":
            reached.add(fate.phone)
            failures.pop(fate.phone, None)
        elif cause_of(fate.reason) == "stopped":
            stops.stop_by(rt, connection, fate.phone, EVERYTHING, "gateway", fate.reference, fate.reason)
        elif _is_the_number(fate):
            failures[fate.phone] += 1
    if reached:
        numbers.reached(connection, sorted(reached), rt.clock())
    if failures:
        numbers.failed(connection, failures, rt.clock())
        _bury(rt, connection, sorted(failures))


def _is_the_number(fate: Fate) -> bool:
    return cause_of(fate.reason) in (("number",) if fate.fate == "refused" else ("number", "unsaid"))


def _bury(rt: Runtime, connection: Connection, phones: Sequence[str]) -> None:
    most = publishing.sending(rt, publishing.newest(rt)).dead_after_failures
    dead = numbers.bury(connection, phones, most, rt.clock())
    for phone in dead:
        members.doubt(connection, phone, rt.clock())
    if dead:
        numbers.leave_for_a_call(connection, dead, rt.clock())
        log.warning("numbers that fail again and again count as dead now", number=len(dead))
