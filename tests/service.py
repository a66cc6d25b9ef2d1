"""The whole service as `make run` starts it, in a directory of its own: for tests that need its real processes."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, LiteralString, Self, TypeVar

import psycopg
import requests
from psycopg.rows import dict_row

from ussd_app.phone import NoAnswer, Phone, Screen
from ussd_app.process import processes

ROOT = Path(__file__).parent.parent
TOKEN = "a-token-that-only-tests-know"
# All that the service gets from outside: not MAKELEVEL, which would tie its life to `make test`.
INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")
PATIENCE = 120.0  # for a start or a stop, on a machine that runs other tests meanwhile
BIRTH_DATE = "05081988"
T = TypeVar("T")


def until(what: Callable[[], T], seconds: float = PATIENCE, pause: float = 0.05) -> T:
    """What `what` gives as soon as that is true; the test fails when it is still not after some seconds."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} seconds in vain"
        time.sleep(pause)
    return found


def a_nik(serial: int) -> str:
    """A woman born on BIRTH_DATE in Jakarta; a different one for each serial."""
    return f"317405450888{serial:04d}"


def a_free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    """One copy of the service, stopped when the `with` ends."""

    def __init__(self, data_dir: Path, *, port: int = 0, **environ: str) -> None:
        self.data_dir = data_dir.resolve()
        self.port = port or a_free_port()
        self.output = self.data_dir.with_name(f"{self.data_dir.name}.log")
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self._environ = {"CALLBACK_TOKEN": TOKEN, **inherited, **environ}
        self._environ |= {"DATA_DIR": str(self.data_dir), "PORT": str(self.port)}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        """The secret in its callbacks' addresses."""
        return self._environ["CALLBACK_TOKEN"]

    @property
    def callback(self) -> str:
        """What the gateway posts keypresses to."""
        return f"{self.url}/callbacks/africastalking/{self.token}/ussd"

    def start(self) -> Self:
        """Start it and wait until every part of it is ready."""
        process = self.launch()
        until(lambda: process.poll() is not None or self.is_ready())
        assert process.poll() is None, self.said()
        return self

    def launch(self) -> subprocess.Popen[bytes]:
        """Start it and wait for nothing."""
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ussd_app", "run"],
                cwd=ROOT,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        return self._process

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        assert self._process
        self._process.send_signal(how)
        return self._process.wait(PATIENCE)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        if self._process and self._process.poll() is None:
            self.stop()

    def is_ready(self) -> bool:
        """Whether every part of it says that it is there."""
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
        return False

    def said(self) -> str:
        """All that it and its engines have written on their outputs and into their logs."""
        logs = [self.output, *sorted((self.data_dir / "log").glob("*"))]
        return "\n".join(log.read_text(errors="replace") for log in logs if log.exists())

    # ---- its processes

    def processes(self) -> dict[int, str]:
        """Every process that works with its data directory: what it is, by pid."""
        found = {}
        for pid in processes().keys() - {os.getpid()}:
            with contextlib.suppress(OSError):  # it ended while we looked
                proc = Path(f"/proc/{pid}")
                environ = proc.joinpath("environ").read_bytes().split(b"\0")
                at_home = proc.joinpath("cwd").readlink().is_relative_to(self.data_dir)  # the engines
                if at_home or f"DATA_DIR={self.data_dir}".encode() in environ:
                    found[pid] = _what(proc)
        return found

    def pids(self, what: str) -> list[int]:
        """The processes of one kind: `web`, `web server` (their parent), `postgres`, `valkey`, `worker payments` …"""
        kinds = self.processes()
        parents = {pid: parent for pid, (parent, _session) in processes().items()}
        family = "web" if what == "web server" else what
        first_of_family = what != "web"
        return [
            pid
            for pid, kind in kinds.items()
            if kind == family and (kinds.get(parents.get(pid, 0)) != family) == first_of_family
        ]

    def kill(self, what: str, which: int = 0) -> None:
        """`kill -9` one process of a kind; nothing when there is none just now."""
        pids = self.pids(what)
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[which % len(pids)], signal.SIGKILL)

    def is_whole(self) -> bool:
        """Whether it is ready, and no orphan of a killed web server answers in its place."""
        return (len(self.pids("web server")), len(self.pids("web"))) == (1, 2) and self.is_ready()

    # ---- what people and companies do with it

    def phone(self, number: str) -> Phone:
        """A handset whose network posts to this service."""
        return Phone(self.callback, number)

    def messages(self, number: str) -> list[dict[str, Any]]:
        """The SMS a number has received, oldest first."""
        answer = requests.get(f"{self.url}/simulator/api/messages", params={"phone": number}, timeout=10)
        assert answer.status_code == 200, answer.text
        return list(answer.json())

    def message(self, number: str, word: str) -> dict[str, Any]:
        """The first SMS to a number that contains a word, waited for."""
        return until(lambda: [sms for sms in self.messages(number) if word in sms["text"]])[0]

    def pay(self, code: str, amount: int | str) -> requests.Response:
        """Somebody pays a code in cash."""
        return requests.post(
            f"{self.url}/simulator/api/payments", data={"code": code, "amount": str(amount)}, timeout=10
        )

    def rows(self, query: LiteralString, values: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """What its database says, waited for while that is starting again."""
        address = {"host": str(self.data_dir / "run"), "user": "sertakan", "dbname": "sertakan"}
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with psycopg.connect(**address, connect_timeout=5, row_factory=dict_row) as connection:  # type: ignore[arg-type]
                    return connection.execute(query, values).fetchall()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def _what(proc: Path) -> str:
    argv = proc.joinpath("cmdline").read_bytes().decode(errors="replace").split("\0")
    if "-m" not in argv:
        return proc.joinpath("exe").readlink().name.removesuffix("-server")
    module, *rest = argv[argv.index("-m") + 1 :]
    if module == "workers":
        return "scheduler" if "--schedule" in rest else f"worker {rest[0]}"
    return {"granian": "web", "ussd_app": "run"}.get(module, module)


# What a person answers to a screen in which these words stand, the first that fits.
ANSWERS = (
    ("Sebentar", "1"),
    ("tadi terputus", "1"),
    ("16 angka NIK", "{nik}"),
    ("tanggal lahir", BIRTH_DATE),
    ("nama lengkap", "Siti Aminah"),
    ("Pekerjaan Anda?", "1"),
    ("Di mana Anda bekerja?", "1"),
    ("Setuju daftar", "1"),
    ("3 bulan", "1"),
    ("1. Daftar", "1"),
)
AGREE = "Setuju daftar"
THANKS = "Terima kasih!"
MEMBER = ("BELUM AKTIF", "AKTIF s.d.", "lunas s.d.", "sudah terdaftar dengan nomor Anda")


def answer_to(screen: Screen, nik: str) -> str:
    """What somebody with this NIK answers to a screen."""
    fitting = [answer for words, answer in ANSWERS if words in screen.text]
    assert fitting, f"nobody knows what to answer to: {screen.text}"
    return fitting[0].format(nik=nik)


def walk_to_consent(phone: Phone, nik: str) -> Screen:
    """Dial and answer every question up to the last one, whether they agree."""
    screen = phone.dial()
    for _ in range(12):
        assert screen.open, screen.text
        if AGREE in screen.text:
            return screen
        screen = phone.answer(answer_to(screen, nik))
    raise AssertionError(f"the questions do not end: {screen.text}")


def register(phone: Phone, nik: str) -> Screen:
    """Enrol for three months; the last screen."""
    walk_to_consent(phone, nik)
    screen = phone.answer("1")
    assert not screen.open
    assert screen.text.startswith(THANKS), screen.text
    return screen


def patiently(request: Callable[[], Screen], again: Callable[[], Screen], seconds: float = PATIENCE) -> Screen:
    """Make a request; as long as no reply comes, repeat the very same one, as a network does."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return request()
        except NoAnswer:
            assert time.monotonic() < deadline, f"no reply for {seconds:.0f} seconds"
            time.sleep(0.1)
            request = again


def register_whatever_happens(phone: Phone, nik: str, seconds: float = PATIENCE) -> None:
    """Enrol as somebody does who redials after each failure, until a screen says that they are in."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        screen = patiently(phone.dial, phone.again)
        for _ in range(20):
            if screen.text.startswith(THANKS) or any(words in screen.text for words in MEMBER):
                return
            if not screen.open:
                break
            answer = answer_to(screen, nik)
            screen = patiently(lambda said=answer: phone.answer(said), phone.again)  # type: ignore[misc]
        time.sleep(0.2)
    raise AssertionError(f"not enrolled within {seconds:.0f} seconds")
