"""A PostgreSQL and a Valkey of our own, with all their data in one directory."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Self
from urllib.parse import quote

from ussd_app.errors import StartupError
from ussd_app.postgres import Postgres
from ussd_app.process import Process, end_processes, processes
from ussd_app.supervisor import Supervisor
from ussd_app.valkey import Valkey

RUN_MARK = "SERTAKAN_RUN"  # in the environment of every process of one run, with its data directory
_LONGEST_SOCKET_PATH = 107  # bytes; the kernel's limit for a Unix socket
_LONGEST_LOG = 10_000_000  # bytes; then it begins anew at the next start, and the last one is kept


class Engines:
    """The database and the Redis protocol, from `start` to `stop`; one at a time for a data directory.

    An engine that the caller has elsewhere is left out with `postgres=False` or `valkey=False`.
    `durable=False` trades safety from a power cut for speed: for tests. Without a supervisor given, one that
    dies is started again only when `supervisor.look()` is called.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        durable: bool = True,
        postgres: bool = True,
        valkey: bool = True,
        supervisor: Supervisor | None = None,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.supervisor = supervisor or Supervisor(_to_stderr)
        self.postgres: Process | None = None
        self.valkey: Process | None = None
        self._shown = data_dir
        self._durable = durable
        self._wants_postgres, self._wants_valkey = postgres, valkey
        self._sockets = self.data_dir / "run"
        self._undo = contextlib.ExitStack()
        self._claimed = False

    @property
    def database_url(self) -> str:
        return f"postgresql+psycopg://sertakan@/sertakan?host={quote(str(self._sockets))}"

    @property
    def redis_url(self) -> str:
        return f"unix://{quote(str(self._sockets / 'valkey.sock'))}?db=0"

    def claim(self) -> None:
        """Make the data directory ours alone, and end what a killed start before us left running."""
        if self._claimed:
            return
        for part in (self.data_dir, self.data_dir / "log"):
            _make_directory(part)
        lock = self._undo.enter_context((self.data_dir / "lock").open("a"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel lets go of it however we end
        except OSError:
            self._undo.close()
            raise StartupError(f"Another copy of the service already uses {self._shown}.") from None
        self._claimed = True
        end_processes(lambda: _of_run(self.data_dir), signal.SIGTERM)
        self._valkey_server().end_stale()
        self._postgres_server().end_stale()

    def start(self) -> None:
        """Start what is wanted and wait until it answers; when that fails, everything is stopped again."""
        try:
            self.claim()
            self._sockets = self._socket_directory()
            database = self._postgres_server()
            if self._wants_postgres:
                self.postgres = database.process()
                self.supervisor.add(self.postgres)
            if self._wants_valkey:
                self.valkey = self._valkey_server().process()
                self.supervisor.add(self.valkey)
            self._start_and_wait()
            if self._wants_postgres:
                database.create_database()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop all that the supervisor runs, the engines last, and give the directory back."""
        self.supervisor.stop()
        self._undo.close()
        self._claimed = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start_and_wait(self) -> None:
        engines = [engine for engine in (self.postgres, self.valkey) if engine]
        for log in (engine.log for engine in engines if engine.log and engine.log.exists()):
            if log.stat().st_size > _LONGEST_LOG:
                log.replace(log.with_suffix(".old"))
        try:
            self.supervisor.start(*engines, timeout=30.0)
        except StartupError as error:
            said = [_last_lines(engine.log) for engine in engines if engine.log and engine.name in str(error)]
            raise StartupError("\n".join([str(error), *said])) from error

    def _postgres_server(self) -> Postgres:
        log = self.data_dir / "log" / "postgres.log"
        return Postgres(self.data_dir / "postgres", self._sockets, log, self._environment(), self._durable)

    def _valkey_server(self) -> Valkey:
        log, socket = self.data_dir / "log" / "valkey.log", self._sockets / "valkey.sock"
        return Valkey(self.data_dir / "valkey", socket, log, self._environment(), self._durable)

    def _environment(self) -> dict[str, str]:
        # Nothing of ours: the engines need no secret.
        return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC", RUN_MARK: str(self.data_dir)}

    def _socket_directory(self) -> Path:
        """Beside the data when that path is short enough, else a private directory for as long as we run."""
        sockets = self.data_dir / "run"
        if sockets.is_symlink():  # left by a start that was killed
            shutil.rmtree(sockets.readlink(), ignore_errors=True)
            sockets.unlink()
        longest = os.fsencode(sockets / ".s.PGSQL.5432")
        if len(longest) <= _LONGEST_SOCKET_PATH and "," not in str(sockets):  # libpq: a comma parts two hosts
            _make_directory(sockets)
            return sockets
        elsewhere = Path(tempfile.mkdtemp(prefix="sertakan-"))
        self._undo.callback(shutil.rmtree, elsewhere, ignore_errors=True)
        shutil.rmtree(sockets, ignore_errors=True)
        sockets.symlink_to(elsewhere)
        self._undo.callback(sockets.unlink, missing_ok=True)
        return elsewhere


def _of_run(data_dir: Path) -> set[int]:
    """The Python processes (web, workers, prepare) of an earlier start; the engines end after them."""
    mark = f"{RUN_MARK}={data_dir}".encode()
    found = set()
    for pid in processes().keys() - {os.getpid(), os.getppid()}:
        with contextlib.suppress(OSError):
            proc = Path(f"/proc/{pid}")
            engine = proc.joinpath("cwd").readlink().parent == data_dir
            if not engine and mark in proc.joinpath("environ").read_bytes().split(b"\0"):
                found.add(pid)
    return found


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartupError(f"The directory {directory} cannot be made: {error.strerror}.") from error


def _last_lines(log: Path, count: int = 5) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(f"  {line}" for line in log.read_text(errors="replace").splitlines()[-count:])
    return ""


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")
