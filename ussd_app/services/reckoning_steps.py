"""One step of working out figures about everybody: how far it is, what to go on from, or what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Step:
    """After a step: `part` of `whole` is done and `work` is what the next step needs; with `found` it is the last.

    Both are plain JSON: they are kept between two jobs.
    """

    part: int = 0
    whole: int = 0
    work: Mapping[str, Any] = field(default_factory=dict)
    found: Mapping[str, Any] | None = None
