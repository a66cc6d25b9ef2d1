"""A dialogue by SMS: the menu `main`, its checks and its effects, each screen a text and each answer one.

What it holds lives in the database and changes in the transaction that answers: a job that dies has done nothing.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy import Connection

from ussd_app import queues
from ussd_app.engine import graph
from ussd_app.engine.checks import CHECKS
from ussd_app.engine.turn import Turn
from ussd_app.engine.view import in_language
from ussd_app.gateways.ussd import Dialect, Keypress
from ussd_app.runtime import Runtime
from ussd_app.services import dialing, publishing
from ussd_app.services.replies import Answered, Texted
from ussd_app.services.turns import Walk
from ussd_app.storage import sms_dialogues
from ussd_app.storage.dialogues import NOTHING, Opened, Stored
from ussd_app.storage.sms_dialogues import TextedDialogue

# Who does not answer for so long has given up; nothing was done.
PATIENCE = timedelta(hours=12)
DIALECT = Dialect(cumulative=False, retry="request", chains=False)
LONGEST_SESSION = 100
# A PIN that was texted stays in the phone, for whoever picks it up.
UNTEXTED = CHECKS["pin"]
DIAL_INSTEAD = "sms_dial"


def begin(
    rt: Runtime, connection: Connection, texted: Texted, *, screen: str = "", known: Mapping[str, str] | None = None
) -> Answered:
    """The first screen, or as near to `screen` as choices lead that decide nothing; any other dialogue is over.

    `known` are answers by the name of their question: each is given where it is asked for, up to the first question
    without one or the first wrong answer. Nothing is ever agreed to or done on the way.
    """
    started = time.monotonic()
    walk = _walk(rt, connection, texted, f"sms:{texted.message_id[:LONGEST_SESSION]}")
    turn = walk.dial()
    if turn is None:
        raise LookupError("the menu `main` is not published")
    if screen:
        turn = _toward(walk, turn, screen)
    turn, left_over = _with_known(walk, turn, known or {})
    return _answered(walk, texted, None, "(sms)", turn, left_over, started)


def go_on(rt: Runtime, connection: Connection, texted: Texted, left: TextedDialogue, said: str) -> Answered:
    """The screen after an answer to the last question."""
    started = time.monotonic()
    walk = _walk(rt, connection, texted, left.session)
    before = Stored(left.dialogue, left.screen, 0, "")
    turn, left_over = walk.answer(before, said), left.known
    if turn.accepted and not turn.ends:
        turn, left_over = _with_known(walk, turn, left_over)
    return _answered(walk, texted, before, walk.journal_of(before, said), turn, left_over, started)


def _walk(rt: Runtime, connection: Connection, texted: Texted, session: str) -> Walk:
    keypress = Keypress(
        session=session,
        phone=texted.phone,
        service_code=rt.settings.service_code,
        network="sms",
        text="",
        dialect=DIALECT,
        request=texted.message_id,
        channel="sms",
    )
    opened = Opened(locked=True, stored=None, documents=dict(publishing.newest(rt)))
    name = dialing.name_of(rt, session, texted.phone)
    return Walk(rt, keypress, opened, name, NOTHING, within=connection, spoken=texted.language)


def _answered(
    walk: Walk,
    texted: Texted,
    before: Stored | None,
    said: str,
    turn: Turn,
    known: Mapping[str, str],
    started: float,
) -> Answered:
    """The dialogue is kept or over, and its screen is the answer, unless an SMS with a pay code says the same soon."""
    connection, entry = walk.connection, dialing.entry_of(walk.rt, walk.keypress, before, turn, said, started)
    jobs, ask = tuple(walk.jobs), _question(walk, turn)
    if turn.ends or (ask and ask.check is UNTEXTED):
        sms_dialogues.end(connection, texted.phone)
    else:
        left = TextedDialogue(walk.keypress.session, turn.dialogue, turn.text, known)
        sms_dialogues.keep(connection, walk.rt.vault, texted.phone, left, walk.rt.clock() + PATIENCE)
    if ask and ask.check is UNTEXTED:
        return Answered(DIAL_INSTEAD, jobs=jobs, turn=entry)
    follows = turn.ends and any(job.name == queues.MAKE_PAY_CODE for job in jobs)
    told = any(job.tells_caller for job in jobs)
    return Answered(screen=None if follows else turn.text, jobs=jobs, turn=entry, told=told)


def _question(walk: Walk, turn: Turn) -> graph.Ask | None:
    return None if turn.ends else walk.menu_of(turn.dialogue).screens[turn.dialogue.screen].ask


def _with_known(walk: Walk, turn: Turn, known: Mapping[str, str]) -> tuple[Turn, Mapping[str, str]]:
    """Answer question after question as long as the answer is known; what was not asked for is left over."""
    left_over = dict(known)
    while turn.accepted and (ask := _question(walk, turn)) and ask.keep in left_over:
        following = walk.reply(turn, left_over.pop(ask.keep))
        if following is None:
            break
        turn = following
    return turn, left_over


def _toward(walk: Walk, turn: Turn, goal: str) -> Turn:
    """Choose on towards a screen; where a choice is not offered to this person, they are shown what is."""
    for key in _keys_to(walk.menu_of(turn.dialogue), turn.dialogue.screen, goal):
        following = walk.reply(turn, key)
        if following is None or not following.accepted or following.ends:
            break
        turn = following
    return turn


def _keys_to(menu: graph.Menu, start: str, goal: str) -> list[str]:
    """The shortest way between two screens by choices that only lead on: none that gives an answer."""
    ways: dict[str, list[str]] = {start: []}
    waiting = deque([start])
    while waiting and goal not in ways:
        here = waiting.popleft()
        for choice in menu.screens[here].choices:
            leads = not choice.sets and not choice.copies and choice.key != "+"
            if leads and choice.go in menu.screens and choice.go not in ways:
                ways[choice.go] = [*ways[here], choice.key]
                waiting.append(choice.go)
    return ways.get(goal, [])


def again(left: TextedDialogue) -> Answered:
    """The last question once more."""
    return Answered(screen=left.screen)


def asks_for_words(rt: Runtime, left: TextedDialogue) -> bool:
    """Whether the last question is answered in words of one's own, which may look like a keyword."""
    return _screen(rt, left).ask is not None


def shows(rt: Runtime, left: TextedDialogue, fact: str) -> bool:
    """Whether the last question is about a fact."""
    return any(use.fact == fact for use in (_screen(rt, left).uses or {}).values())


def key_labelled(rt: Runtime, left: TextedDialogue, words: Collection[str], but: Collection[str] = ()) -> str | None:
    """The key of the one choice whose label holds one of these words (in capitals) and none of the others."""
    fitting = [key for key, label in _labels(rt, left) if label & set(words) and not label & set(but)]
    return fitting[0] if len(fitting) == 1 else None


def key_called(rt: Runtime, left: TextedDialogue, said: str) -> str | None:
    """The key of the one choice that somebody wrote out instead of its number."""
    wanted = _words(said)
    fitting = [key for key, label in _labels(rt, left) if label == wanted]
    return fitting[0] if wanted and len(fitting) == 1 else None


def _labels(rt: Runtime, left: TextedDialogue) -> list[tuple[str, set[str]]]:
    language = left.dialogue.language
    made = []
    for choice in _screen(rt, left).choices:
        label = in_language(choice.label, language)
        if choice.key != "+" and all(isinstance(part, str) for part in label):
            made.append((choice.key, _words("".join(map(str, label)))))
    return made


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.upper()))


def _screen(rt: Runtime, left: TextedDialogue) -> graph.Screen:
    dialogue = left.dialogue
    return publishing.menu(rt, dialogue.menu, dialogue.version).screens[dialogue.screen]
