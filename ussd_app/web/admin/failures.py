"""What somebody sees who may not, who asks for what is not there, and when something of ours is broken."""

from __future__ import annotations

import structlog
from flask import g, request, session
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, NotFound, RequestEntityTooLarge

from ussd_app.web.admin import words
from ussd_app.web.admin.desk import Desk, Page, show
from ussd_app.web.admin.sessions import Visit

KNOWN = {Forbidden: "forbidden", NotFound: "not_found", RequestEntityTooLarge: "too_large", CSRFError: "old_form"}
log = structlog.get_logger()


def add_to(desk: Desk) -> None:
    """A page for each way in which a request can fail."""

    def failed(error: HTTPException) -> Page:
        status = error.code or 500
        why = "broken" if status >= 500 else KNOWN.get(type(error), "other")
        # Among styles there is no session, and so nothing that a whole page needs.
        if status >= 500 or not isinstance(session._get_current_object(), Visit):  # type: ignore[attr-defined]
            return _plain(desk, why, status)
        return show("failure", status, why=why, code=status)

    def broke(error: Exception) -> Page:
        if isinstance(error, HTTPException):
            return failed(error)
        if isinstance(error, DataError):
            # A number or a character that no column holds: somebody typed it, and nothing of ours is broken.
            log.warning("the database takes no such value", endpoint=request.endpoint)
            return failed(BadRequest())
        log.exception("a page of the desk broke", error=type(error).__name__)
        return _plain(desk, "broken", 500)

    desk.app.register_error_handler(HTTPException, failed)
    desk.app.register_error_handler(Exception, broke)


def _plain(desk: Desk, why: str, status: int) -> Page:
    """A page that needs no session and no database: what broke may be just that."""
    language = g.get("language") or request.accept_languages.best_match(words.LANGUAGES) or "id"
    told = {name: words.say(language, f"failure.{key}") for name, key in _texts(why)}
    # By hand: Flask would look first who is signed in.
    page = desk.app.jinja_env.get_template("admin/failure_plain.html").render(language=language, code=status, **told)
    return page, status


def _texts(why: str) -> tuple[tuple[str, str], ...]:
    return ("title", why), ("more", f"{why}_more"), ("home", "home")
