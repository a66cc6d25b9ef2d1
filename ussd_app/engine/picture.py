"""A menu drawn on one page: every screen a box, every way out of it a line that says how one gets there.

Columns are counted by the fewest answers from the start, so a line runs to the right (or back, dashed) and never
skips a column. The author's conditions are not kept in a compiled menu; who has the file may hand them in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from ussd_app.engine.expressions import Condition, Template
from ussd_app.engine.graph import LEFT, RETURN, Menu, Screen, Texts, is_elsewhere

# The conditions as they were written, by screen and key of the choice (or number of the branch).
Conditions = Mapping[tuple[str, str], str]

LONGEST_TEXT = 40
_WIDTH, _BETWEEN, _GAP, _MARGIN = 300, 150, 26, 70
_HEAD, _ROW, _FOOT = 44, 19, 8
_TOP = 90

# The kind of a screen: what the legend calls it, its fill and its edge.
KINDS = {
    "choices": ("choices", "#e3effc", "#2f6fb3"),
    "question": ("question", "#fff3d6", "#b07d10"),
    "step": ("step nobody sees", "#ededf0", "#74747e"),
    "end": ("end", "#e2f4e4", "#2f8545"),
    "elsewhere": ("outside this menu", "#f6e6f8", "#8d4a99"),
}
_ELSEWHERE = {LEFT: "where the caller was cut off", RETURN: "back to the menu they came from"}


@dataclass(frozen=True)
class Way:
    """One way out of a screen: what somebody chooses (or what holds), and where that leads."""

    label: str
    go: str


@dataclass(frozen=True)
class Box:
    """A screen, or a place outside the menu, as it stands on the page."""

    name: str
    kind: str
    text: str
    ways: tuple[Way, ...]

    @property
    def height(self) -> int:
        """The room it takes from top to bottom."""
        return _HEAD + _ROW * len(self.ways) + _FOOT


def written(template: Template) -> str:
    """A text as its author wrote it, fields in braces."""
    return "".join(
        part if isinstance(part, str) else _field(part.path, part.format, part.argument) for part in template
    )


def _field(path: Sequence[str], format_: str, argument: int | None) -> str:
    shown = f"|{format_}" + (f":{argument}" if argument is not None else "") if format_ else ""
    return f"{{{'.'.join(path)}{shown}}}"


def kind_of(screen: Screen) -> str:
    """What a screen is: a question, choices, a step that nobody sees, or an end."""
    if screen.branches or screen.effect:
        return "step"
    return "end" if screen.ends else "question" if screen.ask else "choices"


def ways_of(menu: Menu, screen: Screen, conditions: Conditions | None = None) -> Iterator[Way]:
    """Every way out of a screen, in the order in which it is shown or tried."""
    given = conditions or {}

    def when(at: str, condition: Condition | None) -> str:
        reads = ", ".join(".".join(path) for path in condition.reads) if condition else ""
        return given.get((screen.name, at), f"by {reads}" if reads else "")

    if screen.listing:
        yield Way(f"1, 2… {_own(menu, screen.listing.label)}", screen.listing.go)
    for choice in screen.choices:
        condition = when(choice.key, choice.when)
        yield Way(f"{choice.key} {_own(menu, choice.label)}" + (f" [{condition}]" if condition else ""), choice.go)
    if screen.ask:
        yield Way(f"answer: {screen.ask.keep}", screen.ask.go)
        if screen.ask.otherwise:
            counted = f" ({screen.ask.counts})" if screen.ask.counts else ""
            yield Way(f"after {screen.ask.tries} wrong tries{counted}", screen.ask.otherwise)
    for number, branch in enumerate(screen.branches):
        yield Way(when(str(number), branch.when) or "otherwise", branch.go)
    for outcome, go in screen.effect.outcomes.items() if screen.effect else ():
        yield Way(outcome, go)


def _own(menu: Menu, texts: Texts) -> str:
    return written(texts.get(menu.language, ()))


def boxes_of(menu: Menu, conditions: Conditions | None = None) -> dict[str, Box]:
    """Every box of the picture by name: the screens, then the places outside that they lead to."""
    boxes = {}
    for name, screen in menu.screens.items():
        does = f"do {screen.effect.name}" if screen.effect else "branch" if screen.branches else ""
        boxes[name] = Box(
            name, kind_of(screen), does or _own(menu, screen.text), tuple(ways_of(menu, screen, conditions))
        )
    for way in [way for box in list(boxes.values()) for way in box.ways]:
        if way.go not in boxes and is_elsewhere(way.go):
            boxes[way.go] = Box(way.go, "elsewhere", _ELSEWHERE.get(way.go, "another menu, from its start"), ())
    return boxes


def layers_of(menu: Menu, boxes: Mapping[str, Box]) -> list[list[str]]:
    """The names of the boxes by their distance from the start; what nothing leads to stands last."""
    roots = [menu.start, menu.home, *([menu.resume.screen] if menu.resume and menu.resume.screen else [])]
    layer = list(dict.fromkeys(name for name in roots if name in boxes))
    layers, seen = [], set(layer)
    while layer:
        layers.append(layer)
        following = dict.fromkeys(way.go for name in layer for way in boxes[name].ways)
        layer = [name for name in following if name in boxes and name not in seen]
        seen.update(layer)
    lost = [name for name in boxes if name not in seen]
    return [*layers, lost] if lost else layers


@dataclass(frozen=True)
class Place:
    """Where a box stands: its column and its upper left corner."""

    column: int
    x: float
    y: float


def places_of(layers: list[list[str]], boxes: Mapping[str, Box]) -> dict[str, Place]:
    """Where each box stands: beside the lines that lead to it, as far as there is room."""
    places: dict[str, Place] = {}
    for column, layer in enumerate(layers):
        wanted = {name: _wanted(name, column, boxes, places) for name in layer}
        ordered = sorted(layer, key=lambda name: wanted[name])
        tops = _stacked([(wanted[name] - _HEAD / 2, boxes[name].height + _GAP) for name in ordered])
        x = _MARGIN + column * (_WIDTH + _BETWEEN)
        places |= {name: Place(column, x, top) for name, top in zip(ordered, tops, strict=True)}
    highest = min((place.y for place in places.values()), default=0)
    return {name: Place(place.column, place.x, place.y - highest + _TOP) for name, place in places.items()}


def _wanted(name: str, column: int, boxes: Mapping[str, Box], places: Mapping[str, Place]) -> float:
    """The height at which the lines from the column before arrive, on average."""
    heights = [
        _port(places[source], number)
        for source, place in places.items()
        if place.column == column - 1
        for number, way in enumerate(boxes[source].ways)
        if way.go == name
    ]
    return sum(heights) / len(heights) if heights else 0


def _stacked(wanted: list[tuple[float, float]]) -> list[float]:
    """Tops as near as possible to those wanted, so that no box lies on the next; each with its height.

    Boxes that would overlap are joined into a block, which stands where its boxes want it on average.
    """
    blocks: list[tuple[float, int, float]] = []  # where it begins, how many boxes, how high
    for top, height in wanted:
        blocks.append((top, 1, height))
        while len(blocks) > 1 and blocks[-2][0] + blocks[-2][2] > blocks[-1][0]:
            (first, ones, above), (second, twos, below) = blocks[-2:]
            start = (first * ones + (second - above) * twos) / (ones + twos)
            blocks[-2:] = [(start, ones + twos, above + below)]
    tops, heights = [], iter(height for _, height in wanted)
    for start, number, _ in blocks:
        for _ in range(number):
            tops.append(start)
            start += next(heights)
    return tops


def _port(place: Place, number: int) -> float:
    return place.y + _HEAD + _ROW * number + _ROW / 2


def svg(menu: Menu, conditions: Conditions | None = None) -> str:
    """The picture as an SVG document."""
    boxes = boxes_of(menu, conditions)
    places = places_of(layers_of(menu, boxes), boxes)
    width = max(place.x for place in places.values()) + _WIDTH + _BETWEEN
    height = max(place.y + boxes[name].height for name, place in places.items()) + _MARGIN
    title = f"Menu {menu.name}: {', '.join(menu.codes)}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" font-family="Arial, Helvetica, sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        _STYLE,
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fcfcfd"/>',
        f'<text x="{_MARGIN}" y="34" font-size="20" font-weight="bold">{escape(title)}</text>',
        *_legend(menu),
    ]
    for back in (True, False):
        for name, box in boxes.items():
            for number, way in enumerate(box.ways):
                if way.go in places and _is_back(places[name], places[way.go]) == back:
                    lines.append(_line(places[name], places[way.go], number, name, way))
    for box in boxes.values():
        lines += _box(box, places)
    return "\n".join([*lines, "</svg>", ""])


_STYLE = """<style>
path { fill: none; stroke: #4d5a6b; stroke-width: 1.4; }
path.back { stroke: #9aa5b1; stroke-dasharray: 5 4; stroke-width: 1; }
path:hover { stroke: #d0342c; stroke-width: 3; }
.said { font-size: 12px; fill: #333; } .way { font-size: 11.5px; fill: #222; } text.back { fill: #667; }
</style>
<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">
<path d="M0 0L8 4L0 8z" style="fill:#4d5a6b;stroke:none"/></marker></defs>"""


def _legend(menu: Menu) -> Iterator[str]:
    x = _MARGIN
    for meaning, fill, edge in KINDS.values():
        yield f'<rect x="{x}" y="50" width="16" height="16" rx="3" fill="{fill}" stroke="{edge}"/>'
        yield f'<text x="{x + 22}" y="63">{meaning}</text>'
        x += 50 + 7 * len(meaning)
    keys = f"{menu.back_key} goes back, {menu.home_key} home; a dashed line leads to this column or an earlier one"
    yield f'<text x="{x}" y="63" fill="#555">{escape(keys)}</text>'


def _is_back(source: Place, target: Place) -> bool:
    return target.column <= source.column


def _line(source: Place, target: Place, number: int, name: str, way: Way) -> str:
    y, end = _port(source, number), target.y + _HEAD / 2
    title = f"<title>{escape(f'{name}: {way.label} → {way.go}')}</title>"
    if not _is_back(source, target):
        x, bend = source.x + _WIDTH, _BETWEEN * 0.5
        return (
            f'<path marker-end="url(#to)" d="M{x:.0f} {y:.1f}C{x + bend:.0f} {y:.1f} {target.x - bend:.0f} {end:.1f} '
            f'{target.x:.0f} {end:.1f}">{title}</path>'
        )
    # From the left side, so that a line back does not run through its own box.
    x, to = source.x, target.x if source.column == target.column else target.x + _WIDTH
    bend = _BETWEEN * 0.4
    turn = to - bend if source.column == target.column else to + bend
    return (
        f'<path class="back" marker-end="url(#to)" d="M{x:.0f} {y:.1f}C{x - bend:.0f} {y:.1f} {turn:.0f} {end:.1f} '
        f'{to:.0f} {end:.1f}">{title}</path>'
    )


def _box(box: Box, places: Mapping[str, Place]) -> Iterator[str]:
    place, (_, fill, edge) = places[box.name], KINDS[box.kind]
    x, y = place.x, place.y
    yield (
        f'<rect x="{x:.0f}" y="{y:.1f}" width="{_WIDTH}" height="{box.height}" rx="6" fill="{fill}" stroke="{edge}"/>'
    )
    yield f'<text x="{x + 10:.0f}" y="{y + 17:.1f}" font-weight="bold">{escape(box.name)}</text>'
    said = _cut(box.text, LONGEST_TEXT)
    yield f'<text class="said" x="{x + 10:.0f}" y="{y + 34:.1f}">{escape(said)}<title>{escape(box.text)}</title></text>'
    for number, way in enumerate(box.ways):
        port = _port(place, number)
        back = way.go in places and _is_back(place, places[way.go])
        label = f"{_cut(way.label, LONGEST_TEXT - len(way.go))} → {way.go}" if back else _cut(way.label, 46)
        at = x if back else x + _WIDTH
        yield f'<circle cx="{at:.0f}" cy="{port:.1f}" r="3" fill="{edge}"/>'
        style = "way back" if back else "way"
        yield f'<text class="{style}" x="{x + 14:.0f}" y="{port + 4:.1f}">{escape(label)}</text>'


def _cut(text: str, most: int) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= most else f"{one_line[: most - 1].rstrip()}…"


_SHAPES = {
    "choices": ("[", "]"),
    "question": ("[/", "/]"),
    "step": ("{{", "}}"),
    "end": ("([", "])"),
    "elsewhere": (">", "]"),
}


def mermaid(menu: Menu, conditions: Conditions | None = None) -> str:
    """The picture as Mermaid text, for a wiki or a pull request."""
    boxes = boxes_of(menu, conditions)
    layers = layers_of(menu, boxes)
    lines = ["---", f"title: Menu {menu.name}", "---", "flowchart LR"]
    for name in [name for layer in layers for name in layer]:
        opening, closing = _SHAPES[boxes[name].kind]
        label = f"{_quoted(name)}<br/>{_quoted(_cut(boxes[name].text, LONGEST_TEXT))}"
        lines.append(f'    {_id(name)}{opening}"{label}"{closing}:::{boxes[name].kind}')
    for name, box in boxes.items():
        for go, ways in groupby(box.ways, key=lambda way: way.go):
            label = "<br/>".join(_quoted(_cut(way.label, LONGEST_TEXT)) for way in ways)
            lines.append(f'    {_id(name)} -->|"{label}"| {_id(go)}')
    for kind, (_, fill, edge) in KINDS.items():
        lines.append(f"    classDef {kind} fill:{fill},stroke:{edge},color:#222")
    return "\n".join([*lines, ""])


def _id(name: str) -> str:
    # Mermaid knows `end` and other words of its own; a number before the name makes none of them.
    return f"s_{name.replace(':', '__')}"


def _quoted(text: str) -> str:
    return "".join(f"#{ord(letter)};" if letter in _MEANING_SOMETHING else letter for letter in text)


_MEANING_SOMETHING = frozenset('"#<>&;|`\\')
