"""Who wants no texts of a kind gets none of them; the reason and the time are kept."""

from __future__ import annotations

import pytest

from tests.builders import NIK, PHONE, a_member, a_nik, a_paid_member, rows, typed
from ussd_app.runtime import Runtime
from ussd_app.services import stops
from ussd_app.storage import stops as store


def stop(rt: Runtime, topic: str, channel: str = "sms") -> bool:
    with rt.db.begin() as connection:
        return stops.stop_by(rt, connection, PHONE, topic, channel, "in:1", "terlalu sering")


def start(rt: Runtime, topic: str) -> bool:
    with rt.db.begin() as connection:
        return stops.start_by(rt, connection, PHONE, topic, "sms:in:2")


def stopped(rt: Runtime) -> set[str]:
    """The topics of which nothing goes to the phone."""
    with rt.db.connect() as connection:
        return {topic for topic in stops.TOPICS if store.stopped_by(connection, [PHONE], topic)}


def test_why_and_when_and_how_somebody_stopped_is_kept(rt: Runtime) -> None:
    stop(rt, "reminders")
    (row,) = rows(rt, "SELECT phone, topic, channel, reference, reason, at, ended_at, ended_by FROM stops")
    assert list(row.values()) == [PHONE, "reminders", "sms", "in:1", "terlalu sering", rt.clock(), None, None]


def test_who_has_stopped_already_is_not_written_down_again(rt: Runtime) -> None:
    assert [stop(rt, "all"), stop(rt, "all"), stop(rt, "reminders"), len(rows(rt, "SELECT 1 FROM stops"))] == [
        True,
        False,
        False,
        1,
    ]


@pytest.mark.parametrize(
    ("topic", "silent"),
    [("reminders", {"reminders"}), ("education", {"education"}), ("all", {"reminders", "education"})],
)
def test_a_topic_that_is_stopped_leaves_the_others(rt: Runtime, topic: str, silent: set[str]) -> None:
    stop(rt, topic)
    assert stopped(rt) == silent


def test_who_had_stopped_everything_and_wants_reminders_again_gets_no_lessons(rt: Runtime) -> None:
    stop(rt, "all")
    assert (start(rt, "reminders"), stopped(rt)) == (True, {"education"})


def test_who_starts_everything_gets_everything(rt: Runtime) -> None:
    stop(rt, "reminders")
    stop(rt, "all")
    assert (start(rt, "all"), stopped(rt), start(rt, "all")) == (True, set(), False)


def test_who_never_stopped_starts_nothing(rt: Runtime) -> None:
    assert not start(rt, "reminders")


# ---- when the next reminder is planned anew ----


def plan_of(rt: Runtime) -> tuple[object, ...]:
    """The moment that is planned, and which transaction has written it."""
    (row,) = rows(rt, "SELECT next_at, CAST(xmin AS text) AS written_by FROM reminder_times")
    return tuple(row.values())


def test_who_wants_no_lessons_or_wants_them_again_leaves_the_plan_of_reminders_alone(rt: Runtime) -> None:
    a_paid_member(rt)
    before = plan_of(rt)
    assert stop(rt, "education")
    assert start(rt, "education")
    assert plan_of(rt) == before


@pytest.mark.parametrize("topic", ["reminders", "all"])
def test_who_stops_or_starts_once_more_leaves_the_plan_alone(rt: Runtime, topic: str) -> None:
    a_paid_member(rt)
    stop(rt, topic)
    stopped_at = plan_of(rt)
    stop(rt, topic)
    assert (stopped_at[0], plan_of(rt)) == (None, stopped_at)
    start(rt, topic)
    started_at = plan_of(rt)
    start(rt, topic)
    assert started_at[0] is not None
    assert plan_of(rt) == started_at


# ---- by dialling ----


def test_reminders_and_lessons_are_turned_off_and_on_by_dialling(rt: Runtime) -> None:
    a_paid_member(rt)
    off = [typed(rt, "3", "4", "2", choice, session=f"at:{choice}").text for choice in ("1", "3")]
    assert ([text.split(" lewat")[0] for text in off], stopped(rt)) == (
        ["Pengingat iuran", "Info manfaat"],
        {"reminders", "education"},
    )
    for choice in ("2", "4"):
        typed(rt, "3", "4", "2", choice, session=f"at:{choice}")
    assert stopped(rt) == set()


def pay_days(rt: Runtime) -> list[object]:
    return [list(row.values()) for row in rows(rt, "SELECT kind, days FROM pay_days")]


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        (("1", "5"), [["weekly", [5]]]),
        (("2", "31"), [["monthly", [31]]]),
        (("3", "9", "1", "4", "2"), [["harvest", [4, 9]]]),
        (("4",), []),
    ],
)
def test_a_member_tells_when_they_are_paid(rt: Runtime, answers: tuple[str, ...], kept: list[object]) -> None:
    a_paid_member(rt)
    assert typed(rt, "3", "4", "3", *answers).text.startswith("Dicatat.")
    assert pay_days(rt) == kept


def test_who_said_fridays_and_then_that_it_varies_has_no_pay_day_any_more(rt: Runtime) -> None:
    a_paid_member(rt)
    typed(rt, "3", "4", "3", "1", "5")
    typed(rt, "3", "4", "3", "4", session="at:s2")
    assert pay_days(rt) == []


def test_a_pay_day_moves_the_reminder_that_is_planned(rt: Runtime) -> None:
    a_paid_member(rt)
    typed(rt, "3", "4", "3", "1", "5")
    (row,) = rows(rt, "SELECT step, next_at FROM reminder_times")
    assert (row["step"], f"{row['next_at']:%m-%d %H}") == ("before", "12-11 11")


def test_a_weekday_that_is_none_is_asked_for_again(rt: Runtime) -> None:
    a_paid_member(rt)
    assert typed(rt, "3", "4", "3", "1", "8").text.startswith("Angkanya 1 sampai 7.")


def test_another_member_keeps_their_own_pay_day(rt: Runtime) -> None:
    a_member(rt, phone="+6281290000001", nik=a_nik(8))
    a_paid_member(rt, nik=NIK)
    typed(rt, "3", "4", "3", "1", "5")
    assert len(pay_days(rt)) == 1
