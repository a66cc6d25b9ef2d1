"""Every page of the desk at two widths in Chromium, as axe sees it for people who see, hear or move less well.

A new page of the desk needs a line in ADDRESSES; what it shows is made in `_furnish`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from werkzeug.serving import make_server

from tests.builders import PHONE, a_paid_member, an_sms, execute, typed
from tests.campaigns import a_campaign, a_started_campaign
from tests.conftest import Chromium, emptied
from tests.domain.test_rosters import a_file
from tests.drafting import replaced
from tests.office import PASSWORD, an_admin, page_of, signed_in
from tests.test_simulator_page import QUIET, SECONDS
from tests.work import a_failed_job
from ussd_app.app import create_app
from ussd_app.domain import ledger
from ussd_app.runtime import Runtime
from ussd_app.services import (
    draft_saving,
    drafts,
    handover_files,
    handover_uploads,
    journal,
    rights,
    second_step,
    stops,
    text_edits,
)
from ussd_app.storage import ledger as books
from ussd_app.storage import members
from ussd_app.web.admin.desk import OPEN
from ussd_app.web.admin.desk import Desk as App

pytestmark = [pytest.mark.browser]
OWNER, CAREFUL = "owner@kantor.id", "hati-hati@kantor.id"
SIZES = {"wide": ViewportSize(width=1280, height=900), "small": ViewportSize(width=360, height=740)}
# What axe says of the impact of a finding: these two are mistakes, the rest is advice.
MISTAKES = ("serious", "critical")
OTHER_NIK = "3174054508880009"

# Each address of the desk that shows a page, the owner signed in; one line for each state that looks different.
ADDRESSES: tuple[str, ...] = (
    "/",
    "/dashboard",
    "/dashboard?days=90",
    "/dashboard/menu",
    "/account",
    "/account/password",
    "/account/second-step",
    "/follow-ups",
    "/follow-ups?done=1",
    "/follow-ups/2",
    "/rosters",
    "/rosters/new",
    "/rosters/1",
    "/rosters/files/2",
    "/rosters/files/3",
    "/rosters/files/4",
    "/members",
    "/members/1",
    "/members/2/timeline",
    "/members/2/dialogues/berbincang",
    "/members/2/help",
    "/members/2/card",
    "/members/1/erase",
    "/members/2/erase",
    "/sponsors",
    "/sponsors/1",
    "/sponsors/1/people",
    "/sponsors/1/timeline",
    "/sponsors/1/dialogues/bertanya",
    "/sponsors/1/help",
    "/sponsors/1/cards",
    "/refunds",
    "/refunds?decided=1",
    "/refunds/1",
    "/refunds/1/reject",
    "/unmatched",
    "/unmatched/SRT-STRANGE",
    "/books",
    "/payments",
    "/payments?state=failed",
    "/payments/SRT-1",
    "/payments/SRT-STRANGE",
    "/members/2/money",
    "/handover",
    "/handover/1",
    "/handover/answers",
    "/handover/answers/1",
    "/jobs",
    "/menus",
    "/menus/new",
    "/menus/drafts/1",
    "/menus/drafts/2",
    "/menus/drafts/1/problems",
    "/menus/drafts/2/problems",
    "/menus/drafts/1/revisions",
    "/menus/drafts/1/aside/3",
    "/menus/drafts/1/screens/home_guest",
    "/menus/drafts/1/screens/register_nik",
    "/menus/drafts/1/screens/welcome",
    "/menus/drafts/2/screens/first",
    "/menus/drafts/1/words",
    "/menus/drafts/1/yaml",
    "/menus/drafts/1/picture",
    "/menus/drafts/2/picture",
    "/menus/main/picture",
    "/menus/drafts/1/phone",
    "/menus/drafts/2/phone",
    "/menus/drafts/1/review",
    "/menus/drafts/2/review",
    "/menus/main/history",
    "/menus/main/history/1",
    "/menus/main/history/1?against=1",
    "/messages",
    "/messages/drafts/3",
    "/messages/drafts/3/texts/receipt",
    "/messages/drafts/3/texts/receipt?who=member-2",
    "/messages/drafts/3/reasons/age",
    "/messages/drafts/3/aside/3",
    "/messages/drafts/3/review",
    "/messages/drafts/3/revisions",
    "/messages/history",
    "/messages/history/1",
    "/campaigns",
    "/campaigns/new",
    "/campaigns/1",
    "/campaigns/2",
    "/campaigns/2/results",
    "/reminders",
    "/reminders/plan",
    "/reminders/members",
    "/reminders/members/2",
    "/texts",
    "/texts/dead",
    "/texts/stops",
    "/audit",
    "/team",
    "/team/1",
    "/team/2",
    "/nowhere",
    "/static/nowhere.css",
)
# Pages that are there before anybody has signed in, and parts of pages and downloads, which are no pages.
VISITED_APART = {"sign_in", "sign_in_code"}
NO_PAGES = {"dashboard_file", "roster_example", "roster_mistakes", "menu_phone_fragment", "payment_file"}
NO_PAGES |= {"menu_yaml_raw", "campaign_results_csv", "reminder_csv", "text_days_csv"}
NO_PAGES |= {f"{section}_{file}" for section in ("menu", "message") for file in ("export", "export_file")}


def _furnish(rt: Runtime) -> None:
    """Something of everything that a page of the desk can show."""
    desk = signed_in(rt, "owner", OWNER)
    an_admin(rt, "finance", CAREFUL)
    execute(rt, "UPDATE admins SET totp = :totp WHERE id = 2", totp=rt.vault.seal(second_step.new_secret()))
    leaves = a_paid_member(rt)
    a_paid_member(rt, phone="+6281277777777", nik=OTHER_NIK, member_number="31234567890")
    handover_uploads.keep(rt, "jawaban.csv", b"file,reference,verdict,member_number,reason\n1,C9,no,,\n", OWNER, "")
    a_failed_job(rt)
    with rt.db.begin() as connection:
        rights.leave(rt, connection, leaves.id, "office", "folder 1")
        books.post(connection, ledger.unplaced("SRT-STRANGE", 8_400), rt.clock())
        members.add_follow_up(connection, "unmatched_payment", "", "SRT-STRANGE", rt.clock())
        members.add_follow_up(connection, "help", PHONE, "member 2", rt.clock())
    handover_files.make(rt, "contributions", OWNER)
    desk.post("/follow-ups/1/done", on="/follow-ups")
    typed(rt, "1", OTHER_NIK, phone="+6281200000009")
    for name, phone in (("berbincang", "+6281277777777"), ("bertanya", "+6281111111111")):
        typed(rt, "1", phone=phone, session=f"at:{name}")
        journal.write(rt)
        execute(
            rt,
            "UPDATE turns SET dialogue = :name WHERE dialogue = "
            "(SELECT dialogue FROM turns WHERE caller <> '' ORDER BY at DESC, entry DESC LIMIT 1)",
            name=name,
        )
    a_campaign(rt)
    a_started_campaign(rt, name="tempe")
    an_sms(rt, phone=PHONE)
    execute(rt, "UPDATE outbox SET state = 'dead', reason = 'InvalidPhoneNumber' WHERE phone = :phone", phone=PHONE)
    with rt.db.begin() as connection:
        stops.stop_by(rt, connection, PHONE, "education", "office", "a letter")
    desk.get("/dashboard")  # its figures are worked out with the next jobs
    desk.started(rt, a_file({"nik": "3174054508880004"}, {"nik": "3174054508880005", "consent": "phone"}))
    desk.upload(a_file({"nik": "1"}, {"phone": "x"}))
    desk.upload(a_file({"income": "1000000"}))
    desk.start(page_of(desk.upload(a_file({"months": "6"}))))
    drafted = drafts.create(rt, "main", by=OWNER, title="Kata baru")
    for text in ("Halo", "Selamat datang"):  # the second comes too late and is kept aside
        said = text_edits.SetText(screen="home_guest", at="text", language="id", text=text)
        draft_saving.edit(rt, drafted.id, revision=1, made=[said], by=OWNER, key=text)
    drafts.create_new(rt, "quiz", replaced("go: second", "go: nowhere"), by=OWNER)
    worded = drafts.create(rt, "messages", by=OWNER)
    for text in ("Terima kasih 👍", "Matur nuwun"):
        made = text_edits.SetMessage(message="receipt", language="id", text=text)
        draft_saving.edit(rt, worded.id, revision=1, made=[made], by=OWNER, key=text)


@pytest.fixture(scope="module")
def desk_url(house: Runtime) -> Iterator[str]:
    """Where the desk answers, with something on every page."""
    rt = emptied(house)
    _furnish(rt)
    server = make_server("127.0.0.1", 0, create_app(rt), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/admin"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser(chromium: Chromium) -> Iterator[Browser]:
    """One Chromium for the tests of this module."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path, args=QUIET)
        yield browser
        browser.close()


def a_page(browser: Browser, url: str, size: str) -> Page:
    """The door of the desk in a browser that has never seen it."""
    page = browser.new_context(viewport=SIZES[size], locale="id-ID").new_page()
    page.set_default_timeout(SECONDS)
    page.goto(f"{url}/sign-in")
    return page


def sign_in(page: Page, email: str) -> None:
    """Give e-mail and password."""
    page.get_by_label("Alamat e-mail").fill(email)
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    page.wait_for_load_state()


@pytest.fixture(scope="module", params=SIZES)
def inside(request: pytest.FixtureRequest, browser: Browser, desk_url: str) -> Iterator[Page]:
    """A browser of each width in which the owner is signed in."""
    page = a_page(browser, desk_url, request.param)
    sign_in(page, OWNER)
    yield page
    page.context.close()


def found(page: Page) -> list[str]:
    """What axe finds wrong with a page, with the place of each finding."""
    said = Axe().run(page).response["violations"]
    return [
        f"{one['id']} ({one['help']}): {node['target']}"
        for one in said
        if one["impact"] in MISTAKES
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_keeps_nobody_out(inside: Page, desk_url: str, address: str) -> None:
    answer = inside.goto(f"{desk_url}{address}")
    assert answer
    assert (answer.status, found(inside)) == (404 if "nowhere" in address else 200, [])
    assert inside.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def _unmask(page: Page) -> None:
    page.get_by_label("Alasan membuka data").fill("bertanya lewat telepon")
    page.get_by_role("button", name="Tampilkan lengkap").click()


def _search(page: Page) -> None:
    page.get_by_label("Cari orang").fill("0812-7777-7777")
    page.get_by_role("button", name="Cari").click()


def _whose(page: Page) -> None:
    page.get_by_label("Nomor HP pembayar").fill("0812-7777-7777")
    page.get_by_role("button", name="Cari").click()


def _wrong_password(page: Page) -> None:
    page.get_by_label("Kata sandi sekarang").fill(PASSWORD)
    page.get_by_label("Kata sandi baru", exact=True).fill("pendek")
    page.get_by_label("Kata sandi baru, sekali lagi").fill("pendek")
    page.get_by_role("button", name="Simpan kata sandi").click()


@pytest.mark.parametrize(
    ("address", "act"),
    [
        ("/members/2", _unmask),
        ("/members", _search),
        ("/unmatched/SRT-STRANGE", _whose),
        ("/account/password", _wrong_password),
    ],
)
def test_what_comes_after_a_form_keeps_nobody_out(
    inside: Page, desk_url: str, address: str, act: Callable[[Page], None]
) -> None:
    inside.goto(f"{desk_url}{address}")
    with inside.expect_navigation():
        act(inside)
    assert found(inside) == []


@pytest.mark.parametrize("size", SIZES)
def test_the_door_keeps_nobody_out_who_may_enter(browser: Browser, desk_url: str, size: str) -> None:
    page = a_page(browser, desk_url, size)
    at_the_door = found(page)
    sign_in(page, CAREFUL)
    assert page.url.endswith("/sign-in/code")
    assert (at_the_door, found(page)) == ([], [])
    page.context.close()


def test_a_mistake_on_a_page_is_found(inside: Page, desk_url: str) -> None:
    inside.goto(f"{desk_url}/account/password")
    inside.evaluate("document.querySelector('main label').remove()")
    assert found(inside) != []


def test_every_page_of_the_desk_is_visited(house: Runtime) -> None:
    app: App = create_app(house).extensions["desk"]
    shows = {rule.endpoint for rule in app.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    matches = app.app.url_map.bind("localhost").match
    visited = {matches(one.partition("?")[0])[0] for one in ADDRESSES if "nowhere" not in one}
    assert shows - set(OPEN) - app.polled - NO_PAGES - VISITED_APART - visited == set()
