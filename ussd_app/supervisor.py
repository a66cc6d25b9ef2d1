"""Keep these processes running until I say stop, then leave nothing behind."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from types import FrameType
from typing import Self

from ussd_app.errors import StartupError
from ussd_app.process import FIRST_DELAY, PATIENCE, Process

__all__ = ["Process", "Supervisor"]

TICK = 1.0  # signals wake us at once; this is only for what sends none
_CANNOT_START = (OSError, subprocess.SubprocessError, StartupError)


class Supervisor:
    """Starts processes in stages, starts one that dies again, ends them in the reverse order.

    Entered as a context manager (main thread) it listens for Ctrl-C, SIGTERM and SIGHUP; left, it stops
    everything. Unentered it can be driven by hand with `start`, `look` and `stop`.
    `give_up` is a further reason to stop, asked every second.
    """

    def __init__(
        self, say: Callable[[str], None], give_up: Callable[[], bool] = lambda: False, patience: float = PATIENCE
    ) -> None:
        self._say = say
        self._patience = patience
        self._give_up = give_up
        self._stages: list[tuple[Process, ...]] = []
        self._signalled = False
        self._waker: int | None = None
        self._undo = contextlib.ExitStack()

    def add(self, *processes: Process) -> None:
        """One stage: these are ended together, before everything added earlier."""
        self._stages.append(processes)

    def start(self, *processes: Process, timeout: float = 60.0) -> None:
        """Start them at the same time and wait until each answers; StartupError when one does not.

        What was not added before is a stage of its own.
        """
        for process in processes:
            if not any(process in stage for stage in self._stages):
                self.add(process)
            try:
                process.start()
            except (OSError, subprocess.SubprocessError) as error:
                raise StartupError(f"{process.name} cannot be started: {error}.") from error
        deadline = time.monotonic() + timeout
        for process in processes:
            self._wait_until_ready(process, deadline, timeout)
            process.kept = True

    def call(self, process: Process) -> int:
        """Run a program to its own end, minding the others meanwhile, and give its exit code."""
        process.start()
        try:
            while process.alive:
                self._pause(self.look())
                self._raise_when_asked_to_stop()
        finally:
            process.clear_up()
        return process.exit_code or 0

    def run(self) -> None:
        """Mind the processes until somebody asks us to stop."""
        while not self.stop_asked:
            self._pause(self.look())

    def look(self) -> float:
        """Start again what died and is due; how many seconds the next look may wait."""
        kept = [process for stage in self._stages for process in stage if process.kept]
        return min((self._mend(process) for process in kept), default=TICK)

    def stop(self) -> None:
        """End everything, the latest stage first: ask, wait up to ten seconds, kill what is left."""
        while self._stages:
            stage = self._stages[-1]
            for process in stage:
                process.kept = False
                process.ask_to_end()
            deadline = time.monotonic() + self._patience
            while any(process.alive for process in stage) and time.monotonic() < deadline:
                self._pause(0.2)
            for process in stage:
                if process.alive:
                    self._say(f"{process.name} did not end within {self._patience:.0f} seconds and is killed.")
                process.clear_up()
            self._stages.pop()

    @property
    def stop_asked(self) -> bool:
        return self._signalled or self._give_up()

    def __enter__(self) -> Self:
        """Listen for signals; a second Ctrl-C while stopping changes nothing."""
        self._waker, write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._undo.callback(os.close, self._waker)
        self._undo.callback(os.close, write_end)
        self._undo.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(write_end, warn_on_full_buffer=False))
        self._listen(signal.SIGCHLD, lambda *_: None)  # a handler, so that the pipe hears of each death
        self._listen(signal.SIGINT, self._on_signal)
        self._listen(signal.SIGTERM, self._on_signal)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup: meant to outlive the terminal
            self._listen(signal.SIGHUP, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._waker = None
        self._undo.close()

    def _listen(self, number: int, handler: Callable[[int, FrameType | None], None]) -> None:
        self._undo.callback(signal.signal, number, signal.signal(number, handler))

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signalled = True

    def _raise_when_asked_to_stop(self) -> None:
        # Raised here and not in the handler, where it could fall between a fork and its record.
        if self.stop_asked:
            raise KeyboardInterrupt

    def _pause(self, seconds: float) -> None:
        """Sleep until a signal comes or the time is over."""
        if self._waker is None:
            time.sleep(min(seconds, 0.02))
            return
        if select.select([self._waker], [], [], seconds)[0]:
            os.read(self._waker, 4096)

    def _wait_until_ready(self, process: Process, deadline: float, timeout: float) -> None:
        while process.ready is not None:
            self._raise_when_asked_to_stop()
            if not process.alive:  # asked first: somebody else may answer in its place
                process.clear_up()
                raise StartupError(f"{process.name} {process.how_it_ended} before it was ready.")
            if process.ready():
                return
            if time.monotonic() > deadline:
                raise StartupError(f"{process.name} did not answer within {timeout:.0f} seconds.")
            self._pause(min(0.05, self.look()))

    def _mend(self, process: Process) -> float:
        now = time.monotonic()
        if process.restart_at is None:
            if process.alive:
                return TICK
            process.died(now)
        wait = (process.restart_at or now) - now
        if wait > 0:
            return wait
        how = process.how_it_ended
        try:
            process.start()
        except _CANNOT_START as error:
            process.postpone(now)
            self._say(f"{process.name} {how} and cannot be started yet: {error}")
        else:
            self._say(f"{process.name} {how} and was started again.")
        return FIRST_DELAY
