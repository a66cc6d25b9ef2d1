"""Whoever paid is told what became of it, and whoever was paid for is told by whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from ussd_app.domain.ledger import Payer
from ussd_app.engine.kinds import Value
from ussd_app.runtime import Runtime
from ussd_app.services import billing, outbox
from ussd_app.services.outbox import Letter
from ussd_app.services.progress import towards
from ussd_app.services.words import MOST_PEOPLE, shown_name
from ussd_app.storage import contributions, members
from ussd_app.storage import ledger as books
from ussd_app.storage.orders import Line


@dataclass(frozen=True)
class Paid:
    """A payment of `amount` rupiah that has been posted, and where its receipt goes.

    `again` tells a later receipt of the same payment from its first.
    """

    order_id: str
    payer: Payer
    amount: int
    phone: str
    language: str
    again: str = ""


def thank(rt: Runtime, connection: Connection, paid: Paid, bought: Sequence[Line]) -> None:
    """The payer's receipt, and a text to each person a sponsor has paid for."""
    used = sum(line.amount for line in bought)
    values: dict[str, Value] = {"total": used or paid.amount, "order": paid.order_id}
    kept = books.credit(connection, paid.payer)
    if kept > 0:
        values["kept"] = kept
    if paid.payer.sponsor_id is not None and used:
        values["name"] = _tell_everybody(rt, connection, paid, bought)
        values["people"] = min(len({line.member_id for line in bought}), MOST_PEOPLE)
        _write(rt, connection, paid, "sponsor_receipt" + _kept(kept), values)
        return
    values["name"] = billing.payer_name(connection, paid.payer)
    if used:
        values["months"] = [month.isoformat() for month in sorted({line.month for line in bought})]
        _write(rt, connection, paid, "receipt" + _kept(kept), values)
    elif _is_barred(connection, paid.payer):
        _write(rt, connection, paid, "received_more", {**values, "total": paid.amount})
    elif rt.settings.savings and paid.payer.member_id is not None:
        _write(rt, connection, paid, "savings_progress", values | towards(rt, connection, paid.payer.member_id).fields)
    else:
        _write(rt, connection, paid, "credit_kept", {**values, "kept": max(kept, 0)})


def _kept(kept: int) -> str:
    return "_kept" if kept > 0 else ""


def _is_barred(connection: Connection, payer: Payer) -> bool:
    return payer.member_id is not None and bool(contributions.barred_among(connection, [payer.member_id]))


def _write(rt: Runtime, connection: Connection, paid: Paid, message: str, values: dict[str, Value]) -> None:
    letter = Letter(f"receipt:{paid.order_id}{paid.again}", paid.phone, paid.language, values)
    outbox.write_many(rt, connection, message, [letter])


def _tell_everybody(rt: Runtime, connection: Connection, paid: Paid, bought: Sequence[Line]) -> str:
    """Each person learns who paid and until when; the name of the sponsor."""
    name = billing.payer_name(connection, paid.payer)
    outbox.write_many(rt, connection, "paid_for", list(_letters(connection, paid, bought, name)))
    return name


def _letters(connection: Connection, paid: Paid, bought: Sequence[Line], sponsor: str) -> Iterator[Letter]:
    until: dict[int, date] = {}
    for line in bought:
        until[line.member_id] = max(line.month, until.get(line.member_id, line.month))
    for person in members.addressed(connection, list(until)):
        values: dict[str, Value] = {
            "name": shown_name(person.name),
            "sponsor": sponsor,
            "until": [until[person.id].isoformat()],
        }
        yield Letter(f"paid_for:{paid.order_id}:{person.id}", person.phone, person.language, values)
