"""Somebody calls because a text did not come: the office has the pay code or the receipt sent once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import gsm7
from ussd_app.domain.ledger import Payer
from ussd_app.engine.messages import REPEATED
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import audit, lookup
from ussd_app.storage import ledger as books
from ussd_app.storage import members, orders, outbox, resending, sponsors
from ussd_app.storage.outbox import Outgoing
from ussd_app.storage.resending import Text

Which = Literal["code", "receipt"]
# The texts with a pay code; the key of each ends with the code's number.
CODES = ("pay_code", "pay_code_with_fee", "pay_code_people", "savings_code", "savings_code_any")
# How long the one that was sent just now may still be on its way.
PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True)
class Recipient:
    """Whose text it is, and where it goes."""

    payer: Payer
    phone: str

    @property
    def what(self) -> str:
        """What the audit log calls them."""
        return f"member {self.payer.member_id}" if self.payer.member_id else f"sponsor {self.payer.sponsor_id}"


def recipient(connection: Connection, payer: Payer) -> Recipient:
    """A member who is here, or a sponsor, with the phone they use now. Raises NotAllowedNow."""
    if payer.member_id is None:
        return Recipient(payer, sponsors.by_id(connection, payer.sponsor_id or 0).phone)
    member = members.by_id(connection, payer.member_id)
    if member.state != "here":
        raise NotAllowedNow(f"member {member.id} is no member any more", "left_already")
    return Recipient(payer, member.person.phone)


def resend(rt: Runtime, payer: Payer, which: Which, reason: str, by: str, address: str) -> None:
    """Send the text with the open pay code, or with the last receipt, once more to the phone they use now.

    Raises Refused("reason"), NotAllowedNow when there is no such text, or it was sent a moment ago.
    """
    why = lookup.reason_of(reason)
    with rt.db.begin() as connection:
        to = recipient(connection, payer)
        books.lock(connection, payer)
        found = _code(connection, payer) if which == "code" else _receipt(connection, to)
        if found is None or not found.text:
            raise NotAllowedNow(f"there is no {which} to be sent again", f"no_{which}")
        times, last = resending.sent_again(connection, found.key)
        now = rt.clock()
        if now - max(filter(None, (last, found.created_at))) < PATIENCE:
            raise NotAllowedNow("this text was sent a moment ago", "just_sent", minutes=int(PATIENCE.seconds / 60))
        words = REPEATED + found.text.removeprefix(REPEATED)
        key = f"{found.key}{resending.MARK}{times + 1}"
        size = gsm7.size(words).segments
        outbox.add(connection, Outgoing(key, found.lane, to.phone, words, size, found.pay, found.message), now)
        about = {"text": found.message, "reason": why}
        audit.note(rt, connection, by, "text.resent", to.what, after=about, address=address)
    rt.queues.enqueue(queues.RELAY, found.lane)


def _code(connection: Connection, payer: Payer) -> Text | None:
    for kind in ("contributions", "deposit"):
        code = orders.newest(connection, payer, kind)
        if code is not None and code.state == "open":
            return resending.text_of(connection, [f"{message}:{code.id}" for message in CODES])
    return None


def _receipt(connection: Connection, to: Recipient) -> Text | None:
    """The last receipt of this payer: of those who share a phone each has their own."""
    wanted: Sequence[str] = books.paid_orders(connection, to.payer)
    return resending.text_of(connection, [f"receipt:{order}" for order in wanted])
