"""A Redis that goes away at the worst moment."""

from __future__ import annotations

from typing import Any

import redis

from ussd_app.runtime import Runtime
from ussd_app.storage.dialogues import Dialogues


class CrashesOnce(Dialogues):
    """Redis goes away between the commit and the first write."""

    def __init__(self, rt: Runtime) -> None:
        super().__init__(rt.connections, rt.vault)
        self.crashed = False

    def close(self, session: str, phone: str, token: str, *rest: Any) -> bool:
        """Raises redis.ConnectionError, the first time."""
        if not self.crashed:
            self.crashed = True
            raise redis.ConnectionError("gone")
        return super().close(session, phone, token, *rest)
