"""One program of ours as a process: start it, tell whether it lives, end it with all it left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

FIRST_DELAY, LONGEST_DELAY = 0.2, 5.0
LIVED_WELL = 30.0  # a process that ran this long died of something new: its delay begins anew
PATIENCE = 10.0  # between asking a process to end and killing it
_PR_SET_PDEATHSIG = 1


@dataclass(eq=False)
class Process:
    """One program to keep running: how it starts, how it is asked to end, how to tell that it answers.

    `before` runs before each start, also before a restart; output goes to `log`, or where ours goes.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    stop_signal: int = signal.SIGTERM
    ready: Callable[[], bool] | None = None
    before: Callable[[], None] | None = None
    log: Path | None = None
    _popen: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _started: float = field(default=0.0, init=False, repr=False)
    _delay: float = field(default=FIRST_DELAY, init=False, repr=False)
    restart_at: float | None = field(default=None, init=False, repr=False)
    kept: bool = field(default=False, init=False, repr=False)  # once it was ready, its death is mended

    @property
    def pid(self) -> int:
        """The process id of the latest start; 0 before the first."""
        return self._popen.pid if self._popen else 0

    @property
    def alive(self) -> bool:
        # WNOWAIT: a zombie keeps its number, so that clearing up its family cannot meet a stranger.
        return self._unreaped and not os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)

    @property
    def exit_code(self) -> int | None:
        """How it ended (minus the signal when killed), None while that is not known."""
        return self._popen.returncode if self._popen else None

    @property
    def how_it_ended(self) -> str:
        """For a sentence that begins with its name."""
        code = self.exit_code
        if code is None:
            return "did not start"
        if code >= 0:
            return f"ended with code {code}"
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
        return f"was ended by signal {-code}"

    @property
    def _unreaped(self) -> bool:
        return self._popen is not None and self._popen.returncode is None

    def start(self) -> None:
        if self.before:
            self.before()
        with contextlib.ExitStack() as opened:
            output = opened.enter_context(_appending(self.log)) if self.log else None
            self._popen = subprocess.Popen(
                self.argv,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C reaches us alone: the order of ending is ours
                preexec_fn=_die_with_parent(self.stop_signal),
            )
        self._started, self.restart_at = time.monotonic(), None

    def died(self, now: float) -> None:
        """Clear up after it and decide when it is started again."""
        self.clear_up()
        if now - self._started >= LIVED_WELL:
            self._delay = FIRST_DELAY
        self.postpone(now)

    def postpone(self, now: float) -> None:
        """Leave it alone for a while, longer each time."""
        self.restart_at = now + self._delay
        self._delay = min(self._delay * 2, LONGEST_DELAY)

    def ask_to_end(self) -> None:
        if self._unreaped:
            _send(self.pid, self.stop_signal)

    def clear_up(self) -> None:
        """Kill it if it still runs, and all that it left behind; only then its number is given back."""
        if self._popen is None or not self._unreaped:
            return
        family = _family(self.pid)  # before the parent dies: later nothing ties a backend's own session to it
        _send(self.pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)
        end_processes(lambda: (family | _family(self.pid)) & processes().keys(), signal.SIGKILL, patience=1.0)
        self._popen.wait()


def end_processes(find: Callable[[], Iterable[int]], how: int, patience: float = PATIENCE) -> None:
    """End processes that need not be our children: ask each once, wait, kill what is left."""
    deadline = time.monotonic() + patience
    asked: set[int] = set()
    while found := set(find()):
        late = time.monotonic() - deadline
        if late > PATIENCE:
            return  # not even SIGKILL ends them (a hanging disk): nothing more can be done from here
        for pid in found if late > 0 else found - asked:
            _send(pid, signal.SIGKILL if late > 0 else how)
        asked |= found
        time.sleep(0.02)


def processes() -> dict[int, tuple[int, int]]:
    """Every living process as pid: (parent, session); empty where there is no /proc."""
    table = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended while we looked
            state, parent, _group, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            if state not in "ZX":
                table[int(entry.name)] = (int(parent), int(session))
    return table


def running_in(home: Path, program: str) -> set[int]:
    """The processes of one program that work in one directory (not a shell that somebody left there)."""
    found = set()
    for pid in processes():
        with contextlib.suppress(OSError):  # it ended, or is not ours to look into
            proc = Path(f"/proc/{pid}")
            program_file = proc.joinpath("exe").readlink().name  # "… (deleted)" once the wheel was replaced
            if proc.joinpath("cwd").readlink() == home and program_file.split()[0] == program:
                found.add(pid)
    return found


def _family(pid: int) -> set[int]:
    """What runs in the session that `pid` began, and everything descended from those.

    The group would not do: RQ gives each job a group of its own, PostgreSQL each backend even a session.
    """
    table = processes()
    family = {pid} | {other for other, (_parent, session) in table.items() if session == pid}
    while more := {other for other, (parent, _session) in table.items() if parent in family} - family:
        family |= more
    return family & table.keys() - {os.getpid()}


def _send(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _appending(log: Path) -> BinaryIO:
    return os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab")


def _die_with_parent(stop_signal: int) -> Callable[[], None]:
    """What a child does before its program begins, so that even `kill -9` of us ends it.

    It gets its own stop signal, not SIGKILL: only so does it take its own children along.
    """
    prctl = ctypes.CDLL(None).prctl  # looked up here: between fork and exec only a call is safe
    parent = os.getpid()

    def bind() -> None:
        prctl(_PR_SET_PDEATHSIG, stop_signal, 0, 0, 0)
        if os.getppid() != parent:  # the parent died before we asked
            os._exit(1)

    return bind
