"""Pay codes and the books as the desk lists them: page by page, month by month, and each day's sums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Row, text

from ussd_app.domain.ledger import Payer

# Rows that are fetched at once of a list that may be long.
BATCH = 2_000


@dataclass(frozen=True)
class Listed:
    """A pay code in a list; sums are whole rupiah, moments UTC, `reason` says why it could not be made."""

    id: int
    order_id: str
    code: str | None
    payer: Payer
    total: int
    fee: int
    provider_fee: int
    credit: int
    kind: str
    channel: str
    state: str
    reason: str
    created_at: datetime
    expires_at: datetime | None
    paid_at: datetime | None


_LISTED = (
    "SELECT id, order_id, code, member_id, sponsor_id, total, fee, provider_fee, credit, kind, channel, state, reason, "
    "created_at, expires_at, paid_at FROM pay_codes "
)


def _listed(row: Row[tuple[object, ...]]) -> Listed:
    fields = dict(row._mapping)
    return Listed(payer=Payer(fields.pop("member_id"), fields.pop("sponsor_id")), **fields)


def page(connection: Connection, state: str, before: int | None, most: int) -> list[Listed]:
    """Pay codes, the newest first, of a state when one is named; those below a number."""
    rows = connection.execute(
        text(
            f"{_LISTED} WHERE {'state = :state' if state else 'true'} "
            "AND (CAST(:before AS bigint) IS NULL OR id < :before) ORDER BY id DESC LIMIT :most"
        ),
        {"before": before, "most": most} | ({"state": state} if state else {}),
    )
    return [_listed(row) for row in rows]


def one(connection: Connection, order_id: str) -> Listed | None:
    """The pay code of an order."""
    row = connection.execute(text(_LISTED + "WHERE order_id = :order"), {"order": order_id}).one_or_none()
    return _listed(row) if row else None


def said(connection: Connection, words: str) -> list[str]:
    """The orders that somebody means: by the order's own name, or by the code that is typed in at the till."""
    rows = connection.execute(
        text(
            "SELECT order_id FROM pay_codes WHERE order_id = :words UNION SELECT order_id FROM pay_codes "
            "WHERE code = :words ORDER BY order_id LIMIT 20"
        ),
        {"words": words},
    )
    return list(rows.scalars())


def paid_between(connection: Connection, first: datetime, end: datetime) -> Iterator[Listed]:
    """What was paid from a moment to another, the earliest first."""
    rows = connection.execution_options(yield_per=BATCH).execute(
        text(_LISTED + "WHERE paid_at >= :first AND paid_at < :end ORDER BY paid_at, id"), {"first": first, "end": end}
    )
    return map(_listed, rows)


@dataclass(frozen=True)
class Posted:
    """An entry of the books with its transaction; whole rupiah, debit positive."""

    transaction_id: int
    at: datetime
    key: str
    kind: str
    account: str
    member_id: int | None
    sponsor_id: int | None
    month: date | None
    amount: int


def posted_between(connection: Connection, first: datetime, end: datetime) -> Iterator[Posted]:
    """Every entry of the books from a moment to another, the earliest first."""
    rows = connection.execution_options(yield_per=BATCH).execute(
        text(
            "SELECT t.id, t.at, t.key, t.kind, e.account, e.member_id, e.sponsor_id, e.month, e.amount "
            "FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id "
            "WHERE t.at >= :first AND t.at < :end ORDER BY t.at, t.id, e.id"
        ),
        {"first": first, "end": end},
    )
    return (Posted(*row) for row in rows)


@dataclass(frozen=True)
class Day:
    """What one day brought, whole rupiah: codes paid and what the books took in for them, which should be the same."""

    day: date
    codes: int
    paid: int
    received: int
    fees: int
    sent_on: int
    given_back: int


def day_sums(connection: Connection, day: date, first: datetime, end: datetime) -> Day:
    """The sums of a day that lasts from a moment to another."""
    between = {"first": first, "end": end}
    codes = connection.execute(
        text("SELECT count(*), coalesce(sum(total), 0) FROM pay_codes WHERE paid_at >= :first AND paid_at < :end"),
        between,
    ).one()
    sums = connection.execute(
        text(
            "SELECT coalesce(sum(e.amount) FILTER (WHERE t.kind = 'settlement' AND e.account = 'settlement'), 0), "
            "coalesce(sum(e.amount) FILTER (WHERE t.kind = 'fee' AND e.account = 'fees'), 0), "
            "coalesce(-sum(e.amount) FILTER (WHERE t.kind = 'remittance' AND e.account = 'remitted'), 0), "
            "coalesce(-sum(e.amount) FILTER (WHERE t.kind IN ('refund_paid', 'taken_back') "
            "AND e.account = 'settlement'), 0) "
            "FROM ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id "
            "WHERE t.at >= :first AND t.at < :end"
        ),
        between,
    ).one()
    return Day(day, int(codes[0]), int(codes[1]), *map(int, sums))


def to_be_asked(connection: Connection, gateway: str, since: datetime, most: int) -> int:
    """How many codes the company has not been asked about since a moment; no more than `most` are counted."""
    return int(
        connection.execute(
            text(
                "SELECT count(*) FROM (SELECT 1 FROM pay_codes WHERE gateway = :gateway "
                "AND state IN ('open', 'expired') AND expires_at > CAST(:since AS timestamptz) - interval '7 days' "
                "AND (asked_at IS NULL OR asked_at < :since) LIMIT :most) counted"
            ),
            {"gateway": gateway, "since": since, "most": most},
        ).scalar_one()
    )


def ask_soon(connection: Connection, order_id: str, now: datetime) -> bool:
    """Have the company asked about an order with the next run; False when it was never made there."""
    done = connection.execute(
        text(
            "UPDATE pay_codes SET asked_at = NULL, ask_back_at = CASE WHEN state = 'paid' THEN "
            "CAST(:now AS timestamptz) END WHERE order_id = :order AND gateway IS NOT NULL"
        ),
        {"order": order_id, "now": now},
    )
    return done.rowcount > 0
