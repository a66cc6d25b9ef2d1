"""Whatever happens to money, in whatever order: the books balance, and nobody is insured with more than was paid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count as counted
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.builders import (
    PRICE,
    a_basket,
    a_nik,
    a_notification,
    a_pay_code,
    a_registered_member,
    execute,
    rows,
)
from tests.fakes.gateways import Till
from ussd_app.domain.contributions import Plan
from ussd_app.domain.coverage import coverage
from ussd_app.domain.ledger import Payer
from ussd_app.errors import NotAllowedNow
from ussd_app.gateways.handover_file import FileInstitution
from ussd_app.gateways.payment import PaymentStatus, TakenBack
from ussd_app.runtime import Runtime
from ussd_app.services import (
    books,
    days,
    handoff,
    handover_answers,
    handover_files,
    payments,
    refunds,
    refused_months,
)
from ussd_app.storage import contributions, members
from ussd_app.storage import ledger as ledgers
from ussd_app.storage.members import Member

BOUNDED = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
PLANS = (Plan("household", "jkk_jkm", 1_000_000), Plan("household", "jkk_jkm_jht", 1_000_000))
AMOUNTS = st.integers(1, 60_000) | st.sampled_from([PRICE, 2 * PRICE, 50_000])
NUMBERS = counted(1)  # of orders, people and notifications, over all examples: the database is not emptied between them


@dataclass
class Company(Till):
    """A till that knows of each order what was paid and what went back."""

    paid: dict[str, int] = field(default_factory=dict)
    back: dict[str, list[TakenBack]] = field(default_factory=lambda: defaultdict(list))

    def status(self, order_id: str) -> PaymentStatus:
        """Paid, perhaps with money that went back since; else pending."""
        if order_id not in self.paid:
            return PaymentStatus(order_id, "pending", 0)
        back = tuple(self.back[order_id])
        return PaymentStatus(order_id, "refunded" if back else "settled", self.paid[order_id], taken_back=back)

    @property
    def net(self) -> int:
        """Whole rupiah that came and did not go back."""
        gone = sum(one.amount for all_of_one in self.back.values() for one in all_of_one)
        return sum(self.paid.values()) - gone

    def give_back(self, order_id: str, amount: int) -> None:
        """So much of an order, or what is left of it, goes back."""
        left = self.paid[order_id] - sum(one.amount for one in self.back[order_id])
        if left > 0:
            number = len(self.back[order_id]) + 1
            self.back[order_id].append(TakenBack(f"r{number}", min(amount, left)))


def somebody(rt: Runtime) -> Member:
    """A member nobody has seen before."""
    number = next(NUMBERS)
    phone, nik = f"+62812{number:08}", a_nik(number)
    return a_registered_member(rt, phone=phone, nik=nik, member_number=str(number))


def an_order_id() -> str:
    return f"SRT-{next(NUMBERS)}"


def hear_of(rt: Runtime, order_id: str) -> None:
    """A notification of an order comes and is looked into."""
    payments.look_into(rt, a_notification(rt, order_id, number=next(NUMBERS)))


def next_months(rt: Runtime, member: Member, number: int) -> list[date]:
    """The months that a member would be asked to pay."""
    with rt.db.connect() as connection:
        paid = contributions.months_of(connection, member.id)
    found: list[date] = []
    while len(found) < number:
        following = coverage(paid, days.local(rt.clock()), frozenset()).next_month
        found.append(following)
        paid[following] = "received"
    return found


def standing(rt: Runtime, member: Member) -> tuple[int, dict[date, int]]:
    """A member's credit and contribution months, in whole rupiah."""
    with rt.db.connect() as connection:
        return ledgers.credit(connection, Payer(member.id)), contributions.amounts_of(connection, member.id)


class Money(RuleBasedStateMachine):
    """Two members, a sponsor, a payment company, an institution and finance, who do what they please."""

    def __init__(self, rt: Runtime, company: Company) -> None:
        super().__init__()
        self.rt = replace(rt, payment=company)
        self.desk = replace(self.rt, institution=FileInstitution())
        self.company = company
        self.people = [somebody(self.rt), somebody(self.rt)]
        self.orders: list[str] = []

    def pay(self, order_id: str, amount: int) -> None:
        """Somebody pays an order, unless it is paid, and we hear of it."""
        self.company.paid.setdefault(order_id, amount)
        hear_of(self.rt, order_id)

    @rule(who=st.integers(0, 1), months=st.integers(1, 3), at_once=st.booleans())
    def a_member_asks_for_a_code(self, who: int, months: int, at_once: bool) -> None:
        member, order_id = self.people[who], an_order_id()
        execute(self.rt, "UPDATE pay_codes SET state = 'expired' WHERE state = 'open'")
        a_pay_code(self.rt, member, months=next_months(self.rt, member, months), order_id=order_id)
        self.orders.append(order_id)
        if at_once:
            self.pay(order_id, months * PRICE)

    @rule(months=st.integers(1, 2), at_once=st.booleans())
    def the_sponsor_asks_for_a_code(self, months: int, at_once: bool) -> None:
        order_id = an_order_id()
        execute(self.rt, "UPDATE pay_codes SET state = 'expired' WHERE state = 'open'")
        a_basket(self.rt, self.people, months=next_months(self.rt, self.people[0], months), order_id=order_id)
        self.orders.append(order_id)
        if at_once:
            self.pay(order_id, months * PRICE * len(self.people))

    @rule(which=st.integers(0, 99), amount=AMOUNTS)
    def an_order_is_paid(self, which: int, amount: int) -> None:
        if self.orders:
            self.pay(self.orders[which % len(self.orders)], amount)

    @rule(which=st.integers(0, 99))
    def a_notification_comes_again(self, which: int) -> None:
        if self.orders:
            hear_of(self.rt, self.orders[which % len(self.orders)])

    @rule(amount=AMOUNTS)
    def a_stranger_pays(self, amount: int) -> None:
        order_id = f"{an_order_id()}-X"
        self.company.paid[order_id] = amount
        hear_of(self.rt, order_id)
        self.orders.append(order_id)

    @rule(which=st.integers(0, 99), who=st.integers(0, 1))
    def a_strangers_money_is_assigned(self, which: int, who: int) -> None:
        if self.orders:
            with suppress(NotAllowedNow):
                payments.assign(self.rt, self.orders[which % len(self.orders)], Payer(self.people[who].id))

    @rule(which=st.integers(0, 99), amount=AMOUNTS)
    def money_goes_back(self, which: int, amount: int) -> None:
        paid = [order_id for order_id in self.orders if order_id in self.company.paid]
        if paid:
            order_id = paid[which % len(paid)]
            self.company.give_back(order_id, amount)
            hear_of(self.rt, order_id)

    @rule()
    def months_are_handed_over(self) -> None:
        handoff.hand_over(self.rt)

    def in_files(self) -> list[Mapping[str, Any]]:
        """The months in files that the institution has not confirmed, and what they are called there."""
        return rows(
            self.rt,
            "SELECT b.handover_file, 'C' || member_id || '-' || to_char(month, 'YYYYMM') AS reference "
            "FROM contribution_months c JOIN remittances b ON b.id = c.remittance_id "
            "WHERE b.handover_file IS NOT NULL AND c.state <> 'confirmed' AND member_id = ANY(:people) ORDER BY 1, 2",
            people=[one.id for one in self.people],
        )

    @rule(transferred=st.booleans())
    def months_are_put_into_a_file(self, transferred: bool) -> None:
        file = handover_files.make(self.desk, "contributions", "ani")
        if file and transferred:
            handover_files.remitted(self.desk, file.number, "BNI")

    def answered(self, which: int, verdict: str, reason: str = "", bank_reference: str = "") -> None:
        """The institution's answer file says this of one month, which may have to be handed over first."""
        if not self.in_files():
            self.months_are_put_into_a_file(transferred=True)
        filed = self.in_files()
        if filed:
            number, reference = filed[which % len(filed)].values()
            columns = "file,reference,verdict,member_number,reason,bank_reference"
            contents = f"{columns}\n{number},{reference},{verdict},,{reason},{bank_reference}\n".encode()
            handover_answers.take(self.desk, "answer", contents, "ani")

    @rule(which=st.integers(0, 99), verdict=st.sampled_from(["received", "confirmed"]))
    def the_institution_takes_a_month(self, which: int, verdict: str) -> None:
        self.answered(which, verdict)

    @rule(which=st.integers(0, 99), reason=st.sampled_from(["wrong sum", "age"]))
    def the_institution_refuses_a_month(self, which: int, reason: str) -> None:
        self.answered(which, "refused", reason)

    @rule(which=st.integers(0, 99))
    def the_institution_sends_the_money_of_a_month_back(self, which: int) -> None:
        self.answered(which, "refused", "wrong sum", "BNI-B")

    @rule(sent=st.booleans())
    def the_money_of_refused_months_comes_back(self, sent: bool) -> None:
        for row in rows(self.rt, "SELECT DISTINCT handover_file FROM refused_months WHERE returned_at IS NULL"):
            with suppress(NotAllowedNow):
                refused_months.bring_back(self.desk, row["handover_file"], "BNI-B" if sent else None)

    @rule(who=st.integers(0, 1), plan=st.sampled_from(PLANS))
    def a_member_changes_the_plan(self, who: int, plan: Plan) -> None:
        with self.rt.db.begin() as connection:
            members.keep_plan(connection, self.people[who].id, date(2026, 12, 1), plan)

    @rule(who=st.integers(0, 1))
    def the_institution_refuses_somebody(self, who: int) -> None:
        member = self.people[who].id
        execute(self.rt, "UPDATE registrations SET state = 'refused' WHERE member_id = :id", id=member)
        with self.rt.db.begin() as connection:
            refunds.after_refusal(self.rt, connection, member)

    @rule(who=st.integers(0, 1))
    def the_institution_accepts_somebody(self, who: int) -> None:
        member = self.people[who].id
        execute(self.rt, "UPDATE registrations SET state = 'confirmed' WHERE member_id = :id", id=member)
        with self.rt.db.begin() as connection:
            refunds.after_acceptance(self.rt, connection, member)

    @rule(paid=st.booleans())
    def finance_decides_about_a_refund(self, paid: bool) -> None:
        for row in rows(self.rt, "SELECT id FROM refunds WHERE state IN ('requested', 'approved')"):
            with suppress(NotAllowedNow):
                for by in ("ani", "budi"):
                    refunds.approve(self.rt, row["id"], by)
            if paid:
                with suppress(NotAllowedNow):
                    refunds.paid_out(self.rt, row["id"], "citra", "TRF")

    @invariant()
    def the_books_balance(self) -> None:
        assert books.check(self.rt) == []

    @invariant()
    def nobody_is_insured_with_more_than_was_paid(self) -> None:
        with self.rt.db.connect() as connection:
            accounts_now = ledgers.balances(connection)
        (sums,) = rows(
            self.rt,
            "SELECT (SELECT coalesce(sum(amount), 0) FROM contribution_months) AS worth, "
            "(SELECT coalesce(sum(amount), 0) FROM refunds WHERE state = 'paid') AS paid_out",
        )
        in_hand = self.company.net - int(sums["paid_out"])
        assert accounts_now.get("settlement", 0) == in_hand
        assert int(sums["worth"]) <= in_hand + accounts_now.get("losses", 0)

    @invariant()
    def nobody_is_insured_in_a_month_that_was_refused(self) -> None:
        active = (
            "SELECT 1 FROM contribution_months JOIN refused_months USING (member_id, month) WHERE state = 'confirmed'"
        )
        assert rows(self.rt, active) == []


def test_whatever_happens_to_money_the_books_balance_and_nobody_gets_more_than_was_paid(rt: Runtime) -> None:
    company = Company()  # one for all examples, as the books are
    bounded = settings(BOUNDED, max_examples=12, stateful_step_count=40)
    run_state_machine_as_test(lambda: Money(rt, company), settings=bounded)  # type: ignore[arg-type]  # as its docs say


@dataclass(frozen=True)
class Story:
    """Codes with what was paid and what went back of each, and two orders in which we hear of it."""

    codes: tuple[tuple[int, int, int], ...]
    first: tuple[int, ...]
    second: tuple[int, ...]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """One to four codes, each heard of one to three times."""
    # November and December: from January on a month has another price than these codes say.
    code = st.tuples(st.integers(1, 2), st.integers(1, 40_000), st.sampled_from([0, 0, 3_000, 8_400, 99_999]))
    codes = tuple(draw(st.lists(code, min_size=1, max_size=4)))
    news = [number for number in range(len(codes)) for _ in range(draw(st.integers(1, 3)))]
    return Story(codes, tuple(draw(st.permutations(news))), tuple(draw(st.permutations(news))))


def told(rt: Runtime, story: Story, order: Sequence[int]) -> tuple[int, dict[date, int]]:
    """How somebody stands to whom the story happened, heard of in this order."""
    company = Company()
    shop, member = replace(rt, payment=company), somebody(rt)
    ids = [an_order_id() for _ in story.codes]
    for order_id, (months, amount, gone) in zip(ids, story.codes, strict=True):
        a_pay_code(shop, member, months=next_months(shop, member, months), order_id=order_id)
        execute(shop, "UPDATE pay_codes SET state = 'expired' WHERE state = 'open'")
        company.paid[order_id] = amount
        if gone:
            company.give_back(order_id, gone)
    for number in order:
        hear_of(shop, ids[number])
    return standing(shop, member)


def test_the_order_in_which_we_hear_of_payments_and_refunds_does_not_matter(rt: Runtime) -> None:
    @settings(BOUNDED, max_examples=15)
    @given(stories())
    def tell(story: Story) -> None:
        assert told(rt, story, story.first) == told(rt, story, story.second)

    tell()
    assert books.check(rt) == []
