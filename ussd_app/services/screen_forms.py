"""One screen of a draft as a form shows it: its texts in every language, its choices, question, branches or effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ussd_app.services.menu_outline import kind_of, languages, led_from
from ussd_app.services.papers import Papers, Screen, section

# A text in each language; where one is missing, nothing stands in its place.
Said = Mapping[str, str]


@dataclass(frozen=True)
class Choice:
    """A line to choose: its key, its label in each language, where it leads, when it is there, the answers it gives."""

    key: str
    label: Said
    go: str
    when: str
    set: Mapping[str, str]


@dataclass(frozen=True)
class Listing:
    """Lines made from the rows of a fact."""

    label: Said
    rows: str
    keep: str
    value: str
    go: str


@dataclass(frozen=True)
class Question:
    """A question: `parameters` are those of its check."""

    keep: str
    check: str
    parameters: Mapping[str, str]
    private: bool
    tries: str
    counts: str
    otherwise: str
    go: str


@dataclass(frozen=True)
class Effect:
    """Something that is done: with which fixed arguments, and where each outcome leads."""

    do: str
    arguments: Mapping[str, str]
    outcomes: Mapping[str, str]


@dataclass(frozen=True)
class ScreenForm:
    """A screen with everything a form can change; `at` is the word its text stands under, `text` or `end`.

    `sharing` are the screens whose choices are written once for all of them, `led_from` every place that leads here.
    """

    name: str
    file: str
    kind: str
    at: str
    text: Said
    choices: tuple[Choice, ...]
    listing: Listing | None
    question: Question | None
    branches: tuple[tuple[str, str], ...]
    effect: Effect | None
    show: Mapping[str, Mapping[str, str]]
    remember: Mapping[str, str]
    sharing: tuple[str, ...]
    led_from: tuple[tuple[str, str], ...]
    languages: tuple[str, ...] = field(default=("id",))


def of(papers: Papers, name: str) -> ScreenForm:
    """The form of one screen, as far as its file can be read. Raises NotAllowedNow when there is none."""
    file, screen = papers.find(name)
    spoken = {papers.language: screen, **_translated(papers, file, name)}
    kind = kind_of(screen)
    at = "end" if kind == "end" else "text"
    choices = section(screen, "choices")
    return ScreenForm(
        name=name,
        file=file,
        kind=kind,
        at=at,
        text={language: _said(shown.get(at)) for language, shown in spoken.items() if at in shown},
        choices=tuple(_choice(papers, key, line, spoken) for key, line in choices.items() if isinstance(line, dict)),
        listing=_listing(papers, screen, spoken),
        question=_question(screen),
        branches=_branches(screen),
        effect=_effect(screen),
        show={alias: _plain(inner) for alias, inner in section(screen, "show").items() if isinstance(inner, dict)},
        remember=_plain(section(screen, "remember")),
        sharing=tuple(papers.sharing(name)),
        led_from=tuple(led_from(papers, name)),
        languages=tuple(languages(papers)),
    )


def _translated(papers: Papers, file: str, name: str) -> dict[str, Screen]:
    found = {str(data.get("language", "")): section(data, "screens").get(name) for data in papers.translations(file)}
    return {language: screen for language, screen in found.items() if isinstance(screen, dict)}


def _said(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _plain(found: Mapping[str, Any]) -> dict[str, str]:
    return {name: _said(value) for name, value in found.items()}


def _choice(papers: Papers, key: str, line: Mapping[str, Any], spoken: Mapping[str, Screen]) -> Choice:
    label = {language: _said(section(shown, "choices").get(key)) for language, shown in spoken.items()}
    label[papers.language] = _said(line.get("label"))
    return Choice(
        key, _there(label), _said(line.get("go")), _said(line.get("when")), _plain(section(dict(line), "set"))
    )


def _there(label: Mapping[str, str]) -> dict[str, str]:
    return {language: text for language, text in label.items() if text}


def _listing(papers: Papers, screen: Screen, spoken: Mapping[str, Screen]) -> Listing | None:
    if not isinstance(screen.get("list"), dict):
        return None
    found = _plain(screen["list"])
    label = {language: _said(shown.get("list")) for language, shown in spoken.items()}
    label[papers.language] = found.get("label", "")
    return Listing(_there(label), *(found.get(word, "") for word in ("rows", "keep", "value", "go")))


_OF_A_QUESTION = ("keep", "check", "private", "tries", "counts", "otherwise")


def _question(screen: Screen) -> Question | None:
    if not isinstance(screen.get("ask"), dict):
        return None
    found = _plain(screen["ask"])
    return Question(
        keep=found.get("keep", ""),
        check=found.get("check", ""),
        parameters={name: value for name, value in found.items() if name not in _OF_A_QUESTION},
        private=found.get("private", "") in ("true", "yes", "on"),
        tries=found.get("tries", ""),
        counts=found.get("counts", ""),
        otherwise=found.get("otherwise", ""),
        go=_said(screen.get("go")),
    )


def _branches(screen: Screen) -> tuple[tuple[str, str], ...]:
    lines = screen.get("branch")
    found = lines if isinstance(lines, list) else []
    return tuple((_said(line.get("when")), _said(line.get("go"))) for line in found if isinstance(line, dict))


def _effect(screen: Screen) -> Effect | None:
    if "do" not in screen:
        return None
    return Effect(_said(screen["do"]), _plain(section(screen, "with")), _plain(section(screen, "outcomes")))
