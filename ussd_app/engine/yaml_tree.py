"""Where everything stands in a YAML text, to the character: what a patch needs that changes one thing and no other.

`source` tells what a file says and on which line; this tells from which character to which, what is quoted, what
carries an anchor and what is only an alias of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from ussd_app.engine.source import Path

# Written in C where PyYAML was built with it: six times as fast, and every mark the same.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_BLANKS = re.compile(r"[ \t]*")


class NotPatchable(ValueError):
    """A YAML text that is not written in a way that a patch can follow: somebody has to change it by hand."""


@dataclass(eq=False)
class Node:
    """One value of a YAML text: from `begin` to `end` with its anchor, from `start` on without.

    `data` is what it says, as `source.read` has it. An alias has the node it stands for as `target`.
    """

    kind: str
    begin: int
    start: int
    end: int
    path: Path
    data: Any = None
    anchor: str = ""
    flow: bool = False
    style: str = ""
    column: int = 0
    entries: list[tuple[Node, Node]] = field(default_factory=list)
    target: Node | None = None

    @property
    def in_block(self) -> bool:
        """Whether it is a mapping or a list written line by line."""
        return self.kind in ("mapping", "sequence") and not self.flow

    def walk(self) -> Iterator[Node]:
        """This node and everything in it, in the order of the text."""
        yield self
        for _, value in self.entries:
            yield from value.walk()


def tree_of(text: str) -> Node:
    """The tree of one YAML document. Raises NotPatchable for tags, several documents, or what is no YAML."""
    try:
        events = list(yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        raise NotPatchable(str(error)) from None
    if len([event for event in events if isinstance(event, yaml.DocumentStartEvent)]) != 1:
        raise NotPatchable("there must be one document in the file")
    return _Reader(text, events[2:-2]).node(())


class _Reader:
    def __init__(self, text: str, events: list[yaml.Event]) -> None:
        self.text = text
        self.events = iter(events)
        self.anchors: dict[str, Node] = {}

    def node(self, path: Path) -> Node:
        return self._made(next(self.events), path)

    def _made(self, event: Any, path: Path) -> Node:
        begin, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.AliasEvent):
            target = self.anchors[str(event.anchor)]
            return Node("alias", begin, begin, end, path, target.data, target.anchor, target=target)
        if event.tag:
            raise NotPatchable(f"there is a !tag on line {event.start_mark.line + 1}")
        anchor = event.anchor or ""
        made = Node("scalar", begin, self._after(anchor, begin), end, path, anchor=anchor)
        made.column = event.start_mark.column
        if isinstance(event, yaml.ScalarEvent):
            made.data, made.style = event.value, event.style or ""
            in_lines = made.style in ("|", ">")
            made.end = made.start + len(self.text[made.start : end].rstrip("\n ")) if in_lines else end
        else:
            self._fill(made, event)
        if anchor:
            self.anchors[anchor] = made
        return made

    def _after(self, anchor: str, begin: int) -> int:
        """Where the value itself starts, behind its anchor."""
        if not anchor:
            return begin
        blanks = _BLANKS.match(self.text, begin + len(anchor) + 1)
        return blanks.end() if blanks else begin

    def _fill(self, made: Node, event: Any) -> None:
        made.kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "sequence"
        made.flow = bool(event.flow_style)
        last = self._mapping(made) if made.kind == "mapping" else self._sequence(made)
        if made.flow:
            made.end = last.end_mark.index
            return
        key, value = made.entries[0]
        first = key if made.kind == "mapping" else value
        made.start = first.begin if made.kind == "mapping" else self.text.rindex("-", 0, first.begin)
        made.column = made.start - (self.text.rfind("\n", 0, made.start) + 1)
        made.end = made.entries[-1][1].end

    def _mapping(self, made: Node) -> Any:
        made.data = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._made(event, made.path)
            if key.kind != "scalar" or key.anchor:
                raise NotPatchable("a key must be a plain word or number")
            value = self.node((*made.path, key.data))
            made.data[key.data] = value.data
            made.entries.append((key, value))
        return event

    def _sequence(self, made: Node) -> Any:
        made.data = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            value = self._made(event, (*made.path, str(len(made.data))))
            made.data.append(value.data)
            made.entries.append((value, value))
        return event
