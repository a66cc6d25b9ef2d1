"""An operator writes to a segment: checked, counted, tried, sent by day and once, watched, stopped, compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.builders import a_member, a_nik, a_paid_member, a_sponsor, count, execute, rows, shipped
from tests.campaigns import ME, TEXTS, a_campaign, a_file, a_started_campaign, many_members
from tests.conftest import clock_of
from tests.sponsoring import texted
from ussd_app.domain import gsm7
from ussd_app.errors import GatewayTemporary, MenuProblems, NotAllowedNow
from ussd_app.gateways.messaging import Handed
from ussd_app.runtime import Runtime
from ussd_app.services import campaign_results, campaign_sending, campaigns, education, publishing, reckoning, rights
from ussd_app.services.relay import relay
from ussd_app.storage import campaigns as kept_campaigns
from ussd_app.storage import stops

SITI, BUDI = "+6281200000001", "+6281200000002"
TWO = ({"name": "A", "texts": TEXTS}, {"name": "B", "texts": {"id": "Halo {name|cut:10}, info {dial}"}})


def texts(rt: Runtime) -> list[str]:
    return [str(row["text"]) for row in rows(rt, "SELECT text FROM outbox ORDER BY id")]


def problems(rt: Runtime, **told: object) -> list[str]:
    with pytest.raises(MenuProblems) as refused:
        campaigns.create(rt, "c.yaml", a_file(**told), ME)  # type: ignore[arg-type]
    return [str(problem) for problem in refused.value.problems if problem.error]


# ---- making one ----


def test_every_mistake_is_told_at_once_with_its_line(rt: Runtime) -> None:
    source = (
        "name: tahu\ntopic: education\nsend_at: 2026-11-23 09:00\n"
        "segment:\n  sectors: [pilot]\n  provinces: [99]\n  states: [dead]\n"
        "variants:\n  - name: A\n    texts: {id: 'Halo {phone}', de: Hallo}\n"
    )
    with pytest.raises(MenuProblems) as refused:
        campaigns.create(rt, "c.yaml", source, ME)
    told = [str(problem) for problem in refused.value.problems]
    assert [line.split(": ")[0] + " " + line.split(": ")[1] for line in told] == [
        "c.yaml:5 segment.sectors.0",
        "c.yaml:6 segment.provinces.0",
        "c.yaml:7 segment.states.0",
        "c.yaml:10 variants.0.texts.de",
    ]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"variants": [{"name": "A", "texts": {"id": "Halo {phone}"}}]}, "`phone` is not given to this message"),
        ({"variants": [{"name": "A", "texts": {"en": "Hello"}}]}, "the Indonesian text (`id`) is missing"),
        ({"variants": [{"name": "A", "texts": {"id": "W" * 141}}]}, "2 SMS instead of 1"),
        ({"variants": [{"name": "A", "texts": {"id": "W" * 112 + "{name}"}}]}, "2 SMS instead of 1"),
        ({"variants": [{"name": "A", "texts": {"id": "Halo \N{WAVING HAND SIGN}"}}]}, "not in the alphabet"),
        ({"variants": [TWO[0], TWO[0]]}, "two variants called `A`"),
        ({"variants": []}, "at least 1 item"),
        ({"hold_out": 91}, "less than or equal to 90"),
        ({"when": "now"}, "this word is not known here"),
    ],
)
def test_what_could_not_be_sent_is_refused(rt: Runtime, told: dict[str, object], said: str) -> None:
    assert any(said in sentence for sentence in problems(rt, **told)), problems(rt, **told)


def test_the_way_out_counts_in_the_segments_and_two_are_sent_only_where_the_file_allows_them(rt: Runtime) -> None:
    long = [{"name": "A", "texts": {"id": "W" * 141}}]
    assert gsm7.size("W" * 141).segments == 1
    assert problems(rt, variants=long)
    a_campaign(rt, variants=long, segments=2)


def test_every_text_tells_the_way_out_once(rt: Runtime) -> None:
    said = {"name": "B", "texts": {"id": "Halo. Tidak mau? Balas BERHENTI", "en": "Hello", "jv": "Sugeng"}}
    name = a_campaign(rt, variants=[TWO[0], said])
    campaigns.try_out(rt, name, [SITI], ME)
    assert sorted(texts(rt)) == [
        "Halo. Tidak mau? Balas BERHENTI",
        "Hello Stop: reply BERHENTI",
        "Sudah tahu? Kecelakaan kerja ditanggung. Info *777# Stop: balas BERHENTI",
        "Sugeng Kèndel: balesi BERHENTI",
    ]


def test_a_name_is_taken_once(rt: Runtime) -> None:
    a_campaign(rt)
    with pytest.raises(NotAllowedNow, match="another name"):
        a_campaign(rt)


def test_a_test_is_an_answer_and_asks_for_no_one_elses_number(rt: Runtime) -> None:
    a_member(rt)
    name = a_campaign(rt, variants=TWO)
    assert campaigns.try_out(rt, name, [SITI, BUDI], ME) == 4
    found = rows(rt, "SELECT DISTINCT phone, lane FROM outbox ORDER BY phone")
    assert [(row["phone"], row["lane"]) for row in found] == [(SITI, "urgent"), (BUDI, "urgent")]


# ---- the dry run ----


def dry_run(rt: Runtime, name: str) -> Mapping[str, Any]:
    """Who would get what, as the command line is told."""
    return reckoning.at_once(rt, "campaign_dry_run", name)


def test_a_dry_run_counts_people_segments_calls_and_rupiah(rt: Runtime) -> None:
    many_members(rt, 250)
    many_members(rt, 50, language="en", first=250)
    found = dry_run(rt, a_campaign(rt, variants=[{"name": "A", "texts": {**TEXTS, "en": "Hello {name}"}}]))
    told = {one["language"]: (one["people"], one["segments"], one["calls"]) for one in found["groups"]}
    assert told == {"id": (250, 250, 3), "en": (50, 50, 50)}
    assert (found["people"], found["held_out"], found["cost"]) == (300, 0, 300 * 350)
    assert count(rt, "outbox") == count(rt, "campaign_people") == 0


def test_a_dry_run_says_what_then_happens(rt: Runtime) -> None:
    many_members(rt, 500)
    name = a_campaign(rt, variants=TWO, hold_out=20)
    found = dry_run(rt, name)
    people = {one["variant"]: one["people"] for one in found["groups"]}
    campaigns.start(rt, name, ME)
    campaign_sending.plan(rt)
    planned = rows(rt, "SELECT variant, count(*) AS n FROM campaign_people GROUP BY variant")
    assert {row["variant"]: row["n"] for row in planned} == {**people, None: found["held_out"]}
    assert all(number > 80 for number in (found["held_out"], *people.values()))


def test_a_dry_run_of_more_numbers_than_are_looked_at_together_counts_each_once(rt: Runtime) -> None:
    many_members(rt, campaigns.PAGE + 10)
    assert dry_run(rt, a_campaign(rt))["people"] == campaigns.PAGE + 10


# ---- planning ----


def test_everybody_is_planned_once_however_often_planning_is_killed_and_run_again(rt: Runtime) -> None:
    many_members(rt, 12_000)
    name = a_campaign(rt, hold_out=10)
    campaigns.start(rt, name, ME)
    kept = campaigns.find(rt, name)
    for attempt in range(3):
        connection = rt.db.connect()
        page = campaign_sending._plan_page(rt, connection, campaigns.find(rt, name))
        assert page
        if attempt:  # the job is killed: nothing of this page is committed
            connection.rollback()
        else:
            connection.commit()
        connection.close()
    assert campaign_sending.plan(rt) == 7_000
    assert campaign_sending.plan(rt) == 0
    assert count(rt, "campaign_people") == 12_000
    assert campaigns.find(rt, name).planned_at is not None
    assert kept.planned_at is None


def test_a_campaign_in_another_hand_or_paused_a_moment_ago_is_not_taken(rt: Runtime) -> None:
    name = a_campaign(rt)
    campaigns.start(rt, name, ME)
    number = campaigns.find(rt, name).id
    with rt.db.begin() as one, rt.db.begin() as other:
        assert kept_campaigns.take(one, number)
        assert kept_campaigns.take(other, number) is None
    campaigns.pause(rt, name, ME)
    with rt.db.begin() as connection:
        assert kept_campaigns.take(connection, number) is None


def test_nothing_of_a_draft_is_planned_or_sent(rt: Runtime) -> None:
    many_members(rt, 3)
    a_campaign(rt)
    assert (campaign_sending.plan(rt), campaign_sending.release(rt)) == (0, 0)


def test_people_begin_in_the_daytime_of_their_own_zone(rt: Runtime) -> None:
    """Begun at 5.30 in the morning of Jakarta: it is 7.30 in Jayapura, so nobody is up yet."""
    for number, zone in enumerate(("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")):
        many_members(rt, 1, zone=zone, first=number)
    a_started_campaign(rt, send_at="2026-11-23 05:30")
    found = rows(rt, "SELECT zone, due_at FROM campaign_people")
    assert {row["zone"]: row["due_at"].astimezone(UTC).isoformat()[:16] for row in found} == {
        "Asia/Jakarta": "2026-11-23T01:00",
        "Asia/Makassar": "2026-11-23T00:00",
        "Asia/Jayapura": "2026-11-22T23:00",
    }


# ---- sending ----


def test_nobody_gets_a_text_twice_and_the_held_out_get_none(rt: Runtime) -> None:
    many_members(rt, 400)
    a_started_campaign(rt, hold_out=25)
    while campaign_sending.release(rt):
        campaign_sending.plan(rt)
    held_out = rows(rt, "SELECT count(*) AS n FROM campaign_people WHERE variant IS NULL")[0]["n"]
    assert 50 < held_out < 150
    assert rows(rt, "SELECT count(*) AS n, count(DISTINCT phone) AS phones FROM outbox")[0] == {
        "n": 400 - held_out,
        "phones": 400 - held_out,
    }
    assert rows(rt, "SELECT DISTINCT lane FROM outbox") == [{"lane": "campaigns"}]


def test_the_outbox_never_holds_more_than_is_sent_in_a_minute(rt: Runtime) -> None:
    many_members(rt, 3_500)
    a_started_campaign(rt)
    assert campaign_sending.release(rt) == 3_000
    assert campaign_sending.release(rt) == 0
    execute(rt, "UPDATE outbox SET state = 'sent' WHERE id <= 1000")
    assert campaign_sending.release(rt) == 500


def test_equal_texts_stand_together_so_that_they_share_calls(rt: Runtime) -> None:
    many_members(rt, 100)
    a_started_campaign(rt, variants=[{"name": "A", "texts": {"id": "Satu"}}, {"name": "B", "texts": {"id": "Dua"}}])
    campaign_sending.release(rt)
    found = texts(rt)
    assert found == sorted(found)
    assert len(set(found)) == 2


@pytest.mark.parametrize("hour", [0, 13, 14, 17, 22])
def test_nobody_is_written_to_outside_the_day_of_their_zone(rt: Runtime, hour: int) -> None:
    for number, zone in enumerate(("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")):
        many_members(rt, 1, zone=zone, first=number)
    a_started_campaign(rt)
    clock_of(rt).set(datetime(2026, 11, 23, hour, 0, tzinfo=UTC))
    campaign_sending.release(rt)
    awake = {
        zone
        for zone, hours in (("Asia/Jakarta", 7), ("Asia/Makassar", 8), ("Asia/Jayapura", 9))
        if 8 <= (hour + hours) % 24 < 20
    }
    written = rows(rt, "SELECT zone FROM campaign_people WHERE state = 'released'")
    assert {row["zone"] for row in written} == awake


def test_what_is_not_sent_before_the_day_ends_goes_out_the_next_morning(rt: Runtime) -> None:
    many_members(rt, 3)
    a_started_campaign(rt)
    clock_of(rt).set(datetime(2026, 11, 22, 12, 55, tzinfo=UTC))
    assert campaign_sending.release(rt) == 3
    execute(rt, "UPDATE outbox SET state = 'sent' WHERE id = 1")
    execute(rt, "UPDATE outbox SET state = 'expired' WHERE id = 2")
    clock_of(rt).set(datetime(2026, 11, 22, 12, 59, tzinfo=UTC))
    assert campaign_sending.release(rt) == 0
    assert rows(rt, "SELECT state FROM outbox") == [{"state": "sent"}]
    clock_of(rt).set(datetime(2026, 11, 23, 1, 0, tzinfo=UTC))
    assert campaign_sending.release(rt) == 2
    assert rows(rt, "SELECT count(DISTINCT phone) AS n FROM outbox") == [{"n": 3}]


def test_who_stops_or_leaves_after_planning_gets_nothing(rt: Runtime) -> None:
    many_members(rt, 3)
    name = a_started_campaign(rt)
    with rt.db.begin() as connection:
        stops.stop(connection, "+6281300000000", stops.EDUCATION, "sms", "m1", rt.clock())
    execute(rt, "UPDATE members SET state = 'left' WHERE phone = '+6281300000001'")
    assert campaign_sending.release(rt) == 1
    assert campaign_results.results(rt, name, 7).stopped == 2


def test_a_sponsor_who_is_no_member_gets_the_text_in_their_own_name(rt: Runtime) -> None:
    a_sponsor(rt, name="Bu Rini")
    a_started_campaign(rt, segment={"sponsor": "true"}, variants=[TWO[1]])
    campaign_sending.release(rt)
    assert texts(rt) == ["Halo Bu Rini, info *777# Stop: balas BERHENTI"]


def test_whoever_reads_another_language_gets_the_text_in_it(rt: Runtime) -> None:
    many_members(rt, 1, language="en")
    many_members(rt, 1, language="su", first=1)
    a_started_campaign(rt, variants=[{"name": "A", "texts": {"id": "Halo", "en": "Hello"}}])
    campaign_sending.release(rt)
    assert texts(rt) == ["Halo Stop: balas BERHENTI", "Hello Stop: reply BERHENTI"]


@pytest.mark.parametrize("word", ["BERHENTI", "stop", "Berhenti edukasi"])
@pytest.mark.parametrize("moment", ["before it is planned", "before it is released", "before it is sent"])
def test_after_a_stop_by_sms_nothing_of_a_campaign_is_sent(rt: Runtime, word: str, moment: str) -> None:
    a_member(rt, phone=SITI)
    a_member(rt, phone=BUDI, nik=a_nik(7))
    name = a_campaign(rt)
    campaigns.start(rt, name, ME)
    for step, do in (
        ("before it is planned", campaign_sending.plan),
        ("before it is released", campaign_sending.release),
        ("before it is sent", lambda rt: relay(rt, "campaigns")),
    ):
        if step == moment:
            texted(rt, SITI, word)
        do(rt)
    found = rows(rt, "SELECT phone FROM outbox WHERE lane = 'campaigns' AND state = 'sent'")
    assert found == [{"phone": BUDI}]


# ---- pause, resume, cancel ----


def test_a_pause_takes_back_what_waits_and_resuming_sends_it_once(rt: Runtime) -> None:
    many_members(rt, 5)
    name = a_started_campaign(rt)
    campaign_sending.release(rt)
    execute(rt, "UPDATE outbox SET state = 'sent' WHERE id <= 2")
    assert campaigns.pause(rt, name, ME) == 3
    assert campaign_sending.release(rt) == 0
    campaigns.resume(rt, name, ME)
    assert campaign_sending.release(rt) == 3
    assert rows(rt, "SELECT count(*) AS n, count(DISTINCT phone) AS phones FROM outbox") == [{"n": 5, "phones": 5}]


def test_planning_that_was_paused_goes_on_where_it_was(rt: Runtime) -> None:
    many_members(rt, 6_000)
    name = a_campaign(rt)
    campaigns.start(rt, name, ME)
    with rt.db.begin() as connection:
        campaign_sending._plan_page(rt, connection, campaigns.find(rt, name))
    campaigns.pause(rt, name, ME)
    assert campaign_sending.plan(rt) == 0
    campaigns.resume(rt, name, ME)
    assert campaign_sending.plan(rt) == 1_000


def test_a_cancelled_campaign_sends_nothing_more_and_its_waiting_texts_are_stopped(rt: Runtime) -> None:
    many_members(rt, 3_002)
    name = a_started_campaign(rt)
    campaign_sending.release(rt)
    execute(rt, "UPDATE outbox SET state = 'sent' WHERE id <= 10")
    assert campaigns.cancel(rt, name, ME) == 2_990
    assert campaign_sending.release(rt) == 0
    found = campaign_results.results(rt, name, 7)
    assert dict(found.variants[0].texts) == {"sent": 10, "stopped": 2_990}
    assert found.stopped == 2
    with pytest.raises(NotAllowedNow, match="is cancelled"):
        campaigns.resume(rt, name, ME)


class Refusing:
    """A company that takes nothing just now; while it is asked, something else happens."""

    name, most_recipients = "console", 100

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.meanwhile = meanwhile

    def send(self, text: str, phones: Sequence[str]) -> Mapping[str, Handed]:  # noqa: ARG002
        self.meanwhile()
        raise GatewayTemporary("busy")


@pytest.mark.parametrize(("end", "goes_on"), [(campaigns.pause, True), (campaigns.cancel, False)])
def test_a_text_in_the_gateways_hands_is_not_tried_again_once_its_campaign_is_stopped(
    rt: Runtime, end: Callable[[Runtime, str, str], int], goes_on: bool
) -> None:
    many_members(rt, 1)
    name = a_started_campaign(rt)
    campaign_sending.release(rt)
    busy = replace(rt, messaging={"console": Refusing(lambda: end(rt, name, ME))})
    relay(busy, "campaigns", lambda _seconds: None)
    clock_of(rt).forward(minutes=20)
    relay(rt, "campaigns", lambda _seconds: None)
    assert rows(rt, "SELECT state FROM outbox") == [{"state": "expired"}]
    if goes_on:
        campaigns.resume(rt, name, ME)
        campaign_sending.release(rt)
        assert rows(rt, "SELECT state FROM outbox") == [{"state": "waiting"}]


def test_who_made_started_and_paused_it_is_kept(rt: Runtime) -> None:
    name = a_campaign(rt)
    campaigns.start(rt, name, "ani@kantor.id")
    campaigns.pause(rt, name, "budi@kantor.id")
    done = [(what, by) for _, what, by in campaign_results.progress(rt, name).events]
    assert done == [("made", ME), ("started", "ani@kantor.id"), ("paused", "budi@kantor.id")]


def test_whatever_is_done_with_a_campaign_enters_the_audit_log_with_it_or_not_at_all(rt: Runtime) -> None:
    name = a_campaign(rt)
    for act in (campaigns.start, campaigns.pause, campaigns.resume, campaigns.cancel):
        act(rt, name, ME, "10.0.0.1")
    campaigns.try_out(rt, name, [SITI], ME)
    one_transaction = "SELECT a.* FROM audit_log a JOIN campaign_events e ON e.xmin::text = a.xmin::text ORDER BY a.id"
    found = rows(rt, one_transaction)
    assert [(row["kind"], row["address"]) for row in found] == [
        ("campaign.made", ""),
        ("campaign.start", "10.0.0.1"),
        ("campaign.pause", "10.0.0.1"),
        ("campaign.resume", "10.0.0.1"),
        ("campaign.cancel", "10.0.0.1"),
        ("campaign.tested", ""),
    ]
    assert {(row["what"], row["by_whom"]) for row in found} == {("campaign tahu", ME)}


def test_what_was_refused_is_not_in_the_audit_log(rt: Runtime) -> None:
    name = a_campaign(rt)
    with pytest.raises(NotAllowedNow):
        campaigns.pause(rt, name, ME)
    assert rows(rt, "SELECT kind FROM audit_log") == [{"kind": "campaign.made"}]


# ---- how far, and what came of it ----


def test_progress_tells_the_rate_and_the_time_left(rt: Runtime) -> None:
    many_members(rt, 4_000)
    name = a_started_campaign(rt)
    campaign_sending.release(rt)
    clock_of(rt).forward(seconds=60)
    found = campaign_results.progress(rt, name)
    assert (found.had_turn, found.waiting, dict(found.texts)) == (3_000, 1_000, {"waiting": 3_000})
    assert found.rate == pytest.approx(50)
    assert found.seconds_left == pytest.approx(20)


def test_a_campaign_is_done_when_everybody_had_their_turn_and_nothing_waits(rt: Runtime) -> None:
    many_members(rt, 3)
    name = a_started_campaign(rt)
    campaign_sending.release(rt)
    campaign_sending.release(rt)
    assert campaigns.find(rt, name).state == "started"
    execute(rt, "UPDATE outbox SET state = 'delivered'")
    campaign_sending.release(rt)
    assert campaigns.find(rt, name).state == "done"


def test_results_compare_who_paid_with_the_held_out(rt: Runtime) -> None:
    many_members(rt, 200)
    name = a_started_campaign(rt, hold_out=50)
    campaign_sending.release(rt)
    paid = (
        "INSERT INTO contribution_months (member_id, month, package, wage, amount, order_id, state, received_at) "
        "SELECT member_id, '2026-11-01', 'jkk_jkm', 1000000, 8400, 'SRT', 'received', CAST(:at AS timestamptz) "
        "FROM (SELECT member_id FROM campaign_people WHERE (variant IS NULL) = :held_out ORDER BY member_id "
        "OFFSET :skip LIMIT :most) p"
    )
    now = rt.clock()
    execute(rt, paid, at=now + timedelta(days=1), held_out=False, skip=0, most=30)
    execute(rt, paid, at=now + timedelta(days=8), held_out=False, skip=30, most=10)
    execute(rt, paid, at=now - timedelta(days=1), held_out=False, skip=40, most=10)
    execute(rt, paid, at=now + timedelta(days=2), held_out=True, skip=0, most=5)
    with rt.db.begin() as connection:
        one = rows(rt, "SELECT phone FROM campaign_people WHERE variant = 'A' LIMIT 1")[0]["phone"]
        stops.stop(connection, one, stops.EDUCATION, "sms", "m1", now + timedelta(days=1))
    found = campaign_results.results(rt, name, 7)
    (came,) = found.variants
    assert (came.paid.did, came.opted_out.did, found.held_out.did) == (30, 1, 5)
    assert came.paid.of + found.held_out.of == 200
    assert found.complete_at == now + timedelta(days=7)


def test_what_somebody_else_on_the_same_phone_pays_counts(rt: Runtime) -> None:
    a_member(rt, phone=SITI, nik=a_nik(1))
    name = a_started_campaign(rt)
    campaign_sending.release(rt)
    clock_of(rt).forward(days=1)
    a_paid_member(rt, phone=SITI, nik=a_nik(2))
    assert campaign_results.results(rt, name, 7).variants[0].paid.did == 1


# ---- what a member may ask ----


def test_what_a_campaign_knows_of_a_member_is_told_to_them_and_forgotten_with_them(rt: Runtime) -> None:
    member = a_member(rt, phone=SITI)
    a_started_campaign(rt)
    campaign_sending.release(rt)
    (told,) = rights.export(rt, member.id)["campaigns"]
    assert (told["name"], told["variant"], told["state"]) == ("tahu", "A", "released")
    with rt.db.begin() as connection:
        rights.leave(rt, connection, member.id, "office", ME)
    rights.erase(rt, member.id, ME)
    assert rows(rt, "SELECT phone FROM campaign_people") == [{"phone": f"erased:{member.id}"}]
    assert rows(rt, "SELECT province FROM members") == [{"province": None}]
    assert [row["key"] for row in rows(rt, "SELECT key FROM outbox WHERE strpos(key, '8120000000') > 0")] == []


def test_who_asked_to_be_taught_is_told_so_and_forgotten_when_they_go(rt: Runtime) -> None:
    with rt.db.begin() as connection:
        education.begin(rt, connection, SITI, "id", "sms", "m1")
    member = a_member(rt, phone=SITI)
    assert rights.export(rt, member.id)["education"][0]["text"] == "INFO"
    with rt.db.begin() as connection:
        rights.leave(rt, connection, member.id, "office", ME)
    rights.erase(rt, member.id, ME)
    assert count(rt, "contacts") == 0


# ---- what may change meanwhile ----


def test_what_was_tried_is_sent_whatever_is_published_meanwhile(rt: Runtime) -> None:
    many_members(rt, 1)
    name = a_started_campaign(rt, segment={"packages": ["jkk_jkm"]})
    changed = shipped("messages").replace('id: "Stop: balas BERHENTI"', 'id: "Tidak mau lagi? Balas BERHENTI"')
    publishing.publish(rt, "messages", {"messages.yaml": changed}, by="test")
    rt.compiled.clear()
    campaign_sending.release(rt)
    assert texts(rt)[0].endswith("Info *777# Stop: balas BERHENTI")
    assert campaigns.find(rt, name).known["ways_out"]["id"] == "Stop: balas BERHENTI"


def test_two_campaigns_share_the_room_on_the_way(rt: Runtime) -> None:
    many_members(rt, 2_000)
    for name in ("satu", "dua"):
        a_started_campaign(rt, name=name)
    assert campaign_sending.release(rt) == 3_000
    found = rows(rt, "SELECT message, count(*) AS n FROM outbox GROUP BY message ORDER BY message")
    assert [(row["message"], row["n"]) for row in found] == [("campaign:1:A", 1_500), ("campaign:2:A", 1_500)]
