"""The menu editor by its forms alone, as a browser without JavaScript sends them: every kind of edit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest

from tests.drafting import EDI, QUIZ, a_draft, a_draft_of_what_is_live, replaced, save, saved
from tests.office import Desk, noted, page_of, signed_in
from ussd_app.engine.checks import CHECKS
from ussd_app.runtime import Runtime
from ussd_app.services import drafts, menu_outline, publishing, screen_forms
from ussd_app.services.papers import Papers
from ussd_app.services.reference import parameters_of, reasons_known
from ussd_app.services.screen_forms import ScreenForm
from ussd_app.services.words import VOCABULARY
from ussd_app.web.admin import words

EDITOR = "editor@kantor.id"


@pytest.fixture
def desk(rt: Runtime) -> Desk:
    """An editor's browser, and the draft 1 of the quiz."""
    a_draft(rt, by=EDI)
    return signed_in(rt, "editor", EDITOR)


def send(desk: Desk, what: str, screen: str = "first", **fields: Any) -> str:
    """Send a form of a screen as the page shows it now; where it leads."""
    shown = desk.get(f"/menus/drafts/1/screens/{screen}" if screen else "/menus/drafts/1")
    revision = re.search(r'data-revision="(\d+)"', shown.text)
    assert revision, shown.text
    told = {"what": what, "screen": screen, "revision": revision[1], **fields}
    return page_of(desk.post("/menus/drafts/1/edit", told, on="/menus/drafts/1"))


def screen(rt: Runtime, name: str = "first") -> ScreenForm:
    return screen_forms.of(Papers("quiz", drafts.read(rt, 1).files), name)


# ---- the list and the outline


def test_every_live_menu_is_listed_with_its_version_and_its_drafts(rt: Runtime, desk: Desk) -> None:
    shown = desk.get("/menus").text
    assert "*777#" in shown
    assert "a new menu" in shown
    assert EDI in shown


def test_who_is_in_a_draft_is_told_on_the_list(rt: Runtime, desk: Desk) -> None:
    drafts.here(rt, 1, who="ani@kantor.id", place="first")
    assert "ani@kantor.id sedang membukanya" in desk.get("/menus").text


def test_files_that_differ_from_what_is_live_are_told_of(rt: Runtime, desk: Desk) -> None:
    assert "berbeda dari yang sedang berlaku" not in desk.get("/menus").text
    publishing.publish(rt, "quiz", QUIZ, by="ani@kantor.id")
    assert "berbeda dari yang sedang berlaku" in desk.get("/menus").text


def test_a_draft_is_made_of_what_is_live_by_whoever_asks(rt: Runtime, desk: Desk) -> None:
    there = page_of(desk.post("/menus/drafts", {"name": "main", "title": "lebaran"}, on="/menus"))
    made = drafts.read(rt, int(there.rsplit("/", 1)[1])).draft
    assert (made.name, made.title, made.created_by) == ("main", "lebaran", EDITOR)
    assert noted(rt, "draft.made")[-1] == f"{EDITOR}: main 2"


def test_a_draft_of_what_nobody_published_is_refused_with_a_sentence(desk: Desk) -> None:
    response = desk.post("/menus/drafts", {"name": "nothing"}, on="/menus")
    assert (response.status_code, "belum pernah diterbitkan" in response.text) == (422, True)


def test_a_new_menu_begins_with_one_screen_and_the_shared_sentences(rt: Runtime, desk: Desk) -> None:
    told = {"name": "tanya", "code": "*779#", "text": "Halo", "title": ""}
    there = page_of(desk.post("/menus/new", told, on="/menus/new"))
    opened = drafts.read(rt, int(there.rsplit("/", 1)[1]))
    assert "common.jv.yaml" in opened.files
    assert menu_outline.inspected(rt, "tanya", opened.files).publishable


@pytest.mark.parametrize(("field", "value"), [("name", "Dua Kata"), ("name", "main"), ("code", "778")])
def test_a_new_menu_that_cannot_be_is_refused_and_what_was_typed_stays(desk: Desk, field: str, value: str) -> None:
    told = {"name": "tanya", "code": "*779#", "text": "Halo", "title": "", field: value}
    response = desk.post("/menus/new", told, on="/menus/new")
    assert (response.status_code, 'value="Halo"' in response.text, "alert-danger" in response.text) == (422, True, True)


def test_the_outline_shows_screens_in_the_order_people_meet_them(desk: Desk) -> None:
    names = re.findall(r"screens/(\w+)\"><span", desk.get("/menus/drafts/1").text)
    assert names == ["first", "second", "bye"]


def test_the_outline_is_searched_by_words_and_names(desk: Desk) -> None:
    assert re.findall(r"screens/(\w+)\"><span", desk.get("/menus/drafts/1?q=LAGI").text) == ["second"]


def test_a_problem_is_listed_in_words_with_a_link_to_its_field(rt: Runtime, desk: Desk) -> None:
    saved(save(rt, drafts.read(rt, 1).draft, 1, replaced("text: Quiz", f"text: '{'Wa ' * 55}'", file="quiz.en.yaml")))
    shown = desk.get("/menus/drafts/1").text
    assert "/admin/menus/drafts/1/screens/first#f-text-en" in shown
    assert "Bahasa Inggris: terlalu panjang" in shown
    assert 'id="f-text-en"' in desk.get("/menus/drafts/1/screens/first").text


def test_a_draft_is_renamed_and_discarded_on_record(rt: Runtime, desk: Desk) -> None:
    desk.post("/menus/drafts/1/title", {"title": "puasa"}, on="/menus/drafts/1")
    assert drafts.read(rt, 1).draft.title == "puasa"
    desk.post("/menus/drafts/1/discard", on="/menus/drafts/1")
    assert drafts.read(rt, 1).draft.state == "discarded"
    assert [noted(rt, kind) for kind in ("draft.retitled", "draft.discarded")] == [[f"{EDITOR}: quiz 1"]] * 2
    assert 'data-edit=""' in desk.get("/menus/drafts/1").text


def test_undo_goes_back_and_redo_comes_forth(rt: Runtime, desk: Desk) -> None:
    send(desk, "texts", **{"text.id": "Tanya"})
    for go, text in (("undo", "Kuis"), ("redo", "Tanya")):
        revision = drafts.read(rt, 1).draft.revision
        desk.post(f"/menus/drafts/1/{go}", {"revision": revision}, on="/menus/drafts/1")
        assert screen(rt).text["id"] == text


def test_an_old_revision_counts_again(rt: Runtime, desk: Desk) -> None:
    send(desk, "texts", **{"text.id": "Tanya"})
    desk.post("/menus/drafts/1/revisions", {"number": "1"}, on="/menus/drafts/1/revisions")
    assert screen(rt).text["id"] == "Kuis"
    shown = desk.get("/menus/drafts/1/revisions").text
    assert (EDITOR in shown, EDI in shown, "disimpan terpisah" in shown) == (True, True, False)


def test_what_was_published_meanwhile_is_told_and_taken_in(rt: Runtime) -> None:
    a_draft_of_what_is_live(rt)
    desk = signed_in(rt, "editor")
    publishing.publish(rt, "quiz", replaced("Lagi?", "Sekali lagi?"), by="ani@kantor.id")
    assert "versi 2 diterbitkan" in desk.get("/menus/drafts/1").text
    desk.post("/menus/drafts/1/bring-up", on="/menus/drafts/1")
    assert screen(rt, "second").text["id"] == "Sekali lagi?"


# ---- each kind of edit


def test_only_the_language_that_was_changed_is_written(rt: Runtime, desk: Desk) -> None:
    there = send(desk, "texts", **{"text.id": "Kuis", "text.en": "Quiz for you"})
    assert there == "/menus/drafts/1/screens/first"
    assert drafts.read(rt, 1).files == {**QUIZ, "quiz.en.yaml": QUIZ["quiz.en.yaml"].replace("Quiz,", "Quiz for you,")}
    assert drafts.read(rt, 1).revision.by == EDITOR


def test_a_form_in_which_nothing_changed_makes_no_revision(rt: Runtime, desk: Desk) -> None:
    send(desk, "texts", **{"text.id": "Kuis", "text.en": "Quiz"})
    assert drafts.read(rt, 1).draft.revision == 1


def test_a_sentence_for_a_wrong_answer_is_changed_in_its_language(rt: Runtime, desk: Desk) -> None:
    told = {"reason": "choose", "text.id": "Pilih nomor.", "text.en": "Choose one.", "back": "words"}
    assert send(desk, "reason", "first", **told) == "/menus/drafts/1/words"
    reasons = menu_outline.reasons(Papers("quiz", drafts.read(rt, 1).files))
    assert reasons["choose"] == {"id": "Pilih nomor.", "en": "Choose one."}


def test_the_words_and_keys_for_back_and_more_are_changed(rt: Runtime, desk: Desk) -> None:
    keys = {"back_key": "9", "home_key": "00", "more_key": "98"}
    send(desk, "navigation", "first", **{"back.id": "Balik", "more.en": "More", **keys})
    papers = Papers("quiz", drafts.read(rt, 1).files)
    assert menu_outline.navigation_words(papers, "back") == {"id": "Balik"}
    assert menu_outline.navigation_words(papers, "more") == {"en": "More"}
    assert menu_outline.navigation_keys(papers)["back_key"] == "9"


def test_a_choice_gets_another_label_target_condition_and_answer(rt: Runtime, desk: Desk) -> None:
    pairs: dict[str, Any] = {"set.name": ["level", ""], "set.value": ["1", ""]}
    told = {"key": "1", "label.id": "Ayo", "label.en": "Begin", "go": "bye", "when": "member", **pairs}
    send(desk, "choice", **told)
    line = screen(rt).choices[0]
    assert (line.label, line.go, line.when, line.set) == ({"id": "Ayo", "en": "Begin"}, "bye", "member", {"level": "1"})


def test_a_choice_leads_to_a_new_screen_that_is_made_at_once(rt: Runtime, desk: Desk) -> None:
    send(desk, "choice", **{"key": "1", "go": "+", "go_new": "Nama Anda?"})
    assert screen(rt).choices[0].go == "nama_anda"
    assert (screen(rt, "nama_anda").kind, screen(rt, "nama_anda").text["id"]) == ("end", "Nama Anda?")


def test_two_new_screens_with_the_same_words_get_different_names(rt: Runtime, desk: Desk) -> None:
    for key in ("1", "2"):
        send(desk, "choice", **{"key": key, "go": "+", "go_new": "Terima kasih"})
    assert [line.go for line in screen(rt).choices] == ["terima_kasih", "terima_kasih_2"]


def test_a_choice_is_added_with_its_labels(rt: Runtime, desk: Desk) -> None:
    send(desk, "choice_add", **{"label.id": "Nanti", "label.en": "Later", "go": "bye"})
    assert [(line.key, line.label) for line in screen(rt).choices][2] == ("3", {"id": "Nanti", "en": "Later"})


def test_a_choice_is_moved_and_deleted_in_every_language(rt: Runtime, desk: Desk) -> None:
    send(desk, "choice_move", key="2", to="1")
    assert [line.label["en"] for line in screen(rt).choices] == ["Stop", "Begin"]
    send(desk, "choice_delete", key="1")
    assert [(line.key, line.label["en"]) for line in screen(rt).choices] == [("1", "Begin")]


def test_a_screen_becomes_a_question_and_its_check_gets_its_parameters(rt: Runtime, desk: Desk) -> None:
    send(desk, "become", "bye", kind="ask", go="first", check="words", keep="said")
    told = {"keep": "said", "check": "number", "param.min": "1", "param.max": "9", "param.mask": "9A", "private": "1"}
    send(desk, "question", "bye", **told, go="second", tries="3", otherwise="first")
    asked = screen(rt, "bye").question
    assert asked
    assert (asked.check, asked.parameters, asked.private) == ("number", {"min": "1", "max": "9"}, True)
    assert (asked.tries, asked.otherwise, asked.go) == ("3", "first", "second")
    assert 'name="param.max" value="9"' in desk.get("/menus/drafts/1/screens/bye").text


def test_a_screen_becomes_a_branch_whose_open_way_stays_last(rt: Runtime, desk: Desk) -> None:
    send(desk, "become", "bye", kind="branch", go="first")
    ways = {"branch.0.when": "", "branch.0.go": "first", "branch.1.when": "member", "branch.1.go": "second"}
    send(desk, "branch", "bye", branch=["0", "1"], **ways)
    assert screen(rt, "bye").branches == (("member", "second"), ("", "first"))


def test_a_screen_becomes_an_action_with_a_way_for_each_end(rt: Runtime, desk: Desk) -> None:
    send(desk, "become", "bye", kind="do", go="first", do="follow_up")
    send(desk, "effect", "bye", **{"do": "leave", "outcome.left": "second"})
    effect = screen(rt, "bye").effect
    assert effect
    assert (effect.do, effect.outcomes) == ("leave", {"left": "second", "gone": "second"})
    send(desk, "effect", "bye", **{"do": "follow_up", "with.topic": "help", "outcome.noted": "first"})
    assert screen(rt, "bye").effect == screen_forms.Effect("follow_up", {"topic": "help"}, {"noted": "first"})


def test_a_screen_becomes_choices_and_an_end_again(rt: Runtime, desk: Desk) -> None:
    send(desk, "become", "bye", kind="choices", go="first", label="Ulang")
    assert [line.label["id"] for line in screen(rt, "bye").choices] == ["Ulang"]
    send(desk, "become", "bye", kind="end")
    assert (screen(rt, "bye").kind, screen(rt, "bye").text) == ("end", {"id": "Dag", "en": "Bye"})


def test_a_list_is_added_labelled_and_taken_away(rt: Runtime, desk: Desk) -> None:
    line = {"rows": "people", "keep": "who", "value": "id", "go": "bye"}
    send(desk, "become", "bye", kind="choices", go="first", label="Ulang")
    send(desk, "listing", "bye", **{**line, "go": "second", "list.id": "{row.name}", "list.en": "{row.name|cut:9}"})
    found = screen(rt, "bye").listing
    assert found
    assert (found.rows, found.value, found.label) == ("people", "id", {"id": "{row.name}", "en": "{row.name|cut:9}"})
    send(desk, "listing_away", "bye")
    assert screen(rt, "bye").listing is None


def test_a_fact_is_shown_with_fixed_values_and_remembered(rt: Runtime, desk: Desk) -> None:
    one = {"show": ["0"], "show.0.alias": "three", "show.0.fact": "dues", "show.0.with.months": "3"}
    told: dict[str, Any] = {**one, "remember.name": ["paid"], "remember.value": ["three.total"]}
    send(desk, "shown", **told)
    assert screen(rt).show == {"three": {"fact": "dues", "months": "3"}}
    assert screen(rt).remember == {"paid": "three.total"}


def test_a_draft_of_something_else_than_a_menu_is_edited_as_text(rt: Runtime, desk: Desk) -> None:
    made = drafts.create(rt, "messages", by=EDI)
    assert page_of(desk.get(f"/menus/drafts/{made.id}")) == f"/menus/drafts/{made.id}/yaml"
    assert desk.get(f"/menus/drafts/{made.id}/yaml").status_code == 200


def test_the_menu_starts_elsewhere(rt: Runtime, desk: Desk) -> None:
    assert 'name="at" value="start"' in desk.get("/menus/drafts/1").text
    send(desk, "target", "", at="start", go="second")
    assert Papers("quiz", drafts.read(rt, 1).files).menu["start"] == "second"


def test_a_screen_is_added_renamed_and_deleted_with_what_leads_to_it(rt: Runtime, desk: Desk) -> None:
    assert send(desk, "screen_add", "", text="Halo dunia", after="first") == "/menus/drafts/1/screens/halo_dunia"
    assert send(desk, "screen_rename", "second", to="again") == "/menus/drafts/1/screens/again"
    assert screen(rt).choices[0].go == "again"
    assert send(desk, "screen_delete", "again", instead="halo_dunia") == "/menus/drafts/1"
    assert screen(rt).choices[0].go == "halo_dunia"


def test_a_screen_that_others_lead_to_is_not_deleted_without_saying_where_they_lead(rt: Runtime, desk: Desk) -> None:
    there = send(desk, "screen_delete", "second", instead="")
    assert "alert-danger" in desk.get(there).text
    assert screen(rt, "second").led_from == (("first", "choices.1.go"),)


def test_a_form_that_nobody_knows_changes_nothing(rt: Runtime, desk: Desk) -> None:
    send(desk, "whatever")
    send(desk, "set_text", text="x")
    assert drafts.read(rt, 1).draft.revision == 1


def test_choices_that_are_shared_are_changed_together_or_alone(rt: Runtime) -> None:
    drafts.create(rt, "main", by=EDI)
    desk = signed_in(rt, "editor")
    for together, others in (("1", "Bayar sekarang"), ("", "Bayar sekarang")):
        text = "Bayar sekarang" if together else "Bayar dulu"
        send(desk, "choice", "home_active", **{"key": "1", "label.id": text, "together": together})
        papers = Papers("main", drafts.read(rt, 1).files)
        assert screen_forms.of(papers, "home_active").choices[0].label["id"] == text
        assert screen_forms.of(papers, "home_due").choices[0].label["id"] == others


# ---- the files as text


def test_a_file_is_saved_although_it_is_broken_and_its_line_is_told(rt: Runtime, desk: Desk) -> None:
    broken = "menu: quiz\r\nscreens: [\r\n"
    told = {"file": "quiz.en.yaml", "text": broken, "revision": "1"}
    desk.post("/menus/drafts/1/yaml", told, on="/menus/drafts/1/yaml")
    assert drafts.read(rt, 1).files["quiz.en.yaml"] == "menu: quiz\nscreens: [\n"
    assert 'href="#L3"' in desk.get("/menus/drafts/1/yaml?file=quiz.en.yaml").text
    assert page_of(desk.get("/menus/drafts/1")) == "/menus/drafts/1/yaml"
    assert page_of(desk.get("/menus/drafts/1/screens/first")) == "/menus/drafts/1/yaml"


def test_a_file_is_taken_home_as_it_is(desk: Desk) -> None:
    assert desk.get("/menus/drafts/1/yaml/quiz.yaml").text == QUIZ["quiz.yaml"]
    assert desk.get("/menus/drafts/1/yaml/other.yaml").status_code == 404


# ---- who may, and what is typed


def test_a_viewer_reads_a_draft_and_changes_nothing(rt: Runtime) -> None:
    a_draft(rt)
    desk = signed_in(rt, "viewer")
    shown = desk.get("/menus/drafts/1/screens/first")
    assert (shown.status_code, "readonly" in shown.text, "data-inserts" in shown.text) == (200, True, False)
    told = {"what": "texts", "screen": "first", "revision": "1", "text.id": "Tanya"}
    assert desk.post("/menus/drafts/1/edit", told, on="/menus").status_code == 403
    assert desk.post("/menus/drafts/1/yaml", {"file": "quiz.yaml", "text": "x"}, on="/menus").status_code == 403
    assert drafts.here(rt, 1, who="ani@kantor.id") == []


def test_a_script_in_a_text_is_shown_as_it_was_typed_and_never_run(rt: Runtime, desk: Desk) -> None:
    script = "<script>alert(1)</script>"
    send(desk, "texts", **{"text.id": script})
    send(desk, "choice", **{"key": "1", "label.id": script})
    desk.post("/menus/drafts/1/title", {"title": script}, on="/menus/drafts/1")
    for page in ("", "/screens/first", "/yaml", "/revisions", "/problems", "/words"):
        shown = desk.get(f"/menus/drafts/1{page}").text
        assert script not in shown
    assert "&lt;script&gt;alert(1)" in desk.get("/menus/drafts/1/screens/first").text


def test_a_draft_that_is_not_there_is_not_found(desk: Desk) -> None:
    for page in ("", "/screens/first", "/yaml", "/aside/1", "/revisions"):
        assert desk.get(f"/menus/drafts/99{page}").status_code == 404
    assert desk.get("/menus/drafts/1/screens/none").status_code == 404


# ---- in words


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("menu_fact", VOCABULARY.facts),
        ("menu_effect", VOCABULARY.effects),
        ("menu_outcome", {end for effect in VOCABULARY.effects.values() for end in effect.outcomes}),
        ("menu_answer", {name for effect in VOCABULARY.effects.values() for name in effect.takes}),
        ("menu_check", CHECKS),
        ("menu_parameter", {name for check in CHECKS.values() for name in parameters_of(check)}),
        ("menu_reason", reasons_known()),
    ],
)
def test_everything_a_menu_may_say_has_a_name_that_admins_understand(part: str, names: Iterable[str]) -> None:
    assert [name for name in names if not words.knows(f"{part}.{name}")] == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("go: second", "go: nowhere", "Layar nowhere tidak ada."),
        ("text: Lagi?", "text: ''", "Belum ada kata-kata di sini."),
        ("text: Lagi?", "text: '{who}'", "who bukan jawaban dalam menu ini"),
        ("text: Lagi?", "text: '{member.due}'", "member.due tidak bisa ditulis begitu saja: pakai |date."),
        ("go: first}", "go: first, when: 'x ='}", "bukan syarat yang dikenal"),
        ("{end: Dag}", "{text: x, ask: {keep: a, check: nik}, go: bye}", "Belum ada kalimat untuk jawaban yang salah"),
    ],
)
def test_a_problem_is_told_in_words_and_not_in_those_of_the_file(
    rt: Runtime, desk: Desk, old: str, new: str, said: str
) -> None:
    saved(save(rt, drafts.read(rt, 1).draft, 1, replaced(old, new)))
    assert said in desk.get("/menus/drafts/1/problems").text
