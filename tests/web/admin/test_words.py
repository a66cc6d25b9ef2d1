"""Every text of the desk gets the values that it names, wherever it is said."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

import jinja2
import pytest
from jinja2 import nodes

import ussd_app
from ussd_app.web.admin import words

CODE = Path(ussd_app.__file__).parent
TEMPLATES = sorted((CODE / "web" / "templates" / "admin").rglob("*.html"))
PAGES = sorted((CODE / "web" / "admin").rglob("*.py"))
# A service says why not, and the page takes the sentence and its values from the exception.
REASONS = {"Refused": 0, "NotAllowedNow": 1}


@dataclass(frozen=True)
class Said:
    """A text that is asked for: its key, or only how that begins, and the names of the values that are given."""

    key: str
    given: frozenset[str]
    line: int
    whole: bool = True


def fields(key: str) -> set[str]:
    """The values that a text names."""
    return {name for text in words.read()[key].values() for _, name, _, _ in Formatter().parse(text) if name}


def in_template(source: str) -> Iterator[Said]:
    """The texts that a template asks for, with `t` or with `named`, which gives no values at all."""
    for call in jinja2.Environment(autoescape=True).parse(source).find_all(nodes.Call):
        name = call.node.name if isinstance(call.node, nodes.Name) else ""
        if name not in ("t", "named") or call.dyn_kwargs is not None:
            continue
        first = call.args[0]
        whole = isinstance(first, nodes.Const)
        start = first if whole else next(first.find_all(nodes.Const), None)
        key = str(start.value) if isinstance(start, nodes.Const) else ""
        given = frozenset(one.key for one in call.kwargs)
        part = name == "named"
        yield Said(f"{key}." if part else key, given, call.lineno, whole=whole and not part)


def _key(node: ast.expr) -> tuple[str, bool]:
    """The beginning of a string in the code, and whether that is all of it."""
    if isinstance(node, ast.Constant):
        return str(node.value), True
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        return str(node.values[0].value), False
    return "", False


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and all(one.arg for one in node.keywords):
            yield node.func.id, node


def in_code(source: str) -> Iterator[Said]:
    """The texts that a module of the desk asks for; a key that is only handed on is given nothing."""
    tree, asked = ast.parse(source), set()
    for name, call in _calls(tree):
        if name in ("t", "done") and call.args:
            first = call.args[0]
            for way in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
                key, whole = _key(way)
                asked.add(way)
                if key:
                    yield Said(key, frozenset(str(one.arg) for one in call.keywords), call.lineno, whole=whole)
    for node in ast.walk(tree):
        if node in asked or not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if words.knows(node.value):
            yield Said(node.value, frozenset(), node.lineno)


def reasons_in(source: str) -> Iterator[Said]:
    """The reasons that a module gives, as the desk will look for them."""
    for name, call in _calls(ast.parse(source)):
        if len(call.args) <= REASONS.get(name, 99):
            continue
        reason, whole = _key(call.args[REASONS[name]])
        known = [f"{part}.{reason}" for part in ("refused", "not_now") if words.knows(f"{part}.{reason}")]
        if reason and known:
            yield Said(known[0], frozenset(str(one.arg) for one in call.keywords), call.lineno, whole=whole)


def unfed(said: Said, fed: set[str]) -> list[str]:
    """The texts that would lack a value if they were said so. `fed` are those that get all of theirs elsewhere."""
    if said.whole:
        keys = [said.key] if words.knows(said.key) else []
    else:
        keys = [key for key in words.read() if key.startswith(said.key) and key not in fed]
    return [f"line {said.line}: {key}" for key in keys if not fields(key) <= said.given]


def _all_said() -> Iterator[Said]:
    for file in TEMPLATES:
        with suppress(jinja2.TemplateSyntaxError):  # which is said once, of that file
            yield from in_template(file.read_text("utf-8"))
    for file in PAGES:
        yield from in_code(file.read_text("utf-8"))


@cache
def _fed() -> set[str]:
    """The texts whose values are all given by somebody who asks for them by name, or by the beginning of it."""
    said = list(_all_said())
    return {
        key
        for key in words.read()
        for one in said
        if fields(key) <= one.given and (key == one.key if one.whole else key.startswith(one.key))
    }


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_a_template_gives_each_text_the_values_it_names(file: Path) -> None:
    fed = _fed()
    assert [wrong for said in in_template(file.read_text("utf-8")) for wrong in unfed(said, fed)] == []


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_a_page_gives_each_text_the_values_it_names(file: Path) -> None:
    fed = _fed()
    assert [wrong for said in in_code(file.read_text("utf-8")) for wrong in unfed(said, fed)] == []


def test_whoever_gives_a_reason_gives_the_values_of_its_sentence() -> None:
    wrong = {
        str(file.relative_to(CODE)): lacking
        for file in sorted(CODE.rglob("*.py"))
        if (lacking := [one for said in reasons_in(file.read_text("utf-8")) for one in unfed(said, set())])
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "template",
    [
        '{{ t("shell.minutes") }}',
        '{{ t("team.password_" ~ name) }}',
        '{{ named("not_now", refused) }}',
        '{{ t("rosters.answered", done=1) }}',
    ],
)
def test_a_value_that_is_missing_in_a_template_is_found(template: str) -> None:
    assert [wrong for said in in_template(template) for wrong in unfed(said, set())] != []


@pytest.mark.parametrize(
    "code", ['t("shell.minutes")', 'done(f"unmatched.{word}")', '_try(1, act, "unmatched.assigned")']
)
def test_a_value_that_is_missing_in_the_code_is_found(code: str) -> None:
    assert [wrong for said in in_code(code) for wrong in unfed(said, set())] != []


@pytest.mark.parametrize("code", ['Refused("locked")', 'NotAllowedNow("no", "roster_mistakes", people=1)'])
def test_a_value_that_is_missing_in_an_exception_is_found(code: str) -> None:
    assert [wrong for said in reasons_in(code) for wrong in unfed(said, set())] != []
