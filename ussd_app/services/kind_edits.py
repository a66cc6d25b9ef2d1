"""Edits of what a screen is: a question, a step that branches or has something done, a list, what it shows."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ussd_app.engine.definition import Branch, Key, Name, Target
from ussd_app.services.papers import Papers, opened, put, refused
from ussd_app.services.screen_edits import become, drop_empty, lead_to
from ussd_app.services.text_edits import AnEdit


class SetQuestion(AnEdit):
    """Make a screen a question, or another question: the answer it keeps, its check, and what happens then."""

    edit: Literal["set_question"] = "set_question"
    screen: Name
    keep: Name
    check: Name
    parameters: dict[Name, str] = Field(default_factory=dict)
    private: bool = False
    tries: int | None = Field(None, ge=1, le=9)
    counts: Name | None = None
    otherwise: Target | None = None
    go: Target
    new_text: str | None = None

    def on(self, papers: Papers) -> None:
        """Make the change."""
        file, screen = papers.find(self.screen)
        lead_to(papers, file, self.screen, self.go, self.new_text)
        if self.otherwise:
            lead_to(papers, file, self.screen, self.otherwise, None)
        become(papers, file, self.screen, "ask")
        known = {"keep", "check", "private", "tries", "counts", "otherwise"}
        if known & self.parameters.keys():
            raise refused("a parameter has the name of something else here", "no_edit", field="parameters")
        told = {"private": "true" if self.private else "", "tries": str(self.tries or ""), "counts": self.counts}
        ask = {"keep": self.keep, "check": self.check, **self.parameters, **told, "otherwise": self.otherwise}
        put(screen, "ask", _like(screen.get("ask"), {word: value for word, value in ask.items() if value}))
        put(screen, "go", self.go)


def _like(before: Any, after: dict[str, Any]) -> dict[str, Any]:
    """The same in the order in which it was written before, so that no line moves."""
    known = [word for word in before if word in after] if isinstance(before, dict) else []
    return {word: after[word] for word in [*known, *(word for word in after if word not in known)]}


class SetBranch(AnEdit):
    """Make a screen a step that goes where the first condition holds; the last way has none."""

    edit: Literal["set_branch"] = "set_branch"
    screen: Name
    branches: list[Branch] = Field(min_length=1)

    def on(self, papers: Papers) -> None:
        """Make the change."""
        file, screen = papers.find(self.screen)
        for branch in self.branches:
            lead_to(papers, file, self.screen, branch.go, None)
        become(papers, file, self.screen, "branch")
        lines = [{"when": branch.when, "go": branch.go} for branch in self.branches]
        put(screen, "branch", [{word: value for word, value in line.items() if value} for line in lines])


class SetEffect(AnEdit):
    """Make a screen a step that has something done: with which fixed arguments, and where each outcome leads."""

    edit: Literal["set_effect"] = "set_effect"
    screen: Name
    do: Name
    arguments: dict[Name, str] = Field(default_factory=dict)
    outcomes: dict[Name, Target] = Field(min_length=1)

    def on(self, papers: Papers) -> None:
        """Make the change."""
        file, screen = papers.find(self.screen)
        for go in self.outcomes.values():
            lead_to(papers, file, self.screen, go, None)
        become(papers, file, self.screen, "do")
        put(screen, "do", self.do)
        if self.arguments:
            put(screen, "with", _like(screen.get("with"), dict(self.arguments)))
        else:
            screen.pop("with", None)
        put(screen, "outcomes", _like(screen.get("outcomes"), dict(self.outcomes)))


class SetEnd(AnEdit):
    """Make a screen the last one: what it said stays, what led on from it goes."""

    edit: Literal["set_end"] = "set_end"
    screen: Name

    def on(self, papers: Papers) -> None:
        """Make the change."""
        file, screen = papers.find(self.screen)
        become(papers, file, self.screen, "end")
        if "end" not in screen:
            put(screen, "end", "")


class SetListing(AnEdit):
    """Lines made from the rows of a fact, above the choices; without `rows` the list is taken away."""

    edit: Literal["set_listing"] = "set_listing"
    screen: Name
    rows: Name | None = None
    label: str = ""
    keep: Name | None = None
    value: Name | None = None
    go: Target | None = None

    def on(self, papers: Papers) -> None:
        """Make the change."""
        file, screen = papers.find(self.screen)
        if self.rows is None:
            for shown in (screen, *papers.translated(file, self.screen)):
                shown.pop("list", None)
            drop_empty(papers, file, self.screen)
            return
        if not (self.label and self.keep and self.value and self.go):
            raise refused("a list has rows, a label, the answer it keeps, its value and where it leads", "half_a_list")
        lead_to(papers, file, self.screen, self.go, None)
        become(papers, file, self.screen, "choices")
        listing = {"rows": self.rows, "label": self.label, "keep": self.keep, "value": self.value, "go": self.go}
        put(screen, "list", _like(screen.get("list"), listing))
        opened(screen, "choices")
        if not screen["choices"]:
            del screen["choices"]


class SetShown(AnEdit):
    """The facts that a screen shows under names of its own, with what is fixed for them, and what it remembers."""

    edit: Literal["set_shown"] = "set_shown"
    screen: Name
    show: dict[Name, dict[Name, str]] | None = None
    remember: dict[Name, str] | None = None

    def on(self, papers: Papers) -> None:
        """Make the change: what is None stays, what is empty goes."""
        _, screen = papers.find(self.screen)
        for word, value in (("show", self.show), ("remember", self.remember)):
            if value:
                put(screen, word, _like(screen.get(word), dict(value)))
            elif value is not None:
                screen.pop(word, None)


class SetNavigation(AnEdit):
    """The keys for back, home and more."""

    edit: Literal["set_navigation"] = "set_navigation"
    back_key: Key | None = None
    home_key: Key | None = None
    more_key: Key | None = None

    def on(self, papers: Papers) -> None:
        """Make the change: what is None stays."""
        given = {word: getattr(self, word) for word in ("back_key", "home_key", "more_key")}
        opened(papers.menu, "navigation").update({word: key for word, key in given.items() if key is not None})
