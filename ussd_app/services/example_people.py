"""People who do not exist, for looking at a menu before anybody dials it: what is true of each, fact by fact."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import cast

from sqlalchemy import Connection

from ussd_app.domain import calendar
from ussd_app.engine.kinds import Kind, Value
from ussd_app.engine.turn import FactKey, FactValue, Row
from ussd_app.errors import SertakanError
from ussd_app.runtime import Runtime
from ussd_app.services import channels, facts, publishing
from ussd_app.services.callers import Caller
from ussd_app.services.words import VOCABULARY

NAME = "Siti Aminah"
SPONSOR = "Budi Santoso"
PHONE = "+620000000000"
# How a member may stand, in days before today that the last paid month ended and the next payment falls due.
STATES: Mapping[str, tuple[int, int]] = {
    "active": (-20, -35),
    "received": (-40, -55),
    "due": (5, -10),
    "arrears": (40, 25),
    "lapsed": (130, 115),
    "refused": (0, 0),
    "unpaid": (0, 0),
}
# Everybody there is to choose from on a page, in this order.
PEOPLE = ("guest", *STATES, "left", "sponsor", "invited", "family", "saver")
_PLAN: Mapping[str, Value] = {"sector": "household", "package": "jkk_jkm", "wage": 1_000_000}
# What these functions find out, they find out from the published rates and channels alone.
_FROM_RATES: Mapping[str, Callable[..., FactValue]] = {
    name: facts.FACTS[name] for name in ("quote", "wages", "places", "price_lines", "price_line", "channels")
}
# Of a member's own dues: the same as somebody with their plan is quoted.
_OWN = {"dues": "quote", "dues_lines": "price_lines", "dues_line": "price_line"}


def look_up(rt: Runtime, person: str, caller: Caller, key: FactKey) -> FactValue:
    """What a fact is for one of PEOPLE. Reads nothing but published documents."""
    given = _known(person, caller.today).get(key.fact)
    if given is not None:
        return given
    arguments = dict(key.arguments)
    nobody = cast(Connection, None)
    try:
        if key.fact in _FROM_RATES:
            return _FROM_RATES[key.fact](rt, nobody, caller, **arguments)
        if key.fact in _OWN:
            return _FROM_RATES[_OWN[key.fact]](rt, nobody, caller, **_PLAN, **arguments)
        if key.fact == "paying":
            return _paying(rt, caller, arguments["total"])
    except (SertakanError, LookupError, ValueError, TypeError):
        pass  # a draft may ask with answers that no rate knows: then an example has to do
    return example(key.fact, caller.today)


def _paying(rt: Runtime, caller: Caller, total: Value) -> FactValue:
    known = publishing.channels(rt, caller.documents)
    place = channels.places(rt, known, int(str(total)))[known.usual]
    shown: dict[str, Value] = {
        "name": place.channel.name,
        "fee": place.fee,
        "total": place.total,
        "minimum": place.channel.minimum,
    }
    return FactValue({"takes": place.takes, **shown})


def example(fact: str, today: date) -> FactValue:
    """A fact with something plausible in every field, for whoever it is not said for."""
    spec = VOCABULARY.facts[fact]
    row = {name: of_kind(kind, name, today) for name, kind in spec.rows.items()}
    return FactValue({name: of_kind(kind, name, today) for name, kind in spec.gives.items()}, (row,) if row else ())


def of_kind(kind: Kind, name: str, today: date) -> Value:
    """An example of a value, never longer than its kind allows."""
    if kind.name == "months":
        return [month.isoformat() for month in calendar.months_from(calendar.month_of(today), 1)]
    examples: dict[str, Value] = {
        "flag": True,
        "money": 16_800,
        "date": (today + timedelta(days=20)).isoformat(),
        "count": 1,
    }
    if kind.name in examples:
        return examples[kind.name]
    words = {"name": NAME, "code": "8808123456789012", "channel": "Alfamart", "state": "active", "sponsor": SPONSOR}
    return words.get(name.split(".")[-1], "contoh")[: len(str(kind.longest))]


def _known(person: str, today: date) -> Mapping[str, FactValue]:
    """What is said of a person; everything else is found out, or an example."""
    nothing, no = FactValue({"found": False}), FactValue({"choose": False, "left": False})
    unset: dict[str, Value] = dict.fromkeys(VOCABULARY.facts["savings"].gives)
    told = {
        "member": nothing,
        "people": no,
        "security": nothing,
        "invitation": nothing,
        "sponsor": nothing,
        "my_sponsors": nothing,
        "pay_code": nothing,
        "sponsor_code": nothing,
        "paid": FactValue(),
        "sponsored": FactValue(),
        "markable": FactValue({"picked": 0}),
        "savings": FactValue({**unset, "on": False}),
        "reminders": FactValue({"wanted": True}),
        "information": FactValue({"wanted": True}),
    }
    if person in STATES or person in ("family", "saver"):
        told |= _of_a_member(person if person in STATES else "active", today)
    return told | _special(person, today)


def _of_a_member(state: str, today: date) -> dict[str, FactValue]:
    ended, due = STATES[state]
    paid = state not in ("unpaid", "refused")
    until = (today - timedelta(days=ended)).isoformat() if paid else None
    member = example("member", today).fields
    told = {
        **member,
        **_PLAN,
        "state": state,
        "paid_until": until,
        "active_until": until if state == "active" else None,
        "due": (today - timedelta(days=due)).isoformat(),
        "reason": "NIK dan nama tidak cocok" if state == "refused" else "",
    }
    month = FactValue(rows=({"month": [calendar.month_of(today).isoformat()], "amount": 16_800},))
    guarded = {"found": True, "pin": False, "asks_pin": False, "moving": False, "moves_on": None}
    return {
        "member": FactValue(told),
        "security": FactValue(guarded),
        "people": FactValue({"choose": False, "left": False}, ({"id": 1, "name": NAME},)),
        "paid": month if paid else FactValue(),
        **({"pay_code": example("pay_code", today)} if state in ("due", "unpaid") else {}),
    }


def _special(person: str, today: date) -> dict[str, FactValue]:
    """What sets somebody apart from a guest or a member."""
    if person == "left":
        return {"people": FactValue({"choose": False, "left": True})}
    if person == "family":
        two: tuple[Row, ...] = ({"id": 1, "name": NAME}, {"id": 2, "name": SPONSOR})
        return {"people": FactValue({"choose": True, "left": False}, two)}
    if person == "saver":
        return {"savings": FactValue({**example("savings", today).fields, "any_amount": False, "ready": False})}
    if person == "invited":
        return {"invitation": FactValue({**example("invitation", today).fields, "package": "jkk_jkm"})}
    if person == "sponsor":
        names = ("sponsor", "sponsor_code", "sponsored", "markable", "bill")
        return {name: example(name, today) for name in names}
    return {}
