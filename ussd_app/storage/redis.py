"""Connections to the Redis protocol server, whatever address it was given by."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import unquote, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from ussd_app.errors import SettingsError

SENTINEL = "redis+sentinel"
# A caller waits at most three seconds for the whole turn.
SECONDS_TO_CONNECT = 0.5
SECONDS_TO_ANSWER = 1.0


def connect(url: str, **options: Any) -> Redis:
    """A client for `redis://`, `rediss://`, `unix://` or `redis+sentinel://host:port,host:port/service/db`.

    redis-py refuses the last form, so it is taken apart here. Raises SettingsError.
    """
    if url.startswith(SENTINEL + ":"):
        return _sentinel(url, options)
    try:
        client: Redis = Redis.from_url(url, **options)
    except ValueError:
        raise SettingsError(
            "REDIS_URL: write redis://host:port/db, rediss://…, unix://… or redis+sentinel://…"
        ) from None
    return client


def _sentinel(url: str, options: dict[str, Any]) -> Redis:
    parts = urlsplit(url)
    hosts, _, path = (parts.netloc + parts.path).partition("/")
    credentials, _, addresses = hosts.rpartition("@")
    service, _, database = path.partition("/")
    try:
        sentinels = [(host, int(port)) for host, _, port in (item.rpartition(":") for item in addresses.split(","))]
        number = int(database or 0)
    except ValueError:
        raise SettingsError("REDIS_URL: write redis+sentinel://host:port,host:port/service/db") from None
    if not service or not all(host for host, _ in sentinels):
        raise SettingsError("REDIS_URL: write redis+sentinel://host:port,host:port/service/db")
    if credentials:
        user, _, password = credentials.partition(":")
        options = {**options, "username": unquote(user) or None, "password": unquote(password) or None}
    watch = Sentinel(sentinels, socket_timeout=SECONDS_TO_CONNECT)  # type: ignore[no-untyped-call]
    master: Redis = watch.master_for(  # type: ignore[no-untyped-call]
        service, db=number, **options
    )
    return master


class Connections:
    """One connection for each thread: on the callback's path that is a tenth cheaper than a shared pool."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._local = threading.local()

    def get(self) -> Redis:
        """This thread's client, with time-outs that fit a waiting caller."""
        client: Redis | None = getattr(self._local, "client", None)
        if client is None:
            options: dict[str, Any] = {
                "socket_timeout": SECONDS_TO_ANSWER,
                "socket_connect_timeout": SECONDS_TO_CONNECT,
                "retry": Retry(NoBackoff(), 1),
            }
            if not self.url.startswith(SENTINEL):
                options["single_connection_client"] = True
            client = self._local.client = connect(self.url, **options)
        return client
