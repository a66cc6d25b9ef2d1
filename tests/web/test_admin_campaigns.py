"""Campaigns on the desk: put together, counted, tried, started for the sum that was typed, followed to the end."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import count, execute, rows
from tests.campaigns import TEXTS, a_campaign, a_started_campaign, many_members
from tests.conftest import clock_of
from tests.office import Desk, noted, page_of, signed_in
from tests.work import work
from ussd_app import queues
from ussd_app.runtime import Runtime

WORDS = "Sudah tahu? Kecelakaan kerja ditanggung. Info {dial}"
FORM: dict[str, object] = {
    "name": "tahu desember",
    "topic": "education",
    "text_A_id": WORDS,
    "day": "2026-11-23",
    "clock": "09:00",
    "hold_out": "0",
    "segments": "1",
}


def keep(desk: Desk, **changes: object) -> Any:
    """Send the form of a new campaign."""
    return desk.post("/campaigns/new", {**FORM, **changes}, on="/campaigns/new")


def look(desk: Desk, **changes: object) -> Any:
    """What the page shows beside the form while somebody fills it."""
    return desk.post("/campaigns/look", {**FORM, **changes}, on="/campaigns/new").json


def counted(rt: Runtime, desk: Desk, page: str) -> None:
    """Have the people of a campaign counted."""
    desk.post(f"{page}/dry-run", on=page)
    work(rt)


def test_a_campaign_goes_from_the_form_to_the_phones(rt: Runtime) -> None:
    many_members(rt, 10)
    desk = signed_in(rt, "operator")
    page = page_of(keep(desk, day="2026-11-22"))
    counted(rt, desk, page)
    assert "Ketik jumlahnya untuk menyetujui: Rp3.500" in desk.get(page).text
    desk.post(f"{page}/start", {"typed": "3.500"}, on=page)
    work(rt)
    rt.queues.enqueue(queues.RELEASE_CAMPAIGNS)
    work(rt)
    clock_of(rt).forward(minutes=1)
    desk.get(page)
    work(rt)
    told = desk.get(f"{page}/progress").text
    assert ("10 dari 10 orang" in told, "Rp3.500" in told) == (True, True)


def test_who_did_what_with_a_campaign_stands_in_the_audit_log(rt: Runtime) -> None:
    many_members(rt, 2)
    desk = signed_in(rt, "operator")
    page = page_of(keep(desk))
    counted(rt, desk, page)
    desk.post(f"{page}/start", {"typed": "700"}, on=page)
    desk.post(f"{page}/change", {"what": "pause"}, on=page)
    kinds = [row["kind"] for row in rows(rt, "SELECT kind FROM audit_log WHERE kind LIKE 'campaign.%' ORDER BY id")]
    assert kinds == ["campaign.made", "campaign.start", "campaign.pause"]
    assert noted(rt, "campaign.start") == ["operator@kantor.id: campaign tahu-desember"]


@pytest.mark.parametrize("typed", ["", "3501", "35", "ya"])
def test_another_sum_than_the_one_that_was_counted_starts_nothing(rt: Runtime, typed: str) -> None:
    many_members(rt, 10)
    desk = signed_in(rt, "operator")
    page = page_of(keep(desk))
    counted(rt, desk, page)
    response = desk.post(f"{page}/start", {"typed": typed}, on=page)
    assert (response.status_code, "tidak sama dengan biaya" in response.text) == (422, True)
    assert rows(rt, "SELECT state FROM campaigns") == [{"state": "draft"}]


def test_nobody_starts_by_a_count_that_is_older_than_an_hour(rt: Runtime) -> None:
    many_members(rt, 10)
    desk = signed_in(rt, "operator")
    page = page_of(keep(desk))
    counted(rt, desk, page)
    execute(rt, "UPDATE reckonings SET found_at = found_at - interval '61 minutes'")
    response = desk.post(f"{page}/start", {"typed": "3500"}, on=page)
    assert (response.status_code, "Hitung dulu" in response.text) == (422, True)
    assert rows(rt, "SELECT state FROM campaigns") == [{"state": "draft"}]


def test_a_campaign_for_nobody_is_not_started(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    page = page_of(keep(desk))
    counted(rt, desk, page)
    response = desk.post(f"{page}/start", {"typed": "0"}, on=page)
    assert (response.status_code, "Tidak ada orang yang cocok" in response.text) == (422, True)


def test_the_count_beside_the_form_follows_the_conditions(rt: Runtime) -> None:
    many_members(rt, 6)
    many_members(rt, 4, language="jv", first=6)
    desk = signed_in(rt, "operator")
    assert look(desk)["said"] == "10 orang"
    assert look(desk, is_languages="in", languages=["jv", "su"])["said"] == "4 orang"
    assert look(desk, is_languages="not_in", languages=["jv"])["people"] == 6
    assert look(desk, is_sponsor="yes")["people"] == 0


def test_a_condition_without_a_value_is_said_and_not_counted(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    assert look(desk, is_sectors="in")["said"] == "Pilih paling sedikit satu nilai: Pekerjaan."
    response = keep(desk, is_sectors="in")
    assert (response.status_code, count(rt, "campaigns")) == (422, 0)


def test_what_a_form_says_is_what_is_kept(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    keep(desk, is_provinces="in", provinces=["31", "51"], is_sponsored="no", text_B_id="Halo {name|cut:12}", weight_B=3)
    source = rows(rt, "SELECT source FROM campaigns")[0]["source"]
    assert "provinces:\n  - '31'\n  - '51'\n  sponsored: false\n" in source
    assert re.search(r"name: B\n\s+weight: 3\n", source)


def test_a_text_is_measured_at_its_longest_fill_with_its_price(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    one = look(desk, text_A_id="Halo {name|cut:12}")["texts"]["text_A_id"]
    # Twelve letters of a name, however short that of the sample is, and how to stop.
    assert one["size"].startswith(f"{len('Halo ' + 12 * 'W' + ' Stop: balas BERHENTI')} huruf, 1 bagian, Rp350")
    assert one["shown"] == "Halo Siti Aminah Stop: balas BERHENTI"


def test_a_text_that_is_too_long_or_shows_what_nobody_knows_is_not_kept(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    long = keep(desk, text_A_id="a" * 150)
    assert (long.status_code, "Terlalu panjang: bisa menjadi 2 bagian" in long.text) == (422, True)
    assert keep(desk, text_A_id="Halo {nik}").status_code == 422
    assert keep(desk, text_A_id="", text_A_jv="Halo").status_code == 422
    assert count(rt, "campaigns") == 0


def test_a_second_campaign_of_one_name_is_not_kept(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    keep(desk)
    response = keep(desk)
    assert (response.status_code, "Sudah ada kampanye bernama tahu-desember" in response.text) == (409, True)


def test_a_form_that_was_wrong_comes_back_as_it_was_filled(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    page = keep(desk, name="", is_sectors="not_in", sectors=["driver"], text_B_id="<b>dua</b>").text
    assert ("&lt;b&gt;dua&lt;/b&gt;" in page, "<b>dua" in page) == (True, False)
    assert re.search(r'name="sectors" value="driver" checked', page)
    assert '<option value="not_in" selected>' in page


def test_a_copy_begins_with_the_words_of_the_other_one(rt: Runtime) -> None:
    a_campaign(rt, segment={"sectors": ["driver"], "provinces": ["Bali"]})
    page = signed_in(rt, "operator").get("/campaigns/new?from=1").text
    assert TEXTS["id"] in page
    assert re.search(r'name="sectors" value="driver" checked', page)
    assert re.search(r'name="provinces" value="51" checked', page)


def test_a_dry_run_tells_people_and_rupiah_of_each_wording(rt: Runtime) -> None:
    many_members(rt, 40)
    arms = ({"name": "A", "texts": TEXTS}, {"name": "B", "texts": TEXTS})
    a_campaign(rt, variants=arms, hold_out=20)
    desk = signed_in(rt, "operator")
    counted(rt, desk, "/campaigns/1")
    found = rows(rt, "SELECT found FROM reckonings WHERE kind = 'campaign_dry_run'")[0]["found"]
    assert found["people"] + found["held_out"] == 40
    assert [one["variant"] for one in found["groups"]] == ["A", "B"]
    assert sum(one["cost"] for one in found["groups"]) == found["cost"] == 350 * found["people"]
    assert count(rt, "outbox") == 0


def test_a_count_that_is_cut_off_goes_on_where_it_was(rt: Runtime) -> None:
    many_members(rt, 7)
    a_campaign(rt)
    desk = signed_in(rt, "operator")
    desk.post("/campaigns/1/dry-run", on="/campaigns/1")
    execute(
        rt,
        "UPDATE reckonings SET part = 4, whole = 7, work = CAST(:work AS jsonb)",
        work='{"after": "+6281300000003", "part": 4, "whole": 7, "held_out": 0, "groups": [["A", "id", 4, 4, false]]}',
    )
    work(rt)
    assert rows(rt, "SELECT found->>'people' AS people FROM reckonings") == [{"people": "7"}]


def test_while_people_are_counted_the_page_says_how_far_it_is(rt: Runtime) -> None:
    a_campaign(rt)
    desk = signed_in(rt, "operator")
    desk.post("/campaigns/1/dry-run", on="/campaigns/1")
    execute(rt, "UPDATE reckonings SET state = 'running', part = 50000, whole = 200000")
    page = desk.get("/campaigns/1").text
    assert ("50.000 dari sekitar 200.000 nomor" in page, 'data-going="yes"' in page) == (True, True)
    assert "Mulai kampanye" not in page


def test_a_text_is_tried_with_a_number_for_tests_and_with_no_other(rt: Runtime) -> None:
    a_campaign(rt)
    strict = replace(
        rt, settings=rt.settings.model_copy(update={"sertakan_local": False, "test_phones": "0812 3456 7890, x"})
    )
    desk = signed_in(strict, "operator")
    refused = desk.post("/campaigns/1/test", {"phone": "081311111111"}, on="/campaigns/1")
    assert (refused.status_code, count(rt, "outbox")) == (422, 0)
    desk.post("/campaigns/1/test", {"phone": "+6281234567890"}, on="/campaigns/1")
    assert rows(rt, "SELECT phone FROM outbox") == [{"phone": "+6281234567890"}]
    assert "6281234567890" not in str(rows(rt, "SELECT after FROM audit_log WHERE kind = 'campaign.tested'"))


def test_a_campaign_is_paused_resumed_and_cancelled_on_its_page(rt: Runtime) -> None:
    many_members(rt, 3)
    a_started_campaign(rt)
    desk = signed_in(rt, "operator")
    for what, state in (("pause", "paused"), ("resume", "started"), ("cancel", "cancelled")):
        desk.post("/campaigns/1/change", {"what": what}, on="/campaigns/1")
        assert rows(rt, "SELECT state FROM campaigns") == [{"state": state}]
    desk.post("/campaigns/1/change", {"what": "resume"}, on="/campaigns/1")
    assert "Keadaan kampanye sudah berubah" in desk.get("/campaigns/1").text


def test_the_results_compare_each_wording_with_the_held_out(rt: Runtime) -> None:
    many_members(rt, 60)
    a_started_campaign(rt, hold_out=50)
    now = rt.clock()
    execute(rt, "UPDATE campaign_people SET state = 'released', released_at = :now", now=now)
    execute(
        rt,
        "INSERT INTO contribution_months (member_id, month, state, order_id, amount, received_at, package, wage) "
        "SELECT member_id, '2026-11-01', 'received', 'x', 16800, :at, 'jkk_jkm', 1000000 "
        "FROM campaign_people WHERE variant = 'A'",
        at=now + timedelta(hours=1),
    )
    desk = signed_in(rt, "operator")
    desk.get("/campaigns/1/results")
    work(rt)
    page = desk.get("/campaigns/1/results").text
    assert "lebih dari kebetulan" in page
    lines = desk.get("/campaigns/1/results.csv").text.splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["A", "Tidak disurati"]


def test_the_list_shows_state_progress_and_cost_without_counting_by_itself(rt: Runtime) -> None:
    many_members(rt, 5)
    a_started_campaign(rt)
    desk = signed_in(rt)
    assert "Sedang dihitung" in desk.get("/campaigns").text
    work(rt)
    page = desk.get("/campaigns").text
    assert re.search(r"\d dari 5 orang", page)
    assert "berjalan" in page


def test_who_may_not_see_money_sees_no_price(rt: Runtime) -> None:
    many_members(rt, 5)
    a_campaign(rt)
    signed_in(rt, "operator").post("/campaigns/1/dry-run", on="/campaigns/1")
    work(rt)
    desk = signed_in(rt, "viewer")
    assert "Rp" not in desk.get("/campaigns").text + desk.get("/campaigns/1").text


def test_campaigns_are_listed_page_by_page(rt: Runtime) -> None:
    for number in range(21):
        a_campaign(rt, name=f"satu-{number}")
    desk = signed_in(rt)
    first = desk.get("/campaigns").text
    following = re.search(r'href="/admin(/campaigns\?before=\d+)"', first)
    assert following
    assert ("satu-0<" in first, "satu-0<" in desk.get(following[1]).text) == (False, True)
