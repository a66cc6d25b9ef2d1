"""What has changed for many people at once is worked out once, and nobody waits for somebody who waits for them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection

from tests.builders import (
    NOVEMBER,
    PRICE,
    a_basket,
    a_member,
    a_nik,
    a_paid_member,
    a_registration,
    a_sponsor,
    execute,
    rows,
    some_members,
    typed,
)
from tests.statements import statements
from ussd_app.domain import ledger
from ussd_app.gateways.handover_file import FileInstitution
from ussd_app.runtime import Runtime
from ussd_app.services import baskets, enrolment, handover_answers, handover_files, reminders
from ussd_app.storage import ledger as books
from ussd_app.storage import reminded, sponsors
from ussd_app.storage.members import Member


def sponsors_read(found: list[str]) -> int:
    """How often all the people of a sponsor were read."""
    return sum(statement.startswith("WITH theirs") for statement in found)


def sponsored(rt: Runtime, people: Sequence[Member]) -> Sequence[Member]:
    """These people, for whom Bu Rini pays."""
    sponsor = a_sponsor(rt)
    with rt.db.begin() as connection:
        for member in people:
            sponsors.link(connection, sponsor.id, member.id, "Budi", 1, rt.clock())
    return people


def test_for_people_who_are_renewed_together_their_sponsor_is_read_once(rt: Runtime) -> None:
    people = sponsored(rt, some_members(rt, 5))
    with statements(rt) as found, rt.db.begin() as connection, reminders.together(rt, connection):
        for member in people:
            reminders.renew(rt, connection, [member.id])
    assert sponsors_read(found) == 1
    assert len(rows(rt, "SELECT 1 FROM reminder_times")) == 6


def test_together_within_together_is_one(rt: Runtime) -> None:
    one, other = sponsored(rt, some_members(rt, 2))
    with statements(rt) as found, rt.db.begin() as connection, reminders.together(rt, connection):
        with reminders.together(rt, connection):
            reminders.renew(rt, connection, [one.id])
        reminders.renew(rt, connection, [other.id])
    assert sponsors_read(found) == 1


def test_what_fails_together_leaves_nothing_to_the_next_transaction(rt: Runtime) -> None:
    (member,) = some_members(rt, 1)

    def fail(connection: Connection) -> None:
        with reminders.together(rt, connection):
            reminders.renew(rt, connection, [member.id])
            raise LookupError

    with rt.db.connect() as connection:
        with pytest.raises(LookupError):
            fail(connection)
        connection.rollback()
        assert rows(rt, "SELECT 1 FROM reminder_times") == []
        reminders.renew(rt, connection, [member.id])
        connection.commit()
    assert len(rows(rt, "SELECT 1 FROM reminder_times")) == 1


def test_two_transactions_about_the_same_people_in_another_order_both_come_to_an_end(rt: Runtime) -> None:
    people = [member.id for member in sponsored(rt, some_members(rt, 2))]
    with rt.db.begin() as connection:
        reminders.renew(rt, connection, people)
    halfway, done = threading.Barrier(2), list[int]()

    def renew(first: int, second: int) -> None:
        with rt.db.begin() as connection, reminders.together(rt, connection):
            reminders.renew(rt, connection, [first])
            halfway.wait(30)
            reminders.renew(rt, connection, [second])
        done.append(first)

    threads = [threading.Thread(target=renew, args=order) for order in (people, people[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == people


def test_a_page_of_answers_reads_a_sponsor_once(rt: Runtime) -> None:
    desk = replace(rt, institution=FileInstitution())
    people = [a_member(desk, nik=a_nik(serial), phone=f"+6281290{serial:06}") for serial in range(3)]
    for member in sponsored(desk, people):
        enrolment.file(desk, a_registration(desk, member))
    handover_files.make(desk, "registrations", "budi@kantor.id")
    lines = [f"1,R{number},refused,,NIK tidak ditemukan" for number in (1, 2, 3)]
    contents = "\n".join(["file,reference,verdict,member_number,reason", *lines]) + "\n"
    with statements(rt) as found:
        taken = handover_answers.take(desk, "answers.csv", contents.encode(), "budi@kantor.id")
    assert (taken.problems, taken.fresh, sponsors_read(found)) == ((), 3, 1)


def test_a_sponsor_who_pays_for_many_is_read_once(rt: Runtime) -> None:
    people = sponsored(rt, some_members(rt, 3))
    order = a_basket(rt, people)
    with statements(rt) as found, rt.db.begin() as connection:
        books.post(connection, ledger.settlement(order.order_id, order.payer, 3 * PRICE), rt.clock())
        assert len(baskets.buy(rt, connection, order, order.order_id)) == 3
    assert sponsors_read(found) == 1


def test_telling_ones_pay_day_reads_nothing_of_the_sponsor(rt: Runtime) -> None:
    sponsored(rt, [a_paid_member(rt)])
    with statements(rt) as found:
        assert typed(rt, "3", "4", "3", "1", "5").text.startswith("Dicatat.")
    assert sponsors_read(found) == 0


def test_people_for_whom_the_same_is_paid_are_counted_as_one_by_one(rt: Runtime) -> None:
    people = sponsored(rt, [a_paid_member(rt, months=[NOVEMBER, date(2026, 12, 1)]), *some_members(rt, 4)])
    for number, member in enumerate(people[1:4]):
        execute(
            rt,
            "INSERT INTO contribution_months (member_id, month, package, wage, amount, order_id, state, received_at, "
            "answer) VALUES (:id, '2026-11-01', 'jkk_jkm', 1000000, 8400, 'SRT-X', 'received', :now, :answer)",
            id=member.id,
            now=rt.clock(),
            answer="refused" if number == 0 else None,
        )
    ids = [member.id for member in people]
    with rt.db.connect() as connection:
        one_by_one = Counter(str(paid.months) for paid in reminded.paid_by(connection, ids, rt.clock()).values())
        alike = reminded.people_alike(connection, [1], rt.clock())
    found: dict[str, Any] = {str(one.months): one.people for one in alike}
    assert (found, sum(one_by_one.values()), len(found)) == (one_by_one, 4, 3)
