"""What somebody sent with a form of the menu editor, beside what the files of the draft say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from werkzeug.datastructures import MultiDict

from ussd_app.engine import graph
from ussd_app.errors import NotAllowedNow
from ussd_app.services import menu_outline, screen_forms
from ussd_app.services.papers import Papers
from ussd_app.services.screen_edits import exists
from ussd_app.services.screen_forms import Said, ScreenForm

# A target that is a screen to be made at once; its words are in `…_new`.
NEW = "+"
LONGEST_NAME = 30
Told = MultiDict[str, str]
One = dict[str, Any]


class Form:
    """What somebody sent, beside what the files say; `first` are the screens that have to be made before."""

    def __init__(self, told: Told, papers: Papers) -> None:
        self.told, self.papers = told, papers
        self.first: list[One] = []
        self.together = told.get("together") == "1"

    def said(self, name: str) -> str:
        """One field, as one line."""
        return " ".join(self.told.get(name, "").split())

    def words(self, name: str) -> str:
        """A text as it was typed, line for line."""
        return self.told.get(name, "").replace("\r\n", "\n").strip()

    @property
    def name(self) -> str:
        """The screen the form belongs to."""
        return self.said("screen")

    @property
    def screen(self) -> ScreenForm:
        """What the files say of that screen. Raises NotAllowedNow."""
        return screen_forms.of(self.papers, self.name)

    def target(self, field: str) -> str:
        """Where something leads; a new screen is made first. Raises NotAllowedNow when nothing was chosen."""
        go = self.said(field)
        if go != NEW:
            return go
        text = self.words(f"{field}_new")
        if not text:
            raise NotAllowedNow("say what stands on the new screen", "new_screen_empty")
        made = self.free(text)
        after = self.name if exists(self.papers, self.name) else None
        self.first.append({"edit": "add_screen", "screen": made, "text": text, "after": after})
        return made

    def free(self, text: str) -> str:
        """A name for a new screen, made of the first words of its text."""
        plain = re.sub(r"[^a-z0-9]+", "_", re.sub(r"\{[^}]*\}", "", text.lower())).strip("_")[:LONGEST_NAME].strip("_")
        stem = plain if plain[:1].isalpha() else f"layar_{plain}".strip("_")
        taken = {one["screen"] for one in self.first}
        names = (stem if number == 1 else f"{stem}_{number}" for number in range(1, 1000))
        return next(one for one in names if not (one in taken or exists(self.papers, one) or graph.is_elsewhere(one)))

    def changed(self, prefix: str, before: Said) -> Iterator[tuple[str, str]]:
        """The languages in which a text was changed, the menu's own first."""
        for language in menu_outline.languages(self.papers):
            field = f"{prefix}.{language}"
            if field in self.told and self.words(field) != before.get(language, "").strip():
                yield language, self.words(field)

    def pairs(self, field: str) -> dict[str, str]:
        """Rows of two fields: a name and its value; rows without a name are none."""
        names, values = self.told.getlist(f"{field}.name"), self.told.getlist(f"{field}.value")
        return {name.strip(): value.strip() for name, value in zip(names, values, strict=False) if name.strip()}
