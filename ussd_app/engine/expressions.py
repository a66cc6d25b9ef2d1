"""Conditions and fields as an admin writes them: known names, comparisons, and nothing that could be code.

A condition is parsed with Python's grammar and then rebuilt from a short list of allowed shapes; what is not on
the list is refused when the menu is checked, so nothing an editor types is ever executed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from ussd_app.engine.kinds import FORMATS, Value

LONGEST_CONDITION = 200
Path = tuple[str, ...]
Lookup = Callable[[Path], Value]


class NotAllowed(ValueError):
    """A condition or a field that is not of the allowed shapes; the message tells the author what is."""


@dataclass(frozen=True)
class Condition:
    """A parsed condition: the names it reads and a function from their values to true or false."""

    reads: tuple[Path, ...]
    holds: Callable[[Lookup], bool]


@dataclass(frozen=True)
class Field:
    """A `{name|format:argument}` inside a text."""

    path: Path
    format: str
    argument: int | None

    def show(self, value: Value, language: str) -> str:
        """The value as it stands on the screen."""
        return FORMATS[self.format][0](value, language, self.argument)


Template = tuple[str | Field, ...]

_FIELD = re.compile(r"\{([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?)(?:\|([a-z]+)(?::([0-9]{1,3}))?)?\}")
_COMPARISONS: dict[type[ast.cmpop], Callable[[Value, Value], bool]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: lambda a, b: isinstance(a, int) and isinstance(b, int) and a < b,
    ast.LtE: lambda a, b: isinstance(a, int) and isinstance(b, int) and a <= b,
    ast.Gt: lambda a, b: isinstance(a, int) and isinstance(b, int) and a > b,
    ast.GtE: lambda a, b: isinstance(a, int) and isinstance(b, int) and a >= b,
}


def parse_template(text: str) -> Template:
    """Split a text into literal parts and fields. Raises NotAllowed for a brace that is not a known field."""
    parts: list[str | Field] = []
    position = 0
    for match in _FIELD.finditer(text):
        parts.append(_literal(text[position : match.start()]))
        name, format_, argument = match.groups()
        if (format_ or "") not in FORMATS:
            raise NotAllowed(f"there is no format `{format_}`: use one of {', '.join(filter(None, FORMATS))}")
        parts.append(Field(tuple(name.split(".")), format_ or "", int(argument) if argument else None))
        position = match.end()
    parts.append(_literal(text[position:]))
    return tuple(part for part in parts if part != "")


def _literal(text: str) -> str:
    if "{" in text or "}" in text:
        raise NotAllowed("a field is written {name} or {name|format}; other braces are not allowed")
    return text


def parse_condition(text: str) -> Condition:
    """Parse `member and not months == 3`. Raises NotAllowed for anything but names, values and comparisons."""
    if len(text) > LONGEST_CONDITION:
        raise NotAllowed(f"a condition has at most {LONGEST_CONDITION} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise NotAllowed(f"`{text}` is not a condition: write for example `member.active and months == 3`") from None
    return Condition(tuple(_reads(tree)), _truth(tree))


def _reads(tree: ast.expr) -> Iterator[Path]:
    path = _path(tree)
    if path:
        yield path
        return
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.expr):
            yield from _reads(child)


def _path(node: ast.expr) -> Path | None:
    match node:
        case ast.Name(id=name) if not name.startswith("_"):
            return (name,)
        case ast.Attribute(value=ast.Name(id=first), attr=second) if not (first + second).startswith("_"):
            return None if second.startswith("_") else (first, second)
    return None


def _truth(node: ast.expr) -> Callable[[Lookup], bool]:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return partial(_all, [_truth(value) for value in values])
        case ast.BoolOp(op=ast.Or(), values=values):
            return partial(_any, [_truth(value) for value in values])
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return partial(_not, _truth(operand))
        case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in _COMPARISONS:
            return partial(_compare, _COMPARISONS[type(operator)], _value(left), _value(right))
    return partial(_is_true, _value(node))


def _value(node: ast.expr) -> Callable[[Lookup], Value]:
    path = _path(node)
    if path:
        return partial(_look, path)
    match node:
        case ast.Constant(value=str() | int() as constant):
            return partial(_constant, constant)
    raise NotAllowed("a condition may hold only names, numbers, 'texts', and, or, not, ==, !=, <, <=, >, >=")


def _all(parts: list[Callable[[Lookup], bool]], look: Lookup) -> bool:
    return all(part(look) for part in parts)


def _any(parts: list[Callable[[Lookup], bool]], look: Lookup) -> bool:
    return any(part(look) for part in parts)


def _not(part: Callable[[Lookup], bool], look: Lookup) -> bool:
    return not part(look)


def _compare(
    compare: Callable[[Value, Value], bool],
    left: Callable[[Lookup], Value],
    right: Callable[[Lookup], Value],
    look: Lookup,
) -> bool:
    return compare(left(look), right(look))


def _is_true(value: Callable[[Lookup], Value], look: Lookup) -> bool:
    return bool(value(look))


def _look(path: Path, look: Lookup) -> Value:
    return look(path)


def _constant(constant: Value, _look: Lookup) -> Value:
    return constant
