"""Nobody can tell whether a receipt or a pay code came: after a while it is sent once more, marked as a repeat.

One repeat and no more: a text that came twice is a nuisance, two more would be an alarm. It is a text of its own,
with a key of its own, so that it can be told apart and counted apart.
"""

from __future__ import annotations

import time
from datetime import timedelta

import structlog

from ussd_app.domain import gsm7
from ussd_app.engine.messages import REPEATED
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.storage import repeats
from ussd_app.storage.repeats import Repeat

BATCH = 500
# Seconds after which a job leaves the rest to the next one.
BUDGET = 20.0
# What has been unknown for longer (nobody was scanning) is no news any more; it can be read by dialling.
TOO_LATE = timedelta(hours=24)
MARK = ":ulang"

log = structlog.get_logger()


def scan(rt: Runtime) -> int:
    """Write a repeat of everything that has been unknown for long enough and allows one; how many."""
    minutes = publishing.sending(rt, publishing.newest(rt)).repeat_after_minutes
    now, started, written = rt.clock(), time.monotonic(), 0
    before = now - timedelta(minutes=minutes)
    while time.monotonic() - started < BUDGET:
        with rt.db.begin() as connection:
            found = repeats.lock_unknown(connection, now - TOO_LATE, before, now, BATCH)
            added = repeats.add(connection, [_repeat(one.id, one.text) for one in found], MARK, now)
        written += added
        if not added:
            break
    if written:
        log.info("texts of which nobody can tell whether they came are sent once more", number=written)
    return written


def _repeat(first: int, text: str) -> Repeat:
    words = REPEATED + text
    return Repeat(first, words, gsm7.size(words).segments)
