"""What a screen shows to one dialogue: its text, its lines and the keys that count, page by page."""

from __future__ import annotations

from dataclasses import dataclass

from ussd_app.domain import gsm7
from ussd_app.engine.dialogue import Dialogue
from ussd_app.engine.expressions import Field, Lookup, Path, Template
from ussd_app.engine.graph import Choice, Menu, Screen, Texts, Use
from ussd_app.engine.kinds import Value
from ussd_app.engine.paging import pages
from ussd_app.engine.turn import SUBJECT, FactKey, FactValue, Known, Missing, Needs, Row


@dataclass(frozen=True)
class Option:
    """A line that can be chosen: its number, and the choice of the menu or the row of a fact behind it."""

    key: str
    choice: Choice | None
    row: Row | None


@dataclass(frozen=True)
class View:
    """One screen as one dialogue sees it, after `epoch` effects of the turn. Raises Missing for what is not known."""

    menu: Menu
    screen: Screen
    dialogue: Dialogue
    known: Known
    epoch: int

    def pages(self) -> list[str]:
        """Every page of the screen, notice, options and navigation included."""
        dialogue, menu = self.dialogue, self.menu
        text = fill(in_language(self.screen.text, dialogue.language), dialogue.language, self.look)
        head = f"{dialogue.notice}\n{text}" if dialogue.notice else text
        options = [self._line(option) for option in self.options()]

        def footer(first: bool, more: bool, words: bool) -> list[str]:
            back = not self.screen.ends and not self.takes_zero and (not first or dialogue.can_go_back)
            return navigation(menu, dialogue.language, more=more, back=back, words=words)

        return pages(gsm7.plain(head), options, footer, dialogue.limit or menu.limit)

    def is_about_nothing(self) -> bool:
        """Whether its text speaks of something that is not there any more: a code since paid, somebody who left."""
        read = {part.path[0] for text in self.screen.text.values() for part in text if isinstance(part, Field)}
        return any(self._fact(alias).fields.get("found") is False for alias in read & (self.screen.uses or {}).keys())

    @property
    def takes_zero(self) -> bool:
        """Whether 0 may be a real answer here, so that no key may be taken for navigation."""
        return bool(self.screen.ask and self.screen.ask.check.zero)

    def options(self) -> list[Option]:
        """Every line that can be chosen, whichever page it stands on."""
        rows = self._fact(self.screen.listing.rows).rows if self.screen.listing else ()
        options = [Option(str(number), None, row) for number, row in enumerate(rows, start=1)]
        following = len(rows) + 1
        for choice in self.screen.choices:
            if choice.when and not choice.when.holds(self.look):
                continue
            key = choice.key
            if key == "+":
                key, following = str(following), following + 1
            options.append(Option(key, choice, None))
        return options

    def _line(self, option: Option) -> str:
        label = option.choice.label if option.choice else self.screen.listing.label if self.screen.listing else {}

        def look(path: Path) -> Value:
            if option.row is not None and path[0] == "row":
                return option.row.get(path[1])
            return self.look(path)

        language = self.dialogue.language
        return gsm7.plain(f"{option.key}. {fill(in_language(label, language), language, look)}")

    def look(self, path: Path) -> Value:
        """A name on this screen: an answer, a field of a fact, or what an effect of this dialogue gave.

        A fact alone is whether it was found, or has a row where it is a list.
        """
        uses = self.screen.uses or {}
        if path == ("language",):
            return self.dialogue.language
        if path[0] in uses:
            fact = self._fact(path[0])
            return fact.fields.get(path[1]) if len(path) > 1 else fact.fields.get("found", bool(fact.rows)) or None
        return self.dialogue.answer(".".join(path))

    def _fact(self, alias: str) -> FactValue:
        uses = self.screen.uses or {}
        key = self._key(uses[alias])
        if key in self.known.facts:
            return self.known.facts[key]
        # All facts of the screen are asked for together: one look at the database, not one for each.
        wanted = {self._key(use) for use in uses.values()}
        missing = frozenset(wanted - self.known.facts.keys())
        raise Missing(Needs(missing, screen=self.screen.name, answers=self.dialogue.answers))

    def _key(self, use: Use) -> FactKey:
        arguments = tuple((name, use.fixed.get(name, self.dialogue.answer(name))) for name in use.takes)
        return FactKey(use.fact, arguments, self.epoch, self.dialogue.answer(SUBJECT))


def navigation(menu: Menu, language: str, *, more: bool, back: bool, words: bool) -> list[str]:
    """The lines of the keys that lead on and back, with their words or, where these have no room, alone."""
    spoken = menu.words.get(language) or menu.words[menu.language]
    keys = [(menu.more_key, spoken["more"])] * more + [(menu.back_key, spoken["back"])] * back
    return [f"{key}. {word}" if words else key for key, word in keys]


def in_language(texts: Texts, language: str) -> Template:
    """The text in a language, or in the menu's own where that is missing."""
    return texts.get(language) or next(iter(texts.values()), ())


def fill(template: Template, language: str, look: Lookup) -> str:
    """A text with its fields filled."""
    return "".join(part.show(look(part.path), language) if isinstance(part, Field) else part for part in template)
