"""All that happened to a member, and their dialogues."""

from __future__ import annotations

from ussd_app.domain.permissions import May
from ussd_app.runtime import Runtime
from ussd_app.web.admin import timelines
from ussd_app.web.admin.desk import Desk, Page
from ussd_app.web.admin.members import member_of
from ussd_app.web.admin.people_shown import hidden_member


def add_to(desk: Desk) -> None:
    """The list, and one dialogue of it."""
    rt = desk.rt
    desk.app.jinja_env.globals.update(leads_to=timelines.of_event)
    desk.page("/members/<int:number>/timeline", "member_timeline", May.LOOK, lambda number: _all(rt, number))
    desk.page(
        "/members/<int:number>/dialogues/<name>",
        "member_dialogue",
        May.LOOK,
        lambda number, name: _one(rt, number, name),
    )


def _all(rt: Runtime, number: int) -> Page:
    member = member_of(rt, number)
    return timelines.listed(rt, timelines.of_member(rt, member), member=hidden_member(rt, member))


def _one(rt: Runtime, number: int, name: str) -> Page:
    member = member_of(rt, number)
    return timelines.replayed(rt, timelines.of_member(rt, member), name, member=hidden_member(rt, member))
