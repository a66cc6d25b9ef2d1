"""An SMS that somebody sent to us, taken apart, and the one SMS that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ussd_app.domain.keywords import Keywords
from ussd_app.engine.kinds import Value
from ussd_app.services.jobs import Job
from ussd_app.storage.sms_dialogues import TextedDialogue


@dataclass(frozen=True)
class Texted:
    """An SMS from `phone` (E.164), and its id at the gateway.

    `rest` are the words after the keyword in capitals, `tail` all that stands after it as typed. `language` is the
    phone's, else that of the keyword. `left` is the dialogue by SMS that waits for an answer.
    """

    phone: str
    message_id: str
    keywords: Keywords
    rest: tuple[str, ...] = ()
    tail: str = ""
    language: str = "id"
    left: TextedDialogue | None = None


@dataclass(frozen=True)
class Answered:
    """What an SMS did: the message of messages.yaml or the screen that answers it, if any does, and jobs.

    `told`: an SMS that was written on the way says it already, and is the answer. `language` is that of the message
    where the phone has chosen none. `turn` is what the journal keeps of a dialogue.
    """

    message: str | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    language: str | None = None
    jobs: tuple[Job, ...] = ()
    screen: str | None = None
    turn: dict[str, Any] | None = None
    told: bool = False
