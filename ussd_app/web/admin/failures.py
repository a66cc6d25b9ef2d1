"""What somebody sees who may not, who asks for what is not there, and when something of ours is broken."""

from __future__ import annotations

import structlog
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import Forbidden, HTTPException, NotFound, RequestEntityTooLarge

from ussd_app.web.admin.desk import Desk, Page, show

KNOWN = {Forbidden: "forbidden", NotFound: "not_found", RequestEntityTooLarge: "too_large", CSRFError: "old_form"}
log = structlog.get_logger()


def add_to(desk: Desk) -> None:
    """A page for each way in which a request can fail."""

    def failed(error: HTTPException) -> Page:
        return _page(KNOWN.get(type(error), "other"), error.code or 500)

    def broke(error: Exception) -> Page:
        if isinstance(error, HTTPException):
            return failed(error)
        log.exception("a page of the desk broke", error=type(error).__name__)
        return _page("broken", 500)

    desk.app.register_error_handler(HTTPException, failed)
    desk.app.register_error_handler(Exception, broke)


def _page(why: str, status: int) -> Page:
    return show("failure", status, why=why, code=status)
