"""A draft is reviewed: what it changes, whether it is proved, who may publish it, when, and what was before."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from tests.builders import a_keypress, rows
from tests.conftest import clock_of
from tests.drafting import EDI, PUBLISHER, QUIZ, a_draft_of_what_is_live, proved, replaced, save, saved
from tests.office import Desk, an_admin, noted, page_of, signed_in
from tests.work import work
from ussd_app.runtime import Runtime
from ussd_app.services import dialing, drafts, publishing, releases
from ussd_app.storage.drafts import Draft

TITLE = replaced("Kuis", "Tanya")
BROKEN = replaced("go: second", "go: nowhere")


@pytest.fixture
def draft(rt: Runtime) -> Draft:
    """A draft of the published quiz, in which EDI has changed the title."""
    made = a_draft_of_what_is_live(rt)
    saved(save(rt, made, 1, TITLE))
    return made


@pytest.fixture
def ready(rt: Runtime, draft: Draft) -> Draft:
    """The same, proved."""
    proved(rt, draft, 2)
    return draft


@pytest.fixture
def desk(rt: Runtime) -> Desk:
    """The browser of somebody who publishes."""
    return signed_in(rt, "publisher", PUBLISHER)


def review(draft: Draft) -> str:
    """The address of its review."""
    return f"/menus/drafts/{draft.id}/review"


def publish(desk: Desk, draft: Draft, **said: object) -> TestResponse:
    """Fill in the form under a review."""
    told = {"revision": 2, "comment": "kata baru", "when": "now", **said}
    return desk.post(f"{review(draft)}/publish", told, on=review(draft))


def plain(page: TestResponse) -> str:
    """What stands on a page, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def first_screen(rt: Runtime, session: str) -> str:
    """What somebody sees who dials the quiz."""
    return dialing.press(rt, a_keypress("", code="*778#", session=session)).text.splitlines()[0]


# ---- what changes ----


def test_a_review_shows_the_screen_before_and_after_as_phones(desk: Desk, draft: Draft) -> None:
    page = desk.get(review(draft))
    glasses = re.findall(r'<p class="glass" translate="no">([^<]*)', page.text)
    assert glasses == ["Kuis\n1. Mulai\n2. Selesai", "Tanya\n1. Mulai\n2. Selesai"]


def test_a_review_tells_changes_by_more_than_colour(desk: Desk, draft: Draft) -> None:
    page = desk.get(review(draft))
    assert "<del>Kuis</del>" in page.text
    assert "<ins>Tanya</ins>" in page.text
    assert "± berubah" in plain(page).replace("& plusmn;", "±")


def test_only_the_language_that_changed_is_drawn(rt: Runtime, desk: Desk) -> None:
    made = a_draft_of_what_is_live(rt)
    saved(save(rt, made, 1, replaced("Quiz", "Riddle", file="quiz.en.yaml")))
    page = desk.get(review(made))
    assert re.findall(r'role="group" aria-label="([^"]+)"', page.text) == ["Bahasa Inggris"]


def test_lines_of_the_files_are_shown_as_well(desk: Desk, draft: Draft) -> None:
    assert "<del>    text: Kuis</del>" in desk.get(review(draft)).text


def test_who_edited_is_told_by_name(rt: Runtime, desk: Desk, draft: Draft) -> None:
    an_admin(rt, "editor", EDI, name="Edi Susanto")
    assert "Diubah oleh: Edi Susanto" in plain(desk.get(review(draft)))


def test_files_that_differ_from_the_folder_are_a_warning(desk: Desk, draft: Draft) -> None:
    assert "tidak ada di folder menus/" in plain(desk.get(review(draft)))


# ---- what stands in the way ----


def test_a_broken_draft_says_where_and_offers_no_publishing(rt: Runtime, desk: Desk, draft: Draft) -> None:
    saved(save(rt, draft, 2, BROKEN))
    page = desk.get(review(draft))
    assert "Draf yang rusak tidak dapat diterbitkan" in page.text
    assert "quiz.yaml:11" in page.text
    assert "screens.first.choices.1.go" in page.text
    assert f"{review(draft)}/publish" not in page.text


def test_a_broken_draft_is_refused_also_when_somebody_sends_the_form_all_the_same(
    rt: Runtime, desk: Desk, draft: Draft
) -> None:
    saved(save(rt, draft, 2, BROKEN))
    assert publish(desk, draft, revision=3).status_code == 422
    assert first_screen(rt, "s1") == "Kuis"


def test_the_proof_is_asked_for_made_by_a_worker_and_told_with_its_counts(
    rt: Runtime, desk: Desk, draft: Draft
) -> None:
    desk.post(f"{review(draft)}/proof", on=review(draft))
    waits = desk.get(f"{review(draft)}/proof?was=waiting")
    assert 'data-going="yes"' in waits.text
    work(rt)
    done = desk.get(f"{review(draft)}/proof?was=waiting")
    assert 'data-going="no"' in done.text
    assert f'data-moved="/admin{review(draft)}#proof"' in done.text
    states = proved(rt, draft, 2).proof
    assert states is not None
    assert f"Keadaan ditelusuri {states.states} Jalan berbeda" in plain(done)


def test_a_finding_of_the_proof_leads_to_its_screen(rt: Runtime, desk: Desk) -> None:
    unending = replaced("  bye: {end: Dag}", "  bye: {end: Dag}\n  lost: {end: Hilang}")
    made = a_draft_of_what_is_live(rt)
    saved(save(rt, made, 1, unending))
    assert proved(rt, made, 2).faults
    assert "Temuan" in desk.get(review(made)).text


def test_who_edited_the_draft_is_told_that_somebody_else_publishes(rt: Runtime, ready: Draft) -> None:
    own = signed_in(rt, "publisher", EDI)
    assert "orang lain yang harus menerbitkannya" in own.get(review(ready)).text
    response = publish(own, ready)
    assert (response.status_code, "Orang yang tidak mengubah draf ini" in response.text) == (409, True)
    assert first_screen(rt, "s1") == "Kuis"


def test_alone_somebody_publishes_only_where_the_setting_allows_it(rt: Runtime, ready: Draft) -> None:
    alone = replace(rt, settings=rt.settings.model_copy(update={"publish_alone": True}))
    own = signed_in(alone, "publisher", EDI)
    assert "pengaturan mengizinkan menerbitkan sendiri" in own.get(review(ready)).text
    assert publish(own, ready).status_code == 302
    assert first_screen(rt, "s1") == "Tanya"


def test_an_editor_is_told_to_ask_a_publisher(rt: Runtime, ready: Draft) -> None:
    editor = signed_in(rt, "editor")
    assert "Menerbitkan adalah tugas seorang penerbit" in editor.get(review(ready)).text
    assert publish(editor, ready).status_code == 403


def test_a_live_version_that_moved_on_is_taken_in_first(rt: Runtime, desk: Desk, ready: Draft) -> None:
    publishing.publish(rt, "quiz", replaced("Dag", "Sampai jumpa"), by="somebody")
    assert "Ambil dulu perubahannya" in desk.get(review(ready)).text
    assert publish(desk, ready).status_code == 409
    desk.post(f"{review(ready)}/newer", on=review(ready))
    assert drafts.read(rt, ready.id).files["quiz.yaml"].count("Sampai jumpa") == 1
    assert drafts.read(rt, ready.id).moved_on is False


def test_where_the_draft_and_what_is_live_both_changed_a_screen_the_way_out_is_told(
    rt: Runtime, desk: Desk, ready: Draft
) -> None:
    publishing.publish(rt, "quiz", replaced("Kuis", "Teka-teki"), by="somebody")
    desk.post(f"{review(ready)}/newer", on=review(ready))
    page = desk.get(review(ready)).text
    assert ("Samakan dulu dengan yang berlaku" in page, "first (quiz.yaml)" in page) == (True, True)


# ---- going out ----


def test_a_draft_published_at_once_is_what_the_next_dial_sees(rt: Runtime, desk: Desk, ready: Draft) -> None:
    assert first_screen(rt, "before") == "Kuis"
    response = publish(desk, ready)
    assert page_of(response) == "/menus/quiz/history"
    assert "Versi 2 berlaku sekarang" in desk.get("/menus/quiz/history").text
    assert first_screen(rt, "after") == "Tanya"
    assert noted(rt, "menu.published") == [f"{PUBLISHER}: quiz"]


def test_without_a_comment_nothing_goes_out(rt: Runtime, desk: Desk, ready: Draft) -> None:
    response = publish(desk, ready, comment="  ")
    assert (response.status_code, "apa yang baru" in response.text) == (409, True)
    assert first_screen(rt, "s1") == "Kuis"


def test_a_draft_goes_out_at_its_time_on_the_clock_of_jakarta(rt: Runtime, desk: Desk, ready: Draft) -> None:
    publish(desk, ready, when="later", at="2026-11-22T18:30")
    due = rows(rt, "SELECT due_at AT TIME ZONE 'UTC' AS due FROM releases")[0]["due"]
    assert f"{due:%H:%M}" == "11:30"
    assert "22 Nov 2026, 18.30 WIB" in desk.get(review(ready)).text
    releases.publish_due(rt)
    assert first_screen(rt, "early") == "Kuis"
    clock_of(rt).forward(hours=9)
    releases.publish_due(rt)
    assert first_screen(rt, "late") == "Tanya"


def test_a_planned_publication_is_cancelled(rt: Runtime, desk: Desk, ready: Draft) -> None:
    publish(desk, ready, when="later", at="2026-11-22T18:30")
    number = releases.planned(rt)[0].id
    desk.post(f"/menus/releases/{number}/cancel", on=review(ready))
    assert releases.planned(rt) == []
    assert f"{review(ready)}/publish" in desk.get(review(ready)).text


@pytest.mark.parametrize(("at", "says"), [("", "Pilih tanggal dan jam"), ("2020-01-01T10:00", "sudah lewat")])
def test_a_moment_that_is_none_is_refused_and_the_comment_kept(desk: Desk, ready: Draft, at: str, says: str) -> None:
    response = publish(desk, ready, when="later", at=at)
    assert (response.status_code, says in response.text, "kata baru" in response.text) == (409, True, True)


def test_what_could_not_go_out_is_told_until_somebody_has_seen_it(rt: Runtime, desk: Desk, ready: Draft) -> None:
    publish(desk, ready, when="later", at="2026-11-22T18:30")
    publishing.publish(rt, "quiz", replaced("Dag", "Daag"), by="somebody")
    clock_of(rt).forward(hours=9)
    releases.publish_due(rt)
    desk.sign_in(PUBLISHER)  # nine hours later nobody is signed in any more
    page = desk.get("/menus/quiz/history")
    assert "quiz tidak terbit pada" in plain(page)
    number = releases.refused(rt)[0].id
    desk.post(f"/menus/releases/{number}/seen", on=review(ready))
    assert "tidak terbit pada" not in desk.get("/menus/quiz/history").text


# ---- what was ----


def test_the_history_names_authors_publisher_and_comment(rt: Runtime, desk: Desk, ready: Draft) -> None:
    publish(desk, ready)
    page = plain(desk.get("/menus/quiz/history"))
    assert f"kata baru Diubah oleh {EDI} · Diterbitkan oleh Budi Santoso" in page


def test_the_history_is_shown_page_by_page(rt: Runtime, desk: Desk, draft: Draft) -> None:
    for number in range(2, 29):
        publishing.publish(rt, "quiz", replaced("Kuis", f"Kuis {number}"), by="somebody")
    first, second = desk.get("/menus/quiz/history"), desk.get("/menus/quiz/history?before=4")
    assert ("Versi 28" in first.text, "Versi 3" in first.text) == (True, False)
    assert ("Versi 28" in second.text, "Versi 3" in second.text) == (False, True)
    assert "?before=4" in first.text


def test_any_version_is_compared_with_any_other(rt: Runtime, desk: Desk, draft: Draft) -> None:
    publishing.publish(rt, "quiz", TITLE, by="somebody")
    publishing.publish(rt, "quiz", replaced("Dag", "Daag"), by="somebody")
    page = desk.get("/menus/quiz/history/3?against=1")
    assert ("<ins>Daag</ins>" in page.text, "Tanya" in page.text) == (True, False)


def test_a_version_is_seen_as_phones_in_a_language(desk: Desk, draft: Draft) -> None:
    page = desk.get("/menus/quiz/history/1?language=en")
    assert "Quiz\n1. Begin\n2. Stop" in page.text


def test_two_clicks_go_back_to_an_old_version(rt: Runtime, desk: Desk, ready: Draft) -> None:
    publish(desk, ready)
    desk.post("/menus/quiz/history/1/back", {"live": 2}, on="/menus/quiz/history")
    assert first_screen(rt, "s1") == "Kuis"
    assert "Versi 3 berlaku sekarang, dengan isi versi 1" in desk.get("/menus/quiz/history").text
    assert noted(rt, "menu.rolled_back") == [f"{PUBLISHER}: quiz"]


def test_whoever_is_in_a_version_that_is_withdrawn_starts_over(rt: Runtime, desk: Desk, ready: Draft) -> None:
    publish(desk, ready)
    assert first_screen(rt, "inside") == "Tanya"
    desk.post("/menus/quiz/history/1/back", {"live": 2, "withdraw": "1"}, on="/menus/quiz/history")
    assert dialing.press(rt, a_keypress("1", code="*778#", session="inside")).text.startswith("Kuis")
    assert noted(rt, "menu.withdrawn") == [f"{PUBLISHER}: quiz"]
    assert "ditarik" in desk.get("/menus/quiz/history").text


def test_what_is_live_cannot_be_withdrawn(rt: Runtime, desk: Desk, draft: Draft) -> None:
    desk.post("/menus/quiz/history/1/withdraw", on="/menus/quiz/history")
    assert "sedang berlaku" in desk.get("/menus/quiz/history").text
    assert noted(rt, "menu.withdrawn") == []


# ---- files ----


def test_a_version_leaves_as_a_zip_and_comes_back_as_a_draft(rt: Runtime, desk: Desk, draft: Draft) -> None:
    packed = desk.get("/menus/quiz/history/1/files.zip").data
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == QUIZ
    made = desk.post(
        "/menus/quiz/import", {"files": (io.BytesIO(packed), "quiz-1.zip"), "title": "lagi"}, on="/menus/quiz/history"
    )
    assert "Tidak ada yang berubah" in desk.get(page_of(made)).text


def test_one_file_is_taken_out_and_replaces_one_of_the_live_ones(rt: Runtime, desk: Desk, draft: Draft) -> None:
    content = desk.get("/menus/quiz/history/1/files/quiz.en.yaml").data
    assert content.decode() == QUIZ["quiz.en.yaml"]
    changed = (io.BytesIO(content.replace(b"Quiz", b"Riddle")), "quiz.en.yaml")
    made = desk.post("/menus/quiz/import", {"files": changed}, on="/menus/quiz/history")
    assert "<ins>Riddle</ins>" in desk.get(page_of(made)).text


def test_a_broken_import_is_a_draft_that_says_line_and_path(rt: Runtime, desk: Desk, draft: Draft) -> None:
    broken = (io.BytesIO(BROKEN["quiz.yaml"].encode()), "quiz.yaml")
    page = desk.get(page_of(desk.post("/menus/quiz/import", {"files": broken}, on="/menus/quiz/history")))
    assert "quiz.yaml:11" in page.text
    assert "screens.first.choices.1.go" in page.text
    assert first_screen(rt, "s1") == "Kuis"


def a_bomb() -> bytes:
    """A small zip that becomes large."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("quiz.yaml", "x" * 20_000_000)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"menu: quiz\n", "../Quiz!.yaml", "Nama berkas seperti"),
        (b"\xff\xfe\x00", "quiz.yaml", "bukan teks"),
        (b"no zip", "quiz.zip", "tidak terbaca"),
        (a_bomb(), "quiz.zip", "terlalu besar"),
        (b"", "", "Pilih berkas"),
    ],
)
def test_what_is_no_yaml_file_becomes_no_draft(
    rt: Runtime, desk: Desk, draft: Draft, content: bytes, name: str, says: str
) -> None:
    before = len(drafts.open_ones(rt))
    desk.post("/menus/quiz/import", {"files": (io.BytesIO(content), name)}, on="/menus/quiz/history")
    assert says in desk.get("/menus/quiz/history").text
    assert len(drafts.open_ones(rt)) == before


@pytest.mark.parametrize("address", ["/menus/nothing/history", "/menus/quiz/history/99", "/menus/drafts/99/review"])
def test_what_is_not_there_is_said_to_be_missing(desk: Desk, draft: Draft, address: str) -> None:
    assert desk.get(address).status_code == 404
