"""Turning the second step of one's own account on and off."""

from __future__ import annotations

import segno
from flask import redirect, request, session, url_for
from markupsafe import Markup

from ussd_app.domain.permissions import May
from ussd_app.errors import Refused
from ussd_app.runtime import Runtime
from ussd_app.services import second_step
from ussd_app.web.admin.desk import Desk, Page, address, done, me, show, sorry

# The secret waits, sealed, in the session until a first code proves that an app has it.
SECRET = "second_step"  # noqa: S105  # a name, not a secret


def add_to(desk: Desk) -> None:
    """The second step's pages."""
    rt = desk.rt
    desk.page("/account/second-step", "account_second_step", May.OWN_ACCOUNT, lambda: _form(rt))
    desk.post("/account/second-step", "turn_second_step_on", May.OWN_ACCOUNT, lambda: _on(rt))
    desk.post("/account/second-step/off", "turn_second_step_off", May.OWN_ACCOUNT, lambda: _off(rt))


def _form(rt: Runtime, problem: str = "", status: int = 200) -> Page:
    if me().sealed_totp:
        return redirect(url_for("account"))
    if SECRET not in session:
        session[SECRET] = rt.vault.seal(second_step.new_secret())
    secret = rt.vault.open(session[SECRET])
    picture = segno.make(second_step.address_of(secret, me().email), micro=False).svg_inline(
        scale=5, omitsize=True, svgclass="qr", lineclass=None, dark="#0b2a21", light="#ffffff"
    )
    spaced = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return show("second_step", status, picture=Markup(picture), secret=spaced, problem=problem)  # noqa: S704  # our own


def _on(rt: Runtime) -> Page:
    if me().sealed_totp or SECRET not in session:
        return redirect(url_for("account"))
    try:
        secret = rt.vault.open(session[SECRET])
        form = request.form
        codes = second_step.turn_on(rt, me(), secret, form.get("password", ""), form.get("code", ""), address())
    except Refused as refused:
        return _form(rt, sorry(refused), 422)
    session.pop(SECRET)
    return show("recovery_codes", codes=codes)


def _off(rt: Runtime) -> Page:
    try:
        second_step.turn_own_off(rt, me(), request.form.get("password", ""), address())
    except Refused as refused:
        return show("second_step_off", 422, problem=sorry(refused))
    done("account.second_step_off")
    return redirect(url_for("account"))
