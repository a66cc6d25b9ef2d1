"""Figures about everybody are worked out by jobs: once at a time, again when one is killed, told when they cannot."""

from __future__ import annotations

import pytest

from tests.builders import execute, rows
from tests.campaigns import a_campaign, many_members
from tests.conftest import clock_of
from tests.work import work
from ussd_app import queues
from ussd_app.engine.campaign_file import Segment
from ussd_app.runtime import Runtime
from ussd_app.services import campaigns, reckoning, segment_counts
from ussd_app.services.campaign_writing import Condition, possible, segment_of
from ussd_app.storage.reckonings import MOST_TRIES

KIND = "campaign_dry_run"


def state(rt: Runtime) -> str:
    """How the only reckoning stands."""
    return str(rows(rt, "SELECT state FROM reckonings")[0]["state"])


def test_what_was_asked_for_twice_is_worked_out_once(rt: Runtime) -> None:
    a_campaign(rt)
    reckoning.ask(rt, KIND, "tahu")
    reckoning.ask(rt, KIND, "tahu")
    assert rt.queues.length(queues.HOUSEKEEPING) == 1
    work(rt)
    assert state(rt) == "done"


def test_what_a_killed_job_left_is_found_by_the_sweep(rt: Runtime) -> None:
    a_campaign(rt)
    reckoning.ask(rt, KIND, "tahu")
    rt.redis.flushall()
    execute(rt, "UPDATE reckonings SET state = 'running'")
    clock_of(rt).forward(minutes=3)
    rt.queues.enqueue(queues.SWEEP_RECKONINGS)
    work(rt)
    assert state(rt) == "done"


def test_what_somebody_works_on_is_not_begun_by_another_job(rt: Runtime) -> None:
    a_campaign(rt)
    reckoning.ask(rt, KIND, "tahu")
    execute(rt, "UPDATE reckonings SET state = 'running', part = 3")
    work(rt)
    assert rows(rt, "SELECT state, part FROM reckonings") == [{"state": "running", "part": 3}]


def test_what_was_begun_again_and_again_in_vain_is_given_up(rt: Runtime) -> None:
    a_campaign(rt)
    reckoning.ask(rt, KIND, "tahu")
    execute(rt, "UPDATE reckonings SET state = 'running', tries = :most", most=MOST_TRIES)
    clock_of(rt).forward(minutes=3)
    reckoning.run(rt, 1)
    assert state(rt) == "failed"


def test_what_cannot_be_worked_out_says_why_and_keeps_what_was_found(rt: Runtime) -> None:
    reckoning.ask(rt, KIND, "nobody")
    execute(rt, """UPDATE reckonings SET found = '{"people": 1}', found_at = now()""")
    work(rt)
    assert rows(rt, "SELECT state, why, found FROM reckonings") == [
        {"state": "failed", "why": "there is no campaign called nobody", "found": {"people": 1}}
    ]


def test_where_there_are_many_members_the_count_is_a_guess_that_is_near(rt: Runtime) -> None:
    many_members(rt, 9_000)
    many_members(rt, 3_000, language="jv", first=9_000)
    execute(rt, "ANALYZE members")
    found = segment_counts.count(rt, Segment(languages=("id",)))
    assert not found.exact
    assert abs(found.people - 9_000) <= max(found.around, 1) * 1.5 <= 3_000


def test_where_there_are_few_the_count_is_exact(rt: Runtime) -> None:
    many_members(rt, 300)
    assert segment_counts.count(rt, Segment()) == segment_counts.Counted(300, exact=True)


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (Condition("languages", "in", ("id", "xx")), {"languages": ("id",)}),
        (Condition("languages", "not_in", ("id", "en")), {"languages": ("jv", "su")}),
        (Condition("sponsor", "no"), {"sponsor": False}),
    ],
)
def test_a_condition_becomes_a_part_of_the_segment(rt: Runtime, condition: Condition, told: dict[str, object]) -> None:
    assert segment_of([condition], possible(campaigns.known(rt))).model_dump(exclude_defaults=True) == told
