"""The command line, a module for each thing it looks after."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from ussd_app import runtime, settings
from ussd_app.runtime import Runtime

MENUS = Path(__file__).parents[2] / "menus"
Commands = argparse._SubParsersAction  # argparse has no public name for it


def connected() -> Runtime:
    """Everything alive, as the environment says, or as `make run` left it in DATA_DIR."""
    return runtime.build(settings.read(running=True))


def command(
    commands: Commands[argparse.ArgumentParser], name: str, function: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    """One more command, explained by the docstring of its function."""
    parser = commands.add_parser(name, help=function.__doc__)
    parser.set_defaults(function=function)
    return parser
