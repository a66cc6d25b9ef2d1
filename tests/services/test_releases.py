"""A draft goes out: proved, by somebody else than who wrote it, at once or at its time; or not, and with a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import a_keypress, rows
from tests.conftest import clock_of
from tests.drafting import ANI, EDI, PUBLISHER, a_draft, a_draft_of_what_is_live, proved, replaced, save, saved
from ussd_app.errors import MenuProblems, NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import dialing, draft_saving, drafts, proving, publishing, releases
from ussd_app.storage.drafts import Draft
from ussd_app.storage.releases import Release

TITLE = replaced("Kuis", "Tanya")


@pytest.fixture
def ready(rt: Runtime) -> Draft:
    """A new menu that EDI has written, and that is proved."""
    draft = a_draft(rt)
    proved(rt, draft, 1)
    return draft


@pytest.fixture
def changed(rt: Runtime) -> Draft:
    """A draft of what is live, in which EDI has changed the title; proved."""
    draft = a_draft_of_what_is_live(rt, by=ANI)
    saved(save(rt, draft, 1, TITLE))
    proved(rt, draft, 2)
    return draft


def publish(rt: Runtime, draft: Draft, revision: int = 1, *, by: str = PUBLISHER, in_minutes: int = 0) -> Release:
    at = rt.clock() + timedelta(minutes=in_minutes) if in_minutes else None
    return releases.publish(rt, draft.id, revision=revision, by=by, comment="new words", at=at)


def reason(rt: Runtime, draft: Draft, revision: int = 1, *, by: str = PUBLISHER, in_minutes: int = 0) -> str:
    with pytest.raises(NotAllowedNow) as refused:
        publish(rt, draft, revision, by=by, in_minutes=in_minutes)
    return refused.value.reason


def first_screen(rt: Runtime, session: str) -> str:
    return dialing.press(rt, a_keypress("", code="*778#", session=session)).text.splitlines()[0]


# ---- at once ----


def test_a_published_draft_is_what_a_new_dial_sees(rt: Runtime, changed: Draft) -> None:
    assert first_screen(rt, "before") == "Kuis"
    made = publish(rt, changed, 2)
    assert (made.state, made.version, list(made.authors), made.by) == ("published", 2, [EDI], PUBLISHER)
    assert first_screen(rt, "after") == "Tanya"


def test_who_is_in_the_middle_of_a_dialogue_finishes_on_the_old_version(rt: Runtime, changed: Draft) -> None:
    first_screen(rt, "old")
    publish(rt, changed, 2)
    dialing.press(rt, a_keypress("1", code="*778#", session="old"))
    assert dialing.press(rt, a_keypress("1*1", code="*778#", session="old")).text.startswith("Kuis")


def test_a_published_draft_is_closed(rt: Runtime, ready: Draft) -> None:
    publish(rt, ready)
    with pytest.raises(NotAllowedNow, match="was published"):
        save(rt, ready, 1, TITLE)


def test_publishing_is_in_the_audit_log(rt: Runtime, ready: Draft) -> None:
    publish(rt, ready)
    kinds = rows(rt, "SELECT by_whom, kind FROM audit_log WHERE kind LIKE 'menu.%' ORDER BY id")
    assert kinds == [{"by_whom": PUBLISHER, "kind": f"menu.{done}"} for done in ("planned", "published")]


def test_the_history_tells_who_edited_and_who_published_each_version(rt: Runtime, changed: Draft) -> None:
    publish(rt, changed, 2)
    told = [(one.version, one.by, list(one.authors), one.comment, one.live) for one in releases.history(rt, "quiz")]
    assert told == [(2, PUBLISHER, [EDI], "new words", True), (1, "import", [], "", False)]


def test_rolling_back_makes_the_old_version_the_newest_and_is_in_the_audit_log(rt: Runtime, changed: Draft) -> None:
    publish(rt, changed, 2)
    assert releases.roll_back(rt, "quiz", 1, by=ANI) == 3
    assert first_screen(rt, "after") == "Kuis"
    assert rows(rt, "SELECT before, after FROM audit_log WHERE kind = 'menu.rolled_back'") == [
        {"before": {"version": 2}, "after": {"version": 3, "same_as": 1}}
    ]


# ---- not at all ----


def test_who_has_edited_a_draft_does_not_publish_it(rt: Runtime, ready: Draft) -> None:
    assert reason(rt, ready, by=EDI) == "own_work"


def test_who_has_edited_only_a_little_of_it_does_not_publish_it_either(rt: Runtime, ready: Draft) -> None:
    saved(save(rt, ready, 1, TITLE, by=PUBLISHER))
    proved(rt, ready, 2)
    assert reason(rt, ready, 2) == "own_work"


def test_whoever_only_made_the_draft_of_a_version_may_publish_what_others_edited(rt: Runtime, changed: Draft) -> None:
    assert publish(rt, changed, 2, by=ANI).state == "published"


def test_what_somebody_has_undone_is_not_their_work_in_it(rt: Runtime, ready: Draft) -> None:
    saved(save(rt, ready, 1, TITLE, by=PUBLISHER))
    drafts.undo(rt, ready.id, revision=2)
    assert publish(rt, ready).state == "published"


def test_taking_in_what_is_live_makes_nobody_an_author(rt: Runtime, changed: Draft) -> None:
    publishing.publish(rt, "quiz", replaced("Lagi?", "Sekali lagi?"), by=ANI)
    revision = saved(draft_saving.bring_up(rt, changed.id, by=PUBLISHER, key="up"))
    proved(rt, changed, revision)
    assert list(publish(rt, changed, revision).authors) == [EDI]


def test_with_the_setting_somebody_publishes_their_own_work(rt: Runtime, ready: Draft) -> None:
    alone = replace(rt, settings=rt.settings.model_copy(update={"publish_alone": True}))
    assert publish(alone, ready, by=EDI).state == "published"


def test_a_draft_that_is_not_proved_is_not_published(rt: Runtime) -> None:
    assert reason(rt, a_draft(rt)) == "not_proved"


def test_a_draft_with_errors_is_refused_with_all_of_them(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, replaced("go: second", "go: nowhere")))
    with pytest.raises(MenuProblems, match="nowhere"):
        publish(rt, draft, 2)


def test_a_draft_that_somebody_has_saved_since_is_not_published(rt: Runtime, ready: Draft) -> None:
    saved(save(rt, ready, 1, TITLE))
    assert reason(rt, ready) == "saved_since"


def test_a_draft_is_not_published_over_a_version_it_does_not_know(rt: Runtime, changed: Draft) -> None:
    publishing.publish(rt, "quiz", replaced("Lagi?", "Sekali lagi?"), by=ANI)
    assert reason(rt, changed, 2) == "moved_on"


def test_nothing_is_published_without_a_comment(rt: Runtime, ready: Draft) -> None:
    with pytest.raises(NotAllowedNow, match="say in a comment"):
        releases.publish(rt, ready.id, revision=1, by=PUBLISHER, comment=" ")


# ---- at a time ----


def test_a_planned_draft_goes_out_at_its_time_and_not_before(rt: Runtime, changed: Draft) -> None:
    planned = publish(rt, changed, 2, in_minutes=10)
    assert (planned.state, [one.id for one in releases.planned(rt)]) == ("planned", [planned.id])
    clock_of(rt).forward(minutes=9)
    assert releases.publish_due(rt) == 0
    clock_of(rt).forward(minutes=1)
    assert releases.publish_due(rt) == 1
    assert first_screen(rt, "after") == "Tanya"


def test_a_planned_draft_goes_out_once(rt: Runtime, ready: Draft) -> None:
    publish(rt, ready, in_minutes=1)
    clock_of(rt).forward(minutes=2)
    assert [releases.publish_due(rt), releases.publish_due(rt)] == [1, 0]


def test_a_planned_draft_is_refused_when_another_version_went_live_and_the_desk_tells_of_it(
    rt: Runtime, changed: Draft
) -> None:
    planned = publish(rt, changed, 2, in_minutes=10)
    publishing.publish(rt, "quiz", replaced("Lagi?", "Sekali lagi?"), by=ANI)
    clock_of(rt).forward(minutes=10)
    assert releases.publish_due(rt) == 0
    (refused,) = releases.refused(rt)
    assert (refused.id, refused.state) == (planned.id, "refused")
    assert "version 2 was published since" in refused.why
    releases.see(rt, refused.id, who=ANI)
    assert releases.refused(rt) == []


def test_a_planned_draft_is_refused_when_somebody_has_edited_it_since(rt: Runtime, ready: Draft) -> None:
    publish(rt, ready, in_minutes=10)
    saved(save(rt, ready, 1, TITLE))
    clock_of(rt).forward(minutes=10)
    releases.publish_due(rt)
    assert "somebody has saved since" in releases.refused(rt)[0].why


def test_a_planned_draft_whose_proof_fails_meanwhile_is_refused(rt: Runtime, ready: Draft) -> None:
    publish(rt, ready, in_minutes=10)
    with rt.db.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE menu_proofs SET state = 'faulty', found = jsonb_set(found, '{faults}', '[\"it is wrong\"]')"
        )
    clock_of(rt).forward(minutes=10)
    releases.publish_due(rt)
    assert "it is wrong" in releases.refused(rt)[0].why


def test_a_planned_draft_whose_proof_holds_no_more_is_proved_anew_before_it_goes_out(rt: Runtime, ready: Draft) -> None:
    publish(rt, ready, in_minutes=10)
    with rt.db.begin() as connection:
        connection.exec_driver_sql("UPDATE menu_proofs SET digest = 'of a service that knew other words'")
    clock_of(rt).forward(minutes=10)
    assert (releases.publish_due(rt), releases.refused(rt)) == (0, [])
    proved(rt, ready, 1)
    assert releases.publish_due(rt) == 1


def test_what_is_planned_can_be_cancelled(rt: Runtime, ready: Draft) -> None:
    planned = publish(rt, ready, in_minutes=10)
    releases.cancel(rt, planned.id, by=ANI)
    clock_of(rt).forward(minutes=10)
    assert (releases.publish_due(rt), releases.planned(rt)) == (0, [])
    with pytest.raises(NotAllowedNow, match="not planned any more"):
        releases.cancel(rt, planned.id, by=ANI)


def test_a_draft_is_planned_once(rt: Runtime, ready: Draft) -> None:
    publish(rt, ready, in_minutes=10)
    assert reason(rt, ready, in_minutes=20) == "planned_already"


def test_nothing_is_planned_for_a_moment_that_is_over(rt: Runtime, ready: Draft) -> None:
    assert reason(rt, ready, in_minutes=-1) == "in_the_past"


def test_what_is_no_menu_is_published_without_a_proof(rt: Runtime) -> None:
    draft = drafts.create(rt, "holidays", by=ANI)
    saved(save(rt, draft, 1, {"holidays.yaml": "holidays:\n  - 2027-01-01\n"}))
    assert proving.standing(rt, draft.id, 2).state == "unneeded"
    assert publish(rt, draft, 2).version == 2
