"""Keeping processes running, with real ones."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ussd_app.errors import StartupError
from ussd_app.process import FIRST_DELAY, LIVED_WELL, processes
from ussd_app.supervisor import Process, Supervisor

ENV = {"PATH": os.defpath}


class Said(list[str]):
    """What the operator was told."""

    def __call__(self, line: str) -> None:
        self.append(line)


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def supervisor(said: Said) -> Iterator[Supervisor]:
    """One that a test drives by hand."""
    supervisor = Supervisor(said)
    yield supervisor
    supervisor.stop()


def a_shell(script: str, name: str = "shell", **more: object) -> Process:
    return Process(name, ["/bin/sh", "-c", script], ENV, **more)  # type: ignore[arg-type]


def wait_for(what: Callable[[], object], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


def mend_until(supervisor: Supervisor, what: Callable[[], object]) -> None:
    def looked() -> object:
        supervisor.look()
        return what()

    wait_for(looked)


def number_in(file: Path) -> int:
    wait_for(lambda: file.exists() and file.read_text().strip())
    return int(file.read_text())


def gone(pid: int) -> bool:
    return pid not in processes()


def test_one_that_dies_is_started_again_and_the_operator_is_told_in_one_line(
    supervisor: Supervisor, said: Said
) -> None:
    sleeper = a_shell("exec sleep 60", name="sleeper")
    supervisor.start(sleeper)
    first = sleeper.pid
    os.kill(first, signal.SIGKILL)
    mend_until(supervisor, lambda: sleeper.pid != first and sleeper.alive)
    assert said == ["sleeper was ended by SIGKILL and was started again."]


def test_one_that_keeps_dying_is_left_alone_longer_each_time(supervisor: Supervisor, tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    supervisor.start(a_shell(f"date +%s.%N >> {starts}; exit 3"))
    mend_until(supervisor, lambda: starts.exists() and len(starts.read_text().split()) >= 4)
    moments = [float(line) for line in starts.read_text().split()]
    waits = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert waits[0] >= FIRST_DELAY
    assert waits == sorted(waits)


def test_after_a_good_while_alive_the_first_short_delay_counts_again() -> None:
    process = a_shell("exit 0")
    for _ in range(5):
        process.died(time.monotonic())
    now = process._started + LIVED_WELL
    process.died(now)
    assert process.restart_at == pytest.approx(now + FIRST_DELAY)


def test_what_a_dead_child_left_in_its_session_is_gone_before_it_is_started_again(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    orphan_file = tmp_path / "orphan"
    orphans_gone: list[bool] = []
    parent = a_shell(
        f"sleep 60 & echo $! > {orphan_file}; wait",
        before=lambda: orphans_gone.append(not orphan_file.exists() or gone(number_in(orphan_file))),
    )
    supervisor.start(parent)
    number_in(orphan_file)
    os.kill(parent.pid, signal.SIGKILL)
    mend_until(supervisor, lambda: len(orphans_gone) == 2)
    assert all(orphans_gone)


def test_stopping_asks_in_the_reverse_order_of_the_stages(supervisor: Supervisor, tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = "trap 'echo {0} >> {1}; exit 0' TERM; touch {1}.{0}; while :; do sleep 0.05; done"
    for name in ("store", "worker", "web"):
        supervisor.start(a_shell(script.format(name, log), name=name, ready=tmp_path.joinpath(f"log.{name}").exists))
    supervisor.stop()
    assert log.read_text().split() == ["web", "worker", "store"]


def test_stopping_kills_one_that_will_not_end_and_leaves_nothing_of_it(said: Said, tmp_path: Path) -> None:
    supervisor = Supervisor(said.append, patience=0.3)
    child_file = tmp_path / "child"
    # The grandchild has a session of its own, as PostgreSQL's backends have.
    script = f"trap '' TERM; setsid sleep 60 & echo $! > {child_file}; while :; do sleep 0.05; done"
    stubborn = a_shell(script, name="stubborn")
    supervisor.start(stubborn)
    child = number_in(child_file)
    supervisor.stop()
    assert gone(stubborn.pid)
    assert gone(child)
    assert "stubborn did not end" in said[0]


def test_one_that_ends_before_it_answers_is_a_startup_error_in_one_sentence(supervisor: Supervisor) -> None:
    with pytest.raises(StartupError, match=r"^web ended with code 7 before it was ready\.$"):
        supervisor.start(a_shell("exit 7", name="web", ready=lambda: False))


def test_one_that_does_not_answer_in_time_is_a_startup_error_in_one_sentence(supervisor: Supervisor) -> None:
    with pytest.raises(StartupError, match=r"^web did not answer within 0 seconds\.$"):
        supervisor.start(a_shell("exec sleep 60", name="web", ready=lambda: False), timeout=0.1)


def test_a_missing_program_is_a_startup_error(supervisor: Supervisor) -> None:
    with pytest.raises(StartupError, match="ghost cannot be started"):
        supervisor.start(Process("ghost", ["/does/not/exist"], ENV))


def test_a_program_called_to_its_end_gives_its_exit_code(supervisor: Supervisor) -> None:
    assert supervisor.call(a_shell("exit 5")) == 5


# Whoever runs the tests may have told them to ignore hang-ups (nohup), which a supervisor respects.
SUPERVISING = """
import os, signal
from ussd_app.supervisor import Process, Supervisor
signal.signal(signal.SIGHUP, signal.SIG_DFL)
with Supervisor(lambda line: None) as supervisor:
    script = "trap 'sleep 0.4; exit 0' TERM; while :; do sleep 0.05; done"
    sleeper = Process("sleeper", ["/bin/sh", "-c", script], {"PATH": os.defpath})
    supervisor.start(sleeper)
    print(sleeper.pid, flush=True)
    supervisor.run()
    print("told to stop", flush=True)
print("stopped", flush=True)
"""


@pytest.fixture
def supervising() -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A supervisor in a process of its own, and the pid of the child it minds."""
    command = [sys.executable, "-c", SUPERVISING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process, int(process.stdout.readline())
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_second_signal_while_stopping_breaks_nothing(
    supervising: tuple[subprocess.Popen[str], int], number: int
) -> None:
    process, child = supervising
    process.send_signal(number)
    assert process.stdout
    assert process.stdout.readline() == "told to stop\n"
    process.send_signal(number)
    assert process.communicate(timeout=5)[0] == "stopped\n"
    assert process.returncode == 0
    assert gone(child)


def test_even_a_killed_supervisor_leaves_nothing_running(
    supervising: tuple[subprocess.Popen[str], int],
) -> None:
    process, child = supervising
    process.kill()
    wait_for(lambda: gone(child))


def test_waiting_costs_next_to_nothing(supervising: tuple[subprocess.Popen[str], int]) -> None:
    process, _child = supervising

    def cpu() -> int:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    before = cpu()
    time.sleep(0.7)
    assert cpu() - before <= 2  # hundredths of a second
