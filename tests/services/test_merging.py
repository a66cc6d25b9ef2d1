"""Changes of two people in different places are put together; nothing of either is lost."""

from __future__ import annotations

import pytest

from tests.drafting import QUIZ, replaced
from ussd_app.errors import NotAllowedNow
from ussd_app.services import edits, merging
from ussd_app.services.merging import Place

MINE = replaced("Kuis", "Tanya")


def test_a_screen_that_only_one_of_them_added_is_there_afterwards() -> None:
    edit = edits.edit_from({"edit": "add_screen", "screen": "prize", "text": "Sepeda", "after": "first"})
    theirs = edits.apply("quiz", QUIZ, edit)
    assert merging.merged(QUIZ, MINE, theirs) == edits.apply("quiz", MINE, edit)


def test_a_screen_that_only_one_of_them_deleted_is_gone() -> None:
    edit = edits.edit_from({"edit": "delete_screen", "screen": "second", "instead": "bye"})
    merged = merging.merged(QUIZ, replaced("Dag", "Daag"), edits.apply("quiz", QUIZ, edit))
    assert merged == edits.apply("quiz", replaced("Dag", "Daag"), edit)


def test_a_file_that_only_one_of_them_added_is_there() -> None:
    theirs = {**QUIZ, "quiz.jv.yaml": "menu: quiz\nlanguage: jv\n"}
    assert merging.merged(QUIZ, MINE, theirs) == {**MINE, "quiz.jv.yaml": "menu: quiz\nlanguage: jv\n"}


def test_what_both_changed_alike_is_no_conflict() -> None:
    assert merging.merged(QUIZ, MINE, MINE) == MINE


def test_a_changed_comment_is_never_lost_in_silence() -> None:
    theirs = replaced("# The question.", "# The last question.")
    with pytest.raises(NotAllowedNow, match=r"quiz\.yaml"):
        merging.merged(QUIZ, MINE, theirs)


def test_a_broken_file_of_one_is_in_the_way_of_every_change_of_the_other() -> None:
    theirs = {**QUIZ, "quiz.yaml": "menu: [\n"}
    assert merging.in_each_others_way(QUIZ, MINE, theirs) == [Place("quiz.yaml")]


def test_a_broken_file_of_one_is_taken_as_it_is_where_the_other_changed_nothing() -> None:
    theirs = {**QUIZ, "quiz.en.yaml": "menu: [\n"}
    assert merging.merged(QUIZ, MINE, theirs) == {**MINE, "quiz.en.yaml": "menu: [\n"}
