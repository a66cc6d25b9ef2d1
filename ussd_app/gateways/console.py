"""The three outside companies as the simulator plays them: SMS that appear on the page, a till, an institution.

They stand where the real ones stand, keep their own books, and are asked in the same way; nothing behind the
Protocols knows the difference.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, Engine, text

from ussd_app.errors import BadRequest, Refused
from ussd_app.gateways.institution import Application, Filing, PaidMonth
from ussd_app.gateways.messaging import MOST_RECIPIENTS, Handed
from ussd_app.gateways.payment import BadSignature, PayCode, PaymentStatus

Clock = Callable[[], datetime]


class ConsoleMessaging:
    """SMS that only the simulator shows: handed over is received."""

    name = "console"
    most_recipients = MOST_RECIPIENTS

    def send(self, text: str, phones: Sequence[str]) -> Mapping[str, Handed]:
        """Every number receives the text at once."""
        return {phone: Handed("sent", message_id=f"console-{_short(text, phone)}") for phone in phones}


class ConsoleTill:
    """A shop where a pay code is paid in cash, with a company behind it that signs notifications."""

    name = "console"

    def __init__(self, engine: Engine, secret: str, clock: Clock) -> None:
        self._engine = engine
        self._secret = secret
        self._clock = clock

    @property
    def takes_any_amount(self) -> bool:
        """The till takes what people have."""
        return True

    @property
    def keeps_fees(self) -> bool:
        """Play money costs nothing."""
        return False

    def charge(
        self, order_id: str, amount: int, expires_at: datetime, channel: str, *, open_amount: bool = False
    ) -> PayCode:
        """A twelve-digit code, always the same one for the same order."""
        code = str(int(_short(self._secret, order_id), 16))[-12:].rjust(12, "7")
        with self._engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO console_charges (order_id, code, amount, channel, expires_at, open_amount) "
                    "VALUES (:order, :code, :amount, :channel, :expires, :open) ON CONFLICT (order_id) DO NOTHING"
                ),
                {
                    "order": order_id,
                    "code": code,
                    "amount": amount,
                    "channel": channel,
                    "expires": expires_at,
                    "open": open_amount,
                },
            )
            row = connection.execute(
                text("SELECT code, expires_at FROM console_charges WHERE order_id = :order"),
                {"order": order_id},
            ).one()
        return PayCode(order_id, row.code, channel, row.expires_at)

    def cancel(self, order_id: str) -> None:
        """The till takes no more money for this order."""
        with self._engine.begin() as connection:
            connection.execute(
                text(
                    "UPDATE console_charges SET cancelled_at = :now WHERE order_id = :order "
                    "AND paid_at IS NULL AND cancelled_at IS NULL"
                ),
                {"order": order_id, "now": self._clock()},
            )

    def status(self, order_id: str) -> PaymentStatus:
        """Paid, waiting, expired, cancelled, or unknown to the till."""
        with self._engine.connect() as connection:
            row = connection.execute(
                text(
                    "SELECT amount, expires_at, paid_at, cancelled_at FROM console_charges WHERE order_id = :order "
                    "UNION ALL SELECT amount, paid_at, paid_at, NULL FROM console_payments WHERE order_id = :order"
                ),
                {"order": order_id},
            ).one_or_none()
        if row is None:
            return PaymentStatus(order_id, "missing", 0)
        if row.paid_at:
            return PaymentStatus(order_id, "settled", row.amount, transaction_id=f"till-{order_id}")
        if row.cancelled_at:
            return PaymentStatus(order_id, "cancelled", row.amount)
        return PaymentStatus(order_id, "expired" if row.expires_at < self._clock() else "pending", row.amount)

    def order_of(self, notification: bytes) -> str:
        """The order of a notification that `pay` made."""
        try:
            fields = json.loads(notification)
            signature, order = str(fields["signature_key"]), str(fields["order_id"])
            signed = self._sign(order, str(fields["status_code"]), str(fields["gross_amount"]))
        except KeyError as missing:
            raise BadRequest(f"{missing.args[0]} is missing") from None
        except (ValueError, TypeError):
            raise BadRequest("the body is not a JSON object") from None
        if not hmac.compare_digest(signature.encode(), signed.encode()):
            raise BadSignature(order)
        return order

    def pay(self, code: str, amount: int) -> bytes:
        """Somebody pays a code in cash; the notification that the company then sends.

        Raises Refused with `unknown_code`, `already_paid`, `expired`, `cancelled`, `wrong_amount` or `amount`.
        """
        now = self._clock()
        with self._engine.begin() as connection:
            row = connection.execute(
                text("SELECT * FROM console_charges WHERE code = :code FOR UPDATE"), {"code": code}
            ).one_or_none()
            if row is None:
                raise Refused("unknown_code")
            if row.paid_at:
                raise Refused("already_paid")
            if row.expires_at < now:
                raise Refused("expired")
            if row.cancelled_at:
                raise Refused("cancelled")
            if row.open_amount and amount <= 0:
                raise Refused("amount")
            if row.open_amount:
                return self._notification(self._one_more(connection, row.order_id, code, amount), amount)
            if row.amount != amount:
                raise Refused("wrong_amount", amount=row.amount)
            connection.execute(
                text("UPDATE console_charges SET paid_at = :now WHERE code = :code"),
                {"code": code, "now": now},
            )
        return self._notification(row.order_id, amount)

    def _one_more(self, connection: Connection, order_id: str, code: str, amount: int) -> str:
        """A payment of a code that takes any amount: an order of its own. The code's row is locked."""
        paid = connection.execute(text("SELECT count(*) FROM console_payments WHERE code = :code"), {"code": code})
        order = f"{order_id}.{paid.scalar_one() + 1}"
        connection.execute(
            text(
                "INSERT INTO console_payments (order_id, code, amount, paid_at) VALUES (:order, :code, :amount, :now)"
            ),
            {"order": order, "code": code, "amount": amount, "now": self._clock()},
        )
        return order

    def notification_again(self, code: str) -> bytes:
        """The company repeats its notification of a paid code until it is heard: the very same bytes."""
        with self._engine.connect() as connection:
            row = connection.execute(
                text("SELECT order_id, amount FROM console_charges WHERE code = :code AND paid_at IS NOT NULL"),
                {"code": code},
            ).one()
        return self._notification(row.order_id, row.amount)

    def _notification(self, order_id: str, amount: int) -> bytes:
        gross = f"{amount}.00"
        fields = {
            "order_id": order_id,
            "status_code": "200",
            "gross_amount": gross,
            "transaction_status": "settlement",
            "transaction_id": f"till-{order_id}",
            "payment_type": "cstore",
            "signature_key": self._sign(order_id, "200", gross),
        }
        return json.dumps(fields).encode()

    def _sign(self, order: str, status: str, gross: str) -> str:
        return hashlib.sha512(f"{order}{status}{gross}{self._secret}".encode()).hexdigest()


class ConsoleInstitution:
    """An institution that accepts everybody and confirms every contribution at once."""

    name = "console"
    by_file = False

    def file(self, application: Application) -> Filing:
        """Accepted, with an eleven-digit number that is always the same for the same registration."""
        number = int(hashlib.sha256(application.nik.encode()).hexdigest(), 16) % 10**10
        return Filing("accepted", member_number=f"2{number:010d}")

    def remit(self, reference: str, months: Sequence[PaidMonth]) -> Literal["confirmed", "waiting"]:
        """Confirmed, always."""
        return "confirmed"


def _short(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
