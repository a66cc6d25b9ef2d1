"""Charts that are read without a legend: where each column stands, what is written beside it, and the axis.

Across, everything is a share of the width, so that a chart is as wide as its place and its letters stay as large as
they are; upwards it is pixels. `templates/admin/charts.html` draws what this reckons.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

# Pixels: the height of the columns, and above them for what is written there.
HEIGHT, ABOVE = 110, 20
# Of a column's place the column takes so much.
FILLED = 0.74
# On the smallest screen a letter takes so many percent of the width; up to so many fit over all columns together.
LETTER, LETTERS = 2.4, 44
ALL_NAMED = 7


@dataclass(frozen=True)
class Point:
    """A stretch of time: its short name below, the sentence that is read out, and its value; None is not known yet.

    An `open` one is not over, so that its value may still grow.
    """

    name: str
    told: str
    value: float | None
    open: bool = False


@dataclass(frozen=True)
class Bar:
    """A column: `x`, `place` and `width` in percent of the width, `y` and `height` in pixels.

    `shown` is written over it, `at` so many percent across.
    """

    x: float
    place: float
    width: float
    y: float
    height: float
    told: str
    shown: str
    at: float
    anchor: str
    open: bool


@dataclass(frozen=True)
class Label:
    """A word at the axis: `at` is percent across, or pixels down; `anchor` as SVG has it."""

    at: float
    said: str
    anchor: str


@dataclass(frozen=True)
class Columns:
    """A chart of columns. `sum` is its headline, `kind` its colour, `newest` what is told before anybody points."""

    name: str
    title: str
    sum: str
    kind: str
    bars: tuple[Bar, ...]
    ticks: tuple[Label, ...]
    names: tuple[Label, ...]
    newest: str
    height: int = HEIGHT + ABOVE

    @property
    def empty(self) -> bool:
        """Whether there is nothing to see."""
        return not any(bar.height for bar in self.bars)


def columns(
    name: str,
    title: str,
    headline: str,
    points: Sequence[Point],
    write: Callable[[int], str],
    *,
    kind: str = "green",
    most: int | None = None,
) -> Columns:
    """Columns for these points, oldest first. `write` writes a number, `most` is where the axis ends if it is known."""
    top, step = axis(max((one.value or 0 for one in points), default=0) if most is None else most)
    labels = _labels([None if one.value is None else write(round(one.value)) for one in points], points)
    bars = tuple(_bar(number, one, len(points), top, labels[number]) for number, one in enumerate(points))
    ticks = tuple(Label(ABOVE + HEIGHT * (1 - value / top), write(value), "end") for value in range(0, top + 1, step))
    newest = next((one.told for one in reversed(points) if one.value is not None), "")
    return Columns(name, title, headline, kind, bars, ticks, tuple(_names(points)), newest)


def axis(most: float) -> tuple[int, int]:
    """Where an axis ends that has room for so many, and how far its lines stand apart: round numbers, 2 to 5 lines."""
    if most <= 2:
        return 2, 1
    power = 10 ** floor(log10(most / 2))
    step = next(one for one in (power, 2 * power, 5 * power, 10 * power) if most / one <= 3)
    return ceil(most / step) * step, step


def _labels(written: Sequence[str | None], points: Sequence[Point]) -> list[str]:
    """What is written over each column: all where there is room, else the highest and the newest that is over."""
    if max((len(one or "") for one in written), default=0) * len(written) <= LETTERS:
        return [one or "" for one in written]
    values = [one.value or 0 for one in points]
    highest, newest = values.index(max(values)), len(points) - 1
    shown = {highest}
    # Two that stand near one another would be written across each other.
    if newest - highest > len(points) * 0.25 and not points[newest].open:
        shown.add(newest)
    return [one or "" if number in shown and values[number] else "" for number, one in enumerate(written)]


def _bar(number: int, one: Point, many: int, top: int, shown: str) -> Bar:
    place = 100 / many
    height = HEIGHT * (one.value or 0) / top
    at, anchor = _over(number, many, shown)
    return Bar(
        x=round(number * place + place * (1 - FILLED) / 2, 2),
        place=round(place, 3),
        width=round(place * FILLED, 2),
        y=round(ABOVE + HEIGHT - height, 1),
        height=round(height, 1),
        told=one.told,
        shown=shown,
        at=at,
        anchor=anchor,
        open=one.open,
    )


def _over(number: int, many: int, shown: str) -> tuple[float, str]:
    """Where the words over a column stand: in its middle, or at its side where they would leave the chart."""
    place = 100 / many
    middle, half = (number + 0.5) * place, len(shown) * LETTER / 2
    if middle < half:
        return round(number * place, 2), "start"
    if middle > 100 - half:
        return round((number + 1) * place, 2), "end"
    return round(middle, 2), "middle"


def _names(points: Sequence[Point]) -> list[Label]:
    """The words below: each column's where there are few, else the first, the middle and the last."""
    many = len(points)
    numbers = range(many) if many <= ALL_NAMED else (0, many // 2, many - 1)
    placed = ((points[number].name, _over(number, many, points[number].name)) for number in numbers)
    return [Label(at, name, anchor) for name, (at, anchor) in placed]
