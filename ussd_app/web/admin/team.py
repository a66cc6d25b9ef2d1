"""The owner looks after the team."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, redirect, request, url_for

from ussd_app.domain.permissions import ROLES, May
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import admins
from ussd_app.web.admin.desk import Desk, Page, address, done, me, not_done, show, sorry


def add_to(desk: Desk) -> None:
    """The team, somebody new, and everything about one of them."""
    rt, asks = desk.rt, May.RUN_TEAM
    desk.page("/team", "team", asks, lambda: _team(rt))
    desk.post("/team", "team_invite", asks, lambda: _invite(rt))
    desk.page("/team/<int:number>", "team_one", asks, lambda number: _one(rt, number))
    desk.post("/team/<int:number>/role", "team_role", asks, lambda number: _change_role(rt, number))
    desk.post("/team/<int:number>/out", "team_out", asks, lambda number: _set_active(rt, number, active=False))
    desk.post("/team/<int:number>/in", "team_in", asks, lambda number: _set_active(rt, number, active=True))
    desk.post("/team/<int:number>/password", "team_password", asks, lambda number: _new_password(rt, number))
    desk.post("/team/<int:number>/second-step", "team_second_step", asks, lambda number: _reset(rt, number))


def _team(rt: Runtime, problem: str = "", status: int = 200) -> Page:
    return show("team", status, team=admins.everybody(rt), roles=list(ROLES), problem=problem, form=request.form)


def _invite(rt: Runtime) -> Page:
    form = request.form
    try:
        added, password = admins.invite(
            rt,
            email=form.get("email", ""),
            name=form.get("name", ""),
            role=form.get("role", ""),
            by=me().email,
            address=address(),
        )
    except Refused as refused:
        return _team(rt, sorry(refused), 422)
    return show("one_time_password", admin=added, password=password)


def _one(rt: Runtime, number: int) -> Page:
    found = admins.by_id(rt, number)
    if found is None:
        abort(404)
    return show("team_one", admin=found, roles=list(ROLES), is_me=found.id == me().id)


def _try(number: int, act: Callable[[], None], said: str) -> Page:
    try:
        act()
        done(said)
    except (NotAllowedNow, Refused) as error:
        not_done(error)
    return redirect(url_for("team_one", number=number))


def _change_role(rt: Runtime, number: int) -> Page:
    role = request.form.get("role", "")
    return _try(number, lambda: admins.change_role(rt, number, role, me().email, address()), "team.role_changed")


def _set_active(rt: Runtime, number: int, *, active: bool) -> Page:
    said = "team.let_in" if active else "team.put_out"
    return _try(number, lambda: admins.set_active(rt, number, active, me().email, address()), said)


def _reset(rt: Runtime, number: int) -> Page:
    return _try(number, lambda: admins.reset_second_step(rt, number, me().email, address()), "team.second_step_reset")


def _new_password(rt: Runtime, number: int) -> Page:
    try:
        password = admins.new_password(rt, number, me().email, address())
    except NotAllowedNow as error:
        not_done(error)
        return redirect(url_for("team_one", number=number))
    return show("one_time_password", admin=admins.by_id(rt, number), password=password)
