"""A million members due on one evening: how long until all are written and handed over, and does a receipt wait?

`python -m benchmarks.national [MEMBERS [DIFFERENT]]` from the repository root; 1,000,000 and 100,000 by default. Real
PostgreSQL, Valkey, RQ workers as processes, and a company on this machine that takes texts over HTTP. The clock is set
to the evening of a due date and goes on from there. A receipt is written each second all the while.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.fernet import Fernet
from sqlalchemy import text

from ussd_app import logs, queues, runtime
from ussd_app.domain import gsm7
from ussd_app.engines import Engines
from ussd_app.queues import HOUSEKEEPING, SMS
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.settings import Settings
from ussd_app.storage import database, outbox
from ussd_app.storage.outbox import REMINDERS, URGENT, Outgoing
from workers import runtime as worker_runtime

MENUS = Path(__file__).parent.parent / "menus"
# Five past six in the evening in Jakarta on a due date; the members joined in October and have paid until November.
EVENING = datetime(2026, 12, 15, 11, 5, tzinfo=UTC)
PAGE = 5_000
WORKERS = (HOUSEKEEPING, SMS[URGENT], SMS[REMINDERS])
SEED = (
    "INSERT INTO members (nik_index, nik, name, born, phone, language, zone, workplace, created_at) "
    "SELECT 'n' || i, '', 'Peserta ' || i, '1990-08-17', '+62812' || lpad(i::text, 8, '0'), 'id', 'Asia/Jakarta', "
    "'Pasar', '2026-10-01' FROM generate_series(1, :members) i",
    "INSERT INTO member_plans (member_id, from_month, sector, package, wage) "
    "SELECT id, '2026-10-01', 'other', 'jkk_jkm', 1000000 FROM members",
    "INSERT INTO registrations (member_id, dialogue, state, created_at, next_try_at) "
    "SELECT id, '', 'confirmed', '2026-10-01', '2026-10-01' FROM members",
    "INSERT INTO contribution_months (member_id, month, package, wage, amount, order_id, state, received_at) "
    "SELECT id, month, 'jkk_jkm', 1000000, 8400, 'o' || id, 'confirmed', '2026-10-01' FROM members, "
    "unnest(ARRAY['2026-10-01', '2026-11-01']::date[]) month",
    "ANALYZE",
)


def clock_from(start: float) -> Callable[[], datetime]:
    """A clock that stood at EVENING when the machine's own stood at `start`."""
    return lambda: EVENING + timedelta(seconds=time.time() - start)


def company(connection: multiprocessing.connection.Connection) -> None:
    """The company's process: tells its address, then takes whatever comes."""
    from tests.fakes.africastalking import FakeAfricasTalking

    with FakeAfricasTalking("key", keep_alive=True) as running:
        connection.send(running.url)
        connection.recv()


def worker(settings: Settings, start: float, queue: str) -> None:
    """A worker's process; it ends with the benchmark."""
    from workers.__main__ import work

    logs.configure("ERROR")
    worker_runtime.use(
        runtime.build(settings, clock=clock_from(start), statement_seconds=worker_runtime.STATEMENT_SECONDS)
    )
    work(queue)


def peak_mb(pid: int) -> int:
    """The most memory a process has held, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


@contextmanager
def receipts(rt: Runtime) -> Iterator[None]:
    """Write a receipt each second, as a payment's job would, until the block ends."""
    over = threading.Event()

    def each_second() -> None:
        number = 0
        while not over.wait(1.0):
            number += 1
            words = f"Terima kasih! Rp8.400 Des 2026 diterima. Bukti B{number}"
            with rt.db.begin() as connection:
                outbox.add(connection, Outgoing(f"receipt:{number}", URGENT, "+6281100000000", words, 1), rt.clock())
            rt.queues.enqueue(queues.RELAY, URGENT)

    thread = threading.Thread(target=each_second)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Sampled:
    """What was seen while something ran: the longest queue of jobs, and the most texts that waited."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self.jobs = 0
        self.texts = 0

    def until(self, query: str, **values: object) -> float:
        """Look twice a second until the query counts nothing; the seconds it took."""
        started = time.monotonic()
        while True:
            self.jobs = max([self.jobs, *(self._rt.queues.length(name) for name in WORKERS)])
            waiting = number(self._rt, "SELECT count(*) FROM outbox WHERE state = 'waiting'")
            self.texts = max(self.texts, waiting)
            if not number(self._rt, query, **values):
                return time.monotonic() - started
            time.sleep(0.5)


def number(rt: Runtime, query: str, **values: object) -> int:
    """What a query counts."""
    with rt.db.connect() as connection:
        return int(connection.execute(text(query), values).scalar_one() or 0)


def seed(rt: Runtime, members: int) -> None:
    """Members who have paid until November."""
    with rt.db.begin() as connection:
        for statement in SEED:
            connection.execute(text(statement), {"members": members} if ":members" in statement else {})


def write_different(rt: Runtime, texts: int) -> None:
    """So many reminders of which no two say the same."""
    for first in range(0, texts, PAGE):
        letters = [
            Outgoing(f"different:{one}", REMINDERS, f"+62813{one:08}", words, gsm7.size(words).segments)
            for one in range(first, min(first + PAGE, texts))
            for words in [f"Peserta {one}: iuran Desember jatuh tempo hari ini."]
        ]
        now = rt.clock()
        with rt.db.begin() as connection:
            outbox.add_many(connection, letters, [now] * len(letters), now)


def waits(rt: Runtime) -> list[float]:
    """For how many seconds each receipt has waited until the company had it."""
    with rt.db.connect() as connection:
        rows = connection.execute(
            text("SELECT extract(epoch FROM sent_at - created_at) FROM outbox WHERE lane = 'urgent' AND state = 'sent'")
        )
        return sorted(float(seconds) for seconds in rows.scalars())


def tell(what: str, *figures: object) -> None:
    """One line of the result."""
    print(f"{what + ':':<44}", *figures, flush=True)


def measure(rt: Runtime, members: int, different: int, pids: dict[str, int]) -> None:
    """Plan, write and send; print the figures."""
    waiting = "SELECT count(*) FROM outbox WHERE lane = 'reminders' AND state IN ('waiting', 'handing_over')"
    planned = "SELECT :members - count(*) FROM reminder_times WHERE rules <> ''"
    sampled = Sampled(rt)
    rt.queues.enqueue(queues.REPLAN_REMINDERS)
    tell("planned anew, seconds", round(sampled.until(planned, members=members)))
    with receipts(rt):
        rt.queues.enqueue(queues.REMIND)
        started = time.monotonic()
        sampled.until("SELECT count(*) FROM reminder_times WHERE next_at <= :now", now=rt.clock())
        tell("due until all are written, seconds", round(time.monotonic() - started))
        sampled.until(waiting)
        tell("due until all are handed over, seconds", round(time.monotonic() - started))
        tell("texts, states", number(rt, "SELECT count(*) FROM outbox WHERE state = 'sent' AND lane = 'reminders'"))
        write_different(rt, different)
        rt.queues.enqueue(queues.RELAY, REMINDERS)
        tell(f"{different} different texts handed over, seconds", round(sampled.until(waiting)))
    told = waits(rt)
    tell("receipts meanwhile", len(told))
    if len(told) > 1:
        cuts = statistics.quantiles(told, n=100)
        tell("a receipt waits, p50 / p99 / most, ms", *(round(1000 * one) for one in (cuts[49], cuts[98], told[-1])))
    tell("most texts waiting, most jobs waiting", sampled.texts, sampled.jobs)
    tell("peak memory, MB", {name: peak_mb(pid) for name, pid in pids.items()})


def main(arguments: list[str]) -> None:
    """Seed, start the processes, measure, end them."""
    members, different = (*(int(one) for one in arguments), *(1_000_000, 100_000)[len(arguments) :])
    logs.configure("ERROR")
    forks = multiprocessing.get_context("spawn")
    ours, theirs = forks.Pipe()
    with tempfile.TemporaryDirectory() as folder, Engines(Path(folder)) as engines:
        taker = forks.Process(target=company, args=(theirs,), daemon=True)
        taker.start()
        settings = Settings(
            database_url=engines.database_url,
            redis_url=engines.redis_url,
            secret_key="a secret of the benchmark",
            data_keys=Fernet.generate_key().decode(),
            callback_token="local",
            sertakan_local=True,
            at_api_key="key",
            at_base_url=ours.recv(),
            sms_per_second=20_000,
        )
        start = time.time()
        rt = runtime.build(settings, clock=clock_from(start), statement_seconds=600)
        database.migrate(rt.db)
        publishing.import_folder(rt, MENUS)
        publishing.publish(rt, "sending", _dear(publishing.files_of(MENUS)["sending"]), by="benchmark")
        seed(rt, members)
        tell("members", members)
        running = {queue: forks.Process(target=worker, args=(settings, start, queue), daemon=True) for queue in WORKERS}
        for process in running.values():
            process.start()
        try:
            measure(rt, members, different, {name: process.pid or os.getpid() for name, process in running.items()})
        finally:
            for process in (*running.values(), taker):
                process.terminate()
                process.join()
            rt.db.dispose()


def _dear(files: dict[str, str]) -> dict[str, str]:
    """The rules of sending with a budget that no reminder reaches."""
    return {name: source.replace("daily: 10000000", "daily: 100000000000") for name, source in files.items()}


if __name__ == "__main__":
    main(sys.argv[1:])
