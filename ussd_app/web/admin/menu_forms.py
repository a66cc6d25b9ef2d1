"""A form of the menu editor as edits: only what somebody changed in it, so that nothing else is written over.

Each form says in `what` which it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ussd_app.errors import NotAllowedNow
from ussd_app.services import menu_outline
from ussd_app.services.edits import Edit, edit_from
from ussd_app.services.papers import Papers
from ussd_app.services.screen_forms import Choice, ScreenForm
from ussd_app.web.admin import menu_kind_forms
from ussd_app.web.admin.menu_form import Form, One, Told

# Forms after which the page has another shape than before.
RESHAPING = frozenset(
    {"choice_add", "choice_delete", "choice_move", "become", "listing_away", "screen_rename", "screen_delete"}
    | {"screen_add", "branch", "question", "effect", "listing", "shown"}
)


def edits_of(told: Told, papers: Papers) -> list[Edit]:
    """What a form changes in these files; nothing when it says what they say. Raises NotAllowedNow."""
    make = _FORMS.get(told.get("what", ""))
    if make is None:
        raise NotAllowedNow("this form is not known", "no_edit", field="what")
    form = Form(told, papers)
    made = list(make(form))
    return [edit_from(one) for one in [*form.first, *made]]


# ---- words ----


def _texts(form: Form) -> Iterator[One]:
    screen = form.screen
    for language, text in form.changed("text", screen.text):
        yield {"edit": "set_text", "screen": screen.name, "at": screen.at, "language": language, "text": text}


def _reason(form: Form) -> Iterator[One]:
    reason = form.said("reason")
    for language, text in form.changed("text", menu_outline.reasons(form.papers).get(reason, {})):
        yield {"edit": "set_reason", "reason": reason, "language": language, "text": text}


def _navigation(form: Form) -> Iterator[One]:
    for word in ("back", "more"):
        for language, text in form.changed(word, menu_outline.navigation_words(form.papers, word)):
            yield {"edit": "set_word", "word": word, "language": language, "text": text}
    keys = {word: form.said(word) for word in ("back_key", "home_key", "more_key") if form.said(word)}
    if keys != {word: key for word, key in menu_outline.navigation_keys(form.papers).items() if word in keys}:
        yield {"edit": "set_navigation", **keys}


def _target(form: Form) -> Iterator[One]:
    yield {"edit": "set_target", "screen": form.name, "at": form.said("at"), "go": form.target("go")}


# ---- choices ----


def _choice(form: Form) -> Iterator[One]:
    """A line: where it leads and when, and its label in each language."""
    found = next((one for one in form.screen.choices if one.key == form.said("key")), None)
    if found is None:
        raise NotAllowedNow("this choice is not there any more", "no_place", screen=form.name)
    same = {"screen": form.name, "key": found.key, "together": form.together}
    for language, text in form.changed("label", found.label):
        yield {"edit": "set_text", "at": "choice", "language": language, "text": text, **same}
    changed = _line_changed(form, found)
    if changed:
        yield {"edit": "change_choice", **same, **changed}


def _line_changed(form: Form, found: Choice) -> One:
    told, changed = form.told, {}
    go = form.target("go") if "go" in told else found.go
    if go != found.go:
        changed["go"] = go
    if "when" in told and form.said("when") != found.when:
        changed["when"] = form.said("when")
    if "set.name" in told and form.pairs("set") != found.set:
        changed["set"] = form.pairs("set")  # type: ignore[assignment]
    return changed


def _choice_add(form: Form) -> Iterator[One]:
    own = form.papers.language
    line = {"label": form.words(f"label.{own}"), "go": form.target("go"), "when": form.said("when") or None}
    yield {"edit": "add_choice", "screen": form.name, "together": form.together, **line}
    key = _key_of_the_new_line(form.screen)
    for language, text in form.changed("label", {own: line["label"] or ""}):
        same = {"screen": form.name, "key": key, "together": form.together}
        yield {"edit": "set_text", "at": "choice", "language": language, "text": text, **same}


def _key_of_the_new_line(screen: ScreenForm) -> str:
    """The number a line gets that is added last."""
    keys = {one.key for one in screen.choices}
    return "+" if screen.listing else next(str(number) for number in range(1, 100) if str(number) not in keys)


def _choice_delete(form: Form) -> Iterator[One]:
    yield {"edit": "delete_choice", "screen": form.name, "key": form.said("key"), "together": form.together}


def _choice_move(form: Form) -> Iterator[One]:
    to = {"key": form.said("key"), "to": form.said("to"), "together": form.together}
    yield {"edit": "move_choice", "screen": form.name, **to}


# ---- screens ----


def _screen_add(form: Form) -> Iterator[One]:
    text = form.words("text")
    if not text:
        raise NotAllowedNow("say what stands on the new screen", "new_screen_empty")
    after = form.said("after") or None
    yield {"edit": "add_screen", "screen": form.free(text), "text": text, "after": after}


def _screen_rename(form: Form) -> Iterator[One]:
    yield {"edit": "rename_screen", "screen": form.name, "to": form.said("to")}


def _screen_delete(form: Form) -> Iterator[One]:
    yield {"edit": "delete_screen", "screen": form.name, "instead": form.said("instead") or None}


_FORMS: Mapping[str, Callable[[Form], Iterator[One]]] = {
    "texts": _texts,
    "reason": _reason,
    "navigation": _navigation,
    "target": _target,
    "choice": _choice,
    "choice_add": _choice_add,
    "choice_delete": _choice_delete,
    "choice_move": _choice_move,
    "question": menu_kind_forms.question,
    "branch": menu_kind_forms.branch,
    "effect": menu_kind_forms.effect,
    "listing": menu_kind_forms.listing,
    "listing_away": menu_kind_forms.listing_away,
    "shown": menu_kind_forms.shown,
    "become": menu_kind_forms.become,
    "screen_add": _screen_add,
    "screen_rename": _screen_rename,
    "screen_delete": _screen_delete,
}
