"""Somebody texts us a word: what it asks for is done."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.domain.keywords import Command, Match, Said, fields_in
from ussd_app.runtime import Runtime
from ussd_app.services import education, rights, sms_dialogues, stops
from ussd_app.services.jobs import Job
from ussd_app.services.replies import Answered, Texted
from ussd_app.services.words import shown_name
from ussd_app.services.yes_and_no import no, yes
from ussd_app.storage import members
from ussd_app.storage import sms_dialogues as dialogues
from ussd_app.storage.outbox import URGENT
from ussd_app.storage.stops import EVERYTHING

HELP = "help_sms"
# More words than that after a keyword are a sentence that happens to begin with one.
MOST_WORDS = 3
# Digits in the words after BERHENTI that are kept as its reason: no NIK is.
MOST_DIGITS = 5
LONGEST_REASON = 100

Keyword = Callable[[Runtime, Connection, Texted], Answered]


# ---- what leads into the menu ----


def register(rt: Runtime, connection: Connection, texted: Texted) -> Answered:
    """DAFTAR, with or without NIK, name and birth date: the questions of the menu, but for those answered already.

    Who is a member and gives nothing is shown how they stand: that is what they need to know.
    """
    known = fields_in(texted.tail)
    screen = "" if not known and _people(connection, texted) else _screen_of(texted, "register")
    return sms_dialogues.begin(rt, connection, texted, screen=screen, known=known)


def pay(rt: Runtime, connection: Connection, texted: Texted) -> Answered:
    """BAYAR: what the next months cost; a number to pay with comes for whoever answers."""
    return sms_dialogues.begin(rt, connection, texted, screen=_screen_of(texted, "pay"))


def status(rt: Runtime, connection: Connection, texted: Texted) -> Answered:
    """CEK: how the members of this number stand, as they would see it by dialling."""
    return sms_dialogues.begin(rt, connection, texted)


def language(rt: Runtime, connection: Connection, texted: Texted) -> Answered:
    """BAHASA: the choice of languages; with the name of one, that is chosen."""
    chosen = texted.keywords.language(texted.rest)
    if chosen is None:
        return sms_dialogues.begin(rt, connection, texted, screen=_screen_of(texted, "language"))
    members.keep_language(connection, texted.phone, chosen, rt.clock())
    return sms_dialogues.begin(rt, connection, texted)


def _screen_of(texted: Texted, command: Command) -> str:
    return texted.keywords.keywords[command].screen


def _people(connection: Connection, texted: Texted) -> list[members.Member]:
    return [member for member in members.by_phone(connection, texted.phone) if member.state == "here"]


# ---- what is told, and what is stopped ----


def tell_how(_rt: Runtime, _connection: Connection, _texted: Texted) -> Answered:
    """BANTUAN, and every text that nobody understands: what one can write, and the code to dial."""
    return Answered(HELP)


def info(rt: Runtime, connection: Connection, texted: Texted) -> Answered:
    """INFO: a few texts about the programme over some days; members, and who gets them already, read it at once."""
    if education.begin(rt, connection, texted.phone, texted.language, "sms", texted.message_id):
        return Answered("info_begun")
    return sms_dialogues.begin(rt, connection, texted, screen=_screen_of(texted, "info"))


def stop(rt: Runtime, connection: Connection, texted: Texted) -> Answered:
    """BERHENTI: no more reminders, no more information, or neither; how to start again is in the answer."""
    dialogues.end(connection, texted.phone)
    topic = texted.keywords.topic(texted.rest) or EVERYTHING
    stops.stop_by(rt, connection, texted.phone, topic, "sms", texted.message_id, _reason(texted))
    return Answered(f"stopped_{topic}")


def _reason(texted: Texted) -> str:
    words = " ".join(texted.tail.split())
    return words[:LONGEST_REASON] if sum(map(str.isdigit, words)) <= MOST_DIGITS else ""


def start(rt: Runtime, connection: Connection, texted: Texted) -> Answered:
    """MULAI: what was stopped is sent again."""
    topic = texted.keywords.topic(texted.rest) or EVERYTHING
    stops.start_by(rt, connection, texted.phone, topic, f"sms:{texted.message_id}")
    return Answered("started")


def erase(rt: Runtime, connection: Connection, texted: Texted) -> Answered:
    """HAPUS: I want to stop and have my data erased. It takes a second SMS, HAPUS YA, to do it."""
    here = _people(connection, texted)
    if len(here) != 1:
        return Answered("stop_which" if here else "stop_nobody")
    (member,) = here
    if texted.rest == ("YA",):
        rights.leave(rt, connection, member.id, "sms", texted.message_id)
        dialogues.end(connection, texted.phone)
        return Answered(jobs=(Job(queues.RELAY, URGENT),), told=True)
    return Answered("stop_sure", {"name": shown_name(member.person.name)}, member.person.language)


KEYWORDS: dict[Command, Keyword] = {
    "register": register,
    "pay": pay,
    "status": status,
    "help": tell_how,
    "yes": yes,
    "no": no,
    "language": language,
    "stop": stop,
    "start": start,
    "erase": erase,
    "info": info,
}
# What counts even where no answer goes out any more: a refusal is a refusal.
ALWAYS_DONE = frozenset({"yes", "no", "stop", "start", "erase"})
_WITH_MORE = frozenset({"register", "yes", "no", "stop", "erase"})


def command_in(said: Said, texted: Texted, *, asked_for_words: bool) -> Match | None:
    """The command of an SMS, if it is one.

    Where a question waits for words, a name such as Joni or "Info Cahyani" is an answer: only a keyword without a slip
    counts there, alone or with what belongs to it.
    """
    match = texted.keywords.match(said.word, forgiving=not asked_for_words)
    if match is None or (len(said.rest) > MOST_WORDS and match.command not in _WITH_MORE):
        return None
    return match if not asked_for_words or _belongs(match, said, texted) else None


def _belongs(match: Match, said: Said, texted: Texted) -> bool:
    if not said.rest:
        return True
    keywords = texted.keywords
    belonging: dict[str, bool] = {
        "register": bool(fields_in(said.tail)),
        # Whatever stands behind it: no name and no number begins with a word that stops.
        "stop": True,
        "start": keywords.topic(said.rest) is not None,
        "language": keywords.language(said.rest) is not None,
        "erase": said.rest == ("YA",),
        "yes": said.rest[0].isdigit(),
        "no": said.rest[0].isdigit(),
    }
    return belonging.get(match.command, False)
