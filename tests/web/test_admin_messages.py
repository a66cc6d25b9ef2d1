"""SMS are worded: found, edited with what they take and cost, shown for people, kept, and published like menus."""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.builders import NAME, PHONE, a_paid_member
from tests.conftest import clock_of
from tests.drafting import ANI, EDI, PUBLISHER
from tests.office import Desk, noted, page_of, signed_in
from ussd_app.domain import phone as phones
from ussd_app.runtime import Runtime
from ussd_app.services import drafts, publishing
from ussd_app.storage.drafts import Draft

RECEIPT = "Terima kasih {name|cut:12}! {total|rupiah} {months|months} diterima. Bukti {order}. {dial}"


@pytest.fixture
def draft(rt: Runtime) -> Draft:
    """A draft of the SMS that are live."""
    return drafts.create(rt, "messages", by=EDI, title="lebih singkat")


@pytest.fixture
def desk(rt: Runtime) -> Desk:
    """The browser of somebody who edits."""
    return signed_in(rt, "editor", EDI)


def form(draft: Draft, name: str = "receipt", part: str = "texts") -> str:
    """The address of the form of one SMS."""
    return f"/messages/drafts/{draft.id}/{part}/{name}"


def plain(page: TestResponse) -> str:
    """What stands on a page, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def type_in(desk: Desk, draft: Draft, *, revision: int = 1, key: str = "k1", **texts: str) -> Any:
    """The page saves by itself what was typed; what comes back."""
    token = desk.token(form(draft))
    told = {"csrf_token": token, "revision": revision, "key": key}
    told |= {f"text-{language}": text for language, text in texts.items()}
    answer = desk.client.post(f"/admin{form(draft)}", data=told, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def look(desk: Desk, draft: Draft, text: str, *, name: str = "receipt", language: str = "id", who: str = "") -> str:
    """What is told of a text while it is typed."""
    token = desk.token(form(draft))
    told = {"csrf_token": token, "language": language, "text": text, "who": who}
    return plain(desk.client.post(f"/admin{form(draft, name)}/look", data=told))


def receipt(rt: Runtime, draft: Draft, language: str = "id") -> str:
    """The receipt as the draft has it."""
    return str(
        publishing.sources_of("messages", drafts.read(rt, draft.id).files)[0].data["messages"]["receipt"]["texts"][
            language
        ]
    )


# ---- the list ----


def test_every_sms_is_listed_with_its_parts_and_price(desk: Desk) -> None:
    page = plain(desk.get("/messages"))
    assert "Tanda terima Ubah Tanda terima receipt · 1 SMS · Rp350 · diulang sekali" in page


@pytest.mark.parametrize("said", ["Tanda terima", "sponsor_receipt", "katampi, katerusaken", "MATUR NUWUN"])
def test_an_sms_is_found_by_its_name_or_its_words_in_any_language(desk: Desk, said: str) -> None:
    page = desk.get(f"/messages?q={said}")
    assert "receipt" in page.text
    assert "remind_before" not in page.text


def test_a_reason_of_the_institution_is_found_as_well(desk: Desk) -> None:
    page = desk.get("/messages?q=tidak sama dengan KTP")
    assert ("name_differs" in page.text, "receipt" in page.text) == (True, False)


def test_one_click_on_a_live_sms_begins_a_draft_and_opens_its_form(rt: Runtime, desk: Desk) -> None:
    page = page_of(desk.post("/messages/drafts", {"message": "receipt"}, on="/messages"))
    assert page == "/messages/drafts/1/texts/receipt"
    assert desk.get(page).status_code == 200
    assert noted(rt, "draft.made") == [f"{EDI}: messages 1"]


# ---- the form ----


def test_the_form_offers_every_variable_with_its_meaning_and_an_example(desk: Desk, draft: Draft) -> None:
    page = plain(desk.get(form(draft)))
    assert "{name|cut:16} Nama orangnya misalnya Siti Aminah" in page
    assert "{total|rupiah} Jumlah rupiah misalnya Rp16.800" in page


def test_what_a_text_takes_is_told_at_its_longest_fill(desk: Desk, draft: Draft) -> None:
    told = look(desk, draft, "Halo {name|cut:12}")
    assert "24 dari 160 karakter · GSM-7 · 1 SMS · Rp350" in told  # "Ulang: " stands before what is repeated


def test_a_character_that_makes_it_ucs_2_is_named(desk: Desk, draft: Draft) -> None:
    told = look(desk, draft, "Halo 👍 {dial}", name="help_sms")
    assert "UCS-2 · 1 SMS" in told
    assert "👍 (thumbs up sign)" in told


def test_more_parts_than_a_message_may_take_are_an_error_with_their_price(desk: Desk, draft: Draft) -> None:
    told = look(desk, draft, "x" * 200 + " {dial}")
    assert "2 SMS · Rp700" in told
    assert "menjadi 2 SMS" in told


def test_a_variable_that_is_not_given_is_named(desk: Desk, draft: Draft) -> None:
    assert "SMS ini tidak memiliki isian price" in look(desk, draft, "Halo {price}")


def test_the_text_is_shown_as_an_example_reads_it(desk: Desk, draft: Draft) -> None:
    assert "Halo Siti Aminah" in look(desk, draft, "Halo {name|cut:30}")
    assert "Halo Raden Ajeng Sri Wahyuningsih K" in look(desk, draft, "Halo {name|cut:30}", who="long")


def test_a_real_member_is_found_and_shown_masked(rt: Runtime, desk: Desk, draft: Draft) -> None:
    member = a_paid_member(rt)
    found = desk.post(f"{form(draft)}/member", {"said": PHONE}, on=form(draft))
    assert f"S*** A*** · {phones.masked(PHONE)} · peserta {member.id}" in plain(found)
    page = desk.get(f"{form(draft)}?who=member-{member.id}")
    assert "Terima kasih S*** A***! Rp16.800 Nov 2026 diterima" in page.text
    assert NAME not in page.text.replace(f"{NAME} (contoh)", "").replace(f"misalnya</span> {NAME}", "").replace(
        f"misalnya {NAME}", ""
    )
    assert PHONE not in page.text


def test_what_somebody_typed_into_a_text_runs_nowhere(rt: Runtime, desk: Desk, draft: Draft) -> None:
    type_in(desk, draft, id="<script>alert(1)</script> {dial}")
    page = desk.get(form(draft)).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


# ---- saving ----


def test_what_is_typed_is_saved_by_itself(rt: Runtime, desk: Desk, draft: Draft) -> None:
    told = type_in(desk, draft, id=RECEIPT)
    assert told["revision"] == 2
    assert receipt(rt, draft) == RECEIPT


def test_a_save_that_is_sent_twice_is_one(rt: Runtime, desk: Desk, draft: Draft) -> None:
    assert type_in(desk, draft, id=RECEIPT)["revision"] == type_in(desk, draft, id=RECEIPT)["revision"] == 2


def test_without_scripts_the_button_saves(rt: Runtime, desk: Desk, draft: Draft) -> None:
    desk.post(form(draft), {"revision": 1, "key": "k", "text-id": RECEIPT}, on=form(draft))
    assert receipt(rt, draft) == RECEIPT


def test_a_language_that_was_not_touched_is_not_written_over(rt: Runtime, desk: Desk, draft: Draft) -> None:
    english, old = receipt(rt, draft, "en"), "Terima kasih! {dial}"
    type_in(signed_in(rt, "editor", ANI), draft, en="Thanks! {dial}")
    told = type_in(desk, draft, revision=1, key="k2", id=old, en=english)
    assert "conflict" in told  # the same SMS: somebody has to look
    assert receipt(rt, draft, "en") == "Thanks! {dial}"


def test_an_old_form_in_which_nothing_was_changed_writes_over_nothing(rt: Runtime, desk: Desk, draft: Draft) -> None:
    as_it_was = receipt(rt, draft)
    type_in(signed_in(rt, "editor", ANI), draft, id=RECEIPT)
    type_in(desk, draft, revision=1, key="k2", id=as_it_was)
    assert receipt(rt, draft) == RECEIPT


def test_two_who_change_the_same_sms_choose_and_nothing_is_lost(rt: Runtime, desk: Desk, draft: Draft) -> None:
    type_in(signed_in(rt, "editor", ANI), draft, id="Milik Ani {dial}")
    clock_of(rt).forward(seconds=5)
    there = type_in(desk, draft, revision=1, key="k2", id="Milik Edi {dial}")["conflict"].removeprefix("/admin")
    page = desk.get(there)
    assert ("<del>Ani</del>" in page.text, "<ins>Edi</ins>" in page.text) == (True, True)
    assert receipt(rt, draft) == "Milik Ani {dial}"
    desk.post(there, on=there)
    assert receipt(rt, draft) == "Milik Edi {dial}"


def test_whoever_else_has_the_draft_open_is_named(rt: Runtime, desk: Desk, draft: Draft) -> None:
    signed_in(rt, "editor", ANI).get(f"/messages/drafts/{draft.id}/here?revision=1&place=receipt")
    assert "Juga membuka draf ini: Budi Santoso (Tanda terima)" in plain(
        desk.get(f"/messages/drafts/{draft.id}/here?revision=1")
    )


def test_the_last_save_is_undone_and_done_again(rt: Runtime, desk: Desk, draft: Draft) -> None:
    before = receipt(rt, draft)
    type_in(desk, draft, id=RECEIPT)
    desk.post(f"/messages/drafts/{draft.id}/undo", {"revision": 2}, on=form(draft))
    assert receipt(rt, draft) == before
    desk.post(f"/messages/drafts/{draft.id}/redo", {"revision": 1}, on=form(draft))
    assert receipt(rt, draft) == RECEIPT


def test_an_old_saved_state_counts_again(rt: Runtime, desk: Desk, draft: Draft) -> None:
    before = receipt(rt, draft)
    type_in(desk, draft, id=RECEIPT)
    page = f"/messages/drafts/{draft.id}/revisions"
    assert "Tanda terima" in desk.get(page).text
    desk.post(page, {"number": 1}, on=page)
    assert receipt(rt, draft) == before


def test_a_reason_is_worded_in_the_same_way(rt: Runtime, desk: Desk, draft: Draft) -> None:
    page = form(draft, "age", "reasons")
    desk.post(page, {"revision": 1, "key": "k", "text-id": "umur tidak sesuai"}, on=page)
    assert "umur tidak sesuai" in drafts.read(rt, draft.id).files["messages.yaml"]
    assert "17 dari 52 karakter" in plain(desk.get(page))


def test_a_viewer_reads_the_form_and_saves_nothing(rt: Runtime, draft: Draft) -> None:
    viewer = signed_in(rt, "viewer")
    assert "readonly" in viewer.get(form(draft)).text
    assert viewer.post(form(draft), {"revision": 1, "text-id": "x"}).status_code == 403


# ---- out ----


def test_a_wrong_sms_is_on_the_list_of_problems_and_keeps_the_draft_from_going_out(
    rt: Runtime, desk: Desk, draft: Draft
) -> None:
    type_in(desk, draft, jv="W" * 161)
    page = desk.get(f"/messages/drafts/{draft.id}")
    assert f'href="/admin{form(draft)}#texts-jv"' in page.text
    assert "Ada 1 kesalahan" in desk.get(f"/messages/drafts/{draft.id}/review").text


def test_an_sms_is_reviewed_published_by_another_and_taken_back(rt: Runtime, desk: Desk, draft: Draft) -> None:
    type_in(desk, draft, id=RECEIPT)
    other, page = signed_in(rt, "publisher", PUBLISHER), f"/messages/drafts/{draft.id}/review"
    shown = other.get(page)
    assert "<del>, diteruskan ke BPJS Ketenagakerjaan</del>" in shown.text
    other.post(f"{page}/publish", {"revision": 2, "comment": "lebih singkat", "when": "now"}, on=page)
    newest = publishing.newest(rt)
    assert publishing.messages(rt, newest)["receipt"].texts["id"][-4] == " diterima. Bukti "
    other.post("/messages/history/1/back", {"live": 2}, on="/messages/history")
    newest = publishing.newest(rt)
    assert publishing.messages(rt, newest)["receipt"].texts["id"][-4] != " diterima. Bukti "
    assert "Versi 3" in other.get("/messages/history").text


def test_a_draft_of_a_menu_is_no_draft_of_sms(rt: Runtime, desk: Desk) -> None:
    made = drafts.create(rt, "main", by=EDI)
    assert desk.get(f"/messages/drafts/{made.id}").status_code == 404
