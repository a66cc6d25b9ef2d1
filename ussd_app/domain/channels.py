"""Where a pay code can be paid, from what sum on, and what the payment company keeps of it.

Channels are data (menus/channels.yaml): shops and banks come and go, and their fees are agreed anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter

_EXACT = ConfigDict(extra="forbid")  # a misspelt key is an error, not a remark nobody reads

LONGEST_NAME = 12
# A payment company keeps no code longer than that.
MOST_DAYS = 180

Rupiah = Annotated[int, Field(strict=True, ge=0)]


@dataclass(frozen=True)
class Channel:
    """A place to pay, under the name people know it by; `minimum` and `fee` are whole rupiah.

    `fee` is what the provider keeps of each payment; where `fee_from` says payer it stands on top of the price. A code
    can be paid for `days` days.
    """

    __pydantic_config__ = _EXACT

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[A-Za-z0-9 /.&'-]+$")]
    kind: Literal["cash", "bank"]
    minimum: Rupiah
    fee: Rupiah
    days: Annotated[int, Field(strict=True, ge=1, le=MOST_DAYS)]
    fee_from: Literal["operator", "payer"] = "operator"

    def added(self, provider_fee: int) -> int:
        """What the payer gives on top, in whole rupiah, where the provider keeps `provider_fee`."""
        return provider_fee if self.fee_from == "payer" else 0

    def takes(self, total: int) -> bool:
        """Whether so many rupiah can be paid here."""
        return total >= self.minimum


@dataclass(frozen=True)
class Channels:
    """Everything menus/channels.yaml says, in the order it is offered; made by `channels_from`, which checks it.

    A channel's key is the payment company's own name for it; `usual` is the key of the one that is taken when nobody
    has chosen.
    """

    __pydantic_config__ = _EXACT

    usual: str
    channels: Annotated[dict[str, Channel], Field(min_length=1)]

    def name_of(self, key: str) -> str:
        """What people call a channel; one that is offered no more keeps its key."""
        return self.channels[key].name if key in self.channels else key[:LONGEST_NAME]


def channels_from(data: object) -> Channels:
    """The channels in a parsed channels.yaml; raises pydantic's ValidationError for anything wrong in it.

    The shape (sums are whole rupiah; unknown keys are refused):

        usual: indomaret
        channels:
          indomaret: {name: Indomaret, kind: cash, minimum: 1, fee: 5000, fee_from: operator, days: 3}
    """
    return TypeAdapter(Annotated[Channels, AfterValidator(_consistent)]).validate_python(data)


def _consistent(channels: Channels) -> Channels:
    if channels.usual not in channels.channels:
        raise ValueError(f"usual: {channels.usual} is none of the channels")
    names = [channel.name.casefold() for channel in channels.channels.values()]
    if len(set(names)) != len(names):
        raise ValueError("channels: two channels have the same name")
    return channels
