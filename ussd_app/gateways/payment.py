"""What we need of a company that collects money for a code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from ussd_app.errors import SertakanError

State = Literal["pending", "settled", "expired", "cancelled", "denied", "refunded", "charged_back", "missing"]


class BadSignature(SertakanError):
    """A notification that the company did not sign."""


@dataclass(frozen=True)
class PayCode:
    """A code a person says at the till: `channel` names where it can be paid, `expires_at` is UTC."""

    order_id: str
    code: str
    channel: str
    expires_at: datetime


@dataclass(frozen=True)
class TakenBack:
    """Money of a settled order that went back to whoever paid, whole rupiah; `key` names this one event."""

    key: str
    amount: int


@dataclass(frozen=True)
class PaymentStatus:
    """What the company says of an order now; `missing` means it knows no such order.

    `amount` is what was or is to be paid, whole rupiah; `taken_back` all that has gone back of it since.
    """

    order_id: str
    state: State
    amount: int
    transaction_id: str | None = None
    taken_back: tuple[TakenBack, ...] = ()


class PaymentGateway(Protocol):
    """Makes pay codes and tells whether they were paid."""

    @property
    def name(self) -> str:
        """Stands beside each pay code and notification."""
        ...

    @property
    def takes_any_amount(self) -> bool:
        """Whether a code can be made that takes any sum, as often as people like."""
        ...

    @property
    def keeps_fees(self) -> bool:
        """Whether it keeps the fee of the channel from what is paid."""
        ...

    def charge(
        self, order_id: str, amount: int, expires_at: datetime, channel: str, *, open_amount: bool = False
    ) -> PayCode:
        """A pay code for `amount` rupiah. The same `order_id` again gives the code it already has.

        With `open_amount`, only where `takes_any_amount`, each payment of the code is an order `ORDER.1`, `ORDER.2` …

        Raises GatewayTemporary, GatewayPermanent, or GatewayUnknown (it may exist: call again, same order).
        """
        ...

    def cancel(self, order_id: str) -> None:
        """Let nobody pay an order any more; one that is paid, expired or unknown stays as it is.

        Raises GatewayTemporary when it must be tried again.
        """
        ...

    def status(self, order_id: str) -> PaymentStatus:
        """What became of an order. Raises GatewayTemporary when the company cannot be asked now."""
        ...

    def order_of(self, notification: bytes) -> str:
        """The order a notification speaks of, once its signature is verified.

        Raises BadSignature, or BadRequest naming the missing field.
        """
        ...
