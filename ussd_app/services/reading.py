"""Files of a draft, parsed once: of twenty files an admin changes one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from ussd_app.engine import graph
from ussd_app.engine.proof import compile_menu
from ussd_app.engine.source import Source, read
from ussd_app.errors import MenuProblems, Problem
from ussd_app.services.words import VOCABULARY


@lru_cache(maxsize=64)
def source_of(file: str, text: str) -> Source:
    """One parsed file, the same object for the same text: look at its data, never change it. Raises MenuProblems."""
    return read(file, text)


def main_file(name: str) -> str:
    """The file of a document that carries its name."""
    return f"{name}.yaml"


def sources_of(name: str, files: Mapping[str, str]) -> list[Source]:
    """The files of a document, the main one first. Raises MenuProblems with the syntax errors of all of them."""
    sources, problems = [], []
    for file in sorted(files, key=lambda file: (file != main_file(name), file)):
        try:
            sources.append(source_of(file, files[file]))
        except MenuProblems as found:
            problems += found.problems
    if main_file(name) not in files:
        problems.append(Problem(main_file(name), 1, "(file)", "this file is missing: without it there is no document"))
    if problems:
        raise MenuProblems(problems)
    return sources


# Compiling takes half a second. Whoever publishes has just looked at the same files, and then they are served.
@lru_cache(maxsize=8)
def compiled(name: str, files: tuple[tuple[str, str], ...]) -> tuple[graph.Menu | None, tuple[Problem, ...]]:
    """A menu's graph (None when it has errors) and every problem and remark, found once for the same contents.

    `files` are its files with their names, sorted. The graph has no version yet. Raises MenuProblems for no YAML.
    """
    made, problems = compile_menu(sources_of(name, dict(files)), 0, VOCABULARY)
    return made, tuple(problems)
