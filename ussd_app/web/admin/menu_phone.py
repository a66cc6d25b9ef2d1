"""The phone beside a menu's draft: whoever edits it dials it as anybody, before anybody can.

Nothing is kept: the walk stands in the form, answer by answer, and is walked again with each. So a step back is one
answer less, and no script is needed. With `phone.js` the answer takes the place of the phone without a new page.

Another page of a draft shows the phone with two macros of templates/admin/phone.html, `{{ phone_head() }}` in its head
and `{{ live_phone(draft, at=screen) }}`, or with any element that has `data-phone="{{ url_for('menu_phone_fragment',
draft=draft.id, at=screen, person=…, language=…, code=…) }}"`. The phone is fetched once that is unfolded or seen, and
walked again when the revision told by the page's `#draft` changes or the document is sent an event `phone:changed`; it
has to stand outside of what a page draws anew by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template, request

from ussd_app.domain.permissions import May
from ussd_app.engine import graph
from ussd_app.errors import MenuProblems, NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import foretold, menu_outline, preview
from ussd_app.services.drafts import Opened
from ussd_app.services.example_people import PEOPLE
from ussd_app.services.foretold import Sms
from ussd_app.services.preview import Phone
from ussd_app.web.admin.desk import Desk, Page, show, sorry
from ussd_app.web.admin.menu_drafts import common
from ussd_app.web.admin.menu_drafts import found as draft_of
from ussd_app.web.admin.menu_told import Told, told

# A line that can be chosen, as every screen shows it.
_CHOICE = re.compile(r"(\d{1,2})(\.\s|$)")
_ENDS = "ends."


@dataclass(frozen=True)
class Wish:
    """Whose phone it is and what has been said on it so far."""

    person: str
    language: str
    code: str
    at: str
    answers: tuple[str, ...]
    outcomes: Mapping[str, str]


def add_to(desk: Desk) -> None:
    """The phone on a page of its own, and alone."""
    rt, both = desk.rt, ("GET", "POST")
    at = "/menus/drafts/<int:draft>/phone"
    desk.page(at, "menu_phone", May.LOOK, lambda draft: _page(rt, draft), both)
    desk.page(f"{at}/fragment", "menu_phone_fragment", May.LOOK, lambda draft: _fragment(rt, draft), both)


def _page(rt: Runtime, number: int) -> Page:
    opened = draft_of(rt, number)
    values = _walked(rt, opened) | common(rt, opened, "phone")
    return show("menu_phone", **values)


def _fragment(rt: Runtime, number: int) -> Page:
    opened = draft_of(rt, number)
    return render_template("admin/menu_phone_fragment.html", draft=opened.draft, compact=True, **_walked(rt, opened))


def _walked(rt: Runtime, opened: Opened) -> dict[str, Any]:
    """The phone as it is after what was said, or why there is none."""
    wish, name = _wish(), opened.draft.name
    phone, sent, menu, problem, problems = None, list[Sms](), None, "", list[Told]()
    try:
        menu = preview.compiled(name, tuple(sorted(opened.files.items())))
        phone = _dialled(rt, opened, wish)
        sent = foretold.of(rt, phone.done, phone.language)
    except NotAllowedNow as error:
        problem = sorry(error)
    except MenuProblems:
        found = menu_outline.inspected(rt, name, opened.files).problems
        problems = [told(each) for each in found if each.problem.error]
    return {
        "phone": phone,
        "lines": _lines(phone) if phone else [],
        "sent": sent,
        "wish": wish,
        "menu": menu,
        "people": PEOPLE,
        "seen": _seen(menu) if menu else [],
        "problem": problem,
        "problems": problems,
        "hidden": _private(menu) if menu else {},
    }


def _dialled(rt: Runtime, opened: Opened, wish: Wish) -> Phone:
    return preview.walk(
        rt,
        opened.draft.name,
        opened.files,
        person=wish.person,
        language=wish.language,
        answers=wish.answers,
        outcomes=wish.outcomes,
        at=wish.at,
        code=wish.code,
    )


def _wish() -> Wish:
    """What the form says: the settings, the answers so far, and the one that was just given."""
    said = request.values
    at, answers = said.get("at", ""), tuple(said.getlist("answer"))
    acts = {"press", "keep", "do"} & set(said)
    if said.get("do") == "again" or said.get("was_at", at) != at:
        answers = ()
    elif "keep" in said and said["keep"].isdecimal():
        answers = answers[: int(said["keep"])]
    elif "press" in said:
        answers = (*answers, said["press"])
    elif said.get("say") and not acts:
        answers = (*answers, said["say"].strip())
    outcomes = {name.removeprefix(_ENDS): said[name] for name in said if name.startswith(_ENDS) and said[name]}
    return Wish(said.get("person") or "guest", said.get("language", ""), said.get("code", ""), at, answers, outcomes)


def _lines(phone: Phone) -> list[tuple[str, str]]:
    """The screen line by line, each with the key that chooses it, where one does."""
    lines = phone.text.split("\n")
    keys = [_CHOICE.match(line) for line in lines]
    return [(line, key[1] if key and not phone.ends else "") for line, key in zip(lines, keys, strict=True)]


def _private(menu: graph.Menu) -> dict[str, str]:
    """The screens that ask for what nobody else is to read, and the answer of each."""
    return {name: screen.ask.keep for name, screen in menu.screens.items() if screen.ask and screen.ask.private}


def _seen(menu: graph.Menu) -> list[str]:
    """The screens that a phone can begin on."""
    return [name for name, screen in menu.screens.items() if not (screen.branches or screen.effect)]
