"""The hand-over on the desk: numbered files out, the bank's transfers, the institution's answers in."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest
from werkzeug.test import TestResponse

from tests.builders import a_member, a_paid_member, a_registration, count, execute, rows
from tests.office import Desk, noted, page_of, signed_in
from tests.work import work
from ussd_app.gateways.handover_file import FileInstitution
from ussd_app.runtime import Runtime
from ussd_app.services import enrolment, handover_uploads

ANSWER = "file,reference,verdict,member_number,reason\n"


@pytest.fixture
def office(rt: Runtime) -> Runtime:
    """A runtime whose institution takes files, and a member with a paid month."""
    a_paid_member(rt)
    return replace(rt, institution=FileInstitution())


@pytest.fixture
def desk(office: Runtime) -> Desk:
    """Finance, with file 1 of one contribution month made."""
    desk = signed_in(office, "finance")
    assert page_of(desk.post("/handover/make", {"kind": "contributions"}, on="/handover")) == "/handover/1"
    return desk


def upload(desk: Desk, content: str | bytes) -> TestResponse:
    """Upload an answer file."""
    raw = content.encode() if isinstance(content, str) else content
    return desk.post("/handover/answers", {"file": (BytesIO(raw), "jawaban.csv")}, on="/handover/answers")


def test_what_waits_is_counted_and_becomes_a_file(office: Runtime, desk: Desk) -> None:
    listed = desk.get("/handover").text
    assert ("Berkas 1" in listed, "Rp8.400" in listed) == (True, True)
    assert noted(office, "handover.made") == ["finance@kantor.id: file 1"]
    desk.post("/handover/make", {"kind": "contributions"}, on="/handover")
    assert "Tidak ada yang menunggu diserahkan" in desk.get("/handover").text
    assert count(office, "handover_files") == 1


def test_a_file_is_downloaded_by_form_and_each_download_is_logged(office: Runtime, desk: Desk) -> None:
    answer = desk.post("/handover/1/download", on="/handover/1")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="sertakan-1.csv"'
    assert "C1-202611" in answer.text
    assert noted(office, "handover.downloaded") == ["finance@kantor.id: file 1"]
    assert desk.get("/handover/1/download").status_code == 405


def test_a_transfer_is_written_down_once_with_the_banks_reference(office: Runtime, desk: Desk) -> None:
    page = "/handover/1"
    assert "Isi referensi dari bank" in desk.post(f"{page}/transferred", {"reference": " "}, on=page).text
    desk.post(f"{page}/transferred", {"reference": "BNI-7"}, on=page)
    assert "BNI-7" in desk.get(page).text
    assert "sudah ditransfer" in desk.post(f"{page}/transferred", {"reference": "BNI-8"}, on="/handover").text
    assert noted(office, "handover.transferred") == ["finance@kantor.id: file 1"]


def test_an_answer_is_taken_in_by_a_job_and_followed(office: Runtime, desk: Desk) -> None:
    desk.post("/handover/1/transferred", {"reference": "BNI-7"}, on="/handover/1")
    page = page_of(upload(desk, f"{ANSWER}1,C1-202611,confirmed,,\n"))
    assert 'data-going="yes"' in desk.get(page).text
    work(office)
    assert "1 jawaban dibaca, 1 baru" in desk.get(f"{page}/going").text
    assert rows(office, "SELECT state FROM contribution_months") == [{"state": "confirmed"}]
    assert rows(office, "SELECT sealed FROM handover_uploads") == [{"sealed": ""}]
    assert noted(office, "handover.answered") == ["finance@kantor.id: jawaban.csv"]


def test_an_answer_with_mistakes_changes_nothing_and_names_their_lines(office: Runtime, desk: Desk) -> None:
    page = page_of(upload(desk, f"{ANSWER}1,C1-202611,perhaps,,\n1,C9-202611,confirmed,,\n"))
    work(office)
    shown = desk.get(page).text
    assert ("perhaps" in shown, "C9-202611" in shown, "tidak ada yang berubah" in shown) == (True, True, True)
    assert rows(office, "SELECT state FROM contribution_months") == [{"state": "received"}]


def test_an_upload_whose_job_was_lost_is_found(office: Runtime, desk: Desk) -> None:
    upload(desk, f"{ANSWER}1,C1-202611,received,,\n")
    office.redis.flushall()
    handover_uploads.sweep(office)
    work(office)
    assert rows(office, "SELECT state FROM handover_uploads") == [{"state": "taken"}]


def test_an_upload_that_never_ends_is_given_up_and_says_so(office: Runtime, desk: Desk) -> None:
    page = page_of(upload(desk, f"{ANSWER}1,C1-202611,received,,\n"))
    execute(office, "UPDATE handover_uploads SET tries = 99")
    handover_uploads.run(office, 1)
    assert "Panggil pengembang" in desk.get(page).text


@pytest.mark.parametrize(("content", "said"), [(b"", "Pilih berkas jawaban"), (b"\xff\xfe", "bukan teks UTF-8")])
def test_what_is_no_answer_file_is_refused_at_once(desk: Desk, content: bytes, said: str) -> None:
    answer = upload(desk, content)
    assert (answer.status_code, said in answer.text) == (422, True)


def test_the_money_of_chosen_refused_months_comes_back(office: Runtime, desk: Desk) -> None:
    desk.post("/handover/1/transferred", {"reference": "BNI-7"}, on="/handover/1")
    upload(desk, f"{ANSWER}1,C1-202611,refused,,too old\n")
    work(office)
    page = "/handover/1"
    assert "too old" in desk.get(page).text
    assert "Pilih bulan" in desk.post(f"{page}/returned", {"reference": "BNI-9"}, on=page).text
    desk.post(f"{page}/returned", {"reference": "BNI-9", "month": "C1-202611"}, on=page)
    assert rows(office, "SELECT bank_reference FROM refused_months") == [{"bank_reference": "BNI-9"}]
    assert noted(office, "handover.returned") == ["finance@kantor.id: file 1"]


def test_registrations_have_files_of_their_own(rt: Runtime) -> None:
    office = replace(rt, institution=FileInstitution())
    enrolment.file(office, a_registration(office, a_member(office)))
    desk = signed_in(office, "finance")
    desk.post("/handover/make", {"kind": "registrations"}, on="/handover")
    assert "Transfer bank" not in desk.get("/handover/1").text


def test_whoever_does_not_hand_over_sees_files_without_their_contents(office: Runtime, desk: Desk) -> None:
    page = signed_in(office, "operator").get("/handover/1").text
    assert ("Rp8.400" in page, "Unduh berkas" in page, "Sudah ditransfer" in page) == (True, False, False)


def test_a_file_that_is_not_there_is_not_found(desk: Desk) -> None:
    assert [desk.get(page).status_code for page in ("/handover/9", "/handover/answers/9")] == [404, 404]
    assert desk.post("/handover/9/download", on="/handover").status_code == 404
