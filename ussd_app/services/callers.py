"""Who is at the phone in this turn: what facts and effects may look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ussd_app.engine.dialogue import Dialogue


@dataclass(frozen=True)
class Caller:
    """One person in one turn. `phone` is E.164, `shown` the screen they answered, `today` the date in Jakarta."""

    phone: str
    session: str
    channel: str
    dialogue: Dialogue
    shown: str
    today: date
    documents: Mapping[str, tuple[str, int]]
