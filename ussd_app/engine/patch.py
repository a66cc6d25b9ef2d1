"""Change what a YAML file says and leave every other character as it is: comments, order, quotes, empty lines.

The new contents come as data. What is the same as before keeps its text; what shared an anchor with something that
stays as it was gets a text of its own. The result is read again before anybody gets it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ussd_app.engine import spelling
from ussd_app.engine.source import Path
from ussd_app.engine.yaml_tree import Node, NotPatchable, tree_of

_GONE: Any = object()
# A line such as `# ---- enrolling ----` heads what follows, and not only the next screen.
_HEADING = re.compile(r"^\n?[ \t]*# ?--.*\n", re.MULTILINE)
_BLANKS_AT_END = re.compile(r"[ \t]+(?=\n)")


def patched(text: str, data: Mapping[str, Any], renamed: Mapping[Path, str] | None = None) -> str:
    """The text, changed so that it says `data`. `renamed` gives keys that only have another name now, by their path.

    Raises NotPatchable where that cannot be done so that it is read as `data`.
    """
    root = tree_of(text)
    if root.kind != "mapping":
        raise NotPatchable("the file must be a list of words with what belongs to each")
    made = _Patch(text, root, data, renamed or {}).whole()
    if _in_order(tree_of(made).data) != _in_order(data):
        raise NotPatchable("this file is written in a way that forms cannot change")
    return made


def _in_order(data: Any) -> Any:
    """Data that is only equal when its keys have the same order too."""
    if isinstance(data, Mapping):
        return [(key, _in_order(value)) for key, value in data.items()]
    return [_in_order(item) for item in data] if isinstance(data, list) else data


@dataclass
class _Chunk:
    """An entry of a block with the lines above it that belong to it, and what follows on its own last line."""

    lead: str
    body: str
    tail: str = ""


@dataclass
class _Patch:
    text: str
    root: Node
    data: Mapping[str, Any]
    renamed: Mapping[Path, str]
    # What happens to anchors and aliases, by the node: it keeps its anchor or alias, or takes an anchor over.
    keeps: set[Node] = field(default_factory=set)
    takes: dict[Node, str] = field(default_factory=dict)

    def whole(self) -> str:
        self._share()
        block = self._node(self.root, self.data, self.text[: self.root.start])
        return block + self.text[self.root.end :]

    # ---- anchors ----

    def _share(self) -> None:
        """Decide for each anchor who holds it now: what says the same as before goes on sharing."""
        nodes = list(self.root.walk())
        for holder in [node for node in nodes if node.anchor and node.kind != "alias"]:
            aliases = [node for node in nodes if node.target is holder]
            wanted = {node: self._wanted(node.path) for node in [holder, *aliases]}
            left = sorted((node for node in aliases if wanted[node] is not _GONE), key=self._order)
            if not left or any(wanted[node] == wanted[holder] for node in left):
                self._keep(holder, [node for node in left if wanted[node] == wanted[holder]])
                continue
            others = [node for node in left[1:] if wanted[node] == wanted[left[0]]]
            if others:
                self.takes[left[0]] = holder.anchor
                self.keeps |= set(others)

    def _keep(self, holder: Node, aliases: list[Node]) -> None:
        """The holder keeps its anchor, and what stands below it from now on goes on referring to it."""
        self.takes[holder] = holder.anchor
        self.keeps |= {holder, *(node for node in aliases if self._order(node) > self._order(holder))}

    def _order(self, node: Node) -> list[int]:
        """Where a value stands from now on, to be compared with others."""
        at: Any = self.data
        places = []
        for number, key in enumerate(node.path):
            key = self.renamed.get(node.path[: number + 1], key)
            places.append(list(at).index(key) if isinstance(at, Mapping) and key in at else -1)
            at = at.get(key) if isinstance(at, Mapping) else None
        return places

    def _wanted(self, path: Path) -> Any:
        """What stands at this place of the old text from now on."""
        at: Any = self.data
        for number, key in enumerate(path):
            key = self.renamed.get(path[: number + 1], key)
            if isinstance(at, list):
                at = at[int(key)] if int(key) < len(at) else _GONE
            else:
                at = at.get(key, _GONE) if isinstance(at, Mapping) else _GONE
            if at is _GONE:
                return _GONE
        return at

    # ---- values ----

    def _node(self, node: Node, new: Any, lead: str = "") -> str:
        """The text of a value that stays of its kind, from its start; `lead` stands above the first line of a block."""
        if node.kind == "scalar":
            same = node.data == new
            kept = self.text[node.start : node.end]
            return lead + (kept if same else spelling.scalar(new, style=_habit(node, flow=False)))
        if node.kind == "sequence":
            return self._list(node, new, lead)
        return lead + self._braces(node, new) if node.flow else self._lines(node, new, lead)

    def _stays(self, node: Node, new: Any) -> bool:
        """Whether a value can be changed where it stands, rather than written anew."""
        if node.kind == "alias":
            return node in self.keeps
        kinds = {"scalar": "str", "mapping": "dict", "sequence": "list"}
        if type(new).__name__ != kinds[node.kind] or (node.kind != "scalar" and not (new and node.entries)):
            return False
        return not (node.kind == "scalar" and node.style in ("|", ">") and node.data != new)

    def _value(self, key_end: int, node: Node, new: Any, column: int, *, flow: bool) -> str:
        """What stands behind a key: the colon, blanks and comments, the value."""
        path = (*node.path[:-1], self.renamed.get(node.path, node.path[-1]))
        if not self._stays(node, new):
            return self._anew(node, new, path, column, flow=flow)
        if node.kind == "alias":
            return self.text[key_end : node.end]
        head = self.text[key_end : node.start]
        if node.anchor and node not in self.keeps:
            without = self.text[key_end : node.begin] + self.text[node.begin + len(node.anchor) + 1 : node.start]
            head = _BLANKS_AT_END.sub("", without) if node.in_block else self.text[key_end : node.begin]
        if ":" not in head:
            head += ": "
        elif not head.endswith((" ", "\n")) and node.data == "":
            head += " "
        if node.in_block and "\n" in head:
            first, _, lead = head.partition("\n")
            return f"{first}\n{self._node(node, new, lead)}"
        if node.kind == "scalar" and flow and node.data != new:
            return head + spelling.scalar(new, style=_habit(node, flow=True), flow=True)
        return head + self._node(node, new)

    def _anew(self, node: Node, new: Any, path: Path, column: int, *, flow: bool) -> str:
        anchor = f"&{self.takes[node]}" if node in self.takes else ""
        if not flow and spelling.stands_in_lines(new, path, column):
            lines = spelling.in_lines(new, path, column + 2)
            return f":{' ' + anchor if anchor else ''}\n{' ' * (column + 2)}{lines}"
        written = spelling.scalar(new, flow=flow) if isinstance(new, str) else spelling.inline(new)
        return f": {anchor + ' ' if anchor else ''}{written}"

    # ---- line by line ----

    def _lines(self, node: Node, new: Mapping[str, Any], lead: str) -> str:
        chunks: dict[str, _Chunk] = {}
        orphans: dict[str, str] = {}
        heading = ""
        for number, (key, value) in enumerate(node.entries):
            above = lead if number == 0 else self._above(node.entries[number - 1][1].end, key.begin)
            name = self.renamed.get(value.path, key.data)
            if name not in new:
                heading += "".join(_HEADING.findall(above))
                continue
            written = self.text[key.begin : key.end] if name == key.data else spelling.scalar(name)
            body = written + self._value(key.end, value, new[name], node.column, flow=False)
            chunks[name] = _Chunk(above, body, self._tail(node, number))
            orphans[name], heading = heading, ""
        after_first = range(1, len(node.entries))
        apart = 2 * sum(self._is_apart(node, number) for number in after_first) > len(after_first)
        return _joined([(name, chunks.get(name) or self._fresh(node, name, new[name], apart)) for name in new], orphans)

    def _is_apart(self, node: Node, number: int) -> bool:
        key = node.entries[number][0]
        return self._above(node.entries[number - 1][1].end, key.begin).startswith("\n")

    def _above(self, end: int, begin: int) -> str:
        """The lines between the end of one entry and the next, with the blanks before it."""
        return self.text[end:begin].partition("\n")[2]

    def _tail(self, node: Node, number: int) -> str:
        if number + 1 == len(node.entries):
            return ""
        after = node.entries[number + 1][0].begin
        return self.text[node.entries[number][1].end : after].partition("\n")[0]

    def _fresh(self, node: Node, name: str, value: Any, apart: bool) -> _Chunk:
        body = spelling.entry(name, value, (*node.path, name), node.column)
        return _Chunk(("\n" if apart else "") + " " * node.column, body)

    # ---- in braces, and lists ----

    def _braces(self, node: Node, new: Mapping[str, Any]) -> str:
        kept: dict[str, tuple[str, str]] = {}
        previous = ""
        for number, (key, value) in enumerate(node.entries):
            name = self.renamed.get(value.path, key.data)
            gap = self.text[node.entries[number - 1][1].end : key.begin] if number else ""
            if name in new:
                written = self.text[key.begin : key.end] if name == key.data else spelling.scalar(name, flow=True)
                body = written + self._value(key.end, value, new[name], node.column, flow=True)
                kept[name] = (body, gap if previous in kept else "")
            previous = name
        inside = ""
        for name, value in new.items():
            body, gap = kept.get(name) or (f"{spelling.scalar(name, flow=True)}: {spelling.inline(value)}", "")
            inside += ((gap or ", ") if inside else "") + body
        first, last = node.entries[0][0], node.entries[-1][1]
        return self.text[node.start : first.begin] + inside + self.text[last.end : node.end]

    def _list(self, node: Node, new: list[Any], lead: str) -> str:
        if node.data == new and not any(inner.anchor for inner in node.walk()):
            return lead + self.text[node.start : node.end]
        if node.flow:
            return lead + spelling.inline(new)
        chunks, used = [], 0
        for number, value in enumerate(new):
            old = next((at for at in range(used, len(node.data)) if node.data[at] == value), None)
            if old is None and len(new) == len(node.data):
                old = number
            if old is None or old < used:
                chunks.append(("", _Chunk(" " * node.column, spelling.item(value, node.column))))
                continue
            used = old + 1
            chunks.append(("", self._item(node, old, value, lead)))
        return _joined(chunks, {})

    def _item(self, node: Node, number: int, new: Any, lead: str) -> _Chunk:
        value = node.entries[number][1]
        before = node.entries[number - 1][1].end if number else 0
        dash = self.text.rindex("-", before, value.begin)
        above = self._above(before, dash) if number else lead
        last = number + 1 == len(node.entries)
        tail = "" if last else self.text[value.end : node.entries[number + 1][1].begin].partition("\n")[0]
        if self._stays(value, new) and not value.anchor:
            return _Chunk(above, self.text[dash : value.start] + self._node(value, new), tail)
        return _Chunk(above, spelling.item(new, node.column), tail)


def _habit(node: Node, *, flow: bool) -> str:
    """The quotes in which somebody wrote a text that needs none: its next text gets them too."""
    return node.style if spelling.is_plain(node.data, flow=flow) else ""


def _joined(chunks: list[tuple[str, _Chunk]], orphans: Mapping[str, str]) -> str:
    """The chunks one under another; the first stands directly below what it belongs to."""
    made = ""
    for number, (name, chunk) in enumerate(chunks):
        above = orphans.get(name, "")
        lead = above + chunk.lead.lstrip("\n") if above else chunk.lead
        made += (lead.lstrip("\n") if number == 0 else lead) + chunk.body
        if number + 1 < len(chunks):
            made += chunk.tail + "\n"
    return made
