"""The only reader of the environment: every setting, its default, and what may not be left at its default."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from cryptography.fernet import Fernet
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from ussd_app.errors import SettingsError

KNOWN_TOKENS = frozenset({"", "local", "token", "secret", "change-me", "changeme"})
SHORTEST_SECRET = 16
# In the data directory of `make run`: the keys made once, and where its engines are while it runs.
SECRETS, SERVICE = "secrets.env", "service.env"


class Settings(BaseSettings):
    """Everything an operator may set; README has the same list in words."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_file=None, env_ignore_empty=True)

    port: int = Field(8000, ge=1, le=65535)
    data_dir: Path = Path("var")
    database_url: str = ""
    redis_url: str = ""
    rq_redis_url: str = ""
    secret_key: str = ""
    data_keys: str = ""
    callback_token: str = ""
    service_code: str = Field("*777#", pattern=r"^\*[0-9]+(\*[0-9]+)*#$")
    ussd_retry: Literal["request", "window", "none"] = "none"
    at_username: str = "sandbox"
    at_api_key: str = ""
    at_sender_id: str = ""
    at_base_url: str = ""
    kannel_url: str = ""
    kannel_username: str = ""
    kannel_password: str = ""
    kannel_sender_id: str = ""
    kannel_callback_url: str = ""
    midtrans_server_key: str = ""
    midtrans_base_url: str = "https://api.sandbox.midtrans.com"
    savings: bool = False
    # Whether somebody may publish at the desk what only they have edited.
    publish_alone: bool = False
    institution: Literal["console", "file"] | None = None
    sms_per_second: int = Field(50, ge=1, le=20_000)
    # Numbers, with commas between, to which the desk may send the texts of a campaign before it is started.
    test_phones: str = ""
    # How many reverse proxies of ours stand in front and write X-Forwarded-For: what else comes in it is not believed.
    trusted_proxies: int = Field(0, ge=0, le=5)
    admin_email: str = "admin@sertakan.local"
    admin_password: str = ""
    # Set by `make run` for the processes it starts: the token may be `local`, and the simulator is shown.
    sertakan_local: bool = False

    @field_validator("database_url")
    @classmethod
    def _driver(cls, url: str) -> str:
        """Hosting companies hand out `postgres://…`; the driver's name has to stand in it."""
        for prefix in ("postgres://", "postgresql://"):
            if url.startswith(prefix):
                return "postgresql+psycopg://" + url.removeprefix(prefix)
        return url

    @model_validator(mode="after")
    def _fit_to_start(self) -> Self:
        missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not getattr(self, name.lower())]
        if missing:
            raise ValueError(f"{' and '.join(missing)} must be set, or `make run` must be running with this DATA_DIR")
        for name in ("SECRET_KEY", "CALLBACK_TOKEN"):
            value = getattr(self, name.lower())
            allowed = name == "CALLBACK_TOKEN" and self.sertakan_local
            if not allowed and (value in KNOWN_TOKENS or len(value) < SHORTEST_SECRET):
                raise ValueError(f"{name} must be a secret of at least {SHORTEST_SECRET} characters, not a default")
        try:
            [Fernet(key) for key in self.keys]
        except ValueError:
            raise ValueError("DATA_KEYS must be Fernet keys, separated by commas, newest first") from None
        if not self.keys:
            raise ValueError("DATA_KEYS must hold at least one Fernet key")
        return self

    @field_validator("kannel_url", "kannel_callback_url")
    @classmethod
    def _address(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url

    @property
    def hands_over_by_file(self) -> bool:
        """Whether registrations and contributions go to the institution in numbered files."""
        return (self.institution or ("console" if self.sertakan_local else "file")) == "file"

    @cached_property
    def keys(self) -> list[str]:
        """The encryption keys, newest first."""
        return [key.strip() for key in self.data_keys.split(",") if key.strip()]


def read(*, running: bool = False) -> Settings:
    """The settings of this process. Raises SettingsError naming each setting that is wrong.

    With `running`, what the environment does not say is what `make run` left in DATA_DIR while it runs.
    """
    beside = Path(os.environ.get("DATA_DIR") or "var")
    files = [beside / name for name in (SECRETS, SERVICE)] if running else None
    try:
        return Settings(_env_file=files)
    except ValidationError as error:
        lines = []
        for mistake in error.errors():
            name = ".".join(str(part).upper() for part in mistake["loc"])
            message = mistake["msg"].removeprefix("Value error, ")
            lines.append(f"{name}: {message}" if name else message)
        raise SettingsError("\n".join(lines)) from None
