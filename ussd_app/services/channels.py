"""Where somebody pays: the place their phone chose last, or the usual one, as long as it takes the sum."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from ussd_app.domain.channels import Channel, Channels
from ussd_app.engine.turn import FactValue, Outcome
from ussd_app.errors import SertakanError
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.services.callers import Caller
from ussd_app.storage import members


@dataclass(frozen=True)
class Place:
    """A channel as it stands for one sum: what the provider keeps, what the payer gives on top, in whole rupiah."""

    key: str
    channel: Channel
    provider_fee: int
    fee: int
    total: int

    @property
    def takes(self) -> bool:
        """Whether that sum can be paid there."""
        return self.channel.takes(self.total)


class BelowMinimum(SertakanError):
    """A sum that a channel does not take; `place` is that channel."""

    def __init__(self, place: Place) -> None:
        super().__init__(f"{place.key} takes no less than Rp{place.channel.minimum}")
        self.place = place

    @property
    def outcome(self) -> Outcome:
        """`too_little`, as a menu explains it."""
        channel = self.place.channel
        return Outcome("too_little", {"channel": channel.name, "minimum": channel.minimum})


def places(rt: Runtime, channels: Channels, amount: int) -> dict[str, Place]:
    """Every channel as it stands for `amount` rupiah, in the order of channels.yaml."""
    found = {}
    for key, channel in channels.channels.items():
        kept = channel.fee if rt.payment.keeps_fees else 0
        found[key] = Place(key, channel, kept, channel.added(kept), amount + channel.added(kept))
    return found


def wanted(rt: Runtime, connection: Connection, phone: str, amount: int, channel: str | None = None) -> Place:
    """Where this phone wants to pay `amount` rupiah, whether or not that place takes it: the one named, the one chosen
    last, or the usual one."""
    channels = publishing.channels(rt, publishing.newest(rt))
    known = places(rt, channels, amount)
    return known.get(channel or members.channel_of(connection, phone) or "") or known[channels.usual]


def fitting(rt: Runtime, connection: Connection, phone: str, amount: int) -> Place:
    """Where this phone pays `amount` rupiah when nobody can be asked: a place that takes it.

    Raises BelowMinimum when none does.
    """
    first = wanted(rt, connection, phone, amount)
    channels = publishing.channels(rt, publishing.newest(rt))
    known = places(rt, channels, amount)
    for place in (first, known[channels.usual], *known.values()):
        if place.takes:
            return place
    raise BelowMinimum(first)


def offered(rt: Runtime, _connection: Connection, caller: Caller, *, total: int) -> FactValue:
    """Every place that takes a sum of `total` rupiah, with the fee and what is to be paid there with it."""
    known = places(rt, publishing.channels(rt, caller.documents), total)
    return FactValue(
        rows=tuple(
            {"key": place.key, "name": place.channel.name, "fee": place.fee, "total": place.total}
            for place in known.values()
            if place.takes
        )
    )


def for_sum(rt: Runtime, connection: Connection, caller: Caller, *, total: int) -> FactValue:
    """Where this phone would pay a sum of `total` rupiah, and what it would be there with the fee."""
    place = wanted(rt, connection, caller.phone, total)
    return FactValue(
        {
            "takes": place.takes,
            "name": place.channel.name,
            "fee": place.fee,
            "total": place.total,
            "minimum": place.channel.minimum,
        }
    )
