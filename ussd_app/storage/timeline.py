"""Everything that happened to one person, read from wherever it is kept, the newest first, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Place:
    """Where in a list a page ended: the moment, the kind and the number of the last thing on it."""

    at: datetime
    kind: str
    id: int


@dataclass(frozen=True)
class Event:
    """Something that happened: `id` is its number among those of its kind, `facts` what is known of it."""

    at: datetime
    kind: str
    id: int
    facts: Mapping[str, Any]

    @property
    def place(self) -> Place:
        """Where it stands in a list."""
        return Place(self.at, self.kind, self.id)


@dataclass(frozen=True)
class Number:
    """A phone number while it was somebody's, and the keyed hash by which the journal knows it."""

    phone: str
    mark: str
    since: datetime | None = None
    until: datetime | None = None


_NUMBERS = (
    "unnest(CAST(:phones AS text[]), CAST(:marks AS text[]), CAST(:since AS timestamptz[]), "
    "CAST(:until AS timestamptz[])) AS n (phone, mark, since, until)"
)
# A statement says THEIRS for the numbers, AT THAT TIME for when each was.
_THEN = "BETWEEN coalesce(n.since, '-infinity') AND coalesce(n.until, 'infinity')"
# What only a phone number tells whose it is.
OF_NUMBERS = {
    "dialogue": "SELECT t.at, split_part(t.entry, '-', 1)::bigint * 1000 + split_part(t.entry, '-', 2)::bigint AS id, "
    "jsonb_build_object('dialogue', t.dialogue, 'menu', t.menu, 'network', t.network) AS facts "
    "FROM THEIRS JOIN turns t ON t.caller <> '' AND t.caller = n.mark AND t.at AT THAT TIME",
    "sms": "SELECT o.created_at AS at, o.id, jsonb_build_object('text', o.text, 'message', o.message, 'lane', o.lane, "
    "'state', o.state, 'reason', o.reason, 'sent_at', o.sent_at, 'repeat', o.repeat_of IS NOT NULL) AS facts "
    "FROM THEIRS JOIN outbox o ON o.phone = n.phone AND o.created_at AT THAT TIME",
    "incoming": "SELECT i.received_at AS at, i.id, jsonb_build_object('sealed', i.text, 'state', i.state, "
    "'answer', i.answer) AS facts FROM THEIRS JOIN inbound_sms i ON i.phone = n.phone AND i.received_at AT THAT TIME",
    "stop": "SELECT s.at, s.id, jsonb_build_object('topic', s.topic, 'channel', s.channel, 'ended_at', s.ended_at, "
    "'until', s.until) AS facts FROM THEIRS JOIN stops s ON s.phone = n.phone AND s.at AT THAT TIME",
    "follow_up": "SELECT f.created_at AS at, f.id, jsonb_build_object('kind', f.kind, 'done_at', f.done_at, "
    "'done_by', f.done_by) AS facts FROM THEIRS JOIN follow_ups f ON f.phone = n.phone AND f.phone <> '' "
    "AND f.created_at AT THAT TIME",
}
_CODE = (
    "SELECT created_at AS at, id, jsonb_build_object('order', order_id, 'code', code, 'state', state, 'total', total, "
    "'channel', channel, 'paid_at', paid_at, 'expires_at', expires_at) AS facts FROM pay_codes WHERE {whose} = :person"
)
_PAYMENT = (
    "SELECT t.at, t.id, jsonb_build_object('kind', t.kind, 'order', t.order_id, 'amount', -e.amount) AS facts "
    "FROM (SELECT transaction_id, sum(amount) AS amount FROM ledger_entries WHERE {whose} = :person "
    "AND account IN ('member_credit', 'sponsor_credit') GROUP BY transaction_id) e "
    "JOIN ledger_transactions t ON t.id = e.transaction_id"
)
_REFUND = (
    "SELECT created_at AS at, id, jsonb_build_object('amount', amount, 'reason', reason, 'state', state, "
    "'paid_at', paid_at) AS facts FROM refunds WHERE {whose} = :person"
)
OF_MEMBER = {
    "consent": "SELECT at, id, jsonb_build_object('purpose', purpose, 'version', text_version, 'text', text, "
    "'language', language, 'channel', channel, 'withdrawn_at', withdrawn_at) AS facts "
    "FROM consents WHERE member_id = :person",
    "registration": "SELECT created_at AS at, id, jsonb_build_object('state', state, 'reason', reason, "
    "'filed_at', filed_at) AS facts FROM registrations WHERE member_id = :person",
    "code": _CODE.format(whose="member_id"),
    "payment": _PAYMENT.format(whose="member_id"),
    "month": "SELECT received_at AS at, month - date '2000-01-01' AS id, jsonb_build_object('month', month, "
    "'state', CASE WHEN answer = 'refused' THEN answer ELSE state END, 'amount', amount, 'sponsor', sponsor_id) "
    "AS facts FROM contribution_months WHERE member_id = :person",
    "refused_month": "SELECT refused_at AS at, month - date '2000-01-01' AS id, jsonb_build_object('month', month, "
    "'reason', reason, 'returned_at', returned_at) AS facts FROM refused_months WHERE member_id = :person",
    "refund": _REFUND.format(whose="member_id"),
    "number": "SELECT created_at AS at, id, jsonb_build_object('old', old_phone, 'new', new_phone, 'proof', proof, "
    "'state', state, 'due_at', due_at) AS facts FROM phone_changes WHERE member_id = :person",
    "sponsor": "SELECT since AS at, sponsor_id AS id, jsonb_build_object('ended_at', ended_at, 'ended_by', ended_by) "
    "AS facts FROM sponsorships WHERE member_id = :person",
    "invitation": "SELECT asked_at AS at, id, jsonb_build_object('sponsor', sponsor_id, 'state', state, "
    "'by', consent_by, 'answered_at', answered_at) AS facts FROM invitations WHERE member_id = :person",
}
OF_SPONSOR = {
    "code": _CODE.format(whose="sponsor_id"),
    "payment": _PAYMENT.format(whose="sponsor_id"),
    "refund": _REFUND.format(whose="sponsor_id"),
    "roster": "SELECT created_at AS at, id, jsonb_build_object('people', people, 'total', total, 'by', uploaded_by) "
    "AS facts FROM rosters WHERE sponsor_id = :person",
    "invitation": "SELECT asked_at AS at, id, jsonb_build_object('member', member_id, 'state', state, "
    "'by', consent_by, 'answered_at', answered_at) AS facts FROM invitations WHERE sponsor_id = :person "
    "AND roster_id IS NULL",
}
# What people of the office did: corrections apart, because more may know of them.
CORRECTED = "member.corrected"
OF_OFFICE = {
    "correction": "SELECT at, id, jsonb_build_object('by', by_whom, 'before', before, 'after', after) AS facts "
    "FROM audit_log WHERE what = :what AND kind = :corrected",
    "act": "SELECT at, id, jsonb_build_object('kind', kind, 'by', by_whom, 'before', before, 'after', after) AS facts "
    "FROM audit_log WHERE what = :what AND kind <> :corrected",
}
SOURCES = {"member": OF_MEMBER, "sponsor": OF_SPONSOR}


def page(
    connection: Connection,
    whose: str,
    person: int,
    numbers: Sequence[Number],
    kinds: Sequence[str],
    after: Place | None,
    most: int,
) -> list[Event]:
    """What happened to a `member` or `sponsor` before a place in the list, the newest first, of these kinds only."""
    known = {**SOURCES[whose], **OF_NUMBERS, **OF_OFFICE}
    values = {
        "person": person,
        "what": f"{whose} {person}",
        "corrected": CORRECTED,
        "phones": [one.phone for one in numbers],
        "marks": [one.mark for one in numbers],
        "since": [one.since for one in numbers],
        "until": [one.until for one in numbers],
        "most": most,
    }
    found: list[Event] = []
    for kind in kinds:
        beyond, more = _beyond(kind, after)
        source = known[kind].replace("THEIRS", _NUMBERS).replace("AT THAT TIME", _THEN)
        rows = connection.execute(
            text(f"SELECT at, id, facts FROM ({source}) s {beyond} ORDER BY at DESC, id DESC LIMIT :most"),  # noqa: S608  # our own words
            {**values, **more},
        )
        found += [Event(row.at, kind, int(row.id), _facts(row.facts)) for row in rows]
    return sorted(found, key=lambda one: (one.at, one.kind, one.id), reverse=True)[:most]


def _facts(told: Mapping[str, Any]) -> dict[str, Any]:
    """Facts with their moments and months as such: JSON has only words for them."""
    facts = dict(told)
    for name, value in told.items():
        if value and (name.endswith("_at") or name == "until"):
            facts[name] = datetime.fromisoformat(value)
        elif value and name == "month":
            facts[name] = date.fromisoformat(value)
    return facts


def _beyond(kind: str, after: Place | None) -> tuple[str, dict[str, object]]:
    """What of a kind comes after a place: at the same moment kinds follow each other by name, backwards."""
    if after is None:
        return "", {}
    if kind > after.kind:
        return "WHERE at < :at", {"at": after.at}
    if kind < after.kind:
        return "WHERE at <= :at", {"at": after.at}
    return "WHERE (at, id) < (:at, :id)", {"at": after.at, "id": after.id}
