"""The way into the desk and out of it."""

from __future__ import annotations

from flask import redirect, request, session, url_for
from flask_login import current_user, login_user

from ussd_app.domain.permissions import May
from ussd_app.errors import Refused
from ussd_app.runtime import Runtime
from ussd_app.services import admins, signing_in
from ussd_app.storage.admins import Admin
from ussd_app.web.admin import sessions
from ussd_app.web.admin.desk import Desk, Page, Visitor, address, inside, show, sorry

# In the session of somebody whose password was right and whose second step is still to come.
HALF_IN, WANTED = "half_in", "wanted"


def add_to(desk: Desk) -> None:
    """Sign-in, its second step, sign-out, and the language before it."""
    rt = desk.rt
    desk.page("/sign-in", "sign_in", None, lambda: _form(request.args.get("next", "")))
    desk.post("/sign-in", "check_password", None, lambda: _with_password(rt))
    desk.page("/sign-in/code", "sign_in_code", None, lambda: _code_form(rt))
    desk.post("/sign-in/code", "check_code", None, lambda: _with_code(rt))
    desk.post("/sign-out", "sign_out", May.OWN_ACCOUNT, _out)
    desk.post("/language", "speak", None, desk.speak)


def _form(wanted: str, problem: str = "", email: str = "", status: int = 200) -> Page:
    if current_user.is_authenticated:
        return redirect(url_for("home"))
    return show("sign_in", status, wanted=wanted, problem=problem, email=email)


def _with_password(rt: Runtime) -> Page:
    email, wanted = request.form.get("email", ""), request.form.get("next", "")
    try:
        admin = signing_in.with_password(rt, email, request.form.get("password", ""), address())
    except Refused as refused:
        return _form(wanted, sorry(refused), email, 429 if refused.reason == "locked" else 401)
    if admin.sealed_totp is None:
        return _enter(rt, admin, wanted)
    sessions.renew()
    session[HALF_IN], session[WANTED] = admin.id, wanted
    return redirect(url_for("sign_in_code"))


def _half_in(rt: Runtime) -> Admin | None:
    found = admins.by_id(rt, int(session.get(HALF_IN, 0)))
    return found if found and found.active else None


def _code_form(rt: Runtime, problem: str = "", status: int = 200) -> Page:
    return show("sign_in_code", status, problem=problem) if _half_in(rt) else redirect(url_for("sign_in"))


def _with_code(rt: Runtime) -> Page:
    admin = _half_in(rt)
    if admin is None:
        return redirect(url_for("sign_in"))
    try:
        signing_in.with_code(rt, admin, request.form.get("code", ""), address())
    except Refused as refused:
        if refused.reason == "locked":
            # Not ended: the form that is shown now needs a session to be sent in.
            sessions.renew()
            return show("sign_in", 429, wanted="", problem=sorry(refused), email="")
        return _code_form(rt, sorry(Refused("code")), 401)
    return _enter(rt, admin, session.get(WANTED, ""))


def _enter(rt: Runtime, admin: Admin, wanted: str) -> Page:
    signing_in.enter(rt, admin, address())
    sessions.renew()
    login_user(Visitor(admin))
    return redirect(inside(wanted) if wanted else url_for("home"))


def _out() -> Page:
    sessions.end()
    return redirect(url_for("sign_in"))
