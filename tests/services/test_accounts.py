"""Credit becomes months and months become credit: for one member, and for a basket of thousands."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import date

import pytest

from tests.builders import (
    NOVEMBER,
    PRICE,
    a_basket,
    a_notification,
    a_paid_member,
    a_registered_member,
    count,
    execute,
    rows,
    some_members,
)
from tests.fakes.gateways import Till
from ussd_app.domain import ledger
from ussd_app.domain.contributions import Plan
from ussd_app.domain.ledger import Payer
from ussd_app.gateways.payment import TakenBack
from ussd_app.runtime import Runtime
from ussd_app.services import accounts, books, handoff, payments
from ussd_app.storage import contributions, members
from ussd_app.storage import ledger as ledgers
from ussd_app.storage.members import Member

DECEMBER, JANUARY = date(2026, 12, 1), date(2027, 1, 1)
PEOPLE = 1_000


def given(rt: Runtime, member: Member, amount: int) -> list[date]:
    """So much is credited to a member and spent; the months it bought."""
    with rt.db.begin() as connection:
        key = f"SRT-{count(rt, 'ledger_transactions')}"
        ledgers.post(connection, ledger.settlement(key, Payer(member.id), amount), rt.clock())
        return [line.month for line in accounts.spend(rt, connection, member.id, key)]


def test_credit_buys_the_next_unpaid_months_each_at_its_own_price(rt: Runtime) -> None:
    assert given(rt, a_registered_member(rt), 2 * PRICE + 16_800) == [NOVEMBER, DECEMBER, JANUARY]


def test_credit_that_reaches_for_no_month_buys_none(rt: Runtime) -> None:
    assert given(rt, a_registered_member(rt), PRICE - 1) == []


def test_small_sums_buy_the_month_when_it_is_full(rt: Runtime) -> None:
    member = a_registered_member(rt)
    assert [given(rt, member, 1_000) for _ in range(9)] == [[]] * 8 + [[NOVEMBER]]
    with rt.db.connect() as connection:
        assert ledgers.credit(connection, Payer(member.id)) == 600


def test_a_later_month_is_bought_under_the_plan_that_counts_then(rt: Runtime) -> None:
    member = a_registered_member(rt)
    with rt.db.begin() as connection:
        members.keep_plan(connection, member.id, DECEMBER, Plan("household", "jkk_jkm_jht", 1_000_000))
    given(rt, member, 100_000)
    found = rows(rt, "SELECT package, amount FROM contribution_months ORDER BY month LIMIT 2")
    assert [row["package"] for row in found] == ["jkk_jkm", "jkk_jkm_jht"]
    assert found[1]["amount"] > found[0]["amount"]


def test_a_fortune_buys_no_more_than_two_years_at_once(rt: Runtime) -> None:
    assert len(given(rt, a_registered_member(rt), 10_000_000)) == accounts.MOST_AHEAD


@pytest.mark.parametrize(
    "statement", ["UPDATE members SET state = 'left'", "UPDATE registrations SET state = 'refused'"]
)
def test_nothing_is_bought_for_whom_it_would_be_no_use(rt: Runtime, statement: str) -> None:
    member = a_registered_member(rt)
    execute(rt, statement)
    assert given(rt, member, 50_000) == []


def test_months_are_freed_the_latest_first_and_no_more_than_needed(rt: Runtime) -> None:
    member = a_paid_member(rt, months=(NOVEMBER, DECEMBER, JANUARY))
    with rt.db.begin() as connection:
        assert accounts.free(rt, connection, Payer(member.id), "SRT-X", PRICE + 1) == 2 * PRICE
        assert set(contributions.months_of(connection, member.id)) == {NOVEMBER}
    assert books.check(rt) == []


def test_months_in_a_batch_for_the_institution_are_not_freed(rt: Runtime) -> None:
    member = a_paid_member(rt)
    with rt.db.begin() as connection:
        contributions.make_remittance(connection, rt.clock())
        assert accounts.free(rt, connection, Payer(member.id), "SRT-X", PRICE) == 0
    handoff.hand_over(rt)
    assert books.check(rt) == []


def test_what_a_sponsor_paid_is_given_back_to_the_sponsor(rt: Runtime) -> None:
    shop = replace(rt, payment=Till(amount=2 * PRICE))
    people = some_members(shop, 2)
    order = a_basket(shop, people)
    payments.look_into(shop, a_notification(shop, "SRT-B"))
    with shop.db.begin() as connection:
        accounts.give_back(shop, connection, contributions.held(connection, member_id=people[0].id))
        assert ledgers.credit(connection, order.payer) == PRICE
        assert ledgers.credit(connection, Payer(people[0].id)) == 0
    assert books.check(shop) == []


# ---- thousands at once


def many_members(rt: Runtime, number: int) -> list[Member]:
    """People whom the institution has accepted, written at once."""
    execute(
        rt,
        "WITH m AS (INSERT INTO members (nik_index, nik, name, born, phone, language, zone, workplace, created_at) "
        "SELECT 'n' || n, 'x', 'Budi Santoso', '1988-08-05', '+62812' || lpad(n::text, 8, '0'), 'id', 'Asia/Jakarta', "
        "'Jakarta', now() FROM generate_series(1, :number) n RETURNING id), p AS (INSERT INTO member_plans "
        "SELECT id, '2026-11-01', 'household', 'jkk_jkm', 1000000 FROM m) INSERT INTO registrations (member_id, "
        "dialogue, state, next_try_at, created_at) SELECT id, 'd' || id, 'confirmed', now(), now() FROM m",
        number=number,
    )
    like = a_registered_member(rt)
    found = rows(rt, "SELECT id FROM members ORDER BY id LIMIT :number", number=number)
    return [replace(like, id=row["id"]) for row in found]


def test_a_basket_of_a_thousand_people_is_posted_in_little_memory_and_partly_taken_back(rt: Runtime) -> None:
    till = Till(amount=3 * PEOPLE * PRICE)
    shop = replace(rt, payment=till)
    a_basket(shop, many_members(shop, PEOPLE), months=(NOVEMBER, DECEMBER, JANUARY))
    news = [a_notification(shop, "SRT-B", number=number) for number in range(2)]
    tracemalloc.start()
    payments.look_into(shop, news[0])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (count(shop, "contribution_months"), count(shop, "outbox")) == (3 * PEOPLE, PEOPLE + 1)
    assert peak < 100_000_000, f"{peak / 1e6:.0f} MB"
    till.taken_back = (TakenBack("r1", PEOPLE * PRICE),)
    till.state = "refunded"
    payments.look_into(shop, news[1])
    assert rows(shop, "SELECT DISTINCT month FROM contribution_months ORDER BY month") == [
        {"month": NOVEMBER},
        {"month": DECEMBER},
    ]
    assert books.check(shop) == []
