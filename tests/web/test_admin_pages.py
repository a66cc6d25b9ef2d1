"""Every page of the desk, for every role: who may open what, in both languages, and nothing that runs uninvited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from werkzeug.routing import Rule

from tests.builders import a_keypress, a_paid_member, execute
from tests.campaigns import a_campaign
from tests.domain.test_rosters import a_file
from tests.office import Desk, an_admin, page_of, signed_in
from ussd_app.app import create_app
from ussd_app.domain.permissions import ROLES
from ussd_app.runtime import Runtime
from ussd_app.services import drafts, rights
from ussd_app.web.admin import words
from ussd_app.web.admin.desk import OPEN
from ussd_app.web.admin.desk import Desk as App
from ussd_app.web.admin.sessions import COOKIE

TEMPLATES = Path(__file__).parents[2] / "ussd_app" / "web" / "templates" / "admin"
CODE = Path(words.__file__).parent

ALL = set(ROLES)
OFFICE = {"operator", "owner"}
MONEY = {"finance", "owner"}
SEES_MONEY = OFFICE | MONEY
OWNER = {"owner"}
EDITORS = {"editor", "publisher", "owner"}
PUBLISHERS = {"publisher", "owner"}
EVERYBODY: set[str] = {"nobody", *ROLES}
# Written by hand, and apart from the code: a page that is not here fails.
WHO_MAY = {
    "sign_in": EVERYBODY,
    "check_password": EVERYBODY,
    "sign_in_code": EVERYBODY,
    "check_code": EVERYBODY,
    "speak": EVERYBODY,
    "sign_out": ALL,
    "account": ALL,
    "account_password": ALL,
    "keep_password": ALL,
    "sign_out_everywhere": ALL,
    "account_second_step": ALL,
    "turn_second_step_on": ALL,
    "turn_second_step_off": ALL,
    "home": ALL,
    "dashboard": ALL,
    "dashboard_going": ALL,
    "dashboard_anew": ALL,
    "dashboard_file": ALL,
    "dashboard_menu": ALL,
    "follow_ups": ALL,
    "follow_up_unmask": OFFICE,
    "follow_up_done": SEES_MONEY,
    "follow_up": ALL,
    "follow_up_take": SEES_MONEY,
    "follow_up_back": SEES_MONEY,
    "follow_up_note": SEES_MONEY,
    "roster_new": OFFICE,
    "roster_upload": OFFICE,
    "roster_example": OFFICE,
    "roster_draft": OFFICE,
    "roster_mistakes": OFFICE,
    "roster_start": OFFICE,
    "roster_going": OFFICE,
    "roster_discard": OFFICE,
    "rosters": ALL,
    "roster": ALL,
    "roster_progress": ALL,
    "roster_pay": OFFICE,
    "members": ALL,
    "members_search": ALL,
    "member": ALL,
    "member_unmask": OFFICE,
    "member_export": OFFICE,
    "member_erase": OFFICE,
    "member_leave": OFFICE,
    "member_forget": OFFICE,
    "member_timeline": ALL,
    "member_dialogue": ALL,
    "member_help": OFFICE,
    "member_correct": OFFICE,
    "member_phone": OFFICE,
    "member_code": OFFICE,
    "member_code_make": OFFICE,
    "member_resend": OFFICE,
    "member_stop": OFFICE,
    "member_allow": OFFICE,
    "member_card": OFFICE,
    "member_card_print": OFFICE,
    "sponsors": ALL,
    "sponsor": ALL,
    "sponsor_unmask": OFFICE,
    "sponsor_people": ALL,
    "sponsor_timeline": ALL,
    "sponsor_dialogue": ALL,
    "sponsor_help": OFFICE,
    "sponsor_resend": OFFICE,
    "sponsor_stop": OFFICE,
    "sponsor_allow": OFFICE,
    "sponsor_cards": OFFICE,
    "sponsor_cards_print": OFFICE,
    "refunds": SEES_MONEY,
    "refund": SEES_MONEY,
    "refund_approve": MONEY,
    "refund_reject": MONEY,
    "refund_rejected": MONEY,
    "refund_paid": MONEY,
    "unmatched": SEES_MONEY,
    "unmatched_one": MONEY,
    "unmatched_search": MONEY,
    "unmatched_assign": MONEY,
    "books": SEES_MONEY,
    "books_going": SEES_MONEY,
    "books_check": SEES_MONEY,
    "payments": SEES_MONEY,
    "payment_find": SEES_MONEY,
    "payment_file": SEES_MONEY,
    "payment": SEES_MONEY,
    "payment_ask": MONEY,
    "payment_member": SEES_MONEY,
    "handover": SEES_MONEY,
    "handover_make": MONEY,
    "handover_one": SEES_MONEY,
    "handover_download": MONEY,
    "handover_transferred": MONEY,
    "handover_returned": MONEY,
    "handover_answers": MONEY,
    "handover_upload": MONEY,
    "handover_answer": MONEY,
    "handover_going": MONEY,
    "jobs": OFFICE,
    "job_retry": OFFICE,
    "job_discard": OFFICE,
    "menus": ALL,
    "menu_new": EDITORS,
    "menu_begin": EDITORS,
    "menu_draft_make": EDITORS,
    "menu_draft": ALL,
    "menu_problems": ALL,
    "menu_draft_here": ALL,
    "menu_draft_gone": EDITORS,
    "menu_draft_undo": EDITORS,
    "menu_draft_redo": EDITORS,
    "menu_draft_title": EDITORS,
    "menu_draft_discard": EDITORS,
    "menu_draft_bring_up": EDITORS,
    "menu_revisions": ALL,
    "menu_restore": EDITORS,
    "menu_screen": ALL,
    "menu_words": ALL,
    "menu_edit": EDITORS,
    "menu_check": EDITORS,
    "menu_conflict": EDITORS,
    "menu_take_in": EDITORS,
    "menu_yaml": ALL,
    "menu_yaml_save": EDITORS,
    "menu_yaml_raw": ALL,
    "menu_picture": ALL,
    "menu_live_picture": ALL,
    "menu_phone": ALL,
    "menu_phone_fragment": ALL,
    "menu_review": ALL,
    "menu_review_proof": ALL,
    "menu_review_prove": EDITORS,
    "menu_review_newer": EDITORS,
    "menu_publish": PUBLISHERS,
    "menu_publish_cancel": PUBLISHERS,
    "menu_publish_seen": PUBLISHERS,
    "menu_history": ALL,
    "menu_version": ALL,
    "menu_export": ALL,
    "menu_export_file": ALL,
    "menu_roll_back": PUBLISHERS,
    "menu_withdraw": PUBLISHERS,
    "menu_import": EDITORS,
    "message_review": ALL,
    "message_review_proof": ALL,
    "message_review_prove": EDITORS,
    "message_review_newer": EDITORS,
    "message_publish": PUBLISHERS,
    "message_publish_cancel": PUBLISHERS,
    "message_publish_seen": PUBLISHERS,
    "message_history": ALL,
    "message_version": ALL,
    "message_export": ALL,
    "message_export_file": ALL,
    "message_roll_back": PUBLISHERS,
    "message_withdraw": PUBLISHERS,
    "message_import": EDITORS,
    "messages": ALL,
    "message_draft_make": EDITORS,
    "message_draft": ALL,
    "message_here": EDITORS,
    "message_undo": EDITORS,
    "message_redo": EDITORS,
    "message_discard": EDITORS,
    "message_revisions": ALL,
    "message_restore": EDITORS,
    "message_aside": EDITORS,
    "message_take_in": EDITORS,
    "message_text": ALL,
    "message_text_save": EDITORS,
    "message_text_look": EDITORS,
    "message_text_member": EDITORS,
    "message_reason": ALL,
    "message_reason_save": EDITORS,
    "message_reason_look": EDITORS,
    "campaigns": ALL,
    "campaign": ALL,
    "campaign_new": OFFICE,
    "campaign_create": OFFICE,
    "campaign_look": OFFICE,
    "campaign_progress": ALL,
    "campaign_counting": ALL,
    "campaign_dry_run": OFFICE,
    "campaign_test": OFFICE,
    "campaign_start": OFFICE,
    "campaign_change": OFFICE,
    "campaign_results": ALL,
    "campaign_results_going": ALL,
    "campaign_results_csv": ALL,
    "reminders": ALL,
    "reminder_going": ALL,
    "reminder_csv": ALL,
    "reminder_again": OFFICE,
    "reminder_plan": ALL,
    "reminder_members": ALL,
    "reminder_search": ALL,
    "reminder_member": ALL,
    "texts": ALL,
    "text_days": ALL,
    "text_days_csv": ALL,
    "text_gateway": OFFICE,
    "text_dead": ALL,
    "text_dead_decide": OFFICE,
    "text_stops": ALL,
    "text_stops_search": ALL,
    "text_stop": OFFICE,
    "text_allow": OFFICE,
    "audit_log": OWNER,
    "team": OWNER,
    "team_invite": OWNER,
    "team_one": OWNER,
    "team_role": OWNER,
    "team_out": OWNER,
    "team_in": OWNER,
    "team_password": OWNER,
    "team_second_step": OWNER,
}
ENDS_THE_SESSION = ("sign_out", "sign_out_everywhere")


def app_of(rt: Runtime) -> App:
    """The desk's application."""
    app: App = create_app(rt).extensions["desk"]
    return app


def pages(rt: Runtime) -> list[Rule]:
    """Every address of the desk but its styles; what ends the session comes last."""
    found = [rule for rule in app_of(rt).app.url_map.iter_rules() if rule.endpoint not in OPEN]
    return sorted(found, key=lambda rule: rule.endpoint in ENDS_THE_SESSION)


def address(rule: Rule, number: str = "999") -> str:
    """An address of a page, with a number nobody has."""
    return re.sub(r"<[^>]+>", number, rule.rule)


def answers(desk: Desk, rules: list[Rule]) -> Iterator[tuple[str, int, str]]:
    """What comes back from each page: its name, the status and where it leads."""
    token = desk.token()
    for rule in rules:
        if "GET" in (rule.methods or ()):
            response = desk.get(address(rule))
        else:
            response = desk.client.post(f"/admin{address(rule)}", data={"csrf_token": token})
        yield rule.endpoint, response.status_code, response.headers.get("Location", "")
        if rule.endpoint in ENDS_THE_SESSION:
            return


def test_every_page_is_in_the_table_of_who_may_open_it(rt: Runtime) -> None:
    assert {rule.endpoint for rule in pages(rt)} == set(WHO_MAY)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_its_own_pages_and_no_others(rt: Runtime, role: str) -> None:
    desk = signed_in(rt, role)
    found = {name: status for name, status, _ in answers(desk, pages(rt))}
    assert {name for name, status in found.items() if status == 403} == {
        name for name in found if role not in WHO_MAY[name]
    }
    assert {name: status for name, status in found.items() if status >= 500 or status == 400} == {}


def test_nobody_opens_anything_before_signing_in(rt: Runtime) -> None:
    found = {
        name for name, status, leads in answers(Desk(rt), pages(rt)) if status != 302 or "/sign-in?" not in leads + "?"
    }
    assert found <= {name for name, who in WHO_MAY.items() if "nobody" in who}


def test_a_page_that_nobody_put_into_the_table_is_closed(rt: Runtime) -> None:
    desk = Desk(rt)
    app: App = desk.client.application.extensions["desk"]
    app.app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    desk.sign_in(an_admin(rt))
    assert desk.get("/forgotten").status_code == 403


def said_in(file: Path) -> list[str]:
    """The keys of the texts that a file names outright."""
    return re.findall(r"""\b(?:t|done|_try)\((?:[^"')]*,\s*)?["']([a-z_]+\.[a-z_0-9]+)["']""", file.read_text("utf-8"))


@pytest.mark.parametrize("file", [*TEMPLATES.glob("*.html"), *CODE.glob("*.py")], ids=lambda file: file.name)
def test_every_text_that_a_page_names_is_written(file: Path) -> None:
    # One that ends with an underscore is only the beginning of a key.
    assert [key for key in said_in(file) if not key.endswith("_") and not words.knows(key)] == []


def test_every_text_is_there_in_both_languages_with_the_same_fields() -> None:
    def fields(text: str) -> set[str]:
        return set(re.findall(r"{(\w+)}", text))

    uneven = [
        key
        for key, texts in words.read().items()
        if set(texts) != set(words.LANGUAGES) or fields(texts["id"]) != fields(texts["en"])
    ]
    assert uneven == []


@pytest.mark.parametrize("file", [*TEMPLATES.glob("*.html")], ids=lambda file: file.name)
def test_no_page_holds_code_or_styles_or_another_host(file: Path) -> None:
    held = re.findall(r"style=|\son\w+=|<script(?![^>]*\ssrc=)|<style|https?://", file.read_text("utf-8"))
    assert held == []


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_page_shows_itself_in_both_languages(rt: Runtime, language: str) -> None:
    desk = signed_in(rt)
    member = a_paid_member(rt)
    with rt.db.begin() as connection:
        rights.leave(rt, connection, member.id, "office", "folder 1")
    desk.post("/language", {"language": language})
    broken = page_of(desk.upload(a_file({"nik": "1"}, {"phone": "x"})))
    waits = page_of(desk.upload(a_file({"income": "1000000"})))
    started = desk.started(rt, a_file({}))
    desk.start(waits)
    a_campaign(rt)
    shown = ["/", "/account", "/account/password", "/account/second-step", "/follow-ups", "/follow-ups?done=1", started]
    shown += [
        "/rosters",
        "/rosters/new",
        broken,
        waits,
        f"{waits}/going",
        f"{started}/progress",
        "/members",
        f"/members/{member.id}",
    ]
    shown += [f"/members/{member.id}/erase", "/refunds", "/refunds?decided=1", "/refunds/1", "/refunds/1/reject"]
    shown += ["/dashboard", "/dashboard?days=90", "/dashboard/going", "/dashboard/menu"]
    shown += ["/unmatched", "/books", "/audit", "/team", "/team/1"]
    sending = ["/campaigns", "/campaigns/new", "/campaigns/1", "/reminders", "/reminders/plan", "/reminders/members"]
    shown += [*sending, f"/reminders/members/{member.id}", "/texts", "/texts/dead", "/texts/stops"]
    shown += [f"/members/{member.id}/{page}" for page in ("timeline", "help")]
    shown += [f"/sponsors/1{page}" for page in ("", "/people", "/timeline", "/help", "/cards")]
    shown += ["/sponsors", "/sponsors?kind=company", "/follow-ups/1", "/follow-ups?whose=mine&days=1"]
    drawn = drafts.create(rt, "main", by="office").id
    ways = ("", "/problems", "/here", "/revisions", "/words", "/yaml", "/yaml/main.yaml", "/screens/home_guest")
    shown += ["/menus", "/menus/new", *(f"/menus/drafts/{drawn}{way}" for way in ways)]
    shown += [f"/menus/drafts/{drawn}/{page}" for page in ("picture", "phone", "phone/fragment")]
    shown.append("/menus/main/picture")
    worded, history = f"/messages/drafts/{drafts.create(rt, 'messages', by='office').id}", "/messages/history"
    shown += [f"/menus/drafts/{drawn}/review", f"/menus/drafts/{drawn}/review/proof", "/menus/main/history"]
    shown += ["/messages", worded, f"{worded}/here", f"{worded}/revisions", f"{worded}/texts/receipt"]
    shown += [f"{worded}/reasons/age", f"{worded}/review", f"{worded}/review/proof", history, f"{history}/1"]
    shown += [f"/menus/main/history/1{of}" for of in ("", "?against=1", "/files.zip", "/files/main.yaml")]
    assert {page: desk.get(page).status_code for page in shown} == dict.fromkeys(shown, 200)
    assert f'<html lang="{language}">' in desk.get("/").text
    assert desk.get("/nowhere").status_code == 404


def test_a_page_runs_nothing_of_others_and_is_kept_by_nobody(rt: Runtime) -> None:
    headers = signed_in(rt).get("/").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_a_keypress_opens_no_session(rt: Runtime) -> None:
    client = create_app(rt).test_client()
    press = a_keypress()
    form = {"sessionId": "s1", "phoneNumber": press.phone, "text": "", "serviceCode": press.service_code}
    assert "Set-Cookie" not in client.post("/callbacks/africastalking/local/ussd", data=form).headers
    assert "Set-Cookie" not in client.get("/simulator/").headers


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("page", ["/static/nothing.css", "/bootstrap/nothing.css"])
def test_a_style_that_is_not_there_is_said_without_a_session(rt: Runtime, page: str, language: str) -> None:
    response = signed_in(rt).client.get(f"/admin{page}", headers={"Accept-Language": language})
    assert (response.status_code, words.say(language, "failure.not_found") in response.text) == (404, True)
    assert "Set-Cookie" not in response.headers


def test_a_form_that_somebody_sends_to_a_style_is_refused_on_a_page(rt: Runtime) -> None:
    response = Desk(rt).client.post("/admin/static/admin.css", data={"x": "1"})
    assert (response.status_code, "<h1>" in response.text) == (405, True)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("page", ["/sign-in", "/nowhere"])
def test_without_a_database_there_is_still_a_page_that_says_so(rt: Runtime, page: str, known: bool) -> None:
    desk = Desk(replace(rt, db=create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")))
    if known:
        desk.client.set_cookie(COOKIE, "somebody", path="/admin")
    response = desk.get(page)
    assert (response.status_code, "Ada yang rusak" in response.text) == (500, True)
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]


def test_something_broken_shows_a_page_and_no_details(rt: Runtime) -> None:
    desk = signed_in(rt)
    execute(rt, "ALTER TABLE refunds RENAME TO refunds_away")
    try:
        response = desk.get("/refunds")
    finally:
        execute(rt, "ALTER TABLE refunds_away RENAME TO refunds")
    assert (response.status_code, "Ada yang rusak" in response.text, "refunds_away" in response.text) == (
        500,
        True,
        False,
    )
