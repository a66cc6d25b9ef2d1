"""Edits of what people read: texts of screens, reasons, words of the navigation and SMS, in every language."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from ussd_app.engine.definition import Key, Language, Name
from ussd_app.services.papers import Papers, opened, put, refused, section


class AnEdit(BaseModel):
    """Something that a form changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def on(self, papers: Papers) -> None:
        """Make the change. Raises NotAllowedNow."""
        raise NotImplementedError


class SetText(AnEdit):
    """Say something else on a screen: its text, its end, the label of a choice or of its list.

    In the menu's own language the text may be empty but not gone; in another one an empty text takes the translation
    away. `together` says it on every screen that shares these choices.
    """

    edit: Literal["set_text"] = "set_text"
    screen: Name
    at: Literal["text", "end", "list", "choice"]
    key: Key | None = None
    language: Language
    text: str
    together: bool = False

    def on(self, papers: Papers) -> None:
        """Make the change."""
        for screen in papers.sharing(self.screen) if self.together and self.at == "choice" else [self.screen]:
            file, written = papers.find(screen)
            self._exists(written)
            if self.language == papers.language:
                self._own(written)
            else:
                self._in_another(papers, file, screen)

    def _exists(self, screen: dict[str, Any]) -> None:
        there = section(screen, "choices").get(self.key or "") if self.at == "choice" else screen.get(self.at)
        if there is None:
            what = f"choice {self.key}" if self.at == "choice" else f"`{self.at}`"
            raise refused(f"the screen `{self.screen}` has no {what}", "no_place", screen=self.screen)

    def _own(self, screen: dict[str, Any]) -> None:
        if self.at == "choice":
            screen["choices"][self.key]["label"] = self.text
        elif self.at == "list":
            screen["list"]["label"] = self.text
        else:
            screen[self.at] = self.text

    def _in_another(self, papers: Papers, file: str, name: str) -> None:
        screens = opened(papers.translation(file, self.language), "screens")
        screen = opened(screens, name)
        holder = opened(screen, "choices") if self.at == "choice" else screen
        _say(holder, self.key or "" if self.at == "choice" else self.at, self.text)
        if self.at == "choice":
            screen["choices"] = dict(sorted(holder.items()))
            if not holder:
                del screen["choices"]
        if not screen:
            del screens[name]


def _say(holder: dict[str, Any], word: str, text: str) -> None:
    """Put a translation in its place, or take it away."""
    if text.strip():
        put(holder, word, text)
    else:
        holder.pop(word, None)


class SetReason(AnEdit):
    """Say why an answer was not taken, in one language. An empty text takes a reason or its translation away.

    A reason that stands in a part is changed there; a new one stands in the menu itself.
    """

    edit: Literal["set_reason"] = "set_reason"
    reason: Name
    language: Language
    text: str

    def on(self, papers: Papers) -> None:
        """Make the change."""
        files = papers.originals()
        file = next((file for file in files if self.reason in section(papers.data[file], "reasons")), files[0])
        own = self.language == papers.language
        if not own and self.reason not in section(papers.data[file], "reasons"):
            raise refused(f"there is no reason `{self.reason}`", "no_place", screen="")
        _say(
            opened(papers.data[file] if own else papers.translation(file, self.language), "reasons"),
            self.reason,
            self.text,
        )


class SetWord(AnEdit):
    """Call the keys for back and more something else, in one language."""

    edit: Literal["set_word"] = "set_word"
    word: Literal["back", "more"]
    language: Language
    text: str

    def on(self, papers: Papers) -> None:
        """Make the change."""
        main = papers.originals()[0]
        own = self.language == papers.language
        data = papers.menu if own else papers.translation(main, self.language)
        _say(opened(data, "navigation"), self.word, self.text)
        if not data["navigation"]:
            del data["navigation"]


class SetMessage(AnEdit):
    """Say something else in an SMS, in one language. An empty text takes a translation away."""

    edit: Literal["set_message"] = "set_message"
    message: Name
    language: Language
    text: str

    def on(self, papers: Papers) -> None:
        """Make the change."""
        message = section(papers.menu, "messages").get(self.message)
        if not isinstance(message, dict):
            raise refused(f"there is no SMS `{self.message}`", "no_place", screen=self.message)
        _say(opened(message, "texts"), self.language, self.text)


class SetRefusal(AnEdit):
    """Say one of the institution's reasons in other words, in one language. An empty text takes a translation away."""

    edit: Literal["set_refusal"] = "set_refusal"
    refusal: Name
    language: Language
    text: str

    def on(self, papers: Papers) -> None:
        """Make the change."""
        texts = section(papers.menu, "refusals").get(self.refusal)
        if not isinstance(texts, dict):
            raise refused(f"there is no reason `{self.refusal}`", "no_place", screen=self.refusal)
        _say(texts, self.language, self.text)
