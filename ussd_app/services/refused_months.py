"""The institution does not want a contribution month: what its money becomes once it is with us again, and who is
told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from itertools import groupby

from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import ledger
from ussd_app.domain.ledger import Payer
from ussd_app.engine.kinds import Value
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import accounts, audit, billing, outbox, publishing, refunds, reminders, verdicts
from ussd_app.services.words import shown_name
from ussd_app.storage import answers, contributions, handover, members, sponsors
from ussd_app.storage import ledger as books
from ussd_app.storage import refunds as requests
from ussd_app.storage import refused_months as store
from ussd_app.storage.answers import month_reference
from ussd_app.storage.outbox import URGENT
from ussd_app.storage.refused_months import RefusedMonth

FOLLOW_UP = "refused_month"


def refuse(rt: Runtime, number: int, member_id: int, months: Sequence[date], reason: str) -> int:
    """Months of a member in a file are refused, for one reason; how many were not before.

    Their money may be with the institution: the office is asked to get it back, and nothing is active. The member is
    told why.
    """
    now = rt.clock()
    with rt.db.begin() as connection:
        fresh = [month for month in months if answers.answer_month(connection, member_id, month, "refused")]
        if not fresh:
            return 0
        phone = members.by_id(connection, member_id).person.phone
        for month in fresh:
            store.refuse(connection, number, member_id, month, reason, now)
            members.add_follow_up(connection, FOLLOW_UP, phone, _detail(member_id, month, reason), now)
        _tell(rt, connection, "month_refused", number, member_id, fresh, reason=reason)
        reminders.renew(rt, connection, [member_id])
    return len(fresh)


def think_again(rt: Runtime, connection: Connection, member_id: int, month: date) -> None:
    """The institution takes a month after all that it had refused: nobody has to get its money back."""
    reason = store.take_back(connection, member_id, month)
    if reason is not None:
        members.close_follow_ups(connection, FOLLOW_UP, _detail(member_id, month, reason), rt.clock())
        reminders.renew(rt, connection, [member_id])


def bring_back(
    rt: Runtime,
    number: int,
    bank_reference: str | None,
    only: Collection[str] = (),
    by: str = "command line",
    address: str = "",
) -> int:
    """The money of a file's refused months is with us again, as the bank shows; how many months that were.

    `only` names them as the file does (`C5-202611`); without it, all that are refused and not back yet. Without a
    `bank_reference` they were left out of the transfer. Raises NotAllowedNow.
    """
    with rt.db.begin() as connection:
        file = handover.by_number(connection, number)
        if file is None or file.kind != "contributions":
            raise NotAllowedNow(f"there is no file {number} of contributions", "file_none")
        if bank_reference is not None and file.bank_reference is None:
            raise NotAllowedNow(
                f"the transfer of file {number} is not written down: `handover remitted` first", "not_transferred"
            )
        if bank_reference is None and file.bank_reference is not None:
            raise NotAllowedNow(
                f"file {number} was transferred: name the bank's reference of what came back", "no_reference"
            )
        waiting = [one.held.paid for one in store.waiting(connection, number)]
    refused = {month_reference(one.member_id, one.month): one for one in waiting}
    unknown = sorted(set(only) - refused.keys())
    if unknown:
        those = ", ".join(unknown)
        raise NotAllowedNow(f"not refused in file {number}, or back already: {those}", "not_refused", months=those)
    chosen = [one for reference, one in refused.items() if not only or reference in only]
    with rt.db.begin() as connection:
        after = {"reference": bank_reference, "months": len(chosen), "total": sum(one.amount for one in chosen)}
        audit.note(rt, connection, by, "handover.returned", f"file {number}", after=after, address=address)
    return sum(
        money_back(rt, number, member_id, [one.month for one in group], bank_reference)
        for member_id, group in groupby(chosen, key=lambda one: one.member_id)
    )


def money_back(rt: Runtime, number: int, member_id: int, months: Sequence[date], bank_reference: str | None) -> int:
    """The money of a member's refused months is with us again: whoever paid has it as credit, which buys the member's
    later months or goes back, as after any refusal. How many months were not back before."""
    now = rt.clock()
    with rt.db.begin() as connection, reminders.together(rt, connection):
        # A sponsor is locked before any member: see storage/ledger.lock.
        for sponsor in store.sponsors_of(connection, number, member_id):
            books.lock(connection, Payer(sponsor_id=sponsor))
        books.lock(connection, Payer(member_id))
        back = [one for one in store.waiting(connection, number, member_id) if one.held.paid.month in months]
        for one in back:
            if one.sent:
                sent_back = ledger.sent_back(f"B{one.batch}", one.held.paid, one.held.order_id)
                books.post_anew(connection, sent_back, now)
            detail = _detail(member_id, one.held.paid.month, one.reason)
            members.close_follow_ups(connection, FOLLOW_UP, detail, now)
        accounts.give_back(rt, connection, [one.held for one in back])
        store.are_back(connection, member_id, [one.held.paid.month for one in back], bank_reference, now)
        for payer in dict.fromkeys(one.held.payer for one in back):
            _use(rt, connection, number, payer, [one for one in back if one.held.payer == payer])
        reminders.renew(rt, connection, [member_id])
    if back:
        rt.queues.enqueue(queues.RELAY, URGENT)
        rt.queues.enqueue(queues.HAND_OVER)
    return len(back)


def _use(rt: Runtime, connection: Connection, number: int, payer: Payer, back: Sequence[RefusedMonth]) -> None:
    """What becomes of a payer's money that is back, and the text about it."""
    member_id, total = back[0].held.paid.member_id, sum(one.held.paid.amount for one in back)
    months = [one.held.paid.month for one in back]
    total -= _recover(rt, connection, payer, total)
    if total <= 0:
        return
    if payer.sponsor_id is not None:
        _tell_sponsor(rt, connection, number, payer.sponsor_id, member_id, months, total)
        return
    if contributions.barred_among(connection, [member_id]):
        here = members.by_id(connection, member_id).state == "here"
        refunds.request(rt, connection, payer, requests.REFUSED if here else requests.LEFT)
        _tell(rt, connection, "month_refunded", number, member_id, months, total=total)
        return
    bought = accounts.spend(rt, connection, member_id, back[-1].held.order_id)
    if bought:
        later: Value = [line.month.isoformat() for line in bought]
        _tell(rt, connection, "month_moved", number, member_id, months, total=total, later=later)
    else:
        kept = books.credit(connection, payer)
        _tell(rt, connection, "month_kept", number, member_id, months, total=total, kept=kept)


def _recover(rt: Runtime, connection: Connection, payer: Payer, most: int) -> int:
    """Where the provider has paid this payer back while the institution had the money, what comes back now is ours;
    how much of it."""
    left = min(most, books.credit(connection, payer))
    recovered = 0
    for order_id, lost in store.lost_for(connection, payer):
        amount = min(lost, left - recovered)
        if amount > 0:
            key = f"{order_id}:{books.fresh_number(connection)}"
            books.post_anew(connection, ledger.recovered(key, payer, amount, order_id), rt.clock())
            recovered += amount
    return recovered


def _tell(
    rt: Runtime,
    connection: Connection,
    message: str,
    number: int,
    member_id: int,
    months: Sequence[date],
    *,
    reason: str | None = None,
    **values: Value,
) -> None:
    """A text to a member about refused months, unless they have left."""
    member = members.by_id(connection, member_id)
    if member.state != "here":
        return
    person = member.person
    if reason is not None:
        values["reason"] = verdicts.in_words(rt, publishing.newest(rt), reason, person.language)
    outbox.write(
        rt,
        connection,
        message,
        key=f"{message}:{number}:{month_reference(member_id, min(months))}",
        phone=person.phone,
        language=person.language,
        values={"name": shown_name(person.name), "months": [month.isoformat() for month in months], **values},
    )


def _tell_sponsor(
    rt: Runtime,
    connection: Connection,
    number: int,
    sponsor_id: int,
    member_id: int,
    months: Sequence[date],
    total: int,
) -> None:
    """A sponsor learns that money is there again, and not whose month it was: they see who is paid for, no more."""
    payer, sponsor = Payer(sponsor_id=sponsor_id), sponsors.by_id(connection, sponsor_id)
    outbox.write(
        rt,
        connection,
        "sponsor_credit_back",
        key=f"sponsor_credit_back:{number}:{month_reference(member_id, min(months))}",
        phone=sponsor.phone,
        language=sponsor.language,
        values={
            "name": billing.payer_name(connection, payer),
            "total": total,
            "kept": books.credit(connection, payer),
        },
    )


def _detail(member_id: int, month: date, reason: str) -> str:
    return f"{month_reference(member_id, month)}: {reason}"
