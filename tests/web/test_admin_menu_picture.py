"""The menu as a picture at the desk: of a draft and of what is live, as a drawing and as a list."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from flask import render_template_string

from tests.drafting import QUIZ, a_draft, a_draft_of_what_is_live, replaced
from tests.office import Desk, signed_in
from ussd_app.app import create_app
from ussd_app.runtime import Runtime
from ussd_app.services import picture
from ussd_app.services.picture import Count

BROKEN = replaced("go: second", "go: nowhere")


@pytest.fixture
def desk(rt: Runtime) -> Desk:
    """An editor at the desk."""
    return signed_in(rt, "editor")


def page_of_draft(rt: Runtime, desk: Desk, files: Mapping[str, str] = QUIZ, more: str = "") -> str:
    """The picture of a draft of these files."""
    return desk.get(f"/menus/drafts/{a_draft(rt, files=files).id}/picture{more}").text


def box(page: str, name: str) -> str:
    """What is drawn of one screen."""
    found = re.search(rf'<a class="card-of[^>]*data-name="{name}".*?</a>', page, re.DOTALL)
    assert found, f"{name} is not in the picture"
    return found[0]


def test_a_box_opens_the_form_of_its_screen(rt: Runtime, desk: Desk) -> None:
    assert 'href="/admin/menus/drafts/1/screens/second"' in box(page_of_draft(rt, desk), "second")


def test_a_box_says_in_words_what_it_is_and_where_it_leads(rt: Runtime, desk: Desk) -> None:
    drawn = box(page_of_draft(rt, desk), "first")
    assert 'aria-label="first, pilihan. 2 jalan keluar, 1 jalan masuk."' in drawn
    assert "1. Mulai → second" in drawn


def test_a_screen_with_a_problem_is_marked_by_a_sign_and_by_words_and_named_above(rt: Runtime, desk: Desk) -> None:
    page = page_of_draft(rt, desk, BROKEN)
    assert "wrong-mark" in box(page, "first")
    assert "1 masalah" in box(page, "first")
    assert "wrong-mark" not in box(page, "bye")
    assert re.search(r'Layar dengan masalah \(1\).*?href="#box-1" data-map-to="first"', page, re.DOTALL)


def test_what_nobody_can_reach_stands_under_words_that_say_so(rt: Runtime, desk: Desk) -> None:
    page = page_of_draft(rt, desk, BROKEN)
    assert "is-lost" in box(page, "second")
    assert page.count("Tidak ada jalan ke layar-layar ini") == 2


def test_the_same_is_there_as_a_nested_list(rt: Runtime, desk: Desk) -> None:
    listed = page_of_draft(rt, desk).split('<ul class="outline">')[1]
    first, second = listed.index("screens/first"), listed.index("screens/second")
    assert first < listed.index('<ul class="row-under">') < second
    assert "1. Ya → " in listed[second:]


def test_a_search_works_without_a_script(rt: Runtime, desk: Desk) -> None:
    draft = a_draft(rt)
    found = desk.get(f"/menus/drafts/{draft.id}/picture?find=lagi").text
    assert re.search(r'1 layar cocok:\s*<a href="#box-2">second</a>', found)
    assert "Tidak ada layar yang cocok" in desk.get(f"/menus/drafts/{draft.id}/picture?find=ikan").text


def test_a_file_that_cannot_be_read_is_told_and_the_rest_is_drawn(rt: Runtime, desk: Desk) -> None:
    page = page_of_draft(rt, desk, {**QUIZ, "quiz.en.yaml": "screens: [\n"})
    assert "Berkas ini belum dapat dibaca" in page
    assert box(page, "second")


def test_without_any_screen_there_are_words_instead_of_a_picture(rt: Runtime, desk: Desk) -> None:
    assert "Belum ada layar yang dapat digambar" in page_of_draft(rt, desk, {"quiz.yaml": "screens: [\n"})


def test_what_is_live_is_drawn_while_a_draft_says_something_else(rt: Runtime, desk: Desk) -> None:
    a_draft_of_what_is_live(rt)
    page = desk.get("/menus/quiz/picture").text
    assert "Yang sedang berlaku, versi 1." in page
    assert 'href="#row-2"' in box(page, "second")


@pytest.mark.parametrize("page", ["/menus/nowhere/picture", "/menus/messages/picture", "/menus/drafts/9/picture"])
def test_of_what_is_no_menu_there_is_no_picture(rt: Runtime, desk: Desk, page: str) -> None:
    assert desk.get(page).status_code == 404


def test_a_text_with_a_script_in_it_is_shown_and_not_run(rt: Runtime, desk: Desk) -> None:
    page = page_of_draft(rt, desk, replaced("text: Lagi?", "text: <script>alert(1)</script>"))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_with_counts_each_box_says_how_many_came_and_how_many_ended(rt: Runtime) -> None:
    app = create_app(rt).extensions["desk"].app
    drawn = picture.draw("quiz", QUIZ, {"first": Count(1200, 300)})
    template = '{% from "admin/menu_map.html" import menu_map %}{{ menu_map(drawn, links) }}'
    with app.test_request_context("/"):
        app.preprocess_request()
        page = render_template_string(template, drawn=drawn, links=dict.fromkeys(drawn.boxes, "#"))
    assert "1.200 sampai · 300 berhenti (25%)" in box(page, "first")
    assert "0 sampai · 0 berhenti (0%)" in box(page, "bye")
