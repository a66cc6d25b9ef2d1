"""How long the pages of the desk take with 200,000 members and 2,000,000 texts, against a tenth of both.

`python -m benchmarks.desk [MEMBERS [TEXTS]]` from the repository root; real PostgreSQL and Valkey. It signs in as an
owner and follows every link from the first page, so that no page is forgotten: one address of each kind. Each is
opened twenty times. A page whose time grows with the tables is named, and one that takes longer than a second.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from sqlalchemy import text
from werkzeug.exceptions import HTTPException

from benchmarks.national import MENUS, SEED
from tests.office import Desk, an_admin
from ussd_app import logs, runtime
from ussd_app.engines import Engines
from ussd_app.runtime import Runtime
from ussd_app.services import publishing
from ussd_app.settings import Settings
from ussd_app.storage import database

ROUNDS = 20
# At ten times the rows a page may take so much longer; below FAST (milliseconds) everything is noise.
GROWS, FAST, SLOW = 2.0, 50.0, 1000.0
LINK = re.compile(r'(?:href|src|data-follows)="(/admin/[^"#]*)"')
ROWS = (
    "INSERT INTO outbox (key, lane, phone, text, message, state, segments, parts, gateway, message_id, due_at, "
    "created_at, handed_at, sent_at, cost, charged, currency) SELECT 'bench:' || i, "
    "(ARRAY['reminders','campaigns','urgent','codes'])[1 + i % 4], '+62812' || lpad((1 + i % :members)::text, 8, '0'), "
    "'Iuran Anda jatuh tempo. Ketik *777#', 'reminder_due', "
    "(ARRAY['delivered','sent','delivered','failed','dead','delivered','no_report','delivered'])[1 + i % 8], "
    "1, 1, 'africastalking', 'm' || i, at, at, at, at, 'IDR 200', 200, 'IDR' "
    "FROM (SELECT i, now() - i * interval '4 seconds' AS at FROM generate_series(1, :texts) i) one",
    "INSERT INTO turns (entry, at, dialogue, transition, menu, version, screen, shown, said, outcome, language, "
    "network, milliseconds) SELECT i || '-0', now() - i * interval '9 seconds', 'd' || i / 8, i % 8, 'main', 1, "
    "(ARRAY['welcome','home_guest','register_nik','register_birth_date'])[1 + i % 4], 'x', '', 'shown', 'id', '510', 3 "
    "FROM generate_series(1, :texts / 2) i",
    "INSERT INTO follow_ups (kind, phone, detail, created_at) SELECT 'dead_number', "
    "'+62812' || lpad(i::text, 8, '0'), '', now() FROM generate_series(1, :members / 100) i",
    "INSERT INTO audit_log (kind, what, by_whom, address, at) SELECT 'member_unmasked', 'member ' || i, 'a@kantor.id', "
    "'', now() FROM generate_series(1, :members) i",
    "INSERT INTO pay_codes (order_id, member_id, phone, language, total, rates_version, channel, gateway, code, state, "
    "next_try_at, created_at, paid_at, purpose) SELECT 'bench' || id, id, phone, 'id', 16800, '1', 'alfamart', "
    "'console', 'c' || id, 'paid', now(), now() - id * interval '30 seconds', now(), 'bench' FROM members",
    "INSERT INTO ledger_transactions (key, kind, at, order_id) SELECT 'settlement:bench' || id, 'settlement', "
    "now() - id * interval '30 seconds', 'bench' || id FROM members",
    "INSERT INTO ledger_entries (transaction_id, account, amount, member_id) SELECT id, account, amount, "
    "substr(order_id, 6)::bigint FROM ledger_transactions, (VALUES ('settlement', 16800), ('received', -16800)) "
    "one (account, amount)",
    "ANALYZE",
)


def fill(rt: Runtime, members: int, texts: int) -> None:
    """So many members who pay, with texts, keypresses, follow-ups, money and an audit log, in place of what was."""
    values = {"members": members, "texts": texts}
    with rt.db.begin() as connection:
        # What a trigger checks of each row is checked elsewhere.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        names = "members, outbox, turns, follow_ups, audit_log, pay_codes, ledger_transactions, ledger_entries"
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        for statement in (*SEED, *ROWS):
            connection.execute(text(statement), {name: values[name] for name in values if f":{name}" in statement})
        connection.execute(text("UPDATE members SET nik = :nik"), {"nik": rt.vault.seal("3173015708900001")})


def pages(desk: Desk) -> dict[str, str]:
    """One address of each kind of page that can be reached by links, by the page's name."""
    app = desk.client.application.extensions["desk"].app
    router = app.url_map.bind("localhost")
    found: dict[str, str] = {}
    # A member is found by a form: no link leads there.
    first = ("/admin/", "/admin/members/7")
    seen, waiting = set(first), deque(first)
    while waiting:
        address = waiting.popleft()
        parts = urlsplit(address)
        try:
            name, _ = router.match(parts.path.removeprefix("/admin"), method="GET")
        except HTTPException:
            continue
        # The language and signing out change something; styles are no pages.
        if name in found or "static" in name:
            continue
        found[name] = address
        response = desk.client.get(address)
        if "html" not in response.content_type:
            continue
        fresh = [link.replace("&amp;", "&") for link in LINK.findall(response.text)]
        waiting.extend(link for link in fresh if link not in seen)
        seen.update(fresh)
    return found


def times(desk: Desk, addresses: dict[str, str]) -> dict[str, tuple[float, float]]:
    """For each page what half of its openings stay below, and what 95 of a hundred do, in milliseconds."""
    result = {}
    for name, address in addresses.items():
        taken = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            response = desk.client.get(address)
            taken.append((time.perf_counter() - started) * 1000)
            if response.status_code >= 400:
                raise SystemExit(f"{address} answered {response.status_code}")
        result[name] = (statistics.median(taken), statistics.quantiles(taken, n=20)[-1])
    return result


def measured(rt: Runtime, members: int, texts: int) -> dict[str, tuple[float, float]]:
    """Fill the tables and open every page."""
    started = time.monotonic()
    fill(rt, members, texts)
    print(f"{members:,} members, {texts:,} texts: filled in {time.monotonic() - started:.0f} s", flush=True)
    desk = Desk(rt)
    desk.sign_in("owner@kantor.id")
    return times(desk, pages(desk))


def main(members: int = 200_000, texts: int = 2_000_000) -> None:
    """Print each page's times at both sizes."""
    logs.configure("ERROR")
    with tempfile.TemporaryDirectory() as folder, Engines(Path(folder), durable=False) as engines:
        settings = Settings(
            database_url=engines.database_url,
            redis_url=engines.redis_url,
            secret_key="for a benchmark only",
            data_keys=Fernet.generate_key().decode(),
            callback_token="local",
            sertakan_local=True,
        )
        rt = runtime.build(settings, clock=lambda: datetime.now(UTC), statement_seconds=600)
        database.migrate(rt.db)
        publishing.import_folder(rt, MENUS)
        an_admin(rt)
        small, large = measured(rt, members // 10, texts // 10), measured(rt, members, texts)
        print(f"{'page':28}{'p50 ms':>10}{'p95 ms':>10}{'at a tenth':>12}{'ratio':>8}")
        for name, (half, most) in sorted(large.items(), key=lambda one: -one[1][1]):
            before = small[name][0] if name in small else half
            ratio = half / before
            mark = "  GROWS" if ratio > GROWS and half > FAST else "  SLOW" if most > SLOW else ""
            print(f"{name:28}{half:10.0f}{most:10.0f}{before:12.0f}{ratio:8.1f}{mark}")
        rt.db.dispose()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
