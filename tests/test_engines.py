"""The embedded PostgreSQL and Valkey, and what `make run` checks before it starts them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from ussd_app.embedded import Place, child_environment, run
from ussd_app.engines import Engines
from ussd_app.errors import StartupError
from ussd_app.process import processes, running_in


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """Running engines that no test stops."""
    with Engines(tmp_path_factory.mktemp("shared"), durable=False) as engines:
        yield engines


def sql(engines: Engines, statement: str) -> object:
    with psycopg.connect(engines.database_url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone() if cursor.description else None


def redis_of(engines: Engines) -> redis.Redis:
    return redis.Redis.from_url(engines.redis_url, decode_responses=True)


def engines_running_in(data_dir: Path) -> set[int]:
    return running_in(data_dir / "postgres", "postgres") | running_in(data_dir / "valkey", "valkey-server")


def mend_until(engines: Engines, works: Callable[[], object]) -> None:
    deadline = time.monotonic() + 8
    while True:
        engines.supervisor.look()
        try:
            works()
        except (psycopg.Error, redis.RedisError):
            assert time.monotonic() < deadline, "waited too long"
            time.sleep(0.02)
        else:
            return


def test_data_survive_a_stop_and_a_start_and_the_stop_leaves_no_process(tmp_path: Path) -> None:
    with Engines(tmp_path, durable=False) as engines:
        sql(engines, "CREATE TABLE kept AS SELECT 7 AS n")
        redis_of(engines).set("kept", "8")
        assert engines_running_in(tmp_path)
    assert not engines_running_in(tmp_path)
    with Engines(tmp_path, durable=False) as engines:
        assert sql(engines, "SELECT n FROM kept") == (7,)
        assert redis_of(engines).get("kept") == "8"


def test_killed_engines_come_back_with_what_they_had_answered(tmp_path: Path) -> None:
    with Engines(tmp_path, durable=False) as engines:
        assert engines.postgres
        assert engines.valkey
        sql(engines, "CREATE TABLE kept AS SELECT 7 AS n")
        redis_of(engines).set("kept", "8")
        for engine in (engines.postgres, engines.valkey):
            os.kill(engine.pid, signal.SIGKILL)
        mend_until(engines, lambda: (sql(engines, "SELECT 1"), redis_of(engines).ping()))
        assert sql(engines, "SELECT n FROM kept") == (7,)
        assert redis_of(engines).get("kept") == "8"


def test_a_second_start_with_the_same_data_directory_is_refused_in_one_sentence(shared: Engines) -> None:
    with pytest.raises(StartupError, match=r"^Another copy of the service already uses \S+\.$"):
        Engines(shared.data_dir, durable=False).start()
    assert sql(shared, "SELECT 1") == (1,)


def test_two_copies_run_side_by_side(shared: Engines, tmp_path: Path) -> None:
    with Engines(tmp_path, durable=False) as other:
        redis_of(shared).set("whose", "ours")
        assert redis_of(other).get("whose") is None
        assert other.database_url != shared.database_url


def test_a_long_or_odd_data_directory_works_and_its_sockets_go_away(tmp_path: Path) -> None:
    data_dir = tmp_path / ("much, too long " * 8).strip()
    with Engines(data_dir, durable=False) as engines:
        sockets = (data_dir / "run").readlink()
        assert sql(engines, "SELECT 1") == (1,)
        assert redis_of(engines).ping()
    assert not sockets.exists()
    assert not os.path.lexists(data_dir / "run")


def test_an_engine_the_operator_has_elsewhere_is_not_started(tmp_path: Path) -> None:
    with Engines(tmp_path, durable=False, postgres=False) as engines:
        assert engines.postgres is None
        assert not (tmp_path / "postgres").exists()
        assert redis_of(engines).ping()


def test_an_interrupted_first_start_leaves_no_half_cluster(tmp_path: Path) -> None:
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("18\n")
    with Engines(tmp_path, durable=False, valkey=False) as engines:
        assert sql(engines, "SELECT 1") == (1,)


def test_others_cannot_read_the_data(shared: Engines) -> None:
    for part in ("postgres", "valkey", "log", "run"):
        assert (shared.data_dir / part).stat().st_mode & 0o077 == 0


def test_what_a_refused_row_held_stays_out_of_the_log(shared: Engines) -> None:
    sql(shared, "CREATE TABLE nik (nik text UNIQUE)")
    sql(shared, "INSERT INTO nik VALUES ('3273012501900001')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        sql(shared, "INSERT INTO nik VALUES ('3273012501900001')")
    log = (shared.data_dir / "log" / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "3273012501900001" not in log


ORPHANING = """
import os, signal, subprocess, sys
from pathlib import Path
import ussd_app.process
from ussd_app.engines import Engines
# As if the signal that their parent's death sends had been lost.
ussd_app.process._die_with_parent = lambda stop_signal: lambda: None
engines = Engines(Path(sys.argv[1]), durable=False)
engines.start()
stray = subprocess.Popen(
    ["sleep", "60"], env={"PATH": os.defpath, "SERTAKAN_RUN": sys.argv[1]}, stdout=subprocess.DEVNULL
)
print(stray.pid, engines.postgres.pid, engines.valkey.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_start_ends_what_a_killed_start_left_running(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ORPHANING, str(tmp_path)]
    killed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=20)
    orphans = {int(pid) for pid in killed.stdout.split()}
    assert len(orphans) == 3
    assert orphans <= processes().keys()
    with Engines(tmp_path, durable=False) as engines:
        assert not orphans & processes().keys()
        assert sql(engines, "SELECT 1") == (1,)


def test_a_process_number_that_is_somebody_elses_now_does_not_stop_postgres(tmp_path: Path) -> None:
    with Engines(tmp_path, durable=False, valkey=False):
        pass
    pid_file = tmp_path / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getppid()}\n{tmp_path / 'postgres'}\n1700000000\n5432\n{tmp_path / 'run'}\n\n")
    pid_file.chmod(0o600)
    with Engines(tmp_path, durable=False, valkey=False) as engines:
        assert sql(engines, "SELECT 1") == (1,)


def test_a_taken_port_is_refused_in_one_sentence_and_starts_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run({"PORT": str(port), "DATA_DIR": str(tmp_path)}) == 1
    assert capfd.readouterr().err == f"Port {port} is already in use: give another with PORT=…\n"
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize("port", ["0", "65536", "eight", "-1", "8000 "])
def test_a_port_that_is_none_is_refused_in_one_sentence(
    port: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run({"PORT": port, "DATA_DIR": str(tmp_path)}) == 1
    assert capfd.readouterr().err == f"PORT must be a whole number from 1 to 65535, not {port!r}.\n"


def test_secrets_are_made_once_privately_and_never_replace_given_ones(tmp_path: Path) -> None:
    place, engines = Place("127.0.0.1", 8000, tmp_path, 2), Engines(tmp_path)
    first = child_environment(place, engines, {})
    assert child_environment(place, engines, {}) == first
    assert (tmp_path / "secrets.env").stat().st_mode & 0o777 == 0o600
    assert child_environment(place, engines, {"DATA_KEYS": "mine"})["DATA_KEYS"] == "mine"
    assert child_environment(place, engines, {})["DATA_KEYS"] == first["DATA_KEYS"]


def test_libpq_settings_of_the_shell_do_not_lead_the_children_elsewhere(tmp_path: Path) -> None:
    place, engines = Place("127.0.0.1", 8000, tmp_path, 2), Engines(tmp_path)
    assert "PGPORT" not in child_environment(place, engines, {"PGPORT": "6000"})
    given = {"PGPORT": "6000", "DATABASE_URL": "postgresql+psycopg://db.example/s"}
    assert child_environment(place, engines, given)["PGPORT"] == "6000"
