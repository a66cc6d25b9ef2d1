"""The files of a draft as data that an edit changes, and back to text with everything else as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from ussd_app.engine import definition
from ussd_app.engine.compiler import validate
from ussd_app.engine.patch import patched
from ussd_app.engine.source import Path
from ussd_app.engine.yaml_tree import NotPatchable, tree_of
from ussd_app.errors import MenuProblems, NotAllowedNow, Problem
from ussd_app.services.reading import main_file, source_of

# The words of a file and of a screen in the order in which we write them.
_OF_A_FILE = ("start", "home", "include", "limit", "navigation", "resume", "recover", "reasons", "screens")
_OF_A_SCREEN = ("text", "end", "show", "remember", "list", "choices", "ask", "go", "branch", "do", "with", "outcomes")
ORDER = (*_OF_A_FILE, *_OF_A_SCREEN)
NAMES = {"en": "English", "jv": "Javanese", "su": "Sundanese", "id": "Indonesian"}
Screen = dict[str, Any]


def refused(sentence: str, reason: str, **values: object) -> NotAllowedNow:
    """Why a form cannot make this change."""
    return NotAllowedNow(sentence, reason, **values)


@dataclass
class Papers:
    """A document's files while one edit works on them. `data` may be changed at will, the texts follow."""

    name: str
    files: Mapping[str, str]
    data: dict[str, dict[str, Any]] = field(default_factory=dict)
    renamed: dict[str, dict[Path, str]] = field(default_factory=dict)
    fresh: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for file, text in self.files.items():
            try:
                data = source_of(file, text).data
            except MenuProblems as found:
                raise refused(f"mend this in the text first: {found.problems[0]}", "no_yaml", file=file) from None
            if not isinstance(data, dict):
                raise refused(f"{file} says nothing that a form could change", "no_yaml", file=file)
            self.data[file] = deepcopy(data)
        if main_file(self.name) not in self.data:
            raise refused(f"the file {main_file(self.name)} is missing", "no_file", file=main_file(self.name))

    # ---- where things are ----

    @property
    def menu(self) -> dict[str, Any]:
        """What the main file says."""
        return self.data[main_file(self.name)]

    @property
    def language(self) -> str:
        """The language in which the menu and its parts are written."""
        languages = self.menu.get("languages")
        return str(languages[0]) if isinstance(languages, list) and languages else "id"

    def originals(self) -> list[str]:
        """The menu's file and those of its parts, without translations."""
        return [main_file(self.name), *(file for file, data in self.data.items() if is_part(data))]

    def screens(self) -> Iterator[tuple[str, str, Screen]]:
        """Every screen with the file it stands in and its name."""
        for file in self.originals():
            for name, screen in section(self.data[file], "screens").items():
                if isinstance(screen, dict):
                    yield file, name, screen

    def find(self, name: str) -> tuple[str, Screen]:
        """The file of a screen, and what it says there."""
        for file, known, screen in self.screens():
            if known == name:
                return file, screen
        raise refused(f"there is no screen `{name}`", "no_screen", screen=name)

    def translations(self, file: str) -> Iterator[dict[str, Any]]:
        """What each translation of an original file says."""
        stem = file.removesuffix(".yaml")
        yield from (data for name, data in self.data.items() if name != file and name.split(".")[0] == stem)

    def translated(self, file: str, name: str) -> Iterator[Screen]:
        """The texts of a screen in every language that has some."""
        for data in self.translations(file):
            screen = section(data, "screens").get(name)
            if isinstance(screen, dict):
                yield screen

    def translation(self, file: str, language: str) -> dict[str, Any]:
        """The translation of an original file into a language, begun where there was none."""
        languages = self.menu.get("languages")
        if language not in (languages if isinstance(languages, list) else ()):
            raise refused(f"the menu does not list the language `{language}`", "no_language", language=language)
        stem = file.removesuffix(".yaml")
        name = f"{stem}.{language}.yaml"
        if name not in self.data:
            kind = "part" if is_part(self.data[file]) else "menu"
            heading = f"# The {NAMES.get(language, language)} of {file}. Edited by: admins.\n"
            self.fresh[name] = f"{heading}{kind}: {stem}\nlanguage: {language}\n"
            self.data[name] = {kind: stem, "language": language}
        return self.data[name]

    def sharing(self, name: str) -> list[str]:
        """Every screen whose choices are written once for all of them, this one among them."""
        file, screen = self.find(name)
        here, same = section(self.data[file], "screens"), screen.get("choices")
        text = self.files.get(file, "")
        shared = aliased(text, "choices") if same else {}
        return [other for other in here if other == name or (shared.get(other) and shared[other] == shared.get(name))]

    # ---- back to text ----

    def written(self) -> dict[str, str]:
        """The files with what was changed. Raises NotAllowedNow when a form cannot write it so that it is read back."""
        made = dict(self.files)
        for file, data in self.data.items():
            text = self.files.get(file, self.fresh.get(file, ""))
            if file in self.files and data == source_of(file, text).data and file not in self.renamed:
                continue
            try:
                made[file] = patched(text, data, self.renamed.get(file))
                _no_new_mistakes(file, text, made[file])
            except (NotPatchable, MenuProblems) as why:
                raise refused(f"{file} can only be changed in its text here: {why}", "only_text", file=file) from None
        return made


def section(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A part of a file or a screen that holds things by name; nothing where it is missing or something else."""
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def opened(data: dict[str, Any], name: str) -> dict[str, Any]:
    """The same, made where it is missing."""
    if not isinstance(data.get(name), dict):
        put(data, name, {})
    found: dict[str, Any] = data[name]
    return found


def is_part(data: Mapping[str, Any]) -> bool:
    """Whether this is a part, and not the translation of one."""
    return "part" in data and "language" not in data


def put(screen: dict[str, Any], word: str, value: Any) -> None:
    """Give a screen a word: where it was, or in its usual place."""
    if word in screen or word not in ORDER:
        screen[word] = value
        return
    later = [known for known in screen if known in ORDER and ORDER.index(known) > ORDER.index(word)]
    kept = {known: screen.pop(known) for known in list(screen)[list(screen).index(later[0]) :]} if later else {}
    screen[word] = value
    screen.update(kept)


def reordered(data: dict[str, Any], made: Mapping[str, Any]) -> None:
    """Give a mapping these contents, in this order, as the same object."""
    data.clear()
    data.update(made)


def aliased(text: str, word: str) -> dict[str, str]:
    """The anchor that each screen's `word` has or refers to, by the screen."""
    found = {}
    for node in tree_of(text).walk():
        if len(node.path) == 3 and node.path[0] == "screens" and node.path[2] == word and node.anchor:
            found[node.path[1]] = node.anchor
    return found


def rename_key(data: dict[str, Any], old: str, new: str) -> None:
    """The same mapping with another name for one key, in the same place."""
    reordered(data, {new if key == old else key: value for key, value in data.items()})


def _model_of(data: Mapping[str, Any]) -> type[BaseModel]:
    if "messages" in data:
        return definition.Messages
    if "part" in data:
        return definition.PartTranslation if "language" in data else definition.Part
    return definition.Translation if "language" in data else definition.Menu


def _no_new_mistakes(file: str, before: str, after: str) -> None:
    """What an edit writes, the definition can read; what it could not read before is no concern of this edit."""
    known = {(problem.path, problem.sentence) for problem in _shape(file, before)}
    found = [problem for problem in _shape(file, after) if (problem.path, problem.sentence) not in known]
    if found:
        raise refused(f"{found[0].path}: {found[0].sentence}", "no_menu", path=found[0].path)


def _shape(file: str, text: str) -> list[Problem]:
    source = source_of(file, text)
    problems: list[Problem] = []
    validate(_model_of(source.data), source, problems)
    return problems
