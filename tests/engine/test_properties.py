"""Whatever people type into the shipped menu, whatever is true of them, they see a screen that fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise, product
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.menus import TODAY
from tests.engine.values import a_row, a_value
from ussd_app.domain import gsm7
from ussd_app.engine import graph, source
from ussd_app.engine.checks import CHECKS
from ussd_app.engine.dialogue import Dialogue
from ussd_app.engine.fit import NARROWEST
from ussd_app.engine.kinds import Value
from ussd_app.engine.parts import included_in
from ussd_app.engine.proof import compile_menu
from ussd_app.engine.step import begin, step
from ussd_app.engine.turn import FactKey, FactValue, Known, Needs, Outcome, Turn
from ussd_app.engine.view import View
from ussd_app.engine.view import navigation as keys_of
from ussd_app.engine.vocabulary import FactSpec
from ussd_app.services.words import VOCABULARY

MENUS = Path(__file__).parent.parent.parent / "menus"
STATES = ["active", "received", "upcoming", "due", "arrears", "lapsed", "refused", "unpaid"]
# What somebody sensible types, by the check of the question.
SENSIBLE = {
    "nik": "3174054508880003",
    "birth_date": "05081988",
    "name": "Siti Rahayu",
    "words": "Kota Bogor",
    "phone": "081234567891",
    "money": "20000",
    "pin": "204861",
    "pattern": "21234567890",
}
CHECK_NAMES = {id(spec): name for name, spec in CHECKS.items()}
GOOD = list(SENSIBLE.values())
JUNK = [
    "",
    " ",
    "*",
    "1*1",
    "#",
    "00 ",
    "0\n",
    "😀",
    "👨‍👩‍👧",
    "{name}",
    "\x00",
    "é" * 200,
    "9" * 500,
    "+",
    "-1",
    "٣",
    "1.5",
]

ANYTHING = st.one_of(st.sampled_from(["0", "00", "98", *"12345"]), st.sampled_from(GOOD + JUNK), st.text(max_size=30))
STEPS = st.integers(0, 13)
# Answers with which some people begin, so that every corner is seen: the choice of months, a date that never agrees.
AHEAD = [[], ["1", *GOOD[:3], "1", "1"], ["1", *GOOD[:3], "1", "1", "3"], ["1", GOOD[0], *["06081988"] * 3]]
# At the narrowest every line that is too long for the words beside the keys is met.
LIMITS = st.just(NARROWEST) | st.integers(NARROWEST, 182)
LANGUAGES = st.sampled_from(["id", "en", "jv", "su"])


@cache
def shipped(name: str) -> graph.Menu:
    """A menu as it is shipped."""
    names = [name, *included_in((MENUS / f"{name}.yaml").read_text())]
    files = [file for name in names for file in (MENUS / f"{name}.yaml", *sorted(MENUS.glob(f"{name}.*.yaml")))]
    menu, problems = compile_menu([source.read(file.name, file.read_text()) for file in files], 1, VOCABULARY)
    assert menu is not None, "\n".join(map(str, problems))
    return menu


@dataclass
class Life:
    """One person whose facts and fortunes Hypothesis invents; what was once found out stays true."""

    menu: graph.Menu
    language: str
    limit: int | None
    data: st.DataObject
    facts: dict[tuple[object, ...], FactValue] = field(default_factory=dict)
    arguments: list[tuple[str, Value]] = field(default_factory=list)
    known: Known = field(default_factory=lambda: Known(TODAY))

    def dial(self) -> Turn:
        dialogue = Dialogue("one", self.menu.name, 1, self.language, limit=self.limit)
        return self._finish(lambda known: begin(self.menu, dialogue, known))

    def say(self, before: Turn, said: str) -> Turn:
        return self._finish(lambda known: step(self.menu_of(before), before.dialogue, said, known))

    def menu_of(self, turn: Turn) -> graph.Menu:
        """The menu that a turn ended in."""
        return shipped(turn.dialogue.menu)

    def screen_of(self, turn: Turn) -> graph.Screen:
        """The screen that a turn ended on."""
        return self.menu_of(turn).screens[turn.dialogue.screen]

    def said_at(self, turn: Turn) -> str:
        """What this person types now: three times in four something sensible, so that they get far."""
        screen = self.screen_of(turn)
        sensible: st.SearchStrategy[str] = st.sampled_from([*"111122334", "98"])
        if screen.ask:
            sensible = st.just(SENSIBLE[CHECK_NAMES[id(screen.ask.check)]])
        said: str = self.data.draw(st.one_of(sensible, sensible, sensible, ANYTHING))
        return said

    def walk(self, steps: int) -> list[Turn]:
        """Every turn of a dialogue, up to its end."""
        turns, ahead = [self.dial()], self.data.draw(st.sampled_from(AHEAD))
        for number in range(len(ahead) + steps):
            if turns[-1].ends:
                break
            said = ahead[number] if number < len(ahead) else self.said_at(turns[-1])
            turns.append(self.say(turns[-1], said))
        return turns

    def _finish(self, take: Callable[[Known], Turn | Needs]) -> Turn:
        self.known = Known(TODAY)
        while isinstance(result := take(self.known), Needs):
            outcomes = self.known.outcomes
            if result.effect:
                self.arguments += result.effect.arguments
                outcomes = (*outcomes, self._outcome(result.effect.name))
            found = {key: self._fact(key) for key in sorted(result.facts, key=repr)}
            menus = {result.menu: shipped(result.menu[0])} if result.menu else {}
            self.known = Known(TODAY, {**self.known.facts, **found}, outcomes, {**self.known.menus, **menus})
        return result

    def _fact(self, key: FactKey) -> FactValue:
        self.arguments += key.arguments
        once = (key.fact, key.arguments)
        if once not in self.facts:
            self.facts[once] = self.data.draw(a_fact(key.fact, VOCABULARY.facts[key.fact]))
        return self.facts[once]

    def _outcome(self, effect: str) -> Outcome:
        outcomes = VOCABULARY.effects[effect].outcomes
        name = self.data.draw(st.sampled_from(sorted(outcomes)))
        return Outcome(name, self.data.draw(a_row(outcomes[name])))


def a_fact(name: str, spec: FactSpec) -> st.SearchStrategy[FactValue]:
    """Any value of a fact; a field may be missing where nothing was found."""
    fields = {
        field: st.sampled_from(STATES) if (name, field) == ("member", "state") else a_value(kind) | st.none()
        for field, kind in spec.gives.items()
        if field != "found"
    }
    rows = st.lists(a_row(spec.rows), max_size=40).map(tuple) if spec.rows else st.just(())
    found = {"found": st.booleans()} if "found" in spec.gives else {}
    return st.builds(FactValue, st.fixed_dictionaries({**fields, **found}), rows)


def a_life(data: st.DataObject, limit: int | None = None) -> Life:
    return Life(shipped("main"), data.draw(LANGUAGES), limit, data)


many = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@many
@given(st.data(), STEPS, LIMITS)
def test_no_screen_is_ever_over_the_limit(data: st.DataObject, steps: int, limit: int) -> None:
    for turn in a_life(data, limit).walk(steps):
        assert gsm7.fits_screen(turn.text, limit), turn.text


@many
@given(st.data(), STEPS)
def test_at_the_shipped_limit_only_lists_take_more_pages_than_one(data: st.DataObject, steps: int) -> None:
    life = a_life(data)
    for turn in life.walk(steps):
        assert life.screen_of(turn).listing or "\n98. " not in turn.text, turn.text


@many
@given(st.data(), STEPS, LIMITS)
def test_every_dialogue_stays_on_screens_of_the_menu(data: st.DataObject, steps: int, limit: int) -> None:
    life = a_life(data, limit)
    for turn in life.walk(steps):
        dialogue = turn.dialogue
        assert life.screen_of(turn).ends == turn.ends == dialogue.ended
        assert all(_waits(life.menu_of(turn).screens[seen.screen]) for seen in dialogue.history)


@many
@given(st.data(), STEPS)
def test_nothing_is_looked_up_or_done_with_an_answer_nobody_gave(data: st.DataObject, steps: int) -> None:
    life = a_life(data)
    life.walk(steps)
    # What a screen remembers of an invented fact may be missing in it, and so may what a choice copies from there.
    screens = [screen for name in ("main", "sponsor") for screen in shipped(name).screens.values()]
    unsure = {name for screen in screens for name in screen.remember or {}}
    unsure |= {name for screen in screens for choice in screen.choices for name in choice.copies}
    assert {name for name, value in life.arguments if value is None} <= unsure


@many
@given(st.data(), STEPS, LIMITS)
def test_the_same_answer_gives_the_equal_turn_again(data: st.DataObject, steps: int, limit: int) -> None:
    life = a_life(data, limit)
    turn = life.dial()
    for _ in range(steps):
        if turn.ends:
            break
        said = life.said_at(turn)
        before, turn = turn, life.say(turn, said)
        assert step(life.menu_of(before), before.dialogue, said, life.known) == turn


@many
@given(st.data(), STEPS, LIMITS)
def test_back_shows_the_very_page_that_was_left(data: st.DataObject, steps: int, limit: int) -> None:
    life = a_life(data, limit)
    turn, left = life.dial(), list[Turn]()
    for _ in range(steps):
        if turn.ends:
            break
        said = life.said_at(turn)
        before, turn = turn, life.say(turn, said)
        went = len(turn.dialogue.history) - len(before.dialogue.history)
        if went > 0:
            left.append(before)
            ask = life.screen_of(turn).ask
            if not turn.ends and not (ask and ask.check.zero):
                _back_shows(life.say(turn, "0"), before)
        elif went == -1 and said.strip() == "0":
            _back_shows(turn, left.pop())
        elif not turn.dialogue.history:
            left.clear()


@many
@given(st.data(), STEPS, LIMITS)
def test_no_screen_is_on_its_own_way_back(data: st.DataObject, steps: int, limit: int) -> None:
    for turn in a_life(data, limit).walk(steps):
        dialogue = turn.dialogue
        way = [seen.screen for seen in dialogue.history] + [dialogue.screen]
        assert all(before != after for before, after in pairwise(way)), way


@many
@given(st.data(), STEPS)
def test_home_is_always_one_key_away(data: st.DataObject, steps: int) -> None:
    life = a_life(data)
    last = life.walk(steps)[-1]
    ask = life.screen_of(last).ask
    if last.ends or (ask and ask.check.zero):
        return
    home = life.say(last, "00")
    assert (home.dialogue.history, home.dialogue.notice, home.text) == ((), "", life.say(home, "00").text)


@many
@given(st.data(), STEPS)
def test_a_dialogue_written_down_and_read_goes_on_alike(data: st.DataObject, steps: int) -> None:
    life = a_life(data)
    for turn in life.walk(steps):
        read = Dialogue.from_json(turn.dialogue.to_json())
        assert read.to_json() == turn.dialogue.to_json()
        if not turn.ends:
            on = life.say(turn, "1")
            assert step(life.menu_of(turn), read, "1", life.known) == on


@many
@given(st.data(), STEPS, LIMITS)
def test_more_leads_to_the_last_page_and_no_page_comes_twice(data: st.DataObject, steps: int, limit: int) -> None:
    life = a_life(data, limit)
    turn = life.walk(steps)[-1]
    pages = [turn.dialogue.page]
    while _has_more(life.menu_of(turn), turn) and not turn.ends:
        turn = life.say(turn, life.menu_of(turn).more_key)
        assert turn.accepted
        pages.append(turn.dialogue.page)
    assert pages == list(range(pages[0], pages[0] + len(pages)))


@many
@given(st.data(), STEPS, LIMITS)
def test_a_cut_into_pages_loses_no_word_of_the_screen(data: st.DataObject, steps: int, limit: int) -> None:
    life = a_life(data, limit)
    turn = life.walk(steps)[-1]
    if turn.ends:
        return
    turn = life.say(turn, "no such choice")
    dialogue, screen = turn.dialogue, life.screen_of(turn)
    epoch = len(life.known.outcomes)
    pages = View(life.menu_of(turn), screen, dialogue, life.known, epoch).pages()
    whole = View(life.menu_of(turn), screen, replace(dialogue, limit=100_000), life.known, epoch).pages()
    assert len(whole) == 1
    navigation = {
        line
        for more, back, words in product([False, True], repeat=3)
        for line in keys_of(life.menu_of(turn), dialogue.language, more=more, back=back, words=words)
    }
    assert _words_but(navigation, pages) == _words_but(navigation, whole)


def _back_shows(turn: Turn, left: Turn) -> None:
    """The turn after Back shows the page that was left."""
    there, now = left.dialogue, turn.dialogue
    assert now.screen == there.screen
    # The notice of a wrong answer is gone, and a language chosen on the way is kept: then lines move.
    if not there.notice and now.language == there.language:
        assert (now.page, turn.text) == (there.page, left.text)


def _words_but(navigation: set[str], pages: list[str]) -> list[str]:
    lines = [line for page in pages for line in page.split("\n") if line not in navigation]
    return " ".join(lines).split()


def _has_more(menu: graph.Menu, turn: Turn) -> bool:
    return any(line == menu.more_key or line.startswith(f"{menu.more_key}. ") for line in turn.text.split("\n"))


def _waits(screen: graph.Screen) -> bool:
    return not (screen.branches or screen.effect or screen.ends)
