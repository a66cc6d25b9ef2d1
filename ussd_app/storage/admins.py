"""The people who may enter the admin desk, and how they prove who they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text


@dataclass(frozen=True)
class Admin:
    """Somebody of the office. `sealed_totp` is the encrypted secret of their second step, None without one.

    `change_password` says that somebody else made the password up. `language` is id or en.
    """

    id: int
    email: str
    name: str
    role: str
    language: str
    active: bool
    change_password: bool
    password_hash: str
    sealed_totp: str | None
    totp_step: int
    signed_in_at: datetime | None


_ADMIN = (
    "SELECT id, email, name, role, language, active, change_password, password_hash, totp AS sealed_totp, "
    "totp_step, signed_in_at "
    "FROM admins "
)


def _one(row: Row[Any] | None) -> Admin | None:
    return Admin(**row._mapping) if row else None


def add_first(connection: Connection, email: str, password_hash: str, now: datetime) -> bool:
    """Create the owner when there is nobody yet; False when somebody is there."""
    done = connection.execute(
        text(
            "INSERT INTO admins (email, password_hash, role, created_at) "
            "SELECT lower(:email), :hash, 'owner', :now WHERE NOT EXISTS (SELECT 1 FROM admins)"
        ),
        {"email": email, "hash": password_hash, "now": now},
    )
    return bool(done.rowcount)


def add(connection: Connection, email: str, name: str, role: str, password_hash: str, now: datetime) -> Admin | None:
    """Somebody new, with a password they have to change; None when this e-mail is there already."""
    added = connection.execute(
        text(
            "INSERT INTO admins (email, name, role, password_hash, change_password, created_at) "
            "VALUES (:email, :name, :role, :hash, true, :now) ON CONFLICT (email) DO NOTHING RETURNING id"
        ),
        {"email": email, "name": name, "role": role, "hash": password_hash, "now": now},
    ).scalar_one_or_none()
    return by_id(connection, added) if added is not None else None


def by_email(connection: Connection, email: str) -> Admin | None:
    """Whoever has this e-mail, in small letters."""
    return _one(connection.execute(text(_ADMIN + "WHERE email = :email"), {"email": email}).one_or_none())


def by_id(connection: Connection, admin_id: int) -> Admin | None:
    """The admin of this number."""
    return _one(connection.execute(text(_ADMIN + "WHERE id = :id"), {"id": admin_id}).one_or_none())


def lock_all(connection: Connection) -> list[Admin]:
    """Everybody, in order of their numbers; nobody else changes the team before the transaction ends."""
    rows = connection.execute(text(_ADMIN + "ORDER BY id FOR UPDATE"))
    return [Admin(*row) for row in rows]


def everybody(connection: Connection) -> list[Admin]:
    """Everybody, those who may enter first."""
    return [Admin(*row) for row in connection.execute(text(_ADMIN + "ORDER BY active DESC, email"))]


def change(connection: Connection, admin_id: int, **columns: object) -> None:
    """Write what is new about somebody, column by column."""
    written = ", ".join(f"{name} = :{name}" for name in columns)
    connection.execute(
        text(f"UPDATE admins SET {written} WHERE id = :admin_id"),  # noqa: S608  # names from our own code
        {**columns, "admin_id": admin_id},
    )


def use_step(connection: Connection, admin_id: int, step: int) -> bool:
    """Take a code of the second step; False when it, or a later one, was used before."""
    done = connection.execute(
        text("UPDATE admins SET totp_step = :step WHERE id = :id AND totp_step < :step"),
        {"id": admin_id, "step": step},
    )
    return bool(done.rowcount)


def keep_recovery_codes(connection: Connection, admin_id: int, codes: Sequence[str]) -> None:
    """From now on these hashed codes, and no earlier ones, stand in for a lost second step."""
    connection.execute(text("DELETE FROM admin_recovery_codes WHERE admin_id = :id"), {"id": admin_id})
    for code in codes:
        connection.execute(
            text("INSERT INTO admin_recovery_codes (admin_id, code) VALUES (:id, :code)"),
            {"id": admin_id, "code": code},
        )


def use_recovery_code(connection: Connection, admin_id: int, code: str) -> bool:
    """Take a hashed recovery code, which is then used up; False when there is no such code."""
    done = connection.execute(
        text("DELETE FROM admin_recovery_codes WHERE admin_id = :id AND code = :code"), {"id": admin_id, "code": code}
    )
    return bool(done.rowcount)


def recovery_codes_left(connection: Connection, admin_id: int) -> int:
    """How many recovery codes somebody still has."""
    return int(
        connection.execute(
            text("SELECT count(*) FROM admin_recovery_codes WHERE admin_id = :id"), {"id": admin_id}
        ).scalar_one()
    )


def count_try(connection: Connection, subject: str, now: datetime, window: timedelta) -> int:
    """One more try against an account or from an address; how many that makes within the window."""
    return int(
        connection.execute(
            text(
                "INSERT INTO sign_in_tries AS t (subject, number, since) VALUES (:subject, 1, :now) "
                "ON CONFLICT (subject) DO UPDATE SET number = CASE WHEN t.since > :after THEN t.number + 1 ELSE 1 END, "
                "since = CASE WHEN t.since > :after THEN t.since ELSE :now END RETURNING number"
            ),
            {"subject": subject, "now": now, "after": now - window},
        ).scalar_one()
    )


def take_try_back(connection: Connection, subjects: Sequence[str]) -> None:
    """One try against each of these was right and does not count; what is left with none is forgotten."""
    # One by one, in the order in which they were counted: two at once never wait for each other.
    for subject in subjects:
        told = {"subject": subject}
        connection.execute(text("UPDATE sign_in_tries SET number = number - 1 WHERE subject = :subject"), told)
        connection.execute(text("DELETE FROM sign_in_tries WHERE subject = :subject AND number < 1"), told)


def forget_old_tries(connection: Connection, before: datetime) -> None:
    """Forget tries so old that they do not count any more."""
    connection.execute(text("DELETE FROM sign_in_tries WHERE since < :before"), {"before": before})


def forget_tries(connection: Connection, subject: str) -> None:
    """Somebody has proved who they are: what failed before does not count any more."""
    connection.execute(text("DELETE FROM sign_in_tries WHERE subject = :subject"), {"subject": subject})
