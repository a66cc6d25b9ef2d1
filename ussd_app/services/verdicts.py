"""The institution has decided about somebody: what follows for their money, and what they are told."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from ussd_app.domain import gsm7
from ussd_app.domain.ledger import Payer
from ussd_app.engine.messages import LONGEST_REASON, OTHER
from ussd_app.gateways.institution import Filing
from ussd_app.runtime import Runtime
from ussd_app.services import outbox, publishing, refunds, reminders
from ussd_app.services.words import shown_name
from ussd_app.storage import ledger as books
from ussd_app.storage import members, orders
from ussd_app.storage.members import Member
from ussd_app.storage.pointers import Pointers

ASK_AGAIN = timedelta(hours=1)
# Two texts at once are read as one: the one that asks for something, with the pay code, comes first.
AFTER_THE_CODE = timedelta(minutes=10)
STATES = {"accepted": "confirmed", "refused": "refused", "waiting": "filed", "gathered": "filed"}


def settle(rt: Runtime, connection: Connection, registration_id: int, member: Member, filing: Filing) -> bool:
    """Write down what the institution says of a registration, with all that follows; False when it was decided before.

    Somebody who has left meanwhile is told nothing, and nothing is bought for them.
    """
    now = rt.clock()
    books.lock(connection, Payer(member.id))
    again = None if filing.state == "gathered" else now + ASK_AGAIN
    if not members.settle_registration(
        connection, registration_id, STATES[filing.state], filing.reason, now, ask_again=again
    ):
        return False
    if filing.member_number:
        members.set_member_number(connection, member.id, filing.member_number)
    if filing.state == "accepted" and member.state == "here":
        _welcome(rt, connection, registration_id, member, filing)
    if filing.state == "refused":
        _refused(rt, connection, registration_id, member, filing.reason)
    reminders.renew(rt, connection, [member.id])
    return True


def _welcome(rt: Runtime, connection: Connection, registration_id: int, member: Member, filing: Filing) -> None:
    if filing.member_number:
        _tell(rt, connection, "registered", registration_id, member, after=AFTER_THE_CODE, number=filing.member_number)
    spend_held(rt, connection, member.id)


def spend_held(rt: Runtime, connection: Connection, member_id: int) -> None:
    """Money that was kept for somebody who was refused, or had left, is not paid back any more: it buys months."""
    if books.credit(connection, Payer(member_id)) > 0:
        refunds.after_acceptance(rt, connection, member_id)


def _refused(rt: Runtime, connection: Connection, registration_id: int, member: Member, reason: str) -> None:
    person = member.person
    orders.close_all(connection, Payer(member.id))
    refunds.after_refusal(rt, connection, member.id)
    members.add_follow_up(connection, "refused", person.phone, reason, rt.clock())
    if member.state == "here":
        said = in_words(rt, publishing.newest(rt), reason, person.language)
        _tell(rt, connection, "registration_refused", registration_id, member, reason=said)


def _tell(
    rt: Runtime,
    connection: Connection,
    message: str,
    registration_id: int,
    member: Member,
    *,
    after: timedelta = timedelta(),
    **values: str,
) -> None:
    person = member.person
    outbox.write(
        rt,
        connection,
        message,
        key=f"{message}:{registration_id}",
        phone=person.phone,
        language=person.language,
        values={"name": shown_name(person.name), **values},
        after=after,
    )


def in_words(rt: Runtime, documents: Pointers, reason: str, language: str) -> str:
    """Why somebody was refused, in their language: the sentence for the institution's code, else its own words, cut."""
    refusals = publishing.messages(rt, documents).refusals
    texts = refusals.get(reason.strip().lower())
    own = " ".join(gsm7.plain(reason).split())
    if texts is None and own and not gsm7.strangers(own):
        return gsm7.cut(own, LONGEST_REASON)
    texts = texts or refusals[OTHER]
    return "".join(part for part in texts.get(language) or texts["id"] if isinstance(part, str))
