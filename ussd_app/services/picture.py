"""A menu as a picture, also one with mistakes: boxes with their places, lines with their points, what is wrong where.

`draw` is given the files of a draft or of what is live, and counts of dialogues for whoever wants to see where people
stop; `templates/admin/menu_map.html` draws what it gives.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Any

from ussd_app.engine.layout import Area, Arrangement, Point, arrange, branch, curve
from ussd_app.engine.sketch import Screen, Sketch, Way, sketch
from ussd_app.errors import MenuProblems
from ussd_app.runtime import Runtime
from ussd_app.services import menu_outline, reading

# Of a box, in the units of the picture (CSS pixels at its natural size).
WIDTH, HEAD, LINE, FOOT, COUNTS = 220, 27, 15, 8, 24
LETTERS, LINES = 31, 2

# A field of a text, of which the last name is enough to know what stands there.
_FIELD = re.compile(r"\{(?:\w+\.)*(\w+)(?:\|[^}]*)?\}")


@dataclass(frozen=True)
class Count:
    """Dialogues that came to a screen, and how many of them ended there."""

    came: int
    ended: int


@dataclass(frozen=True)
class Marks:
    """How many errors and how many remarks there are about a screen."""

    errors: int = 0
    remarks: int = 0


@dataclass(frozen=True)
class Box:
    """A screen as it stands in the picture; `number` counts them from 1 in its order.

    `lines` are its text as far as it has room, `jumps` the screens it leads to that do not stand beside it, `ways_in`
    those that lead to it. `parent` is the screen it stands beside, `lost` what nobody can reach. `bar` and `gap` are
    how wide the bars of its count are, all dialogues and those that ended.
    """

    number: int
    name: str
    kind: str
    text: str
    area: Area
    lines: tuple[str, ...]
    ways: tuple[Way, ...]
    jumps: tuple[str, ...]
    ways_in: tuple[str, ...]
    parent: str
    lost: bool
    marks: Marks
    count: Count | None = None
    bar: float = 0.0
    gap: float = 0.0

    @property
    def cut_jumps(self) -> str:
        """The jumps as far as one line has room for them, and how many more there are."""
        shown: list[str] = []
        for name in self.jumps:
            if len(", ".join([*shown, name])) > LETTERS - 1 and shown:
                return f"{', '.join(shown)} +{len(self.jumps) - len(shown)}"
            shown.append(name)
        return ", ".join(shown)


@dataclass(frozen=True)
class Line:
    """All ways from one screen to another.

    A branch of the tree runs through `points` in straight lines; a `jump` is a curve: where it begins, its two
    handles, where it ends. `keys` are what is pressed on the way, where something is.
    """

    source: str
    target: str
    jump: bool
    points: tuple[Point, ...]
    keys: str

    @property
    def path(self) -> str:
        """The line as SVG has it."""
        (x, y), *others = [(round(x), round(y)) for x, y in self.points]
        if self.jump:
            return f"M{x} {y}C" + " ".join(f"{x} {y}" for x, y in others)
        return f"M{x} {y}" + "".join(f"L{x} {y}" for x, y in others)


@dataclass(frozen=True)
class Picture:
    """A whole menu: boxes in the order of the tree, lines, a frame for each part of the flow by its first screen.

    `lost_from` is the height from which stands what nobody can reach. `unread` says why a file could not be
    read at all; what stands in it is missing. `tops` and `children` are the tree.
    """

    boxes: Mapping[str, Box] = field(default_factory=dict)
    lines: tuple[Line, ...] = ()
    frames: Mapping[str, Area] = field(default_factory=dict)
    lost_from: float | None = None
    width: float = 0.0
    height: float = 0.0
    tops: tuple[str, ...] = ()
    children: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    @property
    def wrong(self) -> list[Box]:
        """The screens about which there is an error, in the order of the picture."""
        return [box for box in self.boxes.values() if box.marks.errors]

    def found(self, wanted: str) -> list[Box]:
        """The screens whose name or text holds these words."""
        words = wanted.casefold().split()
        return [box for box in self.boxes.values() if words and _holds(box, words)]


def _holds(box: Box, words: Sequence[str]) -> bool:
    said = f"{box.name} {box.name.replace('_', ' ')} {box.text} {' '.join(way.words for way in box.ways)}".casefold()
    return all(word in said for word in words)


def draw(name: str, files: Mapping[str, str], counts: Mapping[str, Count] | None = None) -> Picture:
    """The picture of a menu's files as far as they can be read, with `counts` by screen where they are given."""
    return _drawn(name, files, {}, counts)


def draw_checked(rt: Runtime, name: str, files: Mapping[str, str]) -> Picture:
    """The same, with what is wrong marked at the screens."""
    counted: dict[str, Counter[bool]] = {}
    for found in menu_outline.inspected(rt, name, files).problems:
        if found.section == "screens":
            counted.setdefault(found.screen, Counter())[found.problem.error] += 1
    return _drawn(name, files, {screen: Marks(n[True], n[False]) for screen, n in counted.items()}, None)


def _drawn(
    name: str, files: Mapping[str, str], marks: Mapping[str, Marks], counts: Mapping[str, Count] | None
) -> Picture:
    written, unread = _read(name, files)
    drawn = sketch(written)
    ways = {name: [way.go for way in screen.ways] for name, screen in drawn.screens.items()}
    sizes = {name: _height(screen, counts) for name, screen in drawn.screens.items()}
    placed = arrange(ways, drawn.roots, sizes, WIDTH)
    boxes = {box.name: box for box in _boxes(drawn, placed, marks, counts)}
    return Picture(
        boxes,
        tuple(_lines(boxes)),
        placed.frames,
        placed.lost_from,
        placed.width,
        placed.height,
        placed.tree.tops,
        placed.tree.children,
        unread,
    )


def _read(name: str, files: Mapping[str, str]) -> tuple[list[Any], tuple[str, ...]]:
    """The data of every file that can be read, the menu's own first, and why the others cannot."""
    read, unread = [], []
    for file in sorted(files, key=lambda file: (file != reading.main_file(name), file)):
        try:
            read.append(reading.source_of(file, files[file]).data)
        except MenuProblems as found:
            unread += [str(problem) for problem in found.problems]
    return read, tuple(unread)


def _height(screen: Screen, counts: Mapping[str, Count] | None) -> float:
    # Room for the jumps is kept in every box, whether it has any or not: then rows are even.
    return HEAD + LINE * (len(_cut(screen.text)) + 1) + FOOT + (COUNTS if counts is not None else 0)


def _cut(text: str) -> tuple[str, ...]:
    return tuple(
        wrap(_FIELD.sub(r"{\1}", text), LETTERS, max_lines=LINES, placeholder=" …", break_long_words=True)
    ) or ("",)


def _boxes(
    drawn: Sketch, placed: Arrangement, marks: Mapping[str, Marks], counts: Mapping[str, Count] | None
) -> Iterator[Box]:
    tree = placed.tree
    parents = {child: name for name, under in tree.children.items() for child in under}
    leads: dict[str, list[str]] = {name: [] for name in drawn.screens}
    for name, screen in drawn.screens.items():
        for go in dict.fromkeys(way.go for way in screen.ways):
            leads[go].append(name)
    lost = {name for top in tree.lost for name in tree.below(top)}
    most = max((count.came for count in (counts or {}).values()), default=0) or 1
    for number, name in enumerate(tree.names, start=1):
        screen = drawn.screens[name]
        count = counts.get(name, Count(0, 0)) if counts is not None else None
        yield Box(
            number,
            name,
            screen.kind,
            screen.text,
            placed.places[name],
            _cut(screen.text),
            screen.ways,
            tuple(go for go in dict.fromkeys(way.go for way in screen.ways) if parents.get(go) != name),
            tuple(leads[name]),
            parents.get(name, ""),
            name in lost,
            marks.get(name, Marks()),
            count,
            (WIDTH - 20) * count.came / most if count else 0.0,
            (WIDTH - 20) * count.ended / most if count else 0.0,
        )


def _lines(boxes: Mapping[str, Box]) -> Iterator[Line]:
    for box in boxes.values():
        for go in dict.fromkeys(way.go for way in box.ways):
            keys = " ".join(dict.fromkeys(way.key for way in box.ways if way.go == go and way.key))
            target = boxes[go]
            if target.parent == box.name:
                yield Line(box.name, go, False, branch(box.area, target.area), keys)
            else:
                yield Line(box.name, go, True, curve(box.area, target.area), keys)
