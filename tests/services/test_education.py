"""Somebody new who asks learns what the programme gives in five texts, in the evening, until they register or stop."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.builders import PHONE, a_member, execute, rows, shipped, typed
from tests.conftest import clock_of
from tests.statements import statements
from ussd_app.runtime import Runtime
from ussd_app.services import education, publishing
from ussd_app.services.days import JAKARTA
from ussd_app.storage import contacts, stops

WIB = ZoneInfo(JAKARTA)


def asks(rt: Runtime, *, phone: str = PHONE, language: str = "id", channel: str = "sms", reference: str = "m1") -> bool:
    """Somebody texts INFO."""
    with rt.db.begin() as connection:
        return education.begin(rt, connection, phone, language, channel, reference)


def days_pass(rt: Runtime, days: int) -> None:
    """The scan looks every two hours."""
    for _ in range(days * 12):
        education.teach(rt)
        clock_of(rt).forward(hours=2)


def sent(rt: Runtime) -> list[tuple[str, str]]:
    """What was written: the message, and when on the clock of Jakarta."""
    found = rows(rt, "SELECT message, created_at FROM outbox ORDER BY id")
    return [(row["message"], f"{row['created_at'].astimezone(WIB):%m-%d %H:%M}") for row in found]


FIVE = [
    ("education_1", "11-22 18:00"),
    ("education_2", "11-24 18:00"),
    ("education_3", "11-27 18:00"),
    ("education_4", "12-01 18:00"),
    ("education_5", "12-06 18:00"),
]


def test_five_texts_come_in_the_evenings_that_the_file_says_and_then_no_more(rt: Runtime) -> None:
    assert asks(rt)
    days_pass(rt, 20)
    assert sent(rt) == FIVE
    assert rows(rt, "SELECT ended FROM contacts") == [{"ended": "done"}]


def test_every_text_tells_the_way_out_names_no_illness_as_insured_and_fits_one_sms(rt: Runtime) -> None:
    asks(rt)
    days_pass(rt, 20)
    found = rows(rt, "SELECT text, segments, lane, send_by, due_at FROM outbox ORDER BY id")
    assert all("BERHENTI" in row["text"] and row["segments"] == 1 and row["lane"] == "campaigns" for row in found)
    assert "bukan sakit" in found[0]["text"]
    assert "Rp16.800" in found[3]["text"]
    assert {f"{row['send_by'].astimezone(WIB):%H:%M}" for row in found} == {"20:00"}


def test_who_asks_late_in_the_evening_hears_the_next_day(rt: Runtime) -> None:
    clock_of(rt).set(datetime(2026, 11, 22, 22, 0, tzinfo=WIB).astimezone(UTC))
    asks(rt)
    days_pass(rt, 3)
    assert sent(rt) == [("education_1", "11-23 18:00"), ("education_2", "11-24 18:00")]


def test_who_asks_in_the_evening_hears_at_once(rt: Runtime) -> None:
    clock_of(rt).set(datetime(2026, 11, 22, 19, 0, tzinfo=WIB).astimezone(UTC))
    asks(rt)
    assert education.teach(rt) == 1


def test_the_texts_end_when_the_person_registers(rt: Runtime) -> None:
    asks(rt)
    days_pass(rt, 3)
    a_member(rt, phone=PHONE)
    days_pass(rt, 20)
    assert sent(rt) == FIVE[:2]
    assert rows(rt, "SELECT ended, step FROM contacts") == [{"ended": "registered", "step": 2}]


@pytest.mark.parametrize("topic", [stops.EDUCATION, stops.EVERYTHING])
def test_the_texts_end_when_the_person_says_stop(rt: Runtime, topic: str) -> None:
    asks(rt)
    days_pass(rt, 3)
    with rt.db.begin() as connection:
        stops.stop(connection, PHONE, topic, "sms", "m2", rt.clock())
    days_pass(rt, 20)
    assert sent(rt) == FIVE[:2]
    assert rows(rt, "SELECT ended FROM contacts") == [{"ended": "stopped"}]


def test_a_member_who_asks_is_not_taught(rt: Runtime) -> None:
    a_member(rt, phone=PHONE)
    assert not asks(rt)


def test_who_asks_twice_gets_each_text_once(rt: Runtime) -> None:
    assert asks(rt)
    assert not asks(rt, reference="m2")
    days_pass(rt, 20)
    assert sent(rt) == FIVE


def test_who_asks_again_when_it_is_over_gets_the_texts_again(rt: Runtime) -> None:
    asks(rt)
    days_pass(rt, 20)
    assert asks(rt, reference="m2")
    days_pass(rt, 20)
    assert [message for message, _ in sent(rt)] == [message for message, _ in FIVE] * 2


@pytest.mark.parametrize("topic", [stops.EDUCATION, stops.EVERYTHING])
def test_who_had_stopped_such_texts_and_asks_gets_them_but_no_reminders(rt: Runtime, topic: str) -> None:
    with rt.db.begin() as connection:
        stops.stop(connection, PHONE, topic, "sms", "m0", rt.clock())
    asks(rt)
    with rt.db.connect() as connection:
        assert not stops.stopped_by(connection, [PHONE], stops.EDUCATION)
        assert bool(stops.stopped_by(connection, [PHONE], stops.REMINDERS)) == (topic == stops.EVERYTHING)


def test_two_scans_and_one_that_was_killed_write_each_text_once(rt: Runtime) -> None:
    asks(rt)
    clock_of(rt).set(datetime(2026, 11, 22, 18, 0, tzinfo=WIB).astimezone(UTC))
    with rt.db.connect() as connection:  # killed before its transaction is committed
        assert education._teach(rt, connection, contacts.due(connection, rt.clock(), 10)) == 1
        assert education.teach(rt) == 0, "what another scan has in its hand is passed over"
        connection.rollback()
    assert education.teach(rt) == 1
    assert education.teach(rt) == 0
    assert len(sent(rt)) == 1


def test_four_hundred_people_are_written_to_with_as_many_statements_as_one(rt: Runtime) -> None:
    asks(rt)
    clock_of(rt).set(datetime(2026, 11, 22, 18, 0, tzinfo=WIB).astimezone(UTC))
    with statements(rt) as for_one:
        assert education.teach(rt) == 1
    execute(
        rt,
        "INSERT INTO contacts (phone, language, text_version, text, channel, reference, begun_at, next_at) "
        "SELECT '+62813' || lpad(n::text, 8, '0'), 'id', '', '', 'sms', 'm' || n, :now, :now "
        "FROM generate_series(1, 400) n",
        now=rt.clock(),
    )
    with statements(rt) as for_many:
        assert education.teach(rt) == 400
    assert len(for_many) <= len(for_one)


def test_after_a_fortnight_without_the_service_nobody_gets_more_than_one_an_evening(rt: Runtime) -> None:
    asks(rt)
    clock_of(rt).forward(days=14, hours=2)
    days_pass(rt, 6)
    found = sent(rt)
    assert [message for message, _ in found] == [message for message, _ in FIVE]
    assert len({day[:5] for _, day in found}) == 5
    assert {moment[-5:] for _, moment in found} == {"18:00"}


def test_consent_on_the_screen_is_kept_with_its_words(rt: Runtime) -> None:
    reply = typed(rt, "2", "2", "2", "1")
    assert "SMS datang pada petang hari" in reply.text
    (kept,) = rows(rt, "SELECT text, text_version, channel, language FROM contacts")
    assert "Kami kirim paling banyak 5 SMS" in kept["text"]
    assert kept["text_version"].endswith(":education")
    assert kept["channel"] == "ussd"


def test_only_who_is_no_member_is_offered_the_texts(rt: Runtime) -> None:
    assert "2. Info lewat SMS" in typed(rt, "2", "2").text
    a_member(rt, phone=PHONE)
    shown = typed(rt, "3", "2", "2", session="at:s2").text
    assert "Santunan" in shown
    assert "Info lewat SMS" not in shown


@pytest.mark.parametrize("days", [[], [0, 0], [2, 1], [0, 1, 2, 3, 4, 5], [-1]])
def test_days_that_make_no_sense_are_refused(rt: Runtime, days: list[int]) -> None:
    changed = shipped("sending").replace("education_days: [0, 2, 5, 9, 14]", f"education_days: {days}")
    assert any("education_days" in str(problem) for problem in publishing.check("sending", {"sending.yaml": changed}))


def test_fewer_days_are_fewer_texts_also_for_who_has_begun(rt: Runtime) -> None:
    asks(rt)
    days_pass(rt, 3)
    changed = shipped("sending").replace("education_days: [0, 2, 5, 9, 14]", "education_days: [0, 2]")
    publishing.publish(rt, "sending", {"sending.yaml": changed}, by="test")
    days_pass(rt, 20)
    assert sent(rt) == FIVE[:2]
    assert rows(rt, "SELECT ended FROM contacts") == [{"ended": "done"}]
