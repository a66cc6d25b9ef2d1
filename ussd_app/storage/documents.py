"""Published menus, messages, rates and holidays: immutable versions, and which one is the newest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import redis
from sqlalchemy import Connection, RowMapping, text

from ussd_app.storage.pointers import POINTERS, Pointer, Pointers, read_pointers

# Seconds. A process that cannot reach Redis while publishing leaves others behind for at most this long.
POINTERS_LIVE = 60


@dataclass(frozen=True)
class Document:
    """One version of a document: its kind and its files, the main one first."""

    name: str
    version: int
    kind: str
    files: Mapping[str, str]
    comment: str
    published_by: str
    published_at: datetime


@dataclass(frozen=True)
class Version:
    """One version of a document without its files: who published it, when and why, and when it was withdrawn."""

    version: int
    comment: str
    published_by: str
    published_at: datetime
    withdrawn_at: datetime | None


def digest_of(files: Mapping[str, str]) -> str:
    """The same for the same contents, whatever their order."""
    return hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()


def pointers(connection: Connection) -> dict[str, Pointer]:
    """The newest version of every document."""
    rows = connection.execute(
        text(
            "SELECT name, kind, version, ARRAY(SELECT w.version FROM document_versions w WHERE w.name = d.name "
            "AND w.withdrawn_at IS NOT NULL ORDER BY w.version) AS withdrawn "
            "FROM documents d JOIN document_versions USING (name, version)"
        )
    )
    return {row.name: Pointer(row.kind, row.version, tuple(row.withdrawn)) for row in rows}


def withdraw(connection: Connection, name: str, version: int, now: datetime) -> bool:
    """Nobody may go on with this version; False when there is none, or it was withdrawn before."""
    done = connection.execute(
        text(
            "UPDATE document_versions SET withdrawn_at = :now "
            "WHERE name = :name AND version = :version AND withdrawn_at IS NULL"
        ),
        {"name": name, "version": version, "now": now},
    )
    return bool(done.rowcount)


def load(connection: Connection, name: str, version: int) -> Document | None:
    """One version of one document."""
    row = connection.execute(
        text("SELECT * FROM document_versions WHERE name = :name AND version = :version"),
        {"name": name, "version": version},
    ).one_or_none()
    return _document(row._mapping) if row else None


def history(connection: Connection, name: str) -> list[Document]:
    """Every version of a document, the newest first."""
    rows = connection.execute(
        text("SELECT * FROM document_versions WHERE name = :name ORDER BY version DESC"), {"name": name}
    )
    return [_document(row._mapping) for row in rows]


def versions(connection: Connection, name: str, before: int | None, most: int) -> list[Version]:
    """Versions of a document, the newest first, older than the number `before`."""
    rows = connection.execute(
        text(
            "SELECT version, comment, published_by, published_at, withdrawn_at FROM document_versions "
            "WHERE name = :name AND (CAST(:before AS integer) IS NULL OR version < :before) "
            "ORDER BY version DESC LIMIT :most"
        ),
        {"name": name, "before": before, "most": most},
    )
    return [Version(*row) for row in rows]


def _document(row: RowMapping) -> Document:
    wanted = ("name", "version", "kind", "files", "comment", "published_by", "published_at")
    return Document(**{name: row[name] for name in wanted})


def add_version(
    connection: Connection,
    name: str,
    kind: str,
    files: Mapping[str, str],
    *,
    by: str,
    comment: str,
    now: datetime,
) -> int:
    """Write a new version and point to it; the number it got. Publishing the same contents again changes nothing."""
    connection.execute(text("SELECT pg_advisory_xact_lock(778)"))
    digest = digest_of(files)
    newest = connection.execute(
        text("SELECT version, digest FROM documents JOIN document_versions USING (name, version) WHERE name = :name"),
        {"name": name},
    ).one_or_none()
    if newest and newest.digest == digest:
        return int(newest.version)
    highest = connection.execute(
        text("SELECT coalesce(max(version), 0) FROM document_versions WHERE name = :name"), {"name": name}
    ).scalar_one()
    row = {
        "name": name,
        "version": highest + 1,
        "kind": kind,
        "files": json.dumps(files),
        "digest": digest,
        "comment": comment,
        "by": by,
        "now": now,
    }
    connection.execute(
        text(
            "INSERT INTO document_versions (name, version, kind, files, digest, comment, published_by, published_at) "
            "VALUES (:name, :version, :kind, :files, :digest, :comment, :by, :now)"
        ),
        row,
    )
    connection.execute(
        text(
            "INSERT INTO documents (name, version) VALUES (:name, :version) "
            "ON CONFLICT (name) DO UPDATE SET version = excluded.version"
        ),
        row,
    )
    return int(highest) + 1


def announce(client: redis.Redis, newest: Pointers, *, published: bool) -> None:
    """Tell every process which versions are the newest; only who has just published overwrites what stands there."""
    client.set(POINTERS, json.dumps(newest), ex=POINTERS_LIVE, nx=not published)


def announced(client: redis.Redis) -> dict[str, Pointer] | None:
    """The newest versions as last announced, or None when that was too long ago."""
    found = client.get(POINTERS)
    return read_pointers(found) if found else None
