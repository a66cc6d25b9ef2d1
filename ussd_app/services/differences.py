"""What is another than what is live: screen by screen in words, and line by line in the files."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as Folder
from typing import Any

from ussd_app.errors import MenuProblems
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.services.papers import is_part
from ussd_app.services.reading import main_file, source_of
from ussd_app.storage import documents

# Where a word stands, and in which language if it is a text: `("choices.1.label", "jv")`.
At = tuple[str, str]


@dataclass(frozen=True)
class Change:
    """One thing said otherwise: where, in which language (empty: it is no text), before and after (None: not there)."""

    at: str
    language: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Changed:
    """A screen, a reason, an SMS or a word of the file: added, removed, changed or renamed (from `was`)."""

    section: str
    name: str
    how: str
    changes: tuple[Change, ...]
    was: str = ""


@dataclass(frozen=True)
class Differences:
    """Everything that differs; `files` has the unified lines of each file that does, `unread` what is no YAML."""

    changed: tuple[Changed, ...]
    files: Mapping[str, str]
    unread: tuple[str, ...] = ()

    @property
    def screens(self) -> tuple[Changed, ...]:
        """The screens among what differs, in the order of the new files."""
        return tuple(one for one in self.changed if one.section == "screens")


def between(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> Differences:
    """What differs between two states of a document's files. Broken files are compared line by line only."""
    old, unread_before = _all_that_is_said(name, before)
    new, unread_after = _all_that_is_said(name, after)
    changed = [
        Changed(section, own, _how(old.get(place), new.get(place)), changes)
        for place in [*new, *(place for place in old if place not in new)]
        for section, own in [place]
        if (changes := tuple(_changes(old.get(place, {}), new.get(place, {})))) or (place in old) != (place in new)
    ]
    files = {file: _lines(file, before.get(file), after.get(file)) for file in sorted(before.keys() | after.keys())}
    return Differences(
        tuple(_renames(changed)),
        {file: lines for file, lines in files.items() if lines},
        tuple(sorted(unread_before | unread_after)),
    )


def _how(before: object, after: object) -> str:
    return "added" if before is None else "removed" if after is None else "changed"


def _changes(before: Mapping[At, str], after: Mapping[At, str]) -> Iterator[Change]:
    for at in dict.fromkeys([*after, *before]):
        if before.get(at) != after.get(at):
            yield Change(*at, before.get(at), after.get(at))


def _renames(changed: list[Changed]) -> Iterator[Changed]:
    """A screen that went while another came that says the same was renamed."""
    gone = {_said(one, after=False): one for one in changed if one.how == "removed" and one.section == "screens"}
    renamed = {}
    for one in changed:
        was = gone.get(_said(one, after=True)) if one.how == "added" and one.section == "screens" else None
        if was is not None:
            renamed[one.name] = was.name
    for one in changed:
        if one.section == "screens" and one.name in renamed:
            yield Changed("screens", one.name, "renamed", (), renamed[one.name])
        elif not (one.section == "screens" and one.how == "removed" and one.name in renamed.values()):
            yield one


def _said(one: Changed, *, after: bool) -> frozenset[tuple[str, str, str | None]]:
    return frozenset((each.at, each.language, each.after if after else each.before) for each in one.changes)


def _lines(file: str, before: str | None, after: str | None) -> str:
    if before == after:
        return ""
    old, new = (before or "").splitlines(), (after or "").splitlines()
    return "\n".join(difflib.unified_diff(old, new, file, file, lineterm=""))


# ---- what files say, place by place ----

_TEXTS = frozenset({"text", "end", "label"})
Said = dict[tuple[str, str], dict[At, str]]


def _all_that_is_said(name: str, files: Mapping[str, str]) -> tuple[Said, set[str]]:
    said: Said = {}
    unread, read = set(), {}
    for file, text in files.items():
        try:
            read[file] = source_of(file, text).data
        except MenuProblems:
            unread.add(file)
    data = {file: found for file, found in read.items() if isinstance(found, dict)}
    languages = data.get(main_file(name), {}).get("languages")
    language = languages[0] if isinstance(languages, list) and languages else "id"
    ordered = sorted(data, key=lambda file: (file != main_file(name), not is_part(data[file]), file))
    for file in ordered:
        spoken = str(data[file].get("language", language))
        _say(said, data[file], spoken, translation="language" in data[file])
    return said, unread


def _say(said: Said, data: Mapping[str, Any], language: str, *, translation: bool) -> None:
    for section, value in data.items():
        if section in ("menu", "part", "language"):
            continue
        named = section in ("screens", "reasons", "messages", "refusals") and isinstance(value, dict)
        for name, inner in value.items() if named else [("", value)]:
            place = said.setdefault((section, name), {})
            for at, text in _leaves(inner, ()):
                place[_place(section, at, language, translation=translation)] = text


def _place(section: str, at: tuple[str, ...], language: str, *, translation: bool) -> At:
    """Where a text stands on its screen, the same in every language: a translation has labels without a key for it."""
    if section == "screens" and translation and at[:1] in (("choices",), ("list",)):
        return ".".join((*at, "label")), language
    if at and (section == "refusals" or (section == "messages" and at[0] == "texts")):
        return "text", at[-1]
    is_text = section == "reasons" or (at[-1:] and at[-1] in _TEXTS) or (section == "navigation" and at in _WORDS)
    return ".".join(at) or "text", language if is_text else ""


_WORDS = (("back",), ("more",))


def _leaves(value: Any, at: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict | list) and value:
        inside = value.items() if isinstance(value, dict) else ((str(n), item) for n, item in enumerate(value))
        for key, inner in inside:
            yield from _leaves(inner, (*at, key))
    else:
        yield at, str(value) if value else ""


# ---- other places where the same is written ----


@dataclass(frozen=True)
class Strayed:
    """A document whose files in the folder are not what is live: `changed`, `only_files` or `only_live`."""

    name: str
    how: str
    files: tuple[str, ...]


def from_folder(rt: Runtime, folder: Folder) -> list[Strayed]:
    """Every document where the files of a folder and what is published differ: an admin should know before editing."""
    beside = publishing.files_of(folder)
    with rt.db.connect() as connection:
        live = {
            name: documents.load(connection, name, pointer.version)
            for name, pointer in documents.pointers(connection).items()
        }
    found = []
    for name in sorted(beside.keys() | live.keys()):
        document = live.get(name)
        here, there = beside.get(name, {}), document.files if document else {}
        files = tuple(file for file in sorted(here.keys() | there.keys()) if here.get(file) != there.get(file))
        if files:
            found.append(Strayed(name, "only_live" if not here else "only_files" if not there else "changed", files))
    return found


def parts_elsewhere(rt: Runtime, name: str, files: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The files of parts that other live documents have with another text, by the document: there it is to be changed
    as well."""
    with rt.db.connect() as connection:
        others = [
            documents.load(connection, other, pointer.version)
            for other, pointer in documents.pointers(connection).items()
            if other != name and pointer.kind == "menu"
        ]
    shared = {
        document.name: tuple(file for file in document.files if file in files and files[file] != document.files[file])
        for document in others
        if document is not None
    }
    return {other: found for other, found in shared.items() if found}
