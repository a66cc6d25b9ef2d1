"""What is wrong with a draft, in the words of somebody who looks at screens, and the field each problem belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ussd_app.services.inspecting import Fill, Found
from ussd_app.web.admin import words
from ussd_app.web.admin.desk import t
from ussd_app.web.admin.formats import named


@dataclass(frozen=True)
class Told:
    """A problem as a page shows it: its sentence, the screen and the id of the field there, the file and its line."""

    sentence: str
    screen: str
    section: str
    at: str
    field: str
    language: str
    file: str
    line: int
    error: bool


def told(found: Found) -> Told:
    """One problem in the language of whoever is looking."""
    problem = found.problem
    return Told(
        in_words(problem.sentence),
        found.screen,
        found.section,
        place(found.field, found.language),
        found.field,
        found.language,
        problem.file,
        problem.line,
        problem.error,
    )


def of_screen(problems: Iterable[Found], screen: str) -> list[Told]:
    """The problems of one screen, the errors first."""
    here = [told(one) for one in problems if one.section == "screens" and one.screen == screen]
    return sorted(here, key=lambda one: not one.error)


def counts(problems: Iterable[Found]) -> dict[str, int]:
    """How many errors each screen has."""
    found: dict[str, int] = {}
    for one in problems:
        if one.problem.error and one.section == "screens":
            found[one.screen] = found.get(one.screen, 0) + 1
    return found


def place(field: str, language: str) -> str:
    """The id of a field on the form of its screen: texts have one in each language."""
    parts = [part for part in field.split(".") if part]
    if not parts:
        return "screen-top"
    if parts[0] in ("text", "end"):
        parts = ["text", language]
    elif parts[0] == "choices" and (len(parts) == 2 or parts[2:] == ["label"]):
        parts = ["choices", parts[1], "label", language]
    elif parts[0] == "list" and parts[1:] in ([], ["label"]):
        parts = ["list", "label", language]
    return "-".join(["f", *(part.replace("+", "plus") for part in parts)])


# ---- room ----


def room(fills: Sequence[Fill], screen: str) -> dict[str, dict[str, object]]:
    """For each language how much of a phone's screen this one takes at its longest, in numbers and in words."""
    return {one.language: _room(one) for one in fills if one.screen == screen}


def _room(fill: Fill) -> dict[str, object]:
    if fill.listed:
        said = t("menu_edit.room_pages", pages=len(fill.shown))
    elif fill.over:
        said = t("menu_edit.room_over", septets=fill.septets, limit=fill.limit, over=fill.over)
    else:
        said = t("menu_edit.room", septets=fill.septets, limit=fill.limit, left=fill.limit - fill.septets)
    return {
        "septets": min(fill.septets, fill.limit),
        "limit": fill.limit,
        "over": fill.over,
        "said": said,
        "texts": {place(at, fill.language): septets for at, septets in fill.texts.items()},
    }


# ---- sentences ----

# What the checks say, and the name under which the desk says it; what is not here is said as it is, in English.
_SENTENCES: Mapping[str, str] = {
    "too_long": r"in (?P<language>\w\w) the longest fill takes (?P<septets>\d+) of (?P<limit>.+): shorten it by "
    r"(?P<over>\d+)",
    "line_too_long": r"in (?P<language>\w\w) one line alone is longer than a screen of (?P<limit>.+)",
    "line_rather_long": r"in (?P<language>\w\w) one line alone is longer than the smallest screen, of (?P<limit>\d+): "
    r".*",
    "not_translated": r"no (?P<language>\w\w) text: .*",
    "no_text": r"there is no text here: write one",
    "no_screen": r"there is no screen `(?P<name>.+)`",
    "not_reached": r"no screen leads here: nobody would ever see it",
    "no_end": r"from here no choice ever leads to an end",
    "circle": r"from here steps can follow each other in a circle, showing no screen",
    "needs_text": r"a screen that waits for an answer needs a `text`",
    "kinds": r"a screen has exactly one of choices, ask, do, branch or end: .*",
    "no_reason": r"write a sentence under `reasons` for: (?P<names>.+)",
    "no_go": r"a question needs a `go`: the screen after a good answer",
    "no_check": r"there is no check `(?P<name>.+)`: use one of .*",
    "tries": r"`tries` and `otherwise` go together: .*",
    "whole_number": r"`(?P<name>.*)` must be a whole number",
    "parameter_missing": r"the check `.+` needs the parameter `(?P<name>.+)`",
    "parameter_unknown": r"the check `.+` has no parameter `(?P<name>.+)`",
    "counts_never": r"the check `.+` never refuses with `(?P<name>.+)`",
    "no_answer": r"no screen keeps an answer `(?P<name>.+)`",
    "needs_answer": r"`(?P<what>.+)` needs the answer `(?P<name>.+)`, which no screen keeps",
    "not_answered": r"`(?P<name>.+)` need not have been answered here: the way (?P<way>.+) does not ask it",
    "not_known": r"`(?P<name>.+)` is no answer of this menu and no known fact",
    "format": r"`(?P<name>.+)` is \w+: show it with (?P<formats>.+)",
    "no_format": r"there is no format `(?P<name>.+)`: .*",
    "braces": r"a field is written \{name\} or .*",
    "strangers": r"(?P<characters>.+) is not in the alphabet of plain phones: it would halve the room",
    "outcome_missing": r"`.+` may end as `(?P<name>.+)`: give the screen for it",
    "last_branch": r"the last branch must have no `when`, so that one always holds",
    "branch_hidden": r"this branch always holds, those below it never get their turn: .*",
    "condition": r"`(?P<name>.*)` is not a condition: .*",
    "condition_shape": r"a condition may hold only .*",
    "many_choices": r"(?P<number>\d+) choices: people read at most (?P<most>\d+) on one screen",
    "key_taken": r"`(?P<name>.+)` is the key for (?P<what>.+): choose another one",
    "unknown_word": r"this word is not known here: .*",
    "missing_word": r"this must be written here",
    "no_yaml": r"this is not valid YAML: (?P<why>.+)",
    "months": r"the rates do not allow to pay (?P<name>\d+) months in one go: use one of (?P<allowed>.+)",
    "months_asked": r"the rates allow only (?P<allowed>.+) months: offer them as choices",
    "answers": r"the longest way takes (?P<number>\d+) answers, more than (?P<most>\d+): .*",
    "seconds": r"the slowest way takes (?P<number>\d+) seconds of typing, more than (?P<most>\d+): .*",
}
_KNOWN = [(f"menu_problem.{name}", re.compile(pattern, re.DOTALL)) for name, pattern in _SENTENCES.items()]


def in_words(sentence: str) -> str:
    """A problem's sentence in the words of the desk; as it is where nobody has put it into other ones."""
    for key, pattern in _KNOWN:
        fitting = pattern.fullmatch(sentence)
        if fitting and words.knows(key):
            values = {name: value.replace("`", "") for name, value in fitting.groupdict().items()}
            if "language" in values:
                values["language"] = named("language", values["language"])
            return t(key, **values)
    return sentence
