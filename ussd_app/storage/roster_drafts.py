"""Sponsors' files that somebody of the office is looking at before setting them going."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Draft:
    """An uploaded file; the sponsor, the content and what was found in it are encrypted."""

    id: int
    admin_id: int
    sealed_sponsor: str
    file_name: str
    sealed_content: str
    sealed_checked: str
    created_at: datetime


def add(
    connection: Connection, admin_id: int, file_name: str, sponsor: str, content: str, checked: str, now: datetime
) -> int:
    """Keep a file for a day; older ones are forgotten."""
    connection.execute(text("DELETE FROM roster_drafts WHERE created_at < :before"), {"before": now - KEPT})
    return int(
        connection.execute(
            text(
                "INSERT INTO roster_drafts (admin_id, sponsor, file_name, content, checked, created_at) "
                "VALUES (:admin, :sponsor, :file, :content, :checked, :now) RETURNING id"
            ),
            {
                "admin": admin_id,
                "sponsor": sponsor,
                "file": file_name,
                "content": content,
                "checked": checked,
                "now": now,
            },
        ).scalar_one()
    )


def of_admin(connection: Connection, draft_id: int, admin_id: int) -> Draft | None:
    """The file of this number, if this admin uploaded it."""
    row = connection.execute(
        text(
            "SELECT id, admin_id, sponsor, file_name, content, checked, created_at FROM roster_drafts "
            "WHERE id = :id AND admin_id = :admin"
        ),
        {"id": draft_id, "admin": admin_id},
    ).one_or_none()
    return Draft(*row) if row else None


def forget(connection: Connection, draft_id: int) -> None:
    """The file is under way, or was put away."""
    connection.execute(text("DELETE FROM roster_drafts WHERE id = :id"), {"id": draft_id})
