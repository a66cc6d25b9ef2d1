"""Edits of the lines that people choose on a screen: their numbers stay in order, in every language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from ussd_app.engine.definition import Key, Name, Target
from ussd_app.services.papers import Papers, Screen, opened, put, refused, reordered, section
from ussd_app.services.screen_edits import become, lead_to
from ussd_app.services.text_edits import AnEdit


class _OfChoices(AnEdit):
    """An edit of one screen's choices, or of all screens that share them."""

    screen: Name
    together: bool = False

    def on(self, papers: Papers) -> None:
        """Make the change."""
        for name in papers.sharing(self.screen) if self.together else [self.screen]:
            file, screen = papers.find(name)
            self.change(papers, file, name, screen)

    def change(self, papers: Papers, file: str, name: str, screen: Screen) -> None:
        """Make the change on one screen."""
        raise NotImplementedError


class AddChoice(_OfChoices):
    """One more line: last, or before the one with the key `before`, whose number and all below grow by one.

    On a screen that becomes one with choices only now, what it was is left. Below a list the line has no number of
    its own. `new_text` makes the screen that `go` names, where there is none.
    """

    edit: Literal["add_choice"] = "add_choice"
    label: str
    go: Target
    when: str | None = None
    set: dict[Name, str] = Field(default_factory=dict)
    before: Key | None = None
    new_text: str | None = None

    def change(self, papers: Papers, file: str, name: str, screen: Screen) -> None:
        """Make the change on one screen."""
        lead_to(papers, file, name, self.go, self.new_text)
        if "choices" not in screen:
            become(papers, file, name, "choices")
        choices = opened(screen, "choices")
        line = {"label": self.label, "when": self.when, "set": dict(self.set), "go": self.go}
        made = {word: value for word, value in line.items() if value}
        if "list" in screen:
            if "+" in choices:
                raise refused("below a list there is one line only", "one_below_list", screen=name)
            choices["+"] = made
            return
        at = _position(choices, self.before, name) if self.before else len(choices)
        keys = _numbers(len(choices) + 1)
        old = list(choices)
        if old != keys[:-1] and self.before:
            raise refused(f"the numbers on `{name}` are not 1, 2, 3 …: a line can only be added last", "odd_numbers")
        if old != keys[:-1]:
            keys = [*old, _free(choices)]
        moved = {key: keys[number + (number >= at)] for number, key in enumerate(old)}
        _number_anew(papers, file, name, moved, keys)
        put(screen, "choices", choices)  # where there were none yet, nothing stood there to be numbered
        choices[keys[at]] = made
        reordered(choices, {key: choices[key] for key in keys})


class ChangeChoice(_OfChoices):
    """Where a line leads, when it is there, which answers it gives: what is not named stays. The label is a text.

    An empty `when` takes the condition away, an empty `set` the answers.
    """

    edit: Literal["change_choice"] = "change_choice"
    key: Key
    go: Target | None = None
    when: str | None = None
    set: dict[Name, str] | None = None
    new_text: str | None = None

    def change(self, papers: Papers, file: str, name: str, screen: Screen) -> None:
        """Make the change on one screen."""
        choices = section(screen, "choices")
        _position(choices, self.key, name)
        line = choices[self.key]
        if self.go is not None:
            lead_to(papers, file, name, self.go, self.new_text)
        given = {"label": line.get("label"), "when": self.when, "set": self.set, "go": self.go}
        made: dict[str, Any] = {}
        for word, value in given.items():
            found = line.get(word) if value is None else value
            made |= {word: found} if found not in (None, "", {}) or word in ("label", "go") else {}
        kept = {word: made[word] for word in line if word in made}
        reordered(line, kept if kept.keys() == made.keys() else made)


class DeleteChoice(_OfChoices):
    """Take a line away; those below move up."""

    edit: Literal["delete_choice"] = "delete_choice"
    key: Key

    def change(self, papers: Papers, file: str, name: str, screen: Screen) -> None:
        """Make the change on one screen."""
        choices = section(screen, "choices")
        _position(choices, self.key, name)
        if len(choices) == 1 and "list" not in screen:
            raise refused(f"this is the last choice on `{name}`: give the screen another kind", "last_choice")
        old = list(choices)
        order = old[:-1] if old == _numbers(len(old)) else [key for key in old if key != self.key]
        left = [key for key in old if key != self.key]
        _number_anew(papers, file, name, {**dict(zip(left, order, strict=True)), self.key: None}, order)


class MoveChoice(_OfChoices):
    """Put a line at another place, counted from 1: the numbers stay in order, the lines change."""

    edit: Literal["move_choice"] = "move_choice"
    key: Key
    to: int = Field(ge=1, le=99)

    def change(self, papers: Papers, file: str, name: str, screen: Screen) -> None:
        """Make the change on one screen."""
        choices = section(screen, "choices")
        at, keys = _position(choices, self.key, name), list(choices)
        if "+" in choices:
            raise refused("below a list there is one line only", "one_below_list", screen=name)
        order = [key for key in keys if key != self.key]
        order.insert(min(self.to, len(keys)) - 1, self.key)
        if order[at] != self.key:
            _number_anew(papers, file, name, dict(zip(order, keys, strict=True)), keys)


def _position(choices: Mapping[str, Any], key: str, screen: str) -> int:
    if not isinstance(choices.get(key), dict):
        raise refused(f"the screen `{screen}` has no choice {key}", "no_place", screen=screen)
    return list(choices).index(key)


def _numbers(most: int) -> list[str]:
    return [str(number) for number in range(1, most + 1)]


def _free(choices: Mapping[str, Any]) -> str:
    return next(key for key in _numbers(99) if key not in choices)


def _number_anew(papers: Papers, file: str, name: str, moved: Mapping[str, str | None], order: list[str]) -> None:
    """Give every choice of a screen its new key (None: it goes), here and in every translation, in this order."""
    _, screen = papers.find(name)
    for shown in (screen, *papers.translated(file, name)):
        if not isinstance(shown.get("choices"), dict):
            continue
        made = {moved.get(key, key): value for key, value in shown["choices"].items()}
        made.pop(None, None)
        reordered(shown["choices"], {key: made[key] for key in [*order, *(set(made) - set(order))] if key in made})
        if not shown["choices"]:
            del shown["choices"]
