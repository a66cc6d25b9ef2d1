"""Where one person stands in one menu: everything the next turn needs, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ussd_app.engine.kinds import Value


@dataclass(frozen=True)
class Dialogue:
    """A conversation in progress.

    `id` outlives the gateway's session; `transition` counts the answers consumed and, with the id, keys every
    effect. `notice` is the reason shown above the screen after a wrong answer; `history` holds the screens that
    Back walks through, the nearest last.
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
    history: tuple[str, ...] = ()
    answers: Mapping[str, Value] | None = None

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
        return {**self.__dict__, "history": list(self.history), "answers": dict(self.answers or {})}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Dialogue:
        """The dialogue that `to_json` wrote."""
        return cls(**{**data, "history": tuple(data["history"])})
