"""The menu editor as its page speaks to it: saves by themselves, two people at once, checks while somebody types."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.drafting import ANI, EDI, QUIZ, a_draft, edit, replaced, saved
from tests.office import Desk, page_of, signed_in
from ussd_app.runtime import Runtime
from ussd_app.services import drafts

EDITOR = "editor@kantor.id"
JSON = {"Accept": "application/json"}


@pytest.fixture
def desk(rt: Runtime) -> Desk:
    """An editor's browser, and the draft 1 of the quiz."""
    a_draft(rt, by=EDI)
    return signed_in(rt, "editor", EDITOR)


def send(desk: Desk, revision: int, sent: str = "k1", what: str = "texts", **fields: object) -> TestResponse:
    """A form as the page sends it by itself."""
    told = {"what": what, "screen": "first", "revision": revision, "save_key": sent, **fields}
    data = {"csrf_token": desk.token("/menus"), **told}
    return desk.client.post("/admin/menus/drafts/1/edit", data=data, headers=JSON)


def says(rt: Runtime, text: str, *, by: str = ANI, screen: str = "first") -> None:
    """Somebody else writes on a screen."""
    revision = drafts.read(rt, 1).draft.revision
    told: dict[str, Any] = {"edit": "set_text", "screen": screen, "at": "text", "language": "id", "text": text}
    saved(edit(rt, drafts.read(rt, 1).draft, revision, by=by, **told))


def test_a_save_answers_with_its_revision(desk: Desk) -> None:
    assert send(desk, 1, **{"text.id": "Tanya"}).json == {"revision": 2, "again": False, "to": "", "others": False}


def test_a_save_that_is_sent_again_is_made_once(rt: Runtime, desk: Desk) -> None:
    found = [send(desk, 1, **{"text.id": "Tanya"}).json for _ in range(2)]
    assert found[0] == found[1]
    assert len(drafts.revisions(rt, 1)) == 2


def test_what_changes_the_shape_of_the_page_says_so(desk: Desk) -> None:
    answer = send(desk, 1, "k1", "choice_move", key="2", to="1").json
    assert answer
    assert (answer["again"], answer["to"]) == (True, "")
    renamed = send(desk, 2, "k2", "screen_rename", to="begin").json
    assert renamed
    assert renamed["to"] == "/admin/menus/drafts/1/screens/begin"


def test_what_cannot_be_is_refused_with_a_sentence(desk: Desk) -> None:
    answer = send(desk, 1, "k1", "choice", key="9")
    assert (answer.status_code, bool(answer.json and answer.json["sorry"])) == (422, True)


def test_others_on_another_screen_are_in_nobodys_way(rt: Runtime, desk: Desk) -> None:
    says(rt, "Sekali lagi?", screen="second")
    answer = send(desk, 1, **{"text.id": "Tanya"}).json
    assert answer == {"revision": 3, "again": False, "to": "", "others": False}
    assert drafts.read(rt, 1).files == replaced("Lagi?", "Sekali lagi?", replaced("Kuis", "Tanya"))


def test_a_page_hears_that_others_have_changed_its_screen(rt: Runtime, desk: Desk) -> None:
    says(rt, "Jawab")
    answer = send(desk, 1, what="reason", reason="choose", **{"text.id": "Pilih satu."}).json
    assert answer
    assert answer["others"] is True


def test_a_save_that_comes_too_late_leads_to_both_changes(rt: Runtime, desk: Desk) -> None:
    says(rt, "Jawab")
    answer = send(desk, 1, **{"text.id": "Tanya"})
    assert (answer.status_code, answer.json) == (409, {"conflict": "/admin/menus/drafts/1/aside/3?place=first"})
    shown = desk.get("/menus/drafts/1/aside/3?place=first").text
    assert all(said in shown for said in (ANI, "Jawab", "Tanya", "Diubah oleh kalian berdua: first"))
    assert drafts.read(rt, 1).files == replaced("Kuis", "Jawab")


def test_mine_is_taken_in_and_the_rest_of_theirs_stays(rt: Runtime, desk: Desk) -> None:
    says(rt, "Jawab")
    says(rt, "Sekali lagi?", screen="second")
    send(desk, 1, **{"text.id": "Tanya"})
    page = "/menus/drafts/1/aside/4"
    there = page_of(desk.post(page, {"over": "1", "place": "first", "save_key": "k2"}, on=page))
    assert there == "/menus/drafts/1/screens/first"
    assert drafts.read(rt, 1).files == replaced("Lagi?", "Sekali lagi?", replaced("Kuis", "Tanya"))


def test_theirs_counts_when_nothing_is_done_and_mine_stays_in_the_history(rt: Runtime, desk: Desk) -> None:
    says(rt, "Jawab")
    send(desk, 1, **{"text.id": "Tanya"})
    assert drafts.read(rt, 1).files == replaced("Kuis", "Jawab")
    assert "/admin/menus/drafts/1/aside/3" in desk.get("/menus/drafts/1/revisions").text
    assert drafts.read(rt, 1, 3).files == replaced("Kuis", "Tanya")


def test_without_javascript_a_late_form_leads_to_the_same_page(rt: Runtime, desk: Desk) -> None:
    says(rt, "Jawab")
    told = {"what": "texts", "screen": "first", "revision": "1", "text.id": "Tanya"}
    response = desk.post("/menus/drafts/1/edit", told, on="/menus/drafts/1")
    assert page_of(response) == "/menus/drafts/1/aside/3?place=first"


def test_a_file_saved_too_late_is_kept_aside_as_well(rt: Runtime, desk: Desk) -> None:
    says(rt, "Jawab")
    told = {"file": "quiz.yaml", "text": replaced("Kuis", "Tanya")["quiz.yaml"], "revision": "1", "save_key": "k"}
    data = {"csrf_token": desk.token("/menus"), **told}
    answer = desk.client.post("/admin/menus/drafts/1/yaml", data=data, headers=JSON)
    assert (answer.status_code, answer.json) == (409, {"conflict": "/admin/menus/drafts/1/aside/3"})


def test_only_what_was_kept_aside_has_a_page_of_its_own(desk: Desk) -> None:
    assert desk.get("/menus/drafts/1/aside/1").status_code == 404


# ---- who is there


def test_two_editors_see_each_other_and_what_the_other_saved(rt: Runtime, desk: Desk) -> None:
    drafts.here(rt, 1, who=ANI, place="second")
    says(rt, "Jawab")
    found = desk.get("/menus/drafts/1/here?place=first").json
    assert found == {"people": [{"who": ANI, "place": "second"}], "revision": 2, "by": ANI, "mine": False}
    assert f"{ANI} juga ada di sini: second" in desk.get("/menus/drafts/1/screens/first").text
    assert [one.who for one in drafts.here(rt, 1, who=ANI)] == [EDITOR]


def test_whoever_leaves_is_there_no_more(rt: Runtime, desk: Desk) -> None:
    desk.get("/menus/drafts/1/screens/first")
    assert desk.post("/menus/drafts/1/gone", on="/menus").status_code == 204
    assert drafts.here(rt, 1, who=ANI) == []


# ---- while somebody types


def check(desk: Desk, *forms: dict[str, str], **told: str) -> Any:
    """What stands beside the form for texts that are not saved."""
    unsaved = json.dumps([[[name, value] for name, value in form.items()] for form in forms])
    return desk.post("/menus/drafts/1/check", {"screen": "first", "unsaved": unsaved, **told}, on="/menus").json


def test_a_text_that_is_not_saved_is_measured_and_told_of(rt: Runtime, desk: Desk) -> None:
    found = check(desk, {"what": "texts", "screen": "first", "text.en": "Wa " * 55}, language="en")
    assert (found["room"]["en"]["over"] > 0, found["room"]["id"]["over"]) == (True, 0)
    assert 'data-focuses="f-text-en"' in found["html"]
    assert drafts.read(rt, 1).files == QUIZ


def test_half_a_form_is_passed_over(desk: Desk) -> None:
    whole = {"what": "texts", "screen": "first", "text.id": "Tanya"}
    found = check(desk, {"what": "question", "screen": "first", "check": ""}, whole)
    assert "Tanya" in found["html"]


@pytest.mark.parametrize("unsaved", ["", "{", "[1]", '[["x"]]'])
def test_nonsense_instead_of_forms_is_nothing_unsaved(desk: Desk, unsaved: str) -> None:
    told = {"screen": "first", "unsaved": unsaved}
    assert desk.post("/menus/drafts/1/check", told, on="/menus").status_code == 200


def test_the_phone_shows_an_example_in_the_language_that_was_chosen(desk: Desk) -> None:
    found = check(desk, language="en", show="example")
    assert "Quiz\n1. Begin\n2. Stop" in found["html"]
