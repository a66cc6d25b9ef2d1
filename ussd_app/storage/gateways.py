"""How the gateways for SMS stand: one that fails is left alone for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Standing:
    """Failures in a row, until when nobody asks it, and since when it asks us to stop (no balance), with its words."""

    failures: int = 0
    closed_until: datetime | None = None
    halted_at: datetime | None = None
    reason: str = ""


def standings(connection: Connection) -> dict[str, Standing]:
    """Every gateway that has ever failed."""
    rows = connection.execute(
        text("SELECT gateway, failures, closed_until, halted_at, reason FROM gateway_states ORDER BY gateway")
    )
    return {row.gateway: Standing(*row[1:]) for row in rows}


def failed(connection: Connection, gateway: str, reason: str, seen: datetime | None) -> int:
    """One more failure; how many in a row that makes, 0 when it does not count.

    `seen` is until when it was closed as the call began (None: open): if that has changed, the call tells nothing new.
    """
    failures = connection.execute(
        text(
            "INSERT INTO gateway_states (gateway, failures, reason) VALUES (:gateway, 1, :reason) "
            "ON CONFLICT (gateway) DO UPDATE SET failures = gateway_states.failures + 1, reason = :reason "
            "WHERE gateway_states.closed_until IS NOT DISTINCT FROM CAST(:seen AS timestamptz) RETURNING failures"
        ),
        {"gateway": gateway, "reason": reason, "seen": seen},
    ).scalar_one_or_none()
    return int(failures or 0)


def close(connection: Connection, gateway: str, until: datetime) -> None:
    """Nobody asks it before then."""
    connection.execute(
        text("UPDATE gateway_states SET closed_until = :until WHERE gateway = :gateway"),
        {"gateway": gateway, "until": until},
    )


def halt(connection: Connection, gateway: str, reason: str, now: datetime, until: datetime) -> bool:
    """It asks us to stop; False when it had asked before."""
    connection.execute(
        text("INSERT INTO gateway_states (gateway) VALUES (:gateway) ON CONFLICT DO NOTHING"), {"gateway": gateway}
    )
    first = connection.execute(
        text("UPDATE gateway_states SET halted_at = :now WHERE gateway = :gateway AND halted_at IS NULL"),
        {"gateway": gateway, "now": now},
    )
    connection.execute(
        text("UPDATE gateway_states SET closed_until = :until, reason = :reason WHERE gateway = :gateway"),
        {"gateway": gateway, "until": until, "reason": reason},
    )
    return bool(first.rowcount)


def claim_probe(connection: Connection, gateway: str, now: datetime, until: datetime) -> bool:
    """Whether the caller, and nobody else before `until`, may ask a closed gateway whether it works again."""
    done = connection.execute(
        text("UPDATE gateway_states SET closed_until = :until WHERE gateway = :gateway AND closed_until <= :now"),
        {"gateway": gateway, "now": now, "until": until},
    )
    return bool(done.rowcount)


def give_back_probe(connection: Connection, gateway: str, seen: datetime, now: datetime) -> None:
    """Whoever had claimed it until `seen` has not asked: anybody may at once."""
    connection.execute(
        text("UPDATE gateway_states SET closed_until = :now WHERE gateway = :gateway AND closed_until = :seen"),
        {"gateway": gateway, "seen": seen, "now": now},
    )


def stands_as(connection: Connection, gateway: str, seen: datetime | None) -> bool:
    """Whether it is still closed until `seen` (None: open); nobody changes that before the transaction ends."""
    found = connection.execute(
        text(
            "SELECT 1 FROM gateway_states WHERE gateway = :gateway "
            "AND closed_until IS NOT DISTINCT FROM CAST(:seen AS timestamptz) FOR UPDATE"
        ),
        {"gateway": gateway, "seen": seen},
    )
    return found.one_or_none() is not None


def reopen(connection: Connection, gateway: str) -> Standing | None:
    """It works again; how it stood before, None when there was nothing wrong with it."""
    row = connection.execute(
        text("DELETE FROM gateway_states WHERE gateway = :gateway RETURNING failures, closed_until, halted_at, reason"),
        {"gateway": gateway},
    ).one_or_none()
    return Standing(*row) if row else None
