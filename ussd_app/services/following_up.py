"""Somebody of the office takes on what waits for a person, writes down what they found, and says when it is done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import redis

from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import audit, journal, lookup
from ussd_app.storage import follow_ups, members
from ussd_app.storage import journal as turns
from ussd_app.storage.follow_ups import FollowUp, Note, Wanted
from ussd_app.storage.members import Member

LONGEST_NOTE = 500
# What a menu leaves for the office names the dialogue in which it was asked for.
DIALOGUE = re.compile(r"dialogue (\S+)")
# Whose they are, as the list is filtered: mine, nobody's, anybody's.
MINE, NOBODYS = "mine", "nobody"


@dataclass(frozen=True)
class Filter:
    """Which follow-ups somebody asks for; `days` is how long they have waited at least."""

    done: bool = False
    kind: str = ""
    whose: str = ""
    days: int = 0


def wanted(rt: Runtime, me: str, chosen: Filter) -> Wanted:
    """What a filter means for whoever is looking, at this moment."""
    return Wanted(
        done=chosen.done,
        kind=chosen.kind,
        taken_by=me if chosen.whose == MINE else "",
        free=chosen.whose == NOBODYS,
        came_before=rt.clock() - timedelta(days=chosen.days) if chosen.days > 0 else None,
    )


def one(rt: Runtime, follow_up_id: int) -> tuple[FollowUp, Sequence[Note]]:
    """A follow-up and its notes. Raises NotAllowedNow when there is none of this number."""
    with rt.db.connect() as connection:
        found = follow_ups.find(connection, follow_up_id)
        if found is None:
            raise NotAllowedNow(f"there is no follow-up {follow_up_id}", "follow_up_none")
        return found, follow_ups.notes_of(connection, follow_up_id)


def people_of(rt: Runtime, found: FollowUp) -> list[Member]:
    """The members who use, or used, the number that a follow-up is about."""
    if not found.phone:
        return []
    with rt.db.connect() as connection:
        return members.by_phone(connection, found.phone)


def dialogue_of(rt: Runtime, found: FollowUp) -> str | None:
    """The dialogue in which somebody asked for it, where the journal still knows whose that was."""
    named = DIALOGUE.fullmatch(found.detail)
    if named is None or not found.phone:
        return None
    with suppress(redis.RedisError):  # what waits in Redis is a few seconds old
        journal.write(rt)
    with rt.db.connect() as connection:
        begun = turns.beginnings(connection, named[1])
    return named[1] if rt.vault.mark(found.phone) in {caller for caller, _ in begun} else None


def unmask(rt: Runtime, follow_up_id: int, reason: str, by: str, address: str) -> None:
    """Write down that somebody wants to call the number of a follow-up, and why. Refused("reason"), NotAllowedNow."""
    about = {"reason": lookup.reason_of(reason)}
    one(rt, follow_up_id)
    with rt.db.begin() as connection:
        audit.note(rt, connection, by, "follow_up.unmasked", _what(follow_up_id), after=about, address=address)


def take(rt: Runtime, follow_up_id: int, by: str, address: str) -> None:
    """Somebody looks into it from now on, whoever did before. Raises NotAllowedNow when it is done, or not there."""
    _taken(rt, follow_up_id, by, by, address)


def hand_back(rt: Runtime, follow_up_id: int, by: str, address: str) -> None:
    """Nobody looks into it any more. Raises NotAllowedNow when it is done, or not there."""
    _taken(rt, follow_up_id, None, by, address)


def _taken(rt: Runtime, follow_up_id: int, whose: str | None, by: str, address: str) -> None:
    before, _ = one(rt, follow_up_id)
    if before.taken_by == whose and before.done_at is None:
        return
    with rt.db.begin() as connection:
        if not follow_ups.take(connection, follow_up_id, whose, rt.clock()):
            raise NotAllowedNow("this is done already", "follow_up_done")
        was, now = {"taken_by": before.taken_by}, {"taken_by": whose}
        what = _what(follow_up_id)
        audit.note(rt, connection, by, "follow_up.taken", what, before=was, after=now, address=address)


def note(rt: Runtime, follow_up_id: int, said: str, by: str) -> None:
    """Keep what somebody found out; numbers of people in it are made unreadable. Refused("note"), NotAllowedNow."""
    words = _words(said)
    if not words:
        raise Refused("note")
    one(rt, follow_up_id)
    with rt.db.begin() as connection:
        follow_ups.add_note(connection, follow_up_id, by, words, rt.clock())


def close(rt: Runtime, follow_up_id: int, said: str, by: str, address: str) -> bool:
    """Somebody has looked into it, and perhaps says what came of it; False when it was done before, or is not there."""
    words = _words(said)
    with rt.db.begin() as connection:
        closed = follow_ups.close(connection, follow_up_id, by, rt.clock())
        if closed:
            if words:
                follow_ups.add_note(connection, follow_up_id, by, words, rt.clock())
            about = {"kind": closed.kind}
            audit.note(rt, connection, by, "follow_up.done", _what(follow_up_id), after=about, address=address)
    return closed is not None


def _words(said: str) -> str:
    return audit.hidden(" ".join(said.split()))[:LONGEST_NOTE]


def _what(follow_up_id: int) -> str:
    return f"follow-up {follow_up_id}"
