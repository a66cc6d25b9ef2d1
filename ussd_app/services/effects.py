"""What a menu can ask to be done: one typed function for each effect, each done once for its key."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, text

from ussd_app.engine.turn import EffectCall, Outcome
from ussd_app.runtime import Runtime
from ussd_app.services import (
    baskets,
    billing,
    education,
    elsewhere,
    enrolment,
    invitations,
    pay_days,
    phone_numbers,
    pins,
    plans,
    price_lines,
    rights,
    savings,
    sponsorship,
    stops,
)
from ussd_app.services.callers import Caller
from ussd_app.services.jobs import Job
from ussd_app.storage import members
from ussd_app.storage.database import keep_outcome, once_outcome


def follow_up(rt: Runtime, connection: Connection, caller: Caller, *, topic: str) -> tuple[Outcome, list[Job]]:
    """Ask the office to call this person back."""
    members.add_follow_up(connection, topic, caller.phone, f"dialogue {caller.dialogue.id}", rt.clock())
    return Outcome("noted"), []


def keep_language(rt: Runtime, connection: Connection, caller: Caller, *, language: str) -> tuple[Outcome, list[Job]]:
    """Remember the language this phone has chosen."""
    members.keep_language(connection, caller.phone, language, rt.clock())
    return Outcome("kept"), []


Effect = Callable[..., tuple[Outcome, list[Job]]]
EFFECTS: dict[str, Effect] = {
    "register": enrolment.register,
    "correct_registration": enrolment.correct,
    "ask_pay_code": billing.ask,
    "ask_pay_code_at": billing.ask_at,
    "pay_elsewhere": elsewhere.pay_elsewhere,
    "save": savings.save,
    "save_at": savings.save_at,
    "save_any": savings.save_any,
    "savings_back": savings.give_back,
    "text_price": price_lines.text_price,
    "text_dues": price_lines.text_dues,
    "follow_up": follow_up,
    "change_plan": plans.change_plan,
    "leave": rights.leave_here,
    "check_pin": pins.check_pin,
    "set_pin": pins.set_pin,
    "ask_phone_change": phone_numbers.ask_phone_change,
    "refuse_phone_change": phone_numbers.refuse_phone_change,
    "keep_language": keep_language,
    "begin_education": education.begin_here,
    "keep_reminders": stops.keep_reminders,
    "keep_information": stops.keep_information,
    "keep_pay_day": pay_days.keep_pay_day,
    "become_sponsor": sponsorship.become_sponsor,
    "invite": sponsorship.invite,
    "finish_basket": sponsorship.finish_basket,
    "pay_for": baskets.pay_for,
    "mark": sponsorship.mark,
    "stop": sponsorship.stop,
    "answer_invitation": invitations.answer_invitation,
    "end_sponsorship": sponsorship.end_sponsorship,
}


def key_of(caller: Caller, transition: int, call: EffectCall) -> str:
    """`dialogue:transition:effect`, the key under which an effect is done once; a second one of a turn is numbered."""
    return f"{caller.dialogue.id}:{transition}:{call.name}:{call.number}"


def done_before(connection: Connection, key: str) -> Outcome | None:
    """How the effect of this key ended, if it was ever done."""
    found = once_outcome(connection, key)
    return Outcome(found["name"], found["fields"]) if found else None


def perform(
    rt: Runtime, connection: Connection, caller: Caller, call: EffectCall, key: str, answer: str
) -> tuple[Outcome, list[Job]]:
    """Do an effect in the turn's transaction, or give the outcome it had when it was done before.

    `answer` is a keyed hash of what was said. Whoever comes second with the same key waits for the first.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
    before = done_before(connection, key)
    if before:
        return before, []
    outcome, jobs = EFFECTS[call.name](rt, connection, caller, **dict(call.arguments))
    keep_outcome(connection, key, answer, {"name": outcome.name, "fields": dict(outcome.fields)}, rt.clock())
    return outcome, jobs
