"""Which version of each document is the newest, as every process reads it from Redis with each turn."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

POINTERS = "srt:documents"


class Pointer(NamedTuple):
    """The newest version of a document, and those that nobody may go on with."""

    kind: str
    version: int
    withdrawn: tuple[int, ...] = ()


Pointers = Mapping[str, Pointer]


def read_pointers(announced: bytes | str) -> dict[str, Pointer]:
    """What `documents.announce` wrote."""
    return {
        name: Pointer(kind, version, tuple(withdrawn))
        for name, (kind, version, withdrawn) in json.loads(announced).items()
    }
