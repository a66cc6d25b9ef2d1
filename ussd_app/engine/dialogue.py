"""Where one person stands in one menu: everything the next turn needs, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ussd_app.engine.kinds import Value


class Seen(NamedTuple):
    """A page of a screen that was left; Back shows it again."""

    screen: str
    page: int


@dataclass(frozen=True)
class Parent:
    """The page of another menu from which this one was visited, and the way back from there."""

    menu: str
    version: int
    seen: Seen
    history: tuple[Seen, ...]


@dataclass(frozen=True)
class Dialogue:
    """A conversation in progress.

    `id` outlives the gateway's session; `transition` counts the answers consumed and, with the id, keys every
    effect. `notice` is the reason shown above the screen after a wrong answer; `history` holds the pages that
    Back walks through, the nearest last; `parents` the menus that were left to visit this one. `left` is a
    dialogue of the same phone that was cut off, while the person is asked whether to go on with it. `limit` is the
    room of the code that was dialled, in septets; whichever menu is visited, the phone is the same.
    """

    id: str
    menu: str
    version: int
    language: str
    screen: str = ""
    page: int = 0
    notice: str = ""
    tries: int = 0
    transition: int = 0
    ended: bool = False
    history: tuple[Seen, ...] = ()
    parents: tuple[Parent, ...] = ()
    answers: Mapping[str, Value] | None = None
    left: Dialogue | None = None
    limit: int | None = None

    @property
    def can_go_back(self) -> bool:
        """Whether there is a screen to go back to, in this menu or the one it was visited from."""
        return bool(self.history or self.parents)

    def answer(self, name: str) -> Value:
        """What was answered under that name, or None."""
        return (self.answers or {}).get(name)

    def keeping(self, **answers: Value) -> Dialogue:
        """The same dialogue with more answers; an answer called `language` also changes the language."""
        kept = {**(self.answers or {}), **answers}
        language = answers.get("language")
        return replace(self, answers=kept, language=str(language) if language else self.language)

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary that `from_json` reads back."""
        return {
            **self.__dict__,
            "parents": [parent.__dict__ for parent in self.parents],
            "answers": None if self.answers is None else dict(self.answers),
            "left": self.left.to_json() if self.left else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Dialogue:
        """The dialogue that `to_json` wrote."""
        parents = tuple(
            Parent(parent["menu"], parent["version"], Seen(*parent["seen"]), _seen(parent["history"]))
            for parent in data["parents"]
        )
        left = cls.from_json(data["left"]) if data["left"] else None
        return cls(**{**data, "history": _seen(data["history"]), "parents": parents, "left": left})


def _seen(pages: Iterable[Sequence[Any]]) -> tuple[Seen, ...]:
    return tuple(Seen(*page) for page in pages)
