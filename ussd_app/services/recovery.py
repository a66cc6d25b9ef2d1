"""Somebody was cut off in the middle: one SMS tells them how to go on, if their menu asks for it."""

from __future__ import annotations

import redis
import structlog

from ussd_app import queues
from ussd_app.domain import phone as phones
from ussd_app.errors import Refused
from ussd_app.runtime import Runtime
from ussd_app.services import outbox, publishing
from ussd_app.services.dialing import name_of
from ussd_app.storage.outbox import URGENT

log = structlog.get_logger()


def write_to(rt: Runtime, session: str, phone: str) -> None:
    """Write the SMS for a dialogue that ended before its end; never a second one for the same dialogue."""
    try:
        number = phones.parse(phone)
        dialogue = rt.dialogues.peek(name_of(rt, session, number))
    except (Refused, redis.RedisError) as error:
        log.warning("nobody to write to", error=type(error).__name__)
        return
    if dialogue is None or dialogue.ended:
        return
    menu = publishing.menu(rt, dialogue.menu, dialogue.version)
    recover = menu.recover
    if recover is None or menu.resume is None or dialogue.answer(recover.after) is None:
        return
    with rt.db.begin() as connection:
        outbox.write(
            rt,
            connection,
            recover.message,
            key=f"recovery:{dialogue.id}",
            phone=number,
            language=dialogue.language,
            values={"minutes": menu.resume.minutes},
        )
    rt.queues.enqueue(queues.RELAY, URGENT)
