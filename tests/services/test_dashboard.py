"""What the figures of the desk count, day by day, and what is not counted twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.builders import AGREE, NIK, NOVEMBER, TO_CONSENT, a_nik, a_registered_member, a_sponsor, execute, rows, typed
from tests.conftest import clock_of
from tests.work import work
from ussd_app.domain import calendar
from ussd_app.engine.sketch import Screen, Way
from ussd_app.runtime import Runtime
from ussd_app.services import dashboard, dashboard_health, journal, reckoning
from ussd_app.services.dashboard import Found
from ussd_app.services.dashboard_counts import ALL, FIRST, FUNNEL, MEMBERS, SPONSORS, TEXTS
from ussd_app.services.dashboard_path import path_of
from ussd_app.services.dashboard_series import Series
from ussd_app.storage import gateways
from ussd_app.storage.members import Member

TODAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)


def counted(rt: Runtime, series: Series, now: datetime = NOON) -> Found:
    """What a job finds at a moment when it is asked anew."""
    clock_of(rt).set(now)
    reckoning.ask(rt, series.kind)
    work(rt)
    found = dashboard.found(reckoning.known(rt, series.kind))
    assert found is not None
    return found


def paid(rt: Runtime, member: Member, month: date, at: date, state: str = "confirmed", **told: Any) -> None:
    """A contribution month was paid at noon of a day."""
    execute(
        rt,
        "INSERT INTO contribution_months (member_id, month, package, wage, amount, order_id, state, received_at, "
        "sponsor_id, answer) VALUES (:member, :month, 'jkk_jkm', 1000000, 8400, 'o', :state, :at, :sponsor, :answer)",
        member=member.id,
        month=month,
        state=state,
        at=datetime(at.year, at.month, at.day, 5, tzinfo=UTC),
        sponsor=told.get("sponsor"),
        answer=told.get("answer"),
    )


def month(number: int) -> date:
    """The first of a month, so many after November 2026."""
    return calendar.add_months(NOVEMBER, number)


def members_on(found: Found, day: date) -> tuple[int, ...]:
    """New, renewed and lapsed on a day."""
    return tuple(found.each[day][measure]["all"] for measure in dashboard.MEASURES)


def test_whoever_pays_for_the_first_time_is_new_and_later_renewed(rt: Runtime) -> None:
    member = a_registered_member(rt)
    paid(rt, member, month(-1), date(2026, 10, 5))
    paid(rt, member, month(0), TODAY)
    paid(rt, member, month(1), TODAY)
    found = counted(rt, MEMBERS)
    assert (members_on(found, date(2026, 10, 5)), members_on(found, TODAY)) == ((1, 0, 0), (0, 1, 0))


def test_only_what_the_institution_confirmed_for_this_month_is_active(rt: Runtime) -> None:
    for serial, (of, state) in enumerate([(month(0), "confirmed"), (month(0), "remitted"), (month(-1), "confirmed")]):
        member = a_registered_member(
            rt, phone=f"+628121111111{serial}", nik=a_nik(serial + 3), member_number=str(serial)
        )
        paid(rt, member, of, TODAY, state)
    assert counted(rt, MEMBERS).beside["active"]["all"] == 1


def test_what_the_institution_refused_is_no_contribution(rt: Runtime) -> None:
    paid(rt, a_registered_member(rt), month(0), TODAY, answer="refused")
    found = counted(rt, MEMBERS)
    assert (members_on(found, TODAY), found.beside["active"]["all"]) == ((0, 0, 0), 0)


def test_membership_ends_on_the_day_after_the_fourth_due_date(rt: Runtime) -> None:
    # July is paid last; November is due on the 16th, for the 15th is a Sunday.
    paid(rt, a_registered_member(rt), month(-4), date(2026, 7, 1))
    found = counted(rt, MEMBERS)
    assert [day for day in found.each if members_on(found, day)[2]] == [date(2026, 11, 17)]


@pytest.mark.parametrize(("at", "ended"), [(date(2026, 11, 16), 0), (date(2026, 11, 18), 1)])
def test_only_what_was_paid_before_that_day_keeps_a_membership(rt: Runtime, at: date, ended: int) -> None:
    member = a_registered_member(rt)
    paid(rt, member, month(-4), date(2026, 7, 1))
    paid(rt, member, month(-3), at)
    assert members_on(counted(rt, MEMBERS), date(2026, 11, 17))[2] == ended


def test_members_are_counted_by_the_province_of_their_nik_and_their_newest_work(rt: Runtime) -> None:
    member = a_registered_member(rt, nik=NIK, sector="seller")
    execute(rt, "UPDATE members SET province = '31' WHERE id = :id", id=member.id)
    execute(
        rt,
        "INSERT INTO member_plans VALUES (:id, '2026-12-01', 'ojek', 'jkk_jkm', 1000000)",
        id=member.id,
    )
    paid(rt, member, month(0), TODAY)
    found = counted(rt, MEMBERS)
    assert [dashboard.groups(found, by, 7)[0] for by in ("province", "sector")] == [
        dashboard.Group("31", 1, 1, 0, 0),
        dashboard.Group("ojek", 1, 1, 0, 0),
    ]


def test_a_first_payment_counts_when_it_comes_within_seven_days(rt: Runtime) -> None:
    clock_of(rt).set(datetime(2026, 10, 6, 5, tzinfo=UTC))
    for serial, day in enumerate([date(2026, 10, 12), date(2026, 10, 14)]):
        member = a_registered_member(
            rt, phone=f"+628121111111{serial}", nik=a_nik(serial + 3), member_number=str(serial)
        )
        paid(rt, member, month(-1), day)
    assert counted(rt, FIRST).each[date(2026, 10, 5)] == {"registered": 2, "paid": 1}


def test_a_sponsor_is_active_in_each_month_they_paid_for_somebody(rt: Runtime) -> None:
    sponsor, member = a_sponsor(rt), a_registered_member(rt)
    for number in (-1, 0):
        paid(rt, member, month(number), date(2026, 10, 3), sponsor=sponsor.id)
    found = counted(rt, SPONSORS)
    assert [found.each[month(number)] for number in (-2, -1, 0)] == [
        {"sponsors": 0, "members": 0},
        {"sponsors": 1, "members": 1},
        {"sponsors": 1, "members": 1},
    ]


def test_texts_are_counted_on_the_day_they_were_handed_over(rt: Runtime) -> None:
    execute(
        rt,
        "INSERT INTO outbox (key, lane, phone, text, message, state, segments, due_at, created_at, handed_at) "
        "VALUES ('k', 'urgent', '+62812', 'x', 'x', 'delivered', 1, :at, :at, :at)",
        at=NOON - timedelta(days=1),
    )
    assert counted(rt, TEXTS).each[TODAY - timedelta(days=1)] == {"delivered": 1}


def test_a_day_that_cannot_change_any_more_is_not_counted_again(rt: Runtime) -> None:
    member = a_registered_member(rt)
    long_ago = date(2026, 10, 5)
    paid(rt, member, month(-1), long_ago)
    paid(rt, member, month(0), TODAY)
    counted(rt, MEMBERS)
    execute(rt, "DELETE FROM contribution_months")
    again = counted(rt, MEMBERS, NOON + timedelta(hours=2))
    assert (members_on(again, long_ago), members_on(again, TODAY)) == ((1, 0, 0), (0, 0, 0))


def test_the_way_to_a_registration_shows_who_came_and_who_stopped(rt: Runtime) -> None:
    typed(rt, *TO_CONSENT, AGREE, session="at:s1")
    typed(rt, *TO_CONSENT[:2], session="at:s2", phone="+6281200000009")
    journal.write(rt)
    passed = {one.screen: one for one in dashboard.funnel(counted(rt, FUNNEL, rt.clock()), 7)}
    assert [(passed[name].came, passed[name].ended) for name in ("register_nik", "register_birth_date")] == [
        (2, 0),
        (2, 1),
    ]
    assert (passed["register_name"].came, passed["registered"].share) == (1, 50.0)


def test_the_screens_that_only_some_pass_are_marked(rt: Runtime) -> None:
    typed(rt, "1")
    journal.write(rt)
    passed = dashboard.funnel(counted(rt, FUNNEL, rt.clock()), 7)
    assert (passed[0].screen, passed[-1].screen) == ("register_nik", "registered")
    assert {one.screen for one in passed if not one.everybody} >= {"register_other_place", "price"}
    assert {one.screen for one in passed if one.everybody} >= {"register_name", "register_consent"}


def test_a_dialogue_over_midnight_belongs_to_the_day_it_began(rt: Runtime) -> None:
    midnight = datetime(2026, 11, 19, 17, tzinfo=UTC)
    for number, screen in enumerate(("register_nik", "register_birth_date")):
        execute(
            rt,
            "INSERT INTO turns (entry, at, dialogue, transition, menu, version, screen, shown, said, outcome, "
            "language, network, milliseconds) "
            "VALUES (:entry, :at, 'd', :entry, 'main', 1, '', :screen, '', 'accepted', 'id', '', 1)",
            entry=number,
            at=midnight + timedelta(minutes=2 * number - 1),
            screen=screen,
        )
    found = counted(rt, FUNNEL)
    assert found.each[date(2026, 11, 19)] == {"main": {"1": {"register_nik": [1, 0], "register_birth_date": [1, 1]}}}
    assert found.each[TODAY] == {}


def test_dialogues_are_counted_of_one_version_or_of_all() -> None:
    seen = {"main": {"1": {"a": [2, 1]}, "2": {"a": [3, 0]}}}
    found = Found(NOON, TODAY, {TODAY: seen}, {})
    assert dashboard.versions(found, 7, "main") == ["2", "1"]
    assert [dashboard.screens(found, 7, "main", version)["a"].came for version in ("", "2")] == [5, 3]


def test_a_menu_without_a_registration_has_no_way_to_one() -> None:
    screens = {"a": Screen("a", "choices", "A", (Way("choice", "1", "B", "b"),)), "b": Screen("b", "end", "B", ())}
    assert list(path_of(screens, "a")) == []


def test_figures_are_asked_for_by_themselves_only_when_they_are_old(rt: Runtime) -> None:
    dashboard.known(rt)
    work(rt)
    clock_of(rt).set(rt.clock() + timedelta(minutes=59))
    assert {one.state for one in dashboard.known(rt).values()} == {"done"}
    clock_of(rt).set(rt.clock() + timedelta(minutes=2))
    assert {one.state for one in dashboard.known(rt).values()} == {"waiting"}


def test_a_new_service_has_figures_and_all_are_nothing(rt: Runtime) -> None:
    found = {series.kind: counted(rt, series, rt.clock()) for series in ALL}
    assert (found[MEMBERS.kind].total("new", 90), found[MEMBERS.kind].beside["active"]["all"]) == (0, 0)
    assert dashboard.funnel(found[FUNNEL.kind], 90) == []


def test_no_figure_is_counted_in_one_piece(rt: Runtime) -> None:
    counted(rt, MEMBERS)
    first = MEMBERS.step(rt, "", {})
    assert (first.found, first.whole) == (None, 91)
    assert rows(rt, "SELECT 1 FROM reckonings WHERE state = 'done'")


def test_the_national_target_says_where_it_comes_from() -> None:
    target = dashboard.target()
    assert (target.missing, target.by, bool(target.source)) == (
        target.members - target.began_with,
        date(2024, 12, 1),
        True,
    )


def test_a_gateway_that_fails_is_said_to_rest_and_one_that_refuses_to_ask_us_to_stop(rt: Runtime) -> None:
    name = next(iter(rt.messaging))
    assert [one.state for one in dashboard_health.health(rt)] == ["works"] * len(rt.messaging)
    with rt.db.begin() as connection:
        gateways.failed(connection, name, "timeout", None)
        gateways.close(connection, name, rt.clock() + timedelta(minutes=5))
    assert next(one for one in dashboard_health.health(rt) if one.name == name).state == "resting"
    with rt.db.begin() as connection:
        gateways.halt(connection, name, "no balance", rt.clock(), rt.clock() + timedelta(hours=1))
    assert next(one for one in dashboard_health.health(rt) if one.name == name).state == "halted"


def test_a_text_that_is_not_due_yet_waits_for_nobody(rt: Runtime) -> None:
    def due(at: datetime) -> None:
        execute(
            rt,
            "INSERT INTO outbox (key, lane, phone, text, message, state, segments, due_at, created_at) "
            "VALUES (:key, 'urgent', '+62812', 'x', 'x', 'waiting', 1, :at, :at)",
            key=at.isoformat(),
            at=at,
        )

    due(rt.clock() + timedelta(hours=1))
    assert dashboard_health.lanes(rt)[0].since is None
    due(rt.clock() - timedelta(minutes=6))
    assert (dashboard_health.lanes(rt)[0].state, dashboard_health.lanes(rt)[0].number) == ("late", 2)
