"""The vocabulary that menus and messages are checked against: every fact, effect and message the code knows."""

from __future__ import annotations

from ussd_app.domain.channels import LONGEST_NAME
from ussd_app.domain.sending import LESSONS
from ussd_app.engine.kinds import DATE, FLAG, MONEY, MONTH, MONTHS, RUN, Kind, count, text
from ussd_app.engine.messages import LONGEST_REASON
from ussd_app.engine.vocabulary import EffectSpec, FactSpec, Vocabulary

MOST_NAME = 30
NAME = text(MOST_NAME)
CODE = text(20)
CHANNEL = text(LONGEST_NAME)
# A sponsor's basket: ten thousand people, each for up to a year.
MOST_PEOPLE = 10_000
PEOPLE = count(MOST_PEOPLE)
BASKET = Kind("money", 888_888_888_888)
# What an SMS that lists the open invitations of one phone has room for.
LONGEST_LIST = 80
KPJ = text(11)
REASON = text(LONGEST_REASON)

# A total as the sum it is: "11x 627.800 + 1x 730.400" is as long as a price for two kinds of months gets.
LONGEST_SUM = 24
# What each programme costs: "JKK 207.000-103.500, JKM 6.800-3.400, JHT 414.000".
LONGEST_PARTS = 50
# What the SMS that explains a price has room for.
LONGEST_LINES = 112
# Less than ten million: what a year costs somebody in the highest bracket.
YEAR = Kind("money", 8_888_888)
PRICE = {"total": YEAR, "normal": YEAR, "each": text(LONGEST_SUM), "months": RUN, "version": text(48)}
PRICED = ("sector", "package", "wage", "months")
# Months of the same price, and what it is made of.
STRETCH = {"key": text(10), "months": RUN, "number": count(12), "each": MONEY}
MADE_UP = {"months": RUN, "programmes": text(LONGEST_PARTS), "normal": MONEY, "each": MONEY}

# Of what the next month costs, this much is saved.
PROGRESS = {"have": MONEY, "goal": MONEY, "month": MONTH}

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
            "number": KPJ,
            "reason": REASON,
            "sector": text(12),
            "package": text(12),
            "wage": MONEY,
        },
    ),
    "quote": FactSpec(takes=PRICED, gives=PRICE),
    "price_lines": FactSpec(takes=PRICED, gives={}, rows=STRETCH),
    "price_line": FactSpec(takes=(*PRICED, "stretch"), gives=MADE_UP),
    "dues": FactSpec(takes=("months",), gives=PRICE),
    "dues_lines": FactSpec(takes=("months",), gives={}, rows=STRETCH),
    "dues_line": FactSpec(takes=("months", "stretch"), gives=MADE_UP),
    "wages": FactSpec(takes=("sector", "package"), gives={}, rows={"up_to": MONEY, "wage": MONEY, "monthly": MONEY}),
    "places": FactSpec(takes=("nik",), gives={}, rows={"name": text(26)}),
    "pay_code": FactSpec(
        takes=(),
        gives={
            "found": FLAG,
            "ready": FLAG,
            "code": CODE,
            "channel": CHANNEL,
            "sum": MONEY,
            "fee": MONEY,
            "total": MONEY,
            "months": RUN,
            "expires": DATE,
        },
    ),
    "channels": FactSpec(
        takes=("total",), gives={}, rows={"key": text(12), "name": CHANNEL, "fee": MONEY, "total": MONEY}
    ),
    "paying": FactSpec(
        takes=("total",), gives={"takes": FLAG, "name": CHANNEL, "fee": MONEY, "total": MONEY, "minimum": MONEY}
    ),
    "savings": FactSpec(
        takes=(),
        gives={
            "on": FLAG,
            "any_amount": FLAG,
            **PROGRESS,
            "ready": FLAG,
            "open": FLAG,
            "code": CODE,
            "channel": CHANNEL,
            "total": MONEY,
            "expires": DATE,
        },
    ),
    "reminders": FactSpec(takes=(), gives={"wanted": FLAG}),
    "information": FactSpec(takes=(), gives={"wanted": FLAG}),
    "sponsor": FactSpec(
        takes=(),
        gives={
            "found": FLAG,
            "name": NAME,
            "people": PEOPLE,
            "waiting": PEOPLE,
            "agreed": PEOPLE,
            "unpaid": PEOPLE,
            "renewable": PEOPLE,
        },
    ),
    "bill": FactSpec(
        takes=("who", "months"),
        gives={"found": FLAG, "people": PEOPLE, "months": count(12), "total": BASKET, "version": text(16)},
    ),
    "sponsored": FactSpec(takes=(), gives={}, rows={"key": text(20), "name": NAME, "state": text(9)}),
    "markable": FactSpec(takes=(), gives={"picked": PEOPLE}, rows={"key": text(20), "name": NAME, "state": text(9)}),
    "somebody": FactSpec(takes=("who",), gives={"found": FLAG, "name": NAME, "state": text(8), "payable": FLAG}),
    "sponsor_code": FactSpec(
        takes=(),
        gives={
            "found": FLAG,
            "ready": FLAG,
            "code": CODE,
            "channel": text(12),
            "total": BASKET,
            "people": PEOPLE,
            "expires": DATE,
        },
    ),
    "invitation": FactSpec(
        takes=(),
        gives={
            "found": FLAG,
            "id": count(999_999_999),
            "sponsor": NAME,
            "name": NAME,
            "package": text(12),
            "months": count(12),
        },
    ),
    "my_sponsors": FactSpec(takes=(), gives={"found": FLAG}, rows={"id": count(999_999_999), "name": NAME}),
    "people": FactSpec(takes=(), gives={"choose": FLAG, "left": FLAG}, rows={"id": count(999_999_999), "name": NAME}),
    "security": FactSpec(
        takes=(),
        gives={"found": FLAG, "pin": FLAG, "asks_pin": FLAG, "moving": FLAG, "moves_on": DATE},
    ),
    "new_plan": FactSpec(
        takes=("package", "wage"),
        gives={"found": FLAG, "total": MONEY, "normal": MONEY, "months": MONTH, "version": text(48)},
    ),
    "paid": FactSpec(takes=(), gives={}, rows={"month": MONTH, "amount": MONEY}),
}

# A sum that a place to pay does not take: which place, and from what sum on it does.
LITTLE = {"channel": CHANNEL, "minimum": MONEY}

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
    "correct_registration": EffectSpec(
        takes=("nik", "birth_date", "name"),
        outcomes={"corrected": {}, "elsewhere": {}, "not_refused": {}},
    ),
    "ask_pay_code": EffectSpec(
        takes=("months", "total", "rates"),
        outcomes={"requested": {}, "waiting": {}, "price_changed": {}, "refused": {}, "too_little": LITTLE},
    ),
    "ask_pay_code_at": EffectSpec(
        takes=("months", "total", "rates", "channel"),
        outcomes={"requested": {}, "waiting": {}, "price_changed": {}, "refused": {}, "too_little": LITTLE},
    ),
    "pay_elsewhere": EffectSpec(
        takes=("channel",), outcomes={"requested": {}, "gone": {}, "price_changed": {}, "too_little": LITTLE}
    ),
    "save": EffectSpec(takes=("total",), outcomes={"requested": {}, "refused": {}, "too_little": LITTLE}),
    "save_at": EffectSpec(takes=("total", "channel"), outcomes={"requested": {}, "refused": {}, "too_little": LITTLE}),
    "save_any": EffectSpec(takes=(), outcomes={"requested": {}, "waiting": {}, "refused": {}}),
    "savings_back": EffectSpec(takes=(), outcomes={"asked": {"amount": MONEY}, "nothing": {}}),
    "text_price": EffectSpec(takes=PRICED, outcomes={"texted": {}}, harmless=True),
    "text_dues": EffectSpec(takes=("months",), outcomes={"texted": {}}, harmless=True),
    "follow_up": EffectSpec(takes=("topic",), outcomes={"noted": {}}),
    "change_plan": EffectSpec(
        takes=("package", "wage", "total", "rates"),
        outcomes={"changed": {}, "price_changed": {}, "refused": {}},
    ),
    "leave": EffectSpec(takes=(), outcomes={"left": {}, "gone": {}}),
    "check_pin": EffectSpec(takes=("pin",), outcomes={"right": {}, "wrong": {}, "locked": {}}),
    "set_pin": EffectSpec(takes=("new_pin",), outcomes={"kept": {}, "refused": {}}),
    "ask_phone_change": EffectSpec(
        takes=("moving_nik", "moving_born", "proof", "proof_by"),
        outcomes={"asked": {}, "same": {}, "wrong": {}, "locked": {}},
    ),
    "refuse_phone_change": EffectSpec(takes=(), outcomes={"refused": {}, "too_late": {}}),
    "become_sponsor": EffectSpec(takes=("sponsor_name",), outcomes={"welcome": {}, "unnamed": {}}),
    "invite": EffectSpec(
        takes=(
            "their_phone",
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
        outcomes={
            "asked": {},
            "paper": {},
            "waiting": {},
            "said_no": {},
            "too_many": {},
            "price_changed": {},
            "no_sponsor": {},
        },
    ),
    "finish_basket": EffectSpec(takes=(), outcomes={"done": {}}, harmless=True),
    "pay_for": EffectSpec(
        takes=("who", "months", "total", "rates"),
        outcomes={
            "requested": {},
            "waiting": {},
            "covered": {},
            "nobody": {},
            "price_changed": {},
            "too_little": {"channel": text(12), "minimum": MONEY},
        },
    ),
    "mark": EffectSpec(takes=("who",), outcomes={"marked": {}}),
    "stop": EffectSpec(takes=("who",), outcomes={"stopped": {}, "gone": {}}),
    "answer_invitation": EffectSpec(takes=("asked", "agreed"), outcomes={"agreed": {}, "refused": {}, "gone": {}}),
    "end_sponsorship": EffectSpec(takes=("payer",), outcomes={"ended": {}, "gone": {}}),
    "begin_education": EffectSpec(takes=(), outcomes={"begun": {}, "already": {}}),
    "keep_reminders": EffectSpec(takes=("reminders",), outcomes={"kept": {}}, harmless=True),
    "keep_information": EffectSpec(takes=("information",), outcomes={"kept": {}}, harmless=True),
    "keep_pay_day": EffectSpec(
        takes=("pay_kind", "pay_number"), outcomes={"kept": {}, "harvest": {}, "gone": {}}, harmless=True
    ),
    "keep_language": EffectSpec(takes=("language",), outcomes={"kept": {}}, harmless=True),
}


def shown_name(name: str) -> str:
    """A name as screens and SMS are given it, never longer than they were proved for."""
    return name[:MOST_NAME]


DIAL = text(12)
# What is dialled to pay at once: the service code with the answers that lead there.
PAY = text(18)
ORDER = text(18)

# What every reminder is given. For texts without a name thousands of people share one call to the gateway.
_MEMBER = {"dial": DIAL, "pay": PAY, "name": NAME, "month": MONTH, "due": DATE, "lapse": DATE, "total": MONEY}
_SPONSOR = {"dial": DIAL, "pay": PAY, "name": NAME, "month": MONTH, "due": DATE, "people": PEOPLE}
REMINDERS = {
    "remind_first": _MEMBER,
    "remind_first_last": _MEMBER,
    "remind_before": _MEMBER,
    "remind_harvest": _MEMBER,
    "remind_today": _MEMBER,
    "remind_overdue": _MEMBER,
    "remind_arrears": _MEMBER,
    "remind_lapse": _MEMBER,
    "remind_lapse_today": _MEMBER,
    "remind_resume": _MEMBER,
    "remind_sponsor": _SPONSOR,
    "remind_sponsor_today": _SPONSOR,
    "remind_sponsor_overdue": _SPONSOR,
}

MESSAGES = {
    **REMINDERS,
    "pay_code": {
        "dial": DIAL,
        "name": NAME,
        "code": CODE,
        "total": MONEY,
        "months": RUN,
        "channel": CHANNEL,
        "expires": DATE,
    },
    "pay_code_with_fee": {
        "dial": DIAL,
        "name": NAME,
        "code": CODE,
        "total": MONEY,
        "fee": MONEY,
        "months": RUN,
        "channel": CHANNEL,
        "expires": DATE,
    },
    "savings_code": {
        "dial": DIAL,
        "name": NAME,
        "code": CODE,
        "total": MONEY,
        "fee": MONEY,
        "channel": CHANNEL,
        "expires": DATE,
    },
    "savings_code_any": {"dial": DIAL, "name": NAME, "code": CODE, "channel": CHANNEL, "expires": DATE},
    "savings_progress": {"dial": DIAL, "name": NAME, "total": MONEY, "order": ORDER, "kept": MONEY, **PROGRESS},
    "pay_code_people": {
        "dial": DIAL,
        "name": NAME,
        "code": CODE,
        "total": BASKET,
        "people": PEOPLE,
        "channel": CHANNEL,
        "fee": MONEY,
        "expires": DATE,
    },
    "invited": {
        "dial": DIAL,
        "sponsor": NAME,
        "name": NAME,
        "months": count(12),
        "programmes": text(11),
        "which": text(3),
    },
    "invitation_agreed": {"dial": DIAL, "name": NAME, "sponsor": NAME},
    "invitation_refused": {"dial": DIAL, "name": NAME, "sponsor": NAME},
    "invitation_which": {"dial": DIAL, "list": text(LONGEST_LIST), "first": count(99)},
    "invitation_none": {"dial": DIAL},
    "invitation_declined": {"dial": DIAL, "name": NAME},
    "invitations_silent": {"dial": DIAL, "people": PEOPLE},
    "sponsor_stopped": {"dial": DIAL, "name": NAME, "sponsor": NAME},
    "sponsorship_ended": {"dial": DIAL, "name": NAME},
    "pay_code_failed": {"dial": DIAL, "name": NAME},
    "price_lines": {"dial": DIAL, "lines": text(LONGEST_LINES), "total": MONEY},
    "receipt": {"dial": DIAL, "name": NAME, "total": MONEY, "months": MONTHS, "order": ORDER},
    "receipt_kept": {"dial": DIAL, "name": NAME, "total": MONEY, "months": MONTHS, "kept": MONEY, "order": ORDER},
    "credit_kept": {"dial": DIAL, "name": NAME, "total": MONEY, "kept": MONEY, "order": ORDER},
    "received_more": {"dial": DIAL, "name": NAME, "total": MONEY, "order": ORDER},
    "sponsor_receipt": {"dial": DIAL, "name": NAME, "total": BASKET, "people": PEOPLE, "order": ORDER},
    "sponsor_receipt_kept": {
        "dial": DIAL,
        "name": NAME,
        "total": BASKET,
        "people": PEOPLE,
        "kept": MONEY,
        "order": ORDER,
    },
    "given_for": {"dial": DIAL, "name": NAME, "sponsor": NAME, "total": MONEY},
    "paid_for": {"dial": DIAL, "name": NAME, "sponsor": NAME, "until": MONTH},
    "go_on": {"dial": DIAL, "minutes": count(60)},
    "left": {"dial": DIAL, "name": NAME, "due": DATE},
    "stop_sure": {"dial": DIAL, "name": NAME},
    "stop_which": {"dial": DIAL},
    "stop_nobody": {"dial": DIAL},
    "help_sms": {"dial": DIAL},
    "sms_dial": {"dial": DIAL},
    "info_begun": {"dial": DIAL},
    "stopped_all": {"dial": DIAL},
    "stopped_reminders": {"dial": DIAL},
    "stopped_education": {"dial": DIAL},
    "started": {"dial": DIAL},
    "phone_change_old": {"dial": DIAL, "name": NAME, "due": DATE},
    "phone_change_new": {"dial": DIAL, "name": NAME, "due": DATE},
    "phone_change_refused": {"dial": DIAL, "name": NAME},
    "phone_changed": {"dial": DIAL, "name": NAME},
    "registered": {"dial": DIAL, "name": NAME, "number": KPJ},
    "registration_refused": {"dial": DIAL, "name": NAME, "reason": REASON},
    "month_refused": {"dial": DIAL, "name": NAME, "months": MONTHS, "reason": REASON},
    "month_moved": {"dial": DIAL, "name": NAME, "months": MONTHS, "total": MONEY, "later": MONTHS},
    "month_kept": {"dial": DIAL, "name": NAME, "months": MONTHS, "total": MONEY, "kept": MONEY},
    "month_refunded": {"dial": DIAL, "name": NAME, "months": MONTHS, "total": MONEY},
    **{f"education_{step}": {"dial": DIAL, "price": MONEY} for step in range(1, LESSONS + 1)},
    "way_out": {},
    "sponsor_credit_back": {"dial": DIAL, "name": NAME, "total": BASKET, "kept": BASKET},
}

VOCABULARY = Vocabulary(FACTS, EFFECTS, MESSAGES)
