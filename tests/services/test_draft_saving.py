"""Two people save at once, the same save comes twice, the network drops: nothing is lost or written over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.builders import count, rows
from tests.drafting import ANI, EDI, QUIZ, a_draft, a_draft_of_what_is_live, conflict, edit, replaced, save, saved
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import draft_saving, drafts, publishing
from ussd_app.services.draft_saving import Saved
from ussd_app.services.merging import Place

TITLE, QUESTION = replaced("Kuis", "Tanya"), replaced("Lagi?", "Sekali lagi?")
BOTH = replaced("Lagi?", "Sekali lagi?", TITLE)
FIRST, SECOND = Place("quiz.yaml", "screens", "first"), Place("quiz.yaml", "screens", "second")


def files(rt: Runtime, draft_id: int, revision: int | None = None) -> dict[str, str]:
    return dict(drafts.read(rt, draft_id, revision).files)


def test_the_same_save_sent_twice_is_one_revision(rt: Runtime) -> None:
    draft = a_draft(rt)
    assert [saved(save(rt, draft, 1, TITLE, key="once")) for _ in range(2)] == [2, 2]
    assert count(rt, "draft_revisions") == 2


def test_the_same_save_sent_again_after_others_is_still_the_one_it_was(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, TITLE, key="once"))
    saved(save(rt, draft, 2, BOTH, by=ANI))
    assert saved(save(rt, draft, 1, TITLE, key="once")) == 2
    assert files(rt, draft.id) == BOTH


def test_saving_what_is_there_already_makes_no_revision(rt: Runtime) -> None:
    draft = a_draft(rt)
    assert saved(save(rt, draft, 1, QUIZ)) == 1


def test_a_save_that_comes_too_late_overwrites_nothing_and_is_kept(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, TITLE, by=ANI))
    late = conflict(save(rt, draft, 1, QUESTION))
    assert files(rt, draft.id) == TITLE
    assert files(rt, draft.id, late.yours) == QUESTION


def test_a_conflict_tells_who_when_and_what_differs(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, TITLE, by=ANI))
    at = rt.clock()
    late = conflict(save(rt, draft, 1, replaced("Kuis", "Jawab", QUESTION)))
    assert (late.theirs.by, late.theirs.at, late.theirs.number) == (ANI, at, 2)
    assert (late.theirs_changed, late.yours_changed, late.both) == ([FIRST], [FIRST, SECOND], [FIRST])


def test_a_save_that_came_too_late_is_the_same_conflict_when_it_is_sent_again(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, TITLE, by=ANI))
    assert [conflict(save(rt, draft, 1, QUESTION, key="late")).yours for _ in range(2)] == [3, 3]


def test_changes_in_different_places_are_put_together(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, TITLE, by=ANI))
    late = conflict(save(rt, draft, 1, QUESTION))
    saved(draft_saving.take_in(rt, draft.id, late.yours, by=EDI, key="together"))
    assert files(rt, draft.id) == BOTH


def test_what_both_have_changed_is_not_put_together_by_itself(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, TITLE, by=ANI))
    late = conflict(save(rt, draft, 1, replaced("Kuis", "Jawab")))
    with pytest.raises(NotAllowedNow, match="both have changed first"):
        draft_saving.take_in(rt, draft.id, late.yours, by=EDI, key="together")


def test_whoever_came_too_late_may_let_theirs_count_and_the_other_one_stays(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, TITLE, by=ANI))
    late = conflict(save(rt, draft, 1, replaced("Kuis", "Jawab")))
    saved(draft_saving.take_in(rt, draft.id, late.yours, by=EDI, key="mine", over=True))
    assert files(rt, draft.id) == replaced("Kuis", "Jawab")
    assert files(rt, draft.id, 2) == TITLE


def test_edits_of_two_people_on_different_screens_both_count(rt: Runtime) -> None:
    draft = a_draft(rt)
    told = {"edit": "set_text", "at": "text", "language": "id"}
    saved(edit(rt, draft, 1, by=ANI, **told, screen="first", text="Tanya"))
    saved(edit(rt, draft, 1, **told, screen="second", text="Sekali lagi?"))
    assert files(rt, draft.id) == BOTH


def test_edits_of_two_people_on_the_same_screen_are_a_conflict(rt: Runtime) -> None:
    draft = a_draft(rt)
    told = {"edit": "set_text", "at": "text", "language": "id", "screen": "first"}
    saved(edit(rt, draft, 1, by=ANI, **told, text="Tanya"))
    late = conflict(edit(rt, draft, 1, **told, text="Jawab"))
    assert late.both == [FIRST]
    assert files(rt, draft.id, late.yours) == replaced("Kuis", "Jawab")


def test_the_same_edit_sent_twice_is_made_once(rt: Runtime) -> None:
    draft = a_draft(rt)
    told = {"edit": "delete_choice", "screen": "first", "key": "1"}
    assert [saved(edit(rt, draft, 1, sent="once", **told)) for _ in range(2)] == [2, 2]


def test_of_many_who_save_at_once_one_counts_and_everything_is_kept(rt: Runtime) -> None:
    draft = a_draft(rt)

    def one(number: int) -> bool:
        made = replaced("Kuis", f"Kuis {number}")
        by, key = f"e{number}@example.org", f"at once {number}"
        return isinstance(draft_saving.save(rt, draft.id, revision=1, files=made, by=by, key=key), Saved)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(one, range(8))) == 1
    assert rows(rt, "SELECT count(*) AS n, count(*) FILTER (WHERE aside) AS late FROM draft_revisions") == [
        {"n": 9, "late": 7}
    ]


def test_a_save_that_breaks_off_leaves_the_draft_as_it_was(rt: Runtime) -> None:
    draft = a_draft(rt)
    with rt.db.connect() as connection:  # the machine goes down before the commit
        draft_saving.save_in(rt, connection, draft.id, 1, TITLE, by=EDI, key="cut", what="")
    assert files(rt, draft.id) == QUIZ
    assert saved(save(rt, draft, 1, TITLE, key="cut")) == 2


def test_an_old_revision_counts_again_as_a_new_one(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, TITLE))
    assert saved(draft_saving.restore(rt, draft.id, 1, by=ANI, key="back")) == 3
    assert files(rt, draft.id) == QUIZ


def test_what_went_live_meanwhile_is_taken_in(rt: Runtime) -> None:
    draft = a_draft_of_what_is_live(rt)
    saved(save(rt, draft, 1, QUESTION))
    publishing.publish(rt, "quiz", TITLE, by=ANI)
    saved(draft_saving.bring_up(rt, draft.id, by=EDI, key="up"))
    opened = drafts.read(rt, draft.id)
    assert (dict(opened.files), opened.draft.based_on, opened.moved_on) == (BOTH, 2, False)


def test_what_went_live_in_the_same_place_is_not_taken_in_by_itself(rt: Runtime) -> None:
    draft = a_draft_of_what_is_live(rt)
    saved(save(rt, draft, 1, replaced("Kuis", "Jawab")))
    publishing.publish(rt, "quiz", TITLE, by=ANI)
    with pytest.raises(NotAllowedNow, match="both have changed first"):
        draft_saving.bring_up(rt, draft.id, by=EDI, key="up")


def test_undoing_past_what_was_taken_in_is_based_on_the_old_version_again(rt: Runtime) -> None:
    draft = a_draft_of_what_is_live(rt)
    publishing.publish(rt, "quiz", TITLE, by=ANI)
    saved(draft_saving.bring_up(rt, draft.id, by=EDI, key="up"))
    assert drafts.undo(rt, draft.id, revision=2).draft.based_on == 1
