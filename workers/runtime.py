"""The runtime of a worker process, built on first use."""

from __future__ import annotations

from functools import cache

from ussd_app import runtime, settings
from ussd_app.runtime import Runtime


@cache
def rt() -> Runtime:
    """The one runtime of this process."""
    return runtime.build(settings.read())
