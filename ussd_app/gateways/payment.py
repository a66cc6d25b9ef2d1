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
class PaymentStatus:
    """What the company says of an order now; `amount` is whole rupiah, `missing` means it knows no such order."""

    order_id: str
    state: State
    amount: int
    transaction_id: str | None = None


class PaymentGateway(Protocol):
    """Makes pay codes and tells whether they were paid."""

    @property
    def name(self) -> str:
        """Stands beside each pay code and notification."""
        ...

    def charge(self, order_id: str, amount: int, expires_at: datetime, channel: str) -> PayCode:
        """A pay code for `amount` rupiah. The same `order_id` again gives the code it already has.

        Raises GatewayTemporary, GatewayPermanent, or GatewayUnknown (it may exist: call again, same order).
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
