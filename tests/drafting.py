"""A small menu that is published, a draft of it, and two people who edit it: what the tests of drafts begin with."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count as counting
from typing import Any

from tests.conftest import clock_of
from ussd_app.runtime import Runtime
from ussd_app.services import draft_saving, drafts, edits, proving, publishing
from ussd_app.services.draft_saving import Conflict, Saved
from ussd_app.storage.drafts import Draft

EDI, ANI, PUBLISHER = "edi@example.org", "ani@example.org", "putu@example.org"
QUIZ = {
    "quiz.yaml": """\
# Edited by: admins.
menu: quiz
codes: ["*778#"]
languages: [id, en]
start: first
reasons: {choose: Pilih nomor.}
screens:
  first:
    text: Kuis
    choices:
      1: {label: Mulai, go: second}
      2: {label: Selesai, go: bye}

  # The question.
  second:
    text: Lagi?
    choices:
      1: {label: Ya, go: first}

  bye: {end: Dag}
""",
    "quiz.en.yaml": """\
# Edited by: admins.
menu: quiz
language: en
reasons: {choose: Choose a number.}
screens:
  first: {text: Quiz, choices: {1: Begin, 2: Stop}}
  second: {text: "Again?", choices: {1: "Yes"}}
  bye: {end: Bye}
""",
}
_KEYS = counting(1)


def a_draft(rt: Runtime, *, by: str = EDI, files: Mapping[str, str] = QUIZ) -> Draft:
    """Somebody makes the draft of a menu that was never published."""
    return drafts.create_new(rt, "quiz", files, by=by, title="a new menu")


def a_draft_of_what_is_live(rt: Runtime, *, by: str = EDI, files: Mapping[str, str] = QUIZ) -> Draft:
    """The quiz is published, and somebody makes a draft of it."""
    publishing.publish(rt, "quiz", files, by="import")
    return drafts.create(rt, "quiz", by=by, title="new words")


def replaced(old: str, new: str, files: Mapping[str, str] = QUIZ, file: str = "quiz.yaml") -> dict[str, str]:
    """The files with something else written in one of them."""
    assert old in files[file]
    return {**files, file: files[file].replace(old, new)}


def save(
    rt: Runtime, draft: Draft, revision: int, files: Mapping[str, str], *, by: str = EDI, key: str = ""
) -> Saved | Conflict:
    """A save, a second after the last one, with a key of its own unless one is given."""
    clock_of(rt).forward(seconds=1)
    return draft_saving.save(rt, draft.id, revision=revision, files=files, by=by, key=key or f"save {next(_KEYS)}")


def edit(rt: Runtime, draft: Draft, revision: int, *, by: str = EDI, sent: str = "", **told: Any) -> Saved | Conflict:
    """An edit of a form, with a key of its own."""
    made = [edits.edit_from(told)]
    return draft_saving.edit(rt, draft.id, revision=revision, made=made, by=by, key=sent or f"edit {next(_KEYS)}")


def saved(result: Saved | Conflict) -> int:
    """The revision of a save that must have counted."""
    assert isinstance(result, Saved), result
    return result.revision


def conflict(result: Saved | Conflict) -> Conflict:
    """A save that must have come too late."""
    assert isinstance(result, Conflict), result
    return result


def proved(rt: Runtime, draft: Draft, revision: int) -> proving.Standing:
    """The draft is proved by the job."""
    proving.ask(rt, draft.id, revision)
    with rt.db.connect() as connection:
        ids = list(connection.exec_driver_sql("SELECT id FROM menu_proofs WHERE state = 'waiting'").scalars())
    for proof_id in ids:
        proving.run(rt, proof_id)
    return proving.standing(rt, draft.id, revision)
