"""The people who may enter the admin desk."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text


def add_first(connection: Connection, email: str, password_hash: str, now: datetime) -> bool:
    """Create the owner when there is nobody yet; False when somebody is there."""
    done = connection.execute(
        text(
            "INSERT INTO admins (email, password_hash, role, created_at) "
            "SELECT :email, :hash, 'owner', :now WHERE NOT EXISTS (SELECT 1 FROM admins)"
        ),
        {"email": email, "hash": password_hash, "now": now},
    )
    return bool(done.rowcount)
