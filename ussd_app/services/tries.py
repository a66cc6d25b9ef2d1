"""How often somebody may try a password or a code before they have to wait."""

from __future__ import annotations

from datetime import timedelta

import structlog

from ussd_app.errors import Refused
from ussd_app.runtime import Runtime
from ussd_app.services import audit, passwords
from ussd_app.storage import admins
from ussd_app.storage.admins import Admin

WINDOW = timedelta(minutes=15)
# What fails within the window: for one account, wherever from; from one address, whatever account. A whole office,
# or a whole village behind one mobile operator, may have one address.
OF_ACCOUNT, FROM_ADDRESS = 5, 100
log = structlog.get_logger()


def of_account(rt: Runtime, email: str) -> str:
    """Under what name the wrong passwords of an account are counted."""
    return f"account:{rt.vault.mark(email)}"


def of_code(admin: Admin) -> str:
    """Under what name somebody's wrong codes of the second step are counted."""
    return f"code:{admin.id}"


def count(rt: Runtime, subject: str, email: str, address: str) -> None:
    """Count a try before it is looked at, so that many at once do not all slip through. Refused("locked")."""
    now, minutes = rt.clock(), int(WINDOW.total_seconds()) // 60
    with rt.db.begin() as connection:
        from_address = admins.count_try(connection, f"address:{address}", now, WINDOW)
        against = admins.count_try(connection, subject, now, WINDOW)
        if against == OF_ACCOUNT + 1 and admins.by_email(connection, email):
            audit.note(rt, connection, email, "account.locked", email, address=address)
    if against > OF_ACCOUNT or from_address > FROM_ADDRESS:
        raise Refused("locked", minutes=minutes)


def take_back(rt: Runtime, subject: str, address: str) -> None:
    """That try was right: it does not count, neither against the account nor against the address."""
    with rt.db.begin() as connection:
        admins.take_try_back(connection, [f"address:{address}", subject])


def prove(rt: Runtime, admin: Admin, password: str, address: str) -> None:
    """Somebody who is signed in says their password once more, before something that a thief of the session would do.

    Counted like passwords at the door. Refused: old, locked.
    """
    subject = of_account(rt, admin.email)
    count(rt, subject, admin.email, address)
    if not passwords.is_right(admin.password_hash, password):
        log.warning("a password was refused to somebody signed in", admin=admin.id, address=address)
        raise Refused("old")
    take_back(rt, subject, address)
