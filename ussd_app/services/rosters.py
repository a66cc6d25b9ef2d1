"""A company or a community brings a whole list of people: checked first, then asked, then paid for with one code."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import calendar, contributions, rosters
from ussd_app.domain import nik as niks
from ussd_app.domain.contributions import Plan
from ussd_app.domain.ledger import Payer
from ussd_app.domain.rosters import Listed, Mistake
from ussd_app.engine.turn import Outcome
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import audit, baskets, invitations, publishing
from ussd_app.services.days import local
from ussd_app.services.jobs import put
from ussd_app.storage import invitations as asked
from ussd_app.storage import ledger as books
from ussd_app.storage import rosters as lists
from ussd_app.storage import sponsors
from ussd_app.storage.invitations import Invited
from ussd_app.storage.rosters import Brought
from ussd_app.storage.sponsors import Sponsor

PAGE = 200
# Seconds after which a job hands the rest to the next one.
BUDGET = 30.0


@dataclass(frozen=True)
class Checked:
    """What a file would do: the people in it, everything wrong, and what all their months cost in whole rupiah."""

    people: tuple[Listed, ...]
    mistakes: tuple[Mistake, ...]
    total: int

    @property
    def signed(self) -> int:
        """How many need not be asked, because the sponsor holds their signature."""
        return sum(one.consent == "paper" for one in self.people)


def check(rt: Runtime, content: bytes) -> Checked:
    """Read a file without doing anything: all mistakes with their lines, and the price."""
    today, rates = local(rt.clock()), publishing.rates(rt, publishing.newest(rt))
    read = rosters.read(content, rates, today)
    first = calendar.month_of(today)
    total = 0
    for one in read.people:
        plans = {first: Plan(one.sector, one.package, one.wage)}
        total += contributions.price_of(rates, plans, calendar.months_from(first, one.months)).total
    return Checked(read.people, read.mistakes, total)


@dataclass(frozen=True)
class Brings:
    """Who a list is from, and where code and receipt are sent; `kind` is company or community."""

    phone: str
    name: str
    kind: str
    language: str


def start(rt: Runtime, content: bytes, brings: Brings, by: str, *, shown: int | None = None, address: str = "") -> int:
    """Set a file going for a sponsor: whoever signed is taken in, everybody else is asked by SMS; the roster's number.

    `shown` is the price in whole rupiah that was shown. The very same file again changes nothing. Raises NotAllowedNow
    when anything in it is wrong, when the price is another one by now, or when it was started before.
    """
    checked, now = check(rt, content), rt.clock()
    if checked.mistakes:
        sentence = f"{len(checked.mistakes)} mistakes in the file: nothing was done"
        raise NotAllowedNow(sentence, "roster_mistakes", mistakes=len(checked.mistakes))
    if shown not in (None, checked.total):
        raise NotAllowedNow("the price has changed since the file was checked", "roster_price")
    with rt.db.begin() as connection:
        sponsor = sponsors.add(connection, brings.phone, brings.name, brings.kind, brings.language, now)
        digest = hashlib.sha256(content).hexdigest()
        number = lists.add(connection, sponsor.id, digest, len(checked.people), checked.total, by, now)
        if number is None:
            raise NotAllowedNow("this very file was started before: nothing was done", "roster_again")
        about = {"sponsor": sponsor.id, "people": len(checked.people), "rupiah": checked.total}
        audit.note(rt, connection, by, "roster.started", f"roster {number}", after=about, address=address)
        told = _told(rt, connection, sponsor, checked.people, number)
        fresh = lists.invite(connection, told, now)
        invitations.send_many(rt, connection, asked.by_ids(connection, fresh), sponsor)
    rt.queues.enqueue(queues.TAKE_ROSTER_IN, number)
    return number


def _told(
    rt: Runtime, connection: Connection, sponsor: Sponsor, people: tuple[Listed, ...], number: int
) -> list[Invited]:
    """What is kept of each: a member is asked at the number we know; who said no lately is not asked again."""
    indexes = {one.nik: rt.vault.index(one.nik) for one in people}
    known = lists.reached_at(connection, list(indexes.values()))
    chosen = lists.languages_of(connection, [one.phone for one in people])
    refused = lists.said_no(connection, sponsor.id, rt.clock() - invitations.PATIENCE)
    told = []
    for one in people:
        index = indexes[one.nik]
        phone, language = known.get(index, (one.phone, chosen.get(one.phone, sponsor.language)))
        if index in refused:
            continue
        told.append(
            Invited(
                sponsor_id=sponsor.id,
                phone=phone,
                nik_index=index,
                nik=rt.vault.seal(one.nik),
                name=one.name,
                born=one.born,
                zone=niks.zone_of(one.nik),
                language=language,
                sector=one.sector,
                workplace=one.workplace,
                package=one.package,
                wage=one.wage,
                months=one.months,
                consent_by="paper" if phone == sponsor.phone else one.consent,
                roster_id=number,
            )
        )
    return told


def take_in(rt: Runtime, roster_id: int) -> None:
    """Take in whoever signed, page by page; then the code, when everybody has answered. May run twice, or go on."""
    started = time.monotonic()
    while True:
        with rt.db.connect() as connection:
            page = lists.on_paper(connection, roster_id, PAGE)
            found = lists.brought(connection, roster_id)
        if not page:
            break
        _take_page_in(rt, roster_id, page)
        if time.monotonic() - started > BUDGET:
            rt.queues.enqueue(queues.TAKE_ROSTER_IN, roster_id)
            return
    if found:
        rt.queues.enqueue(queues.ISSUE_BASKET, found.sponsor_id)


def _take_page_in(rt: Runtime, roster_id: int, page: list[int]) -> None:
    """One page of people who signed. The sweep files them, some hundreds at a time: jobs for all of them at once
    would stand before the pay code of whoever enrols meanwhile."""
    with rt.db.begin() as connection:
        for invitation_id in page:
            locked = asked.lock(connection, invitation_id)
            if locked:
                consent = invitations.on_paper(locked, f"roster {roster_id}", "the sponsor")
                invitations.agree(rt, connection, locked, consent)


def sweep(rt: Runtime) -> None:
    """Find rosters that no job works on."""
    with rt.db.connect() as connection:
        waiting = lists.to_take_in(connection)
    for roster_id in waiting:
        rt.queues.enqueue(queues.TAKE_ROSTER_IN, roster_id)


def progress(rt: Runtime, roster_id: int) -> Brought:
    """How far a roster has come. Raises NotAllowedNow when there is none of that number."""
    with rt.db.connect() as connection:
        found = lists.brought(connection, roster_id)
    if found is None:
        raise NotAllowedNow(f"there is no roster {roster_id}", "roster_none")
    return found


def pay(rt: Runtime, phone: str, *, by: str, address: str = "") -> Outcome:
    """A sponsor does not wait for the others: one code for everybody who has said yes. Raises NotAllowedNow.

    Written down as done by `by`, of the office, from `address`; an empty one is the command line.
    """
    documents, today = publishing.newest(rt), local(rt.clock())
    with rt.db.begin() as connection:
        sponsor = sponsors.by_phone(connection, phone)
        if sponsor is None:
            raise NotAllowedNow("no sponsor has this number", "sponsor_none")
        books.lock(connection, Payer(sponsor_id=sponsor.id))
        bill = baskets.bill_for(rt, connection, sponsor, baskets.NEW, 0, documents, today)
        if not bill.lines:
            raise NotAllowedNow("nobody who said yes waits to be paid for", "roster_nobody")
        number = baskets.order_number(rt, sponsor, bill)
        outcome, jobs = baskets.issue(rt, connection, sponsor, bill, number, renewal=False)
        about = {"people": len(bill.people), "rupiah": bill.total, "outcome": outcome.name}
        audit.note(rt, connection, by, "roster.code", f"sponsor {sponsor.id}", after=about, address=address)
    put(rt, jobs)
    return outcome
