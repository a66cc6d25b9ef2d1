"""Sponsors' files that somebody of the office is looking at before setting them going."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Draft:
    """An uploaded file; the sponsor, the content and what was found in it are encrypted.

    `start_at` is when its uploader said to set it going, at the whole rupiah in `shown`, from `address`. Then it
    becomes a roster, or the reason why not is in `refused`.
    """

    id: int
    admin_id: int
    sealed_sponsor: str
    file_name: str
    sealed_content: str
    sealed_checked: str
    created_at: datetime
    start_at: datetime | None
    shown: int | None
    address: str
    roster_id: int | None
    refused: str

    @property
    def under_way(self) -> bool:
        """Whether it waits for the job that sets it going, or is in that job's hands."""
        return self.start_at is not None and self.roster_id is None and not self.refused


_DRAFT = (
    "SELECT id, admin_id, sponsor, file_name, content, checked, created_at, start_at, shown, address, roster_id, "
    "refused FROM roster_drafts "
)
_UNDER_WAY = "(start_at IS NOT NULL AND roster_id IS NULL AND refused = '')"


def add(
    connection: Connection, admin_id: int, file_name: str, sponsor: str, content: str, checked: str, now: datetime
) -> int:
    """Keep a file, for a day."""
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
        text(_DRAFT + "WHERE id = :id AND admin_id = :admin"), {"id": draft_id, "admin": admin_id}
    ).one_or_none()
    return Draft(*row) if row else None


def ask_to_start(connection: Connection, draft_id: int, shown: int, address: str, now: datetime) -> bool:
    """Its uploader says to set a file going; False when that was said before and has not failed."""
    done = connection.execute(
        text(
            "UPDATE roster_drafts SET start_at = :now, shown = :shown, address = :address, refused = '' "
            "WHERE id = :id AND roster_id IS NULL AND (start_at IS NULL OR refused <> '')"
        ),
        {"id": draft_id, "shown": shown, "address": address, "now": now},
    )
    return bool(done.rowcount)


def to_start(connection: Connection, draft_id: int) -> Draft | None:
    """The file of this number, if it waits to be set going."""
    row = connection.execute(
        text(f"{_DRAFT} WHERE id = :id AND {_UNDER_WAY}"),
        {"id": draft_id},
    ).one_or_none()
    return Draft(*row) if row else None


def all_to_start(connection: Connection) -> list[int]:
    """Files that wait to be set going."""
    rows = connection.execute(text(f"SELECT id FROM roster_drafts WHERE {_UNDER_WAY} ORDER BY id"))  # noqa: S608
    return list(rows.scalars())


def started(connection: Connection, draft_id: int, roster_id: int) -> None:
    """A file has become a roster: what it held is not kept any longer."""
    connection.execute(
        text("UPDATE roster_drafts SET roster_id = :roster, content = '', checked = '', sponsor = '' WHERE id = :id"),
        {"id": draft_id, "roster": roster_id},
    )


def refuse(connection: Connection, draft_id: int, reason: str, checked: str) -> None:
    """A file could not be set going, for this reason; what is found in it now, encrypted."""
    connection.execute(
        text("UPDATE roster_drafts SET refused = :reason, checked = :checked WHERE id = :id"),
        {"id": draft_id, "reason": reason, "checked": checked},
    )


def forget_old(connection: Connection, now: datetime) -> None:
    """Files are forgotten after a day, but for one that is being set going just then."""
    connection.execute(
        text(f"DELETE FROM roster_drafts WHERE created_at < :before AND NOT {_UNDER_WAY}"),  # noqa: S608
        {"before": now - KEPT},
    )


def forget(connection: Connection, draft_id: int) -> bool:
    """A file is put away; False while it is being set going, which nobody stops."""
    done = connection.execute(
        text(f"DELETE FROM roster_drafts WHERE id = :id AND NOT {_UNDER_WAY}"),  # noqa: S608
        {"id": draft_id},
    )
    return bool(done.rowcount)
