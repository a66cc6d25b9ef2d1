"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import datetime, timedelta


class Clock:
    """Called, it tells the moment it was set to."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def __call__(self) -> datetime:
        return self._moment

    def set(self, moment: datetime) -> None:
        """Make it this moment (aware, UTC)."""
        self._moment = moment

    def forward(self, **how_much: float) -> None:
        """Let time pass: `forward(days=3)`."""
        self._moment += timedelta(**how_much)
