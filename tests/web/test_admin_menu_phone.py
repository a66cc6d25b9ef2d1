"""A draft is walked on the phone at the desk, step by step, forth and back, and nothing comes of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.builders import rows
from tests.drafting import QUIZ, a_draft, replaced, save
from tests.office import Desk, signed_in
from ussd_app.domain.permissions import ROLES
from ussd_app.runtime import Runtime
from ussd_app.services import drafts, example_people

ENROLLED = ["1", "3174054508880003", "05081988", "Siti Aminah", "1", "1", "2"]


@pytest.fixture
def desk(rt: Runtime) -> Desk:
    """An editor at the desk."""
    return signed_in(rt, "editor")


class Phone:
    """The phone of one draft, as its form is sent."""

    def __init__(self, desk: Desk, draft: int, page: str = "phone") -> None:
        self.desk, self.address = desk, f"/menus/drafts/{draft}/{page}"
        self.token = desk.token(self.address)

    def send(self, **fields: Any) -> str:
        """Send the form; what comes back."""
        data = {"csrf_token": self.token, **fields}
        response = self.desk.client.post(f"/admin{self.address}", data=data)
        assert response.status_code == 200
        return response.text


def glass(page: str) -> str:
    """What stands on the phone's screen."""
    found = re.search(r'<div class="glass".*?</div>', page, re.DOTALL)
    assert found, "there is no phone"
    return "\n".join(re.findall(r'class="glass-line[^>]*>([^<]*)<', found[0]))


def answers(page: str) -> list[str]:
    """The walk as it stands in the form."""
    return re.findall(r'name="answer" value="([^"]*)"', page)


def quiz(rt: Runtime, desk: Desk, page: str = "phone") -> Phone:
    return Phone(desk, a_draft(rt).id, page)


def main(rt: Runtime, desk: Desk) -> Phone:
    return Phone(desk, drafts.create(rt, "main", by="office").id)


def test_the_first_screen_is_there_at_once_with_the_room_it_takes(rt: Runtime, desk: Desk) -> None:
    page = desk.get(f"/menus/drafts/{a_draft(rt).id}/phone").text
    assert glass(page) == "Kuis\n1. Mulai\n2. Selesai"
    assert "24 dari 160 septet" in page


@pytest.mark.parametrize("fields", [{"press": "1"}, {"say": " 1 "}])
def test_a_line_is_pressed_or_its_number_typed(rt: Runtime, desk: Desk, fields: dict[str, str]) -> None:
    page = quiz(rt, desk).send(**fields)
    assert (glass(page), answers(page)) == ("Lagi?\n1. Ya\n0. Kembali", ["1"])


def test_the_walk_goes_on_from_the_answers_in_the_form(rt: Runtime, desk: Desk) -> None:
    page = quiz(rt, desk).send(answer=["1", "1"], press="2")
    assert (glass(page), answers(page)) == ("Dag", ["1", "1", "2"])
    assert "Sambungan selesai." in page


def test_back_leads_to_any_earlier_step(rt: Runtime, desk: Desk) -> None:
    phone = quiz(rt, desk)
    there = phone.send(answer=["1", "1"], press="1")
    kept = re.findall(r'name="keep" value="(\d)" aria-label="Kembali ke (\w+)"', there)
    assert kept == [("0", "first"), ("1", "second"), ("2", "first")]
    assert answers(phone.send(answer=["1", "1", "1"], keep="1", say="9")) == ["1"]


def test_an_answer_that_was_not_taken_is_said(rt: Runtime, desk: Desk) -> None:
    page = quiz(rt, desk).send(press="7")
    assert "Jawaban ini tidak diterima." in page
    assert glass(page).startswith("Pilih nomor.")


def test_another_language_shows_the_same_step(rt: Runtime, desk: Desk) -> None:
    page = quiz(rt, desk).send(answer=["1"], language="en", do="look", say="5")
    assert (glass(page).splitlines()[0], answers(page)) == ("Again?", ["1"])


def test_somebody_else_sees_their_own_first_screen(rt: Runtime, desk: Desk) -> None:
    phone = main(rt, desk)
    assert "Anda sudah berhenti" in glass(phone.send(person="left"))


def test_every_example_has_a_name_on_the_page(rt: Runtime, desk: Desk) -> None:
    page = desk.get(f"/menus/drafts/{a_draft(rt).id}/phone").text
    options = re.findall(r'<option value="(\w+)"', page.split('name="person"')[1].split("</select>")[0])
    assert options == list(example_people.PEOPLE)


def test_a_walk_begins_on_any_screen_and_forgets_answers_given_from_another(rt: Runtime, desk: Desk) -> None:
    phone = quiz(rt, desk)
    assert glass(desk.get("/menus/drafts/1/phone?at=second").text).startswith("Lagi?")
    page = phone.send(answer=["1"], was_at="", at="second")
    assert (glass(page), answers(page)) == ("Lagi?\n1. Ya", [])


def test_a_code_with_less_room_shows_its_own_limit(rt: Runtime, desk: Desk) -> None:
    files = replaced('codes: ["*778#"]', 'codes: ["*778#", {code: "*779#", limit: 99}]')
    phone = Phone(desk, a_draft(rt, files=files).id)
    assert "dari 99 septet" in phone.send(code="*779#")


def test_effects_are_told_and_not_done_with_the_sms_they_would_bring(rt: Runtime, desk: Desk) -> None:
    page = main(rt, desk).send(answer=ENROLLED, press="1")
    assert "Bayar Rp8.400 untuk iuran Nov 2026" in page
    assert "Mendaftarkan peserta" in page
    assert "kepada penelepon" in page
    assert rows(rt, "SELECT (SELECT count(*) FROM members) + (SELECT count(*) FROM outbox) AS n") == [{"n": 0}]


def test_an_effect_ends_as_it_is_told_to(rt: Runtime, desk: Desk) -> None:
    phone = main(rt, desk)
    page = phone.send(answer=[*ENROLLED, "1"], do="look", **{"ends.register": "already"})
    assert 'value="already" selected' in page
    assert glass(page) != glass(phone.send(answer=[*ENROLLED, "1"], do="look"))


def test_what_a_private_question_was_answered_is_not_shown(rt: Runtime, desk: Desk) -> None:
    page = main(rt, desk).send(answer=ENROLLED, press="1")
    assert re.sub(r'<input type="hidden"[^>]*>', "", page).count("3174054508880003") == 0
    assert "••••" in page


def test_each_screen_of_the_way_leads_to_its_form(rt: Runtime, desk: Desk) -> None:
    page = quiz(rt, desk).send(press="1")
    assert page.count('href="/admin/menus/drafts/1/screens/second"') >= 2


def test_a_screen_of_another_menu_has_no_form_here(rt: Runtime, desk: Desk) -> None:
    page = main(rt, desk).send(press="5")
    assert "menu sponsor, seperti yang berlaku" in page
    assert "Ubah layar ini" not in page
    assert "/screens/" not in page


def test_a_draft_with_mistakes_has_its_problems_instead_of_a_phone(rt: Runtime, desk: Desk) -> None:
    draft = a_draft(rt, files=replaced("go: second", "go: nowhere"))
    page = desk.get(f"/menus/drafts/{draft.id}/phone").text
    assert "Draf ini masih punya 1 masalah" in page
    assert re.search(r'href="[^"]*/screens/first[^"]*"><strong>first</strong>', page)
    assert 'class="glass"' not in page


@pytest.mark.parametrize(
    "fields",
    [{"person": "ghost"}, {"at": "nowhere"}, {"language": "fr"}, {"answer": ["1"] * 70}, {"say": "x" * 300}],
    ids=["person", "screen", "language", "answers", "length"],
)
def test_what_cannot_be_walked_is_explained_and_can_be_begun_anew(
    rt: Runtime, desk: Desk, fields: dict[str, Any]
) -> None:
    phone = quiz(rt, desk)
    page = phone.send(was_at=fields.get("at", ""), **fields)
    assert 'role="alert"' in page
    assert 'value="again"' in page


def test_the_phone_alone_is_a_part_of_a_page(rt: Runtime, desk: Desk) -> None:
    part = quiz(rt, desk, "phone/fragment").send(press="1")
    assert "<html" not in part
    assert glass(part).startswith("Lagi?")


def test_the_form_of_a_screen_has_the_phone_beside_it(rt: Runtime, desk: Desk) -> None:
    page = desk.get(f"/menus/drafts/{a_draft(rt).id}/screens/second").text
    assert 'data-phone="/admin/menus/drafts/1/phone/fragment?at=second"' in page


def test_the_phone_shows_what_was_saved_last(rt: Runtime, desk: Desk) -> None:
    draft = a_draft(rt)
    phone = Phone(desk, draft.id)
    save(rt, draft, 1, replaced("Lagi?", "Sekali lagi?"))
    assert glass(phone.send(press="1")).startswith("Sekali lagi?")


@pytest.mark.parametrize("role", ROLES)
def test_everybody_of_the_office_may_try_a_draft(rt: Runtime, role: str) -> None:
    draft = a_draft(rt, files=QUIZ)
    assert signed_in(rt, role).get(f"/menus/drafts/{draft.id}/phone").status_code == 200


def test_a_phone_of_no_draft_is_not_there(rt: Runtime, desk: Desk) -> None:
    assert desk.get("/menus/drafts/9/phone").status_code == 404
