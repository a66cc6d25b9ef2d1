"""Who of a campaign's people gets which wording, who is held out, and what a difference between them is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")
# What somebody whose place nobody knows is taken to live by.
USUAL_ZONE = ZONES[0]
# As many standard deviations either way hold nineteen of twenty samples.
_TWENTIETH = 1.96
_FINE = 10_000


def variant_of(mark: str, hold_out: int, weights: Mapping[str, int]) -> str | None:
    """The name of the wording for whoever has this keyed hash (24 hex digits), by weight; None for the held out.

    `hold_out` is percent. The first half of the hash decides about holding out, the second about the wording, so
    that another hold-out does not turn the wordings around.
    """
    half = len(mark) // 2
    if int(mark[:half], 16) % _FINE < hold_out * (_FINE // 100):
        return None
    point = int(mark[half:], 16) % sum(weights.values())
    for name, weight in weights.items():
        if point < weight:
            return name
        point -= weight
    raise AssertionError("a point below the sum of all weights lies in one of them")


@dataclass(frozen=True)
class Share:
    """How many of some people did something, with the interval in which the true share lies 19 times of 20."""

    did: int
    of: int

    @property
    def part(self) -> float:
        """From 0 to 1; 0 of nobody."""
        return self.did / self.of if self.of else 0.0

    @property
    def between(self) -> tuple[float, float]:
        """The interval (Wilson's, which also holds for few people and for shares near 0)."""
        if not self.of:
            return 0.0, 1.0
        z = _TWENTIETH**2
        middle = (self.did + z / 2) / (self.of + z)
        around = _TWENTIETH * sqrt(self.of * self.part * (1 - self.part) + z / 4) / (self.of + z)
        return max(0.0, middle - around), min(1.0, middle + around)


def difference(one: Share, other: Share) -> tuple[float, float, float]:
    """By how much the share of `one` is higher, and the interval of that difference (Newcombe's), from -1 to 1."""
    low, high = one.between
    other_low, other_high = other.between
    apart = one.part - other.part
    down = sqrt((one.part - low) ** 2 + (other_high - other.part) ** 2)
    up = sqrt((high - one.part) ** 2 + (other.part - other_low) ** 2)
    return apart, apart - down, apart + up
