"""The people of the office: who may enter the desk and as what. The owner looks after them."""

from __future__ import annotations

import re

from sqlalchemy import Connection

from ussd_app.domain.permissions import ROLES
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import audit, passwords, second_step, tries
from ussd_app.storage import admins, sessions
from ussd_app.storage.admins import Admin

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,120}")
_LONGEST_NAME = 80


def by_id(rt: Runtime, admin_id: int) -> Admin | None:
    """The admin of this number."""
    with rt.db.connect() as connection:
        return admins.by_id(connection, admin_id)


def everybody(rt: Runtime) -> list[Admin]:
    """Everybody, those who may enter first."""
    with rt.db.connect() as connection:
        return admins.everybody(connection)


def invite(rt: Runtime, *, email: str, name: str, role: str, by: str, address: str) -> tuple[Admin, str]:
    """Somebody new and the password they sign in with the first time. Refused: email, name, role, taken."""
    email, name = email.strip().lower(), " ".join(name.split())
    if not _EMAIL.fullmatch(email):
        raise Refused("email")
    if not 0 < len(name) <= _LONGEST_NAME:
        raise Refused("name")
    if role not in ROLES:
        raise Refused("role")
    password = passwords.made_up()
    with rt.db.begin() as connection:
        added = admins.add(connection, email, name, role, passwords.hashed(password), rt.clock())
        if added is None:
            raise Refused("taken")
        audit.note(rt, connection, by, "team.invited", email, after={"role": role}, address=address)
    return added, password


def change_role(rt: Runtime, admin_id: int, role: str, by: str, address: str) -> None:
    """Somebody may do something else from now on. Raises NotAllowedNow when no owner would be left."""
    if role not in ROLES:
        raise Refused("role")
    with rt.db.begin() as connection:
        found = _somebody_else(connection, admin_id, by, leaves_owner=role == "owner")
        admins.change(connection, admin_id, role=role)
        told = {"before": {"role": found.role}, "after": {"role": role}}
        audit.note(rt, connection, by, "team.role", found.email, **told, address=address)


def set_active(rt: Runtime, admin_id: int, active: bool, by: str, address: str) -> None:
    """Let somebody enter no more, and sign them out everywhere; or let them in again. Raises NotAllowedNow."""
    with rt.db.begin() as connection:
        found = _somebody_else(connection, admin_id, by, leaves_owner=active)
        admins.change(connection, admin_id, active=active)
        if not active:
            sessions.end_all(connection, admin_id)
        told = {"before": {"active": found.active}, "after": {"active": active}}
        audit.note(rt, connection, by, "team.active", found.email, **told, address=address)


def new_password(rt: Runtime, admin_id: int, by: str, address: str) -> str:
    """A password for somebody who forgot theirs, to be changed at once; they are signed out everywhere."""
    password = passwords.made_up()
    with rt.db.begin() as connection:
        found = _somebody_else(connection, admin_id, by, leaves_owner=True)
        admins.change(connection, admin_id, password_hash=passwords.hashed(password), change_password=True)
        sessions.end_all(connection, admin_id)
        audit.note(rt, connection, by, "team.password", found.email, address=address)
    return password


def reset_second_step(rt: Runtime, admin_id: int, by: str, address: str) -> None:
    """Somebody has lost their phone and the recovery codes. Raises NotAllowedNow for oneself."""
    with rt.db.begin() as connection:
        found = _somebody_else(connection, admin_id, by, leaves_owner=True)
        sessions.end_all(connection, admin_id)
        second_step.turn_off(rt, connection, found, by, address)


def _somebody_else(connection: Connection, admin_id: int, by: str, *, leaves_owner: bool) -> Admin:
    """The one who is meant, everybody's rows locked: an owner always stays, and nobody changes themselves."""
    team = {one.id: one for one in admins.lock_all(connection)}
    if admin_id not in team:
        raise NotAllowedNow(f"there is no admin {admin_id}", "no_admin")
    found = team[admin_id]
    if found.email == by:
        raise NotAllowedNow("nobody changes their own place in the team: another owner does", "own_place")
    owners = [one for one in team.values() if one.role == "owner" and one.active and one.id != admin_id]
    if not owners and not leaves_owner:
        raise NotAllowedNow("there must always be an owner", "last_owner")
    return found


def change_password(rt: Runtime, admin: Admin, old: str, new: str, again: str, *, here: str, address: str) -> None:
    """Somebody changes their own password; everywhere but in the session `here` they are signed out.

    Refused: old, locked, same, and what services/passwords says of a new one.
    """
    tries.prove(rt, admin, old, address)
    if new == old:
        raise Refused("same")
    fresh = passwords.chosen(new, again, admin.email)
    with rt.db.begin() as connection:
        admins.change(connection, admin.id, password_hash=fresh, change_password=False)
        sessions.end_all(connection, admin.id, but=here)
        audit.note(rt, connection, admin.email, "account.password", admin.email, address=address)


def sign_out_everywhere(rt: Runtime, admin: Admin, address: str) -> None:
    """End all sessions of somebody, this one too."""
    with rt.db.begin() as connection:
        ended = {"sessions": sessions.end_all(connection, admin.id)}
        audit.note(rt, connection, admin.email, "account.signed_out", admin.email, after=ended, address=address)


def keep_language(rt: Runtime, admin: Admin, language: str) -> None:
    """The desk speaks this language (id or en) with somebody from now on."""
    with rt.db.begin() as connection:
        admins.change(connection, admin.id, language=language)
