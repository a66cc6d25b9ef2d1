"""Reminders come in the evening, once, and not after paying; whatever runs twice."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests import sponsoring
from tests.builders import (
    NOVEMBER,
    PHONE,
    a_keypress,
    a_nik,
    a_paid_member,
    a_pay_code,
    a_registered_member,
    a_sponsor,
    execute,
    rows,
    shipped,
    some_members,
    typed,
)
from tests.conftest import clock_of
from ussd_app.domain import calendar, ledger
from ussd_app.domain.reminder_days import PayDays
from ussd_app.runtime import Runtime
from ussd_app.services import accounts, dialing, publishing, reminders, reminding, rights, stops
from ussd_app.services.relay import relay
from ussd_app.storage import contributions, members, outbox, sponsors
from ussd_app.storage import ledger as books
from ussd_app.storage import orders as codes
from ussd_app.storage import reminders as store
from ussd_app.storage.members import Member
from ussd_app.storage.outbox import Settled

DECEMBER = date(2026, 12, 1)
ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")


def at(rt: Runtime, month: int, day: int, hour: int = 11, minute: int = 5, year: int = 2026) -> None:
    """Make it this moment in UTC: Jakarta is seven hours ahead, so it is five past six in the evening there."""
    clock_of(rt).set(datetime(year, month, day, hour, minute, tzinfo=UTC))


def texts(rt: Runtime, state: str = "waiting") -> list[str]:
    query = "SELECT text FROM outbox WHERE lane = 'reminders' AND state = :state ORDER BY id"
    return [row["text"] for row in rows(rt, query, state=state)]


def next_at(rt: Runtime, member: Member) -> tuple[str, datetime | None]:
    query = "SELECT step, next_at FROM reminder_times WHERE kind = 'member' AND person = :id"
    (row,) = rows(rt, query, id=member.id)
    return row["step"], row["next_at"]


def pay(rt: Runtime, member: Member, months: Sequence[date]) -> None:
    """A member's payment for these months comes."""
    code = a_pay_code(rt, member, months=months, order_id=f"SRT-{member.id}-{months[0]:%y%m}")
    with rt.db.begin() as connection:
        books.post(connection, ledger.settlement(code.order.order_id, code.order.payer, code.order.total), rt.clock())
        accounts.allocate(rt, connection, code.order, code.order.order_id)
        codes.mark_paid(connection, code.id, rt.clock())


@pytest.fixture
def siti(rt: Runtime) -> Member:
    """Somebody who has paid November, and next has to pay December by the 15th."""
    return a_paid_member(rt)


# ---- what is said ----


def test_a_member_is_reminded_five_days_before_the_next_due_date(rt: Runtime, siti: Member) -> None:
    at(rt, 12, 10)
    assert reminding.scan(rt) == 1
    (text,) = texts(rt)
    assert text.startswith("Iuran Des 2026: Rp8.400, bayar s.d. 15 Des 2026. Demi anak & keluarga, biaya RS bila kec")


def test_a_reminder_dies_at_the_end_of_its_evening(rt: Runtime, siti: Member) -> None:
    at(rt, 12, 15)
    reminding.scan(rt)
    (row,) = rows(rt, "SELECT key, send_by, message FROM outbox WHERE lane = 'reminders'")
    assert row == {
        "key": f"m{siti.id}:2026-12:today",
        "send_by": datetime(2026, 12, 15, 13, tzinfo=UTC),
        "message": "remind_today",
    }


def test_what_stands_to_somebodys_credit_is_taken_off_the_sum(rt: Runtime, siti: Member) -> None:
    code = a_pay_code(rt, siti, months=[DECEMBER], order_id="SRT-C", price=3_000)
    with rt.db.begin() as connection:
        books.post(connection, ledger.settlement("SRT-C", code.order.payer, 3_000), rt.clock())
    at(rt, 12, 10)
    reminding.scan(rt)
    assert texts(rt)[0].startswith("Iuran Des 2026: Rp5.400,")


@pytest.mark.parametrize("pay_code", [True, False])
def test_what_a_reminder_tells_people_to_dial_leads_to_paying(rt: Runtime, siti: Member, pay_code: bool) -> None:
    at(rt, 12, 10)
    reminding.scan(rt)
    dialled = texts(rt)[0].rsplit(" ", 1)[1]
    assert dialled == "*777*2#"
    if pay_code:
        a_pay_code(rt, siti, months=[DECEMBER], order_id="SRT-D")
    screen = typed(rt, *dialled.removeprefix("*777*").removesuffix("#").split("*")).text
    assert screen.startswith("Kode bayar " if pay_code else "Kirim kode untuk\n1. 3 bulan Rp")


@pytest.mark.parametrize("language", ["id", "en", "jv", "su"])
def test_nobody_in_arrears_is_told_that_they_are_protected(rt: Runtime, language: str) -> None:
    a_paid_member(rt, language=language)
    for month, day in ((12, 21), (1, 12), (2, 12)):
        at(rt, month, day, year=2026 if month == 12 else 2027)
        reminding.scan(rt)
    said = texts(rt)
    assert len(said) == 3
    assert all("NUNGGAK" in text or "MENUNGGAK" in text or "IN ARREARS" in text for text in said)


def test_people_of_one_phone_who_would_read_the_same_words_get_them_once(rt: Runtime, siti: Member) -> None:
    a_paid_member(rt, nik=a_nik(9), name="Budi", member_number="21234567891")
    at(rt, 12, 10)
    assert reminding.scan(rt) == 1
    assert len(rows(rt, "SELECT 1 FROM reminders_sent")) == 2


def two_at_one_phone(rt: Runtime, siti: Member) -> Member:
    """Siti and Budi would read the same words, at one phone, and Siti's SMS waits to be sent."""
    budi = a_paid_member(rt, nik=a_nik(9), name="Budi", member_number="21234567891")
    at(rt, 12, 10)
    assert reminding.scan(rt) == 1
    assert rows(rt, "SELECT key FROM outbox WHERE lane = 'reminders'") == [{"key": f"m{siti.id}:2026-12:before"}]
    return budi


def test_where_one_of_two_at_a_phone_pays_the_other_is_still_reminded(rt: Runtime, siti: Member) -> None:
    budi = two_at_one_phone(rt, siti)
    pay(rt, siti, [DECEMBER])
    assert (reminding.scan(rt), reminding.scan(rt)) == (1, 0)
    found = rows(rt, "SELECT key, state FROM outbox WHERE lane = 'reminders' ORDER BY id")
    assert [(row["key"], row["state"]) for row in found] == [
        (f"m{siti.id}:2026-12:before", "stopped"),
        (f"m{budi.id}:2026-12:before", "waiting"),
    ]


def test_where_the_one_without_a_text_of_their_own_pays_the_other_one_s_goes_out(rt: Runtime, siti: Member) -> None:
    budi = two_at_one_phone(rt, siti)
    pay(rt, budi, [DECEMBER])
    assert (reminding.scan(rt), len(texts(rt)), len(texts(rt, "stopped"))) == (0, 1, 0)


def test_where_the_text_has_gone_out_a_payment_brings_no_other_one(rt: Runtime, siti: Member) -> None:
    two_at_one_phone(rt, siti)
    execute(rt, "UPDATE outbox SET state = 'sent' WHERE lane = 'reminders'")
    pay(rt, siti, [DECEMBER])
    assert reminding.scan(rt) == 0


def test_where_both_at_a_phone_pay_nobody_is_reminded(rt: Runtime, siti: Member) -> None:
    budi = two_at_one_phone(rt, siti)
    pay(rt, siti, [DECEMBER])
    pay(rt, budi, [DECEMBER])
    assert (reminding.scan(rt), texts(rt)) == (0, [])


def test_of_three_at_a_phone_one_text_is_left_when_the_first_pays(rt: Runtime, siti: Member) -> None:
    two_at_one_phone(rt, siti)
    a_paid_member(rt, nik=a_nik(11), name="Ani", member_number="21234567892")
    assert reminding.scan(rt) == 0
    pay(rt, siti, [DECEMBER])
    assert (reminding.scan(rt), len(texts(rt))) == (1, 1)


def test_the_same_words_reach_a_phone_once_an_evening_also_from_two_pages(rt: Runtime, siti: Member) -> None:
    a_paid_member(rt, nik=a_nik(9), name="Budi", member_number="21234567891")
    at(rt, 12, 10)
    small, reminding.PAGE = reminding.PAGE, 1
    try:
        assert reminding.scan(rt) == 1
    finally:
        reminding.PAGE = small
    assert len(rows(rt, "SELECT 1 FROM reminders_sent")) == 2


# ---- when, and when not ----


def test_nothing_is_sent_before_the_evening(rt: Runtime, siti: Member) -> None:
    with rt.db.begin() as connection:
        reminders.renew(rt, connection, [siti.id])
    at(rt, 12, 10, 10, 59)
    assert (reminding.scan(rt), next_at(rt, siti)) == (0, ("before", datetime(2026, 12, 10, 11, tzinfo=UTC)))


def test_a_second_scan_sends_nothing_and_a_restart_neither(rt: Runtime, siti: Member) -> None:
    at(rt, 12, 10)
    counts = [reminding.scan(rt) for _ in range(2)]
    execute(rt, "UPDATE reminder_times SET next_at = now() - interval '1 year'")
    assert [*counts, reminding.scan(rt), len(texts(rt))] == [1, 0, 0, 1]


def test_two_schedulers_at_once_send_each_reminder_once(rt: Runtime) -> None:
    some = some_members(rt, 60)
    for member in some:
        pay(rt, member, [NOVEMBER])
    at(rt, 12, 10)
    counts: list[int] = []
    small, reminding.PAGE = reminding.PAGE, 7
    try:
        threads = [threading.Thread(target=lambda: counts.append(reminding.scan(rt))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        reminding.PAGE = small
    reminding.scan(rt)
    assert (len(counts), sum(counts), len(texts(rt))) == (4, 60, 60)


def test_a_payment_stops_the_reminder_that_waits_and_plans_the_next_one(rt: Runtime, siti: Member) -> None:
    at(rt, 12, 10)
    reminding.scan(rt)
    pay(rt, siti, [DECEMBER])
    assert (len(texts(rt)), len(texts(rt, "stopped"))) == (0, 1)
    assert next_at(rt, siti) == ("before", datetime(2027, 1, 11, 11, tzinfo=UTC))


def test_a_reminder_in_the_gateways_hands_is_not_tried_again_after_the_payment(rt: Runtime, siti: Member) -> None:
    at(rt, 12, 10)
    reminding.scan(rt)
    (row,) = rows(rt, "SELECT id FROM outbox WHERE lane = 'reminders'")
    lease = rt.clock() + timedelta(seconds=30)
    execute(rt, "UPDATE outbox SET state = 'handing_over', lease_until = :lease WHERE id = :id", lease=lease, **row)
    pay(rt, siti, [DECEMBER])
    with rt.db.begin() as connection:  # the gateway was busy
        outbox.settle(connection, [Settled(row["id"], "waiting")], rt.clock(), lease)
        outbox.put_off(connection, {row["id"]: rt.clock()})
    clock_of(rt).forward(minutes=1)
    relay(rt, "reminders", lambda _seconds: None)
    assert rows(rt, "SELECT state FROM outbox WHERE lane = 'reminders'") == [{"state": "expired"}]


def test_a_month_that_is_given_back_is_asked_for_again(rt: Runtime, siti: Member) -> None:
    pay(rt, siti, [DECEMBER])
    with rt.db.begin() as connection:
        held = [one for one in contributions.held(connection, member_id=siti.id) if one.paid.month == DECEMBER]
        accounts.give_back(rt, connection, held)
    assert next_at(rt, siti) == ("before", datetime(2026, 12, 10, 11, tzinfo=UTC))


def test_who_stops_reminders_is_not_reminded_until_they_start_again(rt: Runtime, siti: Member) -> None:
    with rt.db.begin() as connection:
        stops.stop_by(rt, connection, PHONE, "reminders", "sms", "in:1")
    silent = next_at(rt, siti)
    with rt.db.begin() as connection:
        stops.start_by(rt, connection, PHONE, "reminders", "sms:in:2")
    assert (silent, next_at(rt, siti)[0]) == (("", None), "before")


def test_who_leaves_is_not_reminded(rt: Runtime, siti: Member) -> None:
    with rt.db.begin() as connection:
        reminders.renew(rt, connection, [siti.id])
        rights.leave(rt, connection, siti.id, "office", "test")
    assert next_at(rt, siti) == ("", None)


def test_whom_the_institution_refused_is_not_reminded(rt: Runtime, siti: Member) -> None:
    execute(rt, "UPDATE registrations SET state = 'refused'")
    at(rt, 12, 10)
    execute(rt, "UPDATE reminder_times SET next_at = :now", now=rt.clock())
    assert reminding.scan(rt) == 0


def test_somebody_new_is_reminded_of_the_first_payment_by_having_enrolled(rt: Runtime) -> None:
    typed(rt, "1", a_nik(), "05081988", "Siti Aminah", "1", "1", "2", "1")
    (row,) = rows(rt, "SELECT step, next_at FROM reminder_times")
    assert row == {"step": "first", "next_at": datetime(2026, 11, 23, 11, tzinfo=UTC)}


# ---- sponsors ----


def a_sponsored(rt: Runtime, number: int = 2, zone: str = "Asia/Makassar") -> list[Member]:
    """People for whom Bu Rini has paid November."""
    sponsor, people = a_sponsor(rt), some_members(rt, number)
    execute(rt, "UPDATE members SET zone = :zone", zone=zone)
    for member in people:
        pay(rt, member, [NOVEMBER])
        with rt.db.begin() as connection:
            sponsors.link(connection, sponsor.id, member.id, "Budi", 1, rt.clock())
            reminders.renew(rt, connection, [member.id])
    return people


def test_a_sponsor_gets_one_text_for_all_and_their_people_get_none(rt: Runtime) -> None:
    a_sponsored(rt, 3)
    at(rt, 12, 11, 10)
    reminding.scan(rt)
    (row,) = rows(rt, "SELECT phone, text FROM outbox WHERE lane = 'reminders'")
    assert row["phone"] == "+6281299999999"
    assert row["text"].startswith("3 orang yang Anda bayari belum lunas Des 2026. Bayar s.d. 15 Des 2026 demi mereka")


def test_what_a_sponsor_is_told_to_dial_leads_to_renewing_everybody(rt: Runtime) -> None:
    a_sponsored(rt)
    at(rt, 12, 11, 10)
    reminding.scan(rt)
    dialled = texts(rt)[0].rsplit(" ", 1)[1]
    assert dialled == "*778*1#"
    first = dialing.press(rt, a_keypress("1", phone="+6281299999999", code="*778#"))
    assert first.text.startswith("2 orang, masing-masing 1 bulan: Rp16.800")


def test_the_people_of_a_silent_sponsor_are_reminded_once_in_arrears(rt: Runtime) -> None:
    people = a_sponsored(rt)
    assert {next_at(rt, member)[0] for member in people} == {"overdue"}


def test_the_people_of_a_sponsor_who_wants_no_reminders_are_reminded_themselves(rt: Runtime) -> None:
    people = a_sponsored(rt)
    with rt.db.begin() as connection:
        stops.stop_by(rt, connection, "+6281299999999", "reminders", "ussd", "s1")
    assert {next_at(rt, member)[0] for member in people} == {"before"}


def test_a_sponsor_is_reminded_no_more_once_everybody_is_paid(rt: Runtime) -> None:
    people = a_sponsored(rt)
    at(rt, 12, 11, 10)
    reminding.scan(rt)
    pay(rt, people[0], [DECEMBER])
    one_paid = len(texts(rt))
    pay(rt, people[1], [DECEMBER])
    assert (one_paid, len(texts(rt)), len(texts(rt, "stopped"))) == (1, 0, 1)


def test_who_has_just_been_paid_for_counts_among_those_their_sponsor_is_reminded_of(rt: Runtime) -> None:
    sponsoring.a_basket(rt, ["Siti Aminah", "Dewi Lestari"])
    for number in (1, 2):
        sponsoring.texted(rt, sponsoring.a_phone(number), "YA")
    (agreed,) = rows(rt, "SELECT next_at FROM reminder_times WHERE kind = 'sponsor'")
    sponsoring.paid(rt)
    (now_paid,) = rows(rt, "SELECT step, next_at FROM reminder_times WHERE kind = 'sponsor'")
    assert agreed["next_at"] is None
    assert now_paid == {"step": "sponsor_before", "next_at": datetime(2026, 12, 11, 11, tzinfo=UTC)}


def test_of_very_many_people_at_once_the_next_scan_works_it_out(rt: Runtime) -> None:
    people = a_sponsored(rt, 3)
    at(rt, 12, 11, 10)
    reminding.scan(rt)
    most, reminders.AT_ONCE = reminders.AT_ONCE, 1
    try:
        with rt.db.begin() as connection:
            reminders.renew(rt, connection, [member.id for member in people])
    finally:
        reminders.AT_ONCE = most
    waited = {next_at(rt, member)[1] for member in people}
    reminding.scan(rt)
    assert (waited, {next_at(rt, member)[0] for member in people}) == ({rt.clock()}, {"overdue"})


# ---- new rules ----


def test_a_plan_that_names_a_text_nobody_has_written_is_not_published(rt: Runtime) -> None:
    wrong = shipped("reminders").replace("message: remind_today", "message: remind_tomorrow")
    (problem,) = publishing.check("reminders", {"reminders.yaml": wrong})
    assert (problem.line, problem.path) == (38, "steps.5.message")
    assert "no reminder is called `remind_tomorrow`" in str(problem)


def test_a_new_plan_moves_everybody_page_by_page(rt: Runtime) -> None:
    some = some_members(rt, 25)
    for member in some:
        pay(rt, member, [NOVEMBER])
    earlier = shipped("reminders").replace("    days: -5\n    valid: 3", "    days: -7\n    valid: 3")
    publishing.publish(rt, "reminders", {"reminders.yaml": earlier}, by="test")
    small, reminding.PAGE = reminding.PAGE, 10
    try:
        assert [reminding.replan(rt), reminding.replan(rt)] == [25, 0]
    finally:
        reminding.PAGE = small
    assert {next_at(rt, member)[1] for member in some} == {datetime(2026, 12, 8, 11, tzinfo=UTC)}


def test_members_nobody_has_planned_yet_are_planned(rt: Runtime, siti: Member) -> None:
    execute(rt, "DELETE FROM reminder_times")
    reminding.replan(rt)
    assert next_at(rt, siti)[0] == "before"


def test_a_reminder_that_is_not_looked_at_for_long_is_said_to_be_late(rt: Runtime, siti: Member) -> None:
    at(rt, 12, 10, 11, 40)
    assert reminding.lag(rt) == timedelta(minutes=40)


# ---- a whole year, with a clock ----

BEFORE = ["01-11", "02-10", "03-10", "04-10", "05-12", "06-10", "07-10", "08-11", "09-10", "10-11", "11-10", "12-10"]
TODAY = ["01-15", "02-15", "03-15", "04-15", "05-17", "06-15", "07-15", "08-16", "09-15", "10-15", "11-15", "12-15"]
FRIDAYS = ["01-08", "02-12", "03-12", "04-09", "05-14", "06-11", "07-09", "08-13", "09-10", "10-08", "11-12", "12-10"]
TO_SILENCE = ["04-08 ending", "04-15 last_day", "04-26 resume"]
YEAR = {
    "pays in time": [f"{day} before" for day in BEFORE],
    "pays late": sorted([*(f"{day} before" for day in BEFORE), *(f"{day} today" for day in TODAY)]),
    "never pays": ["01-11 before", "01-15 today", "01-20 overdue", "02-12 second", "03-12 third", *TO_SILENCE],
    "pays three ahead": ["01-11 before", "04-10 before", "07-10 before", "10-11 before"],
    "paid on Fridays": [f"{day} before" for day in FRIDAYS],
    "harvest in April": ["04-10 before"],
    "stops in February and starts in May": ["01-11 before", "01-15 today", "01-20 overdue"],
    "sponsored": [],
    "never paid": ["01-04 first", "01-07 first_again", "01-15 first_payday", "02-08 first_last"],
}
PAYS: Mapping[str, tuple[int, int, Sequence[int]]] = {
    # The day on which they pay at noon in Jakarta, for how many months, and in which months of the year.
    "pays in time": (13, 1, range(1, 13)),
    "pays late": (18, 1, range(1, 13)),
    "pays three ahead": (12, 3, (1, 4, 7, 10)),
    "paid on Fridays": (15, 1, range(1, 13)),
    "harvest in April": (12, 12, (4,)),
    "sponsored": (13, 1, range(1, 13)),
}


def everybody(rt: Runtime) -> dict[int, tuple[str, str]]:
    """One member of each kind in each zone: its kind and zone."""
    kinds, found = list(YEAR), {}
    clock_of(rt).set(datetime(2026, 12, 13, 5, tzinfo=UTC))
    sponsor = a_sponsor(rt)
    for serial, (kind, zone) in enumerate(((kind, zone) for kind in kinds for zone in ZONES), 100):
        if kind == "never paid":
            clock_of(rt).set(datetime(2027, 1, 2, 22, tzinfo=UTC))  # the third, in every zone
        member = a_registered_member(
            rt, phone=f"+6281290{serial:06}", nik=a_nik(serial), member_number=str(20_000_000_000 + serial)
        )
        execute(rt, "UPDATE members SET zone = :zone WHERE id = :id", zone=zone, id=member.id)
        if kind != "never paid":
            pay(rt, member, [DECEMBER] if kind != "harvest in April" else calendar.months_from(DECEMBER, 4))
        with rt.db.begin() as connection:
            if kind == "paid on Fridays":
                store.keep_pay_days(connection, member.id, PayDays("weekly", (5,)), rt.clock())
            if kind == "harvest in April":
                store.keep_pay_days(connection, member.id, PayDays("harvest", (4,)), rt.clock())
            if kind == "sponsored":
                sponsors.link(connection, sponsor.id, member.id, "Budi", 1, rt.clock())
            reminders.renew(rt, connection, [member.id])
        found[member.id] = (kind, zone)
    return found


def live(rt: Runtime, people: Mapping[int, tuple[str, str]], day: date) -> None:
    """What people do at noon of a day."""
    for number, (kind, _zone) in people.items():
        with rt.db.connect() as connection:
            member = members.by_id(connection, number)
        on, number_of, in_months = PAYS.get(kind, (0, 0, ()))
        if day.day == on and day.month in in_months:
            pay(rt, member, calendar.months_from(calendar.month_of(day), number_of))
        if kind.startswith("stops") and (day.month, day.day) in ((2, 1), (5, 1)):
            with rt.db.begin() as connection:
                if day.month == 2:
                    stops.stop_by(rt, connection, member.person.phone, "reminders", "sms", f"in:{number}")
                else:
                    stops.start_by(rt, connection, member.person.phone, "reminders", "sms:test")


def test_a_year_in_three_zones_has_exactly_the_reminders_that_were_written_down(rt: Runtime) -> None:
    people = everybody(rt)
    day = date(2027, 1, 1)
    while day < date(2028, 1, 1):
        clock_of(rt).set(datetime(day.year, day.month, day.day, 5, 0, tzinfo=UTC))
        live(rt, people, day)
        if day.day == 1:
            reminding.replan(rt)
        # At six in the evening from the east to the west; now and then also at night.
        for hour in (9, 10, 11, 20) if day.day in (11, 15) else (9, 10, 11):
            clock_of(rt).set(datetime(day.year, day.month, day.day, hour, 5, tzinfo=UTC))
            reminding.scan(rt)
        day += timedelta(days=1)
    got: dict[int, list[str]] = defaultdict(list)
    for row in rows(rt, "SELECT key, created_at FROM outbox WHERE lane = 'reminders' AND key LIKE 'm%' ORDER BY id"):
        person, _month, step = row["key"].split(":")
        here = row["created_at"].astimezone(ZoneInfo(people[int(person[1:])][1]))
        assert here.hour in (18, 19), row
        got[int(person[1:])].append(f"{here:%m-%d} {step}")
    assert {number: got[number] for number in people} == {
        number: YEAR[kind] for number, (kind, _zone) in people.items()
    }
