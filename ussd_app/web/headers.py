"""What a browser is told about every page of ours."""

from __future__ import annotations

from werkzeug.wrappers import Response

# Nothing is fetched from another host, nothing runs that we did not ship.
POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"


def guard(response: Response, referrer: str = "no-referrer") -> Response:
    """A page runs only what we shipped and tells nobody else where its reader is."""
    # A file or an answer in JSON with what people typed is never taken for a page.
    response.headers["X-Content-Type-Options"] = "nosniff"
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = referrer
    return response
