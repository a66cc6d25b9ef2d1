"""Outgoing SMS on the desk: what waits, what became of them, who is not to be written to, and which gateway rests."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.builders import count, execute, rows
from tests.campaigns import a_campaign
from tests.conftest import clock_of
from tests.office import noted, signed_in
from tests.work import work
from ussd_app.runtime import Runtime
from ussd_app.services import campaigns
from ussd_app.storage import sending_pages

WHY = "diminta lewat telepon"


def texts(rt: Runtime, number: int, state: str, *, lane: str = "urgent", reason: str = "", ago: int = 60) -> None:
    """So many texts in a state, handed over `ago` seconds ago, each a second before the last."""
    execute(
        rt,
        "INSERT INTO outbox (key, lane, phone, text, segments, message, state, due_at, created_at, handed_at, reason, "
        "attempts, gateway) SELECT :state || :lane || :ago || n, :lane, '+6281300' || lpad(n::text, 6, '0'), 'Halo', "
        "1, 'receipt', :state, CAST(:now AS timestamptz) - make_interval(secs => :ago), :now, "
        "CASE :state WHEN 'waiting' THEN NULL ELSE CAST(:now AS timestamptz) - make_interval(secs => :ago + n) END, "
        ":reason, 9, 'console' FROM generate_series(1, :number) n",
        state=state,
        lane=lane,
        now=rt.clock(),
        ago=ago,
        number=number,
        reason=reason,
    )


def test_each_lane_tells_what_waits_and_since_when(rt: Runtime) -> None:
    texts(rt, 3, "waiting", lane="reminders", ago=7200)
    page = signed_in(rt).get("/texts").text
    assert re.search(r'Pengingat</td><td class="sum">3</td><td>2 jam</td>', page)


def test_very_many_that_wait_are_not_counted_to_the_last(rt: Runtime) -> None:
    texts(rt, 10_050, "waiting", lane="reminders")
    assert "lebih dari 10.000" in signed_in(rt).get("/texts").text
    with rt.db.connect() as connection:
        assert max(lane.waiting for lane in sending_pages.lanes(connection)) == 10_001


def test_what_became_of_each_day_is_counted_by_a_job(rt: Runtime) -> None:
    texts(rt, 5, "delivered")
    texts(rt, 2, "failed", lane="codes")
    texts(rt, 1, "dead", lane="codes")
    desk = signed_in(rt)
    assert "…" in desk.get("/texts/days").text
    work(rt)
    today = desk.get("/texts/days.csv").text.splitlines()[1].split(",")
    assert today[:5] == ["2026-11-22", "8", "5", "0", "3"]


def test_a_day_of_which_nothing_more_can_be_heard_is_counted_once(rt: Runtime) -> None:
    old = 6 * 24 * 3600
    texts(rt, 4, "delivered", ago=old)
    desk = signed_in(rt)
    desk.get("/texts")
    work(rt)
    texts(rt, 4, "delivered", lane="codes", ago=old)
    texts(rt, 3, "delivered", lane="codes", ago=30)
    clock_of(rt).forward(minutes=11)
    desk.get("/texts")
    work(rt)
    lines = [line.split(",") for line in desk.get("/texts/days.csv").text.splitlines()[1:]]
    assert (lines[0][2], lines[6][2]) == ("3", "4")


def test_what_a_day_cost_is_shown_to_who_may_see_money_alone(rt: Runtime) -> None:
    execute(
        rt,
        "INSERT INTO sms_days (day, lane, gateway, texts, segments, parts, expected, cost) "
        "VALUES ('2026-11-22', 'urgent', 'console', 4, 4, 4, 1400, 0)",
    )
    assert "Rp1.400" in signed_in(rt, "finance").get("/texts").text
    viewer = signed_in(rt, "viewer")
    assert "Rp" not in viewer.get("/texts").text
    assert "Biaya" not in viewer.get("/texts/days.csv").text


def test_a_gateway_that_asks_us_to_stop_is_let_send_again_with_a_reason(rt: Runtime) -> None:
    execute(
        rt,
        "INSERT INTO gateway_states (gateway, failures, halted_at, closed_until, reason) "
        "VALUES ('console', 1, now(), now() + interval '1 hour', 'InsufficientBalance')",
    )
    desk = signed_in(rt, "operator")
    assert "minta berhenti" in desk.get("/texts").text
    assert desk.post("/texts/gateways/console", {"reason": ""}, on="/texts").status_code == 422
    desk.post("/texts/gateways/console", {"reason": "saldo sudah diisi"}, on="/texts")
    assert count(rt, "gateway_states") == 0
    assert noted(rt, "texts.resumed") == ["operator@kantor.id: gateway console"]


def test_texts_that_were_given_up_are_paged_with_their_cause_in_words(rt: Runtime) -> None:
    texts(rt, 51, "dead", reason="InvalidPhoneNumber")
    desk = signed_in(rt)
    first = desk.get("/texts/dead").text
    assert ("Nomor ini tidak benar." in first, first.count("<tr><td>")) == (True, 50)
    following = re.search(r'href="/admin(/texts/dead\?before=[^"]+)" rel="next"', first)
    assert following
    second = desk.get(following[1]).text
    assert (second.count("<tr><td>"), 'rel="next"' in second) == (1, False)


def test_no_number_is_shown_in_full(rt: Runtime) -> None:
    texts(rt, 1, "dead", reason="no route to +6281300000001")
    execute(
        rt,
        "INSERT INTO stops (phone, topic, channel, reference, reason, at) "
        "VALUES ('+6281300000001', 'all', 'sms', 'm1', 'jangan ke 081300000001', now())",
    )
    desk = signed_in(rt)
    shown = desk.get("/texts/dead").text + desk.get("/texts/stops").text
    assert "81300000001" not in shown


def test_a_text_that_was_given_up_is_sent_once_more(rt: Runtime) -> None:
    texts(rt, 2, "dead")
    desk = signed_in(rt, "operator")
    desk.post("/texts/dead", {"text": ["1"], "what": "retry", "reason": WHY}, on="/texts/dead")
    work(rt)
    assert [row["state"] for row in rows(rt, "SELECT state FROM outbox ORDER BY id")] == ["sent", "dead"]
    assert noted(rt, "texts.retried") == ["operator@kantor.id: 1 texts"]


def test_a_text_that_is_put_away_is_never_sent(rt: Runtime) -> None:
    texts(rt, 1, "dead")
    desk = signed_in(rt, "operator")
    desk.post("/texts/dead", {"text": ["1"], "what": "discard", "reason": WHY}, on="/texts/dead")
    work(rt)
    assert rows(rt, "SELECT state, reason FROM outbox") == [{"state": "stopped", "reason": f"put away: {WHY}"}]


@pytest.mark.parametrize(("chosen", "reason"), [([], WHY), (["1"], ""), (["1"], "x")])
def test_nothing_is_decided_without_a_choice_and_a_reason(rt: Runtime, chosen: list[str], reason: str) -> None:
    texts(rt, 1, "dead")
    desk = signed_in(rt, "operator")
    response = desk.post("/texts/dead", {"text": chosen, "what": "retry", "reason": reason}, on="/texts/dead")
    assert (response.status_code, rows(rt, "SELECT state FROM outbox")) == (422, [{"state": "dead"}])


def test_what_is_of_no_use_any_more_is_not_sent_once_more(rt: Runtime) -> None:
    texts(rt, 2, "dead", lane="campaigns")
    a_campaign(rt)
    campaigns.cancel(rt, "tahu", "rina@kantor.id")
    execute(rt, "UPDATE outbox SET send_by = :then WHERE id = 1", then=rt.clock() - timedelta(hours=1))
    execute(rt, "UPDATE outbox SET message = 'campaign:1:A' WHERE id = 2")
    desk = signed_in(rt, "operator")
    desk.post("/texts/dead", {"text": ["1", "2"], "what": "retry", "reason": WHY}, on="/texts/dead")
    assert "0 dari 2 SMS menunggu" in desk.get("/texts/dead").text
    assert {row["state"] for row in rows(rt, "SELECT state FROM outbox")} == {"dead"}


def test_a_text_that_is_under_way_is_not_put_away_by_a_made_up_form(rt: Runtime) -> None:
    texts(rt, 1, "waiting")
    desk = signed_in(rt, "operator")
    desk.post("/texts/dead", {"text": ["1"], "what": "discard", "reason": WHY}, on="/texts")
    assert rows(rt, "SELECT state FROM outbox") == [{"state": "waiting"}]


def test_a_number_is_stopped_found_and_allowed_again_by_the_office(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    form = {"phone": "0812-3456-7890", "topic": "reminders", "reason": WHY}
    desk.post("/texts/stops/new", form, on="/texts/stops")
    found = desk.post("/texts/stops", {"said": "081234567890"}, on="/texts/stops").text
    assert "pengingat iuran" in found
    desk.post("/texts/stops/1/end", {"reason": WHY}, on="/texts/stops")
    assert rows(rt, "SELECT ended_by FROM stops") == [{"ended_by": "office:operator@kantor.id"}]
    assert [len(noted(rt, f"texts.{what}")) for what in ("stopped", "allowed")] == [1, 1]
    assert "81234567890" not in str(rows(rt, "SELECT what, before, after FROM audit_log"))


def test_a_number_that_gets_none_already_is_not_stopped_again(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    for topic in ("all", "reminders"):
        desk.post("/texts/stops/new", {"phone": "081234567890", "topic": topic, "reason": WHY}, on="/texts/stops")
    assert "SMS ini sudah dihentikan." in desk.get("/texts/stops").text
    assert (rows(rt, "SELECT topic FROM stops"), len(noted(rt, "texts.stopped"))) == ([{"topic": "all"}], 1)


def test_a_stop_that_has_ended_is_not_ended_again(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    desk.post("/texts/stops/7/end", {"reason": WHY}, on="/texts/stops")
    assert "SMS ini tidak sedang dihentikan." in desk.get("/texts/stops").text


def test_what_the_owner_stopped_at_the_gateway_the_office_cannot_allow(rt: Runtime) -> None:
    execute(
        rt,
        "INSERT INTO stops (phone, topic, channel, reference, at) "
        "VALUES ('+6281234567890', 'all', 'gateway', 'm', now())",
    )
    signed_in(rt, "operator").post("/texts/stops/1/end", {"reason": WHY}, on="/texts/stops")
    assert rows(rt, "SELECT ended_at FROM stops") == [{"ended_at": None}]


def test_stops_are_paged_from_the_newest(rt: Runtime) -> None:
    execute(
        rt,
        "INSERT INTO stops (phone, topic, channel, reference, reason, at) SELECT '+62813' || lpad(n::text, 8, '0'), "
        "'all', 'sms', 'm', 'kata ' || n, now() FROM generate_series(1, 51) n",
    )
    desk = signed_in(rt)
    first = desk.get("/texts/stops").text
    assert ("kata 51<" in first, "kata 1<" in first) == (True, False)
    following = re.search(r'href="/admin(/texts/stops\?before=\d+)"', first)
    assert following
    assert "kata 1<" in desk.get(following[1]).text
