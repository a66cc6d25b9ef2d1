"""Sponsors on the desk: listed, looked at, their people and texts, and nobody's name where it is nobody's business."""

from __future__ import annotations

import pytest

from tests.builders import a_basket, a_registered_member, a_sponsor, execute, some_members
from tests.office import noted, signed_in
from tests.web.test_admin_people import REASON, private
from ussd_app.runtime import Runtime

PHONE = "+6281299999999"


def a_company(rt: Runtime, people: int = 1) -> None:
    """PT Maju, who pays for some people."""
    a_sponsor(rt, name="PT Maju")
    execute(rt, "UPDATE sponsors SET kind = 'company'")
    for member in some_members(rt, people):
        execute(
            rt,
            "INSERT INTO sponsorships (sponsor_id, member_id, name, months, since) VALUES (1, :m, 'Budi Santoso', 1, "
            "now())",
            m=member.id,
        )


def test_a_sponsor_is_found_among_members(rt: Runtime) -> None:
    a_company(rt)
    desk = signed_in(rt, "viewer")
    for said in ("maju", "0812 9999 9999"):
        page = desk.post("/members", {"said": said}, on="/members").text
        assert ('href="/admin/sponsors/1"' in page, "PT Maju" in page) == (True, True)


def test_a_person_who_pays_is_shown_by_initials_and_a_company_by_name(rt: Runtime) -> None:
    a_company(rt)
    a_sponsor(rt, phone="+6281288888888", name="Bu Rini")
    page = signed_in(rt, "viewer").get("/sponsors").text
    assert ("PT Maju" in page, "B*** R***" in page, "Rini" in page, PHONE in page) == (True, True, False, False)


def test_sponsors_come_in_pages_and_by_kind(rt: Runtime) -> None:
    execute(
        rt,
        "INSERT INTO sponsors (phone, name, kind, language, created_at) SELECT '+62812' || n, 'PT ' || n, "
        "CASE WHEN n % 2 = 0 THEN 'company' ELSE 'community' END, 'id', now() FROM generate_series(100, 159) n",
    )
    desk = signed_in(rt, "viewer")
    first, last = desk.get("/sponsors").text, desk.get("/sponsors?before=11").text
    assert (first.count("/admin/sponsors/"), last.count("/admin/sponsors/")) == (25, 10)
    assert desk.get("/sponsors?kind=company&before=11").text.count('href="/admin/sponsors/') == 5


def test_one_sponsor_shows_their_people_codes_and_credit(rt: Runtime) -> None:
    a_basket(rt, [a_registered_member(rt)])
    page = signed_in(rt, "finance").get("/sponsors/1").text
    assert ("Rp8.400" in page, "menunggu dibayar" in page) == (True, True)
    assert "8.400" not in signed_in(rt, "viewer").get("/sponsors/1").text


def test_the_people_of_a_sponsor_come_in_pages_and_without_names(rt: Runtime) -> None:
    a_company(rt, 30)
    desk = signed_in(rt, "viewer")
    first, last = desk.get("/sponsors/1/people").text, desk.get("/sponsors/1/people?after=25").text
    assert (first.count('href="/admin/members/'), last.count('href="/admin/members/')) == (25, 5)
    # Once, above: whoever is looking has that name as well.
    assert (first.count("B*** S***"), first.count("Budi Santoso")) == (25, 1)


def test_a_sponsor_is_shown_in_full_for_a_reason(rt: Runtime) -> None:
    a_sponsor(rt, name="Bu Rini")
    desk = signed_in(rt, "operator")
    assert desk.post("/sponsors/1/unmask", {"reason": ""}, on="/sponsors/1").status_code == 422
    page = desk.post("/sponsors/1/unmask", {"reason": REASON}, on="/sponsors/1").text
    assert ("Bu Rini" in page, "0812-9999-9999" in page) == (True, True)
    assert noted(rt, "sponsor.unmasked") == ["operator@kantor.id: sponsor 1"]


@pytest.mark.parametrize("page", ["", "/people", "/timeline", "/help", "/cards", "/dialogues/x"])
def test_a_sponsor_who_is_not_there_has_no_page(rt: Runtime, page: str) -> None:
    assert signed_in(rt).get(f"/sponsors/9{page}").status_code == 404


def test_reminders_to_a_sponsor_are_stopped_and_allowed_again(rt: Runtime) -> None:
    a_company(rt)
    desk = signed_in(rt, "operator")
    desk.post("/sponsors/1/stop", {"topic": "reminders", "weeks": 2, "reason": REASON}, on="/sponsors/1")
    assert "pengingat iuran" in desk.get("/sponsors/1").text
    desk.post("/sponsors/1/allow", {"topic": "reminders", "reason": REASON}, on="/sponsors/1")
    assert noted(rt, "texts.stopped") + noted(rt, "texts.allowed") == ["operator@kantor.id: sponsor 1"] * 2


def test_a_sponsors_timeline_names_nobody(rt: Runtime) -> None:
    a_basket(rt, [a_registered_member(rt)])
    page = signed_in(rt, "viewer").get("/sponsors/1/timeline").text
    assert ("Kode bayar" in page, private(page), "Rini" in page) == (True, [], False)
