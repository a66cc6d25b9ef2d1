"""What is kept about a person, everywhere: gathered for them, stopped, and emptied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

# Everything about a member, table by table. What is encrypted is opened by the service, which also leaves out what
# only the service can use (hashes, the PIN).
OF_MEMBER = {
    "member": "SELECT * FROM members WHERE id = :member",
    "plans": "SELECT from_month, sector, package, wage FROM member_plans WHERE member_id = :member",
    "registrations": "SELECT * FROM registrations WHERE member_id = :member",
    "consents": "SELECT * FROM consents WHERE member_id = :member",
    "invitations": "SELECT i.*, s.name AS sponsor FROM invitations i JOIN sponsors s ON s.id = i.sponsor_id "
    "WHERE i.member_id = :member OR i.nik_index = (SELECT nik_index FROM members WHERE id = :member)",
    "sponsorships": "SELECT s.name AS sponsor, p.months, p.since, p.ended_at, p.ended_by FROM sponsorships p "
    "JOIN sponsors s ON s.id = p.sponsor_id WHERE p.member_id = :member",
    "phone_changes": "SELECT * FROM phone_changes WHERE member_id = :member",
    "pay_codes": "SELECT * FROM pay_codes WHERE member_id = :member",
    "pay_code_lines": "SELECT * FROM pay_code_lines WHERE member_id = :member",
    "contribution_months": "SELECT * FROM contribution_months WHERE member_id = :member",
    "refused_months": "SELECT * FROM refused_months WHERE member_id = :member",
    "ledger": "SELECT t.at, t.kind, t.order_id, e.account, e.amount, e.month FROM ledger_entries e "
    "JOIN ledger_transactions t ON t.id = e.transaction_id WHERE e.member_id = :member",
    "refunds": "SELECT * FROM refunds WHERE member_id = :member",
    "pay_days": "SELECT kind, days, changed_at FROM pay_days WHERE member_id = :member",
    "reminders": "SELECT month, step, day FROM reminders_sent WHERE kind = 'member' AND person = :member",
}
# What only the number tells whose it is: told to a person, and emptied, where nobody else uses that number.
OF_PHONE = {
    "phone": "SELECT * FROM phones WHERE phone = :phone",
    "outgoing_sms": "SELECT created_at, sent_at, text, state FROM outbox WHERE phone = :phone",
    "incoming_sms": "SELECT message_id, received_at, text FROM inbound_sms WHERE phone = :phone",
    "delivery_reports": "SELECT received_at, status, reason FROM delivery_reports WHERE phone = :phone",
    "sessions": "SELECT session_id, status, duration_ms, received_at FROM session_ends WHERE phone = :phone",
    "stops": "SELECT topic, channel, reason, at, ended_at FROM stops WHERE phone = :phone",
    "education": "SELECT language, text, channel, reference, begun_at, step, ended, ended_at FROM contacts "
    "WHERE phone = :phone",
    "campaigns": "SELECT c.name, p.variant, p.state, p.released_at FROM campaign_people p "
    "JOIN campaigns c ON c.id = p.campaign_id WHERE p.phone = :phone",
    "follow_ups": "SELECT kind, detail, created_at, done_at FROM follow_ups WHERE phone = :phone",
    "follow_up_notes": "SELECT f.kind, n.note, n.at FROM follow_up_notes n JOIN follow_ups f ON f.id = n.follow_up_id "
    "WHERE f.phone = :phone",
}
_TURNS = "dialogue = ANY(:dialogues) OR split_part(dialogue, '-', 1) = ANY(:dialogues)"


def gather(connection: Connection, queries: dict[str, str], **values: object) -> dict[str, list[dict[str, Any]]]:
    """The rows of each query, by its name."""
    return {
        name: [dict(row) for row in connection.execute(text(query), values).mappings()]
        for name, query in queries.items()
    }


def turns(connection: Connection, dialogues: Sequence[str]) -> list[dict[str, Any]]:
    """What was done in these dialogues, screen by screen."""
    rows = connection.execute(
        text(f"SELECT at, menu, screen, said, outcome FROM turns WHERE {_TURNS} ORDER BY at"),  # noqa: S608
        {"dialogues": list(dialogues)},
    )
    return [dict(row) for row in rows.mappings()]


def stop(connection: Connection, member_id: int, by: str, now: datetime) -> bool:
    """Consent is withdrawn: nothing of this member is processed any more; False when that was so already.

    A registration that is not filed yet never will be; sponsors pay for them no more and ask them no more.
    """
    values = {"member": member_id, "by": by, "now": now}
    done = connection.execute(
        text(
            "UPDATE members SET state = 'left', state_at = :now, pin = NULL WHERE id = :member AND state = 'here' "
            "RETURNING id"
        ),
        values,
    ).scalar_one_or_none()
    if done is None:
        return False
    for statement in (
        "UPDATE consents SET withdrawn_at = :now, withdrawn_by = :by WHERE member_id = :member "
        "AND withdrawn_at IS NULL",
        "UPDATE registrations SET state = 'refused', reason = 'left', lease_until = NULL WHERE member_id = :member "
        "AND state = 'accepted'",
        "UPDATE sponsorships SET ended_at = :now, ended_by = 'member', picked = false WHERE member_id = :member "
        "AND ended_at IS NULL",
        "UPDATE invitations SET state = 'refused', answered_at = :now WHERE state = 'asked' "
        "AND nik_index = (SELECT nik_index FROM members WHERE id = :member)",
    ):
        connection.execute(text(statement), values)
    return True


def drop_reminders(connection: Connection, phone: str, now: datetime) -> None:
    """What waits to be sent to a number besides receipts and answers is not sent any more.

    One that a gateway has in its hands at this moment may still go out; if it does not, it is too late for another try.
    """
    connection.execute(
        text(
            "WITH unwanted AS (SELECT id FROM outbox WHERE phone = :phone AND lane <> 'urgent' "
            "AND state IN ('waiting', 'handing_over') ORDER BY id FOR UPDATE) "
            "UPDATE outbox SET state = CASE state WHEN 'waiting' THEN 'stopped' ELSE state END, "
            "reason = CASE state WHEN 'waiting' THEN 'left' ELSE reason END, "
            "send_by = CASE state WHEN 'waiting' THEN send_by ELSE CAST(:now AS timestamptz) END "
            "FROM unwanted WHERE outbox.id = unwanted.id"
        ),
        {"phone": phone, "now": now},
    )


@dataclass(frozen=True)
class Unsettled:
    """What is not settled with a member: months and whole rupiah still with us, and a code that can still be paid."""

    months: int
    refund: int
    payable_until: datetime | None


def unsettled(connection: Connection, member_id: int, now: datetime) -> Unsettled:
    """What keeps the books from being done with a member, besides their credit."""
    row = connection.execute(
        text(
            "SELECT (SELECT count(*) FROM contribution_months WHERE member_id = :member "
            "AND (state = 'received' OR answer = 'refused')), "
            "(SELECT coalesce(-sum(amount), 0) FROM ledger_entries WHERE member_id = :member "
            "AND account = 'refunds_owed'), "
            "(SELECT max(coalesce(expires_at, :now)) FROM pay_codes WHERE member_id = :member "
            "AND (state IN ('requested', 'open') OR (state = 'expired' AND expires_at > :now)))"
        ),
        {"member": member_id, "now": now},
    ).one()
    return Unsettled(int(row[0]), int(row[1]), row[2])


# Nothing is deleted that something else refers to: the number of the member stays, and says nothing.
EMPTY_MEMBER = (
    "UPDATE invitations SET state = CASE state WHEN 'asked' THEN 'refused' ELSE state END, phone = '', "
    "nik_index = '', nik = '', name = '', born = NULL, zone = '', sector = '', workplace = '' "
    "WHERE member_id = :member OR nik_index = (SELECT nik_index FROM members WHERE id = :member)",
    "UPDATE members SET state = 'erased', state_at = :now, nik_index = :gone, nik = '', name = '', "
    "born = '1900-01-01', phone = :gone, workplace = '', province = NULL, member_number = NULL, pin = NULL "
    "WHERE id = :member",
    "UPDATE registrations SET reason = '' WHERE member_id = :member",
    "UPDATE refused_months SET reason = '' WHERE member_id = :member",
    "UPDATE sponsorships SET name = '' WHERE member_id = :member",
    "UPDATE phone_changes SET old_phone = '', new_phone = '' WHERE member_id = :member",
    "UPDATE pay_codes SET phone = :gone WHERE member_id = :member",
    "DELETE FROM wrong_proofs WHERE subject = :pin_tries",
    "DELETE FROM pay_days WHERE member_id = :member",
    "DELETE FROM reminder_times WHERE kind = 'member' AND person = :member",
    "DELETE FROM reminders_sent WHERE kind = 'member' AND person = :member",
)
EMPTY_PHONE = (
    "UPDATE outbox SET phone = :gone, text = '', reason = '', "
    "state = CASE state WHEN 'waiting' THEN 'dead' ELSE state END WHERE phone = :phone",
    "UPDATE inbound_sms SET phone = :gone, text = '', said_mark = '', answer_mark = '' WHERE phone = :phone",
    "DELETE FROM sms_dialogues WHERE phone = :phone",
    "UPDATE delivery_reports SET phone = :gone WHERE phone = :phone",
    "DELETE FROM session_ends WHERE phone = :phone",
    "DELETE FROM stops WHERE phone = :phone",
    "DELETE FROM numbers WHERE phone = :phone",
    "DELETE FROM contacts WHERE phone = :phone",
    "UPDATE campaign_people SET phone = :gone WHERE phone = :phone",
    "DELETE FROM follow_up_notes WHERE follow_up_id IN (SELECT id FROM follow_ups WHERE phone = :phone)",
    "UPDATE follow_ups SET phone = :gone, detail = '', done_at = coalesce(done_at, :now) WHERE phone = :phone",
    "UPDATE phone_changes SET old_phone = '' WHERE old_phone = :phone AND state <> 'waiting'",
    "UPDATE phone_changes SET new_phone = '' WHERE new_phone = :phone AND state <> 'waiting'",
    "UPDATE pay_codes SET phone = :gone WHERE phone = :phone AND state NOT IN ('requested', 'open')",
    "UPDATE invitations SET phone = '' WHERE phone = :phone AND state <> 'asked'",
    "UPDATE sponsors SET phone = :gone, name = '' WHERE phone = :phone",
    "DELETE FROM phones WHERE phone = :phone",
)


def empty(connection: Connection, statements: Sequence[str], **values: object) -> None:
    """Empty or pseudonymise what these statements name."""
    for statement in statements:
        connection.execute(text(statement), values)


def keep_proof_only(connection: Connection, consent_id: int, phone: str, session: str, words: str) -> None:
    """Of a consent there remain its words and hashes of whose it was, with which a known one can be compared."""
    connection.execute(
        text("UPDATE consents SET phone = :phone, session_id = :session, text = :words WHERE id = :id"),
        {"id": consent_id, "phone": phone, "session": session, "words": words},
    )


def empty_texts(connection: Connection, member_id: int, beginning: str) -> None:
    """SMS to the member's sponsors, and to numbers the member had, that name the member, are emptied."""
    connection.execute(
        text(
            "UPDATE outbox SET text = '' WHERE strpos(text, :beginning) > 0 AND phone IN ("
            "SELECT s.phone FROM sponsors s JOIN invitations i ON i.sponsor_id = s.id WHERE i.member_id = :member "
            "UNION SELECT s.phone FROM sponsors s JOIN sponsorships p ON p.sponsor_id = s.id "
            "WHERE p.member_id = :member "
            "UNION SELECT unnest(ARRAY[old_phone, new_phone]) FROM phone_changes WHERE member_id = :member "
            "UNION SELECT phone FROM members WHERE id = :member)"
        ),
        {"member": member_id, "beginning": beginning},
    )


def empty_turns(connection: Connection, dialogues: Sequence[str]) -> None:
    """What was typed in these dialogues is not kept any more, only which screens they went through."""
    connection.execute(
        text(f"UPDATE turns SET said = '***' WHERE ({_TURNS}) AND length(said) > 3"),  # noqa: S608  # our own words
        {"dialogues": list(dialogues)},
    )


def sponsors_of_phone(connection: Connection, phone: str) -> list[tuple[int, bool]]:
    """The sponsors of a number, each with whether they still pay for or ask anybody."""
    rows = connection.execute(
        text(
            "SELECT s.id, EXISTS (SELECT 1 FROM sponsorships p WHERE p.sponsor_id = s.id AND p.ended_at IS NULL) "
            "OR EXISTS (SELECT 1 FROM invitations i WHERE i.sponsor_id = s.id AND i.state = 'asked') "
            "OR EXISTS (SELECT 1 FROM pay_codes c WHERE c.sponsor_id = s.id AND c.state IN ('requested', 'open')) "
            "FROM sponsors s WHERE s.phone = :phone"
        ),
        {"phone": phone},
    )
    return [(row[0], row[1]) for row in rows]
