"""Edits of screens: adding, renaming and deleting them, what kind they are, and where they lead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from ussd_app.engine import graph
from ussd_app.engine.definition import Name, Target
from ussd_app.services.papers import Papers, Screen, opened, refused, rename_key, reordered, section
from ussd_app.services.text_edits import AnEdit

# What a screen of each kind has besides `show` and what all have; the rest goes when it becomes one.
_WORDS = {
    "choices": {"text", "show", "remember", "list", "choices"},
    "ask": {"text", "show", "remember", "ask", "go"},
    "end": {"end", "show", "remember"},
    "branch": {"branch", "show"},
    "do": {"do", "with", "outcomes"},
}
At = tuple[str, ...]


def leads(papers: Papers) -> Iterator[tuple[str, At, str]]:
    """Every word that names a screen: the screen it stands on ("" for the menu itself), where, and what it names."""
    for word in ("start", "home"):
        if word in papers.menu:
            yield "", (word,), papers.menu[word]
    if "screen" in section(papers.menu, "resume"):
        yield "", ("resume", "screen"), papers.menu["resume"]["screen"]
    for _, name, screen in papers.screens():
        yield from ((name, at, go) for at, go in _ways(screen))


def _ways(screen: Screen) -> Iterator[tuple[At, str]]:
    for key, line in section(screen, "choices").items():
        yield from [(("choices", key, "go"), line["go"])] if isinstance(line, dict) and "go" in line else []
    yield from ((("list", "go"), go) for go in [section(screen, "list").get("go")] if go is not None)
    yield from ((("ask", "otherwise"), go) for go in [section(screen, "ask").get("otherwise")] if go is not None)
    yield from ((("go",), go) for go in [screen.get("go")] if go is not None)
    branches = screen.get("branch")
    for number, line in enumerate(branches if isinstance(branches, list) else ()):
        yield from [(("branch", str(number), "go"), line["go"])] if isinstance(line, dict) and "go" in line else []
    yield from ((("outcomes", outcome), go) for outcome, go in section(screen, "outcomes").items())


def _redirect(papers: Papers, old: str, new: str) -> None:
    for on, at, go in list(leads(papers)):
        if go == old:
            _set(papers.find(on)[1] if on else papers.menu, at, new)


def _set(inside: Any, at: At, value: str) -> None:
    for step in at[:-1]:
        inside = inside[int(step)] if isinstance(inside, list) else inside[step]
    inside[at[-1]] = value


def exists(papers: Papers, name: str) -> bool:
    """Whether there is a screen of that name."""
    return any(known == name for _, known, _ in papers.screens())


def lead_to(papers: Papers, file: str, after: str, go: str, new_text: str | None) -> None:
    """See that there is such a screen; `new_text` makes one that ends with it. Raises NotAllowedNow."""
    if exists(papers, go) or graph.is_elsewhere(go):
        return
    if new_text is None:
        raise refused(f"there is no screen `{go}`", "no_screen", screen=go)
    _add(papers, file, after, go, {"end": new_text})


def _add(papers: Papers, file: str, after: str | None, name: str, screen: Screen) -> None:
    if exists(papers, name) or graph.is_elsewhere(name):
        raise refused(f"there is a screen `{name}` already", "screen_taken", screen=name)
    screens = opened(papers.data[file], "screens")
    names = list(screens)
    at = names.index(after) + 1 if after in names else len(names)
    made = {**{known: screens[known] for known in names[:at]}, name: screen}
    reordered(screens, made | {known: screens[known] for known in names[at:]})


def become(papers: Papers, file: str, name: str, kind: str) -> None:
    """Take from a screen what one of that kind does not have; its end becomes its text or the other way round."""
    _, screen = papers.find(name)
    for shown in (screen, *papers.translated(file, name)):
        old, new = ("text", "end") if kind == "end" else ("end", "text")
        if old in shown and new not in shown and new in _WORDS[kind]:
            rename_key(shown, old, new)
        reordered(shown, {word: value for word, value in shown.items() if word in _WORDS[kind]})
    drop_empty(papers, file, name)


def drop_empty(papers: Papers, file: str, name: str) -> None:
    """Take a screen of which nothing is left out of every translation."""
    for data in papers.translations(file):
        if section(data, "screens").get(name) == {}:
            del data["screens"][name]


class AddScreen(AnEdit):
    """A new screen below another one, in the same file: an end with this text, or whatever `contents` says it is."""

    edit: Literal["add_screen"] = "add_screen"
    screen: Name
    text: str = ""
    after: Name | None = None
    contents: dict[str, Any] | None = None

    def on(self, papers: Papers) -> None:
        """Make the change."""
        file = papers.find(self.after)[0] if self.after else papers.originals()[0]
        _add(papers, file, self.after, self.screen, dict(self.contents) if self.contents else {"end": self.text})


class RenameScreen(AnEdit):
    """Call a screen something else, wherever it is named: in the menu, its parts and every translation."""

    edit: Literal["rename_screen"] = "rename_screen"
    screen: Name
    to: Name

    def on(self, papers: Papers) -> None:
        """Make the change."""
        file, _ = papers.find(self.screen)
        if exists(papers, self.to) or graph.is_elsewhere(self.to):
            raise refused(f"there is a screen `{self.to}` already", "screen_taken", screen=self.to)
        _redirect(papers, self.screen, self.to)
        stem = file.removesuffix(".yaml")
        for known, data in papers.data.items():
            if known.split(".")[0] == stem and self.screen in section(data, "screens"):
                rename_key(data["screens"], self.screen, self.to)
                papers.renamed[known] = {("screens", self.screen): self.to}


class DeleteScreen(AnEdit):
    """Take a screen away in every language; what led to it leads to `instead`, without which nothing may."""

    edit: Literal["delete_screen"] = "delete_screen"
    screen: Name
    instead: Target | None = None

    def on(self, papers: Papers) -> None:
        """Make the change."""
        file, _ = papers.find(self.screen)
        led = sorted({on or "the menu" for on, _, go in leads(papers) if go == self.screen and on != self.screen})
        if led and self.instead is None:
            sentence = f"`{self.screen}` is still reached from {', '.join(led)}: say where these lead instead"
            raise refused(sentence, "still_reached", screens=", ".join(led))
        if self.instead is not None:
            if self.instead == self.screen:
                raise refused("it cannot lead to itself once it is gone", "no_screen", screen=self.screen)
            lead_to(papers, file, self.screen, self.instead, None)
            _redirect(papers, self.screen, self.instead)
        for data in (papers.data[file], *papers.translations(file)):
            section(data, "screens").pop(self.screen, None)


class SetTarget(AnEdit):
    """Lead somewhere else from one place, as `references` names it: `choices.1.go`, `outcomes.kept`, `branch.0.go`.

    An empty `screen` is the menu itself: `start`, `home`, `resume.screen`. `new_text` makes the screen it leads to.
    """

    edit: Literal["set_target"] = "set_target"
    screen: Name | Literal[""]
    at: str
    go: Target
    new_text: str | None = None

    def on(self, papers: Papers) -> None:
        """Make the change."""
        at = tuple(self.at.split("."))
        if (self.screen, at) not in [(on, known) for on, known, _ in leads(papers)]:
            raise refused(f"nothing leads on from `{self.screen}` at `{self.at}`", "no_place", screen=self.screen)
        file, inside = papers.find(self.screen) if self.screen else (papers.originals()[0], papers.menu)
        lead_to(papers, file, self.screen, self.go, self.new_text)
        _set(inside, at, self.go)
