"""Where the screens of a menu stand in its picture: a tree that begins in the upper left corner and runs to the right.

A menu is nearly a tree, with ways that lead back or across. So every screen stands once, beside the screen that leads
to it first, and the other ways are jumps, which are named or drawn when somebody asks for them. Drawing a menu of 160
screens and 310 ways by layers (tried with two libraries) gave a page of crossing lines and hid where it begins.
All lengths are in the unit of the sizes handed in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

# A part of the flow gets a frame of its own when it has so many screens and belongs to nothing larger.
SMALLEST_PART, LARGEST_PART = 5, 30
# Nobody reads further to the right: what lies deeper begins at the left again.
DEEPEST = 24
# Between two columns there is room for the key on a line; a frame has a title above its screens.
BETWEEN, GAP, FRAME, TITLE = 70.0, 14.0, 12.0, 22.0
# How far from a corner a line touches a box, from a box it turns, and a curve reaches out.
PORT, TRUNK, BEND = 14.0, 26.0, 56.0

Point = tuple[float, float]


@dataclass(frozen=True)
class Area:
    """A rectangle: its upper left corner, its width and its height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of its lower side."""
        return self.y + self.height


@dataclass(frozen=True)
class Tree:
    """Which screen each screen stands beside, in the order of the picture: `tops` stand beside none.

    The `lost` among them are reached by no way from the beginning; what only they lead to stands with them.
    """

    tops: tuple[str, ...]
    children: Mapping[str, tuple[str, ...]]
    lost: tuple[str, ...]

    def below(self, name: str) -> Iterator[str]:
        """A screen and everything that stands under it, row by row."""
        yield name
        for child in self.children[name]:
            yield from self.below(child)

    @property
    def names(self) -> Iterator[str]:
        """Every screen in the order of the picture."""
        for top in self.tops:
            yield from self.below(top)


@dataclass(frozen=True)
class Arrangement:
    """Where everything stands: the screens, and a frame around each part of the flow by its first screen.

    What nobody can reach begins at `lost_from`, None where everything can be reached.
    """

    tree: Tree
    places: Mapping[str, Area]
    frames: Mapping[str, Area]
    lost_from: float | None
    width: float
    height: float


def tree_of(ways: Mapping[str, Sequence[str]], roots: Sequence[str]) -> Tree:
    """The tree of the fewest steps from the beginning, in the order in which the ways are written."""
    children: dict[str, list[str]] = {name: [] for name in ways}
    seen: set[str] = set()

    def reach(tops: Iterable[str]) -> Iterator[str]:
        waiting = deque(tops)
        while waiting:
            top = waiting.popleft()
            if top in children and top not in seen:
                seen.add(top)
                yield top
                waiting.extendleft(reversed(_grow(top, ways, children, seen)))

    tops = tuple(reach(roots))
    led_to = {go for name in ways if name not in seen for go in ways[name] if go != name}
    lost = tuple(reach([*(name for name in ways if name not in led_to), *ways]))
    return Tree((*tops, *lost), {name: tuple(under) for name, under in children.items()}, lost)


def _grow(top: str, ways: Mapping[str, Sequence[str]], children: dict[str, list[str]], seen: set[str]) -> Sequence[str]:
    """Put everything under a screen that can be reached from it; what lies too deep is left over."""
    layer = [top]
    for _ in range(DEEPEST):
        following: list[str] = []
        for here in layer:
            fresh = [go for go in dict.fromkeys(ways[here]) if go in children and go not in seen]
            seen.update(fresh)
            children[here] += fresh
            following += fresh
        layer = following
    return [go for here in layer for go in ways[here] if go not in seen]


def arrange(
    ways: Mapping[str, Sequence[str]], roots: Sequence[str], sizes: Mapping[str, float], width: float
) -> Arrangement:
    """Place every screen, each as high as `sizes` says and all of one `width`."""
    tree = tree_of(ways, roots)
    placing = _Placing(tree, sizes, width)
    lost_from = None
    for top in tree.tops:
        if top in tree.lost and lost_from is None:
            lost_from = placing.bottom() + 2 * GAP
            placing.begin_below(lost_from + TITLE)
        placing.place(top, 0, 0.0)
    right = max((area.right for area in placing.places.values()), default=0.0)
    return Arrangement(tree, placing.places, placing.frames, lost_from, right + 2 * FRAME, placing.bottom())


@dataclass
class _Placing:
    """`free` is, column by column, the height from which nothing stands any more."""

    tree: Tree
    sizes: Mapping[str, float]
    width: float
    places: dict[str, Area] = field(default_factory=dict)
    frames: dict[str, Area] = field(default_factory=dict)
    free: dict[int, float] = field(default_factory=dict)
    floor: float = FRAME

    def __post_init__(self) -> None:
        self.sized: dict[str, int] = {}
        self.deep: dict[str, int] = {}
        for top in self.tree.tops:
            self._measure(top)

    def _measure(self, name: str) -> None:
        under = self.tree.children[name]
        for child in under:
            self._measure(child)
        self.sized[name] = 1 + sum(self.sized[child] for child in under)
        self.deep[name] = 1 + max((self.deep[child] for child in under), default=0)

    def bottom(self) -> float:
        """The height from which nothing stands in any column."""
        return max(self.free.values(), default=0.0)

    def begin_below(self, y: float) -> None:
        """Place nothing more above this height."""
        self.floor = y

    def place(self, name: str, column: int, least: float, above: int = LARGEST_PART + 1) -> float:
        """Place a screen and what stands under it, no higher than `least`; the height it got."""
        size = self.sized[name]
        framed = above > LARGEST_PART and SMALLEST_PART <= size <= LARGEST_PART
        if not framed:
            return self._with_children(name, column, least)
        columns = range(column, column + self.deep[name])
        top = max([least, *(self._free(each) for each in columns)])
        y = self._with_children(name, column, top + TITLE + FRAME)
        bottom = max(self.free[each] for each in columns) - GAP + FRAME
        x = self._x(column) - FRAME
        reach = self._x(columns[-1]) + self.width + FRAME
        self.frames[name] = Area(x, y - TITLE - FRAME, reach - x, bottom - (y - TITLE - FRAME))
        self.free |= dict.fromkeys(columns, bottom + GAP)
        return y

    def _with_children(self, name: str, column: int, least: float) -> float:
        y = max(least, self._free(column))
        under = self.tree.children[name]
        if under:  # a screen stands beside the first that it leads to, so that the usual way runs straight
            y = self.place(under[0], column + 1, y, self.sized[name])
        self.places[name] = Area(self._x(column), y, self.width, self.sizes[name])
        self.free[column] = y + self.sizes[name] + GAP
        for child in under[1:]:
            self.place(child, column + 1, y, self.sized[name])
        return y

    def _free(self, column: int) -> float:
        return max(self.floor, self.free.get(column, 0.0))

    def _x(self, column: int) -> float:
        return FRAME + column * (self.width + BETWEEN)


def branch(source: Area, target: Area) -> tuple[Point, ...]:
    """The corners of the line to a box that stands beside another, in the column to the right of it."""
    y, end, trunk = source.y + PORT, target.y + PORT, source.right + TRUNK
    if y == end:
        return (source.right, y), (target.x, end)
    return (source.right, y), (trunk, y), (trunk, end), (target.x, end)


def curve(source: Area, target: Area) -> tuple[Point, ...]:
    """A line to any other box, from the lower edge of one to the nearer side of the other: its ends and handles."""
    y, end = source.bottom - PORT, target.y + PORT
    if target.x > source.right:
        return (source.right, y), (source.right + BEND, y), (target.x - BEND, end), (target.x, end)
    if target.right < source.x:
        return (source.x, y), (source.x - BEND, y), (target.right + BEND, end), (target.right, end)
    return (source.right, y), (source.right + BEND, y), (target.right + BEND, end), (target.right, end)
