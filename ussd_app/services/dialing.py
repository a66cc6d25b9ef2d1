"""Someone pressed a key: take one turn of their dialogue and send back the next screen.

One Redis round trip in, the turn, one out. Whatever may happen twice (the same request again, two at once, a
crash between the database and Redis) comes out the same: a retry is recognised as its gateway's dialect has it, a
phone takes one turn at a time, and effects are done once for their key.
"""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from dataclasses import dataclass

import redis
import structlog

from ussd_app.engine.turn import Turn
from ussd_app.gateways.ussd import Keypress
from ussd_app.runtime import Runtime
from ussd_app.services import retries
from ussd_app.services.jobs import put
from ussd_app.services.turns import Walk
from ussd_app.storage.dialogues import NOTHING, Opened, Stored

# Seconds. The gateway gives up after 15; a caller long before that.
PATIENCE = 2.5
NAP = 0.03

# Sentences outside the menus: they are said when the menus cannot be read, or do not know the answer.
BUSY = "Layanan sedang sibuk. Silakan coba lagi beberapa menit lagi. / Service is busy, please try again soon."
WAIT = "Sebentar, permintaan Anda sedang diproses. / One moment, please.\n00. Lanjut / Continue"
UNKNOWN_CODE = "Kode ini tidak dikenal. Tekan {code} untuk layanan kami. / Unknown code, please dial {code}."

log = structlog.get_logger()


@dataclass(frozen=True)
class Reply:
    """The screen to send back, and whether the session ends with it."""

    text: str
    ends: bool


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
    token = secrets.token_hex(8)
    mark = retries.mark_of(rt, keypress, token)
    proof, consumed = retries.proof_of(keypress, mark), retries.consumed_by(keypress)
    while True:
        opened = rt.dialogues.open(name, keypress.phone, token, proof, consumed)
        if opened.locked:
            break
        if opened.stored and retries.answer_in(rt, keypress, mark, opened.stored) is None:
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


def _locked(rt: Runtime, keypress: Keypress, opened: Opened, name: str, token: str, mark: str, started: float) -> Reply:
    before = opened.stored
    walk = Walk(rt, keypress, opened, name, before.heard if before else NOTHING)
    said = retries.answer_in(rt, keypress, mark, before) if before else "(dial)"
    if before and said is None:
        rt.dialogues.release(keypress.phone, token)
        return _again(before)
    with walk.transaction():
        turn = walk.answer(before, said or "") if before else walk.dial()
    if turn is None:
        rt.dialogues.release(keypress.phone, token)
        return Reply(UNKNOWN_CODE.format(code=rt.settings.service_code), ends=True)
    heard = retries.heard_with(rt, keypress, mark, walk.heard)
    after = Stored(turn.dialogue, turn.text, retries.consumed_by(keypress), mark, heard)
    entry = entry_of(rt, keypress, before, turn, walk.journal_of(before, said or ""), started)
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
        put(rt, walk.jobs)
    # Somebody else moved the dialogue while this turn outlived its lease: theirs is the current screen.
    current = rt.dialogues.open(name, keypress.phone, token, mark, retries.consumed_by(keypress))
    if current.locked:
        rt.dialogues.release(keypress.phone, token)
    return _again(current.stored) if current.stored else Reply(BUSY, ends=True)


def entry_of(
    rt: Runtime, keypress: Keypress, before: Stored | None, turn: Turn, said: str, started: float
) -> dict[str, object]:
    """One turn as the journal keeps it; `said` as it may be shown, `started` by the monotonic clock in seconds."""
    dialogue = turn.dialogue
    return {
        # Where a dialogue begins it says whose it is; it takes room and time only there.
        "caller": "" if before else rt.vault.mark(keypress.phone),
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
