"""Every page of the desk, for every role: who may open what, in both languages, and nothing that runs uninvited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.routing import Rule

from tests.builders import a_keypress, a_paid_member, execute
from tests.domain.test_rosters import a_file
from tests.office import Desk, an_admin, page_of, signed_in
from ussd_app.app import create_app
from ussd_app.domain.permissions import ROLES
from ussd_app.runtime import Runtime
from ussd_app.services import rights
from ussd_app.web.admin import words
from ussd_app.web.admin.desk import OPEN
from ussd_app.web.admin.desk import Desk as App

TEMPLATES = Path(__file__).parents[2] / "ussd_app" / "web" / "templates" / "admin"
CODE = Path(words.__file__).parent

ALL = set(ROLES)
OFFICE = {"operator", "owner"}
MONEY = {"finance", "owner"}
SEES_MONEY = OFFICE | MONEY
OWNER = {"owner"}
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
    "follow_ups": ALL,
    "follow_up_unmask": OFFICE,
    "follow_up_done": SEES_MONEY,
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
    shown += ["/unmatched", "/books", "/audit", "/team", "/team/1"]
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
