"""Outside companies that do what a test tells them to, and remember what they were asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ussd_app.errors import GatewayError
from ussd_app.gateways.institution import Application, Filing, PaidMonth
from ussd_app.gateways.messaging import Handed
from ussd_app.gateways.payment import PayCode, PaymentStatus, State, TakenBack

ACCEPTED = Filing("accepted", member_number="21234567890")


@dataclass
class Post:
    """Takes SMS. `says` holds the answer for a number, `fails` is raised for the whole call, `forgets` left out."""

    name: str = "post"
    says: dict[str, Handed] = field(default_factory=dict)
    fails: Exception | None = None
    forgets: set[str] = field(default_factory=set)
    calls: list[tuple[str, list[str]]] = field(default_factory=list)
    most_recipients: int = 100

    def send(self, text: str, phones: Sequence[str]) -> Mapping[str, Handed]:
        """Remember the call, then fail or answer as told."""
        self.calls.append((text, list(phones)))
        if self.fails:
            raise self.fails
        return {
            phone: self.says.get(phone, Handed("sent", message_id=f"{len(self.calls)}-{phone}"))
            for phone in phones
            if phone not in self.forgets
        }

    @property
    def reached(self) -> list[str]:
        """Every number in every call."""
        return [phone for _, phones in self.calls for phone in phones]


@dataclass
class Till:
    """Makes pay codes and says of every order what it is told to; any JSON with an `order_id` is a notification."""

    name: str = "till"
    state: State = "settled"
    amount: int = 0
    fails: GatewayError | None = None
    taken_back: tuple[TakenBack, ...] = ()
    charged: list[str] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    keeps_fees: bool = False

    @property
    def takes_any_amount(self) -> bool:
        """Not this one."""
        return False

    def charge(
        self,
        order_id: str,
        amount: int,  # noqa: ARG002
        expires_at: datetime,
        channel: str,
        *,
        open_amount: bool = False,  # noqa: ARG002
    ) -> PayCode:
        """A code, always the same one for an order."""
        self.charged.append(order_id)
        if self.fails:
            raise self.fails
        return PayCode(order_id, f"77{order_id[-6:]}", channel, expires_at)

    def status(self, order_id: str) -> PaymentStatus:
        """What the test has said of it."""
        self.asked.append(order_id)
        if self.fails:
            raise self.fails
        return PaymentStatus(order_id, self.state, self.amount, taken_back=self.taken_back)

    def cancel(self, order_id: str) -> None:
        """Remembered."""
        self.cancelled.append(order_id)
        if self.fails:
            raise self.fails

    def order_of(self, notification: bytes) -> str:
        """The order; nothing is signed here."""
        return str(json.loads(notification)["order_id"])


@dataclass
class Office:
    """An institution that answers as it is told."""

    name: str = "office"
    by_file: bool = False
    filing: Filing = ACCEPTED
    remitting: Literal["confirmed", "waiting"] = "confirmed"
    fails: GatewayError | None = None
    filed: list[Application] = field(default_factory=list)
    remitted: list[tuple[str, list[PaidMonth]]] = field(default_factory=list)

    def file(self, application: Application) -> Filing:
        """The answer the test has chosen."""
        self.filed.append(application)
        if self.fails:
            raise self.fails
        return self.filing

    def remit(self, reference: str, months: Sequence[PaidMonth]) -> Literal["confirmed", "waiting"]:
        """The answer the test has chosen."""
        self.remitted.append((reference, list(months)))
        if self.fails:
            raise self.fails
        return self.remitting
