"""One turn of a dialogue: what was said goes in, the next screen comes out, and what the menu asked for is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from sqlalchemy import Connection

from ussd_app.engine import graph
from ussd_app.engine.dialogue import Dialogue
from ussd_app.engine.step import begin, step
from ussd_app.engine.turn import SUBJECT, FactKey, FactValue, Known, MenuKey, Needs, Outcome, Turn
from ussd_app.gateways.ussd import Keypress
from ussd_app.runtime import Runtime
from ussd_app.services import confirming, effects, facts, people, publishing, retries
from ussd_app.services.callers import Caller, Found
from ussd_app.services.days import local
from ussd_app.services.jobs import Job
from ussd_app.services.words import VOCABULARY
from ussd_app.storage.database import did_anything
from ussd_app.storage.dialogues import AS_IT_WAS, FORGET, NOTHING, Heard, Held, Opened, Stored

MOST_LOOKUPS = 40
# What the journal may show: the key of a choice, an answer without a date, a phone number or a NIK in it.
LONGEST_KEY = 3
MOST_DIGITS = 5

# More answers than any menu is deep: a longer chain is somebody's joke.
MOST_CHAINED = 20

# The reason said above the first screen when a menu had to be withdrawn under somebody's feet.
WITHDRAWN = "withdrawn"

# Said when the menus do not know the answer any more.
DONE_BEFORE = "Permintaan Anda sudah kami terima. Dial lagi untuk melihatnya. / Received, dial again to see it."


class _EffectAhead(Exception):
    pass


class _NumberFirst(Exception):
    pass


# What a dialogue keeps although it answers nothing: how the caller is spoken to, and about whom.
NOT_AN_ANSWER = frozenset({"language", SUBJECT})


@dataclass
class Walk:
    """One turn as the service takes it: facts and effects in one transaction, jobs once that is committed.

    `heard` is what was remembered of earlier requests, and then what is to be remembered after this turn. `within` is
    the transaction to take it in, where there is one already; `spoken` the language of whoever has never chosen one.
    """

    rt: Runtime
    keypress: Keypress
    opened: Opened
    name: str
    heard: Heard
    within: Connection | None = None
    spoken: str | None = None
    jobs: list[Job] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.documents = self.opened.documents or publishing.refresh(self.rt)
        self.today = local(self.rt.clock())
        self.confirmed = self.keypress.dialect.retry != "none"

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commits what the turn did when it ends well; opened only by a turn that needs the database."""
        with self._stack:
            yield

    @property
    def connection(self) -> Connection:
        """The turn's connection, with its transaction."""
        if self.within is None:
            self.within = self._stack.enter_context(self.rt.db.begin())
        return self.within

    def dial(self) -> Turn | None:
        """The first screen; then each answer of a chain. None when no menu answers the code.

        A text in an unknown session is a chain typed with the code, or a dialogue that Redis has lost. Both are
        walked, neither ever through an effect. When the lost dialogue has already had one, its screens cannot be
        found again (whoever has enrolled starts elsewhere), so the person is told that it was received.
        """
        found = publishing.menu_for(self.rt, self.documents, self.keypress.service_code)
        if found is None:
            return None
        chain, typed = found.chain, retries.chain_in(self.keypress)
        turn = self._begin(found.menu, found.limit)
        if not chain and not typed and retries.is_dial(self.keypress):
            return turn
        if did_anything(self.connection, self.name):
            return Turn(replace(turn.dialogue, ended=True), DONE_BEFORE, ends=True)
        answers = "*".join(filter(None, (chain, typed)))
        return self._chain(turn, answers) if answers else turn

    def _begin(self, menu: graph.Menu, limit: int | None, notice: str = "") -> Turn:
        chosen = people.dialled(self.rt, self.connection, self.keypress.phone) or self.spoken
        language = chosen if chosen in menu.languages else menu.language
        left = None if retries.chain_in(self.keypress) else self.opened.left
        if left and (self._is_withdrawn(left) or menu.name not in (left.menu, *(item.menu for item in left.parents))):
            left = None
        dialogue = Dialogue(self.name, menu.name, menu.version, language or menu.language, left=left, limit=limit)
        return self._finish(partial(begin, menu, dialogue, notice=notice), dialogue, "", "", replay=True)

    def _is_withdrawn(self, dialogue: Dialogue) -> bool:
        pointer = self.documents.get(dialogue.menu)
        return pointer is None or dialogue.version in pointer.withdrawn

    def resumable(self, turn: Turn) -> int:
        """For how many milliseconds the phone's next session may go on where this turn leaves it.

        Whoever has answered nothing yet loses nothing: they are not asked whether to go on.
        """
        dialogue, menu = turn.dialogue, self.menu_of(turn.dialogue)
        if dialogue.left:
            return AS_IT_WAS
        answered = (dialogue.answers or {}).keys() - menu.remembered - NOT_AN_ANSWER
        return menu.resume.minutes * 60_000 if menu.resume and answered and not turn.ends else FORGET

    def menu_of(self, dialogue: Dialogue) -> graph.Menu:
        """The version of the menu that a dialogue stands in."""
        return publishing.menu(self.rt, dialogue.menu, dialogue.version)

    def answer(self, before: Stored, said: str) -> Turn:
        """The screen after an answer. Where keys are asked for, `1*2` is two answers; elsewhere it is one text."""
        held = self.heard.held
        self.heard = replace(self.heard, held=None, used="") if self.heard is not NOTHING else NOTHING
        if self._is_withdrawn(before.dialogue) and before.dialogue.menu in self.documents:
            newest = publishing.newest_menu(self.rt, self.documents, before.dialogue.menu)
            turn = self._begin(newest, before.dialogue.limit, WITHDRAWN)
            # A dialogue of its own: what the withdrawn one has done must not be taken for this one's doing.
            fresh = replace(turn.dialogue, id=f"{self.name}-{before.dialogue.transition}")
            return replace(turn, dialogue=replace(fresh, transition=before.dialogue.transition + 1))
        menu = self.menu_of(before.dialogue)
        if held:
            return self._number(menu, before.dialogue, held, said.strip())
        first, _, rest = said.partition("*")
        if menu.screens[before.dialogue.screen].ask:
            first, rest = said, ""
        turn = self._act(menu, before.dialogue, first, before.screen)
        return self._chain(turn, rest) if rest and not self.heard.held else turn

    def _act(self, menu: graph.Menu, dialogue: Dialogue, said: str, shown: str) -> Turn:
        """The screen after `said`, effects done; where they have to be confirmed first, the screen that asks for it."""
        try:
            return self._finish(partial(step, menu, dialogue, said), dialogue, shown, said, replay=False)
        except _NumberFirst:
            turn, self.heard = confirming.hold(menu, dialogue, self.heard, said, shown, wrong=False)
            return turn

    def _number(self, menu: graph.Menu, dialogue: Dialogue, held: Held, typed: str) -> Turn:
        """What follows where a number was to be typed: the right one lets the answer that waits for it be taken."""
        if typed == menu.back_key:
            return Turn(replace(dialogue, transition=dialogue.transition + 1), held.shown, ends=False)
        if typed != held.number:
            turn, self.heard = confirming.hold(menu, dialogue, self.heard, held.answer, held.shown, wrong=True)
            return turn
        self.heard, self.confirmed = replace(self.heard, used=typed), True
        return self._act(menu, dialogue, held.answer, held.shown)

    def _chain(self, turn: Turn, text: str) -> Turn:
        """Walk further answers, up to the first wrong one or the first effect not yet done."""
        for said in text.split("*", MOST_CHAINED)[:MOST_CHAINED]:
            following = self.reply(turn, said) if turn.accepted and not turn.ends else None
            if following is None:
                break
            turn = following
        return turn

    def reply(self, turn: Turn, said: str) -> Turn | None:
        """The screen after one more answer; None where that would do something for the first time."""
        try:
            take = partial(step, self.menu_of(turn.dialogue), turn.dialogue, said)
            return self._finish(take, turn.dialogue, turn.text, said, replay=True)
        except _EffectAhead:
            return None

    def journal_of(self, before: Stored | None, said: str) -> str:
        """What the journal may say of an answer: nothing private, nothing that was meant for another screen."""
        if before is None:
            return said
        screen = self.menu_of(before.dialogue).screens[before.dialogue.screen]
        ask = None if before.heard.held else screen.ask
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
            result = take(Known(self.today, known, outcomes, menus, self.rt.vault.pepper))
            if isinstance(result, Turn):
                return result
            for key in result.facts:
                caller = caller.asking(key.about)
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
                elif self.confirmed or VOCABULARY.effects[result.effect.name].harmless:
                    answer, caller = self.rt.vault.mark(said), caller.asking(result.effect.about)
                    outcome, jobs = effects.perform(self.rt, self.connection, caller, result.effect, name, answer)
                    self.jobs += jobs
                else:
                    raise _NumberFirst
                outcomes = (*outcomes, outcome)
                caller = replace(caller, found=Found())
        raise RecursionError("a turn that never ends")
