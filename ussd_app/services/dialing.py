"""Someone pressed a key: take one turn of their dialogue and send back the next screen.

One Redis round trip in, the turn, one out. Whatever may happen twice (the same request again, two at once, a
crash between the database and Redis) comes out the same: the text already consumed is recognised, a phone takes
one turn at a time, and effects are done once for their key.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial

import redis
import structlog
from sqlalchemy import Connection

from ussd_app.engine import graph
from ussd_app.engine.dialogue import Dialogue
from ussd_app.engine.step import begin, step
from ussd_app.engine.turn import FactKey, FactValue, Known, MenuKey, Needs, Outcome, Turn
from ussd_app.runtime import Runtime
from ussd_app.services import billing, effects, facts, publishing
from ussd_app.services.callers import Caller, Found
from ussd_app.services.jobs import Job
from ussd_app.storage import members
from ussd_app.storage.database import did_anything
from ussd_app.storage.dialogues import AS_IT_WAS, FORGET, Opened, Stored

# Seconds. The gateway gives up after 15; a caller long before that.
PATIENCE = 2.5
NAP = 0.03
MOST_LOOKUPS = 40
# What the journal may show: the key of a choice, an answer without a date, a phone number or a NIK in it.
LONGEST_KEY = 3
MOST_DIGITS = 5

# More answers than any menu is deep: a longer chain is somebody's joke.
MOST_CHAINED = 20

# The reason said above the first screen when a menu had to be withdrawn under somebody's feet.
WITHDRAWN = "withdrawn"

# The only sentences outside the menus: they are said when the menus cannot be read, or do not know the answer.
BUSY = "Layanan sedang sibuk. Silakan coba lagi beberapa menit lagi. / Service is busy, please try again soon."
WAIT = "Sebentar, permintaan Anda sedang diproses. / One moment, please.\n00. Lanjut / Continue"
DONE_BEFORE = "Permintaan Anda sudah kami terima. Dial lagi untuk melihatnya. / Received, dial again to see it."
UNKNOWN_CODE = "Kode ini tidak dikenal. Tekan {code} untuk layanan kami. / Unknown code, please dial {code}."

log = structlog.get_logger()


@dataclass(frozen=True)
class Keypress:
    """One request of a USSD gateway, whatever its dialect: `text` is everything typed so far, joined with `*`."""

    session: str
    phone: str
    service_code: str
    network: str
    text: str
    channel: str = "ussd"


@dataclass(frozen=True)
class Reply:
    """The screen to send back, and whether the session ends with it."""

    text: str
    ends: bool


class _EffectAhead(Exception):
    pass


def press(rt: Runtime, keypress: Keypress) -> Reply:
    """The screen that follows a keypress. Never raises: whatever fails, the caller gets a polite sentence."""
    try:
        return _press(rt, keypress)
    except redis.RedisError as error:
        log.error("a turn failed: no Redis", error=type(error).__name__)
    except Exception:
        log.exception("a turn failed", phone=keypress.phone)
    return Reply(BUSY, ends=True)


def _press(rt: Runtime, keypress: Keypress) -> Reply:
    started = time.monotonic()
    name = name_of(rt, keypress.session, keypress.phone)
    token, mark = secrets.token_hex(8), rt.vault.mark(keypress.text)
    while True:
        opened = rt.dialogues.open(name, keypress.phone, token, mark, len(keypress.text))
        if opened.locked:
            break
        if opened.stored and _said(rt, keypress, opened.stored) is None:
            return _again(opened.stored)
        if time.monotonic() - started > PATIENCE:
            return _again(opened.stored, ends=False) if opened.stored else Reply(WAIT, ends=False)
        time.sleep(NAP)
    try:
        return _locked(rt, keypress, opened, name, token, mark, started)
    except BaseException:
        with suppress(redis.RedisError):
            rt.dialogues.release(keypress.phone, token)
        raise


def name_of(rt: Runtime, session: str, phone: str) -> str:
    """What a gateway's session is called here. It may use a session's id twice, for two phones."""
    return rt.vault.mark(f"{session} {phone}")


def _again(stored: Stored, ends: bool | None = None) -> Reply:
    return Reply(stored.screen, stored.dialogue.ended if ends is None else ends)


def _said(rt: Runtime, keypress: Keypress, stored: Stored) -> str | None:
    """The new answer: what follows the text already consumed; None for a retry, an older or a foreign text."""
    consumed, text = stored.length, keypress.text
    if stored.dialogue.ended or len(text) <= consumed or rt.vault.mark(text[:consumed]) != stored.mark:
        return None
    if consumed == 0:
        return text
    return text[consumed + 1 :] if text[consumed] == "*" else None


def _locked(rt: Runtime, keypress: Keypress, opened: Opened, name: str, token: str, mark: str, started: float) -> Reply:
    before, walk = opened.stored, _Walk(rt, keypress, opened, name)
    said = _said(rt, keypress, before) if before else "(dial)"
    if before and said is None:
        rt.dialogues.release(keypress.phone, token)
        return _again(before)
    with walk.transaction():
        turn = walk.answer(before, said or "") if before else walk.dial()
    if turn is None:
        rt.dialogues.release(keypress.phone, token)
        return Reply(UNKNOWN_CODE.format(code=rt.settings.service_code), ends=True)
    after = Stored(turn.dialogue, turn.text, len(keypress.text), mark)
    entry = _entry(rt, keypress, before, turn, walk.journal_of(before, said or ""), started)
    try:
        if rt.dialogues.close(name, keypress.phone, token, before, after, entry, walk.resumable(turn)):
            return Reply(turn.text, turn.ends)
    except redis.RedisError:
        # What was done is done; a dialogue that goes on could not, because nobody remembers it.
        if turn.ends:
            with suppress(redis.RedisError):  # or a repeated request would wait for nobody
                rt.dialogues.release(keypress.phone, token)
            return Reply(turn.text, ends=True)
        raise
    finally:
        for job in walk.jobs:
            if not rt.queues.enqueue(job.name, *([] if job.argument is None else [job.argument])):
                break  # the sweeps will find the rest; the caller does not wait for another time-out
    # Somebody else moved the dialogue while this turn outlived its lease: theirs is the current screen.
    current = rt.dialogues.open(name, keypress.phone, token, mark, len(keypress.text))
    if current.locked:
        rt.dialogues.release(keypress.phone, token)
    return _again(current.stored) if current.stored else Reply(BUSY, ends=True)


@dataclass
class _Walk:
    """One turn as the service takes it: facts and effects in one transaction, jobs once that is committed."""

    rt: Runtime
    keypress: Keypress
    opened: Opened
    name: str
    jobs: list[Job] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _connection: Connection | None = None

    def __post_init__(self) -> None:
        self.documents = self.opened.documents or publishing.refresh(self.rt)
        self.today = billing.local(self.rt.clock())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commits what the turn did when it ends well; opened only by a turn that needs the database."""
        with self._stack:
            yield

    @property
    def connection(self) -> Connection:
        """The turn's connection, with its transaction."""
        if self._connection is None:
            self._connection = self._stack.enter_context(self.rt.db.begin())
        return self._connection

    def dial(self) -> Turn | None:
        """The first screen; then each answer of a chain. None when no menu answers the code.

        A text in an unknown session is a chain typed with the code, or a dialogue that Redis has lost. Both are
        walked, neither ever through an effect. When the lost dialogue has already had one, its screens cannot be
        found again (whoever has enrolled starts elsewhere), so the person is told that it was received.
        """
        found = publishing.menu_for(self.rt, self.documents, self.keypress.service_code)
        if found is None:
            return None
        menu, chain = found
        turn = self._begin(menu)
        if not self.keypress.text and not chain:
            return turn
        if did_anything(self.connection, self.name):
            return Turn(replace(turn.dialogue, ended=True), DONE_BEFORE, ends=True)
        return self._chain(turn, "*".join(filter(None, (chain, self.keypress.text))))

    def _begin(self, menu: graph.Menu, notice: str = "") -> Turn:
        chosen = members.language_of(self.connection, self.keypress.phone)
        language = chosen if chosen in menu.languages else menu.language
        left = None if self.keypress.text else self.opened.left
        if left and (self._is_withdrawn(left) or menu.name not in (left.menu, *(item.menu for item in left.parents))):
            left = None
        dialogue = Dialogue(self.name, menu.name, menu.version, language or menu.language, left=left)
        return self._finish(partial(begin, menu, dialogue, notice=notice), dialogue, "", "", replay=True)

    def _is_withdrawn(self, dialogue: Dialogue) -> bool:
        pointer = self.documents.get(dialogue.menu)
        return pointer is None or dialogue.version in pointer.withdrawn

    def resumable(self, turn: Turn) -> int:
        """For how many milliseconds the phone's next session may go on where this turn leaves it."""
        dialogue, resume = turn.dialogue, self._menu_of(turn.dialogue).resume
        if dialogue.left:
            return AS_IT_WAS
        return resume.minutes * 60_000 if resume and dialogue.can_go_back and not turn.ends else FORGET

    def _menu_of(self, dialogue: Dialogue) -> graph.Menu:
        return publishing.menu(self.rt, dialogue.menu, dialogue.version)

    def answer(self, before: Stored, said: str) -> Turn:
        """The screen after an answer. Where keys are asked for, `1*2` is two answers; elsewhere it is one text."""
        if self._is_withdrawn(before.dialogue) and before.dialogue.menu in self.documents:
            turn = self._begin(publishing.newest_menu(self.rt, self.documents, before.dialogue.menu), WITHDRAWN)
            # A dialogue of its own: what the withdrawn one has done must not be taken for this one's doing.
            fresh = replace(turn.dialogue, id=f"{self.name}-{before.dialogue.transition}")
            return replace(turn, dialogue=replace(fresh, transition=before.dialogue.transition + 1))
        menu = self._menu_of(before.dialogue)
        first, _, rest = said.partition("*")
        if menu.screens[before.dialogue.screen].ask:
            first, rest = said, ""
        take = partial(step, menu, before.dialogue, first)
        turn = self._finish(take, before.dialogue, before.screen, first, replay=False)
        return self._chain(turn, rest) if rest else turn

    def _chain(self, turn: Turn, text: str) -> Turn:
        """Walk further answers, up to the first wrong one or the first effect not yet done."""
        for said in text.split("*", MOST_CHAINED)[:MOST_CHAINED]:
            if turn.ends or not turn.accepted:
                break
            try:
                take = partial(step, self._menu_of(turn.dialogue), turn.dialogue, said)
                turn = self._finish(take, turn.dialogue, turn.text, said, replay=True)
            except _EffectAhead:
                break
        return turn

    def journal_of(self, before: Stored | None, said: str) -> str:
        """What the journal may say of an answer: nothing private, nothing that was meant for another screen."""
        if before is None:
            return said
        ask = self._menu_of(before.dialogue).screens[before.dialogue.screen].ask
        private = ask.private or sum(map(str.isdigit, said)) > MOST_DIGITS if ask else len(said) > LONGEST_KEY
        return "***" if private or not said.isprintable() else said[:40]

    def _finish(self, take: partial[Turn | Needs], dialogue: Dialogue, shown: str, said: str, *, replay: bool) -> Turn:
        """Call `take` with more and more known until it gives a turn. `replay` allows only effects done before."""
        known: dict[FactKey, FactValue] = {}
        outcomes: tuple[Outcome, ...] = ()
        menus: dict[MenuKey, graph.Menu] = {}
        caller = Caller(
            phone=self.keypress.phone,
            session=self.keypress.session,
            channel=self.keypress.channel,
            dialogue=dialogue,
            shown=shown,
            today=self.today,
            documents=self.documents,
        )
        for _ in range(MOST_LOOKUPS):
            result = take(Known(self.today, known, outcomes, menus))
            if isinstance(result, Turn):
                return result
            for key in result.facts:
                known[key] = facts.look_up(self.rt, self.connection, caller, key)
            if result.menu:
                wanted, version = result.menu
                menus[result.menu] = (
                    publishing.newest_menu(self.rt, self.documents, wanted)
                    if version is None
                    else publishing.menu(self.rt, wanted, version)
                )
            if result.effect:
                name = effects.key_of(caller, dialogue.transition + 1, result.effect)
                if replay:
                    outcome = effects.done_before(self.connection, name)
                    if outcome is None:
                        raise _EffectAhead
                else:
                    answer = self.rt.vault.mark(said)
                    outcome, jobs = effects.perform(self.rt, self.connection, caller, result.effect, name, answer)
                    self.jobs += jobs
                outcomes = (*outcomes, outcome)
                caller = replace(caller, found=Found())
        raise RecursionError("a turn that never ends")


def _entry(
    rt: Runtime, keypress: Keypress, before: Stored | None, turn: Turn, said: str, started: float
) -> dict[str, object]:
    dialogue = turn.dialogue
    return {
        "at": rt.clock().isoformat(),
        "dialogue": dialogue.id,
        "transition": dialogue.transition,
        "menu": dialogue.menu,
        "version": dialogue.version,
        "screen": before.dialogue.screen if before else "",
        "shown": dialogue.screen,
        "said": said,
        "outcome": "ended" if turn.ends else "accepted" if turn.accepted else "refused",
        "language": dialogue.language,
        "network": keypress.network,
        "milliseconds": round((time.monotonic() - started) * 1000),
    }
