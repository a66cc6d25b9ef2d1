"""What several menus share is written once, in a part: its reasons and screens stand in a menu as if written there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ussd_app.engine import definition
from ussd_app.engine.compiler import validate
from ussd_app.engine.source import Path, Source, read
from ussd_app.errors import MenuProblems, Problem

Texts = TypeVar("Texts", definition.Menu, definition.Translation)
Shared = Sequence[tuple[definition.Part | definition.PartTranslation, Source]]

# Read from the text as it is: which files belong together must be known of a file that is no valid YAML as well.
_PART = re.compile(r"""^["']?part["']?\s*:""", re.MULTILINE)
_INCLUDE = re.compile(r"""^["']?include["']?\s*:.*(?:\n(?:[ \t\-\]#].*)?)*""", re.MULTILINE)


def is_part(text: str) -> bool:
    """Whether a file is a part, or the translation of one."""
    return _PART.search(text) is not None


def included_in(text: str) -> list[str]:
    """The parts that a menu file includes, as far as that can be read."""
    found = _INCLUDE.search(text)
    try:
        names = read("", found[0]).data["include"] if found else []
    except MenuProblems:
        return []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


@dataclass(frozen=True)
class Written:
    """A menu as its files say it, the parts it includes in their place."""

    menu: definition.Menu
    source: Source
    translations: list[tuple[definition.Translation, Source]]


def put_together(sources: Sequence[Source], problems: list[Problem]) -> Written | None:
    """The menu of these files: the menu's own first, then its translations, its parts and theirs.

    None when a file has not the right shape, or the files do not go together; `problems` then tells why.
    """
    menu = validate(definition.Menu, sources[0], problems)
    translations, parts, translated = [], {}, []
    for source in sources[1:]:
        if not isinstance(source.data, dict) or "part" not in source.data:
            translation = validate(definition.Translation, source, problems)
            translations += [(translation, source)] if translation else []
        elif "language" in source.data or source.file.count(".") > 1:
            of_part = validate(definition.PartTranslation, source, problems)
            translated += [(of_part, source)] if of_part else []
        else:
            part = validate(definition.Part, source, problems)
            parts.update({_stem(source): (part, source)} if part else {})
    if menu is None or problems:
        return None
    problems += _included(menu, sources[0], parts)
    shared = [parts[name] for name in dict.fromkeys(menu.include) if name in parts]
    problems += _twice([*shared, (menu, sources[0])])
    problems += _not_its_own(translations, parts)
    for of_part, source in translated:
        problems += _of_its_part(of_part, source, menu, parts)
    if problems:
        return None
    whole, source = _with_parts(menu, sources[0], shared)
    return Written(whole, source, list(_translations(menu, translations, translated)))


def _stem(source: Source) -> str:
    return source.file.split(".")[0]


Parts = Mapping[str, tuple[definition.Part, Source]]


def _included(menu: definition.Menu, source: Source, parts: Parts) -> Iterator[Problem]:
    """Every part that is included is there, once; every part that is there is included."""
    for number, name in enumerate(menu.include):
        at = ("include", str(number))
        if name in menu.include[:number]:
            yield source.problem(at, f"the part `{name}` is included already: once is enough")
        elif name not in parts:
            sentence = f"there is no part `{name}`: write {name}.yaml beside this file, beginning with `part: {name}`"
            yield source.problem(at, sentence)
    for stem, (part, there) in parts.items():
        if part.part != stem:
            yield there.problem(("part",), f"the file is called {stem}, the part {part.part}")
        if stem not in menu.include:
            yield there.problem(("part",), f"the menu `{menu.menu}` does not include this part")


def _names(model: Any) -> list[Path]:
    return [(kind, name) for kind in ("reasons", "screens") for name in getattr(model, kind)]


def _twice(models: Sequence[tuple[definition.Menu | definition.Part, Source]]) -> Iterator[Problem]:
    """No name stands in two files: neither would be the right one."""
    first: dict[Path, Source] = {}
    for model, source in models:
        for path in _names(model):
            there = first.setdefault(path, source)
            if there is not source:
                sentence = f"`{path[1]}` stands in {there.file}:{there.line(path)} too: take one of them away"
                yield source.problem(path, sentence)


def _not_its_own(translations: Sequence[tuple[definition.Translation, Source]], parts: Parts) -> Iterator[Problem]:
    """A menu's own translation leaves alone what stands in a part."""
    owners = {path: stem for stem, (part, _) in parts.items() for path in _names(part)}
    for translation, source in translations:
        for path in [path for path in _names(translation) if path in owners]:
            owner = owners[path]
            sentence = f"`{path[1]}` stands in {owner}.yaml: translate it in {owner}.{translation.language}.yaml"
            yield source.problem(path, sentence)


def _of_its_part(
    translated: definition.PartTranslation, source: Source, menu: definition.Menu, parts: Parts
) -> Iterator[Problem]:
    """A part's translation translates its part, and nothing else."""
    name = _stem(source)
    if translated.part != name:
        yield source.problem(("part",), f"the file is called {name}, the part {translated.part}")
    if name not in parts:
        yield source.problem(("part",), f"the part it translates is missing: {name}.yaml")
        return
    if translated.language == menu.languages[0]:
        sentence = f"`{translated.language}` is the language of the part itself: change its texts there"
        yield source.problem(("language",), sentence)
    part = parts[name][0]
    for path in [path for path in _names(translated) if path not in _names(part)]:
        yield source.problem(path, f"the part has no {path[0].removesuffix('s')} `{path[1]}`")
    for screen in translated.screens.keys() & part.screens.keys():
        for key in translated.screens[screen].choices.keys() - (part.screens[screen].choices or {}).keys():
            yield source.problem(("screens", screen, "choices", key), f"the part has no choice `{key}` here")


def _with_parts(model: Texts, source: Source, parts: Shared) -> tuple[Texts, Source]:
    """The model with what its parts say, and its source, which knows where each of that stands."""
    said = {kind: dict(getattr(model, kind)) for kind in ("reasons", "screens")}
    for part, _ in parts:
        said["reasons"] |= part.reasons
        said["screens"] |= part.screens
    included = {path: there for part, there in parts for path in _names(part)}
    return model.model_copy(update=said), replace(source, included=included)


def _translations(
    menu: definition.Menu,
    own: Sequence[tuple[definition.Translation, Source]],
    of_parts: Sequence[tuple[definition.PartTranslation, Source]],
) -> Iterator[tuple[definition.Translation, Source]]:
    """Each translation with those of the parts; a language that only parts are translated into has one as well."""
    for translation, source in own:
        yield _with_parts(translation, source, [part for part in of_parts if part[0].language == translation.language])
    for language in menu.languages[1:]:
        if language not in [translation.language for translation, _ in own]:
            parts = [part for part in of_parts if part[0].language == language]
            if parts:
                empty = definition.Translation(menu=menu.menu, language=language)
                yield _with_parts(empty, parts[0][1], parts)
