"""What we need of a company that delivers SMS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

MOST_RECIPIENTS = 100


@dataclass(frozen=True)
class Handed:
    """What the gateway said of one recipient.

    `later`: not sent, ask again; `dead`: not sent, never will be; `unknown`: it may have been sent.
    `halt` asks the relay to stop the lane and alert somebody (no balance). `cost` is the gateway's own text.
    """

    state: Literal["sent", "later", "dead", "unknown"]
    message_id: str | None = None
    reason: str = ""
    cost: str | None = None
    parts: int | None = None
    halt: bool = False


class MessagingGateway(Protocol):
    """Sends one text to up to 100 numbers in one call."""

    @property
    def name(self) -> str:
        """Stands in the outbox beside each text it took."""
        ...

    def send(self, text: str, phones: Sequence[str]) -> Mapping[str, Handed]:
        """Hand `text` over for each number (E.164, each at most once): what was said of every one of them.

        Raises GatewayTemporary when nothing was sent and the same call may be repeated, GatewayPermanent when it
        never will be, GatewayUnknown when it may have been sent (a time-out, a broken answer).
        """
        ...
