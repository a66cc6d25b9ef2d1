"""What the admin desk says, in Indonesian and English side by side: words/*.yaml, a file for each part of the desk."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

LANGUAGES = ("id", "en")
FOLDER = Path(__file__).parent / "words"


@cache
def read() -> Mapping[str, Mapping[str, str]]:
    """Every text by its key: the file's name, a dot, the name in the file."""
    return {
        f"{file.stem}.{name}": texts
        for file in sorted(FOLDER.glob("*.yaml"))
        for name, texts in yaml.safe_load(file.read_text(encoding="utf-8")).items()
    }


def say(language: str, key: str, /, **values: object) -> str:
    """A text in a language, its fields filled. Raises KeyError for one that nobody wrote."""
    return read()[key][language].format(**values)


def knows(key: str) -> bool:
    """Whether there is such a text: names that come from elsewhere may be new."""
    return key in read()
