"""The picture of a menu and its phone in Chromium: found, walked and opened, by keyboard and by mouse."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright
from werkzeug.serving import make_server

from tests.conftest import Chromium, emptied
from tests.office import PASSWORD, an_admin
from tests.test_simulator_page import QUIET, SECONDS
from ussd_app.app import create_app
from ussd_app.runtime import Runtime
from ussd_app.services import drafts

pytestmark = [pytest.mark.browser]
SIZES = {"wide": ViewportSize(width=1280, height=900), "small": ViewportSize(width=360, height=740)}


@pytest.fixture(scope="module")
def draft_url(house: Runtime) -> Iterator[str]:
    """Where a draft of the real menu is edited."""
    rt = emptied(house)
    an_admin(rt)
    draft = drafts.create(rt, "main", by="office", title="Kata baru")
    server = make_server("127.0.0.1", 0, create_app(rt), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/admin/menus/drafts/{draft.id}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser(chromium: Chromium) -> Iterator[Browser]:
    """One Chromium for the tests of this module."""
    expect.set_options(timeout=SECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.path, args=QUIET)
        yield browser
        browser.close()


def a_page(browser: Browser, url: str, size: str, wrong: list[str]) -> Page:
    """A page of the draft, signed in; what the browser complains of is kept in `wrong`."""
    page = browser.new_context(viewport=SIZES[size], locale="id-ID").new_page()
    page.set_default_timeout(SECONDS)
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(url)
    page.get_by_label("Alamat e-mail").fill("owner@kantor.id")
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    page.wait_for_url(url)
    return page


def fits(page: Page) -> bool:
    """Whether nothing is wider than the page."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def seen(page: Page, name: str) -> bool:
    """Whether a box lies within the part of the picture that shows."""
    inside = """(name) => {
        const places = [".map-view", `[data-name="${name}"]`];
        const [view, box] = places.map((at) => document.querySelector(at).getBoundingClientRect());
        const wide = view.left <= box.left && box.right <= view.right + 1;
        return wide && view.top <= box.top && box.bottom <= view.bottom + 1;
    }"""
    return bool(page.evaluate(inside, name))


def width(page: Page) -> int:
    """How wide the picture is drawn."""
    return int(page.locator("svg.map").get_attribute("width") or 0)


@pytest.mark.parametrize("size", SIZES)
def test_a_screen_is_found_in_the_picture_and_opened_by_keyboard_alone(
    browser: Browser, draft_url: str, size: str
) -> None:
    wrong: list[str] = []
    page = a_page(browser, f"{draft_url}/picture", size, wrong)
    assert fits(page)
    page.get_by_label("Cari layar").fill("register_nik")
    page.keyboard.press("Enter")
    found = page.locator('[data-name="register_nik"]')
    expect(found).to_be_focused()
    assert seen(page, "register_nik")
    expect(page.locator("[data-map-found]")).to_have_text("1 dari 1: register_nik")
    expect(page.locator("[data-map-told]")).to_contain_text("Keluar ke: register_birth_date, look_at_card")
    expect(page.locator('.jump.in[data-to="register_nik"]')).not_to_have_count(0)

    natural = width(page)
    page.keyboard.press("+")
    assert width(page) > natural
    page.keyboard.press("0")
    assert width(page) < natural / 3
    page.keyboard.press("ArrowRight")
    expect(page.locator('[data-name="register_birth_date"]')).to_be_focused()
    assert (width(page), seen(page, "register_birth_date")) == (natural, True)
    page.keyboard.press("ArrowLeft")
    expect(found).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{draft_url}/screens/register_nik")
    assert wrong == []
    page.context.close()


@pytest.mark.parametrize("size", SIZES)
def test_a_draft_is_walked_on_the_phone_without_leaving_the_page(browser: Browser, draft_url: str, size: str) -> None:
    wrong: list[str] = []
    page = a_page(browser, f"{draft_url}/phone", size, wrong)
    glass, field = page.locator(".glass"), page.get_by_label("Jawaban", exact=True)
    page.evaluate("window.stayed = true")
    page.get_by_role("button", name="1. Daftar").click()
    expect(glass).to_contain_text("Ketik 16 angka NIK")
    field.fill("12")
    field.press("Enter")
    expect(glass).to_contain_text("Anda mengetik 2")
    expect(field).to_be_focused()
    page.locator('[data-phone-key="0"]').click()
    page.get_by_role("button", name="Kirim").click()
    expect(glass).to_contain_text("1. Daftar")
    page.get_by_label("Penelepon", exact=True).select_option("active")
    expect(page.locator(".where")).to_contain_text("home_active")
    page.get_by_role("button", name="Kembali ke home_active").first.click()
    expect(page.locator('input[name="answer"]')).to_have_count(0)
    assert page.evaluate("window.stayed")
    assert fits(page)
    assert wrong == []
    page.context.close()


def test_the_phone_in_the_form_of_a_screen_begins_there_and_shows_what_is_saved(
    browser: Browser, draft_url: str
) -> None:
    wrong: list[str] = []
    page = a_page(browser, f"{draft_url}/screens/register_consent", "wide", wrong)
    page.get_by_text("Coba layar ini di telepon").click()
    expect(page.locator(".walk .glass")).to_contain_text("1. Setuju")
    page.locator(".walk").get_by_role("button", name="2. Batal").click()
    expect(page.locator(".walk .glass")).to_contain_text("Dibatalkan")
    page.locator(".walk").get_by_role("button", name="Kembali ke register_consent").click()
    expect(page.locator(".walk .glass")).to_contain_text("3. Rincian")
    page.locator("#f-choices-3-label-id").fill("Harga")
    expect(page.locator(".walk .glass")).to_contain_text("3. Harga")
    assert page.url.endswith("/screens/register_consent")
    assert wrong == []
    page.context.close()
