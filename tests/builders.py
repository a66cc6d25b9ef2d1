"""Whatever a test needs to be there before it begins; every builder has defaults for all that does not matter."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import yaml
from sqlalchemy import text

from ussd_app.domain import gsm7, ledger
from ussd_app.domain.ledger import Payer
from ussd_app.domain.sending import sending_from
from ussd_app.gateways.africastalking_callbacks import DIALECT
from ussd_app.gateways.ussd import Keypress
from ussd_app.runtime import Runtime
from ussd_app.services import accounts, dialing, payments, publishing
from ussd_app.services.dialing import Reply
from ussd_app.storage import ledger as books
from ussd_app.storage import members, outbox, sponsors
from ussd_app.storage import orders as codes
from ussd_app.storage.members import Member, Person
from ussd_app.storage.orders import Line, Order, PayCode
from ussd_app.storage.outbox import Outgoing
from ussd_app.storage.sponsors import Sponsor

PHONE = "+6281234567890"
NIK = "3174054508880003"
BORN = "05081988"
NAME = "Siti Aminah"
NOVEMBER = date(2026, 11, 1)
PRICE = 8_400

# From the first screen to the question whether they agree, for one month; "1" is then yes.
TO_CONSENT = ("1", NIK, BORN, NAME, "1", "1", "2")
AGREE = "1"
CONSENT = (
    "Nov 2026: 1x 8.400 = Rp8.400. Setuju daftar & kirim data ke BPJS TK?\n1. Setuju\n2. Batal\n3. Rincian\n0. Kembali"
)
REGISTERED = "Terima kasih! SMS berisi kode bayar segera datang"


def rows(rt: Runtime, query: str, **values: object) -> list[Mapping[str, Any]]:
    """What the database answers to a query, each row by name."""
    with rt.db.connect() as connection:
        return [dict(row) for row in connection.execute(text(query), values).mappings()]


def count(rt: Runtime, table: str) -> int:
    """How many rows a table has."""
    return int(rows(rt, f"SELECT count(*) AS n FROM {table}")[0]["n"])  # noqa: S608  # a name from a test


def execute(rt: Runtime, statement: str, **values: object) -> None:
    """Change something in the database behind everybody's back."""
    with rt.db.begin() as connection:
        connection.execute(text(statement), values)


def a_nik(serial: int = 3) -> str:
    """A valid NIK of somebody born on 5 August 1988; another serial is another person."""
    return f"317405450888{serial:04}"


def a_person(
    *,
    phone: str = PHONE,
    name: str = NAME,
    language: str = "id",
    sector: str = "household",
    package: str = "jkk_jkm",
    wage: int = 1_000_000,
) -> Person:
    """What somebody has told."""
    return Person(
        name=name,
        born=date(1988, 8, 5),
        phone=phone,
        language=language,
        zone="Asia/Jakarta",
        sector=sector,
        workplace="DKI Jakarta",
        package=package,
        wage=wage,
    )


def a_member(rt: Runtime, *, phone: str = PHONE, nik: str = NIK, **told: Any) -> Member:
    """Somebody in the books whom nobody has filed with the institution yet."""
    with rt.db.begin() as connection:
        member_id = members.add(connection, rt.vault, nik, a_person(phone=phone, **told), NOVEMBER, rt.clock())
        assert member_id is not None, "this NIK is taken"
        return members.by_id(connection, member_id)


def a_registration(rt: Runtime, member: Member) -> int:
    """A registration that waits to be filed."""
    with rt.db.begin() as connection:
        return members.add_registration(connection, member.id, "a dialogue", rt.clock())


def a_registered_member(
    rt: Runtime, *, phone: str = PHONE, nik: str = NIK, member_number: str = "21234567890", **told: Any
) -> Member:
    """Somebody whom the institution has accepted."""
    member = a_member(rt, phone=phone, nik=nik, **told)
    registration = a_registration(rt, member)
    with rt.db.begin() as connection:
        members.settle_registration(connection, registration, "confirmed", "", rt.clock(), rt.clock())
        members.set_member_number(connection, member.id, member_number)
        return members.by_id(connection, member.id)


def an_order(
    rt: Runtime,
    member: Member,
    *,
    months: Sequence[date] = (NOVEMBER,),
    order_id: str = "SRT-1",
    price: int = PRICE,
) -> int:
    """A wish for a pay code."""
    person = member.person
    order = Order(
        order_id=order_id,
        phone=person.phone,
        language=person.language,
        channel="indomaret",
        payer=Payer(member.id),
        rates_version="2026-11:2026-11",
        lines=tuple(Line(member.id, month, person.package, person.wage, price) for month in months),
    )
    with rt.db.begin() as connection:
        number = codes.add(connection, order, rt.clock())
    assert number is not None, "there is such an order already"
    return number


def a_pay_code(
    rt: Runtime,
    member: Member,
    *,
    months: Sequence[date] = (NOVEMBER,),
    order_id: str = "SRT-1",
    price: int = PRICE,
) -> PayCode:
    """A code that can be paid for three days; the simulator's till knows it as well."""
    number = an_order(rt, member, months=months, order_id=order_id, price=price)
    expires = rt.clock() + timedelta(days=3)
    made = rt.payment.charge(order_id, price * len(months), expires, "indomaret")
    with rt.db.begin() as connection:
        codes.made(connection, number, rt.payment.name, made.code, expires)
        found = codes.by_order(connection, order_id)
    assert found is not None
    return found


def a_paid_member(rt: Runtime, *, months: Sequence[date] = (NOVEMBER,), **told: Any) -> Member:
    """Somebody the institution has accepted, with months that are paid and not yet handed over."""
    member = a_registered_member(rt, **told)
    code = a_pay_code(rt, member, months=months, order_id=f"SRT-{member.id}")
    order = code.order
    with rt.db.begin() as connection:
        books.post(connection, ledger.settlement(order.order_id, order.payer, order.total), rt.clock())
        accounts.allocate(rt, connection, order, order.order_id)
        codes.mark_paid(connection, code.id, rt.clock())
    return member


def a_notification(rt: Runtime, order_id: str = "SRT-1", **fields: object) -> int:
    """A notification that has been kept and that nobody has looked into; for a Till of the tests."""
    before = {row["id"] for row in rows(rt, "SELECT id FROM payment_notifications")}
    payments.receive(rt, json.dumps({"order_id": order_id, **fields}).encode())
    (fresh,) = (row["id"] for row in rows(rt, "SELECT id FROM payment_notifications") if row["id"] not in before)
    return int(fresh)


def an_sms(
    rt: Runtime, *, phone: str = PHONE, words: str = "Halo", key: str = "", lane: str = "urgent", due_in: int = 0
) -> int:
    """A row in the outbox; without a key of its own it is one more SMS."""
    key = key or f"test:{count(rt, 'outbox')}:{phone}"
    with rt.db.begin() as connection:
        due = rt.clock() + timedelta(seconds=due_in)
        outbox.add(connection, Outgoing(key, lane, phone, words, gsm7.size(words).segments), due)
    return int(rows(rt, "SELECT id FROM outbox WHERE key = :key", key=key)[0]["id"])


def a_keypress(said: str = "", *, session: str = "at:s1", phone: str = PHONE, code: str = "*777#") -> Keypress:
    """A request of the gateway: `said` is all that was typed so far."""
    return Keypress(session=session, phone=phone, service_code=code, network="51010", text=said, dialect=DIALECT)


def typed(rt: Runtime, *answers: str, session: str = "at:s1", phone: str = PHONE) -> Reply:
    """Somebody dials and answers screen by screen; the last screen."""
    reply = dialing.press(rt, a_keypress("", session=session, phone=phone))
    for number in range(len(answers)):
        text = "*".join(answers[: number + 1])
        reply = dialing.press(rt, a_keypress(text, session=session, phone=phone))
    return reply


def shipped(name: str, file: str | None = None) -> str:
    """The text of a file as the service ships it."""
    from tests.conftest import MENUS

    return publishing.files_of(MENUS)[name][file or f"{name}.yaml"]


def with_sending(rt: Runtime, **changed: object) -> Runtime:
    """The same house with other rules for texts than it ships, without publishing anything."""
    rules = sending_from(yaml.safe_load(shipped("sending")) | changed)
    version = publishing.newest(rt)["sending"].version
    return replace(rt, compiled=rt.compiled | {("sending", version): rules})


def dearer_rates(rt: Runtime) -> int:
    """New rates are published: there is no discount any more, so that November costs Rp16.800."""
    dearer = shipped("rates").replace('version: "2026-11"', 'version: "2026-12"').split("discounts:")[0]
    return publishing.publish(rt, "rates", {"rates.yaml": dearer}, by="test")


def some_members(rt: Runtime, number: int, *, first: int = 5) -> list[Member]:
    """People whom the institution has accepted, each with a phone; their NIK's serials begin with `first`."""
    serials = range(first, first + number)
    return [
        a_registered_member(rt, phone=f"+6281290{one:06}", nik=a_nik(one), name="Budi Santoso", member_number=str(one))
        for one in serials
    ]


def a_sponsor(rt: Runtime, *, phone: str = "+6281299999999", name: str = "Bu Rini") -> Sponsor:
    """Somebody who pays for others."""
    with rt.db.begin() as connection:
        return sponsors.add(connection, phone, name, "person", "id", rt.clock())


def a_basket(
    rt: Runtime,
    people: Sequence[Member],
    *,
    months: Sequence[date] = (NOVEMBER,),
    order_id: str = "SRT-B",
    price: int = PRICE,
) -> Order:
    """A sponsor's code for some months of each of these people."""
    sponsor = a_sponsor(rt)
    order = Order(
        order_id=order_id,
        phone=sponsor.phone,
        language="id",
        channel="indomaret",
        payer=Payer(sponsor_id=sponsor.id),
        rates_version="2026-11:2026-11",
        lines=tuple(
            Line(one.id, month, one.person.package, one.person.wage, price) for one in people for month in months
        ),
    )
    expires = rt.clock() + timedelta(days=3)
    made = rt.payment.charge(order_id, order.total, expires, "indomaret")
    with rt.db.begin() as connection:
        number = codes.add(connection, order, rt.clock())
        assert number is not None, "there is such a basket already"
        codes.made(connection, number, rt.payment.name, made.code, expires)
    return order
