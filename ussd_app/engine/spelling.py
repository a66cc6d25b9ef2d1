"""How a value is written in YAML where nobody has written it before: in the style of the menus we ship."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from ussd_app.engine.source import Path

LONGEST_LINE = 118
# These stand line by line however short they are; what they hold is looked for by eye.
_LINE_BY_LINE = frozenset({"screens", "reasons", "messages", "refusals", "texts"})


def scalar(value: str, *, style: str = "", flow: bool = False) -> str:
    """A text or a number as YAML, quoted where it must be, or where it was before (`style`)."""
    if style != '"' and "\n" not in value and not (style == "'" and "'" in value):
        if style == "'":
            return f"'{value}'"
        if is_plain(value, flow=flow):
            return value
    written = yaml.dump(value, default_style='"', allow_unicode=True, width=float("inf"))
    return written.removesuffix("\n").removesuffix("...").removesuffix("\n")


def is_plain(value: str, *, flow: bool) -> bool:
    """Whether it is read as the same text without quotes, by every reader of YAML; a whole number may be plain."""
    if ":" in value:
        return False
    written = f"{{k: {value}}}" if flow else f"k: {value}"
    try:
        if yaml.load(written, Loader=yaml.BaseLoader) != {"k": value}:  # noqa: S506 - it makes nothing but texts
            return False
        read = yaml.safe_load(written)["k"]
    except (yaml.YAMLError, ValueError):
        return False
    return isinstance(read, str) or (type(read) is int and str(read) == value)


def inline(value: Any) -> str:
    """A value on one line, in braces and brackets where it holds others."""
    if isinstance(value, Mapping):
        inside = (f"{scalar(key, flow=True)}: {inline(inner)}" for key, inner in value.items())
        return f"{{{', '.join(inside)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(inline, value))}]"
    return scalar(value, flow=True)


def stands_in_lines(value: Any, path: Path, column: int) -> bool:
    """Whether a new value is written line by line, rather than behind its key."""
    if isinstance(value, str) or not value:
        return False
    key = path[-1] if path else ""
    if isinstance(value, list):
        return any(isinstance(item, Mapping) for item in value)
    in_lines = not path or key in _LINE_BY_LINE or path[-2:-1] in (("screens",), ("messages",))
    holds_lines = key in ("choices", "show") and any(isinstance(inner, Mapping) for inner in value.values())
    return in_lines or holds_lines or column + len(key) + 2 + len(inline(value)) > LONGEST_LINE


def entry(key: str, value: Any, path: Path, column: int) -> str:
    """`key: value` for a line that begins at `column`, with the lines under it. `path` is that of the value."""
    written = scalar(key)
    if stands_in_lines(value, path, column):
        return f"{written}:\n{' ' * (column + 2)}{in_lines(value, path, column + 2)}"
    return f"{written}: {scalar(value) if isinstance(value, str) else inline(value)}"


def in_lines(value: Any, path: Path, column: int) -> str:
    """A mapping or a list, line by line; the first line is not indented."""
    between = f"\n{' ' * column}"
    if isinstance(value, list):
        return between.join(item(inner, column) for inner in value)
    return between.join(entry(key, inner, (*path, key), column) for key, inner in value.items())


def item(value: Any, column: int) -> str:
    """One line of a list."""
    if isinstance(value, Mapping) and column + 2 + len(inline(value)) > LONGEST_LINE:
        return f"- {in_lines(value, ('',), column + 2)}"
    return f"- {scalar(value) if isinstance(value, str) else inline(value)}"
