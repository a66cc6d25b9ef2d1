"""Whatever is wrong with a menu is found before anybody dials, on its line, with a sentence that helps."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.engine.menus import VOCABULARY, compiled, problems_of
from ussd_app.engine import source
from ussd_app.engine.checks import CHECKS
from ussd_app.engine.proof import compile_menu
from ussd_app.engine.vocabulary import Vocabulary
from ussd_app.errors import Problem
from ussd_app.services import publishing, words

MENUS = Path(__file__).parent.parent.parent / "menus"

# The first lines of every broken menu; a test adds a screen `here` below, to which key 2 of `welcome` leads.
HEAD = """\
menu: small
codes: ["*1#"]
languages: [id, en]
start: welcome
limit: 100
reasons:
  choose: Pilih nomor yang ada.
  words_short: Terlalu pendek.
  words_long: Paling panjang {most}.
  number: Tulis angka.
  number_range: Dari {least} sampai {most}.
  amount: Tulis jumlah.
  amount_range: "{least|rupiah} - {most|rupiah}"
screens:
  welcome:
    text: Halo
    choices:
      1: {label: Selesai, go: bye}
      2: {label: Lanjut, go: here}
  bye:
    end: Terima kasih
  ask_item:
    text: Apa?
    ask: {keep: item, check: words, max: 10}
    go: bye
"""
WELL = HEAD.replace("go: here}", "go: here, set: {pieces: 1, total: 2}}\n      3: {label: Beli, go: ask_item}")
FIRST = WELL.count("\n") + 1
EN = "menu: small\nlanguage: en\nscreens:\n"


def errors_of(screen: str, *translations: str, head: str = WELL) -> list[Problem]:
    return [problem for problem in problems_of(head + screen, *translations) if problem.error]


def only(screen: str, *translations: str, head: str = WELL) -> Problem:
    problems = errors_of(screen, *translations, head=head)
    assert len(problems) == 1, "\n".join(map(str, problems))
    return problems[0]


def test_the_menu_that_the_tests_break_is_whole() -> None:
    assert errors_of("  here: {end: Ya}\n") == []


def test_the_shipped_menu_is_compiled_without_an_error_and_with_no_remark_but_on_its_longest_way() -> None:
    files = publishing.files_of(MENUS)["main"]
    menu, problems = compile_menu(publishing.sources_of("main", files), 7, words.VOCABULARY)
    assert menu is not None
    others = [problem for problem in problems if problem.path != "start"]
    assert (menu.name, menu.version, menu.language, others) == ("main", 7, "id", [])
    for name in ("main", "common", "language"):
        assert {f"{name}.yaml", *(f"{name}.{language}.yaml" for language in menu.languages[1:])} <= files.keys()


# Each: what is added below, the line inside it (1 is the first), the path, and what the sentence says.
BROKEN = {
    "a choice leads nowhere": (
        "  here:\n    text: A\n    choices:\n      1:\n        label: C\n        go: nowhere\n",
        6,
        "screens.here.choices.1.go",
        "there is no screen `nowhere`",
    ),
    "a question leads nowhere": (
        "  here:\n    text: A\n    ask: {keep: x, check: words}\n    go: nowhere\n",
        4,
        "screens.here.go",
        "there is no screen `nowhere`",
    ),
    "too many tries lead nowhere": (
        "  here:\n    text: A\n    ask: {keep: x, check: words, tries: 2, otherwise: nowhere}\n    go: bye\n",
        3,
        "screens.here.ask.otherwise",
        "there is no screen `nowhere`",
    ),
    "a branch leads nowhere": (
        "  here:\n    branch:\n      - {when: account, go: bye}\n      - go: nowhere\n",
        4,
        "screens.here.branch.1.go",
        "there is no screen `nowhere`",
    ),
    "an outcome leads nowhere": (
        "  here:\n    do: keep_language\n    outcomes:\n      kept: nowhere\n",
        4,
        "screens.here.outcomes.kept",
        "there is no screen `nowhere`",
    ),
    "a list leads nowhere": (
        "  here:\n    text: A\n    list: {rows: shops, label: '{row.name}', keep: x, value: code, go: nowhere}\n",
        3,
        "screens.here.list.go",
        "there is no screen `nowhere`",
    ),
    "nobody would ever see a screen": (
        "  here: {end: A}\n  island:\n    end: B\n",
        2,
        "screens.island",
        "no screen leads here: nobody would ever see it",
    ),
    "a screen that never ends": (
        "  here:\n    text: A\n    choices:\n      1: {label: B, go: here}\n",
        1,
        "screens.here",
        "from here no choice ever leads to an end",
    ),
    "steps in a circle": (
        "  here:\n    branch:\n      - {when: account, go: here}\n      - {go: bye}\n",
        1,
        "screens.here",
        "from here steps can follow each other in a circle, showing no screen",
    ),
    "an outcome without a screen": (
        "  here:\n    do: order\n    with: {item: tea}\n    outcomes:\n      placed: bye\n",
        4,
        "screens.here.outcomes",
        "`order` may end as `changed`: give the screen for it",
    ),
    "an outcome that never happens": (
        "  here:\n    do: keep_language\n    outcomes:\n      kept: bye\n      lost: bye\n",
        5,
        "screens.here.outcomes.lost",
        "`keep_language` never ends as `lost`",
    ),
    "an unknown effect": (
        "  here:\n    do: orders\n    outcomes: {placed: bye}\n",
        2,
        "screens.here.do",
        "there is no effect `orders`: use one of order, keep_language",
    ),
    "an argument that the effect does not take": (
        "  here:\n    do: keep_language\n    with: {language: id, colour: red}\n    outcomes: {kept: bye}\n",
        3,
        "screens.here.with.colour",
        "`keep_language` does not take `colour`",
    ),
    "an unknown fact": (
        "  here:\n    end: A\n    show:\n      it: {fact: weather}\n",
        4,
        "screens.here.show.it",
        "there is no fact `weather`",
    ),
    "a fact with an argument it does not take": (
        "  here:\n    end: '{it.total|rupiah}'\n    show:\n      it: {fact: price, item: tea, colour: red}\n",
        4,
        "screens.here.show.it.colour",
        "the fact `price` does not take `colour`",
    ),
    "a name that nobody knows": (
        "  here:\n    end: Halo {colour}\n",
        2,
        "screens.here.end",
        "`colour` is no answer of this menu and no known fact",
    ),
    "a field that the fact does not give": (
        "  here:\n    end: Halo {account.colour}\n",
        2,
        "screens.here.end",
        "`account.colour` is no answer of this menu and no known fact",
    ),
    "a name in a label that nobody knows": (
        "  here:\n    text: A\n    choices:\n      1:\n        go: bye\n        label: '{colour}'\n",
        6,
        "screens.here.choices.1.label",
        "`colour` is no answer of this menu and no known fact",
    ),
    "a name in a condition that nobody knows": (
        "  here:\n    text: A\n    choices:\n      1: {label: B, go: bye, when: colour}\n",
        1,
        "screens.here",
        "`colour` is no answer of this menu and no known fact",
    ),
    "a name to remember that nobody knows": (
        "  here:\n    end: A\n    remember: {x: account.colour}\n",
        1,
        "screens.here",
        "`account.colour` is no answer of this menu and no known fact",
    ),
    "a condition that is code": (
        "  here:\n    branch:\n      - {when: account.name.upper(), go: bye}\n      - {go: bye}\n",
        3,
        "screens.here.branch.0.when",
        "a condition may hold only names, numbers, 'texts', and, or, not, ==, !=, <, <=, >, >=",
    ),
    "an unknown check": (
        "  here:\n    text: A\n    ask:\n      keep: x\n      check: nikk\n    go: bye\n",
        5,
        "screens.here.ask.check",
        f"there is no check `nikk`: use one of {', '.join(CHECKS)}",
    ),
    "an unknown parameter": (
        "  here:\n    text: A\n    ask: {keep: x, check: words,\n      maximum: 3}\n    go: bye\n",
        4,
        "screens.here.ask.maximum",
        "the check `words` has no parameter `maximum`",
    ),
    "a parameter that is no number": (
        "  here:\n    text: A\n    ask: {keep: x, check: words, max: '²'}\n    go: bye\n",
        3,
        "screens.here.ask.max",
        "`²` must be a whole number",
    ),
    "an unknown format": (
        "  here:\n    end: '{account.name|upper}'\n",
        2,
        "screens.here.end",
        "there is no format `upper`: use one of rupiah, date, months, cut",
    ),
    "a stray brace": (
        "  here:\n    end: 'A { b'\n",
        2,
        "screens.here.end",
        "a field is written {name} or {name|format}; other braces are not allowed",
    ),
    "money without its format": (
        "  here:\n    end: 'A {account.balance}'\n",
        2,
        "screens.here.end",
        "`account.balance` is money: show it with |rupiah",
    ),
    "months shown as a date": (
        "  here:\n    end: 'A {account.months|date}'\n",
        2,
        "screens.here.end",
        "`account.months` is months: show it with |months",
    ),
    "a wrong format in the label of a list": (
        "  here:\n    text: A\n    list: {rows: shops, label: '{row.rent}', keep: x, value: code, go: bye}\n",
        3,
        "screens.here.list.label",
        "`row.rent` is money: show it with |rupiah",
    ),
    "a truth that is shown": (
        "  here:\n    end: '{account.found}'\n",
        2,
        "screens.here.end",
        "`account.found` is flag: use it in a `when`, it cannot be shown",
    ),
    "a list of something without rows": (
        "  here:\n    text: A\n    list: {rows: account, label: B, keep: x, value: name, go: bye}\n",
        3,
        "screens.here.list.value",
        "the fact `account` gives no `name` to choose: it has no rows",
    ),
    "a list that gives what its rows do not have": (
        "  here:\n    text: A\n    list: {rows: shops, label: B, keep: x, value: colour, go: bye}\n",
        3,
        "screens.here.list.value",
        "the fact `shops` gives no `colour` to choose: its rows have name, code, rent",
    ),
    "an answer that no screen keeps, needed by a fact": (
        "  here:\n    end: A\n    show: {price: {pieces: 3}}\n",
        1,
        "screens.here",
        "`price` needs the answer `item`, which no screen keeps",
    ),
    "an answer that no screen keeps, needed by an effect": (
        "  here:\n    do: order\n    with: {total: 3}\n    outcomes: {placed: bye, changed: bye}\n",
        1,
        "screens.here",
        "`order` needs the answer `item`, which no screen keeps",
    ),
    "a character that plain phones lack": (
        "  here:\n    end: Terima kasih 👍\n",
        2,
        "screens.here.end",
        "👍 is not in the alphabet of plain phones: it would halve the room",
    ),
    "no text above choices": (
        "  here:\n    choices: {1: {label: A, go: bye}}\n",
        1,
        "screens.here",
        "a screen that waits for an answer needs a `text`",
    ),
    "no text above a question": (
        "  here:\n    ask: {keep: x, check: words}\n    go: bye\n",
        1,
        "screens.here",
        "a screen that waits for an answer needs a `text`",
    ),
    "two kinds on one screen": (
        "  here:\n    end: A\n    choices: {1: {label: A, go: bye}}\n",
        1,
        "screens.here",
        "a screen has exactly one of choices, ask, do, branch or end: it has end and choices",
    ),
    "a last branch with a condition": (
        "  here:\n    branch:\n      - {when: account, go: bye}\n",
        2,
        "screens.here.branch",
        "the last branch must have no `when`, so that one always holds",
    ),
    "tries without otherwise": (
        "  here:\n    text: A\n    ask: {keep: x, check: words, tries: 3}\n    go: bye\n",
        3,
        "screens.here.ask",
        "`tries` and `otherwise` go together: how many tries, and which screen then",
    ),
    "a reason to count that the check never gives": (
        "  here:\n    text: A\n    go: bye\n    ask: {keep: x, check: words, tries: 3, otherwise: bye, counts: date}\n",
        4,
        "screens.here.ask.counts",
        "the check `words` never refuses with `date`",
    ),
    "a reason without a sentence": (
        "  here:\n    text: A\n    ask: {keep: x, check: phone}\n    go: bye\n",
        3,
        "screens.here.ask",
        "write a sentence under `reasons` for: phone",
    ),
    "a word that is not known": (
        "  here:\n    text: A\n    choises: {1: {label: A, go: bye}}\n",
        3,
        "screens.here.choises",
        "this word is not known here: check its spelling and indentation",
    ),
    "a choice without a screen": (
        "  here:\n    text: A\n    choices:\n      1:\n        label: A\n",
        4,
        "screens.here.choices.1.go",
        "this must be written here",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_one_mistake_is_found_with_its_line_its_path_and_how_to_mend_it(name: str) -> None:
    screen, line, path, sentence = BROKEN[name]
    # The small menu keeps `item`, but for the rows about an answer that no screen keeps.
    head = WELL if "`item`" not in sentence else WELL.replace("keep: item", "keep: thing")
    problem = only(screen, head=head)
    first = head.count("\n")
    assert (problem.file, problem.line - first, problem.path, problem.sentence) == ("menu.yaml", line, path, sentence)


def test_a_screen_of_no_kind_is_told_so() -> None:
    kinds = [problem for problem in errors_of("  here: {text: A}\n") if "exactly one" in problem.sentence]
    assert [(problem.line, problem.path) for problem in kinds] == [(FIRST, "screens.here")]
    assert kinds[0].sentence.endswith("it has none")


def test_a_question_that_leads_nowhere_is_told_to_have_a_go() -> None:
    problem = only("  here:\n    text: A\n    ask: {keep: x, check: words}\n")
    assert (problem.path, problem.line) == ("screens.here.ask", FIRST + 2)
    assert "needs a `go`" in problem.sentence


def test_a_list_of_an_unknown_fact_is_found() -> None:
    problems = errors_of("  here:\n    text: A\n    list: {rows: nope, label: '{row.x}', keep: x, value: y, go: bye}\n")
    assert "`nope` is no answer of this menu and no known fact" in [problem.sentence for problem in problems]


@pytest.mark.parametrize(("word", "line"), [("start", 4), ("home", 5)])
def test_a_menu_cannot_begin_on_a_screen_that_is_not_there(word: str, line: int) -> None:
    head = WELL.replace("start: welcome", "start: welcome\nhome: welcome").replace(
        f"{word}: welcome", f"{word}: nowhere"
    )
    problem = only("  here: {end: A}\n", head=head)
    assert (problem.line, problem.path, problem.sentence) == (line, word, "there is no screen `nowhere`")


def test_choices_need_a_sentence_for_a_key_that_is_none() -> None:
    problems = errors_of("  here: {end: A}\n", head=WELL.replace("  choose: Pilih nomor yang ada.\n", ""))
    assert {(problem.line, problem.path, problem.sentence) for problem in problems} == {
        (6, "reasons", "write a sentence for `choose`: a key that is no choice")
    }


@pytest.mark.parametrize(
    ("sentence", "mistake"),
    [
        ("Paling panjang {least}.", "`least` is no answer of this menu and no known fact"),
        ("Paling panjang {most|date}.", "`most` is count: show it with |rupiah or |cut"),
        ("Paling panjang {most|upper}.", "there is no format `upper`: use one of rupiah, date, months, cut"),
    ],
)
def test_a_reason_shows_only_what_its_check_tells(sentence: str, mistake: str) -> None:
    problem = only("  here: {end: A}\n", head=WELL.replace("Paling panjang {most}.", f'"{sentence}"'))
    assert (problem.line, problem.path, problem.sentence) == (9, "reasons.words_long", mistake)


def test_a_check_cannot_be_compared_with_an_answer_that_no_screen_keeps() -> None:
    reasons = "".join(f"  {name}: x\n" for name in ("date", "date_year", "birth_disagrees", "too_young", "too_old"))
    problem = only(
        "  here:\n    text: A\n    ask: {keep: x, check: birth_date, agrees_with: nikk}\n    go: bye\n",
        head=WELL.replace("screens:\n", reasons + "screens:\n"),
    )
    assert (problem.path, problem.sentence) == ("screens.here.ask.agrees_with", "no screen keeps an answer `nikk`")


def test_all_mistakes_are_found_at_once() -> None:
    problems = errors_of(
        "  here:\n    text: A ✓\n    choices:\n"
        "      1: {label: '{a|b}', go: nowhere}\n      2: {label: B, go: elsewhere, when: f()}\n"
    )
    assert [problem.line - FIRST for problem in problems] == [1, 3, 4, 3, 4]


def test_problems_come_in_the_order_of_the_file() -> None:
    islands = "".join(f"  island{number}: {{end: A}}\n" for number in range(9))
    found = [problem.line for problem in errors_of("  here: {end: A}\n" + islands)]
    assert found == sorted(found)


# ---- how long a screen can get ----


def test_a_screen_that_fits_to_the_last_septet_is_accepted() -> None:
    assert errors_of(f"  here:\n    end: {'w' * 100}\n") == []


@pytest.mark.parametrize(
    ("screen", "line", "at", "over"),
    [
        (f"  here:\n    end: {'w ' * 50}w\n", 1, "end", 1),
        (f"  here:\n    end: {'w ' * 30}{{account.name}} {{account.name}}\n", 1, "end", 1),
        (f"  here:\n    text: {'w ' * 35}w\n    ask: {{keep: x, check: words}}\n    go: bye\n", 1, "text", 1),
        (f"  here:\n    text: {'w ' * 31}w\n    choices: {{1: {{label: A, go: bye}}}}\n", 1, "text", 1),
    ],
    ids=["a plain text", "with its longest fields", "with the longest reason above", "with its choices and Back"],
)
def test_a_screen_that_can_get_longer_than_the_limit_is_told_by_how_much(
    screen: str, line: int, at: str, over: int
) -> None:
    problem = errors_of(screen)[0]
    assert (problem.line, problem.path) == (FIRST + line, f"screens.here.{at}")
    assert problem.sentence == f"in id the longest fill takes {100 + over} of 100: shorten it by {over}"


def test_a_choice_longer_than_a_screen_is_found() -> None:
    problem = errors_of(f"  here:\n    text: A\n    choices: {{1: {{label: {'w' * 98}, go: bye}}}}\n")[0]
    assert problem.sentence == "in id one line alone is longer than a screen of 100"


def test_a_text_too_long_in_one_language_only_is_found_there() -> None:
    english = EN + "  bye:\n    end: Bye\n  here:\n    end: " + "w " * 50 + "w\n"
    problem = only("  here: {end: Ya}\n", english)
    assert (problem.file, problem.line, problem.path) == ("en.yaml", 7, "screens.here.end")
    assert problem.sentence == "in en the longest fill takes 101 of 100: shorten it by 1"


@pytest.mark.parametrize(
    "order", ["1: {label: A, go: bye, set: {x: LONG}}\n      2: {label: B, go: here, set: {x: a}}"]
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_longest_of_all_values_an_answer_can_have_counts(order: str, turned: bool) -> None:
    lines = order.replace("LONG", "w" * 90).replace("go: bye", "go: here").split("\n      ")
    if turned:
        lines = [line.replace("1:", "3:") for line in reversed(lines)]
    choices = "\n      ".join(lines)
    menu = WELL.replace("go: here,", "go: middle,") + (
        f"  middle:\n    text: A\n    choices:\n      {choices}\n  here:\n    end: 'Anda: lalu {{x}}'\n"
    )
    assert "the longest fill takes 101 of 100" in errors_of("", head=menu)[0].sentence


def test_a_question_that_allows_more_makes_its_answer_longer() -> None:
    ask = "  here:\n    text: A\n    ask: {keep: x, check: words, max: 90}\n    go: shown\n"
    ask += "  shown: {end: 'Anda menulis {x}'}\n"
    assert "the longest fill takes 103 of 100" in errors_of(ask)[0].sentence


def test_an_answer_that_may_be_text_or_number_is_shown_as_text() -> None:
    screens = (
        "  here:\n    text: A\n    choices:\n      1: {label: A, go: shown, set: {x: a}}\n"
        "      2: {label: B, go: shown, set: {x: 5}}\n  shown:\n    end: '{x|rupiah}'\n"
    )
    assert only(screens).sentence == "`x` is text: show it with |cut"


def test_a_first_screen_that_people_come_back_to_has_room_for_back() -> None:
    back = "  here:\n    text: A\n    choices:\n      1: {label: B, go: welcome}\n      2: {label: C, go: bye}\n"
    full = WELL.replace("text: Halo", f"text: {'w ' * 24}w")
    assert errors_of("  here: {end: A}\n", head=full) == []
    assert errors_of(back, head=full)[0].sentence == "in id the longest fill takes 111 of 100: shorten it by 11"


def test_a_choice_longer_than_the_smallest_screen_of_any_network_is_a_remark() -> None:
    longest, longer = ("w" * (60 - len("1. \n98\n0") + more) for more in (0, 1))
    screen = "  here:\n    text: A\n    choices:\n      1: {label: LONG, go: bye}\n      2: {label: B, go: bye}\n"
    head = WELL.replace("[id, en]", "[id]")
    assert problems_of(head + screen.replace("LONG", longest)) == []
    (remark,) = problems_of(head + screen.replace("LONG", longer))
    assert (remark.path, remark.error) == ("screens.here.text", False)
    assert remark.sentence.startswith("in id one line alone is longer than the smallest screen, of 60:")


def test_a_list_may_take_more_pages_than_one() -> None:
    rows = "{rows: shops, label: '{row.name}', keep: x, value: code, go: bye}"
    assert errors_of(f"  here:\n    text: A\n    list: {rows}\n") == []


# ---- translations ----


@pytest.mark.parametrize(
    ("english", "line", "path", "sentence"),
    [
        (EN + "  nowhere:\n    text: A\n", 4, "screens.nowhere", "the menu has no screen `nowhere`"),
        (
            EN + "  welcome:\n    choices:\n      1: A\n      9: B\n",
            7,
            "screens.welcome.choices.9",
            "the menu has no choice `9` here",
        ),
        (
            "menu: small\nlanguage: en\nreasons:\n  choos: A\n",
            4,
            "reasons.choos",
            "the menu has no reason `choos`",
        ),
        ("menu: small\nlanguage: su\n", 2, "language", "the menu does not list `su` under languages"),
        (
            "menu: small\nlanguage: id\n",
            2,
            "language",
            "`id` is the language of the menu itself: change its texts there",
        ),
        (
            EN + "  bye:\n    end: '{colour}'\n",
            5,
            "screens.bye.end",
            "`colour` is no answer of this menu and no known fact",
        ),
        (
            EN + "  welcome:\n    choices:\n      2: '{account.balance}'\n",
            6,
            "screens.welcome.choices.2",
            "`account.balance` is money: show it with |rupiah",
        ),
        (
            EN + "  welcome:\n    text: Hello 👋\n",
            5,
            "screens.welcome.text",
            "👋 is not in the alphabet of plain phones: it would halve the room",
        ),
        (
            EN + "  welcome:\n    test: Hello\n",
            5,
            "screens.welcome.test",
            "this word is not known here: check its spelling and indentation",
        ),
        (
            "menu: small\nlanguage: en\nnavigation:\n  back: 返\n",
            4,
            "navigation.back",
            "返 is not in the alphabet of plain phones: it would halve the room",
        ),
    ],
)
def test_a_mistake_in_a_translation_is_found_in_its_file(english: str, line: int, path: str, sentence: str) -> None:
    problem = only("  here: {end: Ya}\n", english)
    assert (problem.file, problem.line, problem.path, problem.sentence) == ("en.yaml", line, path, sentence)


def test_a_text_without_translation_is_a_remark_and_no_error() -> None:
    problems = problems_of(WELL + "  here: {end: Ya}\n", EN + "  here: {end: 'Yes'}\n")
    assert not any(problem.error for problem in problems)
    remarks = {problem.path: problem.sentence for problem in problems}
    assert remarks["screens.bye.end"] == "no en text: people who chose it see the default language here"
    assert "screens.here.end" not in remarks


def test_six_choices_are_a_remark_and_no_error() -> None:
    choices = "".join(f"      {key}: {{label: A, go: bye}}\n" for key in range(1, 7))
    problems = problems_of(WELL + "  here:\n    text: A\n    choices:\n" + choices)
    assert [(problem.path, problem.error) for problem in problems] == [("screens.here.choices", False)]
    assert problems[0].sentence == "6 choices: people read at most 5 on one screen"


# ---- the shape of the file ----


@pytest.mark.parametrize(
    ("old", "new", "line", "path"),
    [
        ('codes: ["*1#"]', 'codes: ["1"]', 2, "codes.0"),
        ("languages: [id, en]", "languages: []", 3, "languages"),
        ("languages: [id, en]", "languages: [id, xx]", 3, "languages.1"),
        ("limit: 100", "limit: 59", 5, "limit"),
        ("limit: 100", "limit: 183", 5, "limit"),
        ("limit: 100", "limit: many", 5, "limit"),
        ("limit: 100", "colour: red", 5, "colour"),
        ("start: welcome\n", "", 1, "start"),
        ("  bye:\n", "  Bye:\n", 21, "screens.Bye"),
        ("      1: {", "      a: {", 18, "screens.welcome.choices.a"),
        ("      1: {", "      100: {", 18, "screens.welcome.choices.100"),
        ("go: bye}", "go: no screen}", 18, "screens.welcome.choices.1.go"),
    ],
)
def test_a_value_of_the_wrong_shape_is_found(old: str, new: str, line: int, path: str) -> None:
    assert WELL.count(old) >= 1
    problem = only("  here: {end: Ya}\n", head=WELL.replace(old, new, 1))
    assert (problem.file, problem.line, problem.path) == ("menu.yaml", line, path)
    assert problem.sentence


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "only words\n", "menu: x\n"])
def test_a_file_that_is_no_menu_is_refused(text: str) -> None:
    menu, problems = compile_menu([source.read("menu.yaml", text)], 1, Vocabulary({}, {}))
    assert menu is None
    assert problems


# ---- what comes out ----


def test_what_a_choice_sets_is_a_number_where_it_is_written_as_one() -> None:
    menu = compiled(
        WELL
        + "  here:\n    text: A\n    choices:\n      1: {label: B, go: bye, set: {a: 3, b: 0812, c: jkk, d: 0, e: ²}}\n"
    )
    assert menu.screens["here"].choices[0].sets == {"a": 3, "b": "0812", "c": "jkk", "d": 0, "e": "²"}


def test_typographic_characters_are_made_plain() -> None:
    screen = compiled(WELL + "  here: {end: “Ya” – benar…}\n").screens["here"]
    assert screen.text == {"id": ('"Ya" - benar...',)}


def test_home_is_the_start_unless_it_is_written() -> None:
    assert compiled(WELL + "  here: {end: A}\n").home == "welcome"


def test_a_text_has_every_language_it_is_written_in() -> None:
    menu = compiled(WELL + "  here: {end: Ya}\n", EN + "  here: {end: 'Yes'}\n")
    assert menu.screens["here"].text == {"id": ("Ya",), "en": ("Yes",)}


def test_the_words_of_the_navigation_fall_back_one_by_one() -> None:
    english = "menu: small\nlanguage: en\nnavigation: {back: Back}\n"
    assert compiled(WELL + "  here: {end: Ya}\n", english).words["en"] == {"back": "Back", "more": "Lanjut"}


def test_a_fact_is_used_under_the_name_the_screen_gives_it() -> None:
    screen = dedent("""\
      here:
        end: "{three.total|rupiah} {account.name}"
        show:
          three: {fact: price, item: tea, pieces: 3}
    """)
    uses = compiled(WELL + "".join(f"  {line}\n" for line in screen.splitlines())).screens["here"].uses or {}
    assert {alias: (use.fact, dict(use.fixed)) for alias, use in uses.items()} == {
        "three": ("price", {"item": "tea", "pieces": 3}),
        "account": ("account", {}),
    }
    assert uses["three"].takes == VOCABULARY.facts["price"].takes
