"""The texts of every SMS, proved to fit before any is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ussd_app.domain import gsm7
from ussd_app.engine import definition, graph
from ussd_app.engine.compiler import Compilation, fields_of, validate
from ussd_app.engine.expressions import Path, Template
from ussd_app.engine.kinds import FORMATS, Kind, Value
from ussd_app.engine.source import Source
from ussd_app.engine.vocabulary import Vocabulary
from ussd_app.errors import Problem

# Septets: what an SMS or a screen keeps free for the reason of a refusal.
LONGEST_REASON = 52
# What stands before a text that is sent a second time because nobody knows whether the first one came.
REPEATED = "Ulang: "
# The refusal that stands for every reason nobody has put into words.
OTHER = "other"


@dataclass(frozen=True)
class Message:
    """One SMS: its lane, whether it may be repeated once, and its text in each language."""

    lane: str
    repeat: bool
    texts: graph.Texts

    @property
    def fields(self) -> frozenset[str]:
        """What its texts show, in whichever language."""
        return frozenset(path[0] for template in self.texts.values() for path in fields_of(template))

    def fill(self, language: str, values: Mapping[str, Value]) -> str:
        """The text in a language (Indonesian where there is none) with its fields filled."""
        template = self.texts.get(language) or self.texts["id"]
        shown = (part if isinstance(part, str) else part.show(values[part.path[0]], language) for part in template)
        return gsm7.plain("".join(shown))


class Messages(dict[str, Message]):
    """Every SMS by its name; `refusals` are the institution's reasons in words, by its codes."""

    def __init__(self, messages: Mapping[str, Message], refusals: Mapping[str, graph.Texts]) -> None:
        super().__init__(messages)
        self.refusals = refusals


def compile_messages(source: Source, fields: Mapping[str, Mapping[str, Kind]]) -> tuple[Messages | None, list[Problem]]:
    """Compile and prove the file of SMS texts against `fields`, the values that each message is given.

    Every message must fit its number of segments at its longest fill, in every language.
    """
    problems: list[Problem] = []
    messages = validate(definition.Messages, source, problems)
    if messages is None:
        return None, problems
    made: dict[str, Message] = {}
    empty = definition.Menu(menu="messages", codes=[], languages=["id"], start="none", screens={})
    compilation = Compilation(empty, source, [], Vocabulary({}, {}), problems)
    for name, message in messages.messages.items():
        if name not in fields:
            compilation.complain(("messages", name), "no part of the service sends a message of this name")
            continue
        texts: dict[str, Template] = {}
        for language, words in message.texts.items():
            path = ("messages", name, "texts", language)
            texts[language] = compilation.template(source, path, words)
            mark = REPEATED if message.repeat else ""
            _message_fits(compilation, path, (mark, *texts[language]), language, fields[name], message.segments)
        if "id" not in texts:
            compilation.complain(("messages", name, "texts"), "the Indonesian text (`id`) is missing")
        made[name] = Message(message.lane, message.repeat, texts)
    for missing in sorted(fields.keys() - messages.messages.keys()):
        compilation.complain(("messages",), f"the message `{missing}` is missing")
    refusals = _refusals(compilation, source, messages)
    if OTHER not in refusals and any("reason" in given for given in fields.values()):
        compilation.complain(("messages",), f"`refusals` needs `{OTHER}`, for reasons that nobody has put into words")
    return (None if any(problem.error for problem in problems) else Messages(made, refusals)), problems


def compile_texts(
    source: Source,
    at: Path,
    texts: Mapping[str, str],
    endings: Mapping[str, str],
    fields: Mapping[str, Kind],
    most: int,
) -> tuple[graph.Texts, list[Problem]]:
    """One SMS that is written elsewhere than in the file of all messages, by language, checked and proved like those.

    `at` is the path of its texts there, `endings` what is added to each. It may take `most` segments.
    """
    problems: list[Problem] = []
    menu = definition.Menu(menu="messages", codes=[], languages=["id"], start="none", screens={})
    compilation = Compilation(menu, source, [], Vocabulary({}, {}), problems)
    made: dict[str, Template] = {}
    for language, words in texts.items():
        path = (*at, language)
        made[language] = compilation.template(source, path, f"{words.strip()} {endings[language]}")
        _message_fits(compilation, path, made[language], language, fields, most)
    if "id" not in texts:
        compilation.complain(at, "the Indonesian text (`id`) is missing")
    return made, problems


def _refusals(compilation: Compilation, source: Source, messages: definition.Messages) -> dict[str, graph.Texts]:
    """The institution's reasons in words: sentences without fields, short enough for what shows them."""
    made: dict[str, graph.Texts] = {}
    for code, texts in messages.refusals.items():
        made[code] = {}
        for language, words in texts.items():
            path = ("refusals", code, language)
            template = compilation.template(source, path, words)
            made[code] = {**made[code], language: template}
            if fields_of(template):
                compilation.complain(path, "a reason has no fields: write a plain sentence")
            room = gsm7.septets("".join(part for part in template if isinstance(part, str))) or 0
            if room > LONGEST_REASON:
                compilation.complain(path, f"this reason takes {room} septets instead of {LONGEST_REASON} at most")
        if "id" not in texts:
            compilation.complain(("refusals", code), "the Indonesian text (`id`) is missing")
    return made


def _message_fits(
    compilation: Compilation,
    path: Path,
    template: Template,
    language: str,
    fields: Mapping[str, Kind],
    most: int,
) -> None:
    unknown = [name for (name, *_) in fields_of(template) if name not in fields]
    if unknown:
        known = ", ".join(sorted(fields))
        compilation.complain(path, f"`{'`, `'.join(unknown)}` is not given to this message: use {known}")
        return
    for part in template:
        if not isinstance(part, str) and fields[part.path[0]].name not in FORMATS[part.format][1]:
            compilation.complain(path, f"`{part.path[0]}` is {fields[part.path[0]].name}: it needs another format")
            return
    shown = "".join(
        part if isinstance(part, str) else part.show(fields[part.path[0]].longest, language) for part in template
    )
    size = gsm7.size(shown)
    if size.segments > most:
        sentence = f"at its longest it takes {size.units} septets, {size.segments} SMS instead of {most}"
        compilation.complain(path, sentence)
