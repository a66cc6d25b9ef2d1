"""A member's card on paper: what stands on it, in whose language, and who printed it."""

from __future__ import annotations

from datetime import date

import pytest

from tests.builders import NOVEMBER, a_member, a_paid_member, a_registered_member
from tests.conftest import clock_of
from tests.office import noted, signed_in
from tests.web.test_admin_people import private
from tests.web.test_admin_sponsors import a_company
from ussd_app.domain import calendar
from ussd_app.runtime import Runtime
from ussd_app.services import cards, rights
from ussd_app.web.admin import member_card


def boxes(rt: Runtime, first: date | None = None) -> list[tuple[str, bool]]:
    """The months on Siti's card, and whether each is ticked."""
    return [(f"{box.month:%Y-%m}", box.paid) for box in cards.one(rt, 1, first).boxes]


def test_a_card_has_twelve_months_from_this_one_on_and_paid_ones_ticked(rt: Runtime) -> None:
    a_paid_member(rt)
    assert boxes(rt)[:3] == [("2026-11", True), ("2026-12", False), ("2027-01", False)]
    assert (len(boxes(rt)), boxes(rt)[-1]) == (12, ("2027-10", False))


def test_months_paid_before_stand_on_it_as_long_as_six_are_left_to_tick(rt: Runtime) -> None:
    a_paid_member(rt, months=[calendar.add_months(NOVEMBER, back) for back in range(-9, 1)])
    assert [paid for _, paid in boxes(rt)] == [True] * 7 + [False] * 5
    assert boxes(rt)[0] == ("2026-05", True)


def test_it_begins_where_somebody_wants_it_to(rt: Runtime) -> None:
    a_paid_member(rt)
    assert boxes(rt, date(2026, 1, 1))[10] == ("2026-11", True)


def test_what_is_seen_before_printing_is_hidden_and_what_is_printed_is_not(rt: Runtime) -> None:
    a_registered_member(rt)
    desk = signed_in(rt, "operator")
    assert private(desk.get("/members/1/card").text) == []
    assert noted(rt, "card.printed") == []
    page = desk.post("/members/1/card", {"first": "2026-11-01"}, on="/members/1/card").text
    assert ("Siti Aminah" in page, "21234567890" in page, "175" in page, "*777#" in page) == (True, True, True, True)
    assert noted(rt, "card.printed") == ["operator@kantor.id: member 1"]


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("id", "Kartu iuran saya"),
        ("en", "My contribution card"),
        ("jv", "Kertu iuran kula"),
        ("su", "Kartu iuran abdi"),
    ],
)
def test_a_card_speaks_its_members_language(rt: Runtime, language: str, title: str) -> None:
    a_registered_member(rt, language=language)
    page = signed_in(rt).get("/members/1/card").text
    assert (title in page, f'lang="{language}"' in page) == (True, True)


def test_every_word_of_a_card_is_there_in_four_languages() -> None:
    texts = member_card.written()
    assert {name for name, said in texts.items() if set(said) != {"id", "en", "jv", "su"}} == set()


def test_who_has_no_number_yet_is_told_that_it_follows(rt: Runtime) -> None:
    a_member(rt)
    assert "menyusul lewat SMS" in signed_in(rt).get("/members/1/card").text


def test_who_has_left_has_no_card(rt: Runtime) -> None:
    a_registered_member(rt)
    with rt.db.begin() as connection:
        rights.leave(rt, connection, 1, "office", "map 1")
    desk = signed_in(rt)
    assert desk.get("/members/1/card").status_code == 302
    assert desk.post("/members/1/card", on="/members/1").status_code == 302
    assert noted(rt, "card.printed") == []


def test_everybody_a_sponsor_pays_for_has_a_card_some_sheets_at_a_time(rt: Runtime) -> None:
    a_company(rt, 45)
    desk = signed_in(rt, "operator")
    first = desk.post("/sponsors/1/cards", on="/sponsors/1/cards").text
    assert (first.count('class="member-card"'), 'name="after" value="40"' in first) == (40, True)
    rest = desk.post("/sponsors/1/cards", {"after": 40, "first": "2026-11-01"}, on="/sponsors/1/cards").text
    assert (rest.count('class="member-card"'), 'name="after"' in rest) == (5, False)
    assert noted(rt, "card.printed") == ["operator@kantor.id: sponsor 1"] * 2


def test_a_month_that_nobody_offers_is_not_printed(rt: Runtime) -> None:
    a_registered_member(rt)
    clock_of(rt).forward(days=1)
    page = signed_in(rt).post("/members/1/card", {"first": "1999-01-01"}, on="/members/1/card").text
    assert "1999" not in page
