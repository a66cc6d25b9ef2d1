"""What a form changes in a menu, as data: each edit gives the new files, or says why it cannot be made.

`apply(name, files, edit)` never touches what it does not change: comments, order and every other line stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from ussd_app.services import choice_edits, kind_edits, screen_edits, text_edits
from ussd_app.services.papers import Papers, refused

Edit = Annotated[
    text_edits.SetText
    | text_edits.SetReason
    | text_edits.SetWord
    | text_edits.SetMessage
    | text_edits.SetRefusal
    | screen_edits.AddScreen
    | screen_edits.RenameScreen
    | screen_edits.DeleteScreen
    | screen_edits.SetTarget
    | kind_edits.SetQuestion
    | kind_edits.SetBranch
    | kind_edits.SetEffect
    | kind_edits.SetEnd
    | kind_edits.SetListing
    | kind_edits.SetShown
    | kind_edits.SetNavigation
    | choice_edits.AddChoice
    | choice_edits.ChangeChoice
    | choice_edits.DeleteChoice
    | choice_edits.MoveChoice,
    Field(discriminator="edit"),
]
_EDIT: TypeAdapter[Edit] = TypeAdapter(Edit)


def edit_from(data: Mapping[str, Any]) -> Edit:
    """An edit as a form sends it: `{"edit": "set_text", "screen": …}`. Raises NotAllowedNow for what is none."""
    try:
        return _EDIT.validate_python(dict(data))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:]) or str(data.get("edit", ""))
        raise refused(f"{place}: {first['msg']}", "no_edit", field=place) from None


def apply(name: str, files: Mapping[str, str], *made: Edit) -> dict[str, str]:
    """The files of a document after these edits, one after another, all or none.

    Raises NotAllowedNow with a sentence: what the edit speaks of is not there, a file is no YAML, or the
    definition could not read what would be written.
    """
    after = dict(files)
    for edit in made:
        papers = Papers(name, after)
        edit.on(papers)
        after = papers.written()
    return after


def references(name: str, files: Mapping[str, str], screen: str) -> list[tuple[str, str]]:
    """Every place that leads to a screen: the screen it is on ("" for the menu itself), and where on it."""
    return [(on, ".".join(at)) for on, at, go in screen_edits.leads(Papers(name, files)) if go == screen]


def sharing(name: str, files: Mapping[str, str], screen: str) -> list[str]:
    """The screens whose choices are written once for all of them, this one included: an edit may be for all of them."""
    return Papers(name, files).sharing(screen)


def targets(name: str, files: Mapping[str, str]) -> Iterator[str]:
    """Every screen that a choice may lead to, in the order of the files."""
    return (screen for _, screen, _ in Papers(name, files).screens())
