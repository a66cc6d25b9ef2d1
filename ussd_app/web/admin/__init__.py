"""The desk where people of the office work: an application of its own under /admin.

It is apart from the callbacks' application, so that a keypress never opens a session, and so that a sponsor's list of
ten thousand people may be uploaded here and nowhere else.
"""

from __future__ import annotations

from flask import Flask
from flask_bootstrap import Bootstrap5
from flask_login import LoginManager
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response

from ussd_app.runtime import Runtime
from ussd_app.services import admins
from ussd_app.web import headers
from ussd_app.web.admin import (
    account,
    audit_log,
    campaign_new,
    campaign_outcomes,
    campaigns,
    dashboard,
    dashboard_menu,
    failures,
    follow_ups,
    formats,
    handover,
    home,
    jobs,
    member_acts,
    member_card,
    member_timeline,
    members,
    menu_conflicts,
    menu_drafts,
    menu_history,
    menu_import,
    menu_phone,
    menu_picture,
    menu_review,
    menu_screens,
    menu_yaml,
    menus,
    message_drafts,
    message_texts,
    messages,
    money,
    payments,
    proxies,
    refunds,
    reminders,
    roster_drafts,
    rosters,
    second_step,
    signing_in,
    sponsors,
    team,
    text_lists,
    texts,
)
from ussd_app.web.admin.desk import Desk, Visitor, sees_money
from ussd_app.web.admin.navigation import sections
from ussd_app.web.admin.sessions import Sessions, insist

# Ten thousand people, as wide as a spreadsheet writes them.
LARGEST = 8 * 1024 * 1024


def create_desk(rt: Runtime) -> Desk:
    """The desk: every page, what it asks for, and the function behind it."""
    app = Flask(__name__, template_folder="../templates", static_folder="../static", static_url_path="/static")
    app.secret_key = rt.settings.secret_key
    app.config.update(MAX_CONTENT_LENGTH=LARGEST, WTF_CSRF_TIME_LIMIT=None, BOOTSTRAP_SERVE_LOCAL=True)
    app.session_interface = Sessions(rt)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    proxies.believe(app, rt.settings.trusted_proxies)

    desk = Desk(app, rt)
    _know_visitors(desk)
    app.before_request(insist)
    # Before the check of forms: a refusal too is said in the right language.
    app.before_request(desk.choose_language)
    CSRFProtect(app)
    Bootstrap5(app)
    app.before_request(desk.guard)
    app.context_processor(
        lambda: {"sections": lambda page: sections(desk, page), "allowed": desk.allows, "sees_money": sees_money}
    )
    app.after_request(_seal)
    formats.add_to(app, rt)
    parts = (
        signing_in,
        account,
        second_step,
        home,
        dashboard,
        dashboard_menu,
        follow_ups,
        roster_drafts,
        rosters,
        members,
        member_timeline,
        member_acts,
        sponsors,
        member_card,
        menus,
        menu_drafts,
        menu_screens,
        menu_conflicts,
        menu_yaml,
        refunds,
        money,
        payments,
        handover,
        jobs,
        campaigns,
        campaign_new,
        campaign_outcomes,
        reminders,
        texts,
        text_lists,
        menu_picture,
        menu_phone,
        menu_history,
        menu_import,
        menu_review,
        message_drafts,
        message_texts,
        messages,
        audit_log,
        team,
        failures,
    )
    for part in parts:
        part.add_to(desk)
    return desk


def _know_visitors(desk: Desk) -> None:
    manager = LoginManager(desk.app)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def visitor(admin_id: str) -> Visitor | None:
        admin = admins.by_id(desk.rt, int(admin_id))
        return Visitor(admin) if admin and admin.active else None


def _seal(response: Response) -> Response:
    """What people see here is for them alone: nothing is kept by a browser or a proxy but styles."""
    if response.mimetype not in ("text/css", "text/javascript", "image/svg+xml"):
        response.headers["Cache-Control"] = "no-store"
    # The check of a form's origin reads the referrer, so that this host must be told of itself.
    return headers.guard(response, "same-origin")
