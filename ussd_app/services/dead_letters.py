"""An SMS was given up: somebody of the office has it sent once more, or puts it away, and says why."""

from __future__ import annotations

from collections.abc import Sequence

from ussd_app import queues
from ussd_app.errors import Refused
from ussd_app.runtime import Runtime
from ussd_app.services import audit, lookup
from ussd_app.storage import dead_letters


def _told(ids: Sequence[int], reason: str) -> str:
    """The reason, in one line. Raises Refused: `reason` when it is too short, `chosen` when nothing is chosen."""
    if not ids:
        raise Refused("chosen")
    return lookup.reason_of(reason)


def retry(rt: Runtime, ids: Sequence[int], reason: str, by: str, address: str) -> int:
    """Send these once more; how many. Left out is what is of no use any more. Raises Refused, see `_told`."""
    why = _told(ids, reason)
    with rt.db.begin() as connection:
        lanes = dead_letters.revive(connection, ids, rt.clock())
        if lanes:
            about = {"texts": sorted(lanes), "reason": why}
            audit.note(rt, connection, by, "texts.retried", f"{len(lanes)} texts", after=about, address=address)
    for lane in sorted(set(lanes.values())):
        rt.queues.enqueue(queues.RELAY, lane)
    return len(lanes)


def discard(rt: Runtime, ids: Sequence[int], reason: str, by: str, address: str) -> int:
    """Put these away for good; how many. Raises Refused, see `_told`."""
    why = _told(ids, reason)
    with rt.db.begin() as connection:
        gone = dead_letters.put_away(connection, ids, f"put away: {audit.hidden(why)}")
        if gone:
            about = {"texts": gone, "reason": why}
            audit.note(rt, connection, by, "texts.discarded", f"{len(gone)} texts", after=about, address=address)
    return len(gone)
