"""Somebody's own account: the password, where they are signed in, the second step."""

from __future__ import annotations

from flask import redirect, request, url_for

from ussd_app.domain.permissions import May
from ussd_app.errors import Refused
from ussd_app.runtime import Runtime
from ussd_app.services import admins
from ussd_app.storage import admins as people
from ussd_app.storage import sessions as kept
from ussd_app.web.admin import sessions
from ussd_app.web.admin.desk import Desk, Page, address, done, me, show, sorry


def add_to(desk: Desk) -> None:
    """The account's pages."""
    rt = desk.rt
    desk.page("/account", "account", May.OWN_ACCOUNT, lambda: _account(rt))
    desk.page("/account/password", "account_password", May.OWN_ACCOUNT, lambda: show("password", problem=""))
    desk.post("/account/password", "keep_password", May.OWN_ACCOUNT, lambda: _keep_password(rt))
    desk.post("/account/sign-out-everywhere", "sign_out_everywhere", May.OWN_ACCOUNT, lambda: _out_everywhere(rt))


def _account(rt: Runtime) -> Page:
    with rt.db.connect() as connection:
        signed_in = kept.of_admin(connection, me().id, rt.clock())
        codes = people.recovery_codes_left(connection, me().id)
    return show("account", admin=me(), signed_in=signed_in, here=sessions.id_here(), codes=codes)


def _keep_password(rt: Runtime) -> Page:
    form = request.form
    try:
        admins.change_password(
            rt,
            me(),
            form.get("old", ""),
            form.get("new", ""),
            form.get("again", ""),
            here=sessions.id_here(),
            address=address(),
        )
    except Refused as refused:
        return show("password", 422, problem=sorry(refused))
    done("account.password_changed")
    return redirect(url_for("account"))


def _out_everywhere(rt: Runtime) -> Page:
    admins.sign_out_everywhere(rt, me(), address())
    sessions.end()
    return redirect(url_for("sign_in"))
