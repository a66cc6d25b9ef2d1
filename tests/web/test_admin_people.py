"""Members on the desk: found without being shown, shown for a reason, handed their data, forgotten."""

from __future__ import annotations

import json

import pytest

from tests.builders import NIK, PHONE, a_member, a_paid_member, a_registered_member, count, execute, rows
from tests.office import noted, signed_in
from ussd_app.runtime import Runtime

SCRIPT = "<script>alert(1)</script>"
REASON = "bertanya lewat telepon"


@pytest.mark.parametrize("said", ["0812-3456-7890", PHONE, NIK, "21234567890", "siti", "ami sit", "1"])
def test_a_member_is_found_by_phone_nik_kpj_and_name(rt: Runtime, said: str) -> None:
    a_registered_member(rt)
    page = signed_in(rt, "viewer").post("/members", {"said": said}, on="/members").text
    assert '<a href="/admin/members/1">' in page


@pytest.mark.parametrize("said", ["", "Budi", "si", "%", "' OR 1=1 --", "0812", "3174054508880004"])
def test_nobody_is_found_by_anything_else(rt: Runtime, said: str) -> None:
    a_registered_member(rt)
    assert "/admin/members/1" not in signed_in(rt, "viewer").post("/members", {"said": said}, on="/members").text


@pytest.mark.parametrize(
    ("role", "sees"), [("operator", True), ("finance", True), ("viewer", False), ("editor", False)]
)
def test_what_a_member_earns_and_pays_is_for_whoever_sees_money(rt: Runtime, role: str, sees: bool) -> None:
    a_paid_member(rt)
    page = signed_in(rt, role).get("/members/1").text
    assert [word in page for word in ("Rp", "Uang titipan", "penghasilan")] == [sees] * 3
    assert "Bulan iuran" in page


@pytest.mark.parametrize(("role", "sees"), [("operator", True), ("viewer", False)])
def test_a_sum_in_a_follow_up_is_for_whoever_sees_money(rt: Runtime, role: str, sees: bool) -> None:
    detail = "member 1: Rp50.000, for 2026-11"
    execute(rt, "INSERT INTO follow_ups (kind, phone, detail, created_at) VALUES ('help', '', :d, now())", d=detail)
    page = signed_in(rt, role).get("/follow-ups").text
    assert ("50.000" in page, "for 2026-11" in page) == (sees, True)


def private(page: str) -> list[str]:
    """What on a page is nobody's business."""
    return [
        word for word in (NIK, "81234567890", "0812-3456-7890", "Aminah", "05-08-1988", "21234567890") if word in page
    ]


def test_a_member_is_hidden_from_whoever_only_looks(rt: Runtime) -> None:
    a_registered_member(rt)
    desk = signed_in(rt)
    found = desk.post("/members", {"said": PHONE}, on="/members").text
    assert (private(desk.get("/members/1").text), private(found)) == ([], [])


def test_whoever_gives_a_reason_sees_everything_once_and_is_written_down(rt: Runtime) -> None:
    a_registered_member(rt)
    desk = signed_in(rt, "operator")
    page = desk.post("/members/1/unmask", {"reason": REASON}, on="/members/1").text
    assert (NIK in page, "Siti Aminah" in page, "0812-3456-7890" in page) == (True, True, True)
    assert private(desk.get("/members/1").text) == []
    assert noted(rt, "member.unmasked") == ["operator@kantor.id: member 1"]
    assert rows(rt, "SELECT after FROM audit_log WHERE kind = 'member.unmasked'") == [{"after": {"reason": REASON}}]


def test_without_a_reason_nothing_is_shown(rt: Runtime) -> None:
    a_registered_member(rt)
    response = signed_in(rt, "operator").post("/members/1/unmask", {"reason": " "}, on="/members/1")
    assert (response.status_code, private(response.text)) == (422, [])


def test_a_script_in_a_name_is_shown_as_letters(rt: Runtime) -> None:
    a_member(rt, name=SCRIPT)
    execute(rt, "INSERT INTO follow_ups (kind, phone, detail, created_at) VALUES (:s, :s, :s, now())", s=SCRIPT)
    desk = signed_in(rt)
    shown = [desk.get("/members/1").text, desk.get("/follow-ups").text, desk.get("/").text]
    shown.append(desk.post("/members/1/unmask", {"reason": REASON}, on="/members/1").text)
    shown.append(desk.post("/members", {"said": PHONE}, on="/members").text)
    assert [SCRIPT in page for page in shown] == [False] * 5
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown[3]


def test_everything_kept_about_a_member_is_downloaded_and_that_is_written_down(rt: Runtime) -> None:
    a_registered_member(rt)
    response = signed_in(rt, "operator").post("/members/1/export", on="/members/1")
    assert json.loads(response.text)["member"]["nik"] == NIK
    assert response.headers["Content-Disposition"] == 'attachment; filename="sertakan-1.json"'
    assert noted(rt, "member.exported") == ["operator@kantor.id: member 1"]


def test_nobody_is_erased_who_has_not_withdrawn(rt: Runtime) -> None:
    a_registered_member(rt)
    desk = signed_in(rt, "operator")
    response = desk.post("/members/1/erase", {"typed": "HAPUS 1"}, on="/members/1")
    assert (response.status_code, "masih peserta" in response.text) == (409, True)
    assert count(rt, "members") == 1


def test_a_member_withdraws_on_paper_and_is_erased_when_the_word_is_typed(rt: Runtime) -> None:
    a_registered_member(rt)
    desk = signed_in(rt, "operator")
    desk.post("/members/1/leave", {"reference": "map 12"}, on="/members/1")
    wrong = desk.post("/members/1/erase", {"typed": "hapus"}, on="/members/1")
    assert (wrong.status_code, rows(rt, "SELECT state FROM members")) == (422, [{"state": "left"}])
    desk.post("/members/1/erase", {"typed": "HAPUS 1"}, on="/members/1")
    assert rows(rt, "SELECT state, phone FROM members") == [{"state": "erased", "phone": "erased:1"}]
    assert noted(rt, "member.left") + noted(rt, "member.erased") == ["operator@kantor.id: member 1"] * 2
    assert desk.get("/members/1").status_code == 200


def test_a_follow_up_that_is_done_is_gone_from_the_list_and_says_by_whom(rt: Runtime) -> None:
    execute(rt, "INSERT INTO follow_ups (kind, phone, detail, created_at) VALUES ('help', :p, 'x', now())", p=PHONE)
    desk = signed_in(rt, "operator")
    page = desk.get("/follow-ups").text
    assert ("Minta dihubungi" in page, "+62812****890" in page, private(page)) == (True, True, [])
    desk.post("/follow-ups/1/done", on="/follow-ups")
    assert "Tidak ada apa-apa di sini" in desk.get("/follow-ups").text
    assert "operator@kantor.id" in desk.get("/follow-ups?done=1").text
    assert noted(rt, "follow_up.done") == ["operator@kantor.id: follow-up 1"]


def test_the_number_of_a_follow_up_is_shown_for_a_reason(rt: Runtime) -> None:
    execute(rt, "INSERT INTO follow_ups (kind, phone, detail, created_at) VALUES ('help', :p, 'x', now())", p=PHONE)
    desk = signed_in(rt, "operator")
    without = desk.post("/follow-ups/1/unmask", {"reason": ""}, on="/follow-ups")
    assert (without.status_code, private(without.text)) == (422, [])
    assert PHONE in desk.post("/follow-ups/1/unmask", {"reason": REASON}, on="/follow-ups").text
    assert noted(rt, "follow_up.unmasked") == ["operator@kantor.id: follow-up 1"]


def test_a_long_list_of_follow_ups_comes_in_pages(rt: Runtime) -> None:
    execute(
        rt,
        "INSERT INTO follow_ups (kind, phone, detail, created_at) "
        "SELECT 'help', '', 'number ' || n, now() FROM generate_series(1, 60) n",
    )
    desk = signed_in(rt, "viewer")
    first, last = desk.get("/follow-ups").text, desk.get("/follow-ups?beyond=50").text
    assert [first.count('<li class="card">'), last.count('<li class="card">')] == [25, 10]
    assert ("beyond=25" in first, 'rel="next"' in last) == (True, False)
