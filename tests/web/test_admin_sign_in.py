"""The way into the desk: who gets in, how often somebody may try, and how long they stay."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from tests.builders import count, execute, rows
from tests.conftest import clock_of
from tests.domain.test_rosters import a_file
from tests.office import PASSWORD, TOKEN, Desk, an_admin, noted, page_of, signed_in
from tests.services.test_logs import logged
from ussd_app.runtime import Runtime
from ussd_app.services import passwords
from ussd_app.services.tries import FROM_ADDRESS, OF_ACCOUNT
from ussd_app.web.admin.sessions import COOKIE


def later(rt: Runtime, **time_passed: float) -> None:
    """Time passes."""
    clock_of(rt).set(rt.clock() + timedelta(**time_passed))


def is_in(desk: Desk) -> bool:
    """Whether this browser is signed in."""
    return desk.get("/").status_code == 200


def with_second_step(rt: Runtime, email: str = "owner@kantor.id") -> tuple[pyotp.TOTP, list[str]]:
    """Somebody turns their second step on: what their app knows, and the recovery codes."""
    desk = signed_in(rt, "owner", email)
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", desk.get("/account/second-step").text)
    assert secret
    app = pyotp.TOTP(secret[1].replace(" ", ""))
    fields = {"password": PASSWORD, "code": app.at(rt.clock())}
    response = desk.post("/account/second-step", fields, on="/account/second-step")
    codes = re.findall(r"<li><code>([0-9a-f-]+)</code></li>", response.text)
    assert len(codes) == 10, response.text
    later(rt, seconds=30)
    return app, codes


def test_the_right_password_opens_the_desk(rt: Runtime) -> None:
    desk = signed_in(rt)
    assert is_in(desk)
    assert noted(rt, "account.signed_in") == ["owner@kantor.id: owner@kantor.id"]


def test_an_unknown_email_and_a_wrong_password_get_the_same_answer(rt: Runtime) -> None:
    an_admin(rt)
    wrong, unknown = Desk(rt).sign_in("owner@kantor.id", "x"), Desk(rt).sign_in("stranger@x.id", "x")

    def plain(text: str) -> str:
        return re.sub(r'(csrf_token" value="[^"]+")|stranger@x.id|owner@kantor.id', "", text)

    assert (
        (wrong.status_code, plain(wrong.text)) == (unknown.status_code, plain(unknown.text)) == (401, plain(wrong.text))
    )


def test_an_unknown_email_takes_as_long_as_a_wrong_password(rt: Runtime) -> None:
    an_admin(rt)
    execute(rt, "UPDATE admins SET password_hash = :hash", hash=passwords.hashed(PASSWORD))
    desk = Desk(rt)

    def seconds(email: str) -> float:
        started = time.perf_counter()
        desk.sign_in(email, "x")
        return time.perf_counter() - started

    seconds("warm@x.id")
    known = min(seconds("owner@kantor.id") for _ in range(5))
    unknown = min(seconds(f"stranger{one}@x.id") for one in range(5))
    # The slow hash is most of both; without it one of them would take a tenth.
    assert 0.2 < unknown / known < 5


def test_after_five_wrong_passwords_not_even_the_right_one_opens(rt: Runtime) -> None:
    an_admin(rt)
    for one in range(5):
        assert Desk(rt, REMOTE_ADDR=f"10.0.0.{one}").sign_in("owner@kantor.id", "x").status_code == 401
    assert Desk(rt).sign_in("owner@kantor.id").status_code == 429
    assert noted(rt, "account.locked") == ["owner@kantor.id: owner@kantor.id"]
    later(rt, minutes=16)
    assert Desk(rt).sign_in("owner@kantor.id").status_code == 302


def test_an_account_that_nobody_has_is_locked_just_the_same(rt: Runtime) -> None:
    answers = [Desk(rt).sign_in("stranger@x.id", "x").status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]


def test_one_address_may_not_try_one_account_after_the_other(rt: Runtime) -> None:
    an_admin(rt)
    desk = Desk(rt, REMOTE_ADDR="10.9.9.9")
    desk.sign_in("stranger@x.id", "x")
    execute(rt, "UPDATE sign_in_tries SET number = :most - 1 WHERE subject = 'address:10.9.9.9'", most=FROM_ADDRESS)
    assert desk.sign_in("stranger@y.id", "x").status_code == 401
    assert desk.sign_in("owner@kantor.id").status_code == 429
    assert Desk(rt, REMOTE_ADDR="10.9.9.8").sign_in("owner@kantor.id").status_code == 302


def test_an_office_behind_one_address_signs_in_as_often_as_it_likes(rt: Runtime) -> None:
    an_admin(rt)
    Desk(rt).sign_in("owner@kantor.id", "x")
    execute(rt, "UPDATE sign_in_tries SET number = :most WHERE subject LIKE 'address:%'", most=FROM_ADDRESS - 1)
    assert [Desk(rt).sign_in("owner@kantor.id").status_code for _ in range(3)] == [302] * 3
    assert rows(rt, "SELECT number FROM sign_in_tries") == [{"number": FROM_ADDRESS - 1}]


def test_a_right_password_without_the_second_step_does_not_lock_the_account(rt: Runtime) -> None:
    with_second_step(rt)
    answers = [Desk(rt).sign_in("owner@kantor.id").status_code for _ in range(OF_ACCOUNT + 1)]
    assert answers == [302] * (OF_ACCOUNT + 1)


def test_an_address_that_somebody_only_claims_is_not_believed(rt: Runtime) -> None:
    signed_in(rt)
    desk = Desk(rt, HTTP_X_FORWARDED_FOR="8.8.8.8", REMOTE_ADDR="10.1.1.1")
    desk.sign_in("owner@kantor.id")
    assert rows(rt, "SELECT address FROM audit_log ORDER BY id DESC LIMIT 1")[0]["address"] == "10.1.1.1"


def test_behind_a_proxy_of_ours_the_address_is_the_one_it_names(rt: Runtime) -> None:
    an_admin(rt)
    behind = replace(rt, settings=rt.settings.model_copy(update={"trusted_proxies": 1}))
    Desk(behind, HTTP_X_FORWARDED_FOR="1.1.1.1, 8.8.8.8", REMOTE_ADDR="10.1.1.1").sign_in("owner@kantor.id")
    assert rows(rt, "SELECT address FROM audit_log ORDER BY id DESC LIMIT 1")[0]["address"] == "8.8.8.8"


def test_a_form_without_its_hidden_token_is_refused(rt: Runtime) -> None:
    desk = signed_in(rt)
    assert desk.client.post("/admin/sign-out").status_code == 400
    others = Desk(rt).token()
    assert desk.client.post("/admin/sign-out", data={"csrf_token": others}).status_code == 400
    assert is_in(desk)


def test_a_session_that_was_there_before_signing_in_is_worth_nothing_afterwards(rt: Runtime) -> None:
    desk = Desk(rt)
    desk.get("/sign-in")
    planted = desk.client.get_cookie(COOKIE, path="/admin")
    assert planted
    desk.sign_in(an_admin(rt))
    thief = Desk(rt)
    thief.client.set_cookie(COOKIE, planted.value, path="/admin")
    assert (is_in(desk), is_in(thief)) == (True, False)


def test_the_database_holds_no_cookie_with_which_one_could_sign_in(rt: Runtime) -> None:
    desk = signed_in(rt)
    cookie = desk.client.get_cookie(COOKIE, path="/admin")
    assert cookie
    assert cookie.value not in str(rows(rt, "SELECT * FROM admin_sessions"))


def test_the_cookie_is_for_the_server_alone_and_away_from_home_for_tls_alone(rt: Runtime) -> None:
    at_home = Desk(rt).get("/sign-in").headers["Set-Cookie"]
    away = replace(rt, settings=rt.settings.model_copy(update={"sertakan_local": False}))
    elsewhere = Desk(away).get("/sign-in").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/admin"} <= set(at_home.split("; "))
    assert ("Secure" in at_home, "Secure" in elsewhere) == (False, True)


def test_whoever_signs_out_is_out(rt: Runtime) -> None:
    desk = signed_in(rt)
    cookie = desk.client.get_cookie(COOKIE, path="/admin")
    assert cookie
    desk.post("/sign-out", on="/")
    desk.client.set_cookie(COOKIE, cookie.value, path="/admin")
    assert not is_in(desk)


def test_whoever_signs_out_everywhere_is_out_everywhere(rt: Runtime) -> None:
    here, elsewhere = signed_in(rt), Desk(rt)
    elsewhere.sign_in("owner@kantor.id")
    here.post("/account/sign-out-everywhere", on="/account")
    assert (is_in(here), is_in(elsewhere)) == (False, False)


def test_half_an_hour_without_doing_anything_ends_the_session(rt: Runtime) -> None:
    desk = signed_in(rt)
    later(rt, minutes=29)
    assert is_in(desk)
    later(rt, minutes=29)
    assert is_in(desk)
    later(rt, minutes=31)
    assert not is_in(desk)


def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(rt: Runtime) -> None:
    desk = signed_in(rt, "operator")
    roster = desk.started(rt, a_file({}))
    for _ in range(3):
        later(rt, minutes=11)
        answer = desk.get(f"{roster}/progress").status_code
    assert (answer, is_in(desk)) == (302, False)


def test_after_twelve_hours_even_the_busy_sign_in_again(rt: Runtime) -> None:
    desk = signed_in(rt)
    for _ in range(35):
        later(rt, minutes=20)
        assert is_in(desk)
    later(rt, minutes=20)
    assert not is_in(desk)


def test_after_signing_in_one_is_where_one_wanted_to_be_but_nowhere_else(rt: Runtime) -> None:
    an_admin(rt)
    for wanted, comes in (
        ("/team", "/admin/team"),
        ("/refunds?decided=1", "/admin/refunds?decided=1"),
        ("//evil.example", "/admin/"),
        ("https://evil.example", "/admin/"),
        ("/\\evil.example", "/admin/"),
    ):
        response = Desk(rt).post("/sign-in", {"email": "owner@kantor.id", "password": PASSWORD, "next": wanted})
        assert response.headers["Location"] == comes


def test_whoever_may_not_enter_any_more_is_out_at_once(rt: Runtime) -> None:
    desk = signed_in(rt)
    execute(rt, "UPDATE admins SET active = false")
    assert not is_in(desk)
    assert Desk(rt).sign_in("owner@kantor.id").status_code == 401


def test_with_a_second_step_the_password_alone_opens_nothing(rt: Runtime) -> None:
    app, _ = with_second_step(rt)
    desk = Desk(rt)
    assert page_of(desk.sign_in("owner@kantor.id")) == "/sign-in/code"
    assert not is_in(desk)
    assert desk.post("/sign-in/code", {"code": "000000"}, on="/sign-in/code").status_code == 401
    assert desk.post("/sign-in/code", {"code": app.at(rt.clock())}, on="/sign-in/code").status_code == 302
    assert is_in(desk)


def test_a_code_of_the_second_step_counts_once(rt: Runtime) -> None:
    app, _ = with_second_step(rt)
    code = app.at(rt.clock())
    answers = []
    for _ in range(2):
        desk = Desk(rt)
        desk.sign_in("owner@kantor.id")
        answers.append(desk.post("/sign-in/code", {"code": code}, on="/sign-in/code").status_code)
    assert answers == [302, 401]


def test_a_recovery_code_lets_somebody_in_once(rt: Runtime) -> None:
    _, codes = with_second_step(rt)
    answers = []
    for _ in range(2):
        desk = Desk(rt)
        desk.sign_in("owner@kantor.id")
        answers.append(desk.post("/sign-in/code", {"code": codes[3]}, on="/sign-in/code").status_code)
    assert (answers, count(rt, "admin_recovery_codes")) == ([302, 401], 9)


def test_codes_cannot_be_guessed_for_long(rt: Runtime) -> None:
    app, _ = with_second_step(rt)
    answers = []
    for _ in range(6):
        desk = Desk(rt)
        desk.sign_in("owner@kantor.id")
        answers.append(desk.post("/sign-in/code", {"code": "000000"}, on="/sign-in/code").status_code)
        # Whoever knows the password does not lock the account for others by it.
        execute(rt, "DELETE FROM sign_in_tries WHERE subject LIKE 'account:%'")
    assert answers == [401] * 5 + [429]
    desk.sign_in("owner@kantor.id")
    assert desk.post("/sign-in/code", {"code": app.at(rt.clock())}, on="/sign-in/code").status_code == 429


def test_after_too_many_codes_one_can_sign_in_again_on_the_very_page_that_says_so(rt: Runtime) -> None:
    with_second_step(rt)
    other = an_admin(rt, "viewer")
    desk = Desk(rt)
    desk.sign_in("owner@kantor.id")
    for _ in range(OF_ACCOUNT):
        desk.post("/sign-in/code", {"code": "000000"}, on="/sign-in/code")
    page = desk.post("/sign-in/code", {"code": "000000"}, on="/sign-in/code")
    token = TOKEN.search(page.text)
    assert (page.status_code, token is not None) == (429, True)
    form = {"csrf_token": token[1] if token else "", "email": other, "password": PASSWORD}
    assert desk.client.post("/admin/sign-in", data=form).status_code == 302
    assert is_in(desk)


def test_neither_the_secret_nor_a_recovery_code_can_be_read_in_the_database(rt: Runtime) -> None:
    app, codes = with_second_step(rt)
    kept = str(rows(rt, "SELECT totp FROM admins")) + str(rows(rt, "SELECT code FROM admin_recovery_codes"))
    assert [code for code in (app.secret, *codes) if code in kept] == []


def test_turning_the_second_step_off_needs_the_password(rt: Runtime) -> None:
    app, _ = with_second_step(rt)
    desk = Desk(rt)
    desk.sign_in("owner@kantor.id")
    desk.post("/sign-in/code", {"code": app.at(rt.clock())}, on="/sign-in/code")
    assert desk.post("/account/second-step/off", {"password": "x"}, on="/account").status_code == 422
    desk.post("/account/second-step/off", {"password": PASSWORD}, on="/account")
    assert rows(rt, "SELECT totp FROM admins") == [{"totp": None}]


def test_turning_the_second_step_on_needs_the_password(rt: Runtime) -> None:
    desk = signed_in(rt)
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", desk.get("/account/second-step").text)
    assert secret
    code = pyotp.TOTP(secret[1].replace(" ", "")).at(rt.clock())
    for fields in ({"code": code}, {"code": code, "password": "x"}):
        assert desk.post("/account/second-step", fields, on="/account/second-step").status_code == 422
    assert rows(rt, "SELECT totp FROM admins") == [{"totp": None}]


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("/account/password", {"old": "x", "new": "gerobak bakso malam", "again": "gerobak bakso malam"}),
        ("/account/second-step", {"password": "x", "code": "000000"}),
        ("/account/second-step/off", {"password": "x"}),
    ],
)
def test_whoever_finds_a_desk_open_does_not_guess_the_password_for_long(
    rt: Runtime, page: str, fields: dict[str, str]
) -> None:
    desk = signed_in(rt)
    desk.get("/account/second-step")
    token = desk.token("/account")
    said = [
        "Terlalu banyak" in desk.client.post(f"/admin{page}", data={"csrf_token": token, **fields}).text
        for _ in range(OF_ACCOUNT + 1)
    ]
    assert said == [False] * OF_ACCOUNT + [True]
    assert noted(rt, "account.locked") == ["owner@kantor.id: owner@kantor.id"]


def test_a_new_password_counts_and_ends_all_other_sessions(rt: Runtime) -> None:
    here, elsewhere = signed_in(rt), Desk(rt)
    elsewhere.sign_in("owner@kantor.id")
    new = {"old": PASSWORD, "new": "gerobak bakso malam", "again": "gerobak bakso malam"}
    assert here.post("/account/password", new, on="/account/password").status_code == 302
    assert (is_in(here), is_in(elsewhere)) == (True, False)
    assert Desk(rt).sign_in("owner@kantor.id").status_code == 401
    assert Desk(rt).sign_in("owner@kantor.id", "gerobak bakso malam").status_code == 302


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("x", "gerobak bakso malam", "gerobak bakso malam"),
        (PASSWORD, "terlalu", "terlalu"),
        (PASSWORD, "gerobak bakso malam", "gerobak bakso siang"),
        (PASSWORD, "owner@kantor.id", "owner@kantor.id"),
        (PASSWORD, PASSWORD, PASSWORD),
    ],
)
def test_a_password_that_is_no_good_is_not_taken(rt: Runtime, old: str, new: str, again: str) -> None:
    desk = signed_in(rt)
    fields = {"old": old, "new": new, "again": again}
    assert desk.post("/account/password", fields, on="/account/password").status_code == 422
    assert Desk(rt).sign_in("owner@kantor.id").status_code == 302


def test_a_proxy_that_nobody_told_us_of_is_said_in_the_log_once() -> None:
    script = (
        "from flask import Flask\nfrom ussd_app.web.admin import proxies\n"
        "app = Flask('desk')\nproxies.believe(app, {number})\nclient = app.test_client()\n"
        "[client.get('/', headers={{'X-Forwarded-For': '8.8.8.8'}}) for _ in range(3)]\n"
    )
    assert [logged(script.format(number=number)).count("TRUSTED_PROXIES") for number in (0, 1)] == [1, 0]
