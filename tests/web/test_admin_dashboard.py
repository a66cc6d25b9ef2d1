"""The figures at the desk: who sees what, how they are asked for, drawn, written out as a table and as a file."""

from __future__ import annotations

import csv
import re
from io import StringIO

import pytest

from tests.builders import AGREE, TO_CONSENT, a_nik, a_paid_member, execute, typed
from tests.office import Desk, page_of, signed_in
from tests.work import work
from ussd_app.runtime import Runtime
from ussd_app.services import dashboard, journal
from ussd_app.web.admin import charts
from ussd_app.web.admin.charts import Point


@pytest.fixture
def desk(rt: Runtime) -> Desk:
    """Somebody who may see everything, and who has asked for the figures once."""
    a_paid_member(rt, nik=a_nik(9))
    execute(rt, "UPDATE contribution_months SET state = 'confirmed'")
    typed(rt, *TO_CONSENT, AGREE, phone="+6281200000001")
    typed(rt, *TO_CONSENT[:2], phone="+6281200000002", session="at:s2")
    journal.write(rt)
    execute(
        rt,
        "INSERT INTO sms_days (day, lane, gateway, texts, segments, parts, expected, cost) "
        "VALUES ('2026-11-20', 'urgent', 'console', 7, 9, 9, 3150, 0)",
    )
    office = signed_in(rt)
    office.get("/dashboard")
    work(rt)
    return office


def table(desk: Desk, name: str, **asked: object) -> list[list[str]]:
    """The lines of a file."""
    query = "&".join(f"{key}={value}" for key, value in asked.items())
    response = desk.get(f"/dashboard/files/{name}.csv?{query}")
    assert response.status_code == 200
    return list(csv.reader(StringIO(response.text.removeprefix("\ufeff"))))


def test_whoever_opens_the_page_first_has_the_figures_worked_out(rt: Runtime) -> None:
    desk = signed_in(rt)
    before = desk.get("/dashboard").text
    assert ("Belum dihitung" in before, 'data-going="yes"' in before) == (True, True)
    work(rt)
    after = desk.get("/dashboard").text
    assert ("Belum dihitung" in after, 'data-going="yes"' in after) == (False, False)
    assert "Per 22 Nov 2026, 10.00 WIB" in after


def test_opening_the_page_reads_no_large_table(rt: Runtime, desk: Desk) -> None:
    names = ("members", "turns", "contribution_months", "registrations")
    for name in names:
        execute(rt, f"ALTER TABLE {name} RENAME TO {name}_away")
    try:
        statuses = {page: desk.get(page).status_code for page in ("/dashboard", "/dashboard/going", "/dashboard/menu")}
    finally:
        for name in names:
            execute(rt, f"ALTER TABLE {name}_away RENAME TO {name}")
    assert set(statuses.values()) == {200}


def test_the_page_says_how_many_are_active_and_what_the_target_is(desk: Desk) -> None:
    page = desk.get("/dashboard").text
    target = dashboard.target()
    assert re.search(r"<b>1</b>\s+peserta aktif", page)
    assert (f"{target.members:,}".replace(",", ".") in page, target.source in page, "Desember 2024" in page) == (
        True,
        True,
        True,
    )


def test_a_button_has_the_figures_worked_out_anew(rt: Runtime, desk: Desk) -> None:
    assert desk.get("/dashboard/going").text.count("progress") == 0
    response = desk.post("/dashboard/anew", {"days": 7}, on="/dashboard")
    assert page_of(response) == "/dashboard?days=7"
    assert desk.get("/dashboard/going").text.count("<progress") == 5


def test_when_all_is_worked_out_the_page_is_opened_anew_for_the_same_days(desk: Desk) -> None:
    assert 'data-moved="/admin/dashboard?days=90"' in desk.get("/dashboard/going?days=90").text


def test_a_figure_that_could_not_be_worked_out_is_said(rt: Runtime) -> None:
    desk = signed_in(rt)
    desk.get("/dashboard")
    execute(rt, "UPDATE reckonings SET state = 'failed'")
    assert desk.get("/dashboard").text.count("tidak dapat dihitung") > 5


@pytest.mark.parametrize(("asked", "held"), [("7", 7), ("30", 30), ("90", 90), ("1000000", 30), ("x", 30)])
def test_a_chart_holds_as_many_days_as_were_asked_for(desk: Desk, asked: str, held: int) -> None:
    assert len(table(desk, "members", days=asked)) == held + 1


def test_a_file_begins_with_the_newest_day(desk: Desk) -> None:
    assert table(desk, "members")[:2] == [["Hari", "Baru", "Membayar lagi", "Berakhir"], ["2026-11-22", "1", "0", "0"]]


def test_the_funnel_is_a_file_too(desk: Desk) -> None:
    lines = {line[0]: line[2:] for line in table(desk, "funnel")}
    assert (lines["register_birth_date"], lines["registered"]) == (["2", "100.0", "1"], ["1", "50.0", "0"])


@pytest.mark.parametrize("name", ["province", "sector", "first", "sponsors", "texts", "costs"])
def test_each_chart_is_a_file(desk: Desk, name: str) -> None:
    assert len(table(desk, name)) > 1


@pytest.mark.parametrize("name", ["nothing", "running"])
def test_there_is_no_other_file(desk: Desk, name: str) -> None:
    assert desk.get(f"/dashboard/files/{name}.csv").status_code == 404


def test_what_texts_cost_is_shown_only_to_who_may_see_money(rt: Runtime, desk: Desk) -> None:
    viewer = signed_in(rt, "viewer")
    assert ("Rp3.150" in desk.get("/dashboard").text, "Rp3.150" in viewer.get("/dashboard").text) == (True, False)
    assert viewer.get("/dashboard/files/costs.csv").status_code == 403
    assert viewer.get("/dashboard/files/members.csv").status_code == 200


def test_where_dialogues_stop_is_drawn_on_the_picture_of_the_menu(desk: Desk) -> None:
    page = desk.get("/dashboard/menu").text
    assert "2 sampai · 1 berhenti (50%)" in page
    assert re.search(r"register_birth_date</a>\s*<span class=\"soft\">1 dari 2 berhenti", page)


def test_a_screen_of_the_funnel_leads_to_its_box(desk: Desk) -> None:
    (link,) = re.findall(r'href="/admin(/dashboard/menu\?[^"]*at=register_name)"', desk.get("/dashboard").text)
    there = page_of(desk.get(link.replace("&amp;", "&")))
    number = there.partition("#box-")[2]
    assert re.search(rf'id="box-{number}"[^>]*data-name="register_name"', desk.get(there).text)


@pytest.mark.parametrize("asked", ["menu=nothing", "version=99", "at=nothing", "menu=sponsor"])
def test_a_picture_that_is_not_there_is_another(desk: Desk, asked: str) -> None:
    assert desk.get(f"/dashboard/menu?{asked}").status_code == 200


def test_what_was_walked_in_one_version_is_drawn_on_that_version(rt: Runtime, desk: Desk) -> None:
    page = desk.get("/dashboard/menu?version=1").text
    assert ('<option value="1" selected>' in page, "2 sampai · 1 berhenti" in page) == (True, True)


def test_a_menu_without_dialogues_says_so(rt: Runtime) -> None:
    desk = signed_in(rt)
    assert "Belum dihitung" in desk.get("/dashboard/menu").text
    work(rt)
    assert "Belum ada apa-apa" in desk.get("/dashboard/menu").text


def test_each_column_can_be_read_without_seeing_it(desk: Desk) -> None:
    page = desk.get("/dashboard?days=7").text
    assert page.count('aria-label="22 Nov 2026: 1 baru (belum selesai)"') == 1
    # One stop of the keyboard for each chart: the arrows do the rest.
    assert page.count('class="chart-plot"') == len(re.findall(r'role="img"[^>]*tabindex="0"', page))


def test_a_gateway_that_asks_us_to_stop_is_shown_with_its_words(rt: Runtime, desk: Desk) -> None:
    name = next(iter(rt.messaging))
    execute(
        rt,
        "INSERT INTO gateway_states VALUES (:name, 1, now(), :now, 'InsufficientBalance +6281234567890')",
        name=name,
        now=rt.clock(),
    )
    page = desk.get("/dashboard").text
    assert ("Meminta berhenti" in page, "InsufficientBalance" in page, "+6281234567890" in page) == (True, True, False)


@pytest.mark.parametrize("most", [0, 1, 2, 3, 7, 10, 99, 101, 12_345, 5_000_000])
def test_an_axis_has_room_and_few_round_numbers(most: int) -> None:
    top, step = charts.axis(most)
    assert (top >= most, top % step, 2 <= top // step <= 5) == (True, 0, True)


def test_the_highest_and_the_newest_column_are_named_where_not_all_have_room() -> None:
    points = [Point(str(day), str(day), 900 if day == 3 else 100 + day) for day in range(30)]
    drawn = charts.columns("x", "X", "", points, str)
    assert [bar.shown for bar in drawn.bars if bar.shown] == ["900", "129"]
    few = charts.columns("x", "X", "", points[:7], str)
    assert [bar.shown for bar in few.bars] == ["100", "101", "102", "900", "104", "105", "106"]


def test_a_chart_of_nothing_says_so() -> None:
    assert charts.columns("x", "X", "", [Point("a", "a", 0), Point("b", "b", None)], str).empty
