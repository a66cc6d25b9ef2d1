"""What every page of the desk has in common: who may see it, who is looking, in which language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from flask import Flask, abort, flash, g, redirect, render_template, request, session, url_for
from flask_login import UserMixin, current_user
from werkzeug.wrappers import Response

from ussd_app.domain.permissions import May, may
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import admins
from ussd_app.storage.admins import Admin
from ussd_app.web.admin import sessions, words

Page = str | Response | tuple[str, int]
Row = TypeVar("Row")
# What somebody whose password another person made up may do before changing it.
_BEFORE_CHANGING = ("account_password", "keep_password", "sign_out", "speak")
OPEN = ("static", "bootstrap.static")


class Visitor(UserMixin):  # type: ignore[misc]
    """Whoever is signed in, as Flask-Login wants to have them."""

    def __init__(self, admin: Admin) -> None:
        self.admin = admin
        self.id = str(admin.id)

    @property
    def is_active(self) -> bool:
        """Whether they may still enter."""
        return self.admin.active


@dataclass(frozen=True)
class Desk:
    """The application of the desk and, for each of its pages, what somebody must be allowed to do to open it.

    None stands for pages that are there before anybody has signed in. In `polled` are those that a page asks for
    again and again by itself: they keep nobody signed in.
    """

    app: Flask
    rt: Runtime
    asks: dict[str, May | None] = field(default_factory=dict)
    polled: set[str] = field(default_factory=set)

    def page(
        self, address: str, name: str, asks: May | None, view: Callable[..., Page], methods: Sequence[str] = ("GET",)
    ) -> None:
        """One more page: its address, its name, what it asks for, and who answers."""
        self.asks[name] = asks
        self.app.add_url_rule(address, name, view, methods=list(methods))

    def poll(self, address: str, name: str, asks: May | None, view: Callable[..., Page]) -> None:
        """A part of a page that the browser looks at every few seconds, whether anybody is there or not."""
        self.polled.add(name)
        self.page(address, name, asks, view)

    def post(self, address: str, name: str, asks: May | None, view: Callable[..., Page]) -> None:
        """One more thing to do; only ever by a form."""
        self.page(address, name, asks, view, ("POST",))

    def allows(self, name: str) -> bool:
        """Whether whoever is looking may open a page, so that nobody is offered what they may not do."""
        asks = self.asks[name]
        return asks is None or may(me().role, asks)

    def guard(self) -> Page | None:
        """Before each page: is this one allowed? What nobody has named in the table is not."""
        name = request.endpoint
        if name is None or name in OPEN:
            return None
        if name not in self.asks:
            abort(403)
        if name in self.polled:
            sessions.keep_asleep()
        asks = self.asks[name]
        if asks is None:
            return None
        if not current_user.is_authenticated:
            wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
            return redirect(url_for("sign_in", next=wanted or None))
        if not may(me().role, asks):
            abort(403)
        if me().change_password and name not in _BEFORE_CHANGING:
            return redirect(url_for("account_password"))
        return None

    def choose_language(self) -> None:
        """Before each page: the language that was asked for, that this person keeps, or that the browser prefers."""
        preferred = request.accept_languages.best_match(words.LANGUAGES) or "id"
        g.language = session.get("language", preferred)
        if current_user.is_authenticated:
            g.language = me().language

    def speak(self) -> Page:
        """Change the language and stay on the page."""
        language = request.form.get("language", "")
        if language in words.LANGUAGES:
            session["language"] = language
            if current_user.is_authenticated:
                admins.keep_language(self.rt, me(), language)
        return redirect(inside(request.form.get("back", "")))


def sees_money() -> bool:
    """Whether whoever is looking may see sums, incomes and pay codes."""
    return may(me().role, May.SEE_MONEY)


def me() -> Admin:
    """Whoever is signed in."""
    admin: Admin = current_user.admin
    return admin


def address() -> str:
    """Where the request comes from."""
    return request.remote_addr or ""


def t(key: str, /, **values: object) -> str:
    """A text in the language of whoever is looking."""
    return words.say(g.language, key, **values)


def inside(wanted: str) -> str:
    """An address within the desk; anything else becomes the first page, so that nobody is sent elsewhere."""
    first = url_for("home")
    clean = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    if not clean:
        return first
    return wanted if wanted.startswith("/admin/") else f"/admin{wanted}"


def first_of(found: Sequence[Row], most: int) -> tuple[Sequence[Row], Row | None]:
    """A page out of one row more than fits on it: what is shown, and the last of it where there is a next page."""
    return found[:most], found[most - 1] if len(found) > most else None


def show(template: str, status: int = 200, /, **values: object) -> Page:
    """A page of the desk."""
    page = render_template(f"admin/{template}.html", **values)
    return page if status == 200 else (page, status)


def done(key: str, /, **values: object) -> None:
    """Say on the next page that something was done."""
    flash(t(key, **values), "done")


def sorry(error: NotAllowedNow | Refused) -> str:
    """Why something cannot be, in the language of whoever is looking."""
    values = {name: _shown(value) for name, value in error.values.items()}
    for part in ("refused", "not_now"):
        if error.reason and words.knows(f"{part}.{error.reason}"):
            return t(f"{part}.{error.reason}", **values)
    return str(error)


def _shown(value: object) -> object:
    return f"{value:,}".replace(",", "." if g.language == "id" else ",") if isinstance(value, int) else value


def not_done(error: NotAllowedNow | Refused) -> None:
    """Say on the next page why something was not done."""
    flash(sorry(error), "problem")
