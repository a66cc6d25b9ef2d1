"""Dialogues in Redis: one round trip in, one out, and one turn at a time for each phone.

A dialogue is a hash: `t` the transition, `l` and `m` the length and keyed hash of the gateway's text consumed so
far (never the text: it holds NIKs; a gateway that sends only the last input leaves the length at 0 and the hash of
whatever tells its requests apart), `b` the dialogue, its last screen and what was heard of its requests, encrypted.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from redis import Redis

from ussd_app.engine.dialogue import Dialogue
from ussd_app.storage.pointers import POINTERS, Pointer, read_pointers
from ussd_app.storage.redis import Connections
from ussd_app.vault import Vault

# Milliseconds. A lock outlives any turn, a dialogue outlives any gateway session and its retries.
LEASE = 10_000
KEEP = 3600 * 1000
FORGET, AS_IT_WAS = 0, -1
JOURNAL = "srt:journal"
MOST_JOURNAL = 1_000_000
COUNTERS = "srt:counters"

# A text already consumed needs no lock: its screen is there. The lock is taken again by the token that holds it,
# because redis-py repeats a command whose answer was lost.
OPEN = """
local d = redis.call('HMGET', KEYS[1], 't', 'l', 'm', 'b')
local mine = 0
if not (d[3] == ARGV[3] and d[2] == ARGV[4]) then
  if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) or redis.call('GET', KEYS[2]) == ARGV[1] then
    mine = 1
  end
end
local left = false
if not d[1] then left = redis.call('GET', KEYS[4]) end
return {mine, d[1], d[2], d[3], d[4], redis.call('GET', KEYS[3]), left}
"""

CLOSE = """
local now = redis.call('HMGET', KEYS[1], 't', 'm', 'l')
if now[1] == ARGV[3] and now[2] == ARGV[5] and now[3] == ARGV[4] then return 1 end
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if (now[1] or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 't', ARGV[3], 'l', ARGV[4], 'm', ARGV[5], 'b', ARGV[6])
redis.call('PEXPIRE', KEYS[1], ARGV[7])
if tonumber(ARGV[10]) > 0 then redis.call('SET', KEYS[5], ARGV[6], 'PX', ARGV[10])
elseif ARGV[10] == '0' then redis.call('DEL', KEYS[5]) end
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[8], '*', 'turn', ARGV[9])
redis.call('HINCRBY', KEYS[4], 'turns', 1)
return 1
"""

RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


@dataclass(frozen=True)
class Held:
    """An answer that would do something, and the screen it was given on: it waits for a number to be typed."""

    answer: str
    shown: str
    number: str


@dataclass(frozen=True)
class Heard:
    """What a dialogue remembers of its requests where cumulative text does not tell them apart.

    `requests` are the marks of the newest request ids, `at` is when we last replied (seconds since 1970), `numbers`
    are all that were ever shown to be typed back, `used` the one that was, until another answer is taken.
    """

    requests: tuple[str, ...] = ()
    at: float = 0.0
    numbers: tuple[str, ...] = ()
    used: str = ""
    held: Held | None = None


NOTHING = Heard()


@dataclass(frozen=True)
class Stored:
    """A dialogue as it was left: with the screen last sent and how much of the gateway's text it has consumed."""

    dialogue: Dialogue
    screen: str
    length: int
    mark: str
    heard: Heard = NOTHING


@dataclass(frozen=True)
class Opened:
    """What one round trip found: whether the phone is ours, the dialogue if there is one, the newest versions.

    `left` is the dialogue in which this phone was cut off, when the session is new.
    """

    locked: bool
    stored: Stored | None
    documents: dict[str, Pointer] | None
    left: Dialogue | None = None


class Dialogues:
    """Reads and writes dialogues. Every method raises redis.RedisError when the server is away."""

    def __init__(self, connections: Connections, vault: Vault) -> None:
        self._connections = connections
        self._vault = vault
        client = Redis()  # connects to nothing: a script only asks it how text is encoded
        self._open = client.register_script(OPEN)
        self._close = client.register_script(CLOSE)
        self._release = client.register_script(RELEASE)

    def open(self, session: str, phone: str, token: str, mark: str, length: int) -> Opened:
        """Read the session's dialogue and lock the phone, unless the text is one it has already consumed.

        An empty mark is that of no text: it always needs the lock.
        """
        keys = [_dialogue_key(session), self._lock_key(phone), POINTERS, self._left_key(phone)]
        found = self._open(keys=keys, args=[token, LEASE, mark, length], client=self._connections.get())
        mine, transition, consumed, text_mark, body, pointers, left = found
        stored = None
        if transition is not None:
            kept = self._unseal(body)
            heard = _heard(kept["heard"]) if "heard" in kept else NOTHING
            stored = Stored(_dialogue(kept), kept["screen"], int(consumed), text_mark.decode(), heard)
        documents = read_pointers(pointers) if pointers else None
        return Opened(bool(mine), stored, documents, _dialogue(self._unseal(left)) if left else None)

    def _unseal(self, body: bytes | str) -> dict[str, Any]:
        kept: dict[str, Any] = json.loads(self._vault.open(body if isinstance(body, str) else body.decode()))
        return kept

    def peek(self, session: str) -> Dialogue | None:
        """The dialogue of a session, without locking anything."""
        body = self._connections.get().hget(_dialogue_key(session), "b")
        return _dialogue(self._unseal(body)) if body else None

    def close(
        self,
        session: str,
        phone: str,
        token: str,
        before: Stored | None,
        after: Stored,
        turn: dict[str, Any],
        resumable: int = FORGET,
    ) -> bool:
        """Write the new state, its journal entry, and unlock; False when somebody else moved the dialogue first.

        For `resumable` milliseconds the phone's next session may go on with it; FORGET: none may; AS_IT_WAS: what
        was left before is left still.
        """
        # What is over is kept for retries only, and a retry needs no answers.
        dialogue = replace(after.dialogue, answers=None) if after.dialogue.ended else after.dialogue
        kept = {"dialogue": dialogue.to_json(), "screen": after.screen}
        if after.heard != NOTHING:
            kept["heard"] = asdict(after.heard)
        arguments = [
            token,
            before.dialogue.transition if before else "",
            after.dialogue.transition,
            after.length,
            after.mark,
            self._vault.seal(json.dumps(kept, separators=(",", ":"))),
            KEEP,
            MOST_JOURNAL,
            json.dumps(turn, separators=(",", ":")),
            resumable,
        ]
        keys = [_dialogue_key(session), self._lock_key(phone), JOURNAL, COUNTERS, self._left_key(phone)]
        return bool(self._close(keys=keys, args=arguments, client=self._connections.get()))

    def release(self, phone: str, token: str) -> None:
        """Let go of the phone without having changed anything."""
        self._release(keys=[self._lock_key(phone)], args=[token], client=self._connections.get())

    def _left_key(self, phone: str) -> str:
        return f"srt:left:{self._vault.mark(phone)}"

    def _lock_key(self, phone: str) -> str:
        return f"srt:lock:{self._vault.mark(phone)}"


def _dialogue(kept: dict[str, Any]) -> Dialogue:
    return Dialogue.from_json(kept["dialogue"])


def _heard(data: dict[str, Any]) -> Heard:
    held = Held(**data["held"]) if data["held"] else None
    return Heard(tuple(data["requests"]), data["at"], tuple(data["numbers"]), data["used"], held)


def _dialogue_key(session: str) -> str:
    return f"srt:dialogue:{session}"
