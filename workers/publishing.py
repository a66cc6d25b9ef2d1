"""Jobs that prove drafts, and publish those whose time has come."""

from __future__ import annotations

from ussd_app.services import proving, releases
from workers.runtime import rt


def prove(proof_id: int) -> None:
    """Walk every state of one draft."""
    proving.run(rt(), proof_id)


def sweep() -> None:
    """Find proofs that no job is working on."""
    proving.sweep(rt())


def publish_due() -> None:
    """Publish the drafts whose time has come."""
    releases.publish_due(rt())
