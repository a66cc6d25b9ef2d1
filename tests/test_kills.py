"""Every process of the running service is killed while people enrol and pay: nothing is lost, nothing doubled.

The moment between a commit and the write to Redis is hit here by chance only; tests/services hits it each time.
"""

from __future__ import annotations

import os
import random
import re
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from tests.service import (
    AGREE,
    MEMBER,
    THANKS,
    Service,
    a_nik,
    register,
    register_whatever_happens,
    until,
    walk_to_consent,
)
from ussd_app.phone import NoAnswer, Phone, Screen

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kills")]

SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
ROUNDS, CROWD, THREADS = 3, 12, 4
# What a killed process held in its hands is leased for a minute; then a sweep, every 15 seconds, takes it up.
LEASE_AND_SWEEP = 100.0


@dataclass
class Town:
    """The service and the people who use it while its processes are killed."""

    service: Service
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))
    niks: dict[str, str] = field(default_factory=dict)

    def person(self) -> tuple[Phone, str]:
        """Somebody new: their phone and their NIK."""
        number = f"+62812910{len(self.niks):05d}"
        self.niks[number] = a_nik(1000 + len(self.niks))
        return self.service.phone(number), self.niks[number]

    def kill_soon(self, what: str, most: float = 0.15) -> None:
        """Kill a process of this kind within the next moment."""
        time.sleep(self.chance.uniform(0, most))
        self.service.kill(what, self.chance.randrange(8))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A running service that nobody knows yet."""
    sys.stderr.write(f"\nSEED={SEED} repeats these kills\n")
    with Service(tmp_path_factory.mktemp("kills") / "var") as running:
        yield Town(running)


def until_it_says(phone: Phone, words: str) -> Screen:
    """Send the same request again until its screen comes back.

    Until then there may be no reply, a polite sentence, or the screen before: a killed process held the caller's
    turn, and ten seconds pass before another may take it.
    """

    def again() -> list[Screen]:
        try:
            screen = phone.again()
        except NoAnswer:
            return []
        assert screen.status == 200, screen
        return [screen] if words in screen.text else []

    return until(again)[0]


@pytest.mark.parametrize("what", ["valkey", "postgres", "web", "web server"])
def test_a_dialogue_goes_on_where_it_was_after_a_kill(town: Town, what: str) -> None:
    until(town.service.is_whole)
    phone, nik = town.person()
    before = walk_to_consent(phone, nik)
    town.service.kill(what)
    assert until_it_says(phone, AGREE) == before  # the reply may have been lost: the same request, the same screen
    with suppress(NoAnswer):
        phone.answer("1")
    last = until_it_says(phone, THANKS)
    town.service.kill(what)
    assert until_it_says(phone, THANKS) == last


class Storm:
    """People enrol and pay while process after process is killed; then everybody waits for what is still due."""

    def __init__(self, town: Town) -> None:
        self.town, self.service, self.chance = town, town.service, town.chance
        self.paid: dict[str, int] = {}  # the HTTP status of each payment by code

    def rage(self) -> None:
        """All of it, in the order of a bad day."""
        until(self.service.is_whole)
        self.kill_the_worker_that_registers()
        self.kill_everything_while_a_crowd_enrols()
        self.pay_while_payments_and_relay_are_killed()
        until(self.is_calm, LEASE_AND_SWEEP, pause=0.3)
        until(self.service.is_whole)

    def kill_the_worker_that_registers(self) -> None:
        """Each time right after somebody agreed; once it does not even see the job."""
        for number in range(ROUNDS):
            phone, nik = self.town.person()
            walk_to_consent(phone, nik)
            asleep = self.service.pids("worker registration") if number == 0 else []
            for pid in asleep:
                os.kill(pid, signal.SIGSTOP)
            assert phone.answer("1").text.startswith(THANKS)
            self.town.kill_soon("worker registration", 0.03)

    def kill_everything_while_a_crowd_enrols(self) -> None:
        """Callers redial after every failure, as people do."""
        targets = ["web"] * 4 + ["postgres", "valkey", "web server", "web", "worker registration", "scheduler"]
        with ThreadPoolExecutor(THREADS) as callers:
            crowd = [callers.submit(register_whatever_happens, *self.town.person()) for _ in range(CROWD)]
            for what in self.chance.sample(targets, len(targets)):
                self.town.kill_soon(what, 0.8)
        for enrolled in crowd:
            enrolled.result()

    def pay_while_payments_and_relay_are_killed(self) -> None:
        """Each person pays as soon as their code can be read."""
        until(self.service.is_whole)
        hits = ["worker payments"] * 3 + ["worker sms-urgent", "worker sms-codes"] * 2 + ["valkey"]
        self.chance.shuffle(hits)
        deadline = time.monotonic() + LEASE_AND_SWEEP
        while len(self.paid) < len(self.town.niks):
            assert time.monotonic() < deadline, f"{len(self.paid)} of {len(self.town.niks)} have a pay code"
            for row in self.service.rows("SELECT code, total FROM pay_codes WHERE state = 'open'"):
                if row["code"] not in self.paid:
                    self.paid[row["code"]] = self.service.pay(row["code"], row["total"]).status_code
                    if hits:
                        self.town.kill_soon(hits.pop(), 0.05)
            time.sleep(0.2)

    def is_calm(self) -> bool:
        """Whether nothing is left to be done."""
        [left] = self.service.rows(
            "SELECT (SELECT count(*) FROM registrations WHERE state NOT IN ('confirmed', 'refused')) "
            "+ (SELECT count(*) FROM pay_codes WHERE state <> 'paid') "
            "+ (SELECT count(*) FROM payment_notifications WHERE state = 'waiting') "
            "+ (SELECT count(*) FROM outbox WHERE state IN ('waiting', 'handing_over') AND due_at <= now()) AS things"
        )
        return bool(left["things"] == 0)


@pytest.fixture(scope="module")
def after_the_storm(town: Town) -> Town:
    """The town when the storm is over and what was due has been done."""
    Storm(town).rage()
    return town


def test_every_person_is_registered_exactly_once(after_the_storm: Town) -> None:
    found = after_the_storm.service.rows(
        "SELECT phone, count(*) AS members, "
        "(SELECT count(*) FROM registrations r JOIN members o ON o.id = r.member_id "
        " WHERE o.phone = m.phone AND r.state = 'confirmed') AS confirmed, "
        "(SELECT count(*) FROM registrations r JOIN members o ON o.id = r.member_id WHERE o.phone = m.phone) AS filed, "
        "(SELECT count(*) FROM consents c WHERE c.phone = m.phone) AS consents, "
        "(SELECT count(*) FROM pay_codes c WHERE c.phone = m.phone) AS codes "
        "FROM members m GROUP BY phone"
    )
    assert {row.pop("phone") for row in found} == after_the_storm.niks.keys()
    assert all(set(row.values()) == {1} for row in found), found


@pytest.mark.parametrize("kind", ["pay_code", "receipt"])
def test_every_person_has_one_text_that_arrived_once_or_is_honestly_unknown(after_the_storm: Town, kind: str) -> None:
    rows = after_the_storm.service.rows(
        "SELECT phone, state, attempts FROM outbox WHERE key LIKE %(key)s", {"key": f"{kind}:%"}
    )
    assert sorted(row["phone"] for row in rows) == sorted(after_the_storm.niks)
    assert {(row["state"], row["attempts"]) for row in rows} <= {("sent", 1), ("unknown", 1)}, rows
    word = "Nomor bayar" if kind == "pay_code" else "diterima"
    for row in rows:
        received = [sms for sms in after_the_storm.service.messages(row["phone"]) if word in sms["text"]]
        assert len(received) == (row["state"] == "sent")


def test_every_rupiah_is_in_the_books_once(after_the_storm: Town) -> None:
    service = after_the_storm.service
    assert (
        service.rows("SELECT transaction_id FROM ledger_entries GROUP BY transaction_id HAVING sum(amount) <> 0") == []
    )
    [books] = service.rows(
        "SELECT (SELECT sum(total) FROM pay_codes) AS asked, "
        "(SELECT sum(amount) FROM console_charges WHERE paid_at IS NOT NULL) AS taken, "
        "(SELECT sum(e.amount) FROM ledger_entries e JOIN ledger_transactions t ON t.id = transaction_id "
        " WHERE kind = 'settlement' AND e.amount > 0 AND account = 'settlement') AS posted, "
        "(SELECT sum(amount) FROM contribution_months) AS months, (SELECT sum(amount) FROM ledger_entries) AS balance"
    )
    assert books.pop("balance") == 0
    assert len(set(books.values())) == 1, books
    months = service.rows("SELECT count(*) AS months FROM contribution_months GROUP BY member_id")
    assert [row["months"] for row in months] == [3] * len(after_the_storm.niks)


def test_whoever_missed_a_text_can_still_read_everything_by_dialling(after_the_storm: Town) -> None:
    for number in after_the_storm.niks:
        assert any(words in after_the_storm.service.phone(number).dial().text for words in MEMBER[1:3])


def test_not_even_what_went_wrong_is_logged_with_a_number_a_nik_or_the_token(after_the_storm: Town) -> None:
    said = after_the_storm.service.said()
    assert "was ended by SIGKILL and was started again." in said
    assert after_the_storm.service.token not in said
    assert not re.search(r"(?<!\d)\d{16}(?!\d)", said)
    assert not [number for number in after_the_storm.niks if number[3:] in said]


def test_even_when_the_supervisor_is_killed_nothing_stays_behind_and_nothing_is_lost(after_the_storm: Town) -> None:
    service = after_the_storm.service
    before = service.rows("SELECT phone FROM members ORDER BY id")
    assert service.stop(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: not service.processes())
    service.start()
    assert service.rows("SELECT phone FROM members ORDER BY id") == before
    phone, nik = after_the_storm.person()
    register(phone, nik)
    service.message(phone.number, "Nomor bayar")
