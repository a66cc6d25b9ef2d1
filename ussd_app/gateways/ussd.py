"""How a network talks to us while somebody dials: what each adapter declares, and what it makes of a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Retry = Literal["text", "request", "window", "none"]


@dataclass(frozen=True)
class Dialect:
    """How the requests of one gateway are to be read.

    `cumulative`: the text is everything typed so far, joined with `*`; otherwise it is the last input only. `retry`:
    how a request that the network repeats is known: by its text, by its request id, by the same text within `window`
    seconds of our reply, or not at all. `chains`: whether the first text of a session may hold answers typed with the
    code; where it may not, a first text is the gateway's own and means nothing.
    """

    cumulative: bool
    retry: Retry
    chains: bool
    window: float = 3.0

    def __post_init__(self) -> None:
        """Raises ValueError where text and retry disagree: what grows tells a retry, one input never does."""
        if self.cumulative != (self.retry == "text"):
            raise ValueError("a retry is known by its text exactly where the text is cumulative")


@dataclass(frozen=True)
class Keypress:
    """One request of a USSD gateway, in its own dialect; `request` is its id where the dialect has one."""

    session: str
    phone: str
    service_code: str
    network: str
    text: str
    dialect: Dialect
    request: str = ""
    channel: str = "ussd"
