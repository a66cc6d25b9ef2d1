"""The table of contents of the web side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response

from ussd_app import logs, runtime, settings
from ussd_app.runtime import Runtime
from ussd_app.services import inbox
from ussd_app.web import admin, callbacks, headers, health, payments, plain_ussd, simulator, ussd

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

DESK = "/admin"


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
    app.add_url_rule(
        "/callbacks/kannel/<token>/delivery-reports",
        "kannel_reports",
        lambda token: callbacks.keep(rt, token, inbox.take_kannel_report),
    )
    _post(app, "/callbacks/ussd/<token>", "plain_ussd", lambda token: plain_ussd.keypress(rt, token))
    _post(app, "/callbacks/ussd/", "no_plain_token", lambda: Response("forbidden", 403))
    _post(app, "/callbacks/midtrans/notifications", "midtrans", lambda: payments.notified(rt))

    health.routes(app, rt)
    if rt.settings.sertakan_local:
        simulator.routes(app, rt)

    app.after_request(headers.guard)
    desk = admin.create_desk(rt)
    app.extensions["desk"] = desk
    app.wsgi_app = _beside(desk.app.wsgi_app, app.wsgi_app)  # type: ignore[method-assign, assignment]
    return app


def _beside(desk: WSGIApplication, gateways: WSGIApplication) -> WSGIApplication:
    """The desk under its address, everything else as it was."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if path == DESK or path.startswith(f"{DESK}/"):
            below = {"SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + DESK, "PATH_INFO": path[len(DESK) :]}
            return desk(environ | below, start)
        return gateways(environ, start)

    return answer


def _post(app: Flask, address: str, name: str, view: Callable[..., Response]) -> None:
    app.add_url_rule(address, name, view, methods=["POST"])


def serve() -> Flask:
    """What the WSGI server calls in each of its processes."""
    logs.configure()
    return create_app(runtime.build(settings.read()))
