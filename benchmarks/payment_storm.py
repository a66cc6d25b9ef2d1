"""A thousand payments, each told three times by four senders at once, while the workers that post them are killed.

`python -m benchmarks.payment_storm [NUMBER [SEED]]` from the repository root; exit 1 when a rupiah is missing or twice.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.builders import PRICE
from tests.payment_storm import SENDERS, TIMES, PaymentStorm
from tests.service import Service
from ussd_app.services import books
from ussd_app.storage import ledger

NUMBER = 1_000


def main(arguments: list[str]) -> int:
    """Let it rage and compare the ledger with the payments; the exit code."""
    number = int(arguments[0]) if arguments else NUMBER
    seed = int(arguments[1]) if arguments[1:] else 1
    with tempfile.TemporaryDirectory() as folder, Service(Path(folder) / "var") as service:
        storm = PaymentStorm(service, number, seed)
        rt = storm.rage()
        with rt.db.connect() as connection:
            balances = ledger.balances(connection)
        faults = books.check(rt)
        rt.db.dispose()
    print(f"{number} payments, each told {TIMES} times by {SENDERS} senders at once; answers {storm.answers}")
    print(f"{storm.killed} workers killed, all posted after {storm.seconds:.1f} s")
    print(f"settled Rp{balances['settlement']:,}, paid Rp{number * PRICE:,}, faults of the books: {len(faults)}")
    print(*faults, sep="\n")
    return 1 if faults or balances["settlement"] != number * PRICE else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
