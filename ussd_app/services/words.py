"""The vocabulary that menus and messages are checked against: every fact, effect and message the code knows."""

from __future__ import annotations

from ussd_app.engine.kinds import DATE, FLAG, MONEY, MONTH, MONTHS, RUN, count, text
from ussd_app.engine.vocabulary import EffectSpec, FactSpec, Vocabulary

MOST_NAME = 30
NAME = text(MOST_NAME)
CODE = text(24)

# `each` explains a total month by month: "2x Rp8.400 + 1x Rp16.800".
PRICE = {"total": MONEY, "normal": MONEY, "each": text(30), "months": RUN, "version": text(48)}

FACTS = {
    "member": FactSpec(
        takes=(),
        gives={
            "found": FLAG,
            "name": NAME,
            "state": text(8),
            "active_until": DATE,
            "paid_until": DATE,
            "due": DATE,
            "number": text(11),
            "sector": text(12),
            "package": text(12),
            "wage": MONEY,
        },
    ),
    "quote": FactSpec(takes=("sector", "package", "wage", "months"), gives=PRICE),
    "dues": FactSpec(takes=("months",), gives=PRICE),
    "wages": FactSpec(takes=("sector", "package"), gives={}, rows={"up_to": MONEY, "wage": MONEY, "monthly": MONEY}),
    "places": FactSpec(takes=("nik",), gives={}, rows={"name": text(26)}),
    "pay_code": FactSpec(
        takes=(),
        gives={
            "found": FLAG,
            "ready": FLAG,
            "code": CODE,
            "channel": text(12),
            "total": MONEY,
            "months": RUN,
            "expires": DATE,
        },
    ),
    "reminders": FactSpec(takes=(), gives={"wanted": FLAG}),
    "paid": FactSpec(takes=(), gives={}, rows={"month": MONTH, "amount": MONEY}),
}

EFFECTS = {
    "register": EffectSpec(
        takes=(
            "nik",
            "birth_date",
            "name",
            "sector",
            "workplace",
            "package",
            "wage",
            "months",
            "total",
            "rates",
        ),
        outcomes={"accepted": {}, "already": {}, "elsewhere": {}, "price_changed": {}},
    ),
    "ask_pay_code": EffectSpec(
        takes=("months", "total", "rates"),
        outcomes={"requested": {}, "waiting": {}, "price_changed": {}, "refused": {}},
    ),
    "follow_up": EffectSpec(takes=("topic",), outcomes={"noted": {}}),
    "keep_reminders": EffectSpec(takes=("reminders",), outcomes={"kept": {}}),
    "keep_language": EffectSpec(takes=("language",), outcomes={"kept": {}}),
}


def shown_name(name: str) -> str:
    """A name as screens and SMS are given it, never longer than they were proved for."""
    return name[:MOST_NAME]


DIAL = text(12)

MESSAGES = {
    "pay_code": {
        "dial": DIAL,
        "name": NAME,
        "code": CODE,
        "total": MONEY,
        "months": RUN,
        "channel": text(12),
        "expires": DATE,
    },
    "pay_code_failed": {"dial": DIAL, "name": NAME},
    "receipt": {"dial": DIAL, "name": NAME, "total": MONEY, "months": MONTHS, "order": text(18)},
    "received_more": {"dial": DIAL, "name": NAME, "total": MONEY, "order": text(18)},
    "go_on": {"dial": DIAL, "minutes": count(60)},
    "registration_refused": {"dial": DIAL, "name": NAME},
}

VOCABULARY = Vocabulary(FACTS, EFFECTS, MESSAGES)
