"""What we need of a company that delivers SMS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

MOST_RECIPIENTS = 100


@dataclass(frozen=True)
class Charge:
    """What the gateway takes for one text, in the currency it named (three letters; empty when it named none)."""

    amount: Decimal
    currency: str = ""


@dataclass(frozen=True)
class Handed:
    """What the gateway said of one recipient.

    `later`: not sent, ask again; `dead`: not sent, never will be; `unknown`: it may have been sent.
    `halt` asks for no more texts until somebody has looked (no balance). `cost` is the gateway's own text, `charge`
    the same as an amount.
    """

    state: Literal["sent", "later", "dead", "unknown"]
    message_id: str | None = None
    reason: str = ""
    cost: str | None = None
    charge: Charge | None = None
    parts: int | None = None
    halt: bool = False


class MessagingGateway(Protocol):
    """Sends one text to one or more numbers in one call."""

    @property
    def name(self) -> str:
        """Stands in the outbox beside each text it took."""
        ...

    @property
    def most_recipients(self) -> int:
        """How many numbers one call may have, 100 at most."""
        ...

    def send(self, text: str, phones: Sequence[str]) -> Mapping[str, Handed]:
        """Hand `text` over for each number (E.164, each at most once): what was said of every one of them.

        Raises GatewayTemporary when nothing was sent and the same call may be repeated, GatewayPermanent when it
        never will be, GatewayUnknown when it may have been sent (a time-out, a broken answer).
        """
        ...
