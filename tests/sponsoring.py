"""People who pay for others, over the real callbacks: what they type, what they read, the SMS everybody gets."""

from __future__ import annotations

from typing import Any

from tests.builders import a_nik, count, rows
from tests.conversations import Conversation
from tests.work import work
from ussd_app.runtime import Runtime

SPONSOR = "+6281100000001"
CODE = "*778#"
YES = "1"


def a_phone(number: int) -> str:
    """The phone of the person with that number."""
    return f"+628120000000{number}"


def dialled(rt: Runtime, phone: str, code: str = CODE) -> Conversation:
    """Somebody dials; each of these conversations is a session of its own."""
    conversation = Conversation(rt, phone=phone, sessions=len(rows(rt, "SELECT key FROM once")) * 100)
    conversation.dial(code)
    return conversation


def last(conversation: Conversation, *answers: str) -> str:
    """What stands on the screen after these answers."""
    lines: list[str] = []
    for answer in answers:
        lines = conversation.answer(answer)
    return "\n".join(lines)


def told_about(number: int, name: str, phone: str = "") -> tuple[str, ...]:
    """What a sponsor types about somebody, up to the question whether they are to be asked; one month."""
    return (phone or a_phone(number), a_nik(number), "05081988", name, "1", "1", "2")


def a_basket(rt: Runtime, names: list[str], phones: dict[int, str] | None = None) -> Conversation:
    """A sponsor called Budi asks these people, the first with number 1, and is done adding."""
    conversation = dialled(rt, SPONSOR)
    last(conversation, "1", "Budi Santoso")
    for number, name in enumerate(names, start=1):
        typed = told_about(number, name, (phones or {}).get(number, ""))
        last(conversation, *typed, YES, *(["1"] if number < len(names) else ["2"]))
    work(rt)
    return conversation


def texted(rt: Runtime, phone: str, words: str, message_id: str = "") -> None:
    """Somebody sends us an SMS, and what it asks for is done."""
    form = {
        "from": phone,
        "to": "777",
        "text": words,
        "date": "2026-11-22 03:00:00",
        "id": message_id or f"in-{count(rt, 'inbound_sms')}",
    }
    client = Conversation(rt).client
    assert client.post("/callbacks/africastalking/local/sms", data=form).status_code == 200
    work(rt)


def sms_to(rt: Runtime, phone: str) -> list[str]:
    """The SMS a phone has received, oldest first."""
    return [
        str(row["text"]) for row in rows(rt, "SELECT text FROM outbox WHERE phone = :phone ORDER BY id", phone=phone)
    ]


def paid(rt: Runtime, phone: str = SPONSOR) -> None:
    """The newest pay code a phone has received is paid in cash, and everything that follows is done."""
    (newest, *_) = rows(
        rt, "SELECT pay FROM outbox WHERE phone = :phone AND pay IS NOT NULL ORDER BY id DESC", phone=phone
    )
    pay: dict[str, Any] = newest["pay"]
    assert Conversation(rt).client.post("/simulator/api/payments", data=pay).status_code == 202
    work(rt)
