"""Numbered files go to the institution and its answer files come back, each row counting once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import (
    PRICE,
    a_member,
    a_nik,
    a_paid_member,
    a_registration,
    count,
    execute,
    rows,
    typed,
)
from tests.conftest import clock_of
from ussd_app.errors import NotAllowedNow
from ussd_app.gateways import handover_file
from ussd_app.gateways.handover_file import FileInstitution
from ussd_app.runtime import Runtime
from ussd_app.services import enrolment, handoff, handover_answers, handover_files
from ussd_app.services.handover_answers import Taken
from ussd_app.storage import handover
from ussd_app.storage import ledger as books

ME = "budi@kantor.id"
COLUMNS = "file,reference,verdict,member_number,reason\n"
KPJ = "21234567890"


@pytest.fixture
def desk(rt: Runtime) -> Runtime:
    """A runtime whose institution takes files."""
    return replace(rt, institution=FileInstitution())


def somebody(rt: Runtime, serial: int) -> int:
    """A registration that was gathered for the next file."""
    number = a_registration(rt, a_member(rt, nik=a_nik(serial), phone=f"+62812{serial:08}"))
    enrolment.file(rt, number)
    return number


@pytest.fixture
def two(desk: Runtime) -> Runtime:
    """Two registrations are in file 1."""
    somebody(desk, 1)
    somebody(desk, 2)
    handover_files.make(desk, "registrations", ME)
    return desk


@pytest.fixture
def months(desk: Runtime) -> Runtime:
    """A paid month is in file 1."""
    a_paid_member(desk)
    handover_files.make(desk, "contributions", ME)
    return desk


def answer(rt: Runtime, *lines: str, dry_run: bool = False) -> Taken:
    contents = COLUMNS + "".join(f"{line}\n" for line in lines)
    return handover_answers.take(rt, "answers.csv", contents.encode(), ME, dry_run=dry_run)


def wrong(taken: Taken) -> list[tuple[int, str]]:
    return [(problem.line, problem.path) for problem in taken.problems]


def states(rt: Runtime) -> list[str]:
    return [row["state"] for row in rows(rt, "SELECT state FROM registrations ORDER BY id")]


def balances(rt: Runtime) -> dict[str, int]:
    with rt.db.connect() as connection:
        return {account: sum_ for account, sum_ in books.balances(connection).items() if sum_}


# ---- what goes out ----


def test_a_registration_waits_for_the_next_file(desk: Runtime) -> None:
    somebody(desk, 1)
    assert rows(desk, "SELECT state, next_try_at, handover_file FROM registrations") == [
        {"state": "filed", "next_try_at": None, "handover_file": None}
    ]


def test_a_registration_that_waits_for_a_file_is_not_asked_about(desk: Runtime) -> None:
    somebody(desk, 1)
    clock_of(desk).forward(hours=30)
    enrolment.sweep(desk)
    assert desk.queues.length("registration") == 0


def test_a_file_holds_every_registration_that_waits(two: Runtime) -> None:
    lines = handover_files.download(two, 1).decode().splitlines()
    assert [line.split(",")[:2] for line in lines[7:-1]] == [["R1", a_nik(1)], ["R2", a_nik(2)]]


def test_what_is_in_a_file_is_in_no_other_file(two: Runtime) -> None:
    somebody(two, 3)
    made = handover_files.make(two, "registrations", ME)
    assert made is not None
    assert (made.number, made.rows) == (2, 1)


def test_where_nothing_waits_no_file_is_made_and_no_number_is_lost(two: Runtime) -> None:
    assert handover_files.make(two, "registrations", ME) is None
    somebody(two, 3)
    made = handover_files.make(two, "registrations", ME)
    assert made is not None
    assert made.number == 2


def test_a_file_is_the_very_same_however_often_and_late_it_is_downloaded(two: Runtime) -> None:
    first = handover_files.download(two, 1)
    execute(two, "UPDATE members SET name = 'Somebody Else'")
    clock_of(two).forward(days=30)
    assert handover_files.download(two, 1) == first


def test_a_file_is_signed_with_the_secret_of_the_service(two: Runtime) -> None:
    assert handover_file.genuine(handover_files.download(two, 1), two.settings.secret_key)


def test_no_nik_of_a_file_can_be_read_in_the_database(two: Runtime) -> None:
    (row,) = rows(two, "SELECT sealed FROM handover_files")
    assert a_nik(1) not in row["sealed"]


def test_a_file_that_was_never_made_cannot_be_downloaded(desk: Runtime) -> None:
    with pytest.raises(NotAllowedNow, match="no file 7"):
        handover_files.download(desk, 7)


def test_who_has_left_is_in_no_file(desk: Runtime) -> None:
    somebody(desk, 1)
    execute(desk, "UPDATE members SET state = 'left'")
    assert handover_files.make(desk, "registrations", ME) is None


def test_nothing_of_somebody_who_has_left_is_filed(desk: Runtime) -> None:
    number = a_registration(desk, a_member(desk))
    execute(desk, "UPDATE members SET state = 'left'")
    enrolment.file(desk, number)
    assert states(desk) == ["accepted"]


def test_paid_months_go_into_a_file_with_their_total(months: Runtime) -> None:
    (file,) = rows(months, "SELECT kind, rows, total FROM handover_files")
    assert file == {"kind": "contributions", "rows": 1, "total": PRICE}
    assert f"C1-202611,3174054508880003,{KPJ},Siti Aminah,2026-11,jkk_jkm,1000000,{PRICE}" in (
        handover_files.download(months, 1).decode().splitlines()
    )


def test_months_of_somebody_the_institution_does_not_know_yet_wait(desk: Runtime) -> None:
    a_paid_member(desk)
    execute(desk, "UPDATE registrations SET state = 'filed'")
    assert (handover_files.make(desk, "contributions", ME), count(desk, "remittances")) == (None, 0)


def test_where_files_are_carried_no_job_hands_months_over(desk: Runtime) -> None:
    a_paid_member(desk)
    handoff.hand_over(desk)
    assert count(desk, "remittances") == 0


def test_a_batch_in_a_file_is_not_handed_over_by_a_job_either(months: Runtime, rt: Runtime) -> None:
    handoff.hand_over(rt)
    assert rows(months, "SELECT state FROM remittances") == [{"state": "made"}]


# ---- the bank's transfer ----


def test_a_transfer_moves_the_months_in_the_books(months: Runtime) -> None:
    handover_files.remitted(months, 1, "BNI-1")
    assert balances(months) == {"settlement": PRICE, "remitted": -PRICE}
    assert rows(months, "SELECT state FROM contribution_months") == [{"state": "remitted"}]


def test_a_transfer_that_is_written_down_twice_is_in_the_books_once(months: Runtime) -> None:
    for _ in range(2):
        handover_files.remitted(months, 1, "BNI-1")
    assert balances(months)["remitted"] == -PRICE


def test_a_file_has_one_transfer(months: Runtime) -> None:
    handover_files.remitted(months, 1, "BNI-1")
    with pytest.raises(NotAllowedNow, match="transferred already, as BNI-1"):
        handover_files.remitted(months, 1, "BNI-2")


def test_a_file_of_registrations_has_no_transfer(two: Runtime) -> None:
    with pytest.raises(NotAllowedNow, match="no file 1 of contributions"):
        handover_files.remitted(two, 1, "BNI-1")


# ---- what comes back ----


def test_an_accepted_person_is_registered_with_their_number_and_told_it(two: Runtime) -> None:
    assert answer(two, f"1,R1,accepted,{KPJ},") == Taken(rows=1, fresh=1)
    assert states(two) == ["confirmed", "filed"]
    assert rows(two, "SELECT member_number FROM members WHERE id = 1") == [{"member_number": KPJ}]
    (sms,) = rows(two, "SELECT phone, text FROM outbox")
    assert sms["text"].startswith(f"NOMOR PESERTA Siti Aminah di BPJS Ketenagakerjaan (KPJ): {KPJ}.")


def test_a_refused_person_is_told_why_in_words_they_understand(two: Runtime) -> None:
    answer(two, "1,R2,refused,,nik_unknown")
    (sms,) = rows(two, "SELECT phone, text FROM outbox")
    assert "NIK tidak ditemukan di data kependudukan. Perbaiki data: *777#" in sms["text"]


def test_a_reason_that_nobody_has_put_into_words_is_told_as_the_institution_wrote_it(two: Runtime) -> None:
    answer(two, "1,R2,refused,,Data ganda di kantor cabang")
    (sms,) = rows(two, "SELECT text FROM outbox")
    assert ": Data ganda di kantor cabang." in sms["text"]


def test_a_long_reason_is_cut_so_that_it_is_one_sms(two: Runtime) -> None:
    answer(two, f"1,R2,refused,,{'Data ganda di kantor cabang ' * 6}")
    assert rows(two, "SELECT segments FROM outbox") == [{"segments": 1}]


def test_the_same_answer_file_again_changes_nothing(two: Runtime) -> None:
    for fresh in (2, 0):
        assert answer(two, f"1,R1,accepted,{KPJ},", "1,R2,refused,,age") == Taken(rows=2, fresh=fresh)
    assert (count(two, "outbox"), count(two, "follow_ups")) == (2, 1)


def test_the_same_answers_in_another_file_change_nothing(two: Runtime) -> None:
    answer(two, f"1,R1,accepted,{KPJ},", "1,R2,refused,,age")
    assert answer(two, "1,R2,refused,,age", f"1,R1,accepted,{KPJ},") == Taken(rows=2)
    assert (count(two, "outbox"), count(two, "follow_ups")) == (2, 1)


def test_a_dry_run_changes_nothing(two: Runtime) -> None:
    assert answer(two, f"1,R1,accepted,{KPJ},", dry_run=True) == Taken(rows=1, fresh=1)
    assert (states(two), count(two, "handover_answers")) == (["filed", "filed"], 0)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("1,R9,accepted,21234567891,", "reference"),
        ("1,R2,confirmed,,", "verdict"),
        ("1,R2,perhaps,,", "verdict"),
        ("1,R2,accepted,,", "member_number"),
        ("1,R2,accepted,2.12E+10,", "member_number"),
        ("1,R2,accepted,123456789,", "member_number"),
        (f"1,R2,accepted,{KPJ},", "member_number"),
        ("1,R2,refused,21234567891,age", "member_number"),
        ("1,R2,refused,,", "reason"),
        ("2,R2,accepted,21234567891,", "file"),
        ("1,R1,refused,,age", "reference"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_done(two: Runtime, line: str, path: str) -> None:
    assert wrong(answer(two, f"1,R1,accepted,{KPJ},", line)) == [(3, path)]
    assert states(two) == ["filed", "filed"]


def test_every_wrong_row_is_named_at_once(two: Runtime) -> None:
    assert wrong(answer(two, "1,R7,accepted,1,", "1,R1,refused,,", "1,R2,maybe,,")) == [
        (2, "reference"),
        (2, "member_number"),
        (3, "reason"),
        (4, "verdict"),
    ]


def test_answers_to_a_file_that_was_never_made_are_not_taken(two: Runtime) -> None:
    assert wrong(answer(two, f"8,R1,accepted,{KPJ},")) == [(2, "file")]


def test_a_row_of_another_file_is_not_taken(two: Runtime) -> None:
    somebody(two, 3)
    handover_files.make(two, "registrations", ME)
    assert wrong(answer(two, f"2,R1,accepted,{KPJ},")) == [(2, "reference")]


def test_a_number_that_another_member_has_is_not_taken(two: Runtime) -> None:
    answer(two, f"1,R1,accepted,{KPJ},")
    assert wrong(answer(two, f"1,R2,accepted,{KPJ},")) == [(2, "member_number")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"1,R1,accepted,{KPJ},", "1,R1,refused,,age"),
        (f"1,R1,accepted,{KPJ},", "1,R1,accepted,29999999999,"),
        ("1,R1,refused,,age", f"1,R1,accepted,{KPJ},"),
        ("1,R1,refused,,age", "1,R1,refused,,nik_unknown"),
    ],
)
def test_an_answer_that_contradicts_an_earlier_one_is_not_taken(two: Runtime, before: str, after: str) -> None:
    answer(two, before)
    settled = states(two)
    assert (wrong(answer(two, after)), states(two)) == ([(2, "verdict")], settled)


def test_an_upload_that_was_cut_off_goes_on_where_it_was(desk: Runtime) -> None:
    many = [somebody(desk, serial) for serial in range(1, handover_answers.PAGE + 3)]
    handover_files.make(desk, "registrations", ME)
    lines = [f"1,R{number},accepted,{20_000_000_000 + number}," for number in many]
    # The last row of all, on the second page, cannot be written.
    execute(
        desk,
        f"CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF NEW.id = {many[-1]} THEN RAISE EXCEPTION 'the power went'; END IF; RETURN NEW; END $$",
    )
    execute(desk, "CREATE TRIGGER stop BEFORE UPDATE ON registrations FOR EACH ROW EXECUTE FUNCTION stop()")
    try:
        with pytest.raises(Exception, match="the power went"):
            answer(desk, *lines)
        cut_off = states(desk).count("confirmed")
    finally:
        execute(desk, "DROP FUNCTION stop CASCADE")
    assert (cut_off, answer(desk, *lines)) == (handover_answers.PAGE, Taken(rows=len(many), fresh=2))
    assert (set(states(desk)), count(desk, "outbox")) == ({"confirmed"}, len(many))


def test_a_confirmed_month_makes_its_member_active(months: Runtime) -> None:
    handover_files.remitted(months, 1, "BNI-1")
    assert answer(months, "1,C1-202611,confirmed,,") == Taken(rows=1, fresh=1)
    assert "AKTIF s.d. 30 Nov 2026" in typed(months).text
    assert rows(months, "SELECT state FROM remittances") == [{"state": "confirmed"}]


def test_a_month_that_was_received_is_not_active_yet(months: Runtime) -> None:
    handover_files.remitted(months, 1, "BNI-1")
    answer(months, "1,C1-202611,received,,")
    assert "AKTIF" not in typed(months).text


def test_a_month_is_received_first_and_confirmed_later(months: Runtime) -> None:
    handover_files.remitted(months, 1, "BNI-1")
    answer(months, "1,C1-202611,received,,")
    assert answer(months, "1,C1-202611,confirmed,,").fresh == 1
    assert answer(months, "1,C1-202611,received,,") == Taken(rows=1)
    assert rows(months, "SELECT state FROM contribution_months") == [{"state": "confirmed"}]


def test_a_confirmed_month_cannot_be_refused_any_more(months: Runtime) -> None:
    handover_files.remitted(months, 1, "BNI-1")
    answer(months, "1,C1-202611,confirmed,,")
    assert wrong(answer(months, "1,C1-202611,refused,,wrong sum")) == [(2, "verdict")]


def test_no_month_is_confirmed_before_its_transfer_is_written_down(months: Runtime) -> None:
    assert wrong(answer(months, "1,C1-202611,confirmed,,")) == [(2, "verdict")]


def test_a_refused_month_is_for_the_office_to_settle(months: Runtime) -> None:
    for _ in range(2):
        answer(months, "1,C1-202611,refused,,wrong sum")
    assert rows(months, "SELECT kind, detail FROM follow_ups") == [
        {"kind": "refused_month", "detail": "C1-202611: wrong sum"}
    ]


def test_a_file_knows_how_many_of_its_rows_are_answered(two: Runtime) -> None:
    answer(two, f"1,R1,accepted,{KPJ},")
    with two.db.begin() as connection:
        assert [file.answered for file in handover.files(connection)] == [1]


def test_what_a_file_held_is_forgotten_when_somebody_in_it_is_erased_and_all_is_answered(two: Runtime) -> None:
    answer(two, f"1,R1,accepted,{KPJ},", "1,R2,refused,,age")
    with two.db.begin() as connection:
        assert handover.forget_contents(connection, 1) == [1]
    with pytest.raises(NotAllowedNow, match="erased"):
        handover_files.download(two, 1)


def test_a_file_that_waits_for_answers_is_kept_whole(two: Runtime) -> None:
    with two.db.begin() as connection:
        assert handover.forget_contents(connection, 1) == []


def test_who_has_left_meanwhile_is_told_nothing(two: Runtime) -> None:
    execute(two, "UPDATE members SET state = 'left'")
    answer(two, f"1,R1,accepted,{KPJ},", "1,R2,refused,,age")
    assert (states(two), count(two, "outbox")) == (["confirmed", "refused"], 0)
