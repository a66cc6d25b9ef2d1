"""Two people changed the same files: put both changes together where they are in different places."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from ussd_app.engine.patch import patched
from ussd_app.engine.yaml_tree import NotPatchable
from ussd_app.errors import MenuProblems, NotAllowedNow
from ussd_app.services.reading import source_of

# What holds things by name, each of which is a place of its own.
_SECTIONS = ("screens", "reasons", "messages", "refusals")


class Place(NamedTuple):
    """What one person changes without another in the way: a screen, a sentence, a word of a file, or the whole file."""

    file: str
    section: str = ""
    name: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.name or self.section, f"({self.file})")))


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[Place]:
    """Every place where two states of the files say something else."""
    places: set[Place] = set()
    for file in before.keys() | after.keys():
        if before.get(file) == after.get(file):
            continue
        old, new = _data(file, before.get(file)), _data(file, after.get(file))
        if old is None or new is None:
            places.add(Place(file))
            continue
        at_first, now = _places(file, old), _places(file, new)
        found = {place for place in at_first.keys() | now.keys() if at_first.get(place) != now.get(place)}
        places |= found or {Place(file)}  # only a comment, an order or an empty line
    return places


def _data(file: str, text: str | None) -> dict[str, Any] | None:
    try:
        data = source_of(file, text).data if text is not None else None
    except MenuProblems:
        return None
    return data if isinstance(data, dict) else None


def _places(file: str, data: Mapping[str, Any]) -> dict[Place, Any]:
    found: dict[Place, Any] = {}
    for word, value in data.items():
        if word in _SECTIONS and isinstance(value, dict):
            found |= {Place(file, word, name): inner for name, inner in value.items()}
        else:
            found[Place(file, word)] = value
    return found


def in_each_others_way(base: Mapping[str, str], mine: Mapping[str, str], theirs: Mapping[str, str]) -> list[Place]:
    """The places that both have changed, each in another way; a whole file is in the way of everything in it."""
    ours, others = changed(base, mine), changed(base, theirs)
    both = {place for place in ours & others if not _same(place, mine, theirs)}
    for file in {place.file for place in ours ^ others if not place.section}:
        if mine.get(file) != theirs.get(file):
            both |= (
                {Place(file)} if {place.file for place in ours} & {place.file for place in others} & {file} else set()
            )
    return sorted(both)


def _same(place: Place, mine: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    if not place.section:
        return mine.get(place.file) == theirs.get(place.file)
    pair = [_places(place.file, _data(place.file, files.get(place.file)) or {}).get(place) for files in (mine, theirs)]
    return bool(pair[0] == pair[1])


def merged(
    base: Mapping[str, str], mine: Mapping[str, str], theirs: Mapping[str, str], *, mine_first: bool = False
) -> dict[str, str]:
    """`mine`, with everything that `theirs` changed since `base`.

    Where both changed one place, `mine_first` lets mine count there; without it that raises NotAllowedNow.
    """
    in_the_way = in_each_others_way(base, mine, theirs)
    if in_the_way and not mine_first:
        names = ", ".join(map(str, in_the_way))
        raise NotAllowedNow(f"both have changed {names}: choose what counts", "both_changed", places=names)
    made: dict[str, str] = {}
    for file in sorted(base.keys() | mine.keys() | theirs.keys()):
        whole = Place(file) in in_the_way
        text = (
            mine.get(file)
            if whole
            else _merged_file(file, base.get(file), mine.get(file), theirs.get(file), frozenset(in_the_way))
        )
        if text is not None:
            made[file] = text
    return made


def _merged_file(
    file: str, base: str | None, mine: str | None, theirs: str | None, kept: frozenset[Place]
) -> str | None:
    if mine in (base, theirs):
        return theirs
    if theirs == base or mine is None or theirs is None:
        return mine
    data = deepcopy(_data(file, mine)) or {}
    after = _data(file, theirs) or {}
    for place in sorted(changed({file: base or ""}, {file: theirs}) - kept):
        _take_over(data, place, after)
    try:
        return patched(mine, data)
    except NotPatchable as why:
        raise NotAllowedNow(f"{file} cannot be put together: {why}", "only_text", file=file) from None


def _take_over(data: dict[str, Any], place: Place, after: Mapping[str, Any]) -> None:
    """Let the data say at one place what `after` says there, in the order of `after`."""
    if not place.name:
        holder, wanted, name = data, after, place.section
    else:
        holder = data.setdefault(place.section, {})
        wanted, name = after.get(place.section) or {}, place.name
    if name not in wanted:
        holder.pop(name, None)
        return
    if name in holder:
        holder[name] = deepcopy(wanted[name])
        return
    names = list(wanted)
    above = next((known for known in reversed(names[: names.index(name)]) if known in holder), None)
    kept = list(holder.items())
    at = 1 + [known for known, _ in kept].index(above) if above is not None else 0
    holder.clear()
    holder.update([*kept[:at], (name, deepcopy(wanted[name])), *kept[at:]])
