"""A draft is proved by a job of its own, once for the same contents, and tells how far it has come."""

from __future__ import annotations

from tests.builders import count, rows
from tests.conftest import clock_of
from tests.drafting import QUIZ, a_draft, proved, replaced, save, saved
from ussd_app import queues
from ussd_app.engine.prove import prove
from ussd_app.runtime import Runtime
from ussd_app.services import drafts, inspecting, proving
from ussd_app.services.words import VOCABULARY
from ussd_app.storage import menu_proofs


def jobs_waiting(rt: Runtime) -> int:
    return rt.queues.length(queues.HOUSEKEEPING)


def test_a_draft_that_nobody_had_proved_is_unasked(rt: Runtime) -> None:
    standing = proving.standing(rt, a_draft(rt).id, 1)
    assert (standing.state, standing.stands) == ("unasked", False)


def test_asking_queues_one_job_and_the_proof_waits(rt: Runtime) -> None:
    draft = a_draft(rt)
    assert proving.ask(rt, draft.id, 1).state == "waiting"
    assert jobs_waiting(rt) == 1


def test_a_proved_draft_tells_its_counts(rt: Runtime) -> None:
    standing = proved(rt, a_draft(rt), 1)
    assert (standing.state, standing.stands, standing.percent, standing.faults) == ("proved", True, 100, ())
    assert standing.proof is not None
    assert standing.proof.states == standing.walked > 3


def test_a_draft_that_does_not_compile_is_faulty_with_its_problems(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, replaced("go: second", "go: nowhere")))
    standing = proved(rt, draft, 2)
    assert (standing.state, standing.stands) == ("faulty", False)
    assert "there is no screen `nowhere`" in standing.faults[0]


def test_the_same_contents_are_proved_once_whichever_revision_has_them(rt: Runtime) -> None:
    draft = a_draft(rt)
    proved(rt, draft, 1)
    saved(save(rt, draft, 1, replaced("Kuis", "Tanya")))
    saved(save(rt, draft, 2, QUIZ))
    assert proving.standing(rt, draft.id, 3).state == "proved"
    assert proving.ask(rt, draft.id, 3).state == "proved"
    assert count(rt, "menu_proofs") == 1


def test_other_contents_need_another_proof(rt: Runtime) -> None:
    draft = a_draft(rt)
    proved(rt, draft, 1)
    saved(save(rt, draft, 1, replaced("Kuis", "Tanya")))
    assert proving.standing(rt, draft.id, 2).state == "unasked"


def test_what_is_no_menu_needs_no_proof(rt: Runtime) -> None:
    draft = drafts.create(rt, "holidays", by="e@example.org")
    assert proving.ask(rt, draft.id, 1).state == "unneeded"


def test_a_running_proof_tells_how_far_it_is_by_the_last_one(rt: Runtime) -> None:
    draft = a_draft(rt)
    states = proved(rt, draft, 1).walked
    saved(save(rt, draft, 1, replaced("Kuis", "Tanya")))
    proving.ask(rt, draft.id, 2)
    with rt.db.begin() as connection:
        taken = menu_proofs.take(connection, 2, rt.clock(), rt.clock())
        menu_proofs.beat(connection, 2, states // 2, rt.clock())
    assert taken is not None
    standing = proving.standing(rt, draft.id, 2)
    assert (standing.state, standing.percent) == ("running", 100 * (states // 2) // states)


def test_a_proof_that_runs_is_not_begun_a_second_time(rt: Runtime) -> None:
    proving.ask(rt, a_draft(rt).id, 1)
    with rt.db.begin() as connection:
        assert menu_proofs.take(connection, 1, rt.clock(), rt.clock() - proving.SILENT)
    proving.run(rt, 1)
    assert rows(rt, "SELECT state FROM menu_proofs") == [{"state": "running"}]


def test_a_proof_whose_worker_was_killed_is_found_and_made(rt: Runtime) -> None:
    draft = a_draft(rt)
    proving.ask(rt, draft.id, 1)
    with rt.db.begin() as connection:
        menu_proofs.take(connection, 1, rt.clock(), rt.clock())
    rt.redis.flushall()
    clock_of(rt).forward(seconds=31)
    proving.sweep(rt)
    assert jobs_waiting(rt) == 1
    proving.run(rt, 1)
    assert proving.standing(rt, draft.id, 1).state == "proved"


def test_a_proof_that_never_ends_is_given_up_and_begun_anew_when_somebody_asks_again(rt: Runtime) -> None:
    draft = a_draft(rt)
    proving.ask(rt, draft.id, 1)
    for _ in range(menu_proofs.MOST_TRIES):
        with rt.db.begin() as connection:
            assert menu_proofs.take(connection, 1, rt.clock(), rt.clock())
        clock_of(rt).forward(seconds=31)
    proving.run(rt, 1)
    standing = proving.standing(rt, draft.id, 1)
    assert (standing.state, standing.faults) == ("faulty", ("it was begun 3 times and never came to an end",))
    assert proving.ask(rt, draft.id, 1).state == "waiting"
    assert proved(rt, draft, 1).state == "proved"


def test_a_proof_that_just_began_is_left_alone_by_the_sweep(rt: Runtime) -> None:
    proving.ask(rt, a_draft(rt).id, 1)
    rt.redis.flushall()
    proving.sweep(rt)
    assert jobs_waiting(rt) == 0


def test_the_walk_tells_after_every_state_how_many_it_has_walked(rt: Runtime) -> None:

    menu = inspecting.inspect("quiz", QUIZ).menu
    assert menu is not None
    told: list[tuple[int, int]] = []
    found = prove(menu, VOCABULARY, lambda walked, waiting: told.append((walked, waiting)))
    assert [walked for walked, _ in told] == sorted(walked for walked, _ in told)
    assert told[-1][1] == 0
    assert told[-1][0] == found.states
