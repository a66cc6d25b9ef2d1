"""The table of contents of the web side."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response
from werkzeug.wrappers import Response as AnyResponse

from ussd_app import logs, runtime, settings
from ussd_app.runtime import Runtime
from ussd_app.services import inbox
from ussd_app.web import callbacks, health, payments, plain_ussd, simulator, ussd

# Nothing is fetched from another host, nothing runs that we did not ship.
POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"


def create_app(rt: Runtime) -> Flask:
    """The WSGI application: every address the outside relies on, and the function behind it."""
    app = Flask(__name__, template_folder="web/templates", static_folder="web/static")
    app.config["MAX_CONTENT_LENGTH"] = callbacks.LARGEST

    gateway = "/callbacks/africastalking/<token>"
    _post(app, f"{gateway}/ussd", "ussd", lambda token: ussd.keypress(rt, token))
    _post(app, f"{gateway}/ussd-events", "ussd_events", lambda token: callbacks.keep(rt, token, inbox.take_end))
    _post(app, f"{gateway}/sms", "sms", lambda token: callbacks.keep(rt, token, inbox.take_sms))
    _post(
        app,
        f"{gateway}/delivery-reports",
        "delivery_reports",
        lambda token: callbacks.keep(rt, token, inbox.take_report),
    )
    _post(app, f"{gateway}/opt-outs", "opt_outs", lambda token: callbacks.keep(rt, token, inbox.take_opt_out))
    _post(app, "/callbacks/africastalking/<path:_rest>", "no_token", lambda _rest: Response("forbidden", 403))
    _post(app, "/callbacks/ussd/<token>", "plain_ussd", lambda token: plain_ussd.keypress(rt, token))
    _post(app, "/callbacks/ussd/", "no_plain_token", lambda: Response("forbidden", 403))
    _post(app, "/callbacks/midtrans/notifications", "midtrans", lambda: payments.notified(rt))

    health.routes(app, rt)
    if rt.settings.sertakan_local:
        simulator.routes(app, rt)

    app.after_request(_headers)
    return app


def _post(app: Flask, address: str, name: str, view: Callable[..., Response]) -> None:
    app.add_url_rule(address, name, view, methods=["POST"])


def _headers(response: AnyResponse) -> AnyResponse:
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
    return response


def serve() -> Flask:
    """What the WSGI server calls in each of its processes."""
    logs.configure()
    return create_app(runtime.build(settings.read()))
