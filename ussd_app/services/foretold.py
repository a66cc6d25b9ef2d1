"""What would come of an effect that nobody has done: the SMS it brings, in the words that are published now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ussd_app.domain import gsm7
from ussd_app.engine.kinds import Value
from ussd_app.runtime import Runtime
from ussd_app.services import example_people, publishing
from ussd_app.services.days import local
from ussd_app.services.preview import Done
from ussd_app.services.words import MESSAGES


@dataclass(frozen=True)
class Brings:
    """One SMS that an effect brings: to the `caller`, or to a `member`, a `sponsor`, a `guest` or another `number`.

    `later`: not at once, but when the institution, other people or the evening have come.
    """

    message: str
    to: str = "caller"
    later: bool = False


_CODE, _SAVING, _PEOPLE = Brings("pay_code"), Brings("savings_code"), Brings("pay_code_people")
# By effect and outcome; what is not here brings no SMS. A code at a place with a fee names the fee as well.
BRINGS: Mapping[tuple[str, str], tuple[Brings, ...]] = {
    ("register", "accepted"): (_CODE, Brings("registered", later=True)),
    ("correct_registration", "corrected"): (Brings("registered", later=True),),
    ("ask_pay_code", "requested"): (_CODE,),
    ("ask_pay_code_at", "requested"): (Brings("pay_code_with_fee"),),
    ("pay_elsewhere", "requested"): (Brings("pay_code_with_fee"),),
    ("save", "requested"): (_SAVING,),
    ("save_at", "requested"): (_SAVING,),
    ("save_any", "requested"): (Brings("savings_code_any"),),
    ("text_price", "texted"): (Brings("price_lines"),),
    ("text_dues", "texted"): (Brings("price_lines"),),
    ("leave", "left"): (Brings("left"),),
    ("ask_phone_change", "asked"): (Brings("phone_change_new"), Brings("phone_change_old", "number")),
    ("refuse_phone_change", "refused"): (Brings("phone_change_refused", "number"),),
    ("invite", "asked"): (Brings("invited", "guest"),),
    ("finish_basket", "done"): (Brings("pay_code_people", later=True),),
    ("pay_for", "requested"): (_PEOPLE,),
    ("stop", "stopped"): (Brings("sponsor_stopped", "member"),),
    ("answer_invitation", "agreed"): (
        Brings("pay_code_people", "sponsor", later=True),
        Brings("registered", later=True),
    ),
    ("answer_invitation", "refused"): (Brings("invitation_declined", "sponsor"),),
    ("end_sponsorship", "ended"): (Brings("sponsorship_ended", "sponsor"),),
    ("begin_education", "begun"): (Brings("education_1", later=True),),
}


@dataclass(frozen=True)
class Sms:
    """An SMS as it would be read, and how many segments of it are paid for."""

    message: str
    to: str
    later: bool
    text: str
    segments: int


def of(rt: Runtime, done: Sequence[Done], language: str) -> list[Sms]:
    """Every SMS that these effects would bring, in a language, with the sums of the walk and examples for the rest."""
    return [sms for one in done for sms in _of_one(rt, one, language)]


def _of_one(rt: Runtime, done: Done, language: str) -> Iterator[Sms]:
    known = publishing.newest(rt)
    texts = publishing.messages(rt, known) if "messages" in known else {}
    for brings in BRINGS.get((done.effect, done.outcome), ()):
        if brings.message in texts:
            text = texts[brings.message].fill(language, _values(rt, brings.message, done))
            yield Sms(brings.message, brings.to, brings.later, text, gsm7.size(text).segments)


def _values(rt: Runtime, message: str, done: Done) -> Mapping[str, Value]:
    today = local(rt.clock())
    values = {name: example_people.of_kind(kind, name, today) for name, kind in MESSAGES[message].items()}
    said = {name: value for name, value in done.arguments.items() if name in values and name != "months"}
    return values | said | {"dial": rt.settings.service_code}
