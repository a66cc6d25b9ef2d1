"""A company's list on the desk: looked at, mended, set going and followed, by whoever brought it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from tests.builders import count, execute, rows
from tests.conftest import clock_of
from tests.domain.test_rosters import a_file
from tests.office import Desk, noted, page_of, signed_in
from tests.work import work
from ussd_app import queues
from ussd_app.runtime import Runtime
from ussd_app.web.admin import formats
from workers import desk as jobs

TWO: tuple[dict[str, str], ...] = ({}, {"nik": "3174054508880004", "name": "Ani Wijaya", "phone": "081234567899"})


def test_a_file_with_mistakes_names_each_line_and_does_nothing(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    page = desk.get(page_of(desk.upload(a_file({}, {"nik": "12"}, {"phone": "xyz", "nik": "3174054508880009"})))).text
    assert ("NIK harus 16 angka, di sini 2" in page, "ini bukan nomor HP" in page) == (True, True)
    assert "Mulai untuk" not in page
    assert (count(rt, "rosters"), count(rt, "outbox")) == (0, 0)


def test_a_file_with_mistakes_is_not_started_by_somebody_who_makes_up_the_form(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    draft = page_of(desk.upload(a_file({"nik": "12"})))
    desk.post(f"{draft}/start", {"total": 0}, on=draft)
    assert count(rt, "rosters") == 0
    assert "Masih ada 1 kesalahan" in desk.get(draft).text


def test_a_good_file_is_started_once_and_followed_to_its_pay_code(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    draft = page_of(desk.upload(a_file(*TWO)))
    assert "Mulai untuk 2 orang" in desk.get(draft).text
    desk.start(draft)
    assert 'data-going="yes"' in desk.get(f"{draft}/going").text
    assert 'data-going="yes"' in desk.get(draft).text
    work(rt)
    assert 'data-going="no"' in desk.get(f"{draft}/going").text
    roster = page_of(desk.get(draft))
    page = desk.get(f"{roster}/progress").text
    assert ("2 dari 2 terjawab" in page, 'data-going="no"' in page) == (True, True)
    assert str(rows(rt, "SELECT code FROM pay_codes")[0]["code"]) in page
    assert noted(rt, "roster.started") == ["operator@kantor.id: roster 1"]


def test_a_start_that_no_job_works_on_is_found(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    draft = page_of(desk.upload(a_file(*TWO)))
    desk.start(draft)
    rt.redis.flushall()
    rt.queues.enqueue(queues.SWEEP_DESK)
    work(rt)
    assert page_of(desk.get(draft)) == "/rosters/1"


def test_a_worker_that_was_killed_before_it_could_say_so_has_begun_the_same_list(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    draft = page_of(desk.upload(a_file(*TWO)))
    kept = rows(rt, "SELECT sponsor, content FROM roster_drafts")[0]
    desk.start(draft)
    work(rt)
    execute(rt, "UPDATE roster_drafts SET roster_id = NULL, sponsor = :sponsor, content = :content", **kept)
    jobs.start_roster(1)
    assert (page_of(desk.get(draft)), count(rt, "rosters")) == ("/rosters/1", 1)


def test_what_a_started_file_held_is_not_kept(rt: Runtime) -> None:
    signed_in(rt, "operator").started(rt, a_file(*TWO))
    assert rows(rt, "SELECT sponsor, content, checked FROM roster_drafts") == [
        {"sponsor": "", "content": "", "checked": ""}
    ]


def test_the_same_file_is_not_started_twice(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    desk.started(rt, a_file(*TWO))
    clock_of(rt).set(rt.clock() + timedelta(minutes=1))
    again = page_of(desk.upload(a_file(*TWO)))
    desk.start(again)
    work(rt)
    assert "sudah pernah dijalankan" in desk.get(again).text
    assert count(rt, "rosters") == 1


def test_a_price_that_was_not_shown_starts_nothing(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    draft = page_of(desk.upload(a_file(*TWO)))
    desk.post(f"{draft}/start", {"total": 1}, on=draft)
    work(rt)
    assert "Tarif berubah" in desk.get(draft).text
    assert count(rt, "rosters") == 0


def test_a_file_that_no_longer_fits_the_rules_says_how_many_mistakes_it_has_now(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    draft = page_of(desk.upload(a_file({})))
    spoilt = a_file({"nik": "12"}, {"phone": "x"})
    desk.start(draft)
    execute(rt, "UPDATE roster_drafts SET content = :content", content=rt.vault.seal(spoilt.decode("latin-1")))
    work(rt)
    assert "Masih ada 2 kesalahan" in desk.get(f"{draft}/going").text
    page = desk.get(draft).text
    assert ("Masih ada 2 kesalahan" in page, "NIK harus 16 angka" in page) == (True, True)
    assert count(rt, "rosters") == 0


def test_a_price_that_has_changed_is_shown_and_may_be_started_then(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    draft = page_of(desk.upload(a_file({})))
    dearer = a_file({}, TWO[1])
    desk.start(draft)
    execute(rt, "UPDATE roster_drafts SET content = :content", content=rt.vault.seal(dearer.decode("latin-1")))
    work(rt)
    assert "Mulai untuk 2 orang" in desk.get(draft).text
    desk.start(draft)
    work(rt)
    assert page_of(desk.get(draft)) == "/rosters/1"


def test_a_file_that_is_being_set_going_can_neither_be_put_away_nor_forgotten(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    draft = page_of(desk.upload(a_file({})))
    token = desk.token(draft)
    desk.start(draft)
    answer = desk.client.post(f"/admin{draft}/discard", data={"csrf_token": token})
    assert page_of(answer) == draft
    assert "sudah dimulai" in desk.get(draft).text
    clock_of(rt).set(rt.clock() + timedelta(days=1, minutes=1))
    jobs.forget()
    assert count(rt, "roster_drafts") == 1
    work(rt)
    assert count(rt, "rosters") == 1


def test_a_started_file_has_no_list_of_mistakes_any_more(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    draft = page_of(desk.upload(a_file({})))
    desk.start(draft)
    work(rt)
    assert desk.get(f"{draft}/mistakes.csv").status_code == 404


def test_a_file_of_somebody_else_is_not_there(rt: Runtime) -> None:
    desk, other = signed_in(rt, "operator"), signed_in(rt, "owner")
    draft = page_of(desk.upload(a_file({"nik": "1"})))
    token = other.token("/")
    answers = [other.get(draft).status_code, other.get(f"{draft}/mistakes.csv").status_code]
    answers += [
        other.client.post(f"/admin{draft}/{act}", data={"csrf_token": token}).status_code
        for act in ("start", "discard")
    ]
    assert answers == [404] * 4
    assert desk.get(draft).status_code == 200


def test_a_file_that_is_put_away_is_gone(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    draft = page_of(desk.upload(a_file({})))
    desk.post(f"{draft}/discard", on=draft)
    assert (count(rt, "roster_drafts"), desk.get(draft).status_code) == (0, 404)


def test_an_uploaded_file_cannot_be_read_in_the_database(rt: Runtime) -> None:
    signed_in(rt, "operator").upload(a_file({}))
    kept = str(rows(rt, "SELECT sponsor, content, checked FROM roster_drafts"))
    assert [word for word in ("3174054508880003", "Siti", "PT Maju") if word in kept] == []


def test_what_nobody_set_going_within_a_day_is_forgotten_and_so_are_old_sessions(rt: Runtime) -> None:
    signed_in(rt, "operator").upload(a_file({}))
    Desk(rt).sign_in("operator@kantor.id", "x")
    execute(rt, "DELETE FROM sign_in_tries WHERE subject LIKE 'account:%'")
    execute(rt, "DELETE FROM admin_sessions WHERE admin_id IS NULL")
    jobs.forget()
    assert (count(rt, "roster_drafts"), count(rt, "admin_sessions"), count(rt, "sign_in_tries")) == (1, 1, 1)
    clock_of(rt).set(rt.clock() + timedelta(days=1, minutes=1))
    jobs.forget()
    assert (count(rt, "roster_drafts"), count(rt, "admin_sessions"), count(rt, "sign_in_tries")) == (0, 0, 0)


def test_the_list_of_mistakes_is_a_file_to_download(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    draft = page_of(desk.upload(a_file({"nik": "12"})))
    response = desk.get(f"{draft}/mistakes.csv")
    assert response.headers["Content-Disposition"] == 'attachment; filename="sertakan-1.csv"'
    assert response.text == '\ufeffBaris,Kolom,Perbaikan\r\n2,nik,"NIK harus 16 angka, di sini 2"\r\n'


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+1", "-2", "@SUM(1)", "\tx", "\r=1"])
def test_no_cell_of_a_file_to_download_is_run_by_a_spreadsheet(cell: str) -> None:
    written = formats.table(["head"], [[cell], ["harmless"]])
    assert [row[0] for row in csv.reader(io.StringIO(written, newline=""))][1:] == [f"'{cell}", "harmless"]


def test_a_file_of_more_than_eight_megabytes_is_refused(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    assert desk.upload(b"x" * (8 * 1024 * 1024 + 1)).status_code == 413


def test_an_empty_file_and_a_sponsor_without_a_phone_are_said_on_the_form(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    assert "Berkas kosong" in desk.upload(b"").text
    answer = desk.upload(a_file({}), phone="12")
    assert (answer.status_code, "Ini bukan nomor HP" in answer.text, "PT Maju" in answer.text) == (422, True, True)


def test_a_code_for_those_who_agreed_does_not_wait_for_the_others(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    people = (TWO[0], {**TWO[1], "consent": "phone"})
    roster = desk.started(rt, a_file(*people))
    assert "1 dari 2 terjawab" in desk.get(roster).text
    assert count(rt, "pay_codes") == 0
    desk.post(f"{roster}/pay", on=roster)
    work(rt)
    assert str(rows(rt, "SELECT code FROM pay_codes")[0]["code"]) in desk.get(roster).text
    assert noted(rt, "roster.code") == ["operator@kantor.id: sponsor 1"]


def test_a_viewer_sees_how_far_a_list_is_and_starts_nothing(rt: Runtime) -> None:
    operator = signed_in(rt, "operator")
    roster = operator.started(rt, a_file(*TWO))
    viewer: Desk = signed_in(rt, "viewer")
    assert ("PT Maju" in viewer.get(roster).text, "Buat kode" in viewer.get(roster).text) == (True, False)
    assert "Unggah daftar" not in viewer.get("/rosters").text


@pytest.mark.parametrize(("role", "sees"), [("operator", True), ("viewer", False), ("editor", False)])
def test_sums_and_pay_codes_of_a_list_are_for_whoever_sees_money(rt: Runtime, role: str, sees: bool) -> None:
    roster = signed_in(rt, "owner").started(rt, a_file(*TWO))
    code = str(rows(rt, "SELECT code FROM pay_codes")[0]["code"])
    desk = signed_in(rt, role)
    pages = [desk.get(page).text for page in (roster, f"{roster}/progress", "/rosters")]
    assert ["Rp" in page for page in pages] == [sees] * 3
    assert [code in page for page in pages[:2]] == [sees] * 2


def test_a_code_that_is_asked_for_and_its_entry_in_the_log_stand_or_fall_together(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    roster = desk.started(rt, a_file(TWO[0], {**TWO[1], "consent": "phone"}))
    execute(rt, "ALTER TABLE audit_log ADD CONSTRAINT shut CHECK (kind <> 'roster.code') NOT VALID")
    try:
        assert desk.post(f"{roster}/pay", on=roster).status_code == 500
    finally:
        execute(rt, "ALTER TABLE audit_log DROP CONSTRAINT shut")
    assert count(rt, "pay_codes") == 0
