"""Turn menu files into a frozen graph, or into the full list of what is wrong with them.

Compiling happens once per published version. All problems come at once, each with file, line and path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ussd_app.domain import gsm7
from ussd_app.engine import definition, graph
from ussd_app.engine.checks import CHECKS, CheckSpec
from ussd_app.engine.expressions import Condition, NotAllowed, Path, Template, parse_condition, parse_template
from ussd_app.engine.kinds import Value
from ussd_app.engine.source import Source
from ussd_app.engine.vocabulary import Vocabulary
from ussd_app.errors import Problem

Model = TypeVar("Model", bound=BaseModel)
# `set: {total: $total_three}` gives the answer `total` what the answer `total_three` holds.
COPY = "$"
KINDS_OF_SCREEN = ("branch", "do", "end", "ask", "choices")
# Words that would be read by nobody on a screen of that kind.
MEANINGLESS = {
    "branch": {"text", "go", "with", "outcomes", "remember"},
    "do": {"text", "go", "show", "remember"},
    "end": {"text", "go", "with", "outcomes"},
    "ask": {"with", "outcomes"},
    "choices": {"go", "with", "outcomes"},
}
# Words for which some networks drop an SMS (Vonage's page on Indonesia); `messages` is the name of the file of all SMS.
FILTERED = re.compile(r"\b(PIN|Code|Verify)\b", re.IGNORECASE)
MESSAGES = "messages"


def validate(model: type[Model], source: Source, problems: list[Problem]) -> Model | None:
    """The file as a model, or None with a problem for each mistake in its shape."""
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        for mistake in error.errors():
            # What stands in square brackets is pydantic's own: it is written nowhere in the file.
            path = tuple(str(part) for part in mistake["loc"] if str(part)[:1] != "[")
            problems.append(source.problem(path, _shape_sentence(mistake["type"], mistake["msg"])))
        return None


def _shape_sentence(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "this word is not known here: check its spelling and indentation"
    if kind == "missing":
        return "this must be written here"
    return message


@dataclass
class Compilation:
    """One menu on its way from files to a graph."""

    menu: definition.Menu
    source: Source
    translations: list[tuple[definition.Translation, Source]]
    vocabulary: Vocabulary
    problems: list[Problem] = field(default_factory=list)

    def complain(self, path: Path, sentence: str, *, error: bool = True) -> None:
        """Note a problem in the menu file itself."""
        self.problems.append(self.source.problem(path, sentence, error=error))

    def complain_in(self, language: str, path: Path, sentence: str, *, error: bool = True) -> None:
        """Note a problem of a text where that language is written: the menu file, or its translation."""
        for translation, source in self.translations:
            if translation.language == language and _translated(translation, path) is not None:
                self.problems.append(source.problem(_there(path), sentence, error=error))
                return
        self.complain(path, sentence, error=error)

    def template(self, source: Source, path: Path, text: str) -> Template:
        """A parsed text, typographic characters made plain; empty when it cannot be parsed."""
        plain = gsm7.plain(text.strip())
        if not plain:
            self.problems.append(source.problem(path, "there is no text here: write one"))
        strangers = gsm7.strangers(plain)
        if strangers:
            problem = f"{' '.join(strangers)} is not in the alphabet of plain phones: it would halve the room"
            self.problems.append(source.problem(path, problem))
        try:
            made = parse_template(plain)
        except NotAllowed as error:
            self.problems.append(source.problem(path, str(error)))
            return ()
        written = " ".join(part for part in made if isinstance(part, str))
        if self.menu.menu == MESSAGES and (filtered := FILTERED.search(written)):
            sentence = f"some networks drop an SMS with the word `{filtered[0]}`: say it in another way"
            self.problems.append(source.problem(path, sentence, error=False))
        return made

    def texts(self, path: Path, text: str | None) -> graph.Texts:
        """A text in every language: the menu's own and each translation that has it."""
        if text is None:
            return {}
        made: dict[str, Template] = {self.menu.languages[0]: self.template(self.source, path, text)}
        for translation, source in self.translations:
            translated = _translated(translation, path)
            if translated is None:
                sentence = f"no {translation.language} text: people who chose it see the default language here"
                self.complain(path, sentence, error=False)
            else:
                made[translation.language] = self.template(source, _there(path), translated)
        return made

    def words(self, source: Source, back: str, more: str) -> dict[str, str]:
        """The words of the navigation, as texts without fields."""
        found = {"back": back, "more": more}
        for word, text in found.items():
            if fields_of(self.template(source, ("navigation", word), text)):
                self.problems.append(source.problem(("navigation", word), "a word beside a key shows no {field}"))
        return {word: gsm7.plain(text.strip()) for word, text in found.items()}

    def build(self, version: int) -> graph.Menu:
        """The graph; only fit for use when no error was noted."""
        menu, language = self.menu, self.menu.languages[0]
        words: dict[str, dict[str, str]] = {
            language: self.words(self.source, menu.navigation.back, menu.navigation.more)
        }
        for translation, source in self.translations:
            own = translation.navigation
            back, more = own.back or menu.navigation.back, own.more or menu.navigation.more
            words[translation.language] = self.words(source, back, more)
        return graph.Menu(
            name=menu.menu,
            version=version,
            limits={code if isinstance(code, str) else code.code: _room(code, menu.limit) for code in menu.codes},
            languages=tuple(menu.languages),
            start=menu.start,
            home=menu.home or menu.start,
            limit=menu.limit,
            back_key=menu.navigation.back_key,
            home_key=menu.navigation.home_key,
            more_key=menu.navigation.more_key,
            words=words,
            reasons={name: self.texts(("reasons", name), text) for name, text in menu.reasons.items()},
            screens={name: self.screen(name, screen) for name, screen in menu.screens.items()},
            resume=graph.Resume(menu.resume.minutes, menu.resume.screen) if menu.resume else None,
            recover=graph.Recover(menu.recover.after, menu.recover.message) if menu.recover else None,
        )

    def screen(self, name: str, screen: definition.Screen) -> graph.Screen:
        """One screen of the graph."""
        here: Path = ("screens", name)
        self._one_kind(here, screen)
        self._languages_set(here, screen)
        text, at = (screen.end, "end") if screen.end is not None else (screen.text, "text")
        made = graph.Screen(
            name=name,
            text=self.texts((*here, at), text),
            choices=tuple(
                graph.Choice(
                    key=key,
                    label=self.texts((*here, "choices", key, "label"), choice.label),
                    go=choice.go,
                    when=self.condition((*here, "choices", key, "when"), choice.when),
                    sets={answer: _literal(value) for answer, value in choice.set.items() if value[:1] != COPY},
                    copies={answer: value[1:] for answer, value in choice.set.items() if value[:1] == COPY},
                )
                for key, choice in (screen.choices or {}).items()
            ),
            listing=self.listing((*here, "list"), screen.listing),
            ask=self.ask((*here, "ask"), screen),
            branches=tuple(
                graph.Branch(branch.go, self.condition((*here, "branch", str(number), "when"), branch.when))
                for number, branch in enumerate(screen.branch or [])
            ),
            effect=self.effect(here, screen),
            ends=screen.end is not None,
            remember={answer: tuple(path.split(".")) for answer, path in screen.remember.items()},
        )
        return replace(made, uses=self.uses(here, screen, made))

    def _one_kind(self, here: Path, screen: definition.Screen) -> None:
        kinds = [kind for kind in KINDS_OF_SCREEN if getattr(screen, kind) is not None]
        if screen.listing and "choices" not in kinds:
            kinds.append("choices")
        if len(kinds) != 1:
            found = f"it has {' and '.join(kinds)}" if kinds else "it has none"
            self.complain(here, f"a screen has exactly one of choices, ask, do, branch or end: {found}")
            return
        (kind,) = kinds
        if kind in ("ask", "choices") and screen.text is None:
            self.complain(here, "a screen that waits for an answer needs a `text`")
        for word in sorted(written_in(screen) & MEANINGLESS[kind]):
            self.complain((*here, word), f"`{word}` has no meaning beside `{kind}`: leave it out")
        if screen.branch is not None:
            self._branches((*here, "branch"), screen.branch)

    def _branches(self, path: Path, branches: list[definition.Branch]) -> None:
        if not branches or branches[-1].when is not None:
            self.complain(path, "the last branch must have no `when`, so that one always holds")
        for number, branch in enumerate(branches[:-1]):
            if branch.when is None:
                sentence = "this branch always holds, those below it never get their turn: give it a `when`"
                self.complain((*path, str(number)), sentence)

    def _languages_set(self, here: Path, screen: definition.Screen) -> None:
        for key, choice in (screen.choices or {}).items():
            language = choice.set.get("language", COPY)
            if language[:1] != COPY and language not in self.menu.languages:
                sentence = f"the menu has no language `{language}`: use one of {', '.join(self.menu.languages)}"
                self.complain((*here, "choices", key, "set", "language"), sentence)

    def condition(self, path: Path, text: str | None) -> Condition | None:
        """A parsed condition, or None where there is none."""
        if text is None:
            return None
        try:
            return parse_condition(text)
        except NotAllowed as error:
            self.complain(path, str(error))
            return None

    def listing(self, path: Path, listing: definition.Listing | None) -> graph.Listing | None:
        """The lines made from a fact."""
        if listing is None:
            return None
        label = self.texts((*path, "label"), listing.label)
        return graph.Listing(listing.rows, label, listing.keep, listing.value, listing.go)

    def ask(self, path: Path, screen: definition.Screen) -> graph.Ask | None:
        """The question with its check and parameters."""
        ask = screen.ask
        if ask is None:
            return None
        spec = CHECKS.get(ask.check)
        if spec is None:
            self.complain((*path, "check"), f"there is no check `{ask.check}`: use one of {', '.join(CHECKS)}")
            return None
        parameters = self.parameters(path, ask, spec)
        if (ask.tries is None) != (ask.otherwise is None):
            self.complain(path, "`tries` and `otherwise` go together: how many tries, and which screen then")
        if screen.go is None:
            self.complain(path, "a question needs a `go`: the screen after a good answer")
        missing = [reason for reason in spec.reasons if reason not in self.menu.reasons]
        if missing:
            self.complain(path, f"write a sentence under `reasons` for: {', '.join(missing)}")
        if ask.counts is not None and ask.counts not in spec.reasons:
            self.complain((*path, "counts"), f"the check `{ask.check}` never refuses with `{ask.counts}`")
        return graph.Ask(
            keep=ask.keep,
            check=spec,
            parameters=parameters,
            private=ask.private,
            tries=ask.tries,
            counts=ask.counts,
            otherwise=ask.otherwise,
            go=screen.go or self.menu.start,
        )

    def parameters(self, path: Path, ask: definition.Ask, spec: CheckSpec) -> dict[str, str]:
        """The parameters of a check, as the menu gives them."""
        parameters = {name: str(value) for name, value in (ask.model_extra or {}).items()}
        for name, value in parameters.items():
            if name not in spec.numbers | spec.refers | spec.words:
                self.complain((*path, name), f"the check `{ask.check}` has no parameter `{name}`")
            elif name in spec.numbers and not _is_whole(value):
                self.complain((*path, name), f"`{value}` must be a whole number")
        for name in spec.words - parameters.keys():
            self.complain(path, f"the check `{ask.check}` needs the parameter `{name}`")
        return parameters

    def effect(self, here: Path, screen: definition.Screen) -> graph.Effect | None:
        """The effect and its outcomes, each with a screen."""
        if screen.do is None:
            return None
        spec = self.vocabulary.effects.get(screen.do)
        outcomes = screen.outcomes or {}
        if spec is None:
            known = ", ".join(self.vocabulary.effects)
            self.complain((*here, "do"), f"there is no effect `{screen.do}`: use one of {known}")
            return None
        for missing in [outcome for outcome in spec.outcomes if outcome not in outcomes]:
            self.complain((*here, "outcomes"), f"`{screen.do}` may end as `{missing}`: give the screen for it")
        for unknown in [outcome for outcome in outcomes if outcome not in spec.outcomes]:
            self.complain((*here, "outcomes", unknown), f"`{screen.do}` never ends as `{unknown}`")
        for unknown in [name for name in screen.arguments if name not in spec.takes]:
            self.complain((*here, "with", unknown), f"`{screen.do}` does not take `{unknown}`")
        fixed = {name: _literal(value) for name, value in screen.arguments.items()}
        return graph.Effect(screen.do, spec.takes, fixed, outcomes)

    def uses(self, here: Path, screen: definition.Screen, made: graph.Screen) -> Mapping[str, graph.Use]:
        """Every fact the screen shows, under the name by which the screen calls it."""
        uses: dict[str, graph.Use] = {}
        for alias, options in screen.show.items():
            fact = options.get("fact", alias)
            spec = self.vocabulary.facts.get(fact)
            if spec is None:
                self.complain((*here, "show", alias), f"there is no fact `{fact}`")
                continue
            fixed = {name: _literal(value) for name, value in options.items() if name != "fact"}
            for name in set(fixed) - set(spec.takes):
                self.complain((*here, "show", alias, name), f"the fact `{fact}` does not take `{name}`")
            uses[alias] = graph.Use(fact, spec.takes, fixed)
        for path in reads_of(made):
            spec = self.vocabulary.facts.get(path[0])
            if path[0] not in uses and spec is not None:
                uses[path[0]] = graph.Use(path[0], spec.takes, {})
        return uses


def written_in(screen: definition.Screen) -> set[str]:
    """The words that stand on a screen, as they are written in the file."""
    fields = type(screen).model_fields
    return {fields[name].alias or name for name in screen.model_fields_set}


def reads_of(screen: graph.Screen) -> set[Path]:
    """Every name that a screen reads, in texts, labels, conditions and lists."""
    texts = [screen.text, *(choice.label for choice in screen.choices)]
    if screen.listing:
        texts.append(screen.listing.label)
    found = {path for text in texts for template in text.values() for path in fields_of(template)}
    conditions = [choice.when for choice in screen.choices] + [branch.when for branch in screen.branches]
    for condition in conditions:
        found.update(condition.reads if condition else ())
    found.update((screen.remember or {}).values())
    if screen.listing:
        found.add((screen.listing.rows,))
    return found


def fields_of(template: Template) -> list[Path]:
    """The names a text shows."""
    return [part.path for part in template if not isinstance(part, str)]


def _room(code: str | definition.CodeOnItsOwn, limit: int) -> int:
    return limit if isinstance(code, str) else code.limit


def _literal(value: str) -> Value:
    return int(value) if _is_whole(value) and not (len(value) > 1 and value[0] == "0") else value


def _is_whole(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < len("1000000000")


def _there(path: Path) -> Path:
    # In a translation a choice is its label, without a key of its own for it.
    return path[:-1] if path[-1] == "label" else path


def _translated(translation: definition.Translation, path: Path) -> str | None:
    match path:
        case ("reasons", name):
            return translation.reasons.get(name)
        case ("screens", name, "choices", key, "label"):
            screen = translation.screens.get(name)
            return screen.choices.get(key) if screen else None
        case ("screens", name, "list", "label"):
            screen = translation.screens.get(name)
            return screen.listing if screen else None
        case ("screens", name, "text" | "end" as at):
            screen = translation.screens.get(name)
            return getattr(screen, at) if screen else None
    return None
