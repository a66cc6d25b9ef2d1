"""Someone pressed a key: find out what they see next.

`begin` and `step` are pure. Where a screen shows something that the dialogue does not hold, an effect has to be
done before the next screen is known, or the dialogue goes to another menu, they return `Needs`; the caller finds
it out and calls again with more in `Known`. Calling again with the same arguments gives the same turn, which is
what makes a retry harmless.
"""

from __future__ import annotations

from dataclasses import replace

from ussd_app.engine.checks import Asked
from ussd_app.engine.dialogue import Dialogue, Parent, Seen
from ussd_app.engine.expressions import Path
from ussd_app.engine.graph import LEFT, MENU, RETURN, Choice, Menu, Screen
from ussd_app.engine.kinds import Value
from ussd_app.engine.turn import SUBJECT, EffectCall, Known, MenuKey, Missing, Needs, Outcome, Turn
from ussd_app.engine.view import View, fill, in_language
from ussd_app.errors import Refused

LONGEST_ANSWER = 182
MOST_STEPS = 50
MOST_HISTORY = 20


def begin(menu: Menu, dialogue: Dialogue, known: Known, *, notice: str = "") -> Turn | Needs:
    """Somebody dialled: the first screen of the menu, or the one where a dialogue that was cut off goes on.

    `dialogue.left` is the one cut off, if there is one. `notice` names a reason of the menu to stand above.
    """
    try:
        walk = _Walk(menu, known)
        if dialogue.left and menu.resume:
            return walk.enter(dialogue, menu.resume.screen or LEFT)
        turn = walk.enter(replace(dialogue, left=None), menu.start)
        return walk.noticed(turn, notice) if notice in menu.reasons else turn
    except Missing as missing:
        return missing.needs


def step(menu: Menu, dialogue: Dialogue, said: str, known: Known) -> Turn | Needs:
    """Somebody answered `said` on the screen where the dialogue waits: what they see next.

    A wrong answer gives the same screen with a reason above it; it counts as an answer consumed all the same.
    """
    counted = replace(dialogue, transition=dialogue.transition + 1)
    try:
        return _Walk(menu, known).answer(counted, said[:LONGEST_ANSWER])
    except Missing as missing:
        return missing.needs


class _Walk:
    """One turn with what is known so far; it may lead from one menu to another."""

    def __init__(self, menu: Menu, known: Known) -> None:
        self.menu = menu
        self.known = known
        self.epoch = 0
        self.sent_home = False

    def view(self, dialogue: Dialogue, screen: Screen) -> View:
        return View(self.menu, screen, dialogue, self.known, self.epoch)

    def answer(self, dialogue: Dialogue, said: str) -> Turn:
        screen = self.menu.screens[dialogue.screen]
        typed = said.strip()
        moved = self._navigate(dialogue, screen, typed)
        if moved:
            return moved
        if screen.ask:
            return self._asked(dialogue, screen, said)
        return self._chosen(dialogue, screen, typed)

    def _navigate(self, dialogue: Dialogue, screen: Screen, typed: str) -> Turn | None:
        menu, view = self.menu, self.view(dialogue, screen)
        if view.takes_zero or any(choice.key == typed for choice in screen.choices):
            return None
        if typed == menu.home_key:
            return self._home(dialogue)
        if typed == menu.back_key and dialogue.page > 0:
            return self.show(replace(dialogue, page=dialogue.page - 1), screen)
        if typed == menu.back_key and dialogue.can_go_back:
            return self._back(dialogue)
        if typed == menu.more_key and dialogue.page + 1 < len(view.pages()):
            return self.show(replace(dialogue, page=dialogue.page + 1), screen)
        return None

    def _home(self, dialogue: Dialogue) -> Turn:
        """The home of the menu that was dialled, however deep in others the dialogue stands."""
        if dialogue.parents:
            self.menu = self._fetch((dialogue.parents[0].menu, dialogue.parents[0].version))
        return self.enter(replace(self._standing(dialogue), parents=(), history=()), self.menu.home)

    def _back(self, dialogue: Dialogue) -> Turn:
        if not dialogue.history:
            return self._return(dialogue)
        *history, previous = dialogue.history
        return self._again(replace(dialogue, history=tuple(history)), previous)

    def _again(self, dialogue: Dialogue, seen: Seen) -> Turn:
        """A page that was left, as it stood: without the notice of a wrong answer."""
        back = replace(dialogue, screen=seen.screen, page=seen.page, notice="", tries=0)
        return self.show(back, self.menu.screens[seen.screen])

    def _asked(self, dialogue: Dialogue, screen: Screen, said: str) -> Turn:
        ask = screen.ask
        assert ask is not None
        try:
            asked = Asked(ask.parameters, dialogue.answers or {}, self.known.today, self.known.pepper)
            value = ask.check.check(said, asked)
        except Refused as refused:
            return self._refused(dialogue, screen, refused)
        return self.enter(_onward(dialogue.keeping(**{ask.keep: value})), ask.go)

    def _refused(self, dialogue: Dialogue, screen: Screen, refused: Refused) -> Turn:
        ask = screen.ask
        counted = ask is None or ask.counts in (None, refused.reason)
        tries = dialogue.tries + counted
        if ask and ask.tries and ask.otherwise and tries >= ask.tries:
            return self.enter(_onward(dialogue), ask.otherwise)
        again = replace(dialogue, notice=self._reason(dialogue, refused), tries=tries, page=0)
        return replace(self.show(again, screen), accepted=False)

    def _reason(self, dialogue: Dialogue, refused: Refused) -> str:
        template = in_language(self.menu.reasons[refused.reason], dialogue.language)
        values: dict[Path, Value] = {(name,): _as_value(value) for name, value in refused.values.items()}
        return fill(template, dialogue.language, values.get)

    def noticed(self, turn: Turn, reason: str) -> Turn:
        """The same turn with a reason above its screen."""
        dialogue = replace(turn.dialogue, notice=self._reason(turn.dialogue, Refused(reason)))
        return self.show(dialogue, self.menu.screens[dialogue.screen])

    def _chosen(self, dialogue: Dialogue, screen: Screen, typed: str) -> Turn:
        for option in self.view(dialogue, screen).options():
            if option.key != typed:
                continue
            if option.choice:
                return self.enter(_onward(_setting(dialogue, option.choice)), option.choice.go)
            listing, row = screen.listing, option.row
            assert listing is not None
            assert row is not None
            return self.enter(_onward(dialogue.keeping(**{listing.keep: row[listing.value]})), listing.go)
        return self._refused(dialogue, screen, Refused("choose"))

    def enter(self, dialogue: Dialogue, name: str) -> Turn:
        """Walk through branches, effects and other menus until a screen that a person sees."""
        dialogue = replace(dialogue, notice="", tries=0, page=0)
        for _ in range(MOST_STEPS):
            if name == LEFT:
                return self._go_on(dialogue)
            if name == RETURN:
                return self._return(dialogue)
            if name.startswith(MENU):
                dialogue, name = self._visit(dialogue, name.removeprefix(MENU))
            screen = self.menu.screens[name]
            if screen.branches:
                name = self._branch(dialogue, screen)
            elif screen.effect:
                outcome = self._effect(dialogue, screen)
                results = {f"{screen.effect.name}.{key}": value for key, value in outcome.fields.items()}
                dialogue = dialogue.keeping(**results)
                name = screen.effect.outcomes[outcome.name]
            else:
                asked = self.menu.resume and self.menu.resume.screen == name
                left = dialogue.left if asked else None
                return self.show(replace(_redrawn(dialogue, name), screen=name, left=left), screen)
        raise RecursionError(f"{self.menu.name}: no screen after {MOST_STEPS} steps from {name}")

    def _visit(self, dialogue: Dialogue, name: str) -> tuple[Dialogue, str]:
        """Go to the start of another menu; its `return`, or Back on its first screen, leads here again."""
        parents = dialogue.parents
        if dialogue.history:
            *history, seen = dialogue.history
            parents = (*parents, Parent(dialogue.menu, dialogue.version, seen, tuple(history)))
        self.menu = self._fetch((name, None))
        return replace(self._standing(dialogue), parents=parents, history=()), self.menu.start

    def _return(self, dialogue: Dialogue) -> Turn:
        """Back to the screen from which this menu was visited; where nobody came from elsewhere, home."""
        if not dialogue.parents:
            return self._home(dialogue)
        *parents, parent = dialogue.parents
        self.menu = self._fetch((parent.menu, parent.version))
        back = replace(self._standing(dialogue), parents=tuple(parents), history=parent.history)
        return self._again(back, parent.seen)

    def _go_on(self, dialogue: Dialogue) -> Turn:
        """Where a dialogue that was cut off stood, as that dialogue: its effects stay done once."""
        left = dialogue.left
        if left is None:
            return self._home(dialogue)
        self.menu = self._fetch((left.menu, left.version))
        # It may have been cut off on another code: what counts is the room on the phone in their hand now.
        return self.show(replace(left, limit=dialogue.limit), self.menu.screens[left.screen])

    def _fetch(self, key: MenuKey) -> Menu:
        if key == (self.menu.name, self.menu.version):
            return self.menu
        if key not in self.known.menus:
            raise Missing(Needs(menu=key))
        return self.known.menus[key]

    def _standing(self, dialogue: Dialogue) -> Dialogue:
        """The dialogue, standing in the menu where the walk is now."""
        return replace(dialogue, menu=self.menu.name, version=self.menu.version)

    def show(self, dialogue: Dialogue, screen: Screen) -> Turn:
        """The screen as it stands for this dialogue, with what it asks to be remembered.

        One whose subject is gone since it was last seen gives way to home.
        """
        if not self.sent_home and self.view(dialogue, screen).is_about_nothing():
            self.sent_home = True
            return self._home(dialogue)
        if screen.remember:
            look = self.view(dialogue, screen).look
            dialogue = dialogue.keeping(**{name: look(path) for name, path in screen.remember.items()})
        made = self.view(dialogue, screen).pages()
        page = min(dialogue.page, len(made) - 1)
        return Turn(replace(dialogue, page=page, ended=screen.ends), made[page], screen.ends)

    def _branch(self, dialogue: Dialogue, screen: Screen) -> str:
        look = self.view(dialogue, screen).look
        for branch in screen.branches:
            if branch.when is None or branch.when.holds(look):
                return branch.go
        raise LookupError(f"{self.menu.name}.{screen.name}: no branch holds")

    def _effect(self, dialogue: Dialogue, screen: Screen) -> Outcome:
        effect = screen.effect
        assert effect is not None
        number, self.epoch = self.epoch, self.epoch + 1
        if number < len(self.known.outcomes):
            return self.known.outcomes[number]
        arguments = tuple((name, effect.fixed.get(name, dialogue.answer(name))) for name in effect.takes)
        call = EffectCall(effect.name, arguments, number, dialogue.answer(SUBJECT))
        raise Missing(Needs(effect=call, screen=screen.name, answers=dialogue.answers))


def _setting(dialogue: Dialogue, choice: Choice) -> Dialogue:
    """The answers that a choice gives; `$name` stands for another answer."""
    copied = {name: dialogue.answer(source) for name, source in choice.copies.items()}
    return dialogue.keeping(**choice.sets, **copied)


def _onward(dialogue: Dialogue) -> Dialogue:
    """The dialogue with the page it leaves put on the way back."""
    return replace(dialogue, history=(*dialogue.history, Seen(dialogue.screen, dialogue.page))[-MOST_HISTORY:])


def _redrawn(dialogue: Dialogue, name: str) -> Dialogue:
    """The dialogue with no page of the screen it comes to as the nearest on the way back.

    An effect may lead to the very screen it was asked for on (a price that changed): Back from there is the screen
    before, not the same one again.
    """
    if dialogue.history and dialogue.history[-1].screen == name:
        return replace(dialogue, history=dialogue.history[:-1])
    return dialogue


def _as_value(value: object) -> Value:
    return value if isinstance(value, str | int) else str(value)
