"""A second step at sign-in for whoever wants one: a code from an app on the phone, or a recovery code."""

from __future__ import annotations

import hmac
import secrets

import pyotp
from sqlalchemy import Connection

from ussd_app.errors import Refused
from ussd_app.runtime import Runtime
from ussd_app.services import audit, tries
from ussd_app.storage import admins
from ussd_app.storage.admins import Admin

ISSUER = "Sertakan"
PERIOD = 30  # seconds
RECOVERY_CODES = 10


def new_secret() -> str:
    """A secret for an app, in base 32."""
    return pyotp.random_base32()


def address_of(secret: str, email: str) -> str:
    """The address that an app reads from the QR code."""
    return pyotp.TOTP(secret, interval=PERIOD).provisioning_uri(name=email, issuer_name=ISSUER)


def turn_on(rt: Runtime, admin: Admin, secret: str, password: str, code: str, address: str) -> list[str]:
    """From now on a code is asked for; the recovery codes, which are shown only now. Refused: old, locked, code."""
    tries.prove(rt, admin, password, address)
    step = _step_of(rt, secret, code)
    if step is None:
        raise Refused("code")
    codes = [f"{one[:5]}-{one[5:]}" for one in (secrets.token_hex(5) for _ in range(RECOVERY_CODES))]
    with rt.db.begin() as connection:
        admins.change(connection, admin.id, totp=rt.vault.seal(secret), totp_step=step)
        admins.keep_recovery_codes(connection, admin.id, [_kept(rt, admin, one) for one in codes])
        audit.note(rt, connection, admin.email, "account.second_step", admin.email, after={"on": True}, address=address)
    return codes


def turn_own_off(rt: Runtime, admin: Admin, password: str, address: str) -> None:
    """Somebody wants to be asked for no code any more. Refused: old, locked."""
    tries.prove(rt, admin, password, address)
    with rt.db.begin() as connection:
        turn_off(rt, connection, admin, admin.email, address)


def turn_off(rt: Runtime, connection: Connection, admin: Admin, by: str, address: str) -> None:
    """No code is asked for any more."""
    admins.change(connection, admin.id, totp=None, totp_step=0)
    admins.keep_recovery_codes(connection, admin.id, [])
    audit.note(rt, connection, by, "account.second_step", admin.email, after={"on": False}, address=address)


def is_right(rt: Runtime, admin: Admin, code: str) -> bool:
    """Whether this is the app's code of now, or one of the recovery codes; each counts once."""
    typed = code.replace(" ", "").lower()
    if admin.sealed_totp is None:
        return False
    step = _step_of(rt, rt.vault.open(admin.sealed_totp), typed)
    with rt.db.begin() as connection:
        if step is not None:
            return admins.use_step(connection, admin.id, step)
        return admins.use_recovery_code(connection, admin.id, _kept(rt, admin, typed))


def _step_of(rt: Runtime, secret: str, code: str) -> int | None:
    """The time step whose code this is: now, or one to either side, for clocks that are a little wrong."""
    totp, now = pyotp.TOTP(secret, interval=PERIOD), int(rt.clock().timestamp()) // PERIOD
    for step in (now, now - 1, now + 1):
        if hmac.compare_digest(totp.at(step * PERIOD).encode(), code.strip().encode()):
            return step
    return None


def _kept(rt: Runtime, admin: Admin, code: str) -> str:
    return rt.vault.mark(f"recovery {admin.id} {code}")
