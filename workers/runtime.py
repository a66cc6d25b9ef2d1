"""The runtime of a worker process, built on first use."""

from __future__ import annotations

from functools import cache

from ussd_app import runtime, settings
from ussd_app.runtime import Runtime

# A job may take longer than a caller would wait.
STATEMENT_SECONDS = 60

_given: list[Runtime] = []


def use(given: Runtime) -> None:
    """Let the jobs of this process work with a runtime that somebody else has built."""
    _given[:] = [given]


def rt() -> Runtime:
    """The one runtime of this process."""
    return _given[0] if _given else _own()


@cache
def _own() -> Runtime:
    return runtime.build(settings.read(), statement_seconds=STATEMENT_SECONDS)
