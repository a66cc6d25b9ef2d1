"""A campaign reaches those it is for, and nobody else."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.builders import a_member, a_nik, a_paid_member, a_sponsor, count, execute, rows
from tests.conftest import clock_of
from ussd_app.domain import calendar
from ussd_app.domain.coverage import coverage
from ussd_app.engine.campaign_file import Segment
from ussd_app.runtime import Runtime
from ussd_app.services import publishing, segments
from ussd_app.services.days import local
from ussd_app.storage import contributions
from ussd_app.storage import segments as people

SITI, BUDI, ANI = "+6281200000001", "+6281200000002", "+6281200000003"


def reached(rt: Runtime, **asked: object) -> list[str]:
    """The numbers in a segment."""
    with rt.db.connect() as connection:
        wanted = segments.wanted(rt, Segment.model_validate(asked))
        return [one.phone for one in people.recipients(connection, wanted, "", "~")]


@pytest.fixture
def three(rt: Runtime) -> Runtime:
    """Siti (household, Jakarta), Budi (driver with old age, Javanese, from Bali), Ani who has paid November."""
    a_member(rt, phone=SITI, nik=a_nik(1))
    a_member(rt, phone=BUDI, nik="5171" + a_nik(2)[4:], sector="driver", package="jkk_jkm_jht", language="jv")
    a_paid_member(rt, phone=ANI, nik=a_nik(3))
    return rt


@pytest.mark.parametrize(
    ("asked", "phones"),
    [
        ({}, [SITI, BUDI, ANI]),
        ({"sectors": ["driver"]}, [BUDI]),
        ({"packages": ["jkk_jkm"]}, [SITI, ANI]),
        ({"provinces": ["31"]}, [SITI, ANI]),
        ({"provinces": ["Bali"]}, [BUDI]),
        ({"languages": ["jv"]}, [BUDI]),
        ({"states": ["unpaid"]}, [SITI, BUDI]),
        ({"states": ["received", "active"]}, [ANI]),
        ({"states": ["unpaid"], "sectors": ["household"]}, [SITI]),
        ({"states": ["lapsed"]}, []),
    ],
)
def test_whoever_is_in_every_list_is_reached(three: Runtime, asked: dict[str, object], phones: list[str]) -> None:
    assert reached(three, **asked) == phones


def test_a_sponsor_is_reached_only_where_it_is_for_sponsors(three: Runtime) -> None:
    rini = a_sponsor(three).phone
    a_sponsor(three, phone=SITI)
    assert reached(three, sponsor=True) == [SITI, rini]
    assert reached(three, sponsor=False) == [BUDI, ANI]
    assert reached(three, sponsor=True, states=["unpaid"]) == [SITI]
    assert reached(three) == [SITI, BUDI, ANI]


def test_who_is_paid_for_can_be_told_from_who_is_not(three: Runtime) -> None:
    sponsor, member = a_sponsor(three).id, rows(three, "SELECT id FROM members WHERE phone = :p", p=BUDI)[0]["id"]
    execute(
        three,
        "INSERT INTO sponsorships (sponsor_id, member_id, name, months, since) VALUES (:s, :m, 'Budi', 1, :now)",
        s=sponsor,
        m=member,
        now=three.clock(),
    )
    assert reached(three, sponsored=True) == [BUDI]
    assert reached(three, sponsored=False) == [SITI, ANI]


def test_a_family_on_one_phone_is_one_recipient(three: Runtime) -> None:
    a_member(three, phone=SITI, nik=a_nik(9), name="Anak Siti")
    assert reached(three) == [SITI, BUDI, ANI]


@pytest.mark.parametrize("topic", ["education", "all"])
def test_who_stopped_such_texts_is_not_planned(three: Runtime, topic: str) -> None:
    stop = "INSERT INTO stops (phone, topic, channel, reference, at) VALUES (:p, :t, 'sms', '', :now)"
    execute(three, stop, p=SITI, t=topic, now=three.clock())
    execute(three, stop, p=BUDI, t="reminders", now=three.clock())
    assert reached(three) == [BUDI, ANI]


def test_a_dead_number_and_somebody_who_left_are_not_planned(three: Runtime) -> None:
    execute(three, "INSERT INTO numbers (phone, dead_at) VALUES (:p, :now)", p=SITI, now=three.clock())
    execute(three, "UPDATE members SET state = 'left' WHERE phone = :p", p=BUDI)
    assert reached(three) == [ANI]


def test_pages_of_two_numbers_reach_everybody_once(three: Runtime) -> None:
    found, after = [], ""
    with three.db.connect() as connection:
        wanted = segments.wanted(three, Segment())
        while (end := people.page_end(connection, after, 2)) is not None:
            found += [one.phone for one in people.recipients(connection, wanted, after, end)]
            after = end
    assert found == [SITI, BUDI, ANI]


def test_a_province_nobody_has_noted_is_read_from_the_nik(three: Runtime) -> None:
    execute(three, "UPDATE members SET province = NULL")
    assert segments.find_provinces(three) == 3
    assert [row["province"] for row in rows(three, "SELECT province FROM members ORDER BY id")] == ["31", "51", "31"]
    assert segments.find_provinces(three) == 0


def test_an_unreadable_nik_does_not_keep_the_others_from_their_province(three: Runtime) -> None:
    execute(three, "UPDATE members SET province = NULL")
    execute(three, "UPDATE members SET nik = 'not sealed' WHERE phone = :p", p=SITI)
    segments.find_provinces(three)
    assert [row["province"] for row in rows(three, "SELECT province FROM members ORDER BY id")] == ["", "51", "31"]
    assert segments.find_provinces(three) == 0


MONTHS = st.dictionaries(
    st.integers(-7, 4), st.sampled_from(["received", "remitted", "confirmed", "refused", "returned"]), max_size=9
)


@given(months=MONTHS, day=st.dates(date(2026, 1, 1), date(2027, 12, 31)))
@hypothesis_settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_database_and_the_coverage_of_a_member_agree(rt: Runtime, months: dict[int, str], day: date) -> None:
    """Around the current month, paid months of every kind, on any day: the state is the same in both."""
    if count(rt, "members") == 0:
        a_member(rt, phone=SITI)
    clock_of(rt).set(datetime(day.year, day.month, day.day, 3, tzinfo=rt.clock().tzinfo))
    current = calendar.month_of(day)
    execute(rt, "DELETE FROM contribution_months")
    execute(rt, "DELETE FROM refused_months")
    execute(
        rt,
        "INSERT INTO handover_files (number, kind, rows, sealed, made_by, made_at) "
        "VALUES (1, 'contributions', 1, '', '', now()) ON CONFLICT DO NOTHING",
    )
    for distance, reached_state in months.items():
        month = calendar.add_months(current, distance)
        if reached_state == "returned":
            execute(
                rt,
                "INSERT INTO refused_months (member_id, month, handover_file, amount, order_id, reason, refused_at, "
                "returned_at) VALUES (1, :month, 1, 8400, 'SRT', '', now(), now())",
                month=month,
            )
            continue
        execute(
            rt,
            "INSERT INTO contribution_months (member_id, month, package, wage, amount, order_id, state, answer, "
            "received_at) VALUES (1, :month, 'jkk_jkm', 1000000, 8400, 'SRT', :state, :answer, now())",
            month=month,
            state="remitted" if reached_state == "refused" else reached_state,
            answer="refused" if reached_state == "refused" else None,
        )
    with rt.db.connect() as connection:
        paid = contributions.months_of(connection, 1)
        holidays = publishing.holidays(rt, publishing.newest(rt))
        state = coverage(paid, local(rt.clock()), holidays).state
    told = "unpaid" if state == "none" else state
    assert reached(rt, states=[told]) == [SITI]
    others = {"unpaid", "upcoming", "received", "active", "due", "arrears", "lapsed"} - {told}
    assert reached(rt, states=sorted(others)) == []


def test_the_day_that_counts_is_that_of_jakarta(three: Runtime) -> None:
    """At six in the evening of 30 November in UTC it is December in Jakarta: November's payment is the last one."""
    clock_of(three).set(datetime(2026, 11, 30, 18, tzinfo=three.clock().tzinfo) + timedelta(minutes=1))
    assert reached(three, states=["due"]) == [ANI]
