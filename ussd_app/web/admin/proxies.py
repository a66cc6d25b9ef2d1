"""Where a request comes from: proxies of ours are believed, and one that nobody told us of is noticed once."""

from __future__ import annotations

import structlog
from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

log = structlog.get_logger()


def believe(app: Flask, proxies: int) -> None:
    """Take the address of a request from so many proxies of ours; with none, say when there seems to be one."""
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    else:
        app.before_request(_Unbelieved().look)


class _Unbelieved:
    """Whether somebody has written X-Forwarded-For into a request although nobody is believed to do so."""

    def __init__(self) -> None:
        self.said = False

    def look(self) -> None:
        """Say it once: behind a proxy every visitor would otherwise seem to share its address."""
        if self.said or "X-Forwarded-For" not in request.headers:
            return
        self.said = True
        log.warning("X-Forwarded-For is not believed: if a proxy of yours wrote it, set TRUSTED_PROXIES")
