"""What `make run` does: the whole service on this machine, from nothing, until Ctrl-C."""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from ussd_app.engines import RUN_MARK, Engines
from ussd_app.errors import StartupError
from ussd_app.settings import SECRETS, SERVICE
from ussd_app.supervisor import Process, Supervisor

LOCAL_TOKEN = "local"  # noqa: S105 — documented, and accepted with SERTAKAN_LOCAL only
_WEB_TIMEOUT = 60.0
# What a command in another terminal has to know to work with this service.
TOLD = ("DATABASE_URL", "REDIS_URL", "CALLBACK_TOKEN", "SERTAKAN_LOCAL")


@dataclass(frozen=True)
class Place:
    """Where this copy of the service lives: its address and its directory."""

    host: str
    port: int
    data_dir: Path
    web_processes: int

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Place:
        return cls(
            host=environ.get("HOST") or "127.0.0.1",
            port=_whole_number(environ, "PORT", 8000, 65535),
            data_dir=Path(environ.get("DATA_DIR") or "var"),
            web_processes=_whole_number(environ, "WEB_PROCESSES", 2, 64),
        )

    @property
    def reachable_host(self) -> str:
        """A name under which this machine reaches itself."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104

    @property
    def address(self) -> str:
        host = f"[{self.reachable_host}]" if ":" in self.reachable_host else self.reachable_host
        return f"http://{host}:{self.port}"


def run(settings_environ: Mapping[str, str]) -> int:
    """Start everything, print where it is, stay until told to stop; the exit code."""
    try:
        place = Place.of(settings_environ)
        with Supervisor(_warn, give_up=_make_gave_up(settings_environ)) as supervisor:
            return _run(place, settings_environ, supervisor)
    except StartupError as error:
        _warn(str(error))
        return 1
    except KeyboardInterrupt:
        return 0


def _run(place: Place, environ: Mapping[str, str], supervisor: Supervisor) -> int:
    engines = Engines(
        place.data_dir,
        postgres=not environ.get("DATABASE_URL"),
        valkey=not environ.get("REDIS_URL"),
        supervisor=supervisor,
    )
    running = engines.data_dir / SERVICE
    engines.claim()  # before the port: web processes of a killed start may still hold it
    try:
        _check_port_is_free(place)
        engines.start()
        env = child_environment(place, engines, environ)
        if code := supervisor.call(_python("prepare", env, "ussd_app", "prepare")):
            raise StartupError(f"Preparing the database failed (exit code {code}); its reason stands above.")
        _write_privately(running, "".join(f"{name}={env[name]}\n" for name in TOLD))
        _start_service(place, env, supervisor)
        _print_addresses(place, env)
        supervisor.run()
        _print("Stopping …")
    finally:
        running.unlink(missing_ok=True)
        engines.stop()
    return 0


def _start_service(place: Place, env: Mapping[str, str], supervisor: Supervisor) -> None:
    from ussd_app.queues import QUEUES  # here: the engines alone are used without it

    workers = [_python(f"worker {queue}", env, "workers", queue) for queue in QUEUES]
    scheduler = _python("scheduler", env, "workers", "--schedule")
    web = _web(place, env)
    # Ended in the reverse order: nobody takes new work while the place where it is kept goes away.
    supervisor.add(*workers)
    supervisor.add(scheduler)
    supervisor.add(web)
    # Started first, alone: a dozen Pythons starting at once would keep the first caller waiting.
    supervisor.start(web, timeout=_WEB_TIMEOUT)
    supervisor.start(*workers, scheduler)


def _web(place: Place, env: Mapping[str, str]) -> Process:
    return _python(
        "web",
        env,
        "granian",
        *("--interface", "wsgi", "--factory", "ussd_app.app:serve"),
        *("--host", place.host, "--port", str(place.port), "--http", "1", "--no-ws", "--backlog", "1024"),
        *("--workers", str(place.web_processes), "--respawn-failed-workers", "--respawn-interval", "0.5"),
        # Longer than a caller waits, below the supervisor's ten seconds. Granian needs it: a worker that is told
        # to end while it still starts never hears it (2.8.7), and would be waited for without end.
        *("--workers-kill-timeout", "4"),
        # Each thread keeps a Redis connection: one that idles for a while should find it again.
        *("--blocking-threads", "16", "--blocking-threads-idle-timeout", "600"),
        # A --backpressure is not given: it counts open connections, and idle ones would use up a small one.
        # Errors only: it warns that 16 threads are many for these cores, but ours mostly wait.
        *("--log-level", "error"),
        ready=lambda: is_healthy(place),
    )


def _python(
    name: str, env: Mapping[str, str], module: str, *arguments: str, ready: Callable[[], bool] | None = None
) -> Process:
    return Process(name, [sys.executable, "-m", module, *arguments], env, ready=ready)


def is_healthy(place: Place) -> bool:
    """Whether /healthz answers 200 now."""
    connection = http.client.HTTPConnection(place.reachable_host, place.port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def child_environment(place: Place, engines: Engines, environ: Mapping[str, str]) -> dict[str, str]:
    """What web, workers and `prepare` are told; what the caller set is kept."""
    embedded_postgres = not environ.get("DATABASE_URL")
    # PGPORT, PGHOST and the like would send libpq elsewhere than to our own socket.
    env = {name: value for name, value in environ.items() if not (embedded_postgres and name.startswith("PG"))}
    defaults = {
        "DATABASE_URL": engines.database_url,
        "REDIS_URL": engines.redis_url,
        "CALLBACK_TOKEN": LOCAL_TOKEN,
        **_secrets(engines.data_dir / SECRETS, environ),
    }
    for name, value in defaults.items():
        env[name] = env.get(name) or value
    env |= {
        "SERTAKAN_LOCAL": "1",
        "PORT": str(place.port),
        "DATA_DIR": str(engines.data_dir),
        "PYTHONUNBUFFERED": "1",
        RUN_MARK: str(engines.data_dir),
    }
    return env


def _secrets(file: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """This directory's own keys, made once: without them what is stored encrypted can never be read again."""
    made: dict[str, str] = {}
    if file.exists():
        made = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    makers = {
        "SECRET_KEY": lambda: secrets.token_urlsafe(48),
        "DATA_KEYS": lambda: Fernet.generate_key().decode(),
    }
    missing = [name for name in makers if not (made.get(name) or environ.get(name))]
    if missing:
        made |= {name: makers[name]() for name in missing}
        _write_privately(file, "".join(f"{name}={value}\n" for name, value in made.items()))
    return made


def _write_privately(file: Path, text: str) -> None:
    unfinished = file.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(file)


def _whole_number(environ: Mapping[str, str], name: str, default: int, largest: int) -> int:
    text = environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= largest):
        raise StartupError(f"{name} must be a whole number from 1 to {largest}, not {text!r}.")
    return int(text)


def _check_port_is_free(place: Place) -> None:
    # Asked by us because granian would share a taken port (SO_REUSEPORT) with whoever has it.
    try:
        family, kind, _, _, address = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"Port {place.port} is already in use: give another with PORT=…"
        elif error.errno == errno.EACCES:
            reason = f"Port {place.port} needs more rights than this user has: give another with PORT=…"
        else:
            reason = f"HOST={place.host} is not an address of this machine ({error.strerror})."
        raise StartupError(reason) from error


def _make_gave_up(environ: Mapping[str, str]) -> Callable[[], bool]:
    """Whether `make`, which started us, is gone or waits for our end.

    It forwards a SIGTERM, but not a SIGINT sent to it alone: that it takes for a Ctrl-C we got as well, stops
    listening for another and waits for us.
    """
    if not environ.get("MAKELEVEL"):
        return lambda: False
    parent = os.getppid()
    listened = _catches_interrupt(parent)
    return lambda: os.getppid() != parent or (listened and not _catches_interrupt(parent))


def _catches_interrupt(pid: int) -> bool:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) >> (signal.SIGINT - 1) & 1)
    return False


def _print_addresses(place: Place, env: Mapping[str, str]) -> None:
    token = LOCAL_TOKEN if env["CALLBACK_TOKEN"] == LOCAL_TOKEN else "<CALLBACK_TOKEN>"
    _print(
        f"""
Sertakan is running.

  simulator   {place.address}/simulator/
  admin desk  {place.address}/admin/
  callback    {place.address}/callbacks/africastalking/{token}/ussd
  health      {place.address}/healthz

Ctrl-C stops everything."""
    )


def _print(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone; that is no reason to leave processes behind
        print(text, flush=True)


def _warn(line: str) -> None:
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)
