"""Payments told three times each, in a random order, by four senders at once, while the workers that post them die."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

import requests

from tests.builders import PRICE, a_nik, a_pay_code, a_registered_member
from tests.service import Service, until
from ussd_app import runtime
from ussd_app.gateways.console import ConsoleTill
from ussd_app.runtime import Runtime
from ussd_app.settings import SECRETS, SERVICE, Settings

SENDERS, TIMES = 4, 3
WORKER = "worker payments"
# What a killed worker held in its hands is leased for half a minute; then a sweep, every 15 seconds, takes it up.
PATIENCE = 400.0


def inside(service: Service) -> Runtime:
    """A runtime of our own on the database and the secrets of a running service."""
    files = [service.data_dir / name for name in (SECRETS, SERVICE)]
    return runtime.build(Settings(_env_file=files), clock=lambda: datetime.now(UTC))


@dataclass
class PaymentStorm:
    """So many people pay; `killed` counts dead workers, `seconds` how long it took until all was posted."""

    service: Service
    number: int
    seed: int
    killed: int = 0
    seconds: float = 0.0
    answers: dict[int, int] = field(default_factory=dict)

    def rage(self) -> Runtime:
        """Everybody pays, the till tells of it, workers die; the service's own runtime once nothing is left to do."""
        rt = inside(self.service)
        news = self._pay(rt) * TIMES
        random.Random(self.seed).shuffle(news)
        over = threading.Event()
        killer = threading.Thread(target=self._kill, args=(over,))
        started = time.monotonic()
        killer.start()
        with ThreadPoolExecutor(SENDERS) as senders:
            for status in senders.map(self._send, news):
                self.answers[status] = self.answers.get(status, 0) + 1
        until(lambda: self._posted() >= self.number * 3 // 4, PATIENCE)
        over.set()
        killer.join()
        until(lambda: self._posted() == self.number, PATIENCE)
        self.seconds = time.monotonic() - started
        return rt

    def _pay(self, rt: Runtime) -> list[bytes]:
        """Each person's code is paid in cash; the notifications of it, not sent yet."""
        assert isinstance(rt.payment, ConsoleTill)
        news = []
        for one in range(self.number):
            member = a_registered_member(rt, phone=f"+62812800{one:05}", nik=a_nik(one), member_number=f"2{one:010}")
            code = a_pay_code(rt, member, order_id=f"SRT-S{one}")
            assert code.code
            news.append(rt.payment.pay(code.code, PRICE))
        return news

    def _send(self, notification: bytes) -> int:
        address = f"{self.service.url}/callbacks/midtrans/notifications"
        return requests.post(address, data=notification, timeout=30).status_code

    def _kill(self, over: threading.Event) -> None:
        """A worker dies each time some more payments are posted: one that dies as it starts would prove nothing."""
        chance, after = random.Random(self.seed), 0
        while not over.wait(0.02):
            if self._posted() >= after and self.service.pids(WORKER):
                self.service.kill(WORKER)
                self.killed += 1
                after = self._posted() + chance.randint(1, max(2, self.number // 8))

    def _posted(self) -> int:
        (row,) = self.service.rows("SELECT count(*) AS n FROM payment_notifications WHERE state = 'done'")
        return int(row["n"])
