"""A draft is made, read, gone back in, put away; who else has it open is known."""

from __future__ import annotations

import pytest

from tests.builders import rows
from tests.conftest import clock_of
from tests.drafting import ANI, EDI, QUIZ, a_draft, a_draft_of_what_is_live, conflict, edit, replaced, save, saved
from ussd_app.errors import NotAllowedNow, NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import drafts, publishing


def test_a_draft_begins_with_what_is_live(rt: Runtime) -> None:
    opened = drafts.read(rt, a_draft_of_what_is_live(rt).id)
    assert opened.files == QUIZ
    assert (opened.draft.based_on, opened.revision.by, opened.moved_on) == (1, EDI, False)


def test_there_is_no_draft_of_what_was_never_published(rt: Runtime) -> None:
    with pytest.raises(NotPublished):
        drafts.create(rt, "nothing", by=EDI)


def test_a_new_document_begins_as_a_draft_without_a_version(rt: Runtime) -> None:
    made = drafts.create_new(rt, "quiz", QUIZ, by=EDI)
    assert made.based_on is None
    assert drafts.read(rt, made.id).files == QUIZ


def test_a_new_document_does_not_take_the_name_of_a_published_one(rt: Runtime) -> None:
    with pytest.raises(NotAllowedNow, match="is published"):
        drafts.create_new(rt, "main", QUIZ, by=EDI)


def test_a_draft_may_be_broken(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, {"quiz.yaml": "menu: [\n"}))
    assert drafts.read(rt, draft.id).files == {"quiz.yaml": "menu: [\n"}


@pytest.mark.parametrize("file", ["../quiz.yaml", "quiz.txt", "Quiz.yaml", ""])
def test_a_file_that_no_document_can_have_is_refused(rt: Runtime, file: str) -> None:
    with pytest.raises(NotAllowedNow, match="is called like"):
        save(rt, a_draft(rt), 1, {file: "menu: quiz\n"})


def test_what_is_no_text_is_refused(rt: Runtime) -> None:
    with pytest.raises(NotAllowedNow, match="no text"):
        save(rt, a_draft(rt), 1, {"quiz.yaml": "menu: \0\n"})


def test_more_than_any_document_takes_is_refused(rt: Runtime) -> None:
    with pytest.raises(NotAllowedNow, match="more than 2,000,000"):
        save(rt, a_draft(rt), 1, {"quiz.yaml": "x" * 2_000_001})


def test_a_draft_knows_when_another_version_went_live(rt: Runtime) -> None:
    draft = a_draft_of_what_is_live(rt)
    publishing.publish(rt, "quiz", replaced("Kuis", "Tanya"), by=ANI)
    assert drafts.read(rt, draft.id).moved_on


def test_open_drafts_stand_with_who_saved_them_last_and_the_newest_first(rt: Runtime) -> None:
    first, second = a_draft(rt), drafts.create(rt, "rates", by=ANI)
    saved(save(rt, first, 1, replaced("Kuis", "Tanya"), by=ANI))
    assert [(draft.id, newest.by) for draft, newest in drafts.open_ones(rt)] == [(first.id, ANI), (second.id, ANI)]


def test_every_revision_is_kept_with_its_author_and_stands_in_the_list(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, replaced("Kuis", "Tanya"), by=ANI))
    assert [(one.number, one.by, one.parent) for one in drafts.revisions(rt, draft.id)] == [(2, ANI, 1), (1, EDI, None)]
    assert drafts.read(rt, draft.id, 1).files == QUIZ


def test_the_same_text_is_kept_once_however_many_revisions_have_it(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, replaced("Kuis", "Tanya")))
    assert rows(rt, "SELECT count(*) AS n FROM draft_texts") == [{"n": 3}]


# ---- undo ----


def test_undoing_brings_back_what_was_before_and_redoing_what_was_undone(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, replaced("Kuis", "Tanya")))
    undone = drafts.undo(rt, draft.id, revision=2)
    assert (undone.files, undone.can_undo, undone.can_redo) == (QUIZ, False, True)
    again = drafts.redo(rt, draft.id, revision=1)
    assert (again.files, again.can_undo, again.can_redo) == (replaced("Kuis", "Tanya"), True, False)


def test_what_is_saved_after_undoing_is_undone_to_the_same_place(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, replaced("Kuis", "Tanya")))
    drafts.undo(rt, draft.id, revision=2)
    assert saved(save(rt, draft, 1, replaced("Kuis", "Jawab"))) == 3
    assert drafts.undo(rt, draft.id, revision=3).files == QUIZ
    assert drafts.redo(rt, draft.id, revision=1).files == replaced("Kuis", "Jawab")


def test_what_was_undone_is_still_there(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, replaced("Kuis", "Tanya")))
    drafts.undo(rt, draft.id, revision=2)
    assert drafts.read(rt, draft.id, 2).files == replaced("Kuis", "Tanya")


def test_nobody_undoes_what_somebody_else_has_just_saved(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, replaced("Kuis", "Tanya"), by=ANI))
    with pytest.raises(NotAllowedNow, match="somebody has saved since"):
        drafts.undo(rt, draft.id, revision=1)


def test_the_beginning_is_not_undone(rt: Runtime) -> None:
    with pytest.raises(NotAllowedNow, match="nothing to undo"):
        drafts.undo(rt, a_draft(rt).id, revision=1)


def test_what_was_kept_aside_is_never_redone(rt: Runtime) -> None:
    draft = a_draft(rt)
    saved(save(rt, draft, 1, replaced("Kuis", "Tanya"), by=ANI))
    conflict(save(rt, draft, 1, replaced("Kuis", "Jawab")))
    drafts.undo(rt, draft.id, revision=2)
    assert drafts.redo(rt, draft.id, revision=1).files == replaced("Kuis", "Tanya")


# ---- put away ----


def test_nobody_saves_into_a_draft_that_was_put_away(rt: Runtime) -> None:
    draft = a_draft(rt)
    drafts.discard(rt, draft.id, by=EDI)
    with pytest.raises(NotAllowedNow, match="was discarded"):
        edit(rt, draft, 1, edit="set_word", word="back", language="id", text="x")
    assert drafts.open_ones(rt) == []


def test_making_and_putting_away_a_draft_is_in_the_audit_log(rt: Runtime) -> None:
    draft = a_draft(rt)
    drafts.discard(rt, draft.id, by=ANI, address="10.0.0.1")
    assert rows(rt, "SELECT by_whom, kind, what FROM audit_log ORDER BY id") == [
        {"by_whom": EDI, "kind": "draft.made", "what": f"quiz {draft.id}"},
        {"by_whom": ANI, "kind": "draft.discarded", "what": f"quiz {draft.id}"},
    ]


# ---- who is there ----


def test_who_else_has_a_draft_open_is_known_with_the_place_they_look_at(rt: Runtime) -> None:
    draft = a_draft(rt)
    assert drafts.here(rt, draft.id, who=EDI, place="first") == []
    assert [(other.who, other.place) for other in drafts.here(rt, draft.id, who=ANI)] == [(EDI, "first")]


def test_whoever_gives_no_sign_for_half_a_minute_is_gone(rt: Runtime) -> None:
    draft = a_draft(rt)
    drafts.here(rt, draft.id, who=EDI)
    clock_of(rt).forward(seconds=30)
    assert drafts.here(rt, draft.id, who=ANI) == []


def test_whoever_closes_a_draft_is_gone_at_once(rt: Runtime) -> None:
    draft = a_draft(rt)
    drafts.here(rt, draft.id, who=EDI)
    drafts.gone(rt, draft.id, who=EDI)
    assert drafts.here(rt, draft.id, who=ANI) == []
