"""Passwords of the office: hashed slowly, long enough, made up for somebody once."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ussd_app.errors import Refused

SHORTEST, LONGEST = 12, 200
_HASHER = PasswordHasher()


def hashed(password: str) -> str:
    """What is kept of a password."""
    return _HASHER.hash(password)


def chosen(password: str, again: str, email: str) -> str:
    """The hash of a password somebody chose; Refused: short, long, differs, email."""
    if len(password) < SHORTEST:
        raise Refused("short", least=SHORTEST)
    if len(password) > LONGEST:
        raise Refused("long", most=LONGEST)
    if password != again:
        raise Refused("differs")
    if password.lower() in (email, email.partition("@")[0]):
        raise Refused("email")
    return hashed(password)


def made_up() -> str:
    """A password for somebody else, to be changed at the first sign-in."""
    return secrets.token_urlsafe(12)


def is_right(kept: str | None, password: str) -> bool:
    """Whether it is this password; takes as long where there is none at all."""
    try:
        return _HASHER.verify(kept or _nobodys(), password[:LONGEST]) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    """The hash of a password that nobody knows."""
    return hashed(secrets.token_urlsafe(32))
