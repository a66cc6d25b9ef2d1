"""Somebody wants to enter the admin desk: who they are, and how often that may be tried."""

from __future__ import annotations

from datetime import timedelta

import structlog

from ussd_app.errors import Refused
from ussd_app.runtime import Runtime
from ussd_app.services import audit, passwords, second_step
from ussd_app.storage import admins, roster_drafts, sessions
from ussd_app.storage.admins import Admin

WINDOW = timedelta(minutes=15)
# Within the window: for one account, wherever from; from one address, an office full of people, whatever account.
OF_ACCOUNT, FROM_ADDRESS = 5, 30
log = structlog.get_logger()


def with_password(rt: Runtime, email: str, password: str, address: str) -> Admin:
    """Whoever has this e-mail and password. Refused: `wrong`, whichever of both it is; `locked` after too many tries.

    Says the same, after the same time, of an e-mail that nobody has.
    """
    email = email.strip().lower()[:200]
    _count(rt, f"account:{rt.vault.mark(email)}", email, address)
    with rt.db.connect() as connection:
        found = admins.by_email(connection, email)
    active = found if found and found.active else None
    if not passwords.is_right(active.password_hash if active else None, password) or active is None:
        log.warning("a sign-in was refused", address=address)
        raise Refused("wrong")
    return active


def with_code(rt: Runtime, admin: Admin, code: str, address: str) -> None:
    """The second step of somebody whose password was right. Refused: wrong, locked."""
    _count(rt, f"code:{admin.id}", admin.email, address)
    if not second_step.is_right(rt, admin, code):
        log.warning("a second step was refused", admin=admin.id, address=address)
        raise Refused("wrong")


def enter(rt: Runtime, admin: Admin, address: str) -> None:
    """Somebody has proved who they are: what failed before does not count any more."""
    with rt.db.begin() as connection:
        admins.forget_tries(connection, f"account:{rt.vault.mark(admin.email)}")
        admins.forget_tries(connection, f"code:{admin.id}")
        admins.change(connection, admin.id, signed_in_at=rt.clock())
        audit.note(rt, connection, admin.email, "account.signed_in", admin.email, address=address)


def forget(rt: Runtime) -> None:
    """Forget at the desk whatever is over: sessions, tries to sign in, lists that nobody set going within a day."""
    with rt.db.begin() as connection:
        sessions.forget_old(connection, rt.clock())
        admins.forget_old_tries(connection, rt.clock() - WINDOW)
        roster_drafts.forget_old(connection, rt.clock())


def _count(rt: Runtime, subject: str, email: str, address: str) -> None:
    """Count a try before it is looked at, so that many at once do not all slip through. Refused("locked")."""
    now, minutes = rt.clock(), int(WINDOW.total_seconds()) // 60
    with rt.db.begin() as connection:
        from_address = admins.count_try(connection, f"address:{address}", now, WINDOW)
        of_account = admins.count_try(connection, subject, now, WINDOW)
        if of_account == OF_ACCOUNT + 1 and admins.by_email(connection, email):
            audit.note(rt, connection, email, "account.locked", email, address=address)
    if of_account > OF_ACCOUNT or from_address > FROM_ADDRESS:
        raise Refused("locked", minutes=minutes)
