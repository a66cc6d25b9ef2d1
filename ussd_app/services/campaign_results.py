"""How far a campaign is, and what came of it: delivered, opted out, and paid afterwards against the held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ussd_app.domain.campaigns import Share
from ussd_app.runtime import Runtime
from ussd_app.services import campaigns as making
from ussd_app.storage import campaign_results as found
from ussd_app.storage import campaigns
from ussd_app.storage.campaigns import Kept

# The rate is that of the last minutes: an hour ago the gateway may have been slower.
RATE = timedelta(minutes=5)
# Seconds that counting a million people may take.
PATIENCE = 600


@dataclass(frozen=True)
class Progress:
    """How far a campaign is: people, and its texts by their state in the outbox.

    `rate` is people a second in the last minutes, `seconds_left` None while that is 0. `events` are what was done,
    when (UTC) and by whom.
    """

    kept: Kept
    waiting: int
    had_turn: int
    texts: Mapping[str, int]
    rate: float
    seconds_left: float | None
    events: list[tuple[datetime, str, str]]


def progress(rt: Runtime, name: str) -> Progress:
    """How far a campaign is now. Raises NotAllowedNow when there is none of this name."""
    kept, now = making.find(rt, name), rt.clock()
    with rt.db.begin() as connection:
        found.allow_time(connection, PATIENCE)
        turns = found.turns(connection, kept.id)
        recent = found.released_since(connection, kept.id, now - RATE)
        texts = found.texts(connection, making.messages_of(rt, kept))
        done = campaigns.events(connection, kept.id)
    running = (now - turns.first).total_seconds() if turns.first else 0.0
    rate = recent / max(1.0, min(RATE.total_seconds(), running))
    by_state: dict[str, int] = {}
    for (_, state), number in texts.items():
        by_state[state] = by_state.get(state, 0) + number
    left = turns.waiting / rate if rate else None
    return Progress(kept, turns.waiting, turns.released + turns.dropped, by_state, rate, left, done)


@dataclass(frozen=True)
class Came:
    """What came of one wording: its texts by their state, and of its people who opted out and who paid."""

    variant: str
    texts: Mapping[str, int]
    opted_out: Share
    paid: Share


@dataclass(frozen=True)
class Results:
    """What came of a campaign within so many days; `held_out` are those who got no text.

    `stopped` people were planned and got none: they had stopped such texts, left, or the campaign was cancelled.
    `complete_at` (UTC) is when the days of the last one are over; None while nobody has had their turn.
    """

    variants: list[Came]
    held_out: Share
    stopped: int
    complete_at: datetime | None


def results(rt: Runtime, name: str, days: int) -> Results:
    """What came of a campaign so far, within so many days after each person's turn. Raises NotAllowedNow."""
    kept = making.find(rt, name)
    with rt.db.begin() as connection:
        found.allow_time(connection, PATIENCE)
        turns = found.turns(connection, kept.id)
        texts = found.texts(connection, making.messages_of(rt, kept))
        after = {one.variant: one for one in found.afterwards(connection, kept.id, days)}
    nobody = found.Afterwards(None, 0, 0, 0)
    variants = []
    for variant in making.texts_of(rt, kept).weights:
        message, people = making.message_of(kept.id, variant), after.get(variant, nobody)
        states = {state: number for (named, state), number in texts.items() if named == message}
        variants.append(
            Came(variant, states, Share(people.opted_out, people.people), Share(people.paid, people.people))
        )
    held_out = after.get(None, nobody)
    return Results(
        variants,
        Share(held_out.paid, held_out.people),
        turns.dropped + (turns.waiting if kept.state == "cancelled" else 0),
        turns.last + timedelta(days=days) if turns.last else None,
    )
