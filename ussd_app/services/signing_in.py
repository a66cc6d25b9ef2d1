"""Somebody wants to enter the admin desk: who they are."""

from __future__ import annotations

import structlog

from ussd_app.errors import Refused
from ussd_app.runtime import Runtime
from ussd_app.services import audit, passwords, second_step, tries
from ussd_app.storage import admins, roster_drafts, sessions
from ussd_app.storage.admins import Admin

log = structlog.get_logger()


def with_password(rt: Runtime, email: str, password: str, address: str) -> Admin:
    """Whoever has this e-mail and password. Refused: `wrong`, whichever of both it is; `locked` after too many tries.

    Says the same, after the same time, of an e-mail that nobody has.
    """
    email = email.strip().lower()[:200]
    subject = tries.of_account(rt, email)
    tries.count(rt, subject, email, address)
    with rt.db.connect() as connection:
        found = admins.by_email(connection, email)
    active = found if found and found.active else None
    if not passwords.is_right(active.password_hash if active else None, password) or active is None:
        log.warning("a sign-in was refused", address=address)
        raise Refused("wrong")
    tries.take_back(rt, subject, address)
    return active


def with_code(rt: Runtime, admin: Admin, code: str, address: str) -> None:
    """The second step of somebody whose password was right. Refused: wrong, locked."""
    tries.count(rt, tries.of_code(admin), admin.email, address)
    if not second_step.is_right(rt, admin, code):
        log.warning("a second step was refused", admin=admin.id, address=address)
        raise Refused("wrong")
    tries.take_back(rt, tries.of_code(admin), address)


def enter(rt: Runtime, admin: Admin, address: str) -> None:
    """Somebody has proved who they are: what failed before does not count any more."""
    with rt.db.begin() as connection:
        admins.forget_tries(connection, tries.of_account(rt, admin.email))
        admins.forget_tries(connection, tries.of_code(admin))
        admins.change(connection, admin.id, signed_in_at=rt.clock())
        audit.note(rt, connection, admin.email, "account.signed_in", admin.email, address=address)


def forget(rt: Runtime) -> None:
    """Forget at the desk whatever is over: sessions, tries to sign in, lists that nobody set going within a day."""
    with rt.db.begin() as connection:
        sessions.forget_old(connection, rt.clock())
        admins.forget_old_tries(connection, rt.clock() - tries.WINDOW)
        roster_drafts.forget_old(connection, rt.clock())
