"""Thousands of texts by a company that is slow, fails and refuses, while the relays that hand them over are killed.

By hand: `python -m tests.relay_storm [TEXTS] [KILLS] [SEED]` prints what became of them; 10,000 and 20 by default.
"""

from __future__ import annotations

import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.africastalking import Asked, FakeAfricasTalking
from tests.payment_storm import inside
from tests.service import Service, until
from ussd_app.domain import gsm7
from ussd_app.runtime import Runtime
from ussd_app.storage import outbox
from ussd_app.storage.outbox import LANES, Outgoing

# A killed relay's texts are leased for half a minute, and one that is to be tried again waits as long.
PATIENCE = 600.0
FINAL = ("sent", "dead", "unknown")
Text = tuple[str, str]
"""Number and words: there is one row of the outbox for each."""


class BadDays(FakeAfricasTalking):
    """Africa's Talking when nothing goes well; `troubled` are the texts of every call that was not answered in time."""

    def __init__(self, seed: int) -> None:
        super().__init__("key", keep_alive=True)
        self.troubled: set[Text] = set()
        self.calls: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._asked: Counter[str] = Counter()

    def answer(self, asked: Asked, path: str) -> tuple[int, bytes] | None:
        """Slow, and one call in twenty-five goes wrong: refused before or lost after the texts were taken."""
        with self._lock:
            fate, slow = self._chance.random(), self._chance.uniform(0.0, 0.03)
            kind = "500" if fate < 0.03 else "hang up" if fate < 0.035 else "time out" if fate < 0.04 else "answer"
            self.calls[kind] += 1
            if kind != "answer":
                self.troubled |= {(number, asked.message) for number in asked.to}
        if kind == "500":
            return 500, b"<html>Internal Server Error</html>"
        answered = super().answer(asked, path)
        # The caller waits for nine seconds.
        self._closing.wait(10.0 if kind == "time out" else slow)
        return None if kind == "hang up" else answered

    def _take(self, number: str, text: str) -> dict[str, Any]:
        """Some numbers are refused for ever, some at first."""
        with self._lock:
            self._asked[number] += 1
            first = self._asked[number] == 1
        code = {"0": 406, "1": 403}.get(number[-2]) if number[-1] == "7" else None
        if number[-2:] == "97" and first:
            code = 407
        if code:
            self.codes[number] = code
        else:
            self.codes.pop(number, None)
        return super()._take(number, text)


@dataclass
class RelayStorm:
    """So many texts on all lanes, relays killed so many times; `interrupted`: what they had in hand when they died."""

    service: Service
    company: BadDays
    texts: int
    kills: int
    seed: int
    killed: int = 0
    seconds: float = 0.0
    interrupted: set[Text] = field(default_factory=set)

    def rage(self) -> None:
        """Everything is written down, relays are killed in the middle of calls; over when every text is settled."""
        rt = inside(self.service)
        started = time.monotonic()
        self._write(rt)
        over = threading.Event()
        killer = threading.Thread(target=self._kill, args=(over,))
        killer.start()
        try:
            until(lambda: self._settled() == self.texts, PATIENCE, pause=0.5)
        finally:
            over.set()
            killer.join()
            rt.db.dispose()
        self.seconds = time.monotonic() - started

    def _write(self, rt: Runtime) -> None:
        """Every third text says the same as others of its lane; the rest is different for everybody."""
        letters = []
        for one in range(self.texts):
            words = "Iuran jatuh tempo besok" if one % 3 == 0 else f"Iuran {one} jatuh tempo besok"
            key, lane = f"storm:{one}", LANES[one % len(LANES)]
            letters.append(Outgoing(key, lane, f"+62812{one:08}", words, gsm7.size(words).segments))
        now = rt.clock()
        with rt.db.begin() as connection:
            outbox.add_many(connection, letters, [now] * len(letters), now)

    def _kill(self, over: threading.Event) -> None:
        """A relay dies each time that some more texts are settled, in the middle of a call."""
        chance, after = random.Random(self.seed), 0
        while self.killed < self.kills and not over.wait(0.02):
            busy = self._in_hand()
            lanes = sorted({row["lane"] for row in busy})
            if self._settled() < after or not lanes:
                continue
            lane = chance.choice(lanes)
            if not self.service.pids(f"worker sms-{lane}"):
                continue
            self.service.kill(f"worker sms-{lane}")
            self.killed += 1
            self.interrupted |= {(row["phone"], row["text"]) for row in self._in_hand(lane)}
            after = self._settled() + chance.randint(1, max(2, self.texts // (2 * self.kills)))

    def _in_hand(self, lane: str = "") -> list[dict[str, Any]]:
        """Texts that somebody is handing over at this moment, or was when they died."""
        return self.service.rows(
            "SELECT lane, phone, text FROM outbox WHERE state = 'handing_over' AND lane LIKE %(lane)s "
            "AND (%(lane)s <> '%%' OR handed_at > now() - interval '0.2 seconds')",
            {"lane": lane or "%"},
        )

    def _settled(self) -> int:
        (row,) = self.service.rows("SELECT count(*) AS n FROM outbox WHERE state = ANY(%(final)s)", {"final": [*FINAL]})
        return int(row["n"])

    # ---- what became of them

    def states(self) -> Mapping[str, int]:
        """How many texts are in each state."""
        return {
            row["state"]: row["n"] for row in self.service.rows("SELECT state, count(*) AS n FROM outbox GROUP BY 1")
        }

    def unknown(self) -> set[Text]:
        """The texts of which nobody knows."""
        found = self.service.rows("SELECT phone, text FROM outbox WHERE state = 'unknown'")
        return {(row["phone"], row["text"]) for row in found}

    def sent(self) -> set[Text]:
        """The texts that count as sent."""
        return {
            (row["phone"], row["text"])
            for row in self.service.rows("SELECT phone, text FROM outbox WHERE state = 'sent'")
        }

    def accepted(self) -> Counter[Text]:
        """How many times the company has taken each text."""
        return Counter((taken.to, taken.text) for taken in self.company.taken)


def main(arguments: list[str]) -> None:
    """Let it rage and tell the numbers."""
    texts, kills, seed = (
        *(int(one) for one in arguments),
        *(10_000, 20, random.SystemRandom().randrange(10**6))[len(arguments) :],
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        BadDays(seed) as company,
        Service(Path(folder) / "var", AT_API_KEY="key", AT_BASE_URL=company.url, SMS_PER_SECOND="20000") as service,
    ):
        storm = RelayStorm(service, company, texts, kills, seed)
        storm.rage()
        accepted, unknown = storm.accepted(), storm.unknown()
        told = {
            "seed": seed,
            "seconds": round(storm.seconds),
            "killed": storm.killed,
            "states": dict(storm.states()),
            "calls": dict(company.calls),
            "accepted twice": sum(number > 1 for number in accepted.values()),
            "sent but not accepted": len(storm.sent() - set(accepted)),
            "in interrupted calls": len(storm.interrupted),
            "in calls without an answer": len(company.troubled),
            "unknown for no reason": len(unknown - storm.interrupted - company.troubled),
            "unknown and accepted": len(unknown & set(accepted)),
        }
    sys.stdout.write("".join(f"{name}: {value}\n" for name, value in told.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
