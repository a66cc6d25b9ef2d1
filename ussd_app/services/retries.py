"""Is this request something new, or one that the network repeats? Each dialect tells it in its own way."""

from __future__ import annotations

from dataclasses import replace

from ussd_app.gateways.ussd import Keypress
from ussd_app.runtime import Runtime
from ussd_app.storage.dialogues import Heard, Stored

# A request that comes late gets the current screen as long as its id is among so many of the newest.
MOST_REQUESTS = 50


def mark_of(rt: Runtime, keypress: Keypress, token: str) -> str:
    """What a request is known by; where nothing tells requests apart, a `token` that no other one has."""
    retry = keypress.dialect.retry
    if retry == "request":
        return rt.vault.mark(f"request {keypress.request}")
    return token if retry == "none" else rt.vault.mark(keypress.text)


def proof_of(keypress: Keypress, mark: str) -> str:
    """The mark that alone proves a retry; none where the clock has its say, and the phone has to be locked first."""
    return "" if keypress.dialect.retry == "window" else mark


def consumed_by(keypress: Keypress) -> int:
    """How many characters of the gateway's text are consumed with this request: last input leaves none behind."""
    return len(keypress.text) if keypress.dialect.cumulative else 0


def chain_in(keypress: Keypress) -> str:
    """The answers that the first text of a session holds: those typed with the code, where the dialect has such."""
    if not keypress.dialect.chains or (not keypress.dialect.cumulative and keypress.text == keypress.service_code):
        return ""
    return keypress.text


def is_dial(keypress: Keypress) -> bool:
    """Whether the text says no more than that somebody dialled."""
    return keypress.text in ("", keypress.service_code)


def answer_in(rt: Runtime, keypress: Keypress, mark: str, stored: Stored) -> str | None:
    """The new answer of a request; None for a retry, an older or a foreign one."""
    if keypress.dialect.cumulative:
        return _following(rt, keypress.text, stored)
    if stored.dialogue.ended or is_dial(keypress) or _was_taken(rt, keypress, mark, stored):
        return None
    return keypress.text


def _following(rt: Runtime, text: str, stored: Stored) -> str | None:
    """What follows the text already consumed."""
    consumed = stored.length
    if stored.dialogue.ended or len(text) <= consumed or rt.vault.mark(text[:consumed]) != stored.mark:
        return None
    if consumed == 0:
        return text
    return text[consumed + 1 :] if text[consumed] == "*" else None


def _was_taken(rt: Runtime, keypress: Keypress, mark: str, stored: Stored) -> bool:
    heard, dialect = stored.heard, keypress.dialect
    if dialect.retry == "request":
        return mark in heard.requests
    if dialect.retry == "window":
        # The clocks of two machines may differ a little, in either direction.
        return mark == stored.mark and abs(rt.clock().timestamp() - heard.at) <= dialect.window
    return keypress.text.strip() == heard.used


def heard_with(rt: Runtime, keypress: Keypress, mark: str, heard: Heard) -> Heard:
    """What the dialogue remembers of its requests once this one has its reply."""
    if keypress.dialect.retry == "request":
        return replace(heard, requests=(*heard.requests, mark)[-MOST_REQUESTS:])
    if keypress.dialect.retry == "window":
        return replace(heard, at=rt.clock().timestamp())
    return heard
