"""Drafts of documents and every revision of them: nothing that was saved is ever written over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Draft:
    """A draft of the document `name`, made from the version `based_on` (None: the document is new).

    `revision` is the one that counts now. `state` is open, published or discarded.
    """

    id: int
    name: str
    title: str
    based_on: int | None
    state: str
    revision: int
    created_by: str
    created_at: datetime


@dataclass(frozen=True)
class Revision:
    """One saved state of a draft and who saved it; `parent` is the revision they had before them.

    `aside`: it came too late, somebody else had saved, and it was kept beside theirs.
    """

    number: int
    parent: int | None
    based_on: int | None
    what: str
    by: str
    at: datetime
    aside: bool


@dataclass(frozen=True)
class Editor:
    """Somebody who has a draft open, the place in it they look at, and when they were last heard of."""

    who: str
    place: str
    seen_at: datetime


_DRAFT = "id, name, title, based_on, state, revision, created_by, created_at"
_REVISION = "number, parent, based_on, what, by_whom, at, aside"


def add(connection: Connection, name: str, title: str, based_on: int | None, by: str, now: datetime) -> int:
    """A new draft, whose first revision is to follow; its number."""
    return int(
        connection.execute(
            text(
                "INSERT INTO drafts (name, title, based_on, state, revision, created_by, created_at) "
                "VALUES (:name, :title, :based_on, 'open', 1, :by, :now) RETURNING id"
            ),
            {"name": name, "title": title, "based_on": based_on, "by": by, "now": now},
        ).scalar_one()
    )


def by_id(connection: Connection, draft_id: int, *, lock: bool = False) -> Draft | None:
    """One draft; with `lock` nobody else saves before the transaction ends."""
    ending = " FOR UPDATE" if lock else ""
    row = connection.execute(
        text(f"SELECT {_DRAFT} FROM drafts WHERE id = :id{ending}"),  # noqa: S608
        {"id": draft_id},
    ).one_or_none()
    return Draft(*row) if row else None


def all_open(connection: Connection) -> list[tuple[Draft, Revision]]:
    """Every open draft with the revision that counts, the one saved last first."""
    columns = ", ".join(f"d.{name}" for name in _DRAFT.split(", "))
    own = ", ".join(f"r.{name}" for name in _REVISION.split(", "))
    rows = connection.execute(
        text(
            f"SELECT {columns}, {own} FROM drafts d JOIN draft_revisions r "  # noqa: S608
            "ON r.draft_id = d.id AND r.number = d.revision WHERE d.state = 'open' ORDER BY r.at DESC"
        )
    )
    return [(Draft(*row[:8]), Revision(*row[8:])) for row in rows]


def point_to(connection: Connection, draft_id: int, revision: int, based_on: int | None) -> None:
    """Let another revision count."""
    connection.execute(
        text("UPDATE drafts SET revision = :revision, based_on = :based_on WHERE id = :id"),
        {"id": draft_id, "revision": revision, "based_on": based_on},
    )


def retitle(connection: Connection, draft_id: int, title: str) -> None:
    """A draft is called something else."""
    connection.execute(text("UPDATE drafts SET title = :title WHERE id = :id"), {"id": draft_id, "title": title})


def close(connection: Connection, draft_id: int, state: str) -> None:
    """A draft was published or discarded."""
    connection.execute(text("UPDATE drafts SET state = :state WHERE id = :id"), {"id": draft_id, "state": state})


# ---- revisions ----


def add_revision(
    connection: Connection,
    draft_id: int,
    files: Mapping[str, str],
    *,
    parent: int | None,
    based_on: int | None,
    what: str,
    by: str,
    key: str,
    now: datetime,
    aside: bool = False,
) -> int:
    """Keep a state of a draft, whose row must be locked; the number it got."""
    digests = {file: hashlib.sha256(content.encode()).hexdigest() for file, content in files.items()}
    connection.execute(
        text("INSERT INTO draft_texts (digest, content) VALUES (:digest, :content) ON CONFLICT DO NOTHING"),
        [{"digest": digests[file], "content": content} for file, content in sorted(files.items())],
    )
    return int(
        connection.execute(
            text(
                "INSERT INTO draft_revisions "
                "(draft_id, number, parent, files, based_on, what, by_whom, at, save_key, aside) "
                "SELECT :draft, coalesce(max(number), 0) + 1, :parent, CAST(:files AS jsonb), :based_on, :what, :by, "
                ":now, :key, :aside FROM draft_revisions WHERE draft_id = :draft RETURNING number"
            ),
            {
                "draft": draft_id,
                "parent": parent,
                "files": json.dumps(digests),
                "based_on": based_on,
                "what": what,
                "by": by,
                "now": now,
                "key": key,
                "aside": aside,
            },
        ).scalar_one()
    )


def revision(connection: Connection, draft_id: int, number: int) -> Revision | None:
    """One revision, without its files."""
    row = connection.execute(
        text(f"SELECT {_REVISION} FROM draft_revisions WHERE draft_id = :id AND number = :number"),  # noqa: S608
        {"id": draft_id, "number": number},
    ).one_or_none()
    return Revision(*row) if row else None


def saved_as(connection: Connection, draft_id: int, key: str) -> Revision | None:
    """The revision that a save with this key has made."""
    row = connection.execute(
        text(f"SELECT {_REVISION} FROM draft_revisions WHERE draft_id = :id AND save_key = :key"),  # noqa: S608
        {"id": draft_id, "key": key},
    ).one_or_none()
    return Revision(*row) if row else None


def files_of(connection: Connection, draft_id: int, number: int) -> dict[str, str]:
    """The files of one revision."""
    rows = connection.execute(
        text(
            "SELECT f.key, t.content FROM draft_revisions r CROSS JOIN jsonb_each_text(r.files) f "
            "JOIN draft_texts t ON t.digest = f.value WHERE r.draft_id = :id AND r.number = :number ORDER BY f.key"
        ),
        {"id": draft_id, "number": number},
    )
    return {row.key: row.content for row in rows}


def page(connection: Connection, draft_id: int, before: int | None, most: int) -> list[Revision]:
    """Revisions of a draft, the newest first, older than the number `before`."""
    rows = connection.execute(
        text(
            f"SELECT {_REVISION} FROM draft_revisions WHERE draft_id = :id "  # noqa: S608
            "AND (CAST(:before AS integer) IS NULL OR number < :before) ORDER BY number DESC LIMIT :most"
        ),
        {"id": draft_id, "before": before, "most": most},
    )
    return [Revision(*row) for row in rows]


def way_to(connection: Connection, draft_id: int, number: int) -> list[Revision]:
    """A revision and all that it was made from, back to the first."""
    own = ", ".join(f"r.{name}" for name in _REVISION.split(", "))
    rows = connection.execute(
        text(
            f"WITH RECURSIVE way AS (SELECT {_REVISION} FROM draft_revisions "  # noqa: S608
            f"WHERE draft_id = :id AND number = :number UNION ALL SELECT {own} FROM draft_revisions r "
            "JOIN way ON r.number = way.parent WHERE r.draft_id = :id) SELECT * FROM way ORDER BY number DESC"
        ),
        {"id": draft_id, "number": number},
    )
    return [Revision(*row) for row in rows]


def made_from(connection: Connection, draft_id: int, number: int) -> Revision | None:
    """The newest revision that was made from this one and counted once: what redoing comes back to."""
    row = connection.execute(
        text(
            f"SELECT {_REVISION} FROM draft_revisions "  # noqa: S608
            "WHERE draft_id = :id AND parent = :number AND NOT aside ORDER BY number DESC LIMIT 1"
        ),
        {"id": draft_id, "number": number},
    ).one_or_none()
    return Revision(*row) if row else None


# ---- who is there ----


def note_editor(connection: Connection, draft_id: int, who: str, place: str, now: datetime) -> None:
    """Somebody has a draft open now."""
    connection.execute(
        text(
            "INSERT INTO draft_editors (draft_id, who, place, seen_at) VALUES (:id, :who, :place, :now) "
            "ON CONFLICT (draft_id, who) DO UPDATE SET place = :place, seen_at = :now"
        ),
        {"id": draft_id, "who": who, "place": place, "now": now},
    )


def editors(connection: Connection, draft_id: int, since: datetime) -> list[Editor]:
    """Who had a draft open at this moment or later."""
    rows = connection.execute(
        text("SELECT who, place, seen_at FROM draft_editors WHERE draft_id = :id AND seen_at > :since ORDER BY who"),
        {"id": draft_id, "since": since},
    )
    return [Editor(*row) for row in rows]


def forget_editor(connection: Connection, draft_id: int, who: str) -> None:
    """Somebody has closed a draft."""
    connection.execute(
        text("DELETE FROM draft_editors WHERE draft_id = :id AND who = :who"), {"id": draft_id, "who": who}
    )
