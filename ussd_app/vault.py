"""Keep secrets: encrypt what may not be read, hash what must be found again, hide what is shown."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ussd_app.errors import SertakanError


class Unreadable(SertakanError):
    """Something encrypted with a key that is no longer among DATA_KEYS."""


class Vault:
    """Encryption with the newest key, decryption with any, and keyed hashes that never change.

    The hashes use the *oldest* key, the last of DATA_KEYS: it must stay there for as long as NIKs are to be
    found by their hash.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._pepper = hashlib.sha256(b"sertakan pepper" + base64.urlsafe_b64decode(keys[-1])).digest()
        self._hash_key = hashlib.sha256(b"sertakan index" + base64.urlsafe_b64decode(keys[-1])).digest()

    @property
    def pepper(self) -> bytes:
        """The secret that goes into the hash of every PIN; like the hashes' key it comes from the oldest key."""
        return self._pepper

    def seal(self, text: str) -> str:
        """Encrypt; the result is plain ASCII."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Decrypt what `seal` made. Raises Unreadable."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Unreadable("this was encrypted with a key that is not in DATA_KEYS") from None

    def index(self, text: str) -> str:
        """A keyed hash under which a NIK is found without being stored."""
        return hmac.digest(self._hash_key, text.encode(), "sha256").hex()

    def mark(self, text: str) -> str:
        """A short keyed hash that tells whether two texts are the same."""
        return hashlib.blake2b(text.encode(), key=self._hash_key, digest_size=12).hexdigest()
