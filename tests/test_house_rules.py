"""The rules of this house that no other tool holds."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ussd_app.queues import QUEUE_OF
from ussd_app.services.effects import EFFECTS
from ussd_app.services.facts import FACTS
from ussd_app.services.words import MESSAGES, VOCABULARY

ROOT = Path(__file__).parent.parent
CODE = [file for folder in ("ussd_app", "workers") for file in sorted((ROOT / folder).rglob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "tools"}


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def without_docstring(file: Path) -> Iterator[str]:
    tree = tree_of(file)
    if tree.body and not ast.get_docstring(tree):
        yield "the module"
    offered = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    for node in offered:
        if not node.name.startswith("_") and not ast.get_docstring(node):
            yield node.name


@pytest.mark.parametrize("file", [file for file in CODE if "versions" not in file.parts], ids=name_of)
def test_a_module_and_what_it_offers_say_what_they_are_for(file: Path) -> None:
    assert list(without_docstring(file)) == []


@pytest.mark.parametrize(
    "file", [file for file in CODE if "versions" in file.parts and file.stem != "__init__"], ids=name_of
)
def test_a_migration_says_what_it_brings(file: Path) -> None:
    assert ast.get_docstring(tree_of(file))


def test_no_module_has_a_name_that_says_nothing() -> None:
    parts = {part for file in (*CODE, *TESTS) for part in file.relative_to(ROOT).with_suffix("").parts}
    assert parts & VAGUE == set()


def patches_in(file: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Attribute) and node.attr in ("setattr", "setitem", "patch"):
            whose = node.value.id if isinstance(node.value, ast.Name) else ""
            if whose in ("monkeypatch", "mocker", "mock"):
                yield f"line {node.lineno}: {whose}.{node.attr}"
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = {alias.name for alias in node.names} | {getattr(node, "module", None) or ""}
            if any(module.split(".")[-1] in ("mock", "pytest_mock") for module in modules):
                yield f"line {node.lineno}: mock"


# Strict: whoever mends one of these is told here to take it off the list.


@pytest.mark.parametrize("file", TESTS, ids=name_of)
def test_nothing_is_patched_in_a_test(file: Path) -> None:
    assert list(patches_in(file)) == []


def names_in(file: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name


@pytest.mark.parametrize("file", [file for file in TESTS if file.name.startswith("test_")], ids=name_of)
def test_the_name_of_a_test_is_a_sentence_and_stands_for_one_test(file: Path) -> None:
    names = list(names_in(file))
    assert [name for name in names if name.count("_") < 3 or names.count(name) > 1] == []


def said_in(value: object) -> Iterator[str]:
    """Every text in a YAML document that a person may see."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from said_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from said_in(inner)


@pytest.mark.parametrize("file", sorted((ROOT / "menus").glob("*.yaml")), ids=name_of)
def test_nobody_is_called_a_worker(file: Path) -> None:
    texts = list(said_in(yaml.safe_load(file.read_text(encoding="utf-8"))))
    assert [text for text in texts if "worker" in text.lower()] == []


@pytest.mark.parametrize("file", sorted((ROOT / "menus").glob("*.yaml")), ids=name_of)
def test_a_data_file_says_on_top_who_edits_it(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    comment = "".join(line for line in text.splitlines(keepends=True)[:6] if line.startswith("#"))
    assert "edit" in comment.lower()


def test_every_language_of_the_main_menu_has_its_file() -> None:
    def read(name: str) -> dict[str, Any]:
        return dict(yaml.safe_load((ROOT / "menus" / name).read_text(encoding="utf-8")))

    languages = read("main.yaml")["languages"]
    assert [read(f"main.{language}.yaml")["language"] for language in languages[1:]] == languages[1:]


@pytest.mark.parametrize("job", QUEUE_OF)
def test_every_job_leads_to_a_function(job: str) -> None:
    module, _, name = job.rpartition(".")
    assert inspect.isfunction(getattr(importlib.import_module(module), name))


def test_every_fact_a_menu_may_show_has_a_function_and_no_function_is_left_over() -> None:
    assert set(FACTS) == set(VOCABULARY.facts)


def test_every_effect_a_menu_may_ask_for_has_a_function_and_no_function_is_left_over() -> None:
    assert set(EFFECTS) == set(VOCABULARY.effects)


def asked_by(function: Callable[..., object]) -> set[str]:
    parameters = inspect.signature(function).parameters.values()
    asked = [parameter for parameter in parameters if parameter.kind is inspect.Parameter.KEYWORD_ONLY]
    # What has a default is for our own callers: a menu never gives it.
    return {parameter.name for parameter in asked if parameter.default is inspect.Parameter.empty}


@pytest.mark.parametrize("name", VOCABULARY.facts)
def test_a_fact_takes_what_the_vocabulary_promises_it(name: str) -> None:
    assert asked_by(FACTS[name]) == set(VOCABULARY.facts[name].takes)


@pytest.mark.parametrize("name", VOCABULARY.effects)
def test_an_effect_takes_what_the_vocabulary_promises_it(name: str) -> None:
    assert asked_by(EFFECTS[name]) == set(VOCABULARY.effects[name].takes)


def test_every_message_the_code_may_send_is_shipped_and_no_other() -> None:
    shipped = yaml.safe_load((ROOT / "menus" / "messages.yaml").read_text(encoding="utf-8"))["messages"]
    assert set(shipped) == set(MESSAGES)


@pytest.mark.parametrize("file", CODE, ids=name_of)
def test_the_application_reads_the_environment_in_one_place(file: Path) -> None:
    """Besides the settings, only what starts other processes looks at the environment."""
    may = {
        "settings.py",
        "embedded.py",
        "engines.py",
        "process.py",
        "postgres.py",
        "valkey.py",
        "supervisor.py",
        "__main__.py",
    }
    reads = [
        node.lineno
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    ]
    assert file.name in may or reads == []
