"""Somebody texts us: it is understood, done, and answered by one SMS at most.

Whoever we answer may be a machine that answers as well. So a number gets so many answers an hour and a day, the same
answer to the same words only once, and help once an hour; a sender without a number gets none at all.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import redis
import structlog
from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain import gsm7
from ussd_app.domain import phone as phones
from ussd_app.domain.keywords import Said, taken_apart
from ussd_app.errors import Refused
from ussd_app.runtime import Runtime
from ussd_app.services import keywords, publishing, sms_dialogues
from ussd_app.services.jobs import Job, put
from ussd_app.services.replies import Answered, Texted
from ussd_app.storage import inbox, journal, members, outbox
from ussd_app.storage import sms_dialogues as dialogues
from ussd_app.storage.inbox import Inbound
from ussd_app.storage.outbox import URGENT, Outgoing

LEASE = timedelta(seconds=60)
# After so many failures somebody has to look at it: what follows from that number must not wait for ever.
MOST_ATTEMPTS = 5
# Enrolling by SMS takes a dozen answers; nobody needs three times as many in an hour.
MOST_AN_HOUR, MOST_A_DAY = 30, 60
# What is sent back to us within so long is an echo.
ECHO = timedelta(days=1)
# An answer that could not be sent for so long is of no use any more.
OF_USE = timedelta(hours=12)
NOTHING = Answered()

log = structlog.get_logger()


def handle(rt: Runtime, sms_id: int) -> None:
    """Do what one SMS asks for and answer it, once, in one transaction. May run twice, or too late.

    What the same number wrote before it comes first: answers have an order.
    """
    with rt.db.connect() as connection:
        earlier = inbox.earlier_inbound(connection, sms_id)
    for each in (*earlier, sms_id):
        _handle(rt, each)


def _handle(rt: Runtime, sms_id: int) -> None:
    now = rt.clock()
    with rt.db.begin() as connection:
        leased = inbox.lease_inbound(connection, sms_id, now, now + LEASE)
        if leased and leased.attempts > MOST_ATTEMPTS:
            inbox.settle_inbound(connection, sms_id, now, "given_up")
            log.error("an SMS could not be dealt with", sms=sms_id)
            return
    if leased is None:
        return
    answered = NOTHING
    with rt.db.begin() as connection:
        inbox.lock_sender(connection, leased.phone)
        if not inbox.settle_inbound(connection, sms_id, now):
            return
        phone = _mobile(leased.phone)
        if phone:
            answered = _answer(rt, connection, sms_id, replace(leased, phone=phone, text=rt.vault.open(leased.text)))
    put(rt, answered.jobs)
    if answered.turn:
        with suppress(redis.RedisError):
            journal.put(rt.redis, answered.turn)


def _mobile(sender: str) -> str | None:
    """The sender in E.164; a short code or a name is a machine's."""
    try:
        return phones.parse(sender)
    except Refused:
        return None


def _answer(rt: Runtime, connection: Connection, sms_id: int, sms: Inbound) -> Answered:
    now = rt.clock()
    if inbox.is_echo(connection, sms.phone, sms.text, now - ECHO):
        return NOTHING
    lately = inbox.lately(connection, sms_id, sms.phone, now)
    full = lately.hour >= MOST_AN_HOUR or lately.day >= MOST_A_DAY
    texted, answered = _done(rt, connection, sms, quiet=full)
    text = _text_of(rt, connection, texted, answered)
    said_mark, answer_mark = rt.vault.mark(" ".join(sms.text.split())), rt.vault.mark(text)
    silent = full or not text or answered.told
    silent = silent or (said_mark, answer_mark) == (lately.said_mark, lately.answer_mark)
    silent = silent or (answered.message == keywords.HELP and lately.helped)
    if not silent:
        segments = gsm7.size(text).segments
        outgoing = Outgoing(f"sms:{sms_id}", URGENT, sms.phone, text, segments, message=answered.message or "")
        outbox.add(connection, replace(outgoing, send_by=now + OF_USE), now)
    kind = "" if silent else answered.message or "screen"
    inbox.note_answer(connection, sms_id, kind, said_mark, answer_mark)
    return answered if silent else replace(answered, jobs=(*answered.jobs, Job(queues.RELAY, URGENT)))


def _done(rt: Runtime, connection: Connection, sms: Inbound, *, quiet: bool) -> tuple[Texted, Answered]:
    """What the SMS asks for, done; where no answer may go out, only what counts without one."""
    documents, said = publishing.newest(rt), taken_apart(sms.text)
    left = dialogues.open_for(connection, rt.vault, sms.phone, rt.clock())
    texted = Texted(sms.phone, sms.message_id, publishing.keywords(rt, documents), said.rest, said.tail, left=left)
    asked = left is not None and sms_dialogues.asks_for_words(rt, left)
    match = keywords.command_in(said, texted, asked_for_words=asked)
    chosen = members.language_of(connection, sms.phone)
    # Where no answer may go out, no dialogue may move on to a screen that nobody is sent.
    texted = replace(texted, language=chosen or (match.language if match else "id"), left=None if quiet else left)
    if match and (not quiet or match.command in keywords.ALWAYS_DONE):
        return texted, keywords.KEYWORDS[match.command](rt, connection, texted)
    return texted, NOTHING if quiet else _unnamed(rt, connection, texted, sms.text, said)


def _unnamed(rt: Runtime, connection: Connection, texted: Texted, text: str, said: Said) -> Answered:
    """What is nobody's keyword: an answer to the last question, else something we do not understand."""
    if texted.left is None:
        return keywords.tell_how(rt, connection, texted)
    written_out = sms_dialogues.key_called(rt, texted.left, text) if said.word else None
    return sms_dialogues.go_on(rt, connection, texted, texted.left, written_out or text)


def _text_of(rt: Runtime, connection: Connection, texted: Texted, answered: Answered) -> str:
    if answered.message is None:
        return answered.screen or ""
    language = members.language_of(connection, texted.phone) or answered.language or texted.language
    template = publishing.messages(rt, publishing.newest(rt))[answered.message]
    return template.fill(language, {"dial": rt.settings.service_code, **answered.values})


def sweep(rt: Runtime) -> None:
    """Find SMS that no job has answered, and forget dialogues whose time is over."""
    now = rt.clock()
    with rt.db.begin() as connection:
        dialogues.forget_over(connection, now)
        waiting = inbox.waiting_inbound(connection, now)
    for sms_id in waiting:
        rt.queues.enqueue(queues.HANDLE_SMS, sms_id)
