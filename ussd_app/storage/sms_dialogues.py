"""Dialogues by SMS, one for each number: kept in the database, encrypted, and forgotten when their time is over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from ussd_app.engine.dialogue import Dialogue
from ussd_app.vault import Vault


@dataclass(frozen=True)
class TextedDialogue:
    """A dialogue as it was left: the screen last texted, and answers given beforehand by the name of their question.

    `session` names the SMS that began it.
    """

    session: str
    dialogue: Dialogue
    screen: str
    known: Mapping[str, str]


def open_for(connection: Connection, vault: Vault, phone: str, now: datetime) -> TextedDialogue | None:
    """The dialogue that waits for an answer of this number, if its time is not over."""
    state = connection.execute(
        text("SELECT state FROM sms_dialogues WHERE phone = :phone AND ends_at > :now"), {"phone": phone, "now": now}
    ).scalar_one_or_none()
    if state is None:
        return None
    kept = json.loads(vault.open(state))
    return TextedDialogue(kept["session"], Dialogue.from_json(kept["dialogue"]), kept["screen"], kept["known"])


def keep(connection: Connection, vault: Vault, phone: str, left: TextedDialogue, ends_at: datetime) -> None:
    """The number's dialogue stands here now, until then; any other one it had is over."""
    state = {
        "session": left.session,
        "dialogue": left.dialogue.to_json(),
        "screen": left.screen,
        "known": dict(left.known),
    }
    connection.execute(
        text(
            "INSERT INTO sms_dialogues (phone, state, ends_at) VALUES (:phone, :state, :ends_at) "
            "ON CONFLICT (phone) DO UPDATE SET state = excluded.state, ends_at = excluded.ends_at"
        ),
        {"phone": phone, "state": vault.seal(json.dumps(state, separators=(",", ":"))), "ends_at": ends_at},
    )


def end(connection: Connection, phone: str) -> None:
    """The number's dialogue is over."""
    connection.execute(text("DELETE FROM sms_dialogues WHERE phone = :phone"), {"phone": phone})


def forget_over(connection: Connection, now: datetime) -> int:
    """Forget what nobody has answered in time; how many that were."""
    return connection.execute(text("DELETE FROM sms_dialogues WHERE ends_at <= :now"), {"now": now}).rowcount
