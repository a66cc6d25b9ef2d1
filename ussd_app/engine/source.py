"""Read what an admin wrote in YAML, remembering the line of everything.

Every scalar stays the text that was typed (`no` is "no", `0812` is "0812"): the definition decides what is a
number, never YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from ussd_app.errors import MenuProblems, Problem

Path = tuple[str, ...]

# Aliases let a short file unfold into an endless one; the largest real menu has some hundred words.
MOST_WORDS = 20_000


@dataclass(frozen=True)
class Source:
    """One parsed file: its data as dicts, lists and strings, and the line each path stands on.

    `included` has the reasons and screens that stand in a shared part, by their path, each with the part's file.
    """

    file: str
    text: str
    data: Any
    lines: dict[Path, int]
    included: Mapping[Path, Source] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of `path`, or of the nearest thing around it that exists."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: Path, sentence: str, *, error: bool = True) -> Problem:
        """A problem at `path`, ready to be shown to whoever wrote the file where it stands."""
        there = self.included.get(path[:2], self)
        return Problem(there.file, there.line(path), ".".join(path) or "(file)", sentence, error)


class _Loader(yaml.BaseLoader):
    """Stops in the middle of a file that has more words than a menu can have: two million took half a minute."""

    composed = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """One word more; a key is one as well. Raises RecursionError."""
        self.composed += 1
        if self.composed > 2 * MOST_WORDS:
            raise RecursionError
        return super().compose_node(parent, index)


def read(file: str, text: str) -> Source:
    """Parse one YAML text. Raises MenuProblems with every syntax error and duplicate key found."""
    lines: dict[Path, int] = {}
    problems: list[Problem] = []
    try:
        node = yaml.compose(text, Loader=_Loader)
        data = _build(node, (), file, lines, problems) if node is not None else {}
    except RecursionError:
        raise MenuProblems([Problem(file, 1, "(file)", "too long or too deep: look at its *aliases")]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        why = getattr(error, "problem", None) or str(error)
        raise MenuProblems([Problem(file, line, "(file)", f"this is not valid YAML: {why}")]) from None
    if problems:
        raise MenuProblems(problems)
    return Source(file, text, data, lines)


def _build(node: yaml.Node, path: Path, file: str, lines: dict[Path, int], problems: list[Problem]) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if len(lines) > MOST_WORDS:
        raise RecursionError
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, file, lines, problems)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, str(number)), file, lines, problems) for number, item in enumerate(node.value)]
    return node.value


def _mapping(
    node: yaml.MappingNode, path: Path, file: str, lines: dict[Path, int], problems: list[Problem]
) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key_node, value_node in node.value:
        here, line = (*path, str(key_node.value)), key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            problems.append(Problem(file, line, ".".join(path), "a key must be a plain word or number"))
            continue
        if key_node.value in data:
            sentence = f"`{key_node.value}` is written twice here: the first one would be lost"
            problems.append(Problem(file, line, ".".join(here), sentence))
            continue
        lines[here] = line
        data[key_node.value] = _build(value_node, here, file, lines, problems)
    return data
