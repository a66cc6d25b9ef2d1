"""The forms that say what a screen is: a question, a step that branches or has something done, a list, another kind."""

from __future__ import annotations

from collections.abc import Iterator

from ussd_app.engine.checks import CHECKS
from ussd_app.services import reference
from ussd_app.services.words import VOCABULARY
from ussd_app.web.admin.menu_form import Form, One


def question(form: Form) -> Iterator[One]:
    """The answer that is kept, its check with the parameters it knows, and what happens then."""
    check = form.said("check")
    known = reference.parameters_of(CHECKS[check]) if check in CHECKS else []
    given = {name: form.said(f"param.{name}") for name in known}
    yield {
        "edit": "set_question",
        "screen": form.name,
        "keep": form.said("keep"),
        "check": check,
        "parameters": {name: value for name, value in given.items() if value},
        "private": form.said("private") == "1",
        "tries": form.said("tries") or None,
        "counts": (form.said("counts") or None)
        if check in CHECKS and form.said("counts") in CHECKS[check].reasons
        else None,
        "otherwise": form.target("otherwise") or None,
        "go": form.target("go"),
    }


def branch(form: Form) -> Iterator[One]:
    """The ways in the order of their numbers; an empty target takes one away."""
    ways = []
    for number in range(len(form.told.getlist("branch"))):
        go = form.target(f"branch.{number}.go")
        if go:
            ways.append({"when": form.said(f"branch.{number}.when") or None, "go": go})
    # Whoever adds a way adds it below the one that always holds: that one stays the last.
    ways = [way for way in ways if way["when"]] + [way for way in ways if not way["when"]]
    yield {"edit": "set_branch", "screen": form.name, "branches": ways}


def effect(form: Form) -> Iterator[One]:
    """What is done, what is fixed for it, and a way on from every end it has."""
    do = form.said("do")
    spec = VOCABULARY.effects.get(do)
    ends = list(spec.outcomes) if spec else []
    given = {name: go for name in ends if (go := form.target(f"outcome.{name}"))}
    before = form.screen.effect
    somewhere = next(iter(given.values()), "") or next(iter(before.outcomes.values() if before else ()), form.name)
    yield {
        "edit": "set_effect",
        "screen": form.name,
        "do": do,
        "arguments": {name: form.said(f"with.{name}") for name in spec.takes if form.said(f"with.{name}")}
        if spec
        else {},
        "outcomes": {name: given.get(name, somewhere) for name in ends},
    }


def listing(form: Form) -> Iterator[One]:
    """Lines made from data, and their label in each language."""
    before, own = form.screen.listing, form.papers.language
    label = form.words(f"list.{own}")
    told = {word: form.said(word) for word in ("rows", "keep", "value")}
    yield {"edit": "set_listing", "screen": form.name, "label": label, "go": form.target("go"), **told}
    for language, text in form.changed("list", {**(before.label if before else {}), own: label}):
        yield {"edit": "set_text", "screen": form.name, "at": "list", "language": language, "text": text}


def listing_away(form: Form) -> Iterator[One]:
    """No such lines any more."""
    yield {"edit": "set_listing", "screen": form.name}


def shown(form: Form) -> Iterator[One]:
    """The facts under names of their own, with what is fixed for each, and the answers taken from facts."""
    show: dict[str, dict[str, str]] = {}
    for number in range(len(form.told.getlist("show"))):
        alias, fact = form.said(f"show.{number}.alias"), form.said(f"show.{number}.fact")
        if not alias:
            continue
        spec = VOCABULARY.facts.get(fact)
        fixed = {name: form.said(f"show.{number}.with.{name}") for name in (spec.takes if spec else ())}
        named = {"fact": fact} if fact and fact != alias else {}
        show[alias] = {**named, **{name: value for name, value in fixed.items() if value}}
    yield {"edit": "set_shown", "screen": form.name, "show": show, "remember": form.pairs("remember")}


def become(form: Form) -> Iterator[One]:
    """Another kind of screen, with as little in it as that kind needs; the form of that kind says the rest."""
    kind, screen = form.said("kind"), form.name
    if kind == "end":
        yield {"edit": "set_end", "screen": screen}
        return
    go = form.target("go")
    if kind == "ask":
        keep = form.said("keep") or "answer"
        yield {"edit": "set_question", "screen": screen, "keep": keep, "check": form.said("check") or "words", "go": go}
    elif kind == "branch":
        yield {"edit": "set_branch", "screen": screen, "branches": [{"go": go}]}
    elif kind == "do":
        do = form.said("do")
        ends = VOCABULARY.effects[do].outcomes if do in VOCABULARY.effects else {}
        yield {"edit": "set_effect", "screen": screen, "do": do, "outcomes": dict.fromkeys(ends, go)}
    else:
        yield {"edit": "add_choice", "screen": screen, "label": form.words("label") or "Lanjut", "go": go}
