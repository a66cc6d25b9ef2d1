"""What happened to somebody, on the desk: whole for whoever may, hidden for whoever only looks, nobody else's."""

from __future__ import annotations

import re

import pytest

from tests.builders import NIK, PHONE, a_member, a_registered_member, an_sms, execute
from tests.conversations import Conversation
from tests.office import Desk, noted, signed_in
from tests.sponsoring import last
from tests.web.test_admin_people import REASON, SCRIPT, private
from ussd_app.runtime import Runtime

TIMELINE = "/members/1/timeline"
DIALOGUE = re.compile(r'href="/admin(/members/1/dialogues/[^"]+)"')


def enrolled(rt: Runtime) -> None:
    """Siti dials, enrols and pays."""
    conversation = Conversation(rt)
    conversation.dial("*777#")
    last(conversation, "1", NIK, "05081988", "Siti Aminah", "1", "1", "2", "1")
    conversation.work()
    conversation.pay("")
    conversation.work()


def test_a_viewer_sees_what_happened_and_neither_people_nor_money(rt: Runtime) -> None:
    enrolled(rt)
    page = signed_in(rt, "viewer").get(TIMELINE).text
    assert [
        word for word in ("Menelepon menu", "SMS dari kami", "Persetujuan", "Bulan iuran") if word not in page
    ] == []
    assert (private(page), "8.400" in page, "S*** A***" in page) == ([], False, True)


def test_an_owner_sees_money_and_what_colleagues_did(rt: Runtime) -> None:
    enrolled(rt)
    desk = signed_in(rt)
    desk.post("/members/1/unmask", {"reason": REASON}, on="/members/1")
    page = desk.get(TIMELINE).text
    assert ("Uang masuk" in page, "Rp8.400" in page, REASON in page, private(page)) == (True, True, True, [])


def test_with_a_reason_the_last_things_are_shown_in_full(rt: Runtime) -> None:
    enrolled(rt)
    page = signed_in(rt, "operator").post("/members/1/unmask", {"reason": REASON}, on="/members/1").text
    assert "Terima kasih Siti Aminah" in page


def test_a_dialogue_is_replayed_as_phones(rt: Runtime) -> None:
    enrolled(rt)
    desk = signed_in(rt, "viewer")
    (there,) = DIALOGUE.findall(desk.get(TIMELINE).text)
    page = desk.get(there).text
    assert (page.count('class="tiny-phone'), "1. Daftar" in page, private(page)) == (9, True, [])


def test_a_dialogue_is_shown_to_nobody_under_another_number(rt: Runtime) -> None:
    enrolled(rt)
    a_registered_member(rt, phone="+6281299999999", nik="3174054508880004", member_number="21234567899")
    desk = signed_in(rt)
    (there,) = DIALOGUE.findall(desk.get(TIMELINE).text)
    assert desk.get(there.replace("/members/1/", "/members/2/")).status_code == 404
    assert desk.get("/members/1/dialogues/nothing").status_code == 404


@pytest.mark.parametrize(
    "page", ["/members/9/timeline", "/members/9/help", "/members/9/card", "/members/9/dialogues/x"]
)
def test_nobody_is_shown_who_is_not_there(rt: Runtime, page: str) -> None:
    assert signed_in(rt).get(page).status_code == 404


@pytest.mark.parametrize("after", ["", "x", "2026-11-22~sms~1", "2026-11-22T03:00:00+00:00~sms~x", "a~b~c~d", "'"])
def test_an_address_that_somebody_wrote_begins_at_the_top(rt: Runtime, after: str) -> None:
    a_registered_member(rt)
    an_sms(rt)
    assert "SMS dari kami" in signed_in(rt).get(f"{TIMELINE}?after={after}&kind=").text


def test_the_next_page_goes_on_where_this_one_ends(rt: Runtime) -> None:
    a_registered_member(rt)
    for number in range(30):
        an_sms(rt, key=f"k{number}")
    desk = signed_in(rt)
    first = desk.get(f"{TIMELINE}?kind=sms").text
    (more,) = re.findall(r'href="/admin([^"]+)" rel="next"', first)
    second = desk.get(more.replace("&amp;", "&")).text
    assert (first.count('<li class="event'), second.count('<li class="event')) == (25, 5)


def test_a_script_that_somebody_typed_is_shown_as_letters_wherever_it_stands(rt: Runtime) -> None:
    a_member(rt, name=SCRIPT)
    an_sms(rt, words=SCRIPT)
    execute(rt, "UPDATE outbox SET reason = :s", s=SCRIPT)
    execute(
        rt,
        "INSERT INTO consents (member_id, purpose, text_version, text, language, channel, phone, session_id, at) "
        "VALUES (1, :s, :s, :s, 'id', :s, :p, :s, now())",
        s=SCRIPT,
        p=PHONE,
    )
    execute(
        rt,
        "INSERT INTO sponsors (phone, name, kind, language, created_at) VALUES ('+6281299999999', :s, 'company', 'id', "
        "now())",
        s=SCRIPT,
    )
    execute(
        rt,
        "INSERT INTO sponsorships (sponsor_id, member_id, name, months, since) VALUES (1, 1, :s, 1, now())",
        s=SCRIPT,
    )
    desk = signed_in(rt)
    shown = [
        desk.get(page).text for page in (TIMELINE, "/members/1", "/members/1/help", "/members/1/card", "/sponsors")
    ]
    shown += [desk.get(f"/sponsors/1{page}").text for page in ("", "/people", "/timeline", "/cards")]
    shown.append(desk.post("/members/1/unmask", {"reason": SCRIPT}, on=TIMELINE).text)
    shown.append(desk.post("/members/1/card", on="/members/1/card").text)
    shown.append(desk.post("/sponsors/1/cards", on="/sponsors/1/cards").text)
    shown.append(desk.post("/members/1/correct", {"name": SCRIPT, "reason": SCRIPT}, on=TIMELINE).text)
    shown.append(desk.post("/members", {"said": "script"}, on="/members").text)
    assert [SCRIPT in page for page in shown] == [False] * len(shown)


# ---- what is done for them ----


def helped(rt: Runtime, act: str, role: str = "operator", **fields: object) -> tuple[Desk, int, str]:
    """Somebody with a role asks for something to be done for member 1; their desk, the status and the page."""
    desk = signed_in(rt, role)
    response = desk.post(f"/members/1/{act}", {"reason": REASON, **fields}, on="/members/1")
    return desk, response.status_code, response.text


def test_a_correction_is_made_and_shown_among_what_happened(rt: Runtime) -> None:
    a_registered_member(rt)
    desk, status, _ = helped(rt, "correct", name="Siti Rahayu", language="jv")
    page = desk.get(TIMELINE).text
    assert (status, "S*** A*** → S*** R***" in page, REASON in page) == (302, True, True)
    assert noted(rt, "member.corrected") == ["operator@kantor.id: member 1"]


def test_a_correction_that_cannot_be_says_why_and_keeps_what_was_typed(rt: Runtime) -> None:
    a_registered_member(rt)
    _, status, page = helped(rt, "correct", name="Siti Rahayu", born="31-02-1988")
    assert (status, "tidak ada, atau belum terjadi" in page, 'value="Siti Rahayu"' in page) == (422, True, True)


def test_another_number_needs_a_reason(rt: Runtime) -> None:
    a_registered_member(rt)
    assert helped(rt, "phone", phone="0812 9999 9999", reason="")[1] == 422
    desk, status, _ = helped(rt, "phone", "owner", phone="0812 9999 9999")
    assert (status, noted(rt, "member.phone")) == (302, ["owner@kantor.id: member 1"])
    assert "+62812****999" in desk.get("/members/1").text


def test_a_code_is_made_once_its_price_was_seen(rt: Runtime) -> None:
    a_registered_member(rt)
    desk, status, page = helped(rt, "code", months=1)
    assert (status, "Rp8.400" in page, noted(rt, "code.made")) == (200, True, [])
    made = desk.post("/members/1/code/make", {"months": 1, "total": 8400, "reason": REASON}, on="/members/1")
    assert (made.status_code, noted(rt, "code.made")) == (302, ["operator@kantor.id: member 1"])
    again = desk.post("/members/1/code/make", {"months": 1, "total": 8400, "reason": REASON}, on="/members/1")
    assert "masih berlaku" in desk.get(again.headers["Location"].removeprefix("/admin")).text


def test_reminders_are_stopped_for_some_weeks_and_allowed_again(rt: Runtime) -> None:
    a_registered_member(rt)
    desk, status, _ = helped(rt, "stop", topic="reminders", weeks=4)
    assert (status, "20 Des 2026" in desk.get("/members/1/help").text) == (302, True)
    desk.post("/members/1/allow", {"topic": "reminders", "reason": REASON}, on="/members/1")
    assert "menerima semua SMS" in desk.get("/members/1/help").text


def test_what_cannot_be_sent_again_is_said_in_words(rt: Runtime) -> None:
    a_registered_member(rt)
    _, status, page = helped(rt, "resend", which="code")
    assert (status, "Tidak ada kode bayar yang masih berlaku" in page) == (422, True)
